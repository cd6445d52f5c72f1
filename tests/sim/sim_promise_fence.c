/* SPDX-License-Identifier: GPL-2.0-or-later */
/* S3: who may fence. */
#include "sim_quorum.h"
#include "sim_rules.h"

/* S3: nobody fences the node he runs on. */
void sim_promise_s3_not_itself(struct sim_world *w, unsigned by, unsigned victim)
{
	if (by == victim)
		sim_fail(w, "S3: node %u fences itself", by);
}

/*
 * S3: a partition without quorum fences nobody. What counts is the ring as it is, not
 * what the node has heard of it: also not after a hang, when the others have gone on to another one.
 */
void sim_promise_s3_quorum_first(struct sim_world *w, unsigned by, unsigned victim)
{
	const struct sim_node *n = &w->node[by];

	/* Where corosync has just ended, only what the node was told is known. */
	if (!n->d[SIM_FENCED].told_quorate || (n->ring && n->corosync &&
		!sim_quorum_would_have(w, sim_ring_left(w, by), n->device_votes)))
		sim_fail(w, "S3: node %u fences node %u without quorum", by, victim);
}

/* S3: no two members of a quorate partition fence the same victim at once. */
void sim_promise_s3_one_at_a_time(struct sim_world *w, unsigned by, unsigned victim)
{
	const struct rules *r = w->rules;

	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (r->fencing[victim] & SIM_BIT(i) && i != by && w->node[i].ring && w->node[i].ring == w->node[by].ring &&
			w->node[i].d[SIM_FENCED].told_quorate)
			sim_fail(w, "S3: nodes %u and %u fence node %u at once", i, by, victim);
}
