/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one operation of a service: its steps one after another, one program at a time. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_agent_env.h"
#include "rg_priv.h"

/* Other started instances of the same resource on this node: told from their states, never counted along. */
static unsigned other_instances(const struct rg *rg, const struct rg_inst *i)
{
	unsigned n = 0;

	for (unsigned k = 0; k < rg->n_svcs; k++)
		for (struct rg_inst *o = rg->svcs[k]->local.tree; o; o = rg_inst_walk(rg->svcs[k]->local.tree, o))
			if (o != i && !strcmp(o->key, i->key) && (o->state == RG_I_STARTED || o->state == RG_I_FAILED))
				n++;
	return n;
}

static void run_step(struct rg *rg, struct rg_op *op, const struct rg_step *st)
{
	const struct rg_inst *i = st->inst;
	const struct rg_meta_action *a = &i->actions[st->action];
	const char *argv[4] = { i->meta->path, a->name, st->kind == RG_STEP_MIGRATE ? op->target : NULL, NULL };
	struct clu_run run = { .argv = argv };
	struct rg_agent_env env;

	if (rg_agent_env_fill(&env, i, a, other_instances(rg, i)) < 0) {
		rg->error = -ENOMEM;
		return;
	}
	run.id = op->child = rg->next_child++;
	run.env = rg_agent_env_list(&env);
	run.deadline_ms = rg_agent_deadline_ms(i, a, st->kind == RG_STEP_CHECK);
	clu_out_run(rg->out, &run);
	rg_agent_env_done(&env);
}

static void plan_convalesce(struct rg_local *l)
{
	for (struct rg_inst *i = l->tree; i; i = rg_inst_walk(l->tree, i))
		if (i->state == RG_I_DISABLED && (!i->parent || i->parent->state != RG_I_DISABLED))
			rg_plan_start(&l->op.plan, i);
	for (struct rg_inst *i = l->tree; i; i = rg_inst_walk(l->tree, i)) {
		if (i->state == RG_I_DISABLED)
			i->state = RG_I_STOPPED;
		i->restarts.n = 0;
	}
}

static void begin_start(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;

	l->active = l->tree != NULL;
	l->stop_failed = false;		/* of its former life, which an operator has looked after */
	if (!l->tree) {
		l->op.failed = true;
		snprintf(l->op.why, sizeof(l->op.why), "%s", *l->fault ? l->fault : "it is not in this node's configuration");
		return;
	}
	for (struct rg_inst *i = l->tree; i; i = rg_inst_walk(l->tree, i)) {
		i->failures.n = i->restarts.n = 0;
		if (i->state == RG_I_DISABLED)
			i->state = RG_I_STOPPED;
	}
	rg_plan_start(&l->op.plan, l->tree);
	clu_out_note(rg->out, CLU_INFO, "rg.start", s->name, "", "", "start begins", "resources=%u", l->op.plan.n);
}

void rg_op_begin(struct rg *rg, struct rg_svc *s, enum rg_op_kind kind, uint64_t txn)
{
	struct rg_local *l = &s->local;
	struct rg_op *op = &l->op;
	char target[sizeof(op->target)];

	snprintf(target, sizeof(target), "%s", op->target);
	rg_plan_free(&op->plan);
	*op = (struct rg_op){ .kind = kind, .txn = txn, .begun_ms = rg->now_ms };
	snprintf(op->target, sizeof(op->target), "%s", target);
	switch (kind) {
	case RG_OP_START:
		begin_start(rg, s);
		break;
	case RG_OP_STOP:
		l->stop_failed = false;
		if (l->tree)
			rg_plan_stop(&op->plan, l->tree);
		break;
	case RG_OP_CONVALESCE:
		plan_convalesce(l);
		break;
	case RG_OP_MIGRATE:
		if (!l->tree || l->tree->child || rg_inst_action(l->tree, "migrate") < 0)
			op->failed = true;
		else
			rg_plan_add(&op->plan, l->tree, RG_STEP_MIGRATE, "migrate");
		break;
	case RG_OP_NONE:
	case RG_OP_CHECK:
	case RG_OP_DELTA:
	case RG_OP_SUBTREE:
		break;
	}
	if (op->plan.error)
		rg->error = op->plan.error;
}

static void mark_started(struct rg *rg, struct rg_inst *i)
{
	i->state = RG_I_STARTED;
	for (unsigned k = 0; k < RG_MAX_CHECKS; k++)
		i->check_ms[k] = rg->now_ms;
}

/* What was switched off stays so until the service starts anew. */
static void mark_stopped(struct rg_inst *i)
{
	if (i->state != RG_I_DISABLED)
		i->state = RG_I_STOPPED;
}

/* After the down phase the new tree is the one that runs; the old one stays until the end, for its steps. */
static void swap_trees(struct rg_local *l)
{
	struct rg_inst *old = l->tree;

	l->tree = l->next;
	l->next = old;
}

