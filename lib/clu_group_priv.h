/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words used here. present: in the transport's member list. admitted: a member
 * for the core. stateful: admitted before this round, by the winning branch.
 * synced: admitted and in possession of the state. round: the time from a view
 * with a newcomer to the point where all have repeated the numbers of all.
 *
 * Every member of one branch computes branch, admission ids and the synced set
 * from the same events in the same order, so all agree without asking.
 */
#ifndef CLU_GROUP_PRIV_H
#define CLU_GROUP_PRIV_H

#include "clu_frag.h"
#include "clu_group.h"

struct peer {
	uint32_t nodeid;
	bool admitted, synced, refused;
	uint64_t tag;		/* its admission: its core messages carry it */
	struct clu_frag_in in;
	/* its HELLO in the present view */
	uint64_t number;	/* 0: none yet */
	uint64_t said;		/* digest of the (node, number) list it repeated, 0: none */
	uint64_t incarnation, branch, hello_tag, snap_wait;
	uint64_t quorate_seq;
	uint32_t weight;
	bool used;
	uint32_t proto_min, proto_max;
};

/* An event that waits for the snapshot before it. */
struct kept {
	struct kept *next;
	enum clu_event_type type;
	uint32_t from;
	void *data;
	size_t len;
	struct clu_view view;
	struct clu_member *members, *joined;
	struct clu_member_left *left;
};

struct clu_group {
	struct clu_group_host host;
	uint32_t nodeid;
	uint64_t incarnation;
	uint32_t proto_min, proto_max;
	bool quorate;
	uint32_t weight;		/* of our core's state */
	uint64_t quorate_seq;		/* last ring in which our branch was quorate */
	bool held;			/* the quorum news below waits for the end of a merge */
	struct clu_quorum quorum;
	uint32_t quorum_nodes[CLU_MAX_NODES];

	struct peer peers[CLU_MAX_NODES];	/* present ones, ascending node id */
	unsigned n_peers;
	uint64_t number, n_views;	/* our number for this view */
	uint64_t repeated;		/* digest of the list we sent last in this view */
	struct clu_ring ring;
	uint64_t told_seq;		/* of the ring in the last VIEW */
	bool round;

	uint64_t branch;		/* 0: no state */
	uint64_t tag;			/* own admission */
	uint64_t snap_id;		/* snapshot that is under way to unsynced members, 0: none */
	uint64_t last_snap;		/* id of the last snapshot that was delivered */
	bool waiting;			/* we wait for snap_id */
	bool core_has_state;		/* the core has had VIEW(first) or STATE: we are no newcomer any more */
	struct kept *kept, **kept_tail;
	size_t kept_bytes;

	struct clu_frag_out *out;
	struct clu_buf before;		/* core messages from before the admission: u32 length + bytes each */
	uint64_t bad;			/* malformed or foreign frames, for the dump */
};

#define KEPT_MAX_BYTES (64u * 1024 * 1024)

static inline uint64_t group_mix(uint64_t h, uint64_t v)
{
	/* splitmix64's finalizer over the running value: equal inputs give equal ids on all members. */
	h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
	return h ^ (h >> 31);
}

static inline uint64_t group_non_zero(uint64_t h)
{
	return h ? h : 1;
}

/* clu_group.c */
struct peer *group_peer_find(struct clu_group *g, uint32_t nodeid);	/* NULL: not present */

/* clu_group_tell.c: what the core hears. */
void group_kept_drop(struct clu_group *g);
int group_keep_message(struct clu_group *g, uint32_t from, const void *data, size_t len);
int group_tell_view(struct clu_group *g, const struct clu_member *joined, unsigned n_joined,
	const struct clu_member_left *left, unsigned n_left, bool first);
void group_tell_state(struct clu_group *g, uint32_t from, const void *data, size_t len);
void group_tell_quorum(struct clu_group *g);	/* what was held back, if it may go now */

/* clu_group_admit.c: who becomes a member, and with which state. */
int group_send_hello(struct clu_group *g);
int group_flush_before(struct clu_group *g);
int group_give_snapshot(struct clu_group *g);
int group_on_hello(struct clu_group *g, struct peer *p, const void *data, size_t len);
int group_on_snapshot(struct clu_group *g, uint32_t from, uint64_t id, const void *data, size_t len);

#endif
