/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Admin requests. A request that changes something is answered at once with a
 * ticket and sent to all; the tool then asks for the ticket again and again, each
 * time answered when the operation has ended, or within a second.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_priv.h"

static const char *const verb_names[RG_NVERBS] = {
	[RG_V_NONE] = "", [RG_V_ENABLE] = "enable", [RG_V_DISABLE] = "disable", [RG_V_STOP] = "stop",
	[RG_V_RELOCATE] = "relocate", [RG_V_RESTART] = "restart", [RG_V_MIGRATE] = "migrate", [RG_V_FREEZE] = "freeze",
	[RG_V_UNFREEZE] = "unfreeze", [RG_V_CONVALESCE] = "convalesce", [RG_V_LOCK] = "lock", [RG_V_UNLOCK] = "unlock",
};

static struct rg_ticket *ticket_find(struct rg *rg, uint64_t ticket)
{
	for (unsigned i = 0; i < rg->n_tickets; i++)
		if (rg->tickets[i].ticket == ticket)
			return &rg->tickets[i];
	return NULL;
}

/* A full table drops the oldest one that is done. */
static struct rg_ticket *ticket_new(struct rg *rg)
{
	unsigned at = rg->n_tickets;

	for (unsigned i = 0; at == RG_MAX_TICKETS && i < RG_MAX_TICKETS; i++)
		if (rg->tickets[i].done && !rg->tickets[i].client) {
			memmove(&rg->tickets[i], &rg->tickets[i + 1], (RG_MAX_TICKETS - 1 - i) * sizeof(rg->tickets[0]));
			at = RG_MAX_TICKETS - 1;
		}
	if (at == RG_MAX_TICKETS)
		return NULL;
	rg->n_tickets = at + 1;
	/* The node's name is in the number, so that an old tool never meets another one's ticket after a restart. */
	rg->tickets[at] = (struct rg_ticket){ .ticket = ((rg->seed & 0xffffff) << 24) + rg->next_ticket++,
		.deadline_ms = rg->now_ms + RG_OP_BOUND_MS };
	return &rg->tickets[at];
}

static void answer(struct rg *rg, uint64_t client, int code, const char *why)
{
	Hawser__RgAnswer a = HAWSER__RG_ANSWER__INIT;

	a.code = code;
	a.done = true;
	a.why = (char *)why;
	clu_out_reply_pb(rg->out, client, 0, &a.base);
}

static void answer_ticket(struct rg *rg, struct rg_ticket *t)
{
	Hawser__RgAnswer a = HAWSER__RG_ANSWER__INIT;
	const struct rg_svc *s = rg_svc_find(rg, t->svc);

	a.ticket = t->ticket;
	a.done = t->done;
	a.code = t->code;
	a.owner = t->owner;
	a.owner_name = (char *)rg_node_name(rg, t->owner);
	a.why = t->why;
	a.state = s ? (char *)rg_state_name(s->state) : (char *)"";
	clu_out_reply_pb(rg->out, t->client, 0, &a.base);
	if (!CLU_PLANTED(RGM_TWO_ANSWERS))
		t->client = 0;
	t->wait_until_ms = 0;
}

void rg_ticket_end(struct rg *rg, uint64_t ticket, int code, uint32_t owner, const char *why)
{
	struct rg_ticket *t = ticket_find(rg, ticket);

	if (!t || t->done)
		return;
	t->done = true;
	t->code = code;
	t->owner = owner;
	snprintf(t->why, sizeof(t->why), "%s", why);
	if (t->client)
		answer_ticket(rg, t);
}

void rg_tickets_abort(struct rg *rg, int code, const char *why)
{
	for (unsigned i = 0; i < rg->n_tickets; i++)
		rg_ticket_end(rg, rg->tickets[i].ticket, code, 0, why);
}

void rg_tickets_due(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_tickets; i++) {
		struct rg_ticket *t = &rg->tickets[i];

		if (!t->done && rg->now_ms >= t->deadline_ms)
			rg_ticket_end(rg, t->ticket, RG_EAGAIN, 0, "it takes longer than ten minutes; clustat tells how it goes on");
		if (t->client && rg->now_ms >= t->wait_until_ms)
			answer_ticket(rg, t);
	}
}

