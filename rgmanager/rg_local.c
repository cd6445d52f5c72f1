/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this node must do, told from the level of the state and not from edges:
 * called after every step, it compares what each service should do here with what
 * it does, so that nothing depends on which event came first.
 */
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_priv.h"

#define INIT_AT_ONCE 16		/* services that are stopped side by side before this node takes part */

/* Without quorum nothing may run here, whatever the replicated state says. */
static bool emergency(const struct rg *rg)
{
	return rg->corosync_gone || ((!rg->quorum_known || !rg->local_quorate) && !CLU_PLANTED(RGM_NO_QUORUM));
}

static bool stop_is_asked(const struct rg *rg, const struct rg_svc *s)
{
	return s->owner == rg->self && (s->state == RG_STOPPING || s->state == RG_RECOVERABLE);
}

/* It may be active here and nobody says that it should be: the state was replaced, or the service handed on. */
static bool is_stray(const struct rg *rg, const struct rg_svc *s)
{
	const struct rg_local *l = &s->local;

	if (!l->active || l->stop_failed || CLU_PLANTED(RGM_STRAY_GOES_ON) || (s->flags & RG_FLAG_FROZEN && s->owner == rg->self && !emergency(rg)))
		return false;
	if (emergency(rg))
		return !stop_is_asked(rg, s);
	return s->owner != rg->self || !rg_state_active(s->state);
}

/* A running operation: goes on, changes its meaning, or is ended early. */
static void steer(struct rg *rg, struct rg_svc *s)
{
	struct rg_op *op = &s->local.op;
	bool asked = stop_is_asked(rg, s);

	if (op->kind == RG_OP_STOP) {
		if (asked && !op->init)
			op->txn = s->txn;
		return;
	}
	if (op->kind == RG_OP_START && !asked && !emergency(rg) && s->state == RG_STARTING && s->owner == rg->self &&
		op->txn == s->txn)
		return;
	if (asked || is_stray(rg, s) || op->kind == RG_OP_START)
		rg_op_abort(rg, s);
}

static void compare_trees(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	struct rg_plan down = { 0 }, up = { 0 };
	enum rg_delta_kind kind = rg_delta(l->tree, l->next, &down, &up);

	l->fresh_tree = false;
	if (kind == RG_SAME) {
		rg_tree_free(l->tree);
		l->tree = l->next;
		l->next = NULL;
	} else if (kind == RG_WHOLE) {
		m.kind = RG_M_RESULT;
		m.svc = s->name;
		m.txn = s->txn;
		m.code = RG_O_CONF_RESTART;
		l->failed_txn = s->txn;
		rg_send(rg, &m);
	} else {
		rg_op_begin(rg, s, RG_OP_DELTA, s->txn);
		l->op.plan = down;
		l->op.n_down = down.n;
		for (unsigned i = 0; i < up.n; i++)
			rg_plan_add(&l->op.plan, up.steps[i].inst, up.steps[i].kind,
				up.steps[i].kind == RG_STEP_RECONFIG ? "reconfig" : "start");
		rg->error = l->op.plan.error ? l->op.plan.error : rg->error;
		rg_plan_free(&up);
		rg_op_run(rg, s);
		return;
	}
	rg_plan_free(&down);
	rg_plan_free(&up);
}

/* A started service of ours: what an operator asked for, a new configuration, checks that are due. */
static void tend(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;

	if (l->failed_txn == s->txn || (!l->active && l->done_txn == s->txn))
		return;		/* all were told about it, and what follows is not delivered yet */
	/* It is known from a disk only, and this daemon does not take it over: it is stopped once, as all is. */
	if (!l->active && s->noted && !l->inherited)
		return;
	if (!l->active) {	/* it migrated to us */
		l->active = true;
		for (struct rg_inst *i = l->tree; i; i = rg_inst_walk(l->tree, i))
			i->state = RG_I_STARTED;
	}
	if (s->req_verb == RG_V_MIGRATE && l->done_txn != s->txn) {
		snprintf(l->op.target, sizeof(l->op.target), "%s", rg_node_name(rg, s->target));
		rg_op_begin(rg, s, RG_OP_MIGRATE, s->txn);
		rg_op_run(rg, s);
	} else if (s->req_verb == RG_V_CONVALESCE && l->done_txn != s->txn) {
		rg_op_begin(rg, s, RG_OP_CONVALESCE, s->txn);
		rg_op_run(rg, s);
	} else if (s->flags & RG_FLAG_FROZEN) {
		return;		/* left alone; a new configuration is looked at when it is unfrozen */
	} else if (l->fresh_tree && l->next && l->tree) {
		compare_trees(rg, s);
	} else if (rg->now_ms >= rg_check_deadline(s) && rg_check_plan(rg, s)) {
		rg_op_run(rg, s);
	}
}

static unsigned inits_running(const struct rg *rg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rg->n_svcs; i++)
		n += rg->svcs[i]->local.op.kind == RG_OP_STOP && rg->svcs[i]->local.op.init;
	return n;
}

static bool may_init(const struct rg *rg, const struct rg_svc *s)
{
	return !s->local.inited && !s->gone && rg->rm && rg->admitted && !emergency(rg) && !rg->shutdown &&
		inits_running(rg) < INIT_AT_ONCE;
}

static void act(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;

	if (l->op.kind) {
		steer(rg, s);
		return;
	}
	if (stop_is_asked(rg, s)) {
		if (l->done_txn == s->txn)
			return;
		rg_op_begin(rg, s, RG_OP_STOP, s->txn);
	} else if (is_stray(rg, s)) {
		rg_op_begin(rg, s, RG_OP_STOP, 0);
	} else if (may_init(rg, s)) {
		rg_op_begin(rg, s, RG_OP_STOP, 0);
		l->op.init = true;
	} else if (emergency(rg) || s->owner != rg->self) {
		return;
	} else if (s->state == RG_STARTING) {
		if (l->done_txn == s->txn)
			return;
		rg_op_begin(rg, s, RG_OP_START, s->txn);
	} else {
		if (s->state == RG_STARTED)
			tend(rg, s);
		return;
	}
	rg_op_run(rg, s);
}

void rg_local_act(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		act(rg, rg->svcs[i]);
	for (unsigned i = rg->n_svcs; i--;) {
		struct rg_svc *s = rg->svcs[i];

		if (s->gone && !rg_state_active(s->state) && !s->local.op.kind && (!s->local.active || s->local.stop_failed))
			rg_svc_drop(rg, s);
	}
}

/* An operation has ended: a configuration that came meanwhile, and a stop that others wait for. */
void rg_local_ended(struct rg *rg, struct rg_svc *s)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

	if (s->local.rebuild)
		rg_tree_renew(rg, s);
	if (s->local.inited && rg_ids_has(&s->init_wait, rg->self)) {
		m.kind = RG_M_INITED;
		m.svc = s->name;
		rg_send(rg, &m);
	}
	act(rg, s);
}

uint64_t rg_local_deadline(const struct rg *rg)
{
	uint64_t t = CLU_NEVER, due;

	for (unsigned i = 0; i < rg->n_svcs; i++) {
		const struct rg_svc *s = rg->svcs[i];

		if (s->state != RG_STARTED || s->owner != rg->self || s->local.op.kind || s->flags & RG_FLAG_FROZEN ||
			!s->local.active || s->local.failed_txn == s->txn || emergency(rg))
			continue;
		due = rg_check_deadline(s);
		t = due < t ? due : t;
	}
	return t;
}
