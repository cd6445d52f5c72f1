/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One service: the only writer of its state, and what it waits for. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rg_priv.h"

static const char *const state_names[] = {
	"stopped", "starting", "started", "stopping", "failed", "uninitialized", "checking", "recoverable", "recovering",
	"disabled", "migrating",
};

const char *rg_state_name(uint32_t state)
{
	return state >= RG_STOPPED && state <= RG_MIGRATING ? state_names[state - RG_STOPPED] : "unknown";
}

#define BIT(state) (1u << ((state) - RG_STOPPED))

/*
 * Legal moves. An operator's word may end any state but `starting` and `stopping` in `disabled` or `stopped`. What is
 * not active anywhere fails when a node that joins says that it could not stop it there. What is known from a disk only
 * (rg_left.c) is started or failed at once, and nothing any more when its node is known to be clean.
 */
static const unsigned legal[] = {
	[RG_STOPPED - RG_STOPPED] = BIT(RG_STARTING) | BIT(RG_STOPPING) | BIT(RG_DISABLED) | BIT(RG_STOPPED) |
		BIT(RG_FAILED) | BIT(RG_STARTED),
	[RG_STARTING - RG_STOPPED] = BIT(RG_STARTED) | BIT(RG_RECOVERABLE) | BIT(RG_STOPPING) | BIT(RG_RECOVERING),
	[RG_STARTED - RG_STOPPED] = BIT(RG_RECOVERABLE) | BIT(RG_STOPPING) | BIT(RG_RECOVERING) | BIT(RG_STARTED),
	[RG_STOPPING - RG_STOPPED] = BIT(RG_STOPPED) | BIT(RG_DISABLED) | BIT(RG_FAILED) | BIT(RG_RECOVERING) |
		BIT(RG_STOPPING),
	[RG_FAILED - RG_STOPPED] = BIT(RG_STOPPING) | BIT(RG_DISABLED) | BIT(RG_FAILED) | BIT(RG_STOPPED),
	[RG_RECOVERABLE - RG_STOPPED] = BIT(RG_RECOVERING) | BIT(RG_FAILED) | BIT(RG_STOPPING) | BIT(RG_STOPPED) |
		BIT(RG_DISABLED),
	[RG_RECOVERING - RG_STOPPED] = BIT(RG_STARTING) | BIT(RG_STOPPED) | BIT(RG_DISABLED) | BIT(RG_STOPPING) |
		BIT(RG_FAILED),
	[RG_DISABLED - RG_STOPPED] = BIT(RG_STARTING) | BIT(RG_STOPPED) | BIT(RG_STOPPING) | BIT(RG_DISABLED) |
		BIT(RG_FAILED) | BIT(RG_STARTED),
	[RG_MIGRATING - RG_STOPPED] = 0,
};

bool rg_state_active(enum rg_state s)
{
	return s == RG_STARTING || s == RG_STARTED || s == RG_STOPPING || s == RG_RECOVERABLE;
}

struct rg_svc *rg_svc_find(struct rg *rg, const char *name)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (!strcmp(rg->svcs[i]->name, name))
			return rg->svcs[i];
	return NULL;
}

void rg_svc_reset(struct rg_svc *s)
{
	s->state = RG_STOPPED;
	s->owner = s->last_owner = s->restarts = s->flags = 0;
	s->transition_us = s->txn = 0;
	s->want = RG_W_STOPPED;
	s->target = s->moving = s->home = 0;
	s->tried.n = s->init_wait.n = s->late.n = s->left_at.n = 0;
	s->req_node = s->req_asked = 0;
	s->req_ticket = 0;
	s->req_verb = RG_V_NONE;
	s->armed = s->gone = s->noted = false;
	s->why[0] = '\0';
}

struct rg_svc *rg_svc_add(struct rg *rg, const char *name)
{
	struct rg_svc *s = calloc(1, sizeof(*s));
	struct rg_svc **list = realloc(rg->svcs, (rg->n_svcs + 1) * sizeof(*list));

	if (list)
		rg->svcs = list;
	if (!s || !list) {
		free(s);
		rg->error = -ENOMEM;
		return NULL;
	}
	snprintf(s->name, sizeof(s->name), "%s", name);
	rg_svc_reset(s);
	rg->svcs[rg->n_svcs++] = s;
	return s;
}

