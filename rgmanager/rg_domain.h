/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Placement: which node a service should run on, and why not on each of the
 * others. Pure functions of the members, the failover domains and what runs
 * where; every member computes the same.
 */
#ifndef RG_DOMAIN_H
#define RG_DOMAIN_H

#include "rg_rm.h"

enum rg_rating { RG_ILLEGAL, RG_GOOD, RG_BETTER, RG_BEST };

enum rg_why_not {
	RG_FITS,		/* a candidate */
	RG_NOT_MEMBER,		/* offline, or its rgmanager is not ready */
	RG_LEAVING,
	RG_UNFENCED,		/* lost and not known to be fenced */
	RG_OUTSIDE,		/* not in its restricted failover domain */
	RG_NOT_EMPTY,		/* the service is exclusive and something else runs there */
	RG_TAKEN,		/* an exclusive service runs there */
	RG_TRIED,		/* it failed to start there, or is being moved away from there */
	RG_NWHY
};

/* One node as placement sees it; filled in by the caller except for the last two. */
struct rg_place {
	uint32_t nodeid;
	enum rg_why_not why;	/* RG_FITS, or why the caller excludes it */
	unsigned active;	/* services that run or start there, without the one in question */
	bool has_exclusive;
	enum rg_rating rating;
};

/*
 * Rating of `nodeid` for the service (rgmanager.md 11.2). online: members that
 * take part. owner: where it runs or starts now, 0 = nowhere; it counts with
 * nofailback only.
 */
enum rg_rating rg_domain_rate(const struct rg_rm *rm, const struct rg_policy *p, const uint32_t *online, unsigned n_online,
	uint32_t nodeid, uint32_t owner);

/*
 * The node to start on, 0 when there is none; places[].rating and .why say why.
 * Highest rating, an empty node for an exclusive service, then the one with
 * fewest services, then the lowest node id.
 */
uint32_t rg_place(const struct rg_rm *rm, const struct rg_policy *p, struct rg_place *places, unsigned n);

/*
 * The place in an ordered domain, lowest first. A node without a priority historically came
 * before priority 1. It comes last here, as in the documentation of that time.
 */
int rg_domain_rank(const struct rg_domain_node *n);

/*
 * rg_explain.c: what made rg_place() take `chosen`, appended for people: "priority 2
 * in ordered failover domain d, before n3 (priority 3); no other node can run it".
 * Reads what rg_place() left in `places`.
 */
void rg_place_explain(const struct rg_rm *rm, const struct rg_policy *p, const struct rg_place *places, unsigned n,
	uint32_t chosen, struct clu_buf *ret);
/* By which rule of its failover domain `better` is a better place than `worse`; false when by none. */
bool rg_better_explain(const struct rg_rm *rm, const struct rg_policy *p, uint32_t better, uint32_t worse,
	struct clu_buf *ret);

/* "n1 is not in its restricted failover domain", ... for people. */
const char *rg_why_not_text(enum rg_why_not why);

#endif
