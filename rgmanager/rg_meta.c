/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_meta.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES 256		/* parameters, actions or children of one agent */

static uint32_t unit_seconds(char c)
{
	switch (tolower((unsigned char)c)) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	case 'y':
		return 365 * 86400;
	default:
		return 0;
	}
}

uint32_t rg_meta_seconds(const char *text)
{
	uint64_t total = 0;

	while (text && *text) {
		char *end;
		unsigned long v;

		if (!isdigit((unsigned char)*text))
			return 0;
		errno = 0;
		v = strtoul(text, &end, 10);
		if (errno || v > UINT32_MAX)
			return 0;
		if (!*end) {
			total += v;
			text = end;
		} else {
			total += (uint64_t)v * unit_seconds(*end);
			text = end + 1;
		}
		if (total > UINT32_MAX)
			return 0;
	}
	return (uint32_t)total;
}

bool rg_meta_yes(const char *text)
{
	return text && (strtol(text, NULL, 10) != 0 || tolower((unsigned char)*text) == 'y');
}

struct rg_meta *rg_meta_free(struct rg_meta *m)
{
	if (!m)
		return NULL;
	for (unsigned i = 0; i < m->n_params; i++) {
		free(m->params[i].name);
		free(m->params[i].def);
		free(m->params[i].inherit);
	}
	for (unsigned i = 0; i < m->n_actions; i++)
		free(m->actions[i].name);
	for (unsigned i = 0; i < m->n_children; i++)
		free(m->children[i].type);
	free(m->params);
	free(m->actions);
	free(m->children);
	free(m->type);
	free(m->path);
	free(m);
	return NULL;
}

const struct rg_meta_param *rg_meta_param(const struct rg_meta *m, const char *name)
{
	for (unsigned i = 0; i < m->n_params; i++)
		if (!strcmp(m->params[i].name, name))
			return &m->params[i];
	return NULL;
}

const struct rg_meta_child *rg_meta_child(const struct rg_meta *m, const char *type)
{
	for (unsigned i = 0; i < m->n_children; i++)
		if (!strcmp(m->children[i].type, type))
			return &m->children[i];
	return NULL;
}

static unsigned count(const struct clu_node *n, const char *name)
{
	unsigned k = 0;

	for (const struct clu_node *c = clu_node_child(n, name); c && k < MAX_ENTRIES; c = clu_node_next(c, name))
		k++;
	return k;
}

static int copy(char **ret, const char *s)
{
	if (!s)
		return 0;
	*ret = strdup(s);
	return *ret ? 0 : -ENOMEM;
}

static int fault(struct clu_buf *errs, const struct clu_node *n, const char *what)
{
	clu_buf_printf(errs, "%s:%d: %s; the agent's metadata must be corrected\n", clu_node_file(n), clu_node_line(n), what);
	return -EBADMSG;
}

static int read_params(struct rg_meta *m, const struct clu_node *list, struct clu_buf *errs)
{
	unsigned n = count(list, "parameter");

	m->params = calloc(n ? n : 1, sizeof(*m->params));
	if (!m->params)
		return -ENOMEM;
	for (const struct clu_node *c = clu_node_child(list, "parameter"); c && m->n_params < n;
		c = clu_node_next(c, "parameter")) {
		struct rg_meta_param *p = &m->params[m->n_params];
		const char *name = clu_node_attr(c, "name"), *inherit = clu_node_attr(c, "inherit");

		if (!name || !*name)
			return fault(errs, c, "a parameter has no name");
		m->n_params++;
		p->primary = rg_meta_yes(clu_node_attr(c, "primary"));
		p->unique = rg_meta_yes(clu_node_attr(c, "unique"));
		p->required = rg_meta_yes(clu_node_attr(c, "required"));
		p->reconfig = rg_meta_yes(clu_node_attr(c, "reconfig"));
		if (inherit && (p->primary || p->unique || p->required))
			return fault(errs, c, "can not inherit and be primary, unique, or required");
		if (copy(&p->name, name) < 0 || copy(&p->inherit, inherit) < 0 ||
			(!inherit && copy(&p->def, clu_node_attr(clu_node_child(c, "content"), "default")) < 0))
			return -ENOMEM;
		if (p->primary && p != m->params) {
			struct rg_meta_param swap = m->params[0];

			if (swap.primary)
				return fault(errs, c, "multiple primary definitions");
			m->params[0] = *p;
			*p = swap;
		}
	}
	return 0;
}

