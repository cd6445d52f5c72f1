/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "qdisk_priv.h"

static void nodes(uint64_t mask, struct clu_buf *ret)
{
	clu_buf_str(ret, "{");
	for (uint32_t id = 1; id <= QDISK_NODES; id++)
		if (mask & QDISK_BIT(id))
			clu_buf_printf(ret, " %u", id);
	clu_buf_str(ret, " }\n");
}

static uint64_t in_state(const struct qdisk *q, bool initializing)
{
	uint64_t mask = q->phase == QDISK_LOOKS && initializing ? QDISK_BIT(q->nodeid) : 0;

	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		const struct qdisk_peer *p = &q->peer[id];

		if (p->known && !p->dead && !p->evicted && (p->st.state == QDISK_INIT) == initializing &&
			(initializing || p->online))
			mask |= QDISK_BIT(id);
	}
	return mask | (!initializing && q->phase == QDISK_RUNS ? QDISK_BIT(q->nodeid) : 0);
}

static uint32_t master_of(const struct qdisk *q)
{
	return q->master ? q->nodeid : q->following;
}

/* The layout of RHEL's status_file. */
void qdisk_show_status(const struct qdisk *q, struct clu_buf *ret)
{
	time_t t = (time_t)q->wall_s;
	char when[64] = "";
	uint32_t master = master_of(q);

	if (!ctime_r(&t, when))
		snprintf(when, sizeof(when), "?\n");
	clu_buf_printf(ret, "Time Stamp: %sNode ID: %u\nScore: %u/%u (Minimum required = %u)\nCurrent state: %s\n", when,
		q->nodeid, q->score, q->cfg.max_score, q->cfg.min_score, qdisk_state_name(q->written.state));
	clu_buf_str(ret, "Initializing Set: ");
	nodes(in_state(q, true), ret);
	clu_buf_str(ret, "Visible Set: ");
	nodes(in_state(q, false), ret);
	if (q->phase != QDISK_LOOKS) {
		if (master)
			clu_buf_printf(ret, "Master Node ID: %u\n", master);
		else
			clu_buf_str(ret, "Master Node ID: (none)\n");
		if (master) {
			clu_buf_str(ret, "Quorate Set: ");
			nodes(q->master ? q->written.master_mask : q->peer[master].st.master_mask, ret);
		}
	}
	clu_buf_str(ret, "\n");
}

void qdisk_dump(const void *core, struct clu_buf *ret)
{
	const struct qdisk *q = core;

	clu_buf_printf(ret, "node %u %s incarnation %016" PRIx64 " phase %d master %d following %u msg %u seq %u arg %u\n",
		q->nodeid, q->name, q->incarnation, (int)q->phase, q->master, q->following, q->msg, q->msg_seq, q->msg_arg);
	clu_buf_printf(ret, "device %s label %s name %s registered %d\n", q->device, q->label, q->dev_name, q->registered);
	clu_buf_printf(ret, "interval %u tko %u tko_up %u dead %u lease %u timeout %u sync %u ms\n", q->cfg.interval_ms, q->cfg.tko,
		q->cfg.tko_up, q->cfg.dead_ms, q->cfg.lease_ms, q->cfg.device_timeout_ms, q->cfg.sync_timeout_ms);
	clu_buf_printf(ret, "ring %u.%" PRIx64 " members %u voted %d cast %d confirms %d\n", q->ring.rep, q->ring.seq, q->n_members,
		q->voted, q->cast, q->confirms);
	clu_buf_printf(ret, "cycle %" PRIu64 " at %" PRIu64 " next %" PRIu64 " lease from %" PRIu64 " read %" PRIu64 " written %"
		PRIu64 " errors %u io %d\n", q->cycle, q->cycle_ms, q->next_ms, q->lease_from, q->read_ms, q->written_ms, q->errors,
		(int)q->io);
	clu_buf_printf(ret, "score %u of %u, %u needed\n", q->score, q->cfg.max_score, q->cfg.min_score);
	for (unsigned i = 0; i < q->cfg.n_heuristics; i++)
		clu_buf_printf(ret, "heuristic \"%s\" score %u up %d misses %u of %u every %u ms\n", q->cfg.heuristic[i].program,
			q->cfg.heuristic[i].score, q->heur[i].up, q->heur[i].misses, q->cfg.heuristic[i].tko,
			q->cfg.heuristic[i].interval_ms);
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		const struct qdisk_peer *p = &q->peer[id];

		if (p->known)
			clu_buf_printf(ret, "peer %u %s online %d dead %d evicted %d seen %u misses %u fresh %" PRIu64 " view %" PRIu64
				" msg %u seq %u arg %u ring %u.%" PRIx64 " mask %" PRIx64 " master %" PRIx64 "\n", id,
				qdisk_state_name(p->st.state), p->online, p->dead, p->evicted, p->seen, p->misses, p->fresh_ms,
				p->st.view, p->st.msg, p->st.seq, p->st.arg, p->st.ring_rep, p->st.ring_seq, p->st.mask,
				p->st.master_mask);
	}
}
