/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qdisk_core.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "clu_planted.h"
#include "qdisk_priv.h"

#define RETRY_MS 1000		/* until a registration is tried again */
#define BUSY_MS 100		/* at least between two cycles while something is decided */

struct qdisk *qdisk_new(void)
{
	return calloc(1, sizeof(struct qdisk));
}

void qdisk_free(struct qdisk *q)
{
	if (!q)
		return;
	clu_conf_unref(q->conf);
	free(q);
}

bool qdisk_is_master(const struct qdisk *q)
{
	return q->master;
}

bool qdisk_is_running(const struct qdisk *q)
{
	return q->phase == QDISK_RUNS;
}

static uint64_t lease_end(const struct qdisk *q)
{
	return q->lease_from + (uint64_t)q->cfg.lease_ms * (CLU_PLANTED(QDISK_NO_LEASE) ? 1000 : 1);
}

bool qdisk_has_lease(const struct qdisk *q, uint64_t now)
{
	return q->lease_from && now < lease_end(q);
}

void qdisk_note(struct qdisk *q, struct clu_out *out, enum clu_level level, const char *event, const char *object,
	const char *from, const char *to, const char *why)
{
	clu_out_note(out, level, event, object, from, to, why, NULL);
}

void qdisk_end(struct qdisk *q, struct clu_out *out, int32_t code, const char *why)
{
	if (q->dead)
		return;
	q->dead = true;
	/* Else a new ring would wait for a word that does not come. */
	if (q->registered && !q->corosync_gone)
		clu_out_device(out, QDISK_ASK_UNREGISTER, 0, q->dev_name, strlen(q->dev_name) + 1);
	clu_out_fatal(out, code, why);
}

bool qdisk_in_ring(const struct qdisk *q, uint32_t nodeid)
{
	for (unsigned i = 0; q->has_ring && i < q->n_members; i++)
		if (q->members[i] == nodeid)
			return true;
	return false;
}

bool qdisk_same_ring(const struct clu_ring *a, uint32_t rep, uint64_t seq)
{
	return a->rep == rep && a->seq == seq;
}

/* ---- phases ---- */

static void set_phase(struct qdisk *q, enum qdisk_phase to, enum clu_level level, const char *why, struct clu_out *out)
{
	static const char *const names[] = { "waiting", "initializing", "running", "out", "leaving" };

	if (q->phase == to)
		return;
	qdisk_note(q, out, level, "qdisk.state", q->name, names[q->phase], names[to], why);
	q->phase = to;
}

/* All that is needed is there: the first cycle may begin. */
static void begin(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->phase != QDISK_WAITS || !q->configured || !q->registered || !q->has_ring)
		return;
	/* What a qdiskd of before cast would go on for a while, and others soon take this life for another one. */
	qdisk_vote_no(q, now, out);
	qdisk_heuristics_begin(q);
	q->first_ms = q->next_ms = now;
	set_phase(q, QDISK_LOOKS, CLU_NOTICE, "it looks at the disk for tko cycles before it takes part", out);
}

static void leave_cluster(struct qdisk *q, const char *why, struct clu_out *out)
{
	const char *argv[] = { HAWSER_SBIN_DIR "/cman_tool", "leave", NULL };
	struct clu_run run = { .id = ++q->runs, .argv = argv, .deadline_ms = 60000 };

	qdisk_note(q, out, CLU_CRIT, "qdisk.stop_cman", q->name, "", "leaving the cluster", why);
	clu_out_run(out, &run);
	q->cfg.stop_cman = false;
}

static void looked_enough(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->phase != QDISK_LOOKS || ++q->looked < q->cfg.tko)
		return;
	/* Others may have been seen for the first time in the first of those cycles. */
	if (now < q->first_ms + q->cfg.dead_ms)
		return;
	if (qdisk_score_is_good(q)) {
		set_phase(q, QDISK_RUNS, CLU_NOTICE, "it has seen who is there", out);
	} else if (q->cfg.stop_cman) {
		leave_cluster(q, "stop_cman: the heuristics failed at the start", out);
	} else {
		set_phase(q, QDISK_OUT, CLU_WARNING, "its heuristics failed at the start", out);
	}
}

