/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport: what corosync promises (cman.md section 9), and no more.
 *
 * - One log per ring; every node delivers it in order, each at its own pace.
 * - A ring that lost a node stands still until the loss is noticed.
 * - At a ring change all survivors are first brought to the same point; what lies
 *   behind it is carried over when its sender is a survivor, else lost.
 * - Then lost members in one change per group, then newcomers one by one.
 * - Quorum is told afterwards, at any pace, but in front of the messages that follow what was counted.
 */
#include "sim_ring_priv.h"

#include "sim_hang.h"
#include "sim_news.h"
#include "sim_quorum.h"
#include "sim_trace.h"

#include <stdlib.h>
#include <string.h>

static void ring_append(struct sim_world *w, struct sim_ring *r, const struct sim_ring_entry *e)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 64;
		r->log = realloc(r->log, r->cap * sizeof(*r->log));
		if (!r->log)
			abort();
	}
	r->log[r->n++] = *e;
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (w->node[i].ring == r)
			sim_ring_pump(w, &w->node[i]);
}

void sim_ring_tell_change(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, sim_nodes joined,
	sim_nodes left, enum clu_left how)
{
	uint32_t members[SIM_MAX_NODES], j[SIM_MAX_NODES];
	struct clu_member_left l[SIM_MAX_NODES];
	struct clu_group_change c = { .members = members, .joined = j, .left = l };
	struct sim_daemon *d = &n->d[k];

	n->seen[k] = (n->seen[k] | joined) & ~left;
	if (!d->up || !d->in_group)
		return;
	c.ring = (struct clu_ring){ 1, n->ring ? n->ring->id : 0 };
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		if (n->seen[k] & SIM_BIT(i))
			members[c.n_members++] = w->node[i].nodeid;
		if (joined & SIM_BIT(i))
			j[c.n_joined++] = w->node[i].nodeid;
		if (left & SIM_BIT(i))
			l[c.n_left++] = (struct clu_member_left){ w->node[i].nodeid, how };
	}
	sim_group_confchg(d, &c);
}

void sim_ring_deliver(struct sim_world *w, struct sim_node *n, const struct sim_ring_entry *e)
{
	struct sim_daemon *d = &n->d[e->daemon];
	sim_nodes bit = SIM_BIT(e->from);

	switch (e->kind) {
	case ENTRY_JOIN:
		if (n->seen[e->daemon] & bit)
			break;
		/* The process itself hears of its join only if it is still the one that asked. */
		if (e->from == n->id && d->up && d->life == e->life)
			d->in_group = true;
		sim_ring_tell_change(w, n, e->daemon, bit, 0, CLU_LEFT_CLEAN);
		break;
	case ENTRY_LEAVE:
		if (!(n->seen[e->daemon] & bit))
			break;
		sim_ring_tell_change(w, n, e->daemon, 0, bit, e->how);
		if (e->from == n->id && d->life == e->life)
			d->in_group = false;
		break;
	case ENTRY_DATA:
		w->stats.messages++;
		if (!d->up || !d->in_group || !(n->seen[e->daemon] & bit))
			break;
		if (!d->hung)
			sim_quorum_first(w, n->id, e->daemon);
		sim_group_receive(d, w->node[e->from].nodeid, e->data, e->len);
		break;
	default:
		abort();
	}
}

static void deliver_next(struct sim_world *w, struct sim_event *ev)
{
	struct sim_node *n = &w->node[ev->node];

	n->pumping = false;
	if (!n->ring || n->ring->stalled || n->ring->id != ev->id || n->cursor >= n->ring->n)
		return;
	/* A copy: delivering may append to the log and move it. The bytes stay. */
	struct sim_ring_entry e = n->ring->log[n->cursor++];

	sim_ring_deliver(w, n, &e);
	sim_news_merged(w, n);
	sim_check_delivered(w, n->id, e.daemon);
	sim_ring_pump(w, n);
}

void sim_ring_pump(struct sim_world *w, struct sim_node *n)
{
	struct sim_event *e;
	uint64_t in_us;

	if (n->pumping || !n->ring || n->ring->stalled || n->cursor >= n->ring->n)
		return;
	n->pumping = true;
	in_us = 20 + sim_soon(w, n, sim_chance(w, 50) ? 4000 : 300);
	e = sim_at(w, in_us, deliver_next, n->id, NULL, 0);
	e->boot = n->boot;
	e->id = n->ring->id;
}

