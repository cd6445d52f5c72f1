/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quorum disk of a history whose cluster.conf has <quorumd>: the shared disk, the way of each node to it, and what
 * corosync makes of the votes (cman.md section 4): a poll with an old ring is refused, a vote that is not repeated
 * ends, a new ring waits for the word of every node whose device lives, and lets nobody send meanwhile.
 *
 * A write is on the disk at some moment between its begin and its end; of a node that loses its power then, or never.
 * On a way that hangs it is there before, or not until the way is free again, long after the others have given the
 * node up.
 */
#ifndef SIM_QDISK_H
#define SIM_QDISK_H

#include "sim_faults.h"
#include "sim_world.h"

enum sim_qdisk_way {
	SIM_QDISK_WORKS,
	SIM_QDISK_SLOW,		/* seconds */
	SIM_QDISK_FAILS,	/* every read and write, at once */
	SIM_QDISK_HANGS,	/* no answer until it works again */
	SIM_QDISK_NWAYS
};

extern const struct sim_daemon_type sim_qdiskd_type;

/* From what cman_tool writes into corosync.conf; without a device there is none, and no qdiskd. */
void sim_qdisk_setup(struct sim_world *w, const char *corosync_conf);
void sim_qdisk_free(struct sim_world *w);
/* A corosync that has just started has no device. */
void sim_qdisk_node_up(struct sim_world *w, unsigned node);
/*
 * A ring of these nodes has formed: all votes of before have ended. true: it waits for the word of some;
 * sim_quorum_decided() follows.
 */
bool sim_qdisk_ring(struct sim_world *w, sim_nodes members);
/* What the core wants of disk and corosync; a program that it runs. */
void sim_qdisk_act(struct sim_world *w, unsigned node, const struct clu_action *a);
void sim_qdisk_run(struct sim_world *w, unsigned node, const struct clu_run *run);

/* What the promises look at. */
struct sim_qdisk_look {
	unsigned votes;
	bool votes_cast;	/* in the present ring */
	bool waits;		/* the ring waits for words */
	uint64_t way_since_us;	/* since then its way to the disk works; UINT64_MAX: it does not */
	uint64_t router_since_us;	/* since then its heuristics do; the same */
	uint64_t lost_since_us;	/* since then they fail; UINT64_MAX: they do not */
	uint64_t long_us;	/* after so long everything that can be decided has been */
	bool has_heuristics, master_wins;
};
void sim_qdisk_look(const struct sim_world *w, unsigned node, struct sim_qdisk_look *ret);

/* Nothing of it is under way: every qdiskd takes part, and the votes are given. Also without a disk. */
bool sim_qdisk_is_calm(const struct sim_world *w);

/* sim_conf_qdisk.c: for some seeds a disk in the cluster.conf of a plan, and what happens to it. */
struct sim_plan;
void sim_qdisk_draw(struct sim_plan *p, uint64_t seed, bool always);

/* Faults; sim_fault_kinds[] does not draw them, sim_qdisk_draw() does. */
extern const char *const sim_qdisk_ways[];
bool sim_run_qdisk(struct sim_world *w, const struct sim_fault *f);
extern const char *const sim_qdisk_power[];
bool sim_run_qdisk_gone(struct sim_world *w, const struct sim_fault *f);
extern const char *const sim_router_states[];
bool sim_run_router(struct sim_world *w, const struct sim_fault *f);
void sim_calm_qdisk(struct sim_world *w);

#endif