uint64_t rg_tickets_deadline(const struct rg *rg)
{
	uint64_t t = CLU_NEVER;

	for (unsigned i = 0; i < rg->n_tickets; i++) {
		if (!rg->tickets[i].done && rg->tickets[i].deadline_ms < t)
			t = rg->tickets[i].deadline_ms;
		if (rg->tickets[i].client && rg->tickets[i].wait_until_ms < t)
			t = rg->tickets[i].wait_until_ms;
	}
	return t;
}

static void send_op(struct rg *rg, uint64_t client, enum rg_verb verb, const Hawser__RgRequest *q)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	Hawser__RgAnswer a = HAWSER__RG_ANSWER__INIT;
	struct rg_ticket *t;

	if (rg->corosync_gone || !rg->admitted || !rg->local_quorate) {
		answer(rg, client, RG_EQUORUM, "this node does not belong to a quorate cluster");
		return;
	}
	t = ticket_new(rg);
	if (!t) {
		answer(rg, client, RG_EAGAIN, "too many operations at once");
		return;
	}
	snprintf(t->svc, sizeof(t->svc), "%s", q->svc);
	m.kind = RG_M_OP;
	m.code = verb;
	m.svc = q->svc;
	m.nodeid = q->target;
	m.yes = q->by_domain;
	m.number = t->ticket;
	rg_send(rg, &m);
	a.ticket = t->ticket;
	a.state = (char *)"asked";
	clu_out_reply_pb(rg->out, client, 0, &a.base);
}

static void on_wait(struct rg *rg, uint64_t client, uint64_t ticket)
{
	struct rg_ticket *t = ticket_find(rg, ticket);

	if (!t || t->client) {
		clu_out_reply(rg->out, client, -ENOENT, NULL, 0);
		return;
	}
	t->client = client;
	t->wait_until_ms = rg->now_ms + RG_WAIT_MS;
	if (t->done)
		answer_ticket(rg, t);
}

void rg_on_request(struct rg *rg, const struct clu_request *r)
{
	Hawser__RgRequest *q = hawser__rg_request__unpack(NULL, r->len, r->data);
	enum rg_verb verb = RG_V_NONE;

	if (!q) {
		clu_out_reply(rg->out, r->client, -EBADMSG, NULL, 0);
		return;
	}
	for (unsigned v = RG_V_ENABLE; v < RG_NVERBS; v++)
		if (!strcmp(q->op, verb_names[v]))
			verb = v;
	if (!strcmp(q->verb, "status"))
		rg_status(rg, r->client);
	else if (!strcmp(q->verb, "wait"))
		on_wait(rg, r->client, q->ticket);
	else if (strcmp(q->verb, "op") != 0 || verb == RG_V_NONE)
		clu_out_reply(rg->out, r->client, -EINVAL, NULL, 0);
	else if (!r->admin)
		answer(rg, r->client, RG_EPERM, "only root and group haclient may change services");
	else
		send_op(rg, r->client, verb, q);
	hawser__rg_request__free_unpacked(q, NULL);
}

void rg_on_client_gone(struct rg *rg, uint64_t client)
{
	for (unsigned i = 0; i < rg->n_tickets; i++)
		if (rg->tickets[i].client == client)
			rg->tickets[i].client = 0;
}

/* ---- delivered requests ---- */

static void done(struct rg *rg, uint32_t from, const Hawser__RgMessage *m, int code, uint32_t owner, const char *why)
{
	if (from == rg->self)
		rg_ticket_end(rg, m->number, code, owner, why);
}

/* The request is remembered in the service; what ends it calls rg_svc_answer. One that was there is told. */
static void hold(struct rg *rg, struct rg_svc *s, uint32_t from, const Hawser__RgMessage *m)
{
	rg_svc_answer(rg, s, RG_EAGAIN, "another request came in between");
	s->late.n = 0;		/* an operator knows where it shall be */
	s->req_verb = m->code;
	s->req_node = from;
	s->req_asked = m->nodeid;
	s->req_ticket = m->number;
}

