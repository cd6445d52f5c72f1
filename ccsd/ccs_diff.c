/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ccs_diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where in the documents we are. */
struct place {
	const struct place *up;
	const struct clu_node *node;	/* of either document */
	unsigned number;		/* among those with its name and key, from 1 */
};

struct differ {
	const struct clu_conf *old, *new;
	struct ccs_diff *out;
	bool knet;
};

/* ---- words ---- */

static void put_path(const struct place *p, struct clu_buf *people, struct clu_buf *elements)
{
	const char *key;

	if (p->up)
		put_path(p->up, people, elements);
	key = p->up ? ccs_diff_key(p->node) : NULL;
	clu_buf_printf(people, "/%s", clu_node_name(p->node));
	if (key)
		clu_buf_printf(people, "[%s]", key);
	if (p->number > 1)
		clu_buf_printf(people, "[%u]", p->number);
	clu_buf_printf(elements, "%s%s", elements->len ? "/" : "", clu_node_name(p->node));
}

/* The element below rm/ID that the place is in or is; NULL: it is elsewhere. */
static const struct clu_node *below_rm(const struct place *p)
{
	for (; p && p->up; p = p->up)
		if (!strcmp(clu_node_name(p->up->node), "rm"))
			return p->node;
	return NULL;
}

static bool is_service(const struct clu_node *n)
{
	const char *name = clu_node_name(n);

	return strcmp(name, "resources") && strcmp(name, "resource-defaults") && strcmp(name, "failoverdomains") &&
		strcmp(name, "events");
}

static void put_service(const struct clu_node *service, struct clu_buf *ret)
{
	const char *key = ccs_diff_key(service);

	clu_buf_printf(ret, "%s%s:%s", ret->len ? " " : "", clu_node_name(service), key ? key : "?");
}

static bool refers(const struct clu_node *n, const char *type, const char *name)
{
	const char *ref = clu_node_attr(n, "ref");

	if (ref && !strcmp(ref, name) && !strcmp(clu_node_name(n), type))
		return true;
	for (const struct clu_node *c = clu_node_child(n, NULL); c; c = clu_node_next(c, NULL))
		if (refers(c, type, name))
			return true;
	return false;
}

/* Services of the new document that are touched by a change of a shared resource, or of defaults: all. */
static void put_users(const struct differ *d, const struct clu_node *resource, struct clu_buf *ret)
{
	const struct clu_node *rm = clu_node_child(clu_conf_root(d->new), "rm");
	const char *key = resource ? ccs_diff_key(resource) : NULL;

	for (const struct clu_node *s = clu_node_child(rm, NULL); s; s = clu_node_next(s, NULL))
		if (is_service(s) && (!resource || (key && refers(s, clu_node_name(resource), key))))
			put_service(s, ret);
}

static void put_touched(const struct differ *d, const struct place *p, struct clu_buf *ret)
{
	const struct clu_node *top = below_rm(p);

	if (top && is_service(top)) {
		put_service(top, ret);
	} else if (top && !strcmp(clu_node_name(top), "resource-defaults")) {
		put_users(d, NULL, ret);
	} else {
		/* The element right below "resources". */
		while (p->up && p->up->node != top)
			p = p->up;
		if (p->up)
			put_users(d, p->node, ret);
	}
}

static void add(struct differ *d, char kind, const struct place *p, const char *attr, const char *was, const char *is)
{
	struct clu_buf people = CLU_BUF_INIT, elements = CLU_BUF_INIT, touched = CLU_BUF_INIT;
	struct ccs_change *list = realloc(d->out->list, (d->out->n + 1) * sizeof(*list)), *c;
	const char *who;

	if (!list) {
		d->out->error = -ENOMEM;
		return;
	}
	d->out->list = list;
	c = memset(&list[d->out->n], 0, sizeof(*c));
	put_path(p, &people, &elements);
	if (attr)
		clu_buf_printf(&people, "/@%s", attr);
	c->kind = kind;
	c->effect = ccs_diff_rule(clu_buf_text(&elements), attr, d->knet, &who);
	if (c->effect == CCS_SERVICE)
		put_touched(d, p, &touched);
	if (c->effect == CCS_SERVICE && !touched.len)
		c->effect = CCS_NONE;		/* a shared resource that nobody uses */
	c->path = strdup(clu_buf_text(&people));
	c->who = strdup(touched.len ? clu_buf_text(&touched) : who ? who : "");
	c->was = was ? strdup(ccs_shown(attr, was)) : NULL;
	c->is = is ? strdup(ccs_shown(attr, is)) : NULL;
	d->out->n++;
	if (people.error || elements.error || touched.error || !c->path || !c->who || (was && !c->was) || (is && !c->is))
		d->out->error = -ENOMEM;
	clu_buf_free(&people);
	clu_buf_free(&elements);
	clu_buf_free(&touched);
}

