/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cycles: all blocks are read, it is decided, the own one is written. */
#include "qdisk_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS 100		/* at least between two cycles while something is decided */

bool qdisk_is_busy(const struct qdisk *q, uint64_t now)
{
	if (q->phase == QDISK_LEAVES)
		return true;
	if (q->phase != QDISK_RUNS)
		return false;
	return !q->voted || q->confirms || q->msg != QDISK_MSG_NONE ||
		(q->master && !qdisk_same_ring(&q->ring, q->written.ring_rep, q->written.ring_seq)) ||
		(!q->master && !q->following && now >= q->waits_until_ms);
}

static void plan_next(struct qdisk *q, uint64_t now)
{
	uint32_t pause = q->cfg.interval_ms;

	if (qdisk_is_busy(q, now))
		pause = pause / 10 > BUSY_MS ? pause / 10 : BUSY_MS;
	if (q->next_ms <= q->cycle_ms || q->next_ms > q->cycle_ms + pause)
		q->next_ms = q->cycle_ms + pause;
	if (q->next_ms <= now)
		q->next_ms = now + 1;
}

void qdisk_cycle_start(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	struct qdisk_where where;

	memset(&where, 0, sizeof(where));
	memcpy(where.device, q->device, sizeof(where.device));
	memcpy(where.label, q->label, sizeof(where.label));
	q->cycle++;
	q->cycle_ms = now;
	q->io = QDISK_READS;
	clu_out_device(out, QDISK_ASK_READ, ++q->io_id, &where, sizeof(where));
}

static void write_blocks(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	struct qdisk_write *w = calloc(QDISK_NODES + 1, sizeof(*w));
	unsigned n = 0;

	if (!w) {
		qdisk_end(q, out, 1, "out of memory; free memory on this node");
		return;
	}
	qdisk_compose(q, now, &q->writing);
	w[n].block = q->nodeid;
	qdisk_status_pack(&q->writing, w[n++].bytes, QDISK_USED);
	if (q->master && q->phase == QDISK_RUNS && q->written.state == QDISK_MASTER && qdisk_has_lease(q, now))
		n = qdisk_evict(q, w, n, out);
	q->io = QDISK_WRITES;
	clu_out_device(out, QDISK_ASK_WRITE, q->io_id, w, n * sizeof(*w));
	free(w);
}

void qdisk_disk_is_bad(struct qdisk *q, const char *what, const char *reason, struct clu_out *out)
{
	char why[400];

	if (q->disk_bad)
		return;
	q->disk_bad = true;
	snprintf(why, sizeof(why), "%s: %.300s", what, reason && *reason ? reason : "no reason given");
	qdisk_note(q, out, CLU_ERR, "qdisk.disk", q->dev_name, "good", "bad", why);
}

static void on_read_failed(struct qdisk *q, uint64_t now, const char *why, struct clu_out *out)
{
	q->io = QDISK_IDLE;
	/* Where something is decided cycles follow each other at once: they count as one. */
	if (!q->errors || now >= q->error_ms + q->cfg.interval_ms) {
		q->errors++;
		q->error_ms = now;
	}
	qdisk_disk_is_bad(q, "the quorum disk cannot be read", why, out);
	if (q->phase == QDISK_LOOKS && q->cfg.stop_cman && q->errors >= q->cfg.tko)
		qdisk_leave_cluster(q, "stop_cman: the quorum disk cannot be used", out);
	if (q->cfg.max_error_cycles && q->errors >= q->cfg.max_error_cycles)
		qdisk_end(q, out, 1, "the disk could not be read in max_error_cycles cycles; mend it, then start qdiskd again");
	plan_next(q, now);
}

void qdisk_cycle_read(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out)
{
	if (q->io != QDISK_READS || d->id != q->io_id)
		return;
	if (d->result < 0 || d->len < (QDISK_NODES + 1) * (size_t)QDISK_USED) {
		on_read_failed(q, now, d->result < 0 ? d->data : "too short", out);
		return;
	}
	q->errors = 0;
	qdisk_peers_read(q, now, d->data, out);
	if (q->dead)
		return;
	q->read_ms = now;
	qdisk_look_at_score(q, now, out);
	if (q->confirms && qdisk_heuristics_confirmed(q, now))
		q->confirms = false;
	qdisk_elect(q, now, out);
	/* Before an agreement is written, or another master can read of this node's end. */
	qdisk_vote(q, now, out);
	write_blocks(q, now, out);
}

static void measure(struct qdisk *q, uint64_t now)
{
	q->last_us = (now - q->cycle_ms) * 1000;
	q->average_us = q->average_us ? (q->average_us * 7 + q->last_us) / 8 : q->last_us;
}

static void feed_watchdog(struct qdisk *q, struct clu_out *out)
{
	struct qdisk_feed f;

	if (!q->cfg.watchdog_device || q->phase == QDISK_LEAVES)
		return;
	memset(&f, 0, sizeof(f));
	snprintf(f.device, sizeof(f.device), "%s", q->cfg.watchdog_device);
	f.timeout_ms = q->cfg.dead_ms;
	clu_out_device(out, QDISK_ASK_WATCHDOG, 0, &f, sizeof(f));
}

static void write_status_file(struct qdisk *q, struct clu_out *out)
{
	const char *path = q->cfg.status_file;
	struct clu_buf b = CLU_BUF_INIT;

	if (!path || q->store_id)
		return;
	qdisk_show_status(q, &b);
	if (strcmp(path, "-") == 0) {
		clu_out_device(out, QDISK_ASK_PRINT, 0, clu_buf_text(&b), b.len);
	} else {
		q->store_id = ++q->stores;
		clu_out_store(out, q->store_id, path, clu_buf_text(&b), b.len, 0644);
	}
	clu_buf_free(&b);
}

void qdisk_cycle_written(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out)
{
	if (q->io != QDISK_WRITES || d->id != q->io_id)
		return;
	q->io = QDISK_IDLE;
	plan_next(q, now);
	if (d->result < 0) {
		qdisk_disk_is_bad(q, "the quorum disk cannot be written", d->data, out);
		return;
	}
	if (q->disk_bad)
		qdisk_note(q, out, CLU_NOTICE, "qdisk.disk", q->dev_name, "bad", "good", "it can be read and written again");
	q->disk_bad = false;
	q->was_written = true;
	q->written = q->writing;
	q->written_ms = now;
	measure(q, now);
	q->lease_from = q->cycle_ms;
	feed_watchdog(q, out);
	if (q->reset_when_written && q->written.state == QDISK_NONE) {
		qdisk_end(q, out, CLU_FATAL_RESET, "the score of this node's heuristics is too low (quorumd/@reboot)");
		return;
	}
	qdisk_looked(q, now, out);
	write_status_file(q, out);
	qdisk_vote(q, now, out);
	plan_next(q, now);
}