static int read_actions(struct rg_meta *m, const struct clu_node *list)
{
	unsigned n = count(list, "action");
	bool status = false, monitor = false;

	m->actions = calloc(n ? n : 1, sizeof(*m->actions));
	if (!m->actions)
		return -ENOMEM;
	for (const struct clu_node *c = clu_node_child(list, "action"); c && m->n_actions < n;
		c = clu_node_next(c, "action")) {
		struct rg_meta_action *a = &m->actions[m->n_actions];
		const char *name = clu_node_attr(c, "name"), *interval = clu_node_attr(c, "interval");
		const char *depth = clu_node_attr(c, "depth");
		bool check;

		if (!name || !*name)
			continue;
		if (copy(&a->name, name) < 0)
			return -ENOMEM;
		m->n_actions++;
		check = !strcmp(name, "status") || !strcmp(name, "monitor");
		status = status || !strcmp(name, "status");
		monitor = monitor || !strcmp(name, "monitor");
		a->timeout_s = rg_meta_seconds(clu_node_attr(c, "timeout"));
		a->depth = check ? rg_meta_seconds(depth) : 0;
		a->interval_s = rg_meta_seconds(interval);
		if (interval && !a->interval_s)
			a->interval_s = 1;
	}
	m->ocf = monitor && !status;
	return 0;
}

static unsigned level(const struct clu_node *c, const char *attr)
{
	const char *v = clu_node_attr(c, attr);
	long n = v ? strtol(v, NULL, 10) : 0;

	return n >= 1 && n <= RG_MAX_LEVEL ? (unsigned)n : 0;
}

static int read_special(struct rg_meta *m, const struct clu_node *root)
{
	const struct clu_node *s = clu_node_child(root, "special");
	const struct clu_node *a;
	unsigned n;

	for (; s; s = clu_node_next(s, "special")) {
		const char *tag = clu_node_attr(s, "tag");

		if (tag && !strcmp(tag, "rgmanager"))
			break;
	}
	n = count(s, "child");
	m->children = calloc(n ? n : 1, sizeof(*m->children));
	if (!m->children)
		return -ENOMEM;
	a = clu_node_child(s, "attributes");
	if (clu_node_attr(a, "maxinstances"))
		m->maxinstances = (unsigned)strtoul(clu_node_attr(a, "maxinstances"), NULL, 10);
	if (clu_node_attr(a, "init_on_add"))
		m->init_on_add = rg_meta_yes(clu_node_attr(a, "init_on_add"));
	if (clu_node_attr(a, "destroy_on_delete"))
		m->destroy_on_delete = rg_meta_yes(clu_node_attr(a, "destroy_on_delete"));
	for (const struct clu_node *c = clu_node_child(s, "child"); c && m->n_children < n;
		c = clu_node_next(c, "child")) {
		struct rg_meta_child *k = &m->children[m->n_children];

		if (!clu_node_attr(c, "type"))
			continue;
		if (copy(&k->type, clu_node_attr(c, "type")) < 0)
			return -ENOMEM;
		m->n_children++;
		k->start = level(c, "start");
		k->stop = level(c, "stop");
		k->forbid = rg_meta_yes(clu_node_attr(c, "forbid"));
	}
	return 0;
}

int rg_meta_parse(const void *data, size_t len, const char *path, struct rg_meta **ret, struct clu_buf *errs)
{
	struct clu_conf *doc = NULL;
	const struct clu_node *root;
	struct rg_meta *m;
	int r = clu_conf_parse(data, len, path, &doc, errs);

	if (r < 0)
		return r;
	m = calloc(1, sizeof(*m));
	if (!m) {
		clu_conf_unref(doc);
		return -ENOMEM;
	}
	m->init_on_add = m->destroy_on_delete = true;
	root = clu_conf_root(doc);
	if (strcmp(clu_node_name(root), "resource-agent") != 0 || !clu_node_attr(root, "name") ||
		!*clu_node_attr(root, "name"))
		r = fault(errs, root, "no <resource-agent name=\"...\">");
	if (r == 0 && (copy(&m->type, clu_node_attr(root, "name")) < 0 || copy(&m->path, path) < 0))
		r = -ENOMEM;
	if (r == 0)
		r = read_params(m, clu_node_child(root, "parameters"), errs);
	if (r == 0)
		r = read_actions(m, clu_node_child(root, "actions"));
	if (r == 0)
		r = read_special(m, root);
	clu_conf_unref(doc);
	if (r < 0)
		rg_meta_free(m);
	else
		*ret = m;
	return r;
}