static int start_refused(struct rg *rg, struct rg_svc *s, const char **why)
{
	if (!rg->quorate) {
		*why = "there is no quorum";
		return RG_EQUORUM;
	}
	if (rg->locked) {
		*why = "services are locked (clusvcadm -u unlocks them)";
		return RG_EAGAIN;
	}
	if (rg_any_lost(rg)) {
		*why = "a lost node is not known to be fenced (clustat tells which)";
		return RG_EFENCE;
	}
	if (!rg_may_start(rg) || s->init_wait.n) {
		*why = "members are just changing";
		return RG_EAGAIN;
	}
	if (!rg_depend_met(rg, s)) {
		*why = "the service that it depends on is not started";
		return RG_EDEPEND;
	}
	return RG_ESUCCESS;
}

static void op_enable(struct rg *rg, struct rg_svc *s, uint32_t from, const Hawser__RgMessage *m)
{
	uint32_t target = m->yes ? 0 : m->nodeid ? m->nodeid : from;
	struct clu_buf why_not = CLU_BUF_INIT;
	const char *why = "";
	enum rg_why_not fit = RG_FITS;
	int code = start_refused(rg, s, &why);

	if (s->state == RG_STARTED) {
		done(rg, from, m, RG_ERUN, s->owner, "");
		return;
	}
	if (s->state == RG_FAILED) {
		done(rg, from, m, RG_EABORT, 0, "its stop failed; disable it first, after looking at the node");
		return;
	}
	if (code != RG_ESUCCESS) {
		done(rg, from, m, code, 0, why);
		return;
	}
	if (s->state != RG_STOPPED && s->state != RG_DISABLED && s->state != RG_RECOVERING) {
		done(rg, from, m, s->home ? RG_EDEADLCK : RG_EAGAIN, s->owner, "it is just changing");
		return;
	}
	s->tried.n = 0;
	s->home = 0;
	if (target && rg_rate(rg, s, target, &fit) == RG_ILLEGAL) {
		done(rg, from, m, fit == RG_NOT_MEMBER || fit == RG_LEAVING ? RG_ENODE : RG_EFAIL, 0, rg_why_not_text(fit));
		return;
	}
	if ((!target || fit != RG_FITS) && !rg_choose(rg, s, NULL, &why_not)) {
		done(rg, from, m, fit == RG_NOT_EMPTY || fit == RG_TAKEN ? RG_EEXCL : RG_EDOMAIN, 0, clu_buf_text(&why_not));
		clu_buf_free(&why_not);
		return;
	}
	clu_buf_free(&why_not);
	hold(rg, s, from, m);
	s->want = RG_W_RECOVER;
	s->target = target;
	if (s->state == RG_DISABLED)
		rg_svc_set(rg, s, RG_STOPPED, 0, "enabled by an operator");
	s->armed = true;
}

static void op_stop(struct rg *rg, struct rg_svc *s, uint32_t from, const Hawser__RgMessage *m)
{
	bool disable = m->code == RG_V_DISABLE;
	enum rg_want want = disable ? RG_W_DISABLED : RG_W_STOPPED;
	const char *why = disable ? "disabled by an operator" : "stopped by an operator";
	const struct rg_node *last = rg_node_find(rg, s->last_owner);
	uint32_t where = last && last->present ? s->last_owner : from;

	if (s->state == RG_FAILED && !disable) {
		done(rg, from, m, RG_EABORT, 0, "its stop failed; only disable is accepted");
	} else if (rg_state_active(s->state)) {
		hold(rg, s, from, m);
		rg_svc_stop(rg, s, RG_STOPPING, want, why);
	} else if (s->state == RG_RECOVERING && s->moving) {
		hold(rg, s, from, m);
		s->want = want;
	} else if (s->state == RG_RECOVERING || (s->state == RG_STOPPED && !disable)) {
		hold(rg, s, from, m);
		s->armed = false;
		rg_svc_set(rg, s, disable ? RG_DISABLED : RG_STOPPED, 0, "%s", why);
		rg_svc_answer(rg, s, RG_ESUCCESS, "");
	} else if (s->state == RG_STOPPED) {
		s->armed = false;
		rg_svc_set(rg, s, RG_DISABLED, 0, "%s", why);
		done(rg, from, m, RG_ESUCCESS, 0, "");
	} else if (!disable) {
		done(rg, from, m, RG_ESUCCESS, 0, "");
	} else {
		/* Disabled or failed: the stop is run again, where it may still be active. home marks that errors only warn. */
		hold(rg, s, from, m);
		s->want = want;
		s->target = 0;
		s->tried.n = 0;
		rg_svc_set(rg, s, RG_STOPPING, where, "%s", why);
		s->home = RG_LENIENT;
	}
}

