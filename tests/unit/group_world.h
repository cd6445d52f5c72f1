/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for the group layer: nodes, each with a core that chains up all it is told, and a transport that keeps
 * CPG's promises and no more. What happens next is the test's choice, or that of its dice.
 */
#ifndef GROUP_WORLD_H
#define GROUP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clu_group.h"

#define GW_NODES 6
#define GW_QUEUE 4096

struct gw_packet {
	uint32_t from;
	uint8_t *data;
	size_t len;
};

struct gw_node {
	uint32_t id;
	bool up;
	int side;
	struct clu_group *g;
	/* the test's core: a chain over all it was told */
	uint64_t chain, messages;
	unsigned members[GW_NODES + 1], n_members, views;
	struct clu_ring view_ring;
	bool in, quorate;
	bool self_fresh;	/* as the last VIEW that took us in had it */
	uint64_t states;	/* STATE events */
	struct gw_packet q[GW_QUEUE];	/* sent, not yet delivered */
	unsigned q_head, q_tail;
};

struct gw_world {
	struct gw_node n[GW_NODES + 1];
	uint64_t rng;
	uint64_t ring;
	bool small;
};

/* The dice, by w->rng. */
uint64_t gw_rnd(struct gw_world *w);
/* So many messages, of senders by chance; or all that were sent. */
void gw_deliver_some(struct gw_world *w, unsigned steps);
void gw_deliver_all(struct gw_world *w);
/* Tells every node of a side its members; `joined` and `left`, by node, may be NULL. */
void gw_change(struct gw_world *w, int side, const bool *joined, const bool *left, enum clu_left how);
/* A node comes, as a new life of it; w->n[i].g is its group layer. */
void gw_start(struct gw_world *w, unsigned i);
/* It ends, and nobody is told. */
void gw_drop_node(struct gw_world *w, unsigned i);
/* It ends; some of what it sent comes through before the others are told. */
void gw_crash(struct gw_world *w, unsigned i);
/* corosync says so to one node, of the newest ring. */
void gw_tell_quorum(struct gw_world *w, unsigned i, bool quorate);
/* Two sides by chance, then quorum by their sizes; and one side again. */
void gw_split(struct gw_world *w);
void gw_merge(struct gw_world *w);
bool gw_is_split(const struct gw_world *w);
/* A message by chance, long or short. */
void gw_say(struct gw_world *w, unsigned i);

#endif
