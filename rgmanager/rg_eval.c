/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Placement over the replicated state: what every member computes after every change. */
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_priv.h"

void rg_arm_all(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];

		if (s->state != RG_STOPPED || s->armed || s->gone)
			continue;
		s->armed = true;
		s->target = s->home = 0;
		s->tried.n = 0;
	}
}

bool rg_depend_met(struct rg *rg, const struct rg_svc *s)
{
	const struct rg_policy *p = rg_rm_policy(rg->rm, s->name);
	const struct rg_svc *d = p && *p->depend ? rg_svc_find(rg, p->depend) : NULL;

	return !p || !*p->depend || !strchr(p->depend, ':') || (d && d->state == RG_STARTED);
}

static unsigned fill_places(struct rg *rg, const struct rg_svc *s, struct rg_place *places)
{
	for (unsigned i = 0; i < rg->n_nodes; i++) {
		const struct rg_node *n = &rg->nodes[i];
		struct rg_place *q = &places[i];

		*q = (struct rg_place){ .nodeid = n->nodeid };
		q->why = n->lost ? RG_UNFENCED : !n->present ? RG_NOT_MEMBER : n->leaving ? RG_LEAVING :
			!n->ready ? RG_NOT_MEMBER : rg_ids_has(&s->tried, n->nodeid) ? RG_TRIED : RG_FITS;
		for (unsigned k = 0; k < rg->n_svcs; k++) {
			const struct rg_svc *o = rg->svcs[k];
			const struct rg_policy *p = rg_rm_policy(rg->rm, o->name);

			if (o == s || o->owner != n->nodeid || !rg_state_active(o->state))
				continue;
			q->active++;
			q->has_exclusive = q->has_exclusive || (p && p->exclusive);
		}
	}
	return rg->n_nodes;
}

uint32_t rg_choose(struct rg *rg, const struct rg_svc *s, struct clu_buf *why, struct clu_buf *why_not)
{
	const struct rg_policy *p = rg_rm_policy(rg->rm, s->name);
	struct rg_place places[RG_MAX_NODES];
	unsigned n = fill_places(rg, s, places);
	uint32_t node = p ? rg_place(rg->rm, p, places, n) : 0;

	if (node && why)
		rg_place_explain(rg->rm, p, places, n, node, why);
	for (unsigned i = 0; i < n; i++)
		if (places[i].why != RG_FITS)
			clu_buf_printf(why_not, "%s%s %s", why_not->len ? ", " : "", rg_node_name(rg, places[i].nodeid),
				places[i].why == RG_TRIED && places[i].nodeid == s->home ? "is where it comes from" :
				rg_why_not_text(places[i].why));
	return node;
}

enum rg_rating rg_rate(struct rg *rg, const struct rg_svc *s, uint32_t nodeid, enum rg_why_not *why)
{
	const struct rg_policy *p = rg_rm_policy(rg->rm, s->name);
	struct rg_place places[RG_MAX_NODES];
	unsigned n = fill_places(rg, s, places);
	uint32_t online[RG_MAX_NODES];
	unsigned n_online = 0;

	*why = RG_NOT_MEMBER;
	if (!p)
		return RG_ILLEGAL;
	rg_place(rg->rm, p, places, n);
	for (unsigned i = 0; i < n; i++)
		if (rg_takes_part(&rg->nodes[i]))
			online[n_online++] = rg->nodes[i].nodeid;
	for (unsigned i = 0; i < n; i++)
		if (places[i].nodeid == nodeid) {
			*why = places[i].why;
			return rg_domain_rate(rg->rm, p, online, n_online, nodeid,
				s->state == RG_STARTED || s->state == RG_STARTING ? s->owner : 0);
		}
	return RG_ILLEGAL;
}

