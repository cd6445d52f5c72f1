/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Group membership above CPG, as a pure machine: used by the shell over the real
 * CPG and by the simulator over its own.
 *
 * What CPG gives: one total order per ring, own messages back, views ordered
 * against messages, virtual synchrony (cman.md 9.2). What this adds:
 *
 * - Admission. In a view with a newcomer every process says HELLO (incarnation,
 *   protocol range, branch, and a number that is new for this view), and again
 *   with the numbers of all others once it knows them. When all have said the same
 *   numbers, at that one point of the order, the newcomers are admitted: the core
 *   sees VIEW(joined). Late words from earlier views carry old numbers and count
 *   for nothing. Until then newcomers are no members for the core, and what they
 *   want to send is kept back.
 * - Snapshot. If the group has state, the lowest member of it multicasts its
 *   core's snapshot, taken at the point of admission just before its own
 *   VIEW(joined); the newcomer's core gets STATE, then the same VIEW(joined) with
 *   `first` set, then every message behind that point: it takes the very steps
 *   the others took. If a member is lost meanwhile, a new snapshot is given from
 *   before that loss. STATE of length 0 means: back to the initial state.
 * - Merge. Members carry a branch (a number that changes, in the same way on all
 *   members of one side, whenever members are lost). Equal branches have equal
 *   state. If branches differ at admission, the one whose state weighs more wins
 *   (clu_core_ops.weight: a side that has only just started must not take the state
 *   of one that has been at work, though in a two-node cluster both are quorate),
 *   else the branch that was quorate last (in the newer ring), else the larger, else
 *   the one with the lowest node id: where partitions were quorate one after another,
 *   the later one knows best. Losers drop their state: their core gets STATE as a
 *   newcomer does, and the winners see them join with fresh = false (and as left
 *   before that: they had lost them).
 * - Fragments. Messages above the limit of the transport are cut; pieces that a
 *   view interrupted are sent again by their sender from the start, and half
 *   messages are dropped by all, so a message is delivered to all or to none.
 *
 * Thread rule: one thread. No clock: nothing here waits for time.
 */
#ifndef CLU_GROUP_H
#define CLU_GROUP_H

#include "clu_conf.h"
#include "clu_core.h"

struct clu_group;

#define CLU_GROUP_FRAG_MAX (64u * 1024)		/* payload of one transport message */
/* A whole message: ccsd's snapshot may hold two documents, what is agreed and what is proposed. */
#define CLU_GROUP_MSG_MAX (2 * CLU_CONF_MAX_BYTES + 1024u * 1024)
#define CLU_GROUP_WAIT_MAX (64u * 1024 * 1024)	/* what may wait to be sent */

/* What the group needs from whoever runs it. Both are called from inside the functions below. */
struct clu_group_host {
	/* Hands an event (VIEW, MESSAGE, STATE; now_ms is filled in by the host) to the core. */
	void (*deliver)(void *ctx, struct clu_event *ev);
	/* Queues one transport message (at most CLU_GROUP_FRAG_MAX + a small header). Never blocks, never loses. */
	void (*mcast)(void *ctx, const void *data, size_t len);
	/* The core's snapshot at this point. 0 or negative errno. */
	int (*snapshot)(void *ctx, struct clu_buf *ret);
	/* We can never be admitted (protocol ranges do not meet): the daemon should end with this reason. */
	void (*refused)(void *ctx, const char *why);
	void *ctx;
};

struct clu_group *clu_group_new(const struct clu_group_host *host, uint32_t nodeid, uint64_t incarnation,
	uint32_t proto_min, uint32_t proto_max);
struct clu_group *clu_group_free(struct clu_group *g);

/*
 * As CPG's configuration change: node ids, `how` per node that left. `ring` is
 * what is known best at this moment; it is passed on in VIEW only.
 */
struct clu_group_change {
	struct clu_ring ring;
	const uint32_t *members;
	unsigned n_members;
	const uint32_t *joined;
	unsigned n_joined;
	const struct clu_member_left *left;
	unsigned n_left;
};

int clu_group_confchg(struct clu_group *g, const struct clu_group_change *c);

/*
 * The transport is on a new ring in which nodes were lost; called behind the confchg
 * of that loss, if there was one. The nodes need not have had a process in the group:
 * then the core hears a VIEW without changes, so that quorum of before does not look
 * like quorum of after it.
 */
int clu_group_ring(struct clu_group *g, const struct clu_ring *ring);

/* One transport message from the total order. Malformed bytes are counted and ignored. */
int clu_group_receive(struct clu_group *g, uint32_t from, const void *data, size_t len);

/*
 * Quorum news of the node. All QUORUM events of a core that has a group go
 * through here, and come out through host->deliver: at once as a rule; but while
 * processes are present of which we do not know yet that they are not the other
 * side of a split with a state of its own, "quorate" is held back. A merge makes
 * both sides quorate at the same moment, and only one of them may act on it.
 *
 * Call after the CPG events that were waiting at that moment have been handled.
 * A confchg that lost nodes must carry the new ring id (hold it until the totem
 * confchg behind it), so that cores can tell a quorum of before the loss from one
 * of after it.
 */
int clu_group_quorum(struct clu_group *g, const struct clu_quorum *q);

/* What the core's state weighs now (clu_core_ops.weight); 0 when never called. Goes out with the next HELLO. */
void clu_group_weight(struct clu_group *g, uint32_t weight);

/*
 * Sends a message of the core. Before admission it is kept and goes out at the
 * admission; unless the core gets another state with that (STATE): what it said then
 * belonged to the state that is given up. 0, -EMSGSIZE, -ENOMEM; -ENOBUFS when CLU_GROUP_WAIT_MAX
 * bytes wait already: the message is lost, and nothing that is sent after it may be: give the group up.
 */
int clu_group_send(struct clu_group *g, const void *data, size_t len);

/* Forgets all (after our own leave, or corosync's end): usable for a new join. */
void clu_group_reset(struct clu_group *g, uint64_t incarnation);

bool clu_group_is_admitted(const struct clu_group *g);
/*
 * Someone is here who may have another state than ours, or we wait for the state of
 * others: what a core learns now it would judge by a state that may be given up.
 */
bool clu_group_merge_is_open(const struct clu_group *g);
void clu_group_dump(const struct clu_group *g, struct clu_buf *ret);

#endif
