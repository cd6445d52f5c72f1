/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members: who is ready, who is lost, who is known to be fenced, and quorum. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_priv.h"

/* Or may, by a migration whose end is not known. */
static bool owns_something(const struct rg *rg, uint32_t nodeid)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if ((rg->svcs[i]->owner == nodeid && rg_state_active(rg->svcs[i]->state)) || rg->svcs[i]->moving == nodeid)
			return true;
	return false;
}

static void stamp_lost(struct rg *rg, uint32_t nodeid)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->owner == nodeid && rg_state_active(rg->svcs[i]->state)) {
			rg->svcs[i]->local.lost_ms = rg->now_ms;
			rg->svcs[i]->local.fenced_ms = 0;
		}
}

static void settled(struct rg *rg, struct rg_node *n, const char *to, const char *why)
{
	n->lost = false;
	n->ask_ms = 0;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->local.lost_ms && !rg->svcs[i]->local.fenced_ms)
			rg->svcs[i]->local.fenced_ms = rg->now_ms;
	rg_note_node(rg, CLU_NOTICE, "rg.fenced", n->nodeid, "lost", to, why);
}

static void fenced(struct rg *rg, struct rg_node *n, const char *how)
{
	char why[RG_WHY_MAX];

	snprintf(why, sizeof(why), "fenced says so (%s)", how);
	settled(rg, n, "fenced", why);
	n->left_behind = false;
	rg_left_over(rg, n, NULL);
}

void rg_came_back_stopped(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m)
{
	n->left_behind = false;
	rg_left_over(rg, n, m);
	if (n->lost)
		settled(rg, n, "ready", "its rgmanager came back and has stopped every service there");
}

static bool fenced_knows(const struct rg *rg, uint32_t nodeid)
{
	for (size_t i = 0; rg->fence && i < rg->fence->n_victims; i++)
		if (rg->fence->victims[i]->nodeid == nodeid)
			return true;
	return false;
}

/* By itself it deals with the members of its domain only, with any other node when it is asked. */
static bool fenced_will_deal(const struct rg *rg, uint32_t nodeid)
{
	for (size_t i = 0; rg->fence && i < rg->fence->n_members; i++)
		if (rg->fence->members[i] == nodeid)
			return true;
	return !rg->fence || fenced_knows(rg, nodeid);
}

/*
 * A machine that is gone may have seen the last messages alone, so it counts as
 * lost whatever it owned, and also if it did not take part yet: where both halves of
 * a split are quorate (two_node), it may do so by now. Of a process that died on a machine that lives, the
 * others have seen everything: it is lost only if services were left behind.
 */
static void lost(struct rg *rg, struct rg_node *n, enum clu_left how, bool was_here)
{
	bool owner = owns_something(rg, n->nodeid);

	if (n->lost || (how == CLU_LEFT_PROCESS ? !owner : !was_here && !owner))
		return;
	n->lost = true;
	n->lost_how = how;
	n->lost_us = rg->wall_us;
	/* What only this group knows is forgotten when its last member dies: fenced hears of it at once. */
	n->ask_ms = rg->now_ms + (how == CLU_LEFT_PROCESS || !fenced_will_deal(rg, n->nodeid) ? 0 : RG_ASK_FENCE_MS);
	stamp_lost(rg, n->nodeid);
	rg_note_node(rg, CLU_WARNING, "rg.lost", n->nodeid, "member", "lost",
		how == CLU_LEFT_NODE ? "its machine or corosync failed" : "its rgmanager died and left services behind");
	if (n->fenced_here)
		fenced(rg, n, "before its loss was noticed here");
}

static void member_left(struct rg *rg, const struct clu_member_left *l, const struct clu_ring *ring)
{
	struct rg_node *n = rg_node_get(rg, l->nodeid);
	bool was_here;

	if (!n)
		return;
	was_here = n->present;
	n->present = n->ready = n->leaving = n->confirmed = n->told = false;
	n->quorum = 0;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		rg_ids_del(&rg->svcs[i]->init_wait, l->nodeid);
	if (l->how == CLU_LEFT_CLEAN) {
		n->left_behind = n->left_behind || owns_something(rg, n->nodeid);
		rg_note_node(rg, CLU_INFO, "rg.member", n->nodeid, "member", "left", n->left_behind ?
			"its rgmanager ended in order; frozen services of it run on there" : "its rgmanager ended in order");
		return;
	}
	lost(rg, n, l->how, was_here);
	n->fenced_here = false;
	if (l->how == CLU_LEFT_NODE) {
		rg_ids_add(&rg->quorum_waits, l->nodeid);
		rg->loss_ring = *ring;
	}
}

/*
 * The quorum service has caught up with a loss when it has dropped the node, or
 * speaks of the ring of the loss (a node may be back within that very ring).
 */
