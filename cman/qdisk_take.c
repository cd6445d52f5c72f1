/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a new cluster.conf changes. */
#include "qdisk_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_conf.h"

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
			"until the cluster is started anew: leave on all nodes, then join");
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

void qdisk_take_conf(struct qdisk *q, uint64_t now, struct clu_conf *conf, struct clu_out *out)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct qdisk_conf n;
	int faults = qdisk_conf_read(conf, &n, &errs, &warns);

	if (faults == -ENOENT && q->configured)
		qdisk_leave(q, now, "cluster.conf has no <quorumd> any more", out);
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
