/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int num_cmp(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

int lvs_svc_cmp(const struct lvs_svc *a, const struct lvs_svc *b)
{
	int r = num_cmp(a->fwmark, b->fwmark);

	if (r || a->fwmark)
		return r ? r : num_cmp((uint32_t)a->addr.family, (uint32_t)b->addr.family);
	r = lvs_addr_cmp(&a->addr, &b->addr);
	r = r ? r : num_cmp(a->udp, b->udp);
	return r ? r : num_cmp(a->port, b->port);
}

int lvs_dest_cmp(const struct lvs_dest *a, const struct lvs_dest *b)
{
	int r = lvs_addr_cmp(&a->addr, &b->addr);

	return r ? r : num_cmp(a->port, b->port);
}

const struct lvs_svc *lvs_table_find(const struct lvs_table *t, const struct lvs_svc *key)
{
	for (unsigned i = 0; i < t->n_svcs; i++) {
		if (!lvs_svc_cmp(&t->svcs[i], key))
			return &t->svcs[i];
	}
	return NULL;
}

struct lvs_svc *lvs_table_add(struct lvs_table *t, const struct lvs_svc *svc)
{
	struct lvs_svc *p;
	unsigned i = 0;

	while (i < t->n_svcs && lvs_svc_cmp(&t->svcs[i], svc) < 0)
		i++;
	if (i < t->n_svcs && !lvs_svc_cmp(&t->svcs[i], svc))
		return &t->svcs[i];
	p = realloc(t->svcs, (t->n_svcs + 1) * sizeof(*p));
	if (!p)
		return NULL;
	t->svcs = p;
	memmove(p + i + 1, p + i, (t->n_svcs - i) * sizeof(*p));
	t->n_svcs++;
	p[i] = *svc;
	p[i].dests = NULL;
	p[i].n_dests = 0;
	return &p[i];
}

int lvs_svc_put(struct lvs_svc *s, const struct lvs_dest *d)
{
	struct lvs_dest *p;
	unsigned i = 0, end = s->n_dests;

	while (i < end) {
		unsigned mid = i + (end - i) / 2;

		if (lvs_dest_cmp(&s->dests[mid], d) < 0)
			i = mid + 1;
		else
			end = mid;
	}
	if (i < s->n_dests && !lvs_dest_cmp(&s->dests[i], d)) {
		s->dests[i] = *d;
		return 0;
	}
	p = realloc(s->dests, (s->n_dests + 1) * sizeof(*p));
	if (!p)
		return -ENOMEM;
	s->dests = p;
	memmove(p + i + 1, p + i, (s->n_dests - i) * sizeof(*p));
	s->n_dests++;
	p[i] = *d;
	return 0;
}

int lvs_table_copy(const struct lvs_table *from, struct lvs_table *ret)
{
	struct lvs_table t = { NULL, 0 };

	for (unsigned i = 0; i < from->n_svcs; i++) {
		struct lvs_svc *s = lvs_table_add(&t, &from->svcs[i]);

		for (unsigned k = 0; s && k < from->svcs[i].n_dests; k++) {
			if (lvs_svc_put(s, &from->svcs[i].dests[k]) < 0)
				s = NULL;
		}
		if (!s) {
			lvs_table_done(&t);
			return -ENOMEM;
		}
	}
	*ret = t;
	return 0;
}

void lvs_table_done(struct lvs_table *t)
{
	for (unsigned i = 0; i < t->n_svcs; i++)
		free(t->svcs[i].dests);
	free(t->svcs);
	*t = (struct lvs_table){ NULL, 0 };
}

static bool same_svc(const struct lvs_svc *a, const struct lvs_svc *b)
{
	return a->sched == b->sched && a->persistent_s == b->persistent_s && a->pmask_prefix == b->pmask_prefix;
}

static bool same_dest(const struct lvs_dest *a, const struct lvs_dest *b)
{
	return a->weight == b->weight && a->method == b->method;
}

struct changes {
	struct lvs_change *list;
	unsigned n, cap;
	bool failed;
};

static void change(struct changes *c, enum lvs_change_kind kind, const struct lvs_svc *s, const struct lvs_dest *d)
{
	if (c->n == c->cap) {
		unsigned cap = c->cap ? c->cap * 2 : 32;
		struct lvs_change *p = realloc(c->list, cap * sizeof(*p));

		if (!p) {
			c->failed = true;
			return;
		}
		c->list = p;
		c->cap = cap;
	}
	c->list[c->n++] = (struct lvs_change){ kind, s, d };
}

/* Destinations of one service: those of `kind` only, so that additions come before removals. */
static void diff_dests(struct changes *c, const struct lvs_svc *have, const struct lvs_svc *want,
	enum lvs_change_kind kind)
{
	unsigned h = 0, w = 0;
	unsigned n_have = have ? have->n_dests : 0;

	while (h < n_have || w < want->n_dests) {
		int r = h == n_have ? 1 : w == want->n_dests ? -1 : lvs_dest_cmp(&have->dests[h], &want->dests[w]);

		if (r < 0) {
			if (kind == LVS_DEL_DEST)
				change(c, kind, want, &have->dests[h]);
			h++;
		} else if (r > 0) {
			if (kind == LVS_ADD_DEST)
				change(c, kind, want, &want->dests[w]);
			w++;
		} else {
			if (kind == LVS_SET_DEST && !same_dest(&have->dests[h], &want->dests[w]))
				change(c, kind, want, &want->dests[w]);
			h++;
			w++;
		}
	}
}

int lvs_table_diff(const struct lvs_table *have, const struct lvs_table *want, struct lvs_change **ret)
{
	struct changes c = { NULL, 0, 0, false };
	unsigned h = 0, w = 0;

	while (h < have->n_svcs || w < want->n_svcs) {
		int r = h == have->n_svcs ? 1 : w == want->n_svcs ? -1 : lvs_svc_cmp(&have->svcs[h], &want->svcs[w]);
		const struct lvs_svc *hs = r <= 0 ? &have->svcs[h++] : NULL;
		const struct lvs_svc *ws = r >= 0 ? &want->svcs[w++] : NULL;

		if (!ws) {
			change(&c, LVS_DEL_SVC, hs, NULL);
			continue;
		}
		if (!hs)
			change(&c, LVS_ADD_SVC, ws, NULL);
		else if (!same_svc(hs, ws))
			change(&c, LVS_SET_SVC, ws, NULL);
		for (enum lvs_change_kind kind = LVS_ADD_DEST; kind <= LVS_DEL_DEST; kind++)
			diff_dests(&c, hs, ws, kind);
	}
	if (c.failed) {
		free(c.list);
		return -ENOMEM;
	}
	*ret = c.list;
	return (int)c.n;
}

bool lvs_table_equal(const struct lvs_table *a, const struct lvs_table *b)
{
	if (a->n_svcs != b->n_svcs)
		return false;
	for (unsigned i = 0; i < a->n_svcs; i++) {
		const struct lvs_svc *s = &a->svcs[i], *o = &b->svcs[i];

		if (lvs_svc_cmp(s, o) || !same_svc(s, o) || s->n_dests != o->n_dests)
			return false;
		for (unsigned k = 0; k < s->n_dests; k++) {
			if (lvs_dest_cmp(&s->dests[k], &o->dests[k]) || !same_dest(&s->dests[k], &o->dests[k]))
				return false;
		}
	}
	return true;
}

const char *lvs_svc_text(const struct lvs_svc *s, char buf[LVS_SVC_TEXT])
{
	char text[LVS_ADDR_TEXT];

	if (s->fwmark)
		snprintf(buf, LVS_SVC_TEXT, "mark %u", s->fwmark);
	else
		snprintf(buf, LVS_SVC_TEXT, "%s/%s", lvs_addr_port_text(&s->addr, s->port, text), s->udp ? "udp" : "tcp");
	return buf;
}