void rg_svc_drop(struct rg *rg, struct rg_svc *s)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i] == s) {
			memmove(&rg->svcs[i], &rg->svcs[i + 1], (rg->n_svcs - i - 1) * sizeof(rg->svcs[0]));
			rg->n_svcs--;
			break;
		}
	rg_plan_free(&s->local.op.plan);
	rg_tree_free(s->local.tree);
	rg_tree_free(s->local.next);
	free(s);
}

/* How long each stage of a failover took, for the note that ends it. */
static void stages(struct rg *rg, struct rg_svc *s, struct clu_buf *b)
{
	struct rg_local *l = &s->local;

	if (l->decided_ms)
		clu_buf_printf(b, " took_ms=%" PRIu64, rg->now_ms - l->decided_ms);
	if (l->lost_ms && l->fenced_ms && l->decided_ms)
		clu_buf_printf(b, " lost_to_fenced_ms=%" PRIu64 " fenced_to_decided_ms=%" PRIu64, l->fenced_ms - l->lost_ms,
			l->decided_ms - l->fenced_ms);
	l->lost_ms = l->fenced_ms = l->decided_ms = 0;
}

/* The owner speaks; where there is none, the lowest member. The others only for the debug log. */
static enum clu_level note_level(struct rg *rg, const struct rg_svc *s, uint32_t old_owner)
{
	uint32_t who = s->owner ? s->owner : old_owner;
	const struct rg_node *n = rg_node_find(rg, who);
	bool mine = n && n->present ? who == rg->self : rg_is_lowest(rg);

	if (!mine)
		return CLU_DEBUG;
	return s->state == RG_FAILED ? CLU_ERR : s->state == RG_RECOVERABLE ? CLU_WARNING : CLU_NOTICE;
}

void rg_svc_set(struct rg *rg, struct rg_svc *s, enum rg_state state, uint32_t owner, const char *fmt, ...)
{
	enum rg_state old = s->state;
	uint32_t old_owner = s->owner;
	struct clu_buf fields = CLU_BUF_INIT;
	va_list ap;

	if (!(legal[old - RG_STOPPED] & BIT(state))) {
		rg->stats.ignored++;
		clu_out_note(rg->out, CLU_ERR, "rg.illegal", s->name, rg_state_name(old), rg_state_name(state),
			"this move is not allowed and was not made", NULL);
		return;
	}
	if (owner && owner != old_owner && state != RG_STARTING)
		s->last_owner = old_owner ? old_owner : s->last_owner;
	if (!owner && old_owner)
		s->last_owner = old_owner;
	if (state == RG_STARTING) {
		s->restarts = old == RG_RECOVERING ? s->restarts + 1 : 0;
		s->flags &= ~RG_FLAG_PARTIAL;
		s->local.decided_ms = rg->now_ms;
	}
	if (state != RG_FAILED && !(state == RG_STARTED && s->noted)) {
		s->left_at.n = 0;
		s->noted = false;
	}
	s->state = state;
	s->owner = owner;
	s->txn++;
	s->transition_us = rg->wall_us;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	clu_buf_printf(&fields, "owner=%s txn=%" PRIu64, rg_node_name(rg, owner), s->txn);
	if (state == RG_STARTED)
		stages(rg, s, &fields);
	clu_out_note(rg->out, note_level(rg, s, old_owner), "rg.state", s->name, rg_state_name(old), rg_state_name(state),
		s->why, "%s", clu_buf_text(&fields));
	clu_buf_free(&fields);
}

void rg_svc_stop(struct rg *rg, struct rg_svc *s, enum rg_state state, enum rg_want want, const char *why)
{
	s->want = want;
	s->target = s->home = 0;
	s->tried.n = 0;
	rg_svc_set(rg, s, state, s->owner, "%s", why);
}

void rg_svc_fresh(struct rg *rg, struct rg_svc *s, const char *why)
{
	rg_svc_set(rg, s, RG_STOPPED, 0, "%s", why);
	s->transition_us = 0;
	s->armed = true;
	s->target = s->home = 0;
	s->tried.n = 0;
}

