/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of the quorum disk's core: what its parts know of each other.
 *
 *   core        events, and when the next one is due
 *   phase       from the first look at the disk to the end
 *   cycle       all blocks are read, it decides, the own one is written
 *   take        what a new cluster.conf changes
 *   peers       what the blocks say of the other nodes
 *   elect       who is master; the own block
 *   vote        when corosync is told what
 *   heuristics  programs and the score
 *   show        dump and status file
 */
#ifndef QDISK_PRIV_H
#define QDISK_PRIV_H

#include "clu_out.h"
#include "qdisk_conf.h"
#include "qdisk_core.h"

enum qdisk_phase {
	QDISK_WAITS,		/* for cluster.conf, corosync's ring, the device's registration */
	QDISK_LOOKS,		/* state Initializing */
	QDISK_RUNS,
	QDISK_OUT,		/* its score is too low: state None */
	QDISK_LEAVES
};

enum qdisk_io { QDISK_IDLE, QDISK_READS, QDISK_WRITES };

struct qdisk_peer {
	bool known;		/* a good block of it was read */
	struct qdisk_status st;	/* the last good one */
	uint64_t fresh_ms;	/* when its last change was seen, or from when on it is watched */
	uint32_t misses;	/* reads in a row without a change */
	uint32_t seen;		/* cycles in a row with one */
	bool online;		/* counts: has lived long enough */
	bool stale;		/* not seen to change since this node itself was away: it speaks of the past */
	bool dead;		/* silent for too long: what it held may be taken over */
	bool lost;		/* was online and died: a master evicts it */
	bool evicted;		/* a master has; holds for this incarnation */
	uint64_t evicted_inc;
};

struct qdisk_heur {
	bool up, known;
	uint32_t misses;
	bool running;
	uint64_t id;		/* of its run */
	uint64_t begun_ms, next_ms;
	uint64_t good_ms;	/* begin of its last run that ended well */
};

struct qdisk {
	uint32_t nodeid;
	char name[256];		/* of the node */
	uint64_t incarnation;
	enum qdisk_phase phase;
	uint64_t wall_s;	/* of the event under way */
	bool dead;		/* FATAL or EXIT was said */

	/* cluster.conf; device, label and name stay as they were at the start */
	struct clu_conf *conf;
	struct qdisk_conf cfg;
	char device[256], label[QDISK_LABEL_MAX + 2], dev_name[256];
	bool configured;

	/* corosync */
	bool registering, registered, corosync_gone;
	uint64_t register_ms;	/* when it is tried again */
	bool has_ring;
	struct clu_ring ring;
	uint32_t members[CLU_MAX_NODES];
	unsigned n_members;
	uint64_t ring_ms;	/* when it was heard of */
	bool confirms;		/* it lost nodes: heuristics are run anew before a master speaks for it */
	struct clu_ring common;	/* the last ring that the master and this node were in together */
	bool voted;		/* in this ring, something */
	bool cast;		/* what was said last */
	uint64_t voted_ms;

	/* cycles */
	enum qdisk_io io;
	uint64_t io_id;
	uint64_t cycle;		/* counts them */
	uint64_t cycle_ms;	/* begin of the one under way or the last */
	uint64_t next_ms;	/* begin of the next */
	uint64_t lease_from;	/* begin of the last whose write is on the disk; 0: none */
	uint64_t read_ms, written_ms;	/* ends of the last good ones */
	uint64_t first_ms;	/* begin of the first cycle */
	uint32_t errors;	/* cycles in a row that could not read */
	uint64_t error_ms;	/* the last that was counted */
	bool disk_bad;		/* said so */
	uint32_t looked;	/* good cycles while it only looks on */
	uint64_t average_us, last_us;
	uint64_t view;
	bool was_written;	/* the own block, in this life */
	struct qdisk_status writing, written;	/* what is being written, what is on the disk */
	bool reset_when_written;
	uint64_t leave_by_ms, exit_by_ms;
	bool said_none;

	struct qdisk_peer peer[QDISK_NODES + 1];

	/* election */
	bool master;
	uint32_t following;	/* node id of the master, 0 = none */
	uint32_t msg, msg_seq, msg_arg;	/* the own word in it */
	uint32_t bids;		/* counts the own bids */
	uint64_t bid_ms;
	uint64_t waits_until_ms;	/* does not want to be master before */

	/* heuristics */
	struct qdisk_heur heur[QDISK_MAX_HEURISTICS];
	uint64_t runs;
	uint32_t score;

	uint64_t store_id, stores;	/* of the status file; 0: none under way */
};

