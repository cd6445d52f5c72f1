/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan: all that is decided of a history before it runs: the cluster, and what
 * happens to it from outside, at absolute virtual times. Made from a seed with dice
 * of its own, or read from a script. What the world decides while it runs (delays,
 * the luck of agents) comes from the world's dice: a fault taken out of a plan
 * leaves the other faults as they were.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "clu_buf.h"
#include "sim_expect.h"
#include "sim_faults.h"

struct sim_plan {
	uint64_t seed;		/* of the world's dice */
	unsigned n_nodes;
	struct clu_buf conf;	/* cluster.conf */
	sim_nodes off;		/* not switched on at the start */
	bool cmand;		/* it runs on every node (sim_cmand.h) */
	bool no_luck;		/* nothing fails by chance, and all takes the time it mostly takes */
	struct sim_fault *fault;	/* by time */
	unsigned n_faults, cap_faults;
	struct sim_expect *expect;	/* by time, those without one last */
	unsigned n_expect, cap_expect;
	uint64_t end_us;	/* not before the last fault and expectation */
	bool no_calm;		/* it ends there; else from there on there are no faults, and then all must be settled */
};

enum sim_with { SIM_WITH_QDISK = 1, SIM_WITH_CMAND = 2 };	/* bits: has it in any case, else by the seed */
/* By chance. n_nodes, n_faults: 0 = by the seed too. with: enum sim_with. */
void sim_plan_draw(struct sim_plan *ret, uint64_t seed, unsigned n_nodes, unsigned n_faults, unsigned with);
void sim_plan_copy(struct sim_plan *ret, const struct sim_plan *p);
/* Put in by its time, behind those of the same time. */
void sim_plan_add(struct sim_plan *p, const struct sim_fault *f);
void sim_plan_expect(struct sim_plan *p, const struct sim_expect *e);
void sim_plan_remove(struct sim_plan *p, unsigned from, unsigned count);
void sim_plan_free(struct sim_plan *p);

#endif
