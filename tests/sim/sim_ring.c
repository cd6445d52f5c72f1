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
#include "sim_hang.h"
#include "sim_news.h"
#include "sim_quorum.h"
#include "sim_trace.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_US 1000000u

enum entry_kind { ENTRY_DATA, ENTRY_JOIN, ENTRY_LEAVE };

struct entry {
	enum entry_kind kind;
	unsigned from;
	enum sim_daemon_kind daemon;
	enum clu_left how;
	uint64_t life;
	void *data;
	size_t len;
};

struct sim_ring {
	struct sim_ring *next;
	uint64_t id;
	sim_nodes members;
	bool stalled, renew;
	uint64_t stalled_us;
	sim_nodes gone;		/* who has said that it goes */
	struct entry *log;
	uint64_t n, cap;
};

/* All rings ever made; freed with the world. */
static struct sim_ring *ring_new(struct sim_world *w, sim_nodes members, struct sim_ring **list)
{
	struct sim_ring *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->id = ++w->rings * 4;
	r->members = members;
	r->next = *list;
	*list = r;
	return r;
}

struct rings {
	struct sim_ring *all;
};

static void pump(struct sim_world *w, struct sim_node *n);

static void ring_append(struct sim_world *w, struct sim_ring *r, const struct entry *e)
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
			pump(w, &w->node[i]);
}

static void tell_change(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, sim_nodes joined,
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

static void deliver(struct sim_world *w, struct sim_node *n, const struct entry *e)
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
		tell_change(w, n, e->daemon, bit, 0, CLU_LEFT_CLEAN);
		break;
	case ENTRY_LEAVE:
		if (!(n->seen[e->daemon] & bit))
			break;
		tell_change(w, n, e->daemon, 0, bit, e->how);
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
	struct entry e = n->ring->log[n->cursor++];

	deliver(w, n, &e);
	sim_news_merged(w, n);
	sim_check_delivered(w, n->id, e.daemon);
	pump(w, n);
}

static void pump(struct sim_world *w, struct sim_node *n)
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
	struct entry e;
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
static void put(struct sim_world *w, const struct entry *e)
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
	struct entry e = { ENTRY_DATA, node, daemon, CLU_LEFT_CLEAN, 0, NULL, len };

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
	struct entry e = { ENTRY_JOIN, node, daemon, CLU_LEFT_CLEAN, w->node[node].d[daemon].life, NULL, 0 };

	if (w->node[node].ring)
		put(w, &e);
}