static void send_result(struct rg *rg, struct rg_svc *s, enum rg_outcome code, const char *why)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

	if (!s->local.op.txn)
		return;
	m.kind = RG_M_RESULT;
	m.svc = s->name;
	m.txn = s->local.op.txn;
	m.code = code;
	m.why = (char *)why;
	m.took_ms = (uint32_t)(rg->now_ms - s->local.op.begun_ms);
	if (code == RG_O_CHECK_FAILED) {
		s->local.failed_txn = s->local.op.txn;
		m.yes = rg_window_exceeded(&s->local.restarts, rg->now_ms);
		if (m.yes)
			s->local.restarts.n = 0;
		else
			rg_window_add(&s->local.restarts, rg->now_ms);
	}
	/* That a part was switched off, or is none any more, is no end of what the transition asked for. */
	if (s->local.op.kind != RG_OP_SUBTREE && s->local.op.kind != RG_OP_DELTA)
		s->local.done_txn = s->local.op.txn;
	rg_send(rg, &m);
}

/* Takes steps that need no program at once; runs the next that does, or ends the operation. */
void rg_op_run(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;
	struct rg_op *op = &l->op;

	while (!op->abort && !op->child && !rg->error) {
		const struct rg_step *st;

		if (op->kind == RG_OP_DELTA && op->at == op->n_down && !op->failed && !op->init) {
			swap_trees(l);
			op->init = true;	/* swapped, once */
		}
		if (op->at >= op->plan.n || (op->failed && op->kind != RG_OP_STOP))
			break;
		st = &op->plan.steps[op->at];
		if (st->action >= 0) {
			if (CLU_PLANTED(RGM_ASKED_IS_STOPPED) && op->kind == RG_OP_STOP && !op->at)
				send_result(rg, s, RG_O_STOPPED, "");
			run_step(rg, op, st);
			return;
		}
		if (st->kind == RG_STEP_START)
			mark_started(rg, st->inst);
		else if (st->kind == RG_STEP_STOP)
			mark_stopped(st->inst);
		op->at++;
	}
	rg_op_end(rg, s);
}

void rg_op_abort(struct rg *rg, struct rg_svc *s)
{
	struct rg_op *op = &s->local.op;

	if (op->abort)
		return;
	op->abort = true;
	clu_out_kill(rg->out, op->child);
}

/* Said at once: others may get ready before us, and would start it. */
static void say_leftover(struct rg *rg, struct rg_svc *s)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	char *failed[] = { s->name };

	m.kind = RG_M_INITED;
	m.svc = s->name;
	m.failed = failed;
	m.n_failed = 1;
	rg_send(rg, &m);
}

static void end_stop(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;

	if (l->op.init) {
		if (l->op.failed)
			say_leftover(rg, s);
		l->inited = true;
		l->init_failed = l->op.failed;
		l->active = l->active && l->op.failed;
		return;
	}
	l->stop_failed = l->op.failed;
	if (!l->op.failed)
		l->active = false;
	l->rebuild = l->rebuild || (!l->active && l->next);
	send_result(rg, s, l->op.failed && !CLU_PLANTED(RGM_STOP_FAILURE_IGNORED) ? RG_O_STOP_FAILED : RG_O_STOPPED, l->op.why);
}

/* Non-critical resources that were switched off make the service partial. */
static bool is_partial(struct rg_local *l)
{
	for (struct rg_inst *i = l->tree; i; i = rg_inst_walk(l->tree, i))
		if (i->state == RG_I_DISABLED)
			return true;
	return false;
}

static void end_delta(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;

	if (l->op.init)
		l->next = rg_tree_free(l->next);
	if (l->op.failed && !l->op.abort)
		send_result(rg, s, RG_O_CHECK_FAILED, l->op.why);
	else if (!l->op.abort)
		clu_out_note(rg->out, CLU_NOTICE, "rg.reconfigured", s->name, "", "", "changed resources were restarted",
			"steps=%u", l->op.plan.n);
	if (!l->op.failed && !l->op.abort && s->flags & RG_FLAG_PARTIAL && !is_partial(l))
		send_result(rg, s, RG_O_WHOLE, "what was switched off is no part of it any more");
}

static void end_subtree(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;

	if (l->op.failed)
		send_result(rg, s, RG_O_CHECK_FAILED, l->op.why);
	else if (is_partial(l) && !(s->flags & RG_FLAG_PARTIAL))
		send_result(rg, s, RG_O_PARTIAL, "a non-critical resource was switched off; clusvcadm -c tries it again");
}

