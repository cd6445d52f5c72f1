/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An rgmanager that ends in order: what it stops, what it leaves running, and who has to know that first. */
#include <stdio.h>

#include "clu_planted.h"
#include "rg_priv.h"

bool rg_is_left_alone(const struct rg_svc *s)
{
	return s->flags & RG_FLAG_FROZEN && s->state == RG_STARTED;
}

/* Is there a member that stays, and will know where frozen services run? */
static bool anyone_stays(const struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].present && !rg->nodes[i].leaving)
			return true;
	return false;
}

/*
 * A frozen service runs on while another rgmanager knows of it. When the last one leaves, those that come later would
 * start it elsewhere: where there still is an rgmanager, it is stopped. What runs on where there is none any more
 * nobody can stop; the operator is told.
 */
static void nobody_stays(struct rg *rg, const struct rg_node *last)
{
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];
		const struct rg_node *owner = rg_node_find(rg, s->owner);

		if (rg_is_left_alone(s) && owner && owner->present)
			rg_svc_stop(rg, s, RG_STOPPING, RG_W_RELOCATE, "it is frozen, but no rgmanager is left that would know where "
				"it runs");
	}
	for (unsigned i = 0; i < rg->n_nodes && last->nodeid == rg->self; i++)
		if (rg->nodes[i].left_behind)
			rg_note_node(rg, CLU_WARNING, "rg.forgotten", rg->nodes[i].nodeid, "", "", "frozen services run on there, and with "
				"this rgmanager the last one ends that knows it: it is written down here, but a cluster that begins anew "
				"without this node would start them elsewhere; start rgmanager there first");
}

void rg_apply_leaving(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m)
{
	n->leaving = true;
	n->ready = false;
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];

		if (s->owner == n->nodeid && rg_is_left_alone(s) && m->yes)
			rg_svc_stop(rg, s, RG_STOPPING, RG_W_RELOCATE, "it is frozen, but nobody could write down where it runs");
		if (s->owner != n->nodeid || rg_is_left_alone(s) || s->state == RG_STOPPING || s->state == RG_RECOVERABLE ||
			!rg_state_active(s->state))
			continue;
		rg_svc_stop(rg, s, RG_STOPPING, RG_W_RELOCATE, "its node shuts rgmanager down");
	}
	if (!anyone_stays(rg))
		nobody_stays(rg, n);
}

bool rg_nothing_here(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		const struct rg_svc *s = rg->svcs[i];

		if (s->local.op.kind || (s->local.active && !s->local.stop_failed && (!rg_is_left_alone(s) || rg->corosync_gone)))
			return false;
		/* In order, the group has to agree; alone, only what runs here counts. */
		if (!rg->corosync_gone && s->owner == rg->self && rg_state_active(s->state) && !rg_is_left_alone(s))
			return false;
		/* What is on its way here is stopped when it has arrived. */
		if (!rg->corosync_gone && s->moving == rg->self && s->state != RG_FAILED && !(s->flags & RG_FLAG_FROZEN))
			return false;
	}
	return true;
}

static bool is_leftover(const struct rg_svc *s)
{
	return s->local.active && s->local.stop_failed && s->state == RG_FAILED;
}

/*
 * What could not be stopped is tried once more before nobody here looks after it: others know of it, but only until they
 * are lost themselves. true while that goes on.
 */
static bool last_try(struct rg *rg)
{
	bool any = false;

	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];

		if (s->local.last_try || !is_leftover(s))
			continue;
		s->local.last_try = any = true;
		rg_op_begin(rg, s, RG_OP_STOP, 0);
		rg_op_run(rg, s);
	}
	return any && !rg_nothing_here(rg);
}

/*
 * What could not be stopped may be active here. The other members know it; without any, the next rgmanager of the
 * cluster would know nothing, and start it elsewhere.
 */
static bool leaves_untold_leftover(const struct rg *rg)
{
	bool left = false;

	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].present && rg->nodes[i].nodeid != rg->self)
			return false;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		left |= is_leftover(rg->svcs[i]);
	return left;
}

static bool leaves_frozen(const struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg_is_left_alone(rg->svcs[i]) && rg->svcs[i]->owner == rg->self)
			return true;
	return false;
}

/* false: a member that stays has not written it down yet; ret_stays: there is one at all. */
static bool all_have_kept(const struct rg *rg, bool *ret_stays)
{
	bool all = true;

	*ret_stays = false;
	for (unsigned i = 0; i < rg->n_nodes; i++) {
		const struct rg_node *n = &rg->nodes[i];

		if (!n->present || n->leaving || n->nodeid == rg->self)
			continue;
		*ret_stays = true;
		all = all && rg_ids_has(&rg->kept, n->nodeid);
	}
	return all;
}

/*
 * What runs on here stands on the disks of those that stay before this daemon is gone: they may crash in the next
 * moment. Disks that hang or are full are not waited for long; what is on none is stopped, if it can be.
 */
static bool others_know(struct rg *rg)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	bool stays, all = all_have_kept(rg, &stays);

	if (!rg_left_by(rg, rg->self) || CLU_PLANTED(RGM_LEAVES_UNKEPT))
		return true;
	if (!rg->keep_by_ms)
		rg->keep_by_ms = rg->now_ms + RG_KEEP_MS;
	if (stays && !all && rg->now_ms < rg->keep_by_ms)
		return false;
	if (rg->kept.n || !leaves_frozen(rg))
		return true;
	if (!rg->stop_asked) {
		m.kind = RG_M_LEAVING;
		m.yes = true;
		rg_send(rg, &m);
	}
	rg->stop_asked = true;
	return false;
}

uint64_t rg_leave_deadline(const struct rg *rg)
{
	return rg->keep_by_ms && !rg->exiting && !rg->stop_asked && rg->now_ms < rg->keep_by_ms ? rg->keep_by_ms : CLU_NEVER;
}

void rg_say_leaving(struct rg *rg)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	struct rg_node *me = rg_node_find(rg, rg->self);

	if (!rg->shutdown || rg->exiting)
		return;
	if (rg->admitted && (!me || !me->leaving)) {
		if (!rg->leave_asked) {
			m.kind = RG_M_LEAVING;
			rg_send(rg, &m);
		}
		rg->leave_asked = true;
		return;
	}
	if (!rg_nothing_here(rg) || (rg->admitted && (last_try(rg) || !others_know(rg))))
		return;
	rg->exiting = true;
	rg_ask_fence_last(rg);
	if (rg->admitted && leaves_untold_leftover(rg))
		clu_out_fatal(rg->out, CLU_FATAL_RESET, "a service here could not be stopped, and no other rgmanager is left "
			"that knows it: the machine is reset. Disable what has failed first (clusvcadm -d) to avoid that");
	else if (rg->admitted)
		clu_out_leave(rg->out);
	else
		clu_out_exit(rg->out);
}
