/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the transport: the log of a ring and its delivery (sim_ring.c), rings that form (sim_ring_form.c). */
#ifndef SIM_RING_PRIV_H
#define SIM_RING_PRIV_H

#include "sim_world.h"

enum sim_ring_entry_kind { ENTRY_DATA, ENTRY_JOIN, ENTRY_LEAVE };

struct sim_ring_entry {
	enum sim_ring_entry_kind kind;
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
	struct sim_ring_entry *log;
	uint64_t n, cap;
};

/* The node delivers what it has not yet delivered of its ring, bit by bit. */
void sim_ring_pump(struct sim_world *w, struct sim_node *n);
void sim_ring_deliver(struct sim_world *w, struct sim_node *n, const struct sim_ring_entry *e);
/* A change of the membership of a daemon's group, as corosync tells the daemon of this node. */
void sim_ring_tell_change(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, sim_nodes joined,
	sim_nodes left, enum clu_left how);

#endif
