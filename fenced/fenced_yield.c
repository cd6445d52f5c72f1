/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One fencer at a time, also where the right to fence changes hands between nodes
 * that are alive: whoever may still run agents that the present state knows nothing
 * of says so when it runs none any more, and nobody but it is fenced before.
 */
#include "fenced_priv.h"

void fdom_yield_begin(struct fdom *d, struct fdom_node *n)
{
	n->yields = true;
	n->yield_ms = d->now_ms + FDOM_YIELD_MS;
	if (n->nodeid == d->self)
		d->yield_sent = false;
	d->changed = true;
}

void fdom_yield_end(struct fdom *d, struct fdom_node *n)
{
	n->yields = false;
	d->changed = true;
}

uint32_t fdom_yielding(const struct fdom *d, const struct fdom_node *n)
{
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].yields && &d->nodes[i] != n)
			return d->nodes[i].nodeid;
	return 0;
}

uint64_t fdom_yield_due(const struct fdom *d, const struct fdom_node *n)
{
	if (!n->yields || n->v.state != FDOM_V_NONE || n->nodeid == d->self || !fdom_victim_count(d))
		return CLU_NEVER;
	return n->yield_ms > d->distrust_until_ms ? n->yield_ms : d->distrust_until_ms;
}

/* One that does not answer (its fenced hangs) must not hold up the fencing of others for ever: it is fenced, too. */
static void give_up(struct fdom *d, struct fdom_node *n)
{
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;

	n->yield_ms = d->now_ms + FDOM_YIELD_MS;
	m.kind = HAWSER__FDOM_KIND__FDOM_VICTIM;
	m.nodeid = n->nodeid;
	m.why = (char *)"it may run fence agents that it has no right to any more, and its fenced does not answer";
	fdom_send(d, &m);
}

void fdom_yield_progress(struct fdom *d)
{
	const struct fdom_node *me = d->admitted ? fdom_find(d, d->self) : NULL;

	if (me && me->yields && !d->yield_sent && !fdom_runs_any(d)) {
		Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;

		m.kind = HAWSER__FDOM_KIND__FDOM_YIELD;
		fdom_send(d, &m);
		d->yield_sent = true;
	}
	if (!fdom_is_master(d) || !fdom_gate(d) || d->leaving)
		return;
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (fdom_yield_due(d, &d->nodes[i]) <= d->now_ms)
			give_up(d, &d->nodes[i]);
}