static void look_at_score(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	char why[120];

	if (q->phase == QDISK_OUT && qdisk_score_is_good(q)) {
		q->waits_until_ms = now + (uint64_t)q->cfg.upgrade_wait * q->cfg.interval_ms;
		q->reset_when_written = false;
		set_phase(q, QDISK_RUNS, CLU_NOTICE, "its heuristics are well again", out);
	}
	if (q->phase != QDISK_RUNS || qdisk_score_is_good(q))
		return;
	snprintf(why, sizeof(why), "its score %u is less than the %u of %u that it needs", q->score, q->cfg.min_score,
		q->cfg.max_score);
	set_phase(q, QDISK_OUT, CLU_CRIT, why, out);
	qdisk_step_down(q, now, why, out);
	qdisk_vote_no(q, now, out);
	q->reset_when_written = q->cfg.reboot;
	/* The others are told first, if the disk can be written. */
	q->exit_by_ms = now + 2 * (uint64_t)q->cfg.interval_ms;
	q->next_ms = now;
}

/* ---- cycles ---- */

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

static void start_cycle(struct qdisk *q, uint64_t now, struct clu_out *out)
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

static void disk_is_bad(struct qdisk *q, const char *what, const char *reason, struct clu_out *out)
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
	disk_is_bad(q, "the quorum disk cannot be read", why, out);
	if (q->phase == QDISK_LOOKS && q->cfg.stop_cman && q->errors >= q->cfg.tko)
		leave_cluster(q, "stop_cman: the quorum disk cannot be used", out);
	if (q->cfg.max_error_cycles && q->errors >= q->cfg.max_error_cycles)
		qdisk_end(q, out, 1, "the disk could not be read in max_error_cycles cycles; mend it, then start qdiskd again");
	plan_next(q, now);
}

static void on_read(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out)
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
	look_at_score(q, now, out);
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

static void on_written(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out)
{
	if (q->io != QDISK_WRITES || d->id != q->io_id)
		return;
	q->io = QDISK_IDLE;
	plan_next(q, now);
	if (d->result < 0) {
		disk_is_bad(q, "the quorum disk cannot be written", d->data, out);
		return;
	}
	if (q->disk_bad)
		qdisk_note(q, out, CLU_NOTICE, "qdisk.disk", q->dev_name, "bad", "good", "it can be read and written again");
	q->disk_bad = false;
	q->was_written = true;
	q->written = q->writing;
	q->written_ms = now;
	measure(q, now);
	if (q->cfg.paranoid && now - q->cycle_ms > q->cfg.dead_ms && q->phase == QDISK_RUNS) {
		qdisk_end(q, out, CLU_FATAL_RESET, "paranoid: one cycle of the quorum disk took more than interval x tko");
		return;
	}
	q->lease_from = q->cycle_ms;
	feed_watchdog(q, out);
	if (q->reset_when_written && q->written.state == QDISK_NONE) {
		qdisk_end(q, out, CLU_FATAL_RESET, "the score of this node's heuristics is too low (quorumd/@reboot)");
		return;
	}
	looked_enough(q, now, out);
	write_status_file(q, out);
	qdisk_vote(q, now, out);
	plan_next(q, now);
}

/* ---- leaving ---- */

static void leave(struct qdisk *q, uint64_t now, const char *why, struct clu_out *out)
{
	if (q->phase == QDISK_LEAVES)
		return;
	qdisk_vote_no(q, now, out);
	if (q->registered && !q->corosync_gone)
		clu_out_device(out, QDISK_ASK_UNREGISTER, 0, q->dev_name, strlen(q->dev_name) + 1);
	q->registered = false;
	qdisk_heuristics_stop(q, out);
	q->said_none = !q->master || q->corosync_gone || !(qdisk_online_mask(q) & ~QDISK_BIT(q->nodeid));
	set_phase(q, QDISK_LEAVES, CLU_NOTICE, why, out);
	q->next_ms = now;
	q->leave_by_ms = now + 3 * (uint64_t)q->cfg.interval_ms;
	q->exit_by_ms = q->leave_by_ms + 2 * (uint64_t)q->cfg.interval_ms;
	if (!q->was_written && q->io == QDISK_IDLE)
		q->exit_by_ms = now;
}

/* A master says Exit until another one is there, everybody says None at last. */
static void go_on_leaving(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	unsigned gone = q->was_written && q->written.state == QDISK_NONE && q->io == QDISK_IDLE;

	if (q->dead)
		return;
	if (q->following || now >= q->leave_by_ms)
		q->said_none = true;
	if (!gone && now < q->exit_by_ms)
		return;
	if (q->corosync_gone) {
		qdisk_end(q, out, 1, "corosync has gone: there is nobody to vote for; start qdiskd when it is back");
		return;
	}
	q->dead = true;
	clu_out_exit(out);
}

/* ---- configuration ---- */

static void copy_text(char *ret, size_t size, const char *text)
{
	memset(ret, 0, size);
	snprintf(ret, size, "%s", text ? text : "");
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b ? b : "") == 0;
}

