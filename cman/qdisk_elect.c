/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "qdisk_priv.h"

static void say(struct qdisk *q, uint32_t msg, uint32_t seq, uint32_t arg)
{
	q->msg = msg;
	q->msg_seq = seq;
	q->msg_arg = arg;
}

void qdisk_step_down(struct qdisk *q, uint64_t now, const char *why, struct clu_out *out)
{
	if (!q->master)
		return;
	q->master = false;
	q->waits_until_ms = now + (uint64_t)q->cfg.upgrade_wait * q->cfg.interval_ms;
	qdisk_note(q, out, CLU_NOTICE, "qdisk.master", q->name, "master", "running", why);
}

/*
 * Whom of those that call themselves master this node follows: the only one; of several the one that it has agreed
 * to. 0: nobody, or it is not clear; also as long as nothing new was heard from it since this node was away.
 */
static uint32_t master_of(const struct qdisk *q, unsigned *ret_count)
{
	uint32_t found = 0, acked = 0;

	*ret_count = 0;
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		const struct qdisk_peer *p = &q->peer[id];

		if (!qdisk_peer_lives(p) || p->st.state != QDISK_MASTER)
			continue;
		(*ret_count)++;
		if (p->stale)
			continue;
		found = id;
		if (q->following == id || (q->msg == QDISK_MSG_ACK && q->msg_arg == id))
			acked = id;
	}
	return *ret_count == 1 ? found : acked;
}

/* Does this bidder still stand for what we have agreed to? */
static bool stands(const struct qdisk *q)
{
	const struct qdisk_peer *p = &q->peer[q->msg_arg];

	return q->msg == QDISK_MSG_ACK && qdisk_peer_lives(p) && p->st.msg == QDISK_MSG_BID && p->st.seq == q->msg_seq;
}

static uint32_t lowest_bidder(const struct qdisk *q)
{
	for (uint32_t id = 1; id <= QDISK_NODES; id++)
		if (qdisk_peer_lives(&q->peer[id]) && q->peer[id].st.msg == QDISK_MSG_BID)
			return id;
	return 0;
}

/* Is there a node with a lower id that will bid? */
static bool another_first(const struct qdisk *q)
{
	for (uint32_t id = 1; id < q->nodeid; id++)
		if (q->peer[id].online && qdisk_peer_lives(&q->peer[id]) && !(q->peer[id].st.flags & QDISK_FLAG_WAITS))
			return true;
	return false;
}

/* Every node that lives has agreed to this very bid. */
static bool all_agree(const struct qdisk *q)
{
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		const struct qdisk_peer *p = &q->peer[id];

		if (id != q->nodeid && qdisk_peer_lives(p) &&
			(p->st.msg != QDISK_MSG_ACK || p->st.arg != q->nodeid || p->st.seq != q->msg_seq))
			return false;
	}
	return true;
}

static void become_master(struct qdisk *q, struct clu_out *out)
{
	q->master = true;
	q->following = 0;
	say(q, QDISK_MSG_NONE, 0, 0);
	qdisk_note(q, out, CLU_NOTICE, "qdisk.master", q->name, "running", "master", "every node on the disk agrees");
}

static void bid(struct qdisk *q, uint64_t now)
{
	say(q, QDISK_MSG_BID, ++q->bids, q->nodeid);
	q->bid_ms = now;
}

/* There is no master. */
static void choose(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	uint32_t other = lowest_bidder(q);
	bool mine = q->msg == QDISK_MSG_BID;

	if (stands(q))
		return;
	if (other && (!mine || other < q->nodeid)) {
		say(q, QDISK_MSG_ACK, q->peer[other].st.seq, other);
		return;
	}
	if (now < q->waits_until_ms) {
		say(q, QDISK_MSG_NONE, 0, 0);
		return;
	}
	if (!mine) {
		if (!another_first(q))
			bid(q, now);
		else
			say(q, QDISK_MSG_NONE, 0, 0);
		return;
	}
	/* The bid is on the disk, and this read began after that. */
	if (q->written.msg == QDISK_MSG_BID && q->written.seq == q->msg_seq && qdisk_has_lease(q, now) && all_agree(q) &&
		now >= q->bid_ms + (uint64_t)q->cfg.master_wait * q->cfg.interval_ms)
		become_master(q, out);
}

void qdisk_elect(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	unsigned masters;
	uint32_t id = master_of(q, &masters);

	if (q->master && q->phase == QDISK_RUNS) {
		/* It cannot be; if it is, the one with the lower id stays. */
		if (masters && id < q->nodeid)
			qdisk_step_down(q, now, "another node with a lower id is master as well", out);
		if (q->master)
			return;
	}
	if (q->phase != QDISK_RUNS) {
		say(q, QDISK_MSG_NONE, 0, 0);
		q->following = q->phase == QDISK_LOOKS ? 0 : id;
		return;
	}
	if (masters) {
		if (id || q->msg == QDISK_MSG_BID)
			say(q, QDISK_MSG_NONE, 0, 0);
		q->following = id;
		if (id && qdisk_same_ring(&q->ring, q->peer[id].st.ring_rep, q->peer[id].st.ring_seq))
			q->common = q->ring;
		return;
	}
	q->following = 0;
	choose(q, now, out);
}

static uint32_t state_of(const struct qdisk *q)
{
	switch (q->phase) {
	case QDISK_LOOKS:
		return QDISK_INIT;
	case QDISK_RUNS:
		return q->master ? QDISK_MASTER : QDISK_RUN;
	case QDISK_LEAVES:
		return q->master && !q->said_none ? QDISK_EXIT : QDISK_NONE;
	case QDISK_WAITS:
	case QDISK_OUT:
	default:
		return QDISK_NONE;
	}
}

/* Who of the ring may vote: those that are seen on the disk. */
static uint64_t may_vote(const struct qdisk *q)
{
	uint64_t mask = 0, online = qdisk_online_mask(q);

	for (uint32_t id = 1; id <= QDISK_NODES; id++)
		if (qdisk_in_ring(q, id) && online & QDISK_BIT(id))
			mask |= QDISK_BIT(id);
	return mask;
}

void qdisk_compose(struct qdisk *q, uint64_t now, struct qdisk_status *ret)
{
	*ret = (struct qdisk_status){
		.writer = q->nodeid, .nodeid = q->nodeid, .view = ++q->view, .time_s = q->wall_s, .state = state_of(q),
		.flags = now < q->waits_until_ms ? QDISK_FLAG_WAITS : 0, .score = q->score, .max_score = q->cfg.max_score,
		.average_us = q->average_us, .last_us = q->last_us, .incarnation = q->incarnation, .msg = q->msg,
		.seq = q->msg_seq, .arg = q->msg_arg, .mask = qdisk_online_mask(q), .ring_rep = q->ring.rep,
		.ring_seq = q->ring.seq, .dead_ms = q->cfg.dead_ms,
	};
	if (!q->master)
		return;
	ret->master_mask = may_vote(q);
	/* Until it knows that its own network is well, it speaks for the ring of before, which is gone. */
	if (q->confirms) {
		ret->ring_rep = q->written.ring_rep;
		ret->ring_seq = q->written.ring_seq;
		ret->master_mask = q->written.master_mask;
	}
}