/* ---- what a daemon sends ---- */

struct sim_unsent {
	struct sim_unsent *next;
	struct sim_ring_entry e;
};

void sim_ring_forget(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon)
{
	struct sim_daemon *d = &w->node[node].d[daemon];

	while (d->unsent) {
		struct sim_unsent *u = d->unsent;

		d->unsent = u->next;
		free(u->e.data);
		free(u);
	}
	d->n_unsent = 0;
}

/* The shell's timer: all goes out that waited. */
static void fire_retry(struct sim_world *w, struct sim_event *ev)
{
	struct sim_node *n = &w->node[ev->node];
	struct sim_daemon *d = &n->d[ev->daemon];

	while (d->unsent) {
		struct sim_unsent *u = d->unsent;

		d->unsent = u->next;
		d->n_unsent--;
		if (n->ring)
			ring_append(w, n->ring, &u->e);
		else
			free(u->e.data);
		free(u);
	}
}

void sim_ring_unrefused(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];

	n->refused_until = w->now_us;
	for (unsigned k = 0; k < SIM_NDAEMONS; k++) {
		struct sim_event *ev;

		if (!n->d[k].unsent)
			continue;
		ev = sim_at(w, 1 + sim_rnd(w, 20000), fire_retry, node, NULL, 0);
		ev->boot = n->boot;
		ev->daemon = (enum sim_daemon_kind)k;
		ev->life = n->d[k].life;
	}
}

/* Takes e.data over. */
static void put(struct sim_world *w, const struct sim_ring_entry *e)
{
	struct sim_node *n = &w->node[e->from];
	struct sim_daemon *d = &n->d[e->daemon];
	struct sim_unsent *u;
	struct sim_event *ev;

	if (!d->unsent && n->refused_until <= w->now_us) {
		ring_append(w, n->ring, e);
		return;
	}
	u = calloc(1, sizeof(*u));
	if (!u)
		abort();
	u->e = *e;
	if (!d->unsent) {
		d->unsent_end = &d->unsent;
		ev = sim_at(w, n->refused_until - w->now_us + sim_rnd(w, 20000), fire_retry, n->id, NULL, 0);
		ev->boot = n->boot;
		ev->daemon = e->daemon;
		ev->life = d->life;
	}
	*d->unsent_end = u;
	d->unsent_end = &u->next;
	d->n_unsent++;
	sim_check_unsent(w, n->id, e->daemon, d->n_unsent);
}

void sim_ring_send(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const void *data, size_t len)
{
	struct sim_ring_entry e = { ENTRY_DATA, node, daemon, CLU_LEFT_CLEAN, 0, NULL, len };

	if (!w->node[node].ring)
		return;
	sim_check_multicast(w, node, daemon, len);
	e.data = malloc(len ? len : 1);
	if (!e.data)
		abort();
	memcpy(e.data, data, len);
	put(w, &e);
}

void sim_ring_join(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon)
{
	struct sim_ring_entry e = { ENTRY_JOIN, node, daemon, CLU_LEFT_CLEAN, w->node[node].d[daemon].life, NULL, 0 };

	if (w->node[node].ring)
		put(w, &e);
}

/* That a process has ended, corosync says by itself, behind what it had taken of it. */
void sim_ring_leave(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, enum clu_left how)
{
	struct sim_ring_entry e = { ENTRY_LEAVE, node, daemon, how, w->node[node].d[daemon].life, NULL, 0 };

	if (!w->node[node].ring)
		return;
	if (how == CLU_LEFT_CLEAN)
		put(w, &e);
	else
		ring_append(w, w->node[node].ring, &e);
}

uint64_t sim_ring_id(const struct sim_node *n)
{
	return n->ring ? n->ring->id : 0;
}

sim_nodes sim_ring_left(const struct sim_world *w, unsigned node)
{
	const struct sim_ring *r = w->node[node].ring;
	sim_nodes left = 0;

	for (unsigned i = 1; r && i <= w->n_nodes; i++)
		if (r->members & SIM_BIT(i) && (w->node[i].ring == r || !w->node[i].ring))
			left |= SIM_BIT(i);
	return left;
}

sim_nodes sim_ring_members(const struct sim_node *n)
{
	return n->ring ? n->ring->members : 0;
}

bool sim_ring_stands(const struct sim_node *n)
{
	return n->ring && !n->ring->stalled;
}