static void start_on(struct rg *rg, struct rg_svc *s, uint32_t node, const char *why)
{
	s->armed = false;
	rg_svc_set(rg, s, RG_STARTING, node, "%s", why);
	clu_out_note(rg->out, node == rg->self ? CLU_INFO : CLU_DEBUG, "rg.decide", s->name, "", rg_node_name(rg, node), why,
		"owner=%s", rg_node_name(rg, node));
}

static void nowhere(struct rg *rg, struct rg_svc *s, const char *why_not)
{
	char why[RG_WHY_MAX];
	bool again = !s->tried.n;

	snprintf(why, sizeof(why), "%s: %s", again ? "no node may run it" : "could be started nowhere", why_not);
	if (s->state != RG_STOPPED)
		rg_svc_set(rg, s, RG_STOPPED, 0, "%s", why);
	/* A failed start is not repeated before something changes; a missing node is waited for. */
	s->armed = again;
	s->target = s->home = 0;
	s->tried.n = 0;
	rg_svc_answer(rg, s, RG_EFAIL, why);
}

/* A wish (an operator's, a restart in place, a move to a better node) is followed where it can be. */
static uint32_t by_wish(struct rg *rg, const struct rg_svc *s, struct clu_buf *why)
{
	enum rg_why_not fit;

	if (!s->target || rg_rate(rg, s, s->target, &fit) == RG_ILLEGAL || fit != RG_FITS)
		return 0;
	if (s->req_verb)
		clu_buf_str(why, "asked for");
	else if (s->want == RG_W_RELOCATE && s->home)
		(void)rg_better_explain(rg->rm, rg_rm_policy(rg->rm, s->name), s->target, s->home, why);
	else
		clu_buf_str(why, "restarted in place");
	return s->target;
}

/* Where a service goes that may be started now: the wish, the best node, home as the last resort. */
static void place(struct rg *rg, struct rg_svc *s)
{
	struct clu_buf why = CLU_BUF_INIT, why_not = CLU_BUF_INIT;
	uint32_t node = by_wish(rg, s, &why);
	enum rg_why_not fit;

	if (!node)
		node = rg_choose(rg, s, &why, &why_not);
	if (!node && s->home && s->target != s->home) {
		/* Also when it does not fit at this moment it was not tried in vain: all that is missing is room. */
		rg_ids_del(&s->tried, s->home);
		if (rg_rate(rg, s, s->home, &fit) != RG_ILLEGAL && fit == RG_FITS) {
			s->target = node = s->home;
			clu_buf_str(&why, "no other place");
		}
	}
	if (node && why_not.len)
		clu_buf_printf(&why, "; %s", clu_buf_text(&why_not));
	if (node)
		start_on(rg, s, node, clu_buf_text(&why));
	else if (s->state == RG_RECOVERING || s->tried.n || s->req_verb)
		nowhere(rg, s, clu_buf_text(&why_not));
	clu_buf_free(&why);
	clu_buf_free(&why_not);
}

/* Cluster start: nothing is placed while a member is about to get ready; RG_M_GO ends this. */
static bool settled(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes && !rg->go; i++)
		if (rg->nodes[i].present && !rg->nodes[i].ready && !rg->nodes[i].leaving)
			return false;
	rg->go = true;
	return true;
}

static void owner_gone(struct rg *rg, struct rg_svc *s)
{
	char why[RG_WHY_MAX];
	bool on = s->state != RG_STOPPING || s->want == RG_W_RESTART || s->want == RG_W_RELOCATE;

	snprintf(why, sizeof(why), "%s is gone", rg_node_name(rg, s->owner));
	if (on) {
		s->want = RG_W_RECOVER;
		s->target = s->home = 0;
		s->tried.n = 0;
	}
	rg_svc_answer(rg, s, RG_ENODE, why);
	rg_svc_set(rg, s, RG_RECOVERING, 0, "%s", why);
}

bool rg_svc_follow(struct rg *rg, struct rg_svc *s)
{
	const struct rg_node *n = s->moving ? rg_node_find(rg, s->moving) : NULL;

	s->moving = 0;
	if (!n || !n->present)
		return false;
	rg_svc_set(rg, s, RG_STOPPING, n->nodeid, "the migration that was under way may have taken it to %s",
		rg_node_name(rg, n->nodeid));
	return true;
}

