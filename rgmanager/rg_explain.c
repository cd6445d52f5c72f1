/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a service goes where it goes, as a sentence for people. */
#include <string.h>

#include "rg_domain.h"

struct place_set {
	const struct rg_rm *rm;
	const struct rg_policy *p;
	const struct rg_domain *d;
	const struct rg_place *places, *chosen;
	unsigned n;
};

static const struct rg_domain_node *in_domain(const struct rg_domain *d, uint32_t nodeid)
{
	for (unsigned i = 0; d && i < d->n_nodes; i++)
		if (d->nodes[i].nodeid == nodeid)
			return &d->nodes[i];
	return NULL;
}

static void name(const struct place_set *s, uint32_t nodeid, struct clu_buf *ret)
{
	const char *text = clu_conf_node_name(s->rm->conf, nodeid);

	if (text && *text)
		clu_buf_str(ret, text);
	else
		clu_buf_printf(ret, "node %u", nodeid);
}

static void priority(const struct rg_domain_node *n, struct clu_buf *ret)
{
	if (n->priority)
		clu_buf_printf(ret, "priority %d", n->priority);
	else
		clu_buf_str(ret, "no priority");
}

/* Candidates that the failover domain puts behind the chosen one. */
static void behind(const struct place_set *s, struct clu_buf *ret)
{
	bool any = false;

	for (unsigned i = 0; i < s->n; i++) {
		const struct rg_place *q = &s->places[i];
		const struct rg_domain_node *n = in_domain(s->d, q->nodeid);

		if (q->why != RG_FITS || q->rating >= s->chosen->rating)
			continue;
		clu_buf_str(ret, any ? ", " : ", before ");
		any = true;
		name(s, q->nodeid, ret);
		clu_buf_str(ret, " (");
		if (n)
			priority(n, ret);
		else
			clu_buf_str(ret, "outside");
		clu_buf_str(ret, ")");
	}
}

static void by_domain(const struct place_set *s, struct clu_buf *ret)
{
	const struct rg_domain_node *me = in_domain(s->d, s->chosen->nodeid);

	if (!s->d) {
		clu_buf_str(ret, "it has no failover domain");
	} else if (!me) {
		clu_buf_printf(ret, "no node of failover domain %s can run it, and the domain is not restricted", s->d->name);
	} else if (s->d->ordered) {
		priority(me, ret);
		clu_buf_printf(ret, " in ordered failover domain %s", s->d->name);
	} else {
		clu_buf_printf(ret, "it is in failover domain %s", s->d->name);
	}
	behind(s, ret);
}

/* Among equals: the fewest services, then the lowest node id. */
static void by_load(const struct place_set *s, struct clu_buf *ret)
{
	unsigned equal = 0, others = 0;
	bool any = false;

	for (unsigned i = 0; i < s->n; i++) {
		const struct rg_place *q = &s->places[i];

		if (q == s->chosen || q->why != RG_FITS)
			continue;
		others++;
		equal += q->rating == s->chosen->rating && q->active == s->chosen->active;
	}
	if (!others)
		clu_buf_str(ret, "; no other node can run it");
	for (unsigned i = 0; i < s->n; i++) {
		const struct rg_place *q = &s->places[i];

		if (q == s->chosen || q->why != RG_FITS || q->rating != s->chosen->rating ||
			(equal && q->active != s->chosen->active))
			continue;
		if (any)
			clu_buf_str(ret, ", ");
		else if (equal)
			clu_buf_str(ret, "; the lowest node id of those with equally few services: also ");
		else
			clu_buf_printf(ret, "; the fewest services run there (%u, against ", s->chosen->active);
		any = true;
		if (!equal)
			clu_buf_printf(ret, "%u on ", q->active);
		name(s, q->nodeid, ret);
	}
	if (any && !equal)
		clu_buf_str(ret, ")");
}

void rg_place_explain(const struct rg_rm *rm, const struct rg_policy *p, const struct rg_place *places, unsigned n,
	uint32_t chosen, struct clu_buf *ret)
{
	struct place_set s = { .rm = rm, .p = p, .d = *p->domain ? rg_rm_domain(rm, p->domain) : NULL, .places = places,
		.n = n };

	for (unsigned i = 0; i < n; i++)
		if (places[i].nodeid == chosen)
			s.chosen = &places[i];
	if (!s.chosen)
		return;
	by_domain(&s, ret);
	if (p->exclusive)
		clu_buf_str(ret, "; it must be alone, and nothing else runs there");
	by_load(&s, ret);
}

bool rg_better_explain(const struct rg_rm *rm, const struct rg_policy *p, uint32_t better, uint32_t worse,
	struct clu_buf *ret)
{
	struct place_set s = { .rm = rm, .p = p, .d = *p->domain ? rg_rm_domain(rm, p->domain) : NULL };
	const struct rg_domain_node *b = in_domain(s.d, better), *w = in_domain(s.d, worse);

	if (!b || (w && (!s.d->ordered || rg_domain_rank(b) >= rg_domain_rank(w))))
		return false;
	name(&s, better, ret);
	if (w) {
		clu_buf_str(ret, " has ");
		priority(b, ret);
		clu_buf_printf(ret, " in ordered failover domain %s, ", s.d->name);
	} else {
		clu_buf_printf(ret, " is in failover domain %s, ", s.d->name);
	}
	name(&s, worse, ret);
	clu_buf_str(ret, w ? " has " : " is not");
	if (w)
		priority(w, ret);
	return true;
}