static void check_quorum_waits(struct rg *rg)
{
	for (unsigned i = 0; i < rg->quorum_waits.n;) {
		uint32_t id = rg->quorum_waits.id[i];

		if (!rg_ids_has(&rg->up, id) || rg->quorum_ring.seq >= rg->loss_ring.seq)
			rg_ids_del(&rg->quorum_waits, id);
		else
			i++;
	}
}

/* Requests whose asked node has gone are nobody's any more: their tool has seen its connection break. */
static void drop_requests_of(struct rg *rg, uint32_t nodeid)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->req_verb && rg->svcs[i]->req_node == nodeid) {
			rg->svcs[i]->req_node = 0;
			rg->svcs[i]->req_ticket = 0;
		}
}

void rg_on_view(struct rg *rg, const struct clu_view *v)
{
	bool machine = false;

	if (v->self_left) {
		rg->admitted = false;
		rg->exiting = true;
		clu_out_exit(rg->out);
		return;
	}
	for (unsigned i = 0; i < v->n_left; i++) {
		member_left(rg, &v->left[i], &v->ring);
		drop_requests_of(rg, v->left[i].nodeid);
		machine = machine || v->left[i].how == CLU_LEFT_NODE;
	}
	if (machine) {
		/* Quorum is not known for what is left of the cluster before a member says so. */
		rg->view_no++;
		for (unsigned i = 0; i < rg->n_nodes; i++)
			rg->nodes[i].quorum = 0;
	}
	for (unsigned i = 0; i < v->n_joined; i++) {
		struct rg_node *n = rg_node_get(rg, v->joined[i].nodeid);

		if (!n)
			continue;
		n->present = true;
		n->ready = n->leaving = n->fenced_here = n->confirmed = n->told = n->kept_said = n->off_said = false;
		n->quorum = 0;
		/* It is back: it gets the time to say that it has stopped everything. */
		if (n->lost)
			n->ask_ms = rg->now_ms + RG_ASK_FENCE_MS;
		/* It may run services that this side knows nothing of, until it says that it has stopped them. */
		if (!v->joined[i].fresh) {
			rg_note_node(rg, CLU_WARNING, "rg.returned", n->nodeid, n->lost ? "lost" : "member", "lost",
				"it came back from the other side of a split; nothing starts before it has stopped everything, or "
				"is fenced");
			if (!n->lost) {
				n->lost = true;
				n->lost_how = CLU_LEFT_NODE;
				n->lost_us = rg->wall_us;
				n->ask_ms = rg->now_ms + RG_ASK_FENCE_MS;
			}
		}
	}
	for (unsigned i = 0; i < v->n_members; i++) {
		struct rg_node *n = rg_node_get(rg, v->members[i].nodeid);

		if (n)
			n->present = true;
	}
	for (unsigned i = 0; i < rg->n_svcs && CLU_PLANTED(RGM_OTHER_VERSION_STOPS) && v->proto != rg_ops.proto_max; i++)
		if (rg->svcs[i]->state == RG_STARTED)
			rg_svc_stop(rg, rg->svcs[i], RG_STOPPING, RG_W_RESTART, "another version of the protocol");
	if (v->n_left)
		rg_arm_all(rg);
	if (v->first) {
		rg->said_quorum_view = 0;
		rg->conf_sent = 0;
		rg->ready_sent = rg->left.said = false;
	}
	rg->admitted = true;
	check_quorum_waits(rg);
}

void rg_on_quorum(struct rg *rg, const struct clu_quorum *q)
{
	bool was = rg->quorum_known && rg->local_quorate;

	rg->quorum_known = true;
	rg->local_quorate = q->quorate && !rg->corosync_gone;
	rg->quorum_ring = q->ring;
	rg->up.n = 0;
	for (unsigned i = 0; i < q->n_nodes; i++)
		rg_ids_add(&rg->up, q->nodes[i]);
	check_quorum_waits(rg);
	if (was && !rg->local_quorate) {
		rg->ready_sent = false;
		clu_out_note(rg->out, CLU_CRIT, "rg.quorum", "cluster", "quorate", "inquorate",
			"quorum dissolved: every service on this node is stopped", NULL);
	} else if (!was && rg->local_quorate) {
		clu_out_note(rg->out, CLU_NOTICE, "rg.quorum", "cluster", "inquorate", "quorate", "quorum gained", NULL);
		/* Whoever brought it may be one of the lost ones, with its rgmanager still on its way. */
		for (unsigned i = 0; i < rg->n_nodes; i++)
			if (rg->nodes[i].lost && rg->nodes[i].lost_how != CLU_LEFT_PROCESS)
				rg->nodes[i].ask_ms = rg->now_ms + RG_ASK_FENCE_MS;
	}
}