void rg_op_end(struct rg *rg, struct rg_svc *s)
{
	struct rg_local *l = &s->local;
	struct rg_op *op = &l->op;
	enum rg_op_kind kind = op->kind;
	bool result = !op->abort;

	switch (kind) {
	case RG_OP_START:
		l->restarts.max = rg_rm_policy(rg->rm, s->name) ? rg_rm_policy(rg->rm, s->name)->max_restarts : 0;
		l->restarts.expire_s = rg_rm_policy(rg->rm, s->name) ? rg_rm_policy(rg->rm, s->name)->restart_expire_s : 0;
		if (result)
			send_result(rg, s, op->failed ? RG_O_START_FAILED : RG_O_STARTED, op->why);
		break;
	case RG_OP_STOP:
		end_stop(rg, s);
		break;
	case RG_OP_DELTA:
		end_delta(rg, s);
		break;
	case RG_OP_CHECK:
		if (result && op->failed)
			send_result(rg, s, RG_O_CHECK_FAILED, op->why);
		break;
	case RG_OP_SUBTREE:
		if (result)
			end_subtree(rg, s);
		break;
	case RG_OP_MIGRATE:
		if (result)
			send_result(rg, s, !op->failed ? RG_O_MIGRATED : !op->plan.n ? RG_O_RUN_REFUSED : RG_O_MIGRATE_FAILED,
				op->plan.n ? op->why : "only services of one resource with a migrate action can migrate");
		if (result && !op->failed)
			l->active = false;
		break;
	case RG_OP_CONVALESCE:
		if (result)
			send_result(rg, s, op->failed ? RG_O_MIGRATE_FAILED : RG_O_WHOLE, op->why);
		break;
	case RG_OP_NONE:
		break;
	}
	op->kind = RG_OP_NONE;
	op->txn = 0;
	rg_plan_free(&op->plan);
	rg_local_ended(rg, s);
}

/* "stop of ip:10.0.0.1 returned 1: last line of its output" */
static void describe(struct rg_op *op, const struct rg_step *st, const struct clu_child_end *e)
{
	const char *line = e->tail ? e->tail : "", *nl;
	struct clu_buf b = CLU_BUF_INIT;

	while ((nl = strchr(line, '\n')) && nl[1])
		line = nl + 1;
	clu_buf_printf(&b, "%s of %s ", st->inst->actions[st->action].name, st->inst->key);
	if (e->start_error)
		clu_buf_printf(&b, "could not run %s: %s", st->inst->meta->path, strerror(-e->start_error));
	else if (e->timed_out)
		clu_buf_printf(&b, "did not end within its deadline (%u ms)", e->ran_ms);
	else if (e->term_signal)
		clu_buf_printf(&b, "was ended by signal %d", e->term_signal);
	else
		clu_buf_printf(&b, "returned %d", e->exit_code);
	if (*line)
		clu_buf_printf(&b, ": %.*s", (int)strcspn(line, "\n"), line);
	if (!*op->why)
		snprintf(op->why, sizeof(op->why), "%s", clu_buf_text(&b));
	clu_buf_free(&b);
}

static void step_failed(struct rg *rg, struct rg_svc *s, const struct rg_step *st, const struct clu_child_end *e)
{
	struct rg_op *op = &s->local.op;
	struct rg_inst *i = st->inst;

	if (op->abort && st->kind != RG_STEP_STOP) {
		i->state = RG_I_FAILED;
		return;
	}
	/* Stopping what is not installed here is no failure, unless it was started. */
	if (st->kind == RG_STEP_STOP && e->exit_code == 5 && i->state == RG_I_STOPPED) {
		op->at++;
		return;
	}
	describe(op, st, e);
	clu_out_note(rg->out, op->init ? CLU_INFO : CLU_WARNING, "rg.agent", i->key, "", "failed", op->why,
		"service=%s op=%s code=%d ms=%u", s->name, rg_step_name(st->kind), e->exit_code, e->ran_ms);
	if (st->kind == RG_STEP_CHECK || st->kind == RG_STEP_RECOVER) {
		rg_check_failed(rg, s, i);
		return;
	}
	op->at++;
	/* A non-critical part that does not stop does not fail the service. */
	if (op->kind == RG_OP_SUBTREE && i->state == RG_I_DISABLED)
		return;
	op->failed = true;
	if (st->kind != RG_STEP_MIGRATE)
		i->state = st->kind == RG_STEP_START && e->exit_code == 5 ? RG_I_STOPPED : RG_I_FAILED;
}

static void step_done(struct rg *rg, struct rg_svc *s, const struct rg_step *st)
{
	struct rg_op *op = &s->local.op;

	if (st->kind == RG_STEP_START)
		mark_started(rg, st->inst);
	else if (st->kind == RG_STEP_STOP)
		mark_stopped(st->inst);
	if (st->kind == RG_STEP_RECOVER) {
		op->recovering = false;
		op->why[0] = '\0';
	}
	op->at++;
}

const char *rg_run_service(const struct rg *rg, uint64_t id)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->local.op.kind && rg->svcs[i]->local.op.child == id)
			return rg->svcs[i]->name;
	return NULL;
}

void rg_on_child(struct rg *rg, const struct clu_child_end *e)
{
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];
		struct rg_op *op = &s->local.op;
		struct rg_step st;

		if (!op->kind || (op->child != e->id && !(CLU_PLANTED(RGM_FORMER_CHILD) && op->child)))
			continue;
		st = op->plan.steps[op->at];
		op->child = 0;
		if (st.kind == RG_STEP_CHECK && !op->abort)
			st.inst->check_ms[st.check] = rg->now_ms;
		if (e->exit_code == 0)
			step_done(rg, s, &st);
		else
			step_failed(rg, s, &st, e);
		rg_op_run(rg, s);
		return;
	}
	rg->stats.ignored++;
}