/* That a process has ended, corosync says by itself, behind what it had taken of it. */
void sim_ring_leave(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, enum clu_left how)
{
	struct entry e = { ENTRY_LEAVE, node, daemon, how, w->node[node].d[daemon].life, NULL, 0 };

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

static bool is_heard(const struct sim_node *n)
{
	return n->power && n->corosync && !n->hung;
}

static struct rings *rings_of(struct sim_world *w)
{
	if (!w->rings_made) {
		w->rings_made = calloc(1, sizeof(struct rings));
		if (!w->rings_made)
			abort();
	}
	return w->rings_made;
}

static void tell_ring(struct sim_node *n, enum sim_daemon_kind k)
{
	const struct clu_ring ring = { 1, n->ring->id };

	if (n->d[k].up && n->d[k].in_group)
		sim_group_ring(&n->d[k], &ring);
}

/* One new ring of the nodes in `mask`. */
static void form(struct sim_world *w, sim_nodes mask)
{
	struct sim_ring *old[SIM_MAX_NODES], *ring;
	sim_nodes sub[SIM_MAX_NODES], lost[SIM_MAX_NODES];
	unsigned n_old = 0;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct sim_node *n = &w->node[i];
		unsigned k = 0;

		if (!(mask & SIM_BIT(i)))
			continue;
		while (k < n_old && old[k] != n->ring)
			k++;
		if (k == n_old) {
			old[n_old] = n->ring;
			sub[n_old++] = 0;
		}
		sub[k] |= SIM_BIT(i);
	}
	/* Whoever does not come along from the same ring is lost, also if it is back already by another way. */
	for (unsigned k = 0; k < n_old; k++)
		lost[k] = old[k] ? old[k]->members & ~sub[k] : 0;
	/* A token that was away for a moment goes on; one that was lost makes a new ring, also with the same members. */
	if (n_old == 1 && old[0] && old[0]->members == mask && !old[0]->renew &&
		(!old[0]->stalled || w->now_us - old[0]->stalled_us < TOKEN_US)) {
		old[0]->stalled = false;
		for (unsigned i = 1; i <= w->n_nodes; i++)
			if (mask & SIM_BIT(i))
				pump(w, &w->node[i]);
		return;
	}
	/* All survivors of one old ring to the same point. */
	for (unsigned k = 0; k < n_old; k++) {
		uint64_t most = 0;

		for (unsigned i = 1; i <= w->n_nodes && old[k]; i++)
			if (sub[k] & SIM_BIT(i) && w->node[i].cursor > most)
				most = w->node[i].cursor;
		for (unsigned i = 1; i <= w->n_nodes && old[k]; i++) {
			struct sim_node *n = &w->node[i];

			while (sub[k] & SIM_BIT(i) && n->cursor < most) {
				struct entry e = old[k]->log[n->cursor++];

				deliver(w, n, &e);
			}
		}
	}
	ring = ring_new(w, mask, &rings_of(w)->all);
	sim_check_merge(w, ring->id, sub, n_old);
	sim_trace_ring(w, ring->id, mask);
	for (unsigned k = 0; k < n_old; k++) {
		uint64_t from = 0;

		for (unsigned i = 1; i <= w->n_nodes; i++)
			if (sub[k] & SIM_BIT(i)) {
				from = w->node[i].cursor;
				w->node[i].ring = ring;
				w->node[i].pumping = false;
			}
		for (uint64_t x = from; old[k] && x < old[k]->n; x++) {
			struct entry e = old[k]->log[x];

			if (!(sub[k] & SIM_BIT(e.from)))
				continue;
			if (e.len) {
				void *copy = malloc(e.len);

				if (!copy)
					abort();
				memcpy(copy, e.data, e.len);
				e.data = copy;
			} else {
				e.data = NULL;
			}
			if (ring->n == ring->cap) {
				ring->cap = ring->cap ? ring->cap * 2 : 64;
				ring->log = realloc(ring->log, ring->cap * sizeof(*ring->log));
				if (!ring->log)
					abort();
			}
			ring->log[ring->n++] = e;
		}
	}
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (mask & SIM_BIT(i))
			w->node[i].cursor = 0;
	for (unsigned g = 0; g < SIM_NDAEMONS; g++) {
		sim_nodes in[SIM_MAX_NODES];

		/* Who is in the group on each side, before anybody is told. */
		for (unsigned k = 0; k < n_old; k++) {
			in[k] = 0;
			for (unsigned i = 1; i <= w->n_nodes; i++)
				if (sub[k] & SIM_BIT(i))
					in[k] |= w->node[i].seen[g] & sub[k];
		}
		for (unsigned k = 0; k < n_old; k++)
			for (unsigned i = 1; i <= w->n_nodes; i++) {
				struct sim_node *n = &w->node[i];

				if (sub[k] & SIM_BIT(i) && n->seen[g] & lost[k])
					tell_change(w, n, (enum sim_daemon_kind)g, 0, n->seen[g] & lost[k],
						CLU_LEFT_NODE);
				if (sub[k] & SIM_BIT(i) && lost[k])
					tell_ring(n, (enum sim_daemon_kind)g);
			}
		for (unsigned i = 1; i <= w->n_nodes; i++) {
			struct sim_node *n = &w->node[i];

			for (unsigned k = 0; mask & SIM_BIT(i) && k < n_old; k++)
				for (unsigned j = 1; j <= w->n_nodes; j++)
					if (in[k] & SIM_BIT(j) && !(n->seen[g] & SIM_BIT(j)))
						tell_change(w, n, (enum sim_daemon_kind)g, SIM_BIT(j), 0,
							CLU_LEFT_CLEAN);
		}
	}
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct sim_node *n = &w->node[i];

		if (!(mask & SIM_BIT(i)))
			continue;
		sim_news_merged(w, n);
		pump(w, n);
		for (unsigned g = 0; g < SIM_NDAEMONS; g++)
			if (n->d[g].up && n->d[g].wants_group && !(n->seen[g] & SIM_BIT(i)))
				sim_ring_join(w, i, (enum sim_daemon_kind)g);
	}
	sim_quorum_ring(w, mask);
}