void rg_say_quorum(struct rg *rg)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

	const struct rg_node *me = rg_node_find(rg, rg->self);

	if (!rg->admitted || !rg->quorum_known || (!rg->local_quorate && !(me && me->confirmed)))
		return;
	if (rg->said_quorum_view == rg->view_no + 1 && rg->said_quorate == rg->local_quorate)
		return;
	if (rg->local_quorate && rg->quorum_waits.n)
		return;
	/*
	 * A newcomer still has the word of the ring it was alone on. Having no quorum is news only from a node that had
	 * said the contrary.
	 */
	if (!rg->local_quorate && !rg->said_quorum_view)
		return;
	rg->said_quorum_view = rg->view_no + 1;
	rg->said_quorate = rg->local_quorate;
	m.kind = RG_M_QUORUM;
	m.number = rg->view_no;
	m.yes = rg->local_quorate;
	rg_send(rg, &m);
}

/* Historically disabled services do not stay disabled over a loss of quorum; failed and frozen ones do here. */
static void quorum_regained(struct rg *rg)
{
	rg->quorate = true;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->state == RG_DISABLED && !rg->svcs[i]->gone && !(rg->svcs[i]->flags & RG_FLAG_FROZEN))
			rg_svc_fresh(rg, rg->svcs[i], "quorum regained");
	rg_arm_all(rg);
}

static void quorum_lost(struct rg *rg)
{
	rg->quorate = false;
	rg->go = false;
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];
		struct rg_node *n = rg_node_find(rg, s->owner);

		if (rg_state_active(s->state) && n && n->present)
			rg_svc_stop(rg, s, RG_STOPPING, RG_W_FRESH, "quorum dissolved");
		rg_svc_answer(rg, s, RG_EQUORUM, "quorum dissolved");
	}
}

void rg_apply_quorum(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m)
{
	bool yes = false, no = false;

	/*
	 * A node that has just come may hear of its new quorum later than of its new
	 * group; it has nothing to lose, and its "no" says nothing about the others.
	 */
	if (m->yes ? m->number != rg->view_no : !n->confirmed) {
		rg->stats.ignored++;
		return;
	}
	n->confirmed = true;
	n->quorum = m->yes ? 2 : 1;
	if (!m->yes)
		n->ready = false;
	for (unsigned i = 0; i < rg->n_nodes; i++) {
		yes = yes || (rg->nodes[i].present && rg->nodes[i].quorum == 2);
		no = no || (rg->nodes[i].present && rg->nodes[i].quorum == 1);
	}
	if (no && rg->quorate)
		quorum_lost(rg);
	else if (yes && !no && !rg->quorate)
		quorum_regained(rg);
}

void rg_on_fenced(struct rg *rg, const struct clu_peer *p)
{
	Hawser__FencedNews *news;

	if (!p->up || !p->len)
		return;
	news = hawser__fenced_news__unpack(NULL, p->len, p->data);
	if (!news) {
		rg->stats.bad_messages++;
		return;
	}
	/* What kept it from getting ready is over: it gets its time from now on. */
	for (unsigned i = 0; rg->fence && rg->fence->n_victims && !news->n_victims && i < rg->n_nodes; i++)
		if (rg->nodes[i].lost && rg->nodes[i].present)
			rg->nodes[i].ask_ms = rg->now_ms + RG_ASK_FENCE_MS;
	if (rg->fence)
		hawser__fenced_news__free_unpacked(rg->fence, NULL);
	rg->fence = news;
}

/* The number of the newest fencing of a node that we have told; NULL when there is no room for one more. */
static uint64_t *fence_said(struct rg *rg, uint32_t nodeid)
{
	unsigned i = 0;

	while (i < rg->n_fence_said && rg->fence_said[i].nodeid != nodeid)
		i++;
	if (i == RG_MAX_NODES)
		return NULL;
	if (i == rg->n_fence_said) {
		rg->fence_said[i].nodeid = nodeid;
		rg->fence_said[i].seq = 0;
		rg->n_fence_said++;
	}
	return &rg->fence_said[i].seq;
}

/*
 * A service known from a disk only was left by an rgmanager that had been in the fence domain. If its node has not been
 * there since its last fencing, that fencing came later, be it before this group began.
 */
static void say_off(struct rg *rg, const Hawser__FencedDone *d)
{
	struct rg_node *n = rg_node_find(rg, d->nodeid);
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

	if (!d->standing || !strcmp(d->how, "member") || !n || n->present || n->lost || n->off_said ||
		!rg_noted_at(rg, d->nodeid) || !rg_rm_has_fencing(rg->rm, d->nodeid))
		return;
	n->off_said = true;
	m.kind = RG_M_FENCED;
	m.nodeid = d->nodeid;
	m.number = d->seq;
	m.how = d->how;
	m.standing = true;
	rg_send(rg, &m);
}