/* What cannot change under way: the others reckon with it. */
static bool is_restart_needed(const struct qdisk *q, const struct qdisk_conf *n)
{
	return !same_text(q->device, n->device) || !same_text(q->label, n->label) || !same_text(q->dev_name, n->name) ||
		n->interval_ms != q->cfg.interval_ms || n->tko != q->cfg.tko || n->tko_up != q->cfg.tko_up ||
		n->upgrade_wait != q->cfg.upgrade_wait || n->master_wait != q->cfg.master_wait ||
		n->master_wins != q->cfg.master_wins || n->device_timeout_ms != q->cfg.device_timeout_ms;
}

static void keep_what_must_stay(const struct qdisk *q, struct qdisk_conf *n)
{
	n->interval_ms = q->cfg.interval_ms;
	n->tko = q->cfg.tko;
	n->tko_up = q->cfg.tko_up;
	n->upgrade_wait = q->cfg.upgrade_wait;
	n->master_wait = q->cfg.master_wait;
	n->master_wins = q->cfg.master_wins;
	n->dead_ms = q->cfg.dead_ms;
	n->device_timeout_ms = q->cfg.device_timeout_ms;
	n->lease_ms = q->cfg.lease_ms;
	n->sync_timeout_ms = q->cfg.sync_timeout_ms;
}

static bool same_heuristics(const struct qdisk_conf *a, const struct qdisk_conf *b)
{
	bool same = a->n_heuristics == b->n_heuristics;

	for (unsigned i = 0; same && i < a->n_heuristics; i++)
		same = strcmp(a->heuristic[i].program, b->heuristic[i].program) == 0 &&
			a->heuristic[i].score == b->heuristic[i].score && a->heuristic[i].tko == b->heuristic[i].tko &&
			a->heuristic[i].interval_ms == b->heuristic[i].interval_ms;
	return same;
}

static void schedule(struct qdisk *q, struct clu_out *out)
{
	struct qdisk_schedule s;

	memset(&s, 0, sizeof(s));
	s.scheduler = q->cfg.scheduler;
	s.priority = q->cfg.priority;
	clu_out_device(out, QDISK_ASK_SCHEDULE, 0, &s, sizeof(s));
}

static void take_first(struct qdisk *q, const struct qdisk_conf *n, struct clu_out *out)
{
	copy_text(q->device, sizeof(q->device), n->device);
	copy_text(q->label, sizeof(q->label), n->label);
	copy_text(q->dev_name, sizeof(q->dev_name), n->name);
	q->cfg = *n;
	q->configured = true;
	if (!q->cfg.votes)
		qdisk_end(q, out, 1, "the quorum disk has no vote (quorumd/@votes): it could not decide anything; give it votes, or "
			"do not start qdiskd");
	if (q->nodeid > QDISK_NODES)
		qdisk_end(q, out, 1, "this node's id is above 16, and the quorum disk has a block for 1 to 16; give it another one");
}

/* Heuristics that stay go on as they are; others begin anew, with the score of before until they have ended once. */
static void take_again(struct qdisk *q, struct qdisk_conf *n, struct clu_out *out)
{
	bool same = same_heuristics(&q->cfg, n);

	if (is_restart_needed(q, n))
		qdisk_note(q, out, CLU_WARNING, "qdisk.config", q->name, "", "kept", "quorumd: the disk and its times stay as they were "
			"until qdiskd is started again, on one node after the other");
	keep_what_must_stay(q, n);
	if (!same)
		qdisk_heuristics_stop(q, out);
	q->cfg = *n;
	if (!same) {
		qdisk_heuristics_begin(q);
		if (q->phase == QDISK_RUNS)
			for (unsigned i = 0; i < q->cfg.n_heuristics; i++)
				q->heur[i].up = q->heur[i].known = true;
		q->score = q->phase == QDISK_RUNS ? q->cfg.max_score : q->score;
	}
}

static void on_config(struct qdisk *q, uint64_t now, struct clu_conf *conf, struct clu_out *out)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct qdisk_conf n;
	int faults = qdisk_conf_read(conf, &n, &errs, &warns);

	if (faults == -ENOENT && q->configured)
		leave(q, now, "cluster.conf has no <quorumd> any more", out);
	else if (faults == -ENOENT)
		qdisk_end(q, out, 1, "cluster.conf has no <quorumd>: there is no quorum disk to look after; add the element, or do "
			"not start qdiskd");
	else if (faults && !q->configured)
		qdisk_end(q, out, 1, clu_buf_text(&errs));
	else if (faults)
		qdisk_note(q, out, CLU_ERR, "qdisk.config", q->name, "", "refused", clu_buf_text(&errs));
	if (!faults) {
		bool first = !q->configured;

		if (warns.len && first)
			qdisk_note(q, out, CLU_WARNING, "qdisk.config", q->name, "", "taken", clu_buf_text(&warns));
		if (first)
			take_first(q, &n, out);
		else
			take_again(q, &n, out);
		clu_conf_unref(q->conf);
		q->conf = clu_conf_ref(conf);
		schedule(q, out);
	}
	clu_buf_free(&errs);
	clu_buf_free(&warns);
}

