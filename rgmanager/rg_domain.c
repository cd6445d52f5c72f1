/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clu_planted.h"
#include "rg_domain.h"

#include <limits.h>

static const struct rg_domain_node *domain_node(const struct rg_domain *d, uint32_t nodeid)
{
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].nodeid == nodeid)
			return &d->nodes[i];
	return NULL;
}

static bool is_online(const uint32_t *online, unsigned n, uint32_t nodeid)
{
	for (unsigned i = 0; i < n; i++)
		if (online[i] == nodeid)
			return true;
	return false;
}

int rg_domain_rank(const struct rg_domain_node *n)
{
	return n->priority ? n->priority : INT_MAX;
}

enum rg_rating rg_domain_rate(const struct rg_rm *rm, const struct rg_policy *p, const uint32_t *online, unsigned n_online,
	uint32_t nodeid, uint32_t owner)
{
	const struct rg_domain *d = *p->domain ? rg_rm_domain(rm, p->domain) : NULL;
	const struct rg_domain_node *me;
	bool some = false;
	int lowest = INT_MAX;

	if (!is_online(online, n_online, nodeid))
		return RG_ILLEGAL;
	if (!d)
		return RG_BEST;
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (is_online(online, n_online, d->nodes[i].nodeid)) {
			some = true;
			if (rg_domain_rank(&d->nodes[i]) < lowest)
				lowest = rg_domain_rank(&d->nodes[i]);
		}
	me = domain_node(d, nodeid);
	if (!me)
		return d->restricted && !CLU_PLANTED(RGM_RESTRICTION_BROKEN) ? RG_ILLEGAL : some ? RG_GOOD : RG_BEST;
	if (rg_domain_rank(me) > lowest) {
		if (!d->ordered || CLU_PLANTED(RGM_ORDER_BROKEN) ||
			(d->nofailback && owner == nodeid && !CLU_PLANTED(RGM_NOFAILBACK_BROKEN)))
			return RG_BEST;
		return RG_BETTER;
	}
	if (d->nofailback && !CLU_PLANTED(RGM_NOFAILBACK_BROKEN) && owner && owner != nodeid && is_online(online, n_online, owner))
		return RG_BETTER;
	return RG_BEST;
}

/* Of two equal places the lower node id: the one that was looked at before. */
static bool is_better(const struct rg_place *a, const struct rg_place *before)
{
	return a->rating != before->rating ? a->rating > before->rating : a->active < before->active;
}

uint32_t rg_place(const struct rg_rm *rm, const struct rg_policy *p, struct rg_place *places, unsigned n)
{
	uint32_t online[CLU_MAX_NODES];
	unsigned n_online = 0;
	const struct rg_place *best = NULL;

	/* A node that failed to start the service is still an online node of its domain. */
	for (unsigned i = 0; i < n && n_online < CLU_MAX_NODES; i++)
		if (places[i].why == RG_FITS || places[i].why == RG_TRIED)
			online[n_online++] = places[i].nodeid;
	for (unsigned i = 0; i < n; i++) {
		struct rg_place *q = &places[i];

		if (q->why != RG_FITS)
			continue;
		q->rating = rg_domain_rate(rm, p, online, n_online, q->nodeid, 0);
		if (q->rating == RG_ILLEGAL)
			q->why = RG_OUTSIDE;
		else if (p->exclusive && q->active)
			q->why = RG_NOT_EMPTY;
		else if (!p->exclusive && q->has_exclusive)
			q->why = RG_TAKEN;
		else if (!best || is_better(q, best))
			best = q;
	}
	return best ? best->nodeid : 0;
}

const char *rg_why_not_text(enum rg_why_not why)
{
	static const char *const text[RG_NWHY] = {
		[RG_FITS] = "could run it",
		[RG_NOT_MEMBER] = "is no member with a ready rgmanager",
		[RG_LEAVING] = "is leaving",
		[RG_UNFENCED] = "is not known to be fenced",
		[RG_OUTSIDE] = "is not in its restricted failover domain",
		[RG_NOT_EMPTY] = "runs another service, and this one must be alone",
		[RG_TAKEN] = "runs an exclusive service",
		[RG_TRIED] = "was tried without success",
	};

	return text[why];
}
