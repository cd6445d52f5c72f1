/* SPDX-License-Identifier: GPL-2.0-or-later */
/* S7, also while faults go on: no state waits for ever without naming what it waits for. */
#define _GNU_SOURCE 1
#include "sim_rules.h"

#include <string.h>

#include "ccsd_core_priv.h"
#include "fenced_priv.h"
#include "rg_priv.h"

#define LOOK_EVERY_US (20u * 1000000u)
#define LONG_US (200u * 1000000u)	/* longer than that is a wait that must be explained */
#define AGENTS_US (700u * 1000000u)	/* what a service's agents may take, each up to its deadline */

/* How long has it been as it is? `now` tells one state from the next, the daemon's life those of one process from another's. */
static uint64_t since(struct sim_world *w, struct waits *at, uint64_t now, const struct sim_daemon *d)
{
	if (at->what != now || at->life != d->life || !at->since_us)
		*at = (struct waits){ now, w->now_us, d->life };
	return w->now_us - at->since_us;
}

/*
 * The votes of a quorum disk are counted by each node for itself: where its way to the disk comes and goes, the node
 * that has to fence may be the one without quorum, and the others cannot tell.
 */
static bool is_quorum_shared(const struct sim_world *w, unsigned node)
{
	for (unsigned i = 1; w->qdisk && i <= w->n_nodes; i++)
		if (w->node[i].ring == w->node[node].ring && w->node[i].d[SIM_FENCED].up &&
			w->node[i].d[SIM_FENCED].told_quorate != w->node[node].d[SIM_FENCED].told_quorate)
			return false;
	return true;
}

/* S7: a victim that waits says for what, and an agent does not run for ever. */
static void s7_victims_say_why(struct sim_world *w, unsigned node, struct fdom *d)
{
	struct rules *r = w->rules;
	struct clu_out *out = NULL;

	for (unsigned i = 0; i < d->n_nodes; i++) {
		const struct fdom_victim *v = &d->nodes[i].v;
		unsigned victim = sim_node_index(w, d->nodes[i].nodeid);
		Hawser__FencedNews *news;

		if (!is_quorum_shared(w, node))
			r->victim_waits[node][victim].since_us = w->now_us;
		/* Without quorum it waits for that; with it the time begins anew. */
		if (since(w, &r->victim_waits[node][victim], v->state == FDOM_V_NONE ? 0 :
				(uint64_t)fdom_gate(d) << 63 | v->seq << 32 | v->attempts << 4 | v->state, &w->node[node].d[SIM_FENCED]) < LONG_US ||
			v->state == FDOM_V_NONE)
			continue;
		if (v->state == FDOM_V_FENCING)
			sim_fail(w, "S7: node %u is being fenced for ever, says node %u", victim, node);
		out = d->out = clu_out_new();
		fdom_news_reply(d, 1, 0, NULL);
		d->out = NULL;
		news = hawser__fenced_news__unpack(NULL, clu_out_get(out, 0)->u.reply.len, clu_out_get(out, 0)->u.reply.data);
		for (size_t k = 0; news && k < news->n_victims; k++)
			if (news->victims[k]->nodeid == d->nodes[i].nodeid &&
				(!*news->victims[k]->why || strstr(news->victims[k]->why, "is about to run")))
				sim_fail(w, "S7: node %u waits to be fenced and node %u names no reason (\"%s\")", victim, node,
					news->victims[k]->why);
		if (news)
			hawser__fenced_news__free_unpacked(news, NULL);
		clu_out_free(out);
	}
}

/* S7: a service on its way gets there, and one that waits says for what. */
static void s7_services_say_why(struct sim_world *w, unsigned node, struct rg *rg)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; i < rg->n_svcs && i < SIM_MAX_WAITS; i++) {
		const struct rg_svc *s = rg->svcs[i];
		uint64_t us = since(w, &r->svc_waits[node][i], s->txn << 8 | (uint64_t)s->state, &w->node[node].d[SIM_RGM]);
		struct clu_buf wait = CLU_BUF_INIT, remedy = CLU_BUF_INIT;

		if (us < LONG_US || s->flags & RG_FLAG_FROZEN || s->gone)
			continue;
		if (rg_state_active(s->state) && s->state != RG_STARTED && us > AGENTS_US)
			sim_fail(w, "S7: %s is %s for ever, says node %u", s->name, rg_state_name(s->state), node);
		else if (rg_svc_waits(rg, s, &wait, &remedy) && !wait.len)
			sim_fail(w, "S7: %s is %s and node %u names no reason", s->name, rg_state_name(s->state), node);
		clu_buf_free(&wait);
		clu_buf_free(&remedy);
	}
}

/* S7: members that do not agree on cluster.conf say on whom they wait. */
static void s7_ccsd_says_why(struct sim_world *w, unsigned node, const struct ccsd_core *c)
{
	struct rules *r = w->rules;
	char wait[CCSD_REASON_MAX];

	if (since(w, &r->conf_waits[node], c->g.established && !c->g.prop.open ? 1 : c->g.round << 2 | 2,
			&w->node[node].d[SIM_CCSD]) < LONG_US ||
		(c->g.established && !c->g.prop.open) || !c->member)
		return;
	ccsd_waits_for(c, wait);
	if (!*wait || strstr(wait, "try again in a moment"))
		sim_fail(w, "S7: ccsd of node %u does not agree with the others and names no reason (\"%s\")", node, wait);
}

void sim_promises_of_waiting(struct sim_world *w)
{
	struct rules *r = w->rules;

	if (w->now_us < r->next_look_us)
		return;
	r->next_look_us = w->now_us + LOOK_EVERY_US;
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct sim_node *n = &w->node[i];

		if (n->hung || !n->power || !n->corosync)
			continue;
		if (n->d[SIM_CCSD].up && !n->d[SIM_CCSD].hung)
			s7_ccsd_says_why(w, i, n->d[SIM_CCSD].core);
		if (n->d[SIM_FENCED].up && !n->d[SIM_FENCED].hung)
			s7_victims_say_why(w, i, n->d[SIM_FENCED].core);
		if (n->d[SIM_RGM].up && !n->d[SIM_RGM].hung)
			s7_services_say_why(w, i, n->d[SIM_RGM].core);
	}
}