/* ---- corosync ---- */

static void on_ring(struct qdisk *q, uint64_t now, const struct clu_device *d)
{
	const struct qdisk_ring *r = d->data;
	bool lost = false;

	if (d->len < sizeof(*r) || r->n > CLU_MAX_NODES || (q->has_ring && qdisk_same_ring(&q->ring, r->ring.rep, r->ring.seq)))
		return;
	for (unsigned i = 0; i < q->n_members; i++) {
		uint32_t id = q->members[i];
		bool stays = false;

		for (unsigned k = 0; k < r->n; k++)
			stays |= r->nodes[k] == id;
		/* Nobody contends for the disk who is not seen on it. */
		lost |= !stays && id <= QDISK_NODES && q->peer[id].online;
	}
	q->ring = r->ring;
	q->n_members = r->n;
	memcpy(q->members, r->nodes, r->n * sizeof(r->nodes[0]));
	q->has_ring = true;
	q->ring_ms = now;
	q->voted = q->cast = false;
	q->confirms = q->cfg.n_heuristics && (lost || q->confirms);
	q->next_ms = now;
}

static void on_registered(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out)
{
	q->registering = false;
	if (d->result == 0) {
		q->registered = true;
		return;
	}
	if (d->result == -EACCES) {
		qdisk_end(q, out, 1, "corosync has no quorum device: it was started before <quorumd> stood in cluster.conf; "
			"'cman_tool leave', then 'cman_tool join', on one node after the other");
		return;
	}
	q->register_ms = now + RETRY_MS;
	qdisk_note(q, out, CLU_WARNING, "qdisk.register", q->dev_name, "", "tried again", d->data ? (const char *)d->data : "");
}

static void register_device(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (!q->configured || q->registering || q->registered || now < q->register_ms || q->phase != QDISK_WAITS)
		return;
	q->registering = true;
	clu_out_device(out, QDISK_ASK_REGISTER, 0, q->dev_name, strlen(q->dev_name) + 1);
}

/* ---- events ---- */

static void on_device(struct qdisk *q, uint64_t now, const struct clu_device *d, struct clu_out *out)
{
	switch ((enum qdisk_said)d->what) {
	case QDISK_SAID_REGISTERED:
		on_registered(q, now, d, out);
		break;
	case QDISK_SAID_RING:
		on_ring(q, now, d);
		break;
	case QDISK_SAID_VOTED:
		/* A newer ring is on its way, or corosync's end. */
		if (d->result != -ESTALE)
			qdisk_note(q, out, CLU_WARNING, "qdisk.vote", q->dev_name, "", "refused", d->data ? (const char *)d->data : "");
		break;
	case QDISK_SAID_READ:
		on_read(q, now, d, out);
		break;
	case QDISK_SAID_WRITTEN:
		on_written(q, now, d, out);
		break;
	}
}

static void on_peer(struct qdisk *q, uint64_t now, const struct clu_peer *p, struct clu_out *out)
{
	if (p->kind != CLU_PEER_COROSYNC || p->up)
		return;
	q->corosync_gone = true;
	leave(q, now, "corosync has gone", out);
}

/* Which of the node's own limits has been reached while a disk does not answer. */
static void look_at_limits(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->dead || (q->phase != QDISK_RUNS && q->phase != QDISK_OUT))
		return;
	if (q->reset_when_written && now >= q->exit_by_ms)
		qdisk_end(q, out, CLU_FATAL_RESET, "the score of this node's heuristics is too low (quorumd/@reboot)");
	if (q->cfg.io_timeout && (now >= q->read_ms + q->cfg.dead_ms || now >= q->written_ms + q->cfg.dead_ms))
		qdisk_end(q, out, CLU_FATAL_RESET, "io_timeout: the quorum disk could not be used for interval x tko");
	if (q->cfg.paranoid && q->io != QDISK_IDLE && now > q->cycle_ms + q->cfg.dead_ms)
		qdisk_end(q, out, CLU_FATAL_RESET, "paranoid: one cycle of the quorum disk took more than interval x tko");
	if (q->lease_from && !qdisk_has_lease(q, now)) {
		/* From here on another one may be master without having asked this node. */
		q->lease_from = 0;
		q->following = 0;
		memset(&q->common, 0, sizeof(q->common));
		qdisk_peers_distrust(q, now);
		if (q->phase == QDISK_RUNS)
			disk_is_bad(q, "votes end: no cycle was completed in time", q->io == QDISK_READS ? "a read hangs" :
				q->io == QDISK_WRITES ? "a write hangs" : "reads or writes fail, or this node stood still", out);
		qdisk_step_down(q, now, "its own writes do not get through", out);
	}
}