/* ---- core ---- */

/* It has a vote's worth of certainty that others see it live. */
bool qdisk_has_lease(const struct qdisk *q, uint64_t now);
void qdisk_note(struct qdisk *q, struct clu_out *out, enum clu_level level, const char *event, const char *object,
	const char *from, const char *to, const char *why);
void qdisk_end(struct qdisk *q, struct clu_out *out, int32_t code, const char *why);
bool qdisk_in_ring(const struct qdisk *q, uint32_t nodeid);
bool qdisk_same_ring(const struct clu_ring *a, uint32_t rep, uint64_t seq);

/* ---- phase ---- */

/* All that is needed is there: the first cycle may begin. */
void qdisk_begin(struct qdisk *q, uint64_t now, struct clu_out *out);
/* stop_cman: this node leaves the cluster. */
void qdisk_leave_cluster(struct qdisk *q, const char *why, struct clu_out *out);
/* One more good cycle: it may have looked on for long enough. */
void qdisk_looked(struct qdisk *q, uint64_t now, struct clu_out *out);
void qdisk_look_at_score(struct qdisk *q, uint64_t now, struct clu_out *out);
void qdisk_leave(struct qdisk *q, uint64_t now, const char *why, struct clu_out *out);
void qdisk_go_on_leaving(struct qdisk *q, uint64_t now, struct clu_out *out);

/* ---- cycle ---- */

/* Something is being decided: cycles follow each other at once. */
bool qdisk_is_busy(const struct qdisk *q, uint64_t now);
void qdisk_cycle_start(struct qdisk *q, uint64_t now, struct clu_out *out);
/* QDISK_SAID_READ and QDISK_SAID_WRITTEN. */
void qdisk_cycle_read(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out);
void qdisk_cycle_written(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out);
/* Says so, once. */
void qdisk_disk_is_bad(struct qdisk *q, const char *what, const char *reason, struct clu_out *out);

/* ---- take ---- */

void qdisk_take_conf(struct qdisk *q, uint64_t now, struct clu_conf *conf, struct clu_out *out);

/* ---- peers ---- */

/* A read that began at cycle_ms and is done: the blocks 1 to 16. Ends the daemon when the own block says so. */
void qdisk_peers_read(struct qdisk *q, uint64_t now, const unsigned char *blocks, struct clu_out *out);
/* This node's own writes did not get through for so long that others may have gone on without it. */
void qdisk_peers_distrust(struct qdisk *q, uint64_t now);
/* Lives on the disk and takes part: what it says and holds must be respected. */
bool qdisk_peer_lives(const struct qdisk_peer *p);
/* Nodes that count, this one included when it runs. */
uint64_t qdisk_online_mask(const struct qdisk *q);
/* Appends blocks of state Evicted for nodes that died. The master alone calls it. */
unsigned qdisk_evict(struct qdisk *q, struct qdisk_write *w, unsigned n, struct clu_out *out);

/* ---- elect ---- */

void qdisk_elect(struct qdisk *q, uint64_t now, struct clu_out *out);
void qdisk_step_down(struct qdisk *q, uint64_t now, const char *why, struct clu_out *out);
/* The own block as it is to be written now. */
void qdisk_compose(struct qdisk *q, uint64_t now, struct qdisk_status *ret);

/* ---- vote ---- */

void qdisk_vote(struct qdisk *q, uint64_t now, struct clu_out *out);
/* Ends what was cast, at once. */
void qdisk_vote_no(struct qdisk *q, uint64_t now, struct clu_out *out);
/* When it wants to be called for that, or CLU_NEVER. */
uint64_t qdisk_vote_at(const struct qdisk *q);

/* ---- heuristics ---- */

void qdisk_heuristics_begin(struct qdisk *q);
void qdisk_heuristics_run(struct qdisk *q, uint64_t now, struct clu_out *out);
void qdisk_heuristics_ended(struct qdisk *q, uint64_t now, const struct clu_child_end *e, struct clu_out *out);
void qdisk_heuristics_stop(struct qdisk *q, struct clu_out *out);
/* When the next one is due; not asked before the first cycle. */
uint64_t qdisk_heuristics_at(const struct qdisk *q);
/* All have ended since the ring came, or long enough was waited for them. */
bool qdisk_heuristics_confirmed(const struct qdisk *q, uint64_t now);
bool qdisk_score_is_good(const struct qdisk *q);

/* ---- show ---- */

void qdisk_show_status(const struct qdisk *q, struct clu_buf *ret);
void qdisk_dump(const void *core, struct clu_buf *ret);

#endif
