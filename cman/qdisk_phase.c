/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The phases of its life: from the first look at the disk to its end. */
#include "qdisk_priv.h"

#include <stdio.h>
#include <string.h>

static void set_phase(struct qdisk *q, enum qdisk_phase to, enum clu_level level, const char *why, struct clu_out *out)
{
	static const char *const names[] = { "waiting", "initializing", "running", "out", "leaving" };

	qdisk_note(q, out, level, "qdisk.state", q->name, names[q->phase], names[to], why);
	q->phase = to;
}

void qdisk_begin(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->phase != QDISK_WAITS || !q->configured || !q->registered || !q->has_ring)
		return;
	/* What a qdiskd of before cast would go on for a while, and others soon take this life for another one. */
	qdisk_vote_no(q, now, out);
	qdisk_heuristics_begin(q);
	q->first_ms = q->next_ms = now;
	set_phase(q, QDISK_LOOKS, CLU_NOTICE, "it looks at the disk for tko cycles before it takes part", out);
}

void qdisk_leave_cluster(struct qdisk *q, const char *why, struct clu_out *out)
{
	const char *argv[] = { HAWSER_SBIN_DIR "/cman_tool", "leave", NULL };
	struct clu_run run = { .id = ++q->runs, .argv = argv, .deadline_ms = 60000 };

	qdisk_note(q, out, CLU_CRIT, "qdisk.stop_cman", q->name, "", "leaving the cluster", why);
	clu_out_run(out, &run);
	q->cfg.stop_cman = false;
}

void qdisk_looked(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->phase != QDISK_LOOKS || ++q->looked < q->cfg.tko)
		return;
	/* Others may have been seen for the first time in the first of those cycles. */
	if (now < q->first_ms + q->cfg.dead_ms)
		return;
	if (qdisk_score_is_good(q)) {
		set_phase(q, QDISK_RUNS, CLU_NOTICE, "it has seen who is there", out);
	} else if (q->cfg.stop_cman) {
		qdisk_leave_cluster(q, "stop_cman: the heuristics failed at the start", out);
	} else {
		set_phase(q, QDISK_OUT, CLU_WARNING, "its heuristics failed at the start", out);
	}
}

void qdisk_look_at_score(struct qdisk *q, uint64_t now, struct clu_out *out)
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

void qdisk_leave(struct qdisk *q, uint64_t now, const char *why, struct clu_out *out)
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
void qdisk_go_on_leaving(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	unsigned gone = q->was_written && q->written.state == QDISK_NONE && q->io == QDISK_IDLE;

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