static void go_on(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->dead)
		return;
	register_device(q, now, out);
	begin(q, now, out);
	look_at_limits(q, now, out);
	qdisk_heuristics_run(q, now, out);
	if (q->phase == QDISK_LEAVES)
		go_on_leaving(q, now, out);
	if (q->dead || q->phase == QDISK_WAITS)
		return;
	if (q->io == QDISK_IDLE && now >= q->next_ms)
		start_cycle(q, now, out);
	qdisk_vote(q, now, out);
}

static int step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	struct qdisk *q = core;
	uint64_t now = ev->now_ms;

	if (q->dead)
		return 0;
	q->wall_s = ev->wall_us / 1000000;
	/* Before anything that has waited for it. */
	look_at_limits(q, now, out);
	if (q->dead)
		return 0;
	switch (ev->type) {
	case CLU_EV_START:
		q->nodeid = ev->u.start.nodeid;
		q->incarnation = ev->u.start.incarnation;
		copy_text(q->name, sizeof(q->name), ev->u.start.node_name);
		break;
	case CLU_EV_CONFIG:
		on_config(q, now, (struct clu_conf *)ev->u.config.conf, out);
		break;
	case CLU_EV_DEVICE:
		on_device(q, now, &ev->u.device, out);
		break;
	case CLU_EV_CHILD:
		qdisk_heuristics_ended(q, now, &ev->u.child, out);
		look_at_score(q, now, out);
		break;
	case CLU_EV_STORED:
		if (ev->u.stored.id == q->store_id)
			q->store_id = 0;
		break;
	case CLU_EV_PEER:
		on_peer(q, now, &ev->u.peer, out);
		break;
	case CLU_EV_SHUTDOWN:
		leave(q, now, "it was asked to end", out);
		break;
	case CLU_EV_REQUEST:
		/* It is read by SIGUSR1, and by what it writes: there is nothing to ask it. */
		clu_out_reply(out, ev->u.request.client, -ENOSYS, NULL, 0);
		break;
	case CLU_EV_TIMER:
	case CLU_EV_QUORUM:
	case CLU_EV_CLIENT_GONE:
	case CLU_EV_VIEW:
	case CLU_EV_MESSAGE:
	case CLU_EV_STATE:
	case CLU_NEVENTS:
		break;
	}
	go_on(q, now, out);
	return 0;
}

static void sooner(uint64_t *at, uint64_t other)
{
	if (other < *at)
		*at = other;
}

static uint64_t deadline(const void *core)
{
	const struct qdisk *q = core;
	uint64_t at = CLU_NEVER;

	if (q->dead)
		return at;
	if (q->phase == QDISK_WAITS)
		return q->configured && !q->registering && !q->registered ? q->register_ms : at;
	if (q->io == QDISK_IDLE)
		sooner(&at, q->next_ms);
	sooner(&at, qdisk_heuristics_at(q));
	if (q->phase == QDISK_LEAVES) {
		sooner(&at, q->exit_by_ms);
		return at;
	}
	sooner(&at, qdisk_vote_at(q));
	if (q->cast || q->master)
		sooner(&at, lease_end(q));
	if (q->reset_when_written)
		sooner(&at, q->exit_by_ms);
	if (q->phase == QDISK_LOOKS)
		return at;
	if (q->cfg.io_timeout)
		sooner(&at, (q->read_ms < q->written_ms ? q->read_ms : q->written_ms) + q->cfg.dead_ms);
	if (q->cfg.paranoid && q->io != QDISK_IDLE)
		sooner(&at, q->cycle_ms + q->cfg.dead_ms + 1);
	return at;
}

/* Without a group there is nobody to hand it to. */
static int snapshot(const void *core, struct clu_buf *ret)
{
	(void)core;
	(void)ret;
	return 0;
}

const struct clu_core_ops qdisk_ops = {
	.name = "qdiskd",
	.proto_min = 1,
	.proto_max = 1,
	.step = step,
	.deadline = deadline,
	.snapshot = snapshot,
	.dump = qdisk_dump,
};
