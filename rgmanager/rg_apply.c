/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages, as every member applies them at the same point of the order. */
#include <stdio.h>
#include <string.h>

#include "rg_priv.h"

/* The end of a start ends what asked for it. */
static void started(struct rg *rg, struct rg_svc *s, const Hawser__RgMessage *m)
{
	bool home = s->home && s->home == s->owner && s->req_verb == RG_V_RELOCATE;
	char why[RG_WHY_MAX];

	snprintf(why, sizeof(why), "%s", *m->why ? m->why : "all its resources are started");
	rg_svc_set(rg, s, RG_STARTED, s->owner, "%s", why);
	s->target = s->home = 0;
	s->tried.n = 0;
	rg_svc_answer(rg, s, home ? RG_ERELO : RG_ESUCCESS, home ? "no other node could run it" : "");
	/* What waits for it may start now. */
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		const struct rg_policy *p = rg_rm_policy(rg->rm, rg->svcs[i]->name);

		if (p && !strcmp(p->depend, s->name) && rg->svcs[i]->state == RG_STOPPED)
			rg->svcs[i]->armed = true;
	}
}

static void start_failed(struct rg *rg, struct rg_svc *s, const Hawser__RgMessage *m)
{
	rg_ids_add(&s->tried, s->owner);
	s->want = RG_W_RECOVER;
	if (s->target == s->owner && s->target != s->home)
		s->target = 0;
	rg_svc_set(rg, s, RG_RECOVERABLE, s->owner, "start failed: %s", m->why);
}

static void stop_failed(struct rg *rg, struct rg_svc *s, const Hawser__RgMessage *m)
{
	uint32_t owner = s->owner;
	char why[RG_WHY_MAX];

	/* An operator who disables a failed service has looked at it: errors are only worth a warning then. */
	if (s->want == RG_W_DISABLED && s->req_verb == RG_V_DISABLE && s->home == RG_LENIENT) {
		rg_svc_set(rg, s, RG_DISABLED, 0, "disabled although the stop failed: %s", m->why);
		s->home = 0;
		rg_svc_answer(rg, s, RG_EWARNING, m->why);
		return;
	}
	snprintf(why, sizeof(why), "stop failed: %s", m->why);
	rg_svc_set(rg, s, RG_FAILED, 0, "%s", why);
	rg_ids_add(&s->left_at, owner);
	if (s->moving)
		rg_ids_add(&s->left_at, s->moving);
	rg_svc_answer(rg, s, RG_EABORT, why);
}

static void stopped(struct rg *rg, struct rg_svc *s)
{
	s->home = s->home == RG_LENIENT ? 0 : s->home;
	if (!rg_svc_follow(rg, s))
		rg_svc_next(rg, s);
}

static void check_failed(struct rg *rg, struct rg_svc *s, const Hawser__RgMessage *m)
{
	const struct rg_policy *p = rg_rm_policy(rg->rm, s->name);
	enum rg_recovery policy = p ? p->recovery : RG_RESTART;
	uint32_t owner = s->owner;
	char why[RG_WHY_MAX];
	enum rg_want want = RG_W_RESTART;

	if (policy == RG_DISABLE || (policy == RG_RESTART_DISABLE && m->yes))
		want = RG_W_DISABLED;
	else if (policy == RG_RELOCATE || m->yes)
		want = RG_W_RELOCATE;
	snprintf(why, sizeof(why), "%s%s", m->why, m->yes ? "; restart threshold exceeded" : "");
	rg_svc_stop(rg, s, RG_RECOVERABLE, want, why);
	if (want == RG_W_RESTART)
		s->target = owner;
	if (want == RG_W_RELOCATE) {
		s->home = owner;
		rg_ids_add(&s->tried, owner);
	}
}

static void migrated(struct rg *rg, struct rg_svc *s)
{
	uint32_t to = s->moving;
	const struct rg_node *n = rg_node_find(rg, to);
	char why[RG_WHY_MAX];

	snprintf(why, sizeof(why), "migrated from %s", rg_node_name(rg, s->owner));
	rg_svc_set(rg, s, RG_STARTED, to, "%s", why);
	s->target = s->moving = 0;
	rg_svc_answer(rg, s, RG_ESUCCESS, "");
	if (n && n->leaving)
		rg_svc_stop(rg, s, RG_STOPPING, RG_W_RELOCATE, "its node shuts rgmanager down");
}

