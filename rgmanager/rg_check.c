/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Status checks: each resource at its own intervals, the deepest check that is
 * due; and what follows a failure: `recover` of the agent, a restart of an
 * independent part in place, or word to all that the service failed.
 */
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_priv.h"

static uint64_t check_due(const struct rg_inst *i, unsigned k, const unsigned *index)
{
	uint32_t interval = i->actions[index[k]].interval_s;

	return interval ? i->check_ms[k] + (uint64_t)interval * 1000 : CLU_NEVER;
}

/* Switched off, or below what is. */
static bool below_disabled(const struct rg_inst *i)
{
	for (; i; i = i->parent)
		if (i->state == RG_I_DISABLED)
			return true;
	return false;
}

uint64_t rg_check_deadline(const struct rg_svc *s)
{
	uint64_t t = CLU_NEVER;
	unsigned index[RG_MAX_CHECKS];

	for (struct rg_inst *i = s->local.tree; i; i = rg_inst_walk(s->local.tree, i)) {
		unsigned n = rg_inst_checks(i, index);

		if (below_disabled(i))
			continue;
		for (unsigned k = 0; k < n; k++)
			if (check_due(i, k, index) < t)
				t = check_due(i, k, index);
	}
	return t;
}

/* Of the checks that are due the deepest one; -1 when none is. */
static int deepest_due(const struct rg_inst *i, uint64_t now_ms, unsigned *ret_action)
{
	unsigned index[RG_MAX_CHECKS];
	unsigned n = rg_inst_checks(i, index);
	int best = -1;

	for (unsigned k = 0; k < n; k++)
		if (check_due(i, k, index) <= now_ms &&
			(best < 0 || i->actions[index[k]].depth > i->actions[index[best]].depth)) {
			best = (int)k;
			*ret_action = index[k];
		}
	return best;
}

bool rg_check_plan(struct rg *rg, struct rg_svc *s)
{
	struct rg_plan all = { 0 };
	struct rg_op *op = &s->local.op;

	rg_plan_order(&all, s->local.tree);
	rg_op_begin(rg, s, RG_OP_CHECK, s->txn);
	for (unsigned i = 0; i < all.n; i++) {
		unsigned action = 0;
		int check = deepest_due(all.steps[i].inst, rg->now_ms, &action);

		if (check < 0 || below_disabled(all.steps[i].inst))
			continue;
		rg_plan_add(&op->plan, all.steps[i].inst, RG_STEP_CHECK, NULL);
		if (op->plan.error)
			break;
		op->plan.steps[op->plan.n - 1].action = (int)action;
		op->plan.steps[op->plan.n - 1].check = (unsigned)check;
	}
	if (all.error || op->plan.error)
		rg->error = all.error ? all.error : op->plan.error;
	rg_plan_free(&all);
	if (!op->plan.n)
		op->kind = RG_OP_NONE;
	return op->kind != RG_OP_NONE;
}

static struct rg_inst *independent_part(struct rg_inst *i)
{
	while (i && i->independent == RG_DEPENDENT)
		i = i->parent;
	return i;
}

static void switch_off(struct rg_inst *part)
{
	for (struct rg_inst *i = part; i; i = rg_inst_walk(part, i))
		i->state = RG_I_DISABLED;
}

/* Restarts the part in place, or stops and switches it off. */
static void recover_part(struct rg *rg, struct rg_svc *s, struct rg_inst *part, bool restart)
{
	struct rg_op *op = &s->local.op;
	char why[RG_WHY_MAX];

	snprintf(why, sizeof(why), "%s", op->why);
	clu_out_note(rg->out, CLU_WARNING, "rg.part", part->key, "", restart ? "restarted" : "switched off", why, "service=%s",
		s->name);
	rg_op_begin(rg, s, RG_OP_SUBTREE, s->txn);
	rg_plan_stop(&op->plan, part);
	op->n_down = op->plan.n;
	if (restart)
		rg_plan_start(&op->plan, part);
	if (op->plan.error)
		rg->error = op->plan.error;
}

/* The check of i failed (or its `recover` did). What remains of this round of checks is left to the next one. */
void rg_check_failed(struct rg *rg, struct rg_svc *s, struct rg_inst *i)
{
	struct rg_op *op = &s->local.op;
	struct rg_inst *part = independent_part(i);
	bool exceeded;

	if (CLU_PLANTED(RGM_STATUS_FAILURE_IGNORED)) {
		op->at++;
		return;
	}
	/* It was frozen after this check had begun: nothing follows from it. */
	if (s->flags & RG_FLAG_FROZEN) {
		op->recovering = false;
		op->why[0] = '\0';
		op->at++;
		return;
	}
	if (i->failures.max && !op->recovering && !rg_window_exceeded(&i->failures, rg->now_ms)) {
		rg_window_add(&i->failures, rg->now_ms);
		op->why[0] = '\0';
		op->at++;
		return;
	}
	if (!op->recovering && rg_inst_action(i, "recover") >= 0) {
		op->recovering = true;
		op->plan.steps[op->at].kind = RG_STEP_RECOVER;
		op->plan.steps[op->at].action = rg_inst_action(i, "recover");
		return;
	}
	if (!part) {
		op->failed = true;
		return;
	}
	exceeded = part->restarts.max && rg_window_exceeded(&part->restarts, rg->now_ms);
	if (part->independent == RG_INDEPENDENT && exceeded) {
		part->restarts.n = 0;
		op->failed = true;
		return;
	}
	if (part->restarts.max && !exceeded)
		rg_window_add(&part->restarts, rg->now_ms);
	if (part->independent == RG_NON_CRITICAL && (exceeded || !part->restarts.max)) {
		recover_part(rg, s, part, false);
		switch_off(part);
		return;
	}
	recover_part(rg, s, part, true);
}