/*
 * What was fenced before this daemon heard of anything (yes = true) sets the starting point only; what comes after it
 * is news. A fenced that is not in the domain yet still takes over what happened before: that is no news either.
 */
void rg_say_fenced(struct rg *rg)
{
	if (!rg->admitted || !rg->fence)
		return;
	/* Our fenced has met others and took their state: what they have done before is no news of now. */
	if (rg->fence->origin != rg->fence_origin)
		rg->fence_heard = false;
	rg->fence_origin = rg->fence->origin;
	for (size_t i = 0; i < rg->fence->n_done; i++) {
		const Hawser__FencedDone *d = rg->fence->done[i];
		const struct rg_node *n = rg_node_find(rg, d->nodeid);
		uint64_t *said = fence_said(rg, d->nodeid);
		Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

		say_off(rg, d);
		if (!said || d->seq <= *said || (n && d->seq <= n->fence_seq))
			continue;
		*said = d->seq;
		m.kind = RG_M_FENCED;
		m.nodeid = d->nodeid;
		m.number = d->seq;
		m.how = d->how;
		/* A node that has been back since was fenced for an earlier loss than one that is dealt with now. */
		m.yes = !rg->fence_heard || (!d->standing && !CLU_PLANTED(RGM_RETURNED_IS_FENCED));
		rg_send(rg, &m);
	}
	rg->fence_heard = rg->fence_heard || rg->fence->joined;
}

static void off_since_before(struct rg *rg, struct rg_node *n)
{
	if (n->present || n->lost || !rg_noted_at(rg, n->nodeid))
		return;
	n->left_behind = false;
	rg_left_over(rg, n, NULL);
}

void rg_apply_fenced(struct rg *rg, const Hawser__RgMessage *m)
{
	struct rg_node *n = rg_node_get(rg, m->nodeid);
	bool returned = !strcmp(m->how, "member");

	if (n && m->standing) {
		off_since_before(rg, n);
		return;
	}
	if (!n || m->number <= n->fence_seq || (m->yes && n->lost)) {
		rg->stats.ignored++;
		return;
	}
	n->fence_seq = m->number;
	if (m->yes)
		return;
	if (n->lost) {
		/*
		 * That a node returned proves that its cluster software was started anew, not
		 * that its machine was, nor that anything was stopped there: its rgmanager will
		 * say so when it is ready.
		 */
		if (!returned || CLU_PLANTED(RGM_RETURNED_IS_FENCED))
			fenced(rg, n, m->how);
	} else if (n->present && !returned) {
		n->fenced_here = true;
	} else if (!returned) {
		n->left_behind = false;
		rg_left_over(rg, n, NULL);
	}
}

static void ask_fence(struct rg *rg, const struct rg_node *n)
{
	clu_out_fence(rg->out, n->nodeid, n->lost_how == CLU_LEFT_PROCESS ?
		"its rgmanager died and left services behind" : "rgmanager lost it, and its services wait");
}

/*
 * fenced deals with lost machines by itself. A dead rgmanager on a machine that
 * lives it does not see, so the lowest member says it; as a fallback also for a
 * machine that nobody fences.
 */
void rg_ask_fence_due(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes; i++) {
		struct rg_node *n = &rg->nodes[i];

		if (!n->lost || rg->now_ms < n->ask_ms || !rg->admitted || !rg_is_lowest(rg) || !rg->local_quorate ||
			rg->quorum_waits.n)
			continue;
		n->ask_ms = rg->now_ms + RG_ASK_FENCE_MS;
		/* A member that is back does not get ready before everybody who has to be fenced is: that is no fault of its own. */
		if (n->present && rg->fence && rg->fence->n_victims)
			continue;
		if (!fenced_knows(rg, n->nodeid))
			ask_fence(rg, n);
	}
}

void rg_ask_fence_last(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].present && rg->nodes[i].nodeid != rg->self)
			return;
	for (unsigned i = 0; i < rg->n_nodes && rg->local_quorate; i++)
		if (rg->nodes[i].lost && !fenced_will_deal(rg, rg->nodes[i].nodeid))
			ask_fence(rg, &rg->nodes[i]);
}

uint64_t rg_ask_fence_deadline(const struct rg *rg)
{
	uint64_t t = CLU_NEVER;

	if (!rg->admitted || !rg->local_quorate || rg->quorum_waits.n || !rg_is_lowest(rg))
		return CLU_NEVER;
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].lost && rg->nodes[i].ask_ms < t)
			t = rg->nodes[i].ask_ms;
	return t;
}