void rg_svc_next(struct rg *rg, struct rg_svc *s)
{
	const char *why = s->why;
	char text[RG_WHY_MAX];

	snprintf(text, sizeof(text), "%s", why);
	switch (s->want) {
	case RG_W_STOPPED:
		rg_svc_set(rg, s, RG_STOPPED, 0, "%s", text);
		s->armed = false;
		rg_svc_answer(rg, s, RG_ESUCCESS, "");
		break;
	case RG_W_DISABLED:
		rg_svc_set(rg, s, RG_DISABLED, 0, "%s", text);
		if (!CLU_PLANTED(RGM_REQUEST_FORGOTTEN))
			rg_svc_answer(rg, s, RG_ESUCCESS, "");
		break;
	case RG_W_FRESH:
	case RG_W_REMOVE:
		rg_svc_fresh(rg, s, text);
		break;
	case RG_W_LATER:
		rg_svc_set(rg, s, RG_STOPPED, 0, "%s", text);
		s->armed = true;
		break;
	case RG_W_RESTART:
	case RG_W_RELOCATE:
	case RG_W_RECOVER:
	case RG_NWANTS:
		if (s->state == RG_RECOVERABLE) {
			rg_svc_set(rg, s, RG_RECOVERING, 0, "%s", text);
		} else {
			rg_svc_set(rg, s, RG_STOPPED, 0, "%s", text);
			s->armed = true;
		}
		break;
	}
}

/* A started service whose dependency is not: stopped, and started again with it. */
static bool depend_lost(struct rg *rg, struct rg_svc *s)
{
	const struct rg_policy *p = rg_rm_policy(rg->rm, s->name);

	if (s->state != RG_STARTED || !p || p->depend_soft || s->flags & RG_FLAG_FROZEN || rg_depend_met(rg, s))
		return false;
	rg_svc_stop(rg, s, RG_STOPPING, RG_W_LATER, "dependency missing");
	return true;
}

/* Says why a service does not move to a node that would be the better place. */
static void stays(struct rg *rg, const struct rg_svc *s, uint32_t better)
{
	const struct rg_policy *p = rg_rm_policy(rg->rm, s->name);
	const struct rg_domain *d = p ? rg_rm_domain(rg->rm, p->domain) : NULL;
	struct clu_buf why = CLU_BUF_INIT;

	if (!d || !d->nofailback)
		return;
	clu_buf_str(&why, "its failover domain says nofailback, though ");
	if (rg_better_explain(rg->rm, p, better, s->owner, &why)) {
		clu_buf_printf(&why, "; \"clusvcadm -r %s -m %s\" would move it", s->name, rg_node_name(rg, better));
		clu_out_note(rg->out, s->owner == rg->self ? CLU_INFO : CLU_DEBUG, "rg.stays", s->name, "",
			rg_node_name(rg, s->owner), clu_buf_text(&why), NULL);
	}
	clu_buf_free(&why);
}

/* Moves it to the node if that is a better place than its owner. */
static void failback_one(struct rg *rg, struct rg_svc *s, uint32_t nodeid)
{
	enum rg_why_not why, why_owner;
	struct clu_buf text = CLU_BUF_INIT;

	s->tried.n = 0;
	if (rg_rate(rg, s, nodeid, &why) <= rg_rate(rg, s, s->owner, &why_owner) || why != RG_FITS) {
		stays(rg, s, nodeid);
		return;
	}
	clu_buf_printf(&text, "relocating to better node %s: ", rg_node_name(rg, nodeid));
	(void)rg_better_explain(rg->rm, rg_rm_policy(rg->rm, s->name), nodeid, s->owner, &text);
	rg_svc_stop(rg, s, RG_STOPPING, RG_W_RELOCATE, clu_buf_text(&text));
	clu_buf_free(&text);
	s->target = nodeid;
	s->home = s->owner;
	rg_ids_add(&s->tried, s->owner);
}