static int target_fault(struct rg *rg, struct rg_svc *s, uint32_t target, const char **why)
{
	const struct rg_node *n = rg_node_find(rg, target);
	enum rg_why_not fit;
	enum rg_rating rating;

	if (!rg_takes_part(n)) {
		*why = "the target is no member with a ready rgmanager";
		return RG_ENODE;
	}
	s->tried.n = 0;
	rating = rg_rate(rg, s, target, &fit);
	*why = rg_why_not_text(fit);
	if (fit == RG_NOT_EMPTY || fit == RG_TAKEN)
		return RG_EDEPEND;
	return rating == RG_ILLEGAL ? RG_EDOMAIN : RG_ESUCCESS;
}

static void op_relocate(struct rg *rg, struct rg_svc *s, uint32_t from, const Hawser__RgMessage *m)
{
	const char *why = "";
	uint32_t target = m->nodeid;
	int code = start_refused(rg, s, &why);

	if (s->state == RG_DISABLED || s->state == RG_FAILED) {
		done(rg, from, m, s->state == RG_FAILED ? RG_EABORT : RG_EINVAL, 0, "it is disabled or failed");
		return;
	}
	if (code == RG_ESUCCESS && target && target != s->owner)
		code = target_fault(rg, s, target, &why);
	/* Offline: as if no target had been given. Illegal: the service stays where it is, without being restarted. */
	if (code == RG_ENODE) {
		target = 0;
		code = RG_ESUCCESS;
	}
	if (code == RG_EDOMAIN)
		code = s->state == RG_STARTED ? RG_ERELO : RG_EFAIL;
	if (code != RG_ESUCCESS) {
		done(rg, from, m, code, s->owner, why);
		return;
	}
	if (s->state == RG_STOPPED || s->state == RG_RECOVERING) {
		hold(rg, s, from, m);
		s->target = target;
		s->home = 0;
		s->tried.n = 0;
		s->armed = true;
		return;
	}
	if (s->state != RG_STARTED) {
		done(rg, from, m, s->home ? RG_EDEADLCK : RG_EAGAIN, s->owner, "it is just changing");
		return;
	}
	hold(rg, s, from, m);
	rg_svc_stop(rg, s, RG_STOPPING, RG_W_RELOCATE, "relocated by an operator");
	s->target = target;
	if (target != s->owner) {
		s->home = s->owner;
		rg_ids_add(&s->tried, s->owner);
	}
}

static void op_restart(struct rg *rg, struct rg_svc *s, uint32_t from, const Hawser__RgMessage *m)
{
	const char *why = "";
	int code = start_refused(rg, s, &why);

	if (s->state == RG_STOPPED) {
		op_enable(rg, s, from, m);
	} else if (s->state != RG_STARTED) {
		done(rg, from, m, s->state == RG_FAILED ? RG_EABORT : s->state == RG_DISABLED ? RG_EINVAL : RG_EAGAIN, s->owner,
			"it is not started");
	} else if (code != RG_ESUCCESS) {
		done(rg, from, m, code, s->owner, why);
	} else {
		hold(rg, s, from, m);
		rg_svc_stop(rg, s, RG_STOPPING, RG_W_RESTART, "restarted by an operator");
		s->target = s->owner;
	}
}

static void op_freeze(struct rg *rg, struct rg_svc *s, uint32_t from, const Hawser__RgMessage *m)
{
	bool freeze = m->code == RG_V_FREEZE;
	const struct rg_node *owner = rg_node_find(rg, s->owner);

	if (!freeze && rg_is_left_alone(s) && owner && (owner->leaving || owner->left_behind)) {
		done(rg, from, m, RG_EAGAIN, s->owner, "the rgmanager of its node has ended, or is about to, and leaves it running: "
			"start that one first, or cut the node off (fence_node)");
		return;
	}
	if (s->state != RG_STOPPED && s->state != RG_STARTED && s->state != RG_DISABLED) {
		done(rg, from, m, RG_EAGAIN, s->owner, "it is just changing");
		return;
	}
	s->flags = freeze ? s->flags | RG_FLAG_FROZEN : s->flags & ~RG_FLAG_FROZEN;
	if (!freeze) {
		/* What its owner said of it meanwhile counted for nothing. */
		s->local.failed_txn = 0;
		s->local.fresh_tree = s->local.fresh_tree || s->local.next;
	}
	clu_out_note(rg->out, CLU_NOTICE, "rg.frozen", s->name, freeze ? "" : "frozen", freeze ? "frozen" : "",
		"asked for by an operator", NULL);
	done(rg, from, m, RG_ESUCCESS, s->owner, "");
}

