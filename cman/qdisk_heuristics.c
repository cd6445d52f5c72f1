/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "qdisk_priv.h"

/* A run that takes longer says the same as one that fails, and would outlast the node itself. */
static uint32_t limit_ms(const struct qdisk *q)
{
	return q->cfg.interval_ms * (q->cfg.tko - 1);
}

static void count(struct qdisk *q)
{
	q->score = q->cfg.n_heuristics ? 0 : 1;
	for (unsigned i = 0; i < q->cfg.n_heuristics; i++)
		if (q->heur[i].up || CLU_PLANTED(QDISK_DEAD_HEURISTICS))
			q->score += q->cfg.heuristic[i].score;
}

void qdisk_heuristics_begin(struct qdisk *q)
{
	memset(q->heur, 0, sizeof(q->heur));
	count(q);
}

void qdisk_heuristics_stop(struct qdisk *q, struct clu_out *out)
{
	for (unsigned i = 0; i < q->cfg.n_heuristics; i++)
		if (q->heur[i].running)
			clu_out_kill(out, q->heur[i].id);
}

void qdisk_heuristics_run(struct qdisk *q, uint64_t now, struct clu_out *out)
{
	if (q->phase == QDISK_WAITS || q->phase == QDISK_LEAVES)
		return;
	for (unsigned i = 0; i < q->cfg.n_heuristics; i++) {
		struct qdisk_heur *h = &q->heur[i];
		const char *argv[] = { "/bin/sh", "-c", q->cfg.heuristic[i].program, NULL };
		struct clu_run run = { .argv = argv, .deadline_ms = limit_ms(q), .grace_ms = 500 };
		bool asked = q->confirms && h->begun_ms < q->ring_ms && h->up;

		if (h->running || (now < h->next_ms && !asked))
			continue;
		h->running = true;
		h->begun_ms = now;
		h->next_ms = now + q->cfg.heuristic[i].interval_ms;
		h->id = run.id = ++q->runs;
		clu_out_run(out, &run);
	}
}

static void set_up(struct qdisk *q, unsigned i, bool up, const char *why, struct clu_out *out)
{
	struct qdisk_heur *h = &q->heur[i];

	if (h->up == up && h->known)
		return;
	qdisk_note(q, out, up ? CLU_NOTICE : CLU_WARNING, "qdisk.heuristic", q->cfg.heuristic[i].program,
		!h->known ? "" : h->up ? "up" : "down", up ? "up" : "down", why);
	h->up = up;
	h->known = true;
}

void qdisk_heuristics_ended(struct qdisk *q, uint64_t now, const struct clu_child_end *e, struct clu_out *out)
{
	for (unsigned i = 0; i < q->cfg.n_heuristics; i++) {
		struct qdisk_heur *h = &q->heur[i];
		char why[160];

		if (!h->running || h->id != e->id)
			continue;
		h->running = false;
		if (e->exit_code == 0) {
			h->misses = 0;
			h->good_ms = h->begun_ms;
			set_up(q, i, true, "its program ended with 0", out);
			break;
		}
		h->misses = e->timed_out ? q->cfg.heuristic[i].tko : h->misses + 1;
		/* One that just failed is asked again at once when a ring waits for its word. */
		if (q->confirms)
			h->next_ms = now + 100;
		if (h->misses < q->cfg.heuristic[i].tko && h->known)
			break;
		snprintf(why, sizeof(why), "its program %s %u times in a row: %.100s", e->timed_out ? "took too long" :
			e->start_error ? "could not be started" : "failed", e->timed_out ? 1 : h->misses, e->tail ? e->tail : "");
		set_up(q, i, false, why, out);
		break;
	}
	count(q);
}

uint64_t qdisk_heuristics_at(const struct qdisk *q)
{
	uint64_t at = CLU_NEVER;

	if (q->phase == QDISK_LEAVES)
		return at;
	for (unsigned i = 0; i < q->cfg.n_heuristics; i++)
		if (!q->heur[i].running && q->heur[i].next_ms < at)
			at = q->heur[i].next_ms;
	return at;
}

bool qdisk_heuristics_confirmed(const struct qdisk *q, uint64_t now)
{
	if (now >= q->ring_ms + limit_ms(q))
		return true;
	for (unsigned i = 0; i < q->cfg.n_heuristics; i++)
		if (q->heur[i].up && q->heur[i].good_ms < q->ring_ms)
			return false;
	return true;
}

bool qdisk_score_is_good(const struct qdisk *q)
{
	return q->score >= q->cfg.min_score;
}