/* ---- comparing ---- */

static bool same_kind(const struct clu_node *a, const struct clu_node *b)
{
	const char *ka = ccs_diff_key(a), *kb = ccs_diff_key(b);

	return !strcmp(clu_node_name(a), clu_node_name(b)) && (ka == kb || (ka && kb && !strcmp(ka, kb)));
}

/* Which of its kind it is among its parent's children, from 1. */
static unsigned number_of(const struct clu_node *n)
{
	unsigned number = 1;

	for (const struct clu_node *c = clu_node_child(clu_node_parent(n), NULL); c && c != n; c = clu_node_next(c, NULL))
		number += same_kind(c, n);
	return number;
}

/* The counterpart of n below another parent. */
static const struct clu_node *counterpart(const struct clu_node *parent, const struct clu_node *n)
{
	unsigned left = number_of(n);

	for (const struct clu_node *c = clu_node_child(parent, NULL); c; c = clu_node_next(c, NULL))
		if (same_kind(c, n) && --left == 0)
			return c;
	return NULL;
}

static void compare_attrs(struct differ *d, const struct place *p, const struct clu_node *old, const struct clu_node *new)
{
	const char *name, *value, *other;

	for (unsigned i = 0; clu_node_attr_at(old, i, &name, &value); i++) {
		other = clu_node_attr(new, name);
		if (!other || strcmp(other, value) != 0)
			add(d, other ? '~' : '-', p, name, value, other);
	}
	for (unsigned i = 0; clu_node_attr_at(new, i, &name, &value); i++)
		if (!clu_node_attr(old, name))
			add(d, '+', p, name, NULL, value);
}

/* The order of fence methods and devices is that of their use; elsewhere places say nothing. */
static bool order_changed(const struct clu_node *old, const struct clu_node *new)
{
	const struct clu_node *last = NULL, *o;
	bool behind;

	if (strcmp(clu_node_name(new), "fence") && strcmp(clu_node_name(new), "method"))
		return false;
	for (const struct clu_node *n = clu_node_child(new, NULL); n; n = clu_node_next(n, NULL)) {
		o = counterpart(old, n);
		if (!o)
			continue;
		behind = !last;
		for (const struct clu_node *c = last; c && !behind; c = clu_node_next(c, NULL))
			behind = c == o;
		if (!behind)
			return true;
		last = o;
	}
	return false;
}

static void compare(struct differ *d, const struct place *up, const struct clu_node *old, const struct clu_node *new)
{
	struct place here = { up, new, number_of(new) };

	compare_attrs(d, &here, old, new);
	if (order_changed(old, new))
		add(d, '~', &here, NULL, NULL, NULL);
	for (const struct clu_node *c = clu_node_child(old, NULL); c; c = clu_node_next(c, NULL)) {
		struct place gone = { &here, c, number_of(c) };

		if (!counterpart(new, c))
			add(d, '-', &gone, NULL, NULL, NULL);
	}
	for (const struct clu_node *c = clu_node_child(new, NULL); c; c = clu_node_next(c, NULL)) {
		const struct clu_node *o = counterpart(old, c);
		struct place fresh = { &here, c, number_of(c) };

		if (o)
			compare(d, &here, o, c);
		else
			add(d, '+', &fresh, NULL, NULL, NULL);
	}
}

void ccs_diff_make(const struct clu_conf *old, const struct clu_conf *new, struct ccs_diff *ret)
{
	const char *transport = clu_node_attr(clu_node_child(clu_conf_root(new), "cman"), "transport");
	struct differ d = { old, new, ret, !transport || !strcmp(transport, "knet") };

	*ret = (struct ccs_diff){ .list = NULL };
	compare(&d, NULL, clu_conf_root(old), clu_conf_root(new));
}

void ccs_diff_free(struct ccs_diff *d)
{
	for (unsigned i = 0; i < d->n; i++) {
		free(d->list[i].path);
		free(d->list[i].was);
		free(d->list[i].is);
		free(d->list[i].who);
	}
	free(d->list);
	*d = (struct ccs_diff){ .list = NULL };
}