static void op_migrate(struct rg *rg, struct rg_svc *s, uint32_t from, const Hawser__RgMessage *m)
{
	const char *why = "it is not started, or just changing";
	int code = s->state == RG_STARTED && !s->req_verb ? target_fault(rg, s, m->nodeid, &why) : RG_EAGAIN;

	if (code == RG_EDOMAIN)
		code = RG_EDEPEND;
	if (s->state == RG_STARTED && s->owner == m->nodeid)
		code = RG_ESUCCESS;
	if (code != RG_ESUCCESS || s->owner == m->nodeid) {
		done(rg, from, m, code, s->owner, why);
		return;
	}
	hold(rg, s, from, m);
	rg_svc_set(rg, s, RG_STARTED, s->owner, "migration asked for by an operator");
	s->target = s->moving = m->nodeid;
}

static void op_convalesce(struct rg *rg, struct rg_svc *s, uint32_t from, const Hawser__RgMessage *m)
{
	if (s->state != RG_STARTED || s->req_verb) {
		done(rg, from, m, rg_state_active(s->state) ? RG_EAGAIN : RG_EINVAL, s->owner, "it is not started, or just changing");
	} else if (!(s->flags & RG_FLAG_PARTIAL)) {
		done(rg, from, m, RG_ERUN, s->owner, "nothing of it is switched off");
	} else {
		hold(rg, s, from, m);
		rg_svc_set(rg, s, RG_STARTED, s->owner, "convalescence asked for by an operator");
	}
}

void rg_apply_op(struct rg *rg, uint32_t from, const Hawser__RgMessage *m)
{
	struct rg_svc *s = rg_svc_find(rg, m->svc);
	enum rg_verb verb = m->code < RG_NVERBS ? (enum rg_verb)m->code : RG_V_NONE;

	if (verb == RG_V_LOCK || verb == RG_V_UNLOCK) {
		rg->locked = verb == RG_V_LOCK;
		clu_out_note(rg->out, CLU_NOTICE, "rg.locked", "services", "", rg->locked ? "locked" : "unlocked",
			"asked for by an operator", NULL);
		done(rg, from, m, RG_ESUCCESS, 0, "");
		return;
	}
	if (!s || s->gone || !rg_rm_policy(rg->rm, s->name)) {
		done(rg, from, m, RG_ENOSERVICE, 0, "cluster.conf names no such service");
		return;
	}
	if (s->flags & RG_FLAG_FROZEN && verb != RG_V_FREEZE && verb != RG_V_UNFREEZE) {
		done(rg, from, m, RG_EFROZEN, s->owner, "");
		return;
	}
	switch (verb) {
	case RG_V_ENABLE:
		op_enable(rg, s, from, m);
		break;
	case RG_V_DISABLE:
	case RG_V_STOP:
		op_stop(rg, s, from, m);
		break;
	case RG_V_RELOCATE:
		op_relocate(rg, s, from, m);
		break;
	case RG_V_RESTART:
		op_restart(rg, s, from, m);
		break;
	case RG_V_MIGRATE:
		op_migrate(rg, s, from, m);
		break;
	case RG_V_FREEZE:
	case RG_V_UNFREEZE:
		op_freeze(rg, s, from, m);
		break;
	case RG_V_CONVALESCE:
		op_convalesce(rg, s, from, m);
		break;
	case RG_V_NONE:
	case RG_V_LOCK:
	case RG_V_UNLOCK:
	case RG_NVERBS:
		rg->stats.ignored++;
		done(rg, from, m, RG_EINVAL, 0, "no such operation");
		break;
	}
}
