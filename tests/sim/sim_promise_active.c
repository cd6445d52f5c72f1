/* SPDX-License-Identifier: GPL-2.0-or-later */
/* S1 and S2: where services are active, and when what a failed node had may be touched. */
#include "sim_rules.h"

/*
 * S1: no service is ever active on two nodes.
 *
 * Looked at on the resources themselves, whoever believes what: also on a node
 * that the others take for dead.
 */
void sim_promise_s1_once(struct sim_world *w, const struct resource *s)
{
	if (s->active & (s->active - 1))
		sim_fail(w, "S1: %s is active on more than one node (mask %llx)", s->name,
			(unsigned long long)s->active >> 1);
}

/* S1: nothing is started in a partition without quorum: another one may have it. */
void sim_promise_s1_quorum_first(struct sim_world *w, const struct resource *s, unsigned on)
{
	if (!w->node[on].d[SIM_RGM].told_quorate)
		sim_fail(w, "S1: %s is started on node %u without quorum", s->name, on);
}

/*
 * Is there an rgmanager with this node whose state knows what was active on `failed`, a machine that was started at
 * `us`? In a two-node cluster one half may live and fail without the other ever hearing of it.
 */
static bool has_witness(const struct sim_world *w, unsigned on, unsigned failed, uint64_t us)
{
	const struct rules *r = w->rules;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		const struct sim_node *n = &w->node[i];
		const struct sim_daemon *d = &n->d[SIM_RGM];

		if (n->ring && n->ring == w->node[on].ring && d->up && d->in_group &&
			r->heard[i][SIM_RGM].life == d->life &&
			(r->heard[i][SIM_RGM].met[failed][0] == us + 1 || r->heard[i][SIM_RGM].met[failed][1] == us + 1))
			return true;
	}
	return false;
}

/*
 * S2: nothing owned by a failed node is touched before that node is known to be
 * fenced, or an operator said so, or its own agents have stopped it there.
 *
 * That the node lost its power is not enough: somebody must know. Where no
 * rgmanager is left that saw the failure (all were started anew since), there is
 * nobody who could know what was owned, and a machine that was started anew runs
 * nothing.
 */
void sim_promise_s2_not_before_fenced(struct sim_world *w, const struct resource *s, unsigned on)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (i != on && s->owed & SIM_BIT(i) && has_witness(w, on, i, s->owed_us[i]))
			sim_fail(w, "S2: %s is started on node %u, but node %u failed with it and is not known to be fenced",
				s->name, on, i);
}

/*
 * S2: fenced says "fenced" only after its agent has said so in this very step, and
 * the victim's power was really cut since that agent began.
 */
void sim_promise_s2_word_is_true(struct sim_world *w, unsigned by, unsigned victim)
{
	const struct verdict *v = &((const struct rules *)w->rules)->verdict[by][victim];

	if (v->at_us != w->now_us || !v->success)
		sim_fail(w, "S2: fenced of node %u says that node %u is fenced, but no agent of it has said so", by, victim);
}

/* S2: what was fenced is off, or was started anew since: it writes nothing any more. */
void sim_promise_s2_off_is_off(struct sim_world *w, unsigned by, unsigned victim)
{
	const struct sim_node *n = &w->node[victim];

	if (n->power && n->boot == ((const struct rules *)w->rules)->verdict[by][victim].boot)
		sim_fail(w, "S2: node %u is called fenced, and it runs on", victim);
}