void rg_svc_answer(struct rg *rg, struct rg_svc *s, int code, const char *why)
{
	uint64_t ticket = s->req_ticket;
	uint32_t node = s->req_node;

	if (!s->req_verb)
		return;
	s->req_verb = RG_V_NONE;
	s->req_node = s->req_asked = 0;
	s->req_ticket = 0;
	if (node == rg->self)
		rg_ticket_end(rg, ticket, code, s->owner, why);
}

static const Hawser__FencedVictim *victim(const struct rg *rg, uint32_t nodeid)
{
	for (size_t i = 0; rg->fence && i < rg->fence->n_victims; i++)
		if (rg->fence->victims[i]->nodeid == nodeid)
			return rg->fence->victims[i];
	return NULL;
}

static void waits_for_fencing(struct rg *rg, struct clu_buf *wait, struct clu_buf *remedy)
{
	for (unsigned i = 0; i < rg->n_nodes; i++) {
		const struct rg_node *n = &rg->nodes[i];
		const Hawser__FencedVictim *v = victim(rg, n->nodeid);

		if (!n->lost)
			continue;
		/* It is back, and says by itself when nothing runs there any more. */
		if (n->present && !v) {
			clu_buf_printf(wait, "%s%s to say that its services are stopped", wait->len ? "; " : "",
				rg_node_name(rg, n->nodeid));
			continue;
		}
		clu_buf_printf(wait, "%s%s to be fenced", wait->len ? "; " : "", rg_node_name(rg, n->nodeid));
		if (v && *v->why)
			clu_buf_printf(wait, ": %s", v->why);
		if (remedy->len)
			continue;
		if (v && *v->remedy)
			clu_buf_str(remedy, v->remedy);
		else
			clu_buf_printf(remedy, "fence_node %s", rg_node_name(rg, n->nodeid));
	}
}

/* Known from a disk only: it ends when each node where it may be active has said, or is known, to run nothing. */
static void waits_for_word(struct rg *rg, const struct rg_svc *s, struct clu_buf *wait, struct clu_buf *remedy)
{
	for (unsigned i = 0; i < s->left_at.n; i++)
		clu_buf_printf(wait, "%s%s", i ? ", " : "rgmanager to be started on ", rg_node_name(rg, s->left_at.id[i]));
	clu_buf_printf(wait, ": %s", s->why);
	clu_buf_printf(remedy, "fence_node %s", rg_node_name(rg, s->left_at.id[0]));
}

bool rg_svc_waits(struct rg *rg, const struct rg_svc *s, struct clu_buf *wait, struct clu_buf *remedy)
{
	bool waiting = s->state == RG_RECOVERING || (s->state == RG_STOPPED && s->armed);

	if (s->noted) {
		waits_for_word(rg, s, wait, remedy);
		return true;
	}
	if (s->state == RG_FAILED) {
		clu_buf_printf(wait, "an operator: %s", s->why);
		clu_buf_printf(remedy, "clusvcadm -d %s", s->name);
		return true;
	}
	if (!waiting)
		return false;
	if (!rg->quorate) {
		clu_buf_str(wait, "quorum");
	} else if (rg_any_lost(rg)) {
		waits_for_fencing(rg, wait, remedy);
	} else if (rg->locked) {
		clu_buf_str(wait, "the services to be unlocked");
		clu_buf_str(remedy, "clusvcadm -u");
	} else if (s->flags & RG_FLAG_FROZEN) {
		clu_buf_str(wait, "it to be unfrozen");
		clu_buf_printf(remedy, "clusvcadm -U %s", s->name);
	} else if (!rg_depend_met(rg, s)) {
		clu_buf_printf(wait, "%s to be started", rg_rm_policy(rg->rm, s->name)->depend);
	} else if (s->init_wait.n) {
		clu_buf_printf(wait, "%s to stop it once", rg_node_name(rg, s->init_wait.id[0]));
	} else {
		struct clu_buf why_not = CLU_BUF_INIT;

		if (rg_choose(rg, s, NULL, &why_not))
			clu_buf_str(wait, "members that are getting ready");
		else
			clu_buf_printf(wait, "a node that may run it (%s)", clu_buf_text(&why_not));
		clu_buf_free(&why_not);
	}
	return true;
}
