/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "qdisk_priv.h"

static bool is_up(uint32_t state)
{
	return state == QDISK_INIT || state == QDISK_RUN || state == QDISK_MASTER || state == QDISK_EXIT;
}

bool qdisk_peer_lives(const struct qdisk_peer *p)
{
	return p->known && !p->dead && !p->evicted && (p->st.state == QDISK_RUN || p->st.state == QDISK_MASTER);
}

static const char *node_name(uint32_t nodeid, char *ret, size_t size)
{
	snprintf(ret, size, "node %u", nodeid);
	return ret;
}

/* Another life of it, or its own word that it is gone: what was known of the former one is void. */
static void forget(struct qdisk *q, struct qdisk_peer *p, const char *why, struct clu_out *out)
{
	char name[32];

	if (p->online)
		qdisk_note(q, out, CLU_NOTICE, "qdisk.node", node_name(p->st.nodeid, name, sizeof(name)), "online", "left", why);
	p->online = p->dead = p->lost = p->evicted = false;
	p->seen = 0;
}

void qdisk_peers_distrust(struct qdisk *q, uint64_t now)
{
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		q->peer[id].stale = true;
		q->peer[id].fresh_ms = now;
		q->peer[id].misses = 0;
	}
}

static void changed(struct qdisk *q, struct qdisk_peer *p, const struct qdisk_status *st, uint64_t now, struct clu_out *out)
{
	char name[32];

	if (p->known && st->incarnation != p->st.incarnation && st->writer == st->nodeid)
		forget(q, p, "its qdiskd was started anew", out);
	p->st = *st;
	p->known = true;
	p->fresh_ms = now;
	p->misses = 0;
	p->stale = false;
	if (st->state == QDISK_NONE && st->writer == st->nodeid)
		forget(q, p, "it says that it takes no part", out);
	if (st->state == QDISK_EVICTED) {
		forget(q, p, "the master has evicted it", out);
		p->evicted = true;
		p->evicted_inc = st->incarnation;
	}
	if (!is_up(st->state) || p->evicted)
		return;
	/* Silent, and alive after all; and no master has evicted it. */
	p->dead = p->lost = false;
	p->seen++;
	if (!p->online && (st->state == QDISK_RUN || st->state == QDISK_MASTER) && p->seen > q->cfg.tko_up) {
		p->online = true;
		qdisk_note(q, out, CLU_NOTICE, "qdisk.node", node_name(st->nodeid, name, sizeof(name)), "seen", "online",
			"it writes to the disk regularly");
	}
}

/* Its own times count too: it may have been started with others than ours, and votes for as long as they let it. */
static uint32_t dead_after(const struct qdisk *q, const struct qdisk_peer *p)
{
	return p->st.dead_ms > q->cfg.dead_ms ? p->st.dead_ms : q->cfg.dead_ms;
}

static void unchanged(struct qdisk *q, struct qdisk_peer *p, uint64_t now, struct clu_out *out)
{
	char name[32];

	p->misses++;
	if (now >= p->fresh_ms + 2 * (uint64_t)q->cfg.interval_ms)
		p->seen = 0;
	if (!is_up(p->st.state) || p->dead || CLU_PLANTED(QDISK_STALE_FORGOTTEN))
		return;
	if ((p->misses < q->cfg.tko || now < p->fresh_ms + dead_after(q, p)) && !CLU_PLANTED(QDISK_DEAD_AT_ONCE))
		return;
	p->dead = true;
	p->seen = 0;
	if (!p->online)
		return;
	p->online = false;
	p->lost = true;
	qdisk_note(q, out, CLU_WARNING, "qdisk.node", node_name(p->st.nodeid, name, sizeof(name)), "online", "dead",
		"it has not written to the disk for interval x tko");
}

/* What others have done to our own block. */
static void look_at_own(struct qdisk *q, const struct qdisk_status *st, struct clu_out *out)
{
	char why[200];

	if (!q->was_written)
		return;
	if (st->writer != q->nodeid && st->state == QDISK_EVICTED && st->incarnation == q->incarnation) {
		snprintf(why, sizeof(why), "node %u has evicted this node from the quorum disk: it did not see it write", st->writer);
		qdisk_note(q, out, CLU_CRIT, "qdisk.evicted", q->name, "", "evicted", why);
		qdisk_end(q, out, CLU_FATAL_RESET, why);
		return;
	}
	if (st->writer == q->nodeid && st->incarnation == q->incarnation)
		return;
	snprintf(why, sizeof(why), "another qdiskd writes to the block of node %u (node %u did last): two nodes have one nodeid, or "
		"two clusters one disk; correct cluster.conf", q->nodeid, st->writer);
	qdisk_end(q, out, 1, why);
}

void qdisk_peers_read(struct qdisk *q, uint64_t now, const unsigned char *blocks, struct clu_out *out)
{
	/* This node was away, or the disk, or its clock has jumped: nobody's silence of that time counts. */
	bool gap = q->read_ms && now > q->read_ms + 2 * (uint64_t)q->cfg.interval_ms;

	for (uint32_t id = 1; id <= QDISK_NODES && !q->dead; id++) {
		struct qdisk_peer *p = &q->peer[id];
		struct qdisk_status st;
		int r = qdisk_status_unpack(blocks + (size_t)id * QDISK_USED, QDISK_USED, &st);

		if (r == 0 && st.nodeid != id)
			r = -1;
		if (id == q->nodeid) {
			if (r == 0)
				look_at_own(q, &st, out);
			continue;
		}
		if (gap || !p->known)
			p->fresh_ms = now;
		if (gap)
			p->misses = 0;
		/* A block that is none says nothing, as if it had not changed. */
		if (r == 0 && (!p->known || st.view != p->st.view || st.incarnation != p->st.incarnation ||
			st.writer != p->st.writer))
			changed(q, p, &st, now, out);
		else if (p->known)
			unchanged(q, p, now, out);
	}
}

uint64_t qdisk_online_mask(const struct qdisk *q)
{
	uint64_t mask = q->phase == QDISK_RUNS ? QDISK_BIT(q->nodeid) : 0;

	for (uint32_t id = 1; id <= QDISK_NODES; id++)
		if (q->peer[id].online)
			mask |= QDISK_BIT(id);
	return mask;
}

unsigned qdisk_evict(struct qdisk *q, struct qdisk_write *w, unsigned n, struct clu_out *out)
{
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		struct qdisk_peer *p = &q->peer[id];
		struct qdisk_status st = p->st;

		if (p->lost && !p->evicted) {
			p->evicted = true;
			p->evicted_inc = st.incarnation;
		}
		if (!p->evicted || st.state == QDISK_EVICTED || st.incarnation != p->evicted_inc)
			continue;
		st.state = QDISK_EVICTED;
		st.writer = q->nodeid;
		st.view++;
		st.time_s = q->wall_s;
		st.msg = QDISK_MSG_NONE;
		w[n].block = id;
		qdisk_status_pack(&st, w[n++].bytes, QDISK_USED);
		/* So that it is not done again before it was read. */
		p->st = st;
		if (q->cfg.allow_kill && qdisk_in_ring(q, id))
			clu_out_kill_node(out, id, "it does not write to the quorum disk any more");
	}
	return n;
}
