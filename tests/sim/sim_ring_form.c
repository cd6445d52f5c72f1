/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings: when one forms, and what becomes of the ones before it. */
#include "sim_ring_priv.h"

#include <stdlib.h>
#include <string.h>

#include "sim_hang.h"
#include "sim_news.h"
#include "sim_quorum.h"
#include "sim_trace.h"

#define TOKEN_US 1000000u

struct rings {
	struct sim_ring *all;
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
				sim_ring_pump(w, &w->node[i]);
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
				struct sim_ring_entry e = old[k]->log[n->cursor++];

				sim_ring_deliver(w, n, &e);
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
			struct sim_ring_entry e = old[k]->log[x];

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
					sim_ring_tell_change(w, n, (enum sim_daemon_kind)g, 0, n->seen[g] & lost[k],
						CLU_LEFT_NODE);
				if (sub[k] & SIM_BIT(i) && lost[k])
					tell_ring(n, (enum sim_daemon_kind)g);
			}
		for (unsigned i = 1; i <= w->n_nodes; i++) {
			struct sim_node *n = &w->node[i];

			for (unsigned k = 0; mask & SIM_BIT(i) && k < n_old; k++)
				for (unsigned j = 1; j <= w->n_nodes; j++)
					if (in[k] & SIM_BIT(j) && !(n->seen[g] & SIM_BIT(j)))
						sim_ring_tell_change(w, n, (enum sim_daemon_kind)g, SIM_BIT(j), 0,
							CLU_LEFT_CLEAN);
		}
	}
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct sim_node *n = &w->node[i];

		if (!(mask & SIM_BIT(i)))
			continue;
		sim_news_merged(w, n);
		sim_ring_pump(w, n);
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
