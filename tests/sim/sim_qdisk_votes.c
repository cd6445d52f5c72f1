/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node's corosync makes of its quorum device. */
#include "sim_qdisk_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim_quorum.h"

void sim_qdisk_count(struct sim_world *w, unsigned node)
{
	const struct sim_qdisk_device *d = &w->qdisk->dev[node];

	if (!w->qdisk->waiting[node])
		sim_quorum_device(w, node, d->alive && d->cast ? w->qdisk->votes : 0);
	else if (!d->alive)
		w->node[node].device_votes = 0;
}

static bool all_spoke(const struct sim_world *w, uint64_t ring)
{
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		const struct sim_qdisk_device *d = &w->qdisk->dev[i];

		if (w->qdisk->waiting[i] == ring && d->alive && !d->spoke)
			return false;
	}
	return true;
}

/* The ring has waited long enough, or all have spoken: whoever has not is taken for dead. */
static void decide(struct sim_world *w, uint64_t ring)
{
	struct sim_qdisk *q = w->qdisk;
	sim_nodes members = 0;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		if (q->waiting[i] != ring)
			continue;
		q->waiting[i] = 0;
		if (sim_ring_id(&w->node[i]) != ring)
			continue;
		members |= SIM_BIT(i);
		if (!q->dev[i].spoke)
			q->dev[i].alive = q->dev[i].cast = false;
		w->node[i].device_votes = q->dev[i].cast ? q->votes : 0;
	}
	if (members)
		sim_quorum_decided(w, members);
}

static void fire_waited(struct sim_world *w, struct sim_event *e)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (w->qdisk->waiting[i] == e->id) {
			sim_trace(w, "the ring has waited long enough for the quorum disk");
			decide(w, e->id);
			return;
		}
}

static void fire_expired(struct sim_world *w, struct sim_event *e)
{
	struct sim_qdisk_device *d = &w->qdisk->dev[e->node];
	struct sim_event *again;

	d->timer_boot = 0;
	if (!d->alive)
		return;
	if (d->expires_us > w->now_us) {
		d->timer_boot = e->boot;
		again = sim_at(w, d->expires_us - w->now_us, fire_expired, e->node, NULL, 0);
		again->boot = e->boot;
		return;
	}
	sim_trace(w, "n%u corosync: lost contact with the quorum device", e->node);
	d->alive = d->cast = false;
	sim_qdisk_count(w, e->node);
	if (w->qdisk->waiting[e->node] && all_spoke(w, w->qdisk->waiting[e->node]))
		decide(w, w->qdisk->waiting[e->node]);
}

void sim_qdisk_tell_ring(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];
	sim_nodes members = sim_ring_members(n);
	struct qdisk_ring r;

	if (!n->d[SIM_QDISKD].up || !w->qdisk->dev[node].registered || !sim_ring_id(n))
		return;
	memset(&r, 0, sizeof(r));
	r.ring = (struct clu_ring){ 1, sim_ring_id(n) };
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (members & SIM_BIT(i))
			r.nodes[r.n++] = w->node[i].nodeid;
	sim_qdisk_said(w, node, 10 + sim_soon(w, n, 2000), QDISK_SAID_RING, 0, 0, &r, sizeof(r));
}

void sim_qdisk_vote(struct sim_world *w, unsigned node, const struct qdisk_vote *v)
{
	static const char old[] = "the ring is not the newest any more";
	struct sim_node *n = &w->node[node];
	struct sim_qdisk_device *d = &w->qdisk->dev[node];
	struct sim_event *e;

	if (!n->corosync || !d->registered || !sim_ring_id(n) || v->ring.seq != sim_ring_id(n)) {
		sim_qdisk_said(w, node, 10, QDISK_SAID_VOTED, 0, -ESTALE, old, sizeof(old));
		return;
	}
	if (d->cast != v->cast || !d->spoke)
		sim_trace(w, "n%u corosync: the quorum device says %s in ring %" PRIu64, node, v->cast ? "yes" : "no",
			sim_ring_id(n));
	d->alive = d->spoke = true;
	d->cast = v->cast;
	d->expires_us = w->now_us + w->qdisk->timeout_us;
	if (d->timer_boot != n->boot) {
		d->timer_boot = n->boot;
		e = sim_at(w, w->qdisk->timeout_us, fire_expired, node, NULL, 0);
		e->boot = n->boot;
	}
	sim_qdisk_count(w, node);
	if (w->qdisk->waiting[node] && all_spoke(w, w->qdisk->waiting[node]))
		decide(w, w->qdisk->waiting[node]);
}

bool sim_qdisk_ring(struct sim_world *w, sim_nodes members)
{
	struct sim_qdisk *q = w->qdisk;
	uint64_t ring = 0;
	bool waits = false;

	if (!q)
		return false;
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		if (!(members & SIM_BIT(i)))
			continue;
		ring = sim_ring_id(&w->node[i]);
		waits |= q->dev[i].alive;
		q->dev[i].spoke = false;
		/* Where nobody was lost daemons are told nothing yet, and what was counted goes on. */
		if (q->before[i] & ~members)
			w->node[i].device_votes = 0;
		q->before[i] = members;
	}
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		if (!(members & SIM_BIT(i)))
			continue;
		q->waiting[i] = waits ? ring : 0;
		if (!waits)
			w->node[i].device_votes = 0;
		q->dev[i].cast = false;
		sim_qdisk_tell_ring(w, i);
	}
	if (waits)
		sim_at(w, q->sync_us, fire_waited, 0, NULL, 0)->id = ring;
	return waits;
}

void sim_qdisk_node_up(struct sim_world *w, unsigned node)
{
	if (!w->qdisk)
		return;
	w->qdisk->dev[node] = (struct sim_qdisk_device){ .timer_boot = w->qdisk->dev[node].timer_boot };
	w->qdisk->waiting[node] = 0;
	w->qdisk->before[node] = 0;
	w->node[node].device_votes = 0;
}
