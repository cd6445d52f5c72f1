/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "clu_planted.h"
#include "qdisk_priv.h"

enum verdict { NO, YES, UNDECIDED };

static enum verdict as_master(const struct qdisk *q)
{
	/* What counts is what the others can read. */
	if (q->written.state != QDISK_MASTER || !(q->written.master_mask & QDISK_BIT(q->nodeid)))
		return UNDECIDED;
	return qdisk_same_ring(&q->ring, q->written.ring_rep, q->written.ring_seq) ? YES : UNDECIDED;
}

static enum verdict as_one_of_many(const struct qdisk *q)
{
	const struct qdisk_peer *m = &q->peer[q->following];

	/* Nobody asks a node for its agreement that is not seen to run. */
	if (!q->following || q->written.state != QDISK_RUN)
		return UNDECIDED;
	if (qdisk_same_ring(&q->ring, m->st.ring_rep, m->st.ring_seq) || CLU_PLANTED(QDISK_ANY_RING))
		return !q->cfg.master_wins && m->st.master_mask & QDISK_BIT(q->nodeid) && q->msg != QDISK_MSG_ACK ? YES : NO;
	/* It is here, and will read of this ring; or it has not noticed yet that its own has ended. */
	if (qdisk_in_ring(q, q->following) || qdisk_same_ring(&q->common, m->st.ring_rep, m->st.ring_seq))
		return UNDECIDED;
	return NO;
}

static enum verdict judge(const struct qdisk *q, uint64_t now)
{
	if (q->phase != QDISK_RUNS || !qdisk_has_lease(q, now))
		return NO;
	if (CLU_PLANTED(QDISK_VOTES_UNASKED))
		return YES;
	return q->master ? as_master(q) : as_one_of_many(q);
}

static void poll(struct qdisk *q, uint64_t now, bool cast, struct clu_out *out)
{
	struct qdisk_vote v;

	memset(&v, 0, sizeof(v));
	v.cast = cast;
	v.ring = q->ring;
	clu_out_device(out, QDISK_ASK_VOTE, 0, &v, sizeof(v));
	if (q->cast != cast)
		qdisk_note(q, out, CLU_NOTICE, "qdisk.vote", q->name, cast ? "without the disk's votes" : "with the disk's votes",
			cast ? "with the disk's votes" : "without the disk's votes", cast ? "the master speaks for the ring it is in" :
			"no master speaks for the ring it is in, or this node cannot use the disk");
	q->cast = cast;
	q->voted = true;
	q->voted_ms = now;
}

void qdisk_vote_no(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->registered && q->has_ring && !q->corosync_gone)
		poll(q, now, false, out);
}

/* Often enough that one that is late costs nothing. */
static uint32_t pause_ms(const struct qdisk *q)
{
	return q->cfg.device_timeout_ms / 3;
}

void qdisk_vote(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	enum verdict v;

	if (!q->registered)
		return;
	v = judge(q, now);
	/* The ring waits for the decision; what was cast in it is taken back where it is not sure any more. */
	if (v == UNDECIDED && !q->voted && now < q->ring_ms + q->cfg.sync_timeout_ms)
		return;
	if ((v == YES) == q->cast && q->voted && now < q->voted_ms + pause_ms(q))
		return;
	poll(q, now, v == YES, out);
}

uint64_t qdisk_vote_at(const struct qdisk *q)
{
	return q->voted ? q->voted_ms + pause_ms(q) : q->ring_ms + q->cfg.sync_timeout_ms;
}