static void result_while_started(struct rg *rg, struct rg_svc *s, const Hawser__RgMessage *m)
{
	enum rg_verb verb = s->req_verb;

	/* Said before its owner heard that it is frozen: unfrozen, it is checked and compared again. */
	if (s->flags & RG_FLAG_FROZEN && (m->code == RG_O_CHECK_FAILED || m->code == RG_O_CONF_RESTART)) {
		rg->stats.ignored++;
		return;
	}
	switch ((enum rg_outcome)m->code) {
	case RG_O_CHECK_FAILED:
		check_failed(rg, s, m);
		break;
	case RG_O_PARTIAL:
		s->flags |= RG_FLAG_PARTIAL;
		break;
	case RG_O_WHOLE:
		s->flags &= ~RG_FLAG_PARTIAL;
		if (verb == RG_V_CONVALESCE)
			rg_svc_answer(rg, s, RG_ESUCCESS, "");
		break;
	case RG_O_CONF_RESTART:
		rg_svc_stop(rg, s, RG_STOPPING, RG_W_RESTART, "its configuration changed");
		s->target = s->owner;
		break;
	case RG_O_MIGRATED:
		if (s->moving)
			migrated(rg, s);
		break;
	case RG_O_MIGRATE_FAILED:
	case RG_O_RUN_REFUSED:
		s->target = s->moving = 0;
		rg_svc_answer(rg, s, m->code == RG_O_RUN_REFUSED ? RG_EINVAL : RG_EFAIL, m->why);
		break;
	case RG_O_STARTED:
	case RG_O_START_FAILED:
	case RG_O_STOPPED:
	case RG_O_STOP_FAILED:
	case RG_NOUTCOMES:
		rg->stats.ignored++;
		break;
	}
}

static void apply_result(struct rg *rg, uint32_t from, const Hawser__RgMessage *m)
{
	struct rg_svc *s = rg_svc_find(rg, m->svc);

	if (!s || s->owner != from || s->txn != m->txn || m->code >= RG_NOUTCOMES) {
		rg->stats.stale_results++;
		return;
	}
	if (s->state == RG_STARTED)
		result_while_started(rg, s, m);
	else if (s->state == RG_STARTING && m->code == RG_O_STARTED)
		started(rg, s, m);
	else if (s->state == RG_STARTING && m->code == RG_O_START_FAILED)
		start_failed(rg, s, m);
	else if (m->code == RG_O_STOPPED && (s->state == RG_STOPPING || s->state == RG_RECOVERABLE))
		stopped(rg, s);
	else if (m->code == RG_O_STOP_FAILED && (s->state == RG_STOPPING || s->state == RG_RECOVERABLE))
		stop_failed(rg, s, m);
	else
		rg->stats.ignored++;
}

/* Services that the sender could not stop when it came, or when they were new. */
static void leftovers(struct rg *rg, const struct rg_node *n, const Hawser__RgMessage *m)
{
	for (size_t i = 0; i < m->n_failed; i++) {
		struct rg_svc *s = rg_svc_find(rg, m->failed[i]);

		if (!s || s->gone || rg_state_active(s->state))
			continue;
		rg_svc_set(rg, s, RG_FAILED, 0, "%s could not stop it when it joined: it may be active there",
			rg_node_name(rg, n->nodeid));
		rg_ids_add(&s->left_at, n->nodeid);
		s->armed = false;
		rg_svc_answer(rg, s, RG_EABORT, s->why);
	}
}

static void apply_ready(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m)
{
	if (m->version != rg->version || n->quorum != 2 || n->leaving) {
		/* It gets the newer configuration at this moment, and says it again. */
		rg->stats.ignored++;
		if (n->nodeid == rg->self)
			rg->ready_sent = false;
		return;
	}
	if (n->ready)
		return;
	n->ready = n->told = true;
	rg_came_back_stopped(rg, n, m);
	leftovers(rg, n, m);
	rg_note_node(rg, n->nodeid == rg->self ? CLU_NOTICE : CLU_INFO, "rg.member", n->nodeid, "joining", "ready",
		"every service was stopped there once");
	rg_arm_all(rg);
	rg_failback(rg, n->nodeid);
}

void rg_apply(struct rg *rg, uint32_t from, const Hawser__RgMessage *m)
{
	struct rg_node *n = rg_node_get(rg, from);
	struct rg_svc *s;

	if (!n || !n->present) {
		rg->stats.ignored++;
		return;
	}
	switch ((enum rg_msg_kind)m->kind) {
	case RG_M_CONF:
		rg_apply_conf(rg, m->version, m->document.data, m->document.len);
		break;
	case RG_M_READY:
		apply_ready(rg, n, m);
		break;
	case RG_M_QUORUM:
		rg_apply_quorum(rg, n, m);
		break;
	case RG_M_FENCED:
		rg_apply_fenced(rg, m);
		break;
	case RG_M_OP:
		rg_apply_op(rg, from, m);
		break;
	case RG_M_RESULT:
		apply_result(rg, from, m);
		break;
	case RG_M_LEAVING:
		rg_apply_leaving(rg, n, m);
		break;
	case RG_M_GO:
		rg->go = true;
		break;
	case RG_M_INITED:
		leftovers(rg, n, m);
		s = rg_svc_find(rg, m->svc);
		if (s)
			rg_ids_del(&s->init_wait, from);
		break;
	case RG_M_LEFT:
		rg_apply_left(rg, n, m);
		break;
	case RG_M_KEPT:
		if (m->nodeid == rg->self)
			rg_ids_add(&rg->kept, from);
		break;
	case RG_NMSGS:
		break;
	}
}