/*
 * A node got ready: services of which it is a better place than their owner move to
 * it; one that is just on its way, or that may not be moved now, is looked at when it
 * has arrived (evaluate_one).
 */
void rg_failback(struct rg *rg, uint32_t nodeid)
{
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];

		/* One that is between two nodes, and goes to a certain one, is on its way as well. */
		if (s->flags & RG_FLAG_FROZEN || s->owner == nodeid || s->req_verb ||
			(!rg_state_active(s->state) && !s->target))
			continue;
		if (s->state == RG_STARTED && rg_may_start(rg))
			failback_one(rg, s, nodeid);
		else
			rg_ids_add(&s->late, nodeid);
	}
}

/* Of all that got ready meanwhile it is the best that counts, not the first. */
static void failback_late(struct rg *rg, struct rg_svc *s)
{
	enum rg_rating most = RG_ILLEGAL;
	enum rg_why_not why;
	uint32_t best = 0;

	if (s->state != RG_STARTED || s->req_verb)
		return;
	for (unsigned i = 0; i < s->late.n; i++) {
		enum rg_rating rating = rg_rate(rg, s, s->late.id[i], &why);

		if (s->late.id[i] != s->owner && why == RG_FITS && rating > most) {
			most = rating;
			best = s->late.id[i];
		}
	}
	s->late.n = 0;
	if (best)
		failback_one(rg, s, best);
}

static void evaluate_one(struct rg *rg, struct rg_svc *s)
{
	const struct rg_policy *p = rg_rm_policy(rg->rm, s->name);
	const struct rg_node *owner = rg_node_find(rg, s->owner);

	if (s->flags & RG_FLAG_FROZEN && !CLU_PLANTED(RGM_FROZEN_MOVED)) {
		/* Frozen it was being stopped (no quorum, nobody who would know where it runs) when its node was lost. */
		if (s->state == RG_STOPPING && !(owner && owner->present) && !rg_any_lost(rg))
			rg_svc_next(rg, s);
		return;
	}
	if (rg_state_active(s->state) && !(owner && owner->present))
		owner_gone(rg, s);
	/* Not before the node that it came from is known to be off: until then it may still arrive. */
	if (s->state == RG_RECOVERING && s->moving && !rg_any_lost(rg) && rg_svc_follow(rg, s))
		return;
	if (s->state == RG_RECOVERING && s->want != RG_W_RECOVER && s->want != RG_W_RELOCATE && s->want != RG_W_RESTART &&
		!rg_any_lost(rg))
		rg_svc_next(rg, s);
	if (!p || s->gone || depend_lost(rg, s) || !rg_may_start(rg))
		return;
	if (s->late.n)
		failback_late(rg, s);
	if (s->state == RG_STOPPED && s->armed && !s->transition_us && !p->autostart && !s->req_verb) {
		s->armed = false;
		rg_svc_set(rg, s, RG_DISABLED, 0, "autostart is off");
		return;
	}
	if (s->state != RG_RECOVERING && !(s->state == RG_STOPPED && s->armed && settled(rg)))
		return;
	if (s->init_wait.n)
		return;
	if (!rg_depend_met(rg, s)) {
		if (s->state == RG_RECOVERING) {
			rg_svc_set(rg, s, RG_STOPPED, 0, "dependency missing");
			s->armed = true;
		}
		rg_svc_answer(rg, s, RG_EDEPEND, "dependency missing");
		return;
	}
	place(rg, s);
}

void rg_evaluate(struct rg *rg)
{
	if (!rg->rm)
		return;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		evaluate_one(rg, rg->svcs[i]);
	/* One that stands before the service it depends on was looked at too early. Each stops once, so this ends. */
	for (unsigned i = 0; i < rg->n_svcs;)
		i = depend_lost(rg, rg->svcs[i]) ? 0 : i + 1;
}