/*
 * A node that does not answer is left out only after the token's timeout, whatever else makes a new ring in the meantime.
 * Returns how long it has still to be waited for.
 */
static uint64_t too_early(const struct sim_world *w, sim_nodes mask)
{
	uint64_t wait_us = 0;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		const struct sim_ring *r = w->node[i].ring;

		if (!(mask & SIM_BIT(i)) || !r || !r->stalled || !(r->members & ~mask & ~r->gone))
			continue;
		if (r->stalled_us + TOKEN_US > w->now_us + wait_us)
			wait_us = r->stalled_us + TOKEN_US - w->now_us;
	}
	return wait_us;
}

static void reform(struct sim_world *w, struct sim_event *e)
{
	sim_nodes done = 0;
	uint64_t wait_us;

	(void)e;
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (!is_heard(&w->node[i]) && !w->node[i].hung)
			w->node[i].ring = NULL;
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		sim_nodes mask = 0;

		if (!is_heard(&w->node[i]) || done & SIM_BIT(i))
			continue;
		for (unsigned j = i; j <= w->n_nodes; j++)
			if (is_heard(&w->node[j]) && w->node[j].side == w->node[i].side)
				mask |= SIM_BIT(j);
		done |= mask;
		wait_us = too_early(w, mask);
		if (wait_us)
			sim_ring_reform(w, wait_us);
		else
			form(w, mask);
	}
}

void sim_ring_reform(struct sim_world *w, uint64_t in_us)
{
	(void)sim_at(w, in_us, reform, 0, NULL, 0);
}

void sim_ring_stall(struct sim_world *w, unsigned node)
{
	struct sim_ring *r = w->node[node].ring;

	if (!r || r->stalled)
		return;
	r->stalled = true;
	r->stalled_us = w->now_us;
}

void sim_ring_renew(struct sim_world *w, unsigned node)
{
	sim_ring_stall(w, node);
	if (w->node[node].ring)
		w->node[node].ring->renew = true;
}

void sim_ring_node_up(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];

	n->ring = NULL;
	n->cursor = 0;
	n->pumping = false;
	memset(n->seen, 0, sizeof(n->seen));
	sim_quorum_node_up(w, node);
	sim_ring_reform(w, 300000 + sim_rnd(w, 1500000));
}

void sim_ring_node_lost(struct sim_world *w, unsigned node)
{
	sim_ring_stall(w, node);
	sim_ring_reform(w, w->detect_us - (w->steady ? 0 : sim_rnd(w, TOKEN_US / 4)));
}

void sim_ring_node_leaves(struct sim_world *w, unsigned node)
{
	sim_ring_stall(w, node);
	if (w->node[node].ring)
		w->node[node].ring->gone |= SIM_BIT(node);
	sim_ring_reform(w, 50000 + sim_rnd(w, 100000));
}

void sim_ring_cut(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		sim_ring_stall(w, i);
	sim_ring_reform(w, w->detect_us);
}

void sim_ring_free(struct sim_world *w)
{
	struct rings *rs = w->rings_made;

	for (struct sim_ring *r = rs ? rs->all : NULL, *next; r; r = next) {
		next = r->next;
		for (uint64_t i = 0; i < r->n; i++)
			free(r->log[i].data);
		free(r->log);
		free(r);
	}
	free(rs);
	w->rings_made = NULL;
}
