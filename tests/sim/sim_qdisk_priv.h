/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the simulator's quorum disk: the disk and the ways to it (sim_qdisk.c), corosync's side (sim_qdisk_votes.c).
 */
#ifndef SIM_QDISK_PRIV_H
#define SIM_QDISK_PRIV_H

#include "qdisk_core.h"
#include "sim_qdisk.h"

/* A read or write that a node's kernel has taken. */
struct sim_qdisk_io {
	bool parked;		/* on a way that hangs */
	bool write, landed;
	uint64_t id, life, boot;
	unsigned n;
	struct qdisk_write w[QDISK_NODES + 1];
};

struct sim_qdisk_path {
	enum sim_qdisk_way is;
	uint64_t changed_us;	/* when it began to be so */
	bool no_router;
	uint64_t router_us;	/* when that changed */
	struct sim_qdisk_io io;
};

/* A node's corosync. */
struct sim_qdisk_device {
	bool registered, alive, cast;
	bool spoke;		/* in this ring */
	uint64_t expires_us;
	uint64_t timer_boot;	/* an event for that is under way in this life of the machine */
};

struct sim_qdisk {
	unsigned votes;
	uint64_t timeout_us, sync_us, long_us;
	bool heuristics, master_wins;
	bool gone;		/* for all */
	uint64_t gone_us;	/* when that changed */
	unsigned char block[QDISK_NODES + 1][QDISK_USED];
	struct sim_qdisk_path way[SIM_MAX_NODES + 1];
	struct sim_qdisk_device dev[SIM_MAX_NODES + 1];
	uint64_t waiting[SIM_MAX_NODES + 1];	/* the ring of a node that waits for words; 0: none does */
	sim_nodes before[SIM_MAX_NODES + 1];	/* who was in its last ring */
};

/* An event for the node's qdiskd. */
void sim_qdisk_said(struct sim_world *w, unsigned node, uint64_t in_us, enum qdisk_said what, uint64_t id, int result,
	const void *data, size_t len);

/* What the node's corosync counts; in a ring that still waits nothing is counted. */
void sim_qdisk_count(struct sim_world *w, unsigned node);
void sim_qdisk_tell_ring(struct sim_world *w, unsigned node);
void sim_qdisk_vote(struct sim_world *w, unsigned node, const struct qdisk_vote *v);

#endif
