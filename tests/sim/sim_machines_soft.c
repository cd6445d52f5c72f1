/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_machines_soft.h"

#define MS 1000u
#define SECOND_US (1000u * MS)
#define LOOK_US (500u * MS)	/* how often it is looked whether a daemon has ended */
#define GIVE_UP_US (120u * SECOND_US)

/* ---- clocks ---- */

const char *const sim_clock_ways[] = { "forwards", "backwards", NULL };

void sim_draw_clock(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_below(&d->dice, 2);
	f->num[1] = (1 + sim_dice_below(&d->dice, sim_dice_chance(&d->dice, 500) ? 10 : 100000000)) * (uint64_t)SECOND_US;
}

bool sim_run_clock(struct sim_world *w, const struct sim_fault *f)
{
	int64_t us = f->num[1] > INT64_C(100000000000000) ? INT64_C(100000000000000) : (int64_t)f->num[1];
	int64_t *wall_us = &w->node[f->node].wall_us;

	sim_trace(w, "n%u: the time of day jumps %s", f->node, sim_clock_ways[f->num[0]]);
	*wall_us += f->num[0] ? -us : us;
	/* Within what can be written: some years around the present. */
	if (*wall_us > INT64_C(300000000000000) || *wall_us < -INT64_C(300000000000000))
		*wall_us = 0;
	return w->node[f->node].power;
}

void sim_draw_pause(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = (500 + sim_dice_below(&d->dice, 20000)) * MS;
	f->num[1] = (1 + sim_dice_below(&d->dice, 10)) * (uint64_t)3600 * SECOND_US;
}

bool sim_run_pause(struct sim_world *w, const struct sim_fault *f)
{
	struct sim_node *n = &w->node[f->node];

	if (!n->power || n->hung)
		return false;
	sim_node_hang(w, f->node, f->num[0]);
	sim_clock_ahead(w, f->node, f->num[1] / 1000);
	return true;
}

/* ---- leaving in order ---- */

static void fire_return(struct sim_world *w, struct sim_event *e)
{
	w->node[e->node].leaving = false;
	sim_corosync_starts(w, e->node);
}

/* Calls off: what has ended is started again. */
static void stay(struct sim_world *w, unsigned node)
{
	w->node[node].leaving = false;
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		sim_daemon_restart_later(w, node, (enum sim_daemon_kind)k);
}

static void fire_leave(struct sim_world *w, struct sim_event *e)
{
	static const enum sim_daemon_kind order[] = { SIM_RGM, SIM_FENCED, SIM_QDISKD, SIM_CMAND, SIM_CCSD };
	struct sim_node *n = &w->node[e->node];
	struct sim_event *next;

	/* Without corosync all come back by themselves. */
	if (!n->corosync) {
		n->leaving = false;
		return;
	}
	if (w->now_us > n->leave_until) {
		stay(w, e->node);
		return;
	}
	for (unsigned i = 0; i < SIM_NDAEMONS; i++) {
		if (!n->d[order[i]].up)
			continue;
		if ((unsigned)e->value <= i)
			sim_daemon_stop(w, e->node, order[i]);
		next = sim_at(w, LOOK_US, fire_leave, e->node, NULL, 0);
		next->boot = e->boot;
		next->id = e->id;
		next->value = (int)i + 1;
		return;
	}
	sim_trace(w, "n%u leaves the cluster", e->node);
	sim_corosync_leaves(w, e->node);
	next = sim_at(w, e->id, fire_return, e->node, NULL, 0);
	next->boot = e->boot;
}

void sim_draw_leave(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = (500 + sim_dice_below(&d->dice, 30000)) * MS;
}

bool sim_run_leave(struct sim_world *w, const struct sim_fault *f)
{
	struct sim_node *n = &w->node[f->node];
	struct sim_event *e;

	if (!n->power || !n->corosync || n->leaving)
		return false;
	sim_trace(w, "n%u is to leave", f->node);
	n->leaving = true;
	n->leave_until = w->now_us + GIVE_UP_US;
	e = sim_at(w, 1, fire_leave, f->node, NULL, 0);
	e->boot = n->boot;
	e->id = f->num[0];
	return true;
}

/* ---- versions ---- */

const char *const sim_versions[] = { "older", "newer", NULL };

void sim_draw_version(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_below(&d->dice, 3) != 0;
}

bool sim_run_version(struct sim_world *w, const struct sim_fault *f)
{
	bool other = w->node[f->node].newer != (f->num[0] != 0);

	if (other)
		sim_trace(w, "n%u has the %s version installed", f->node, sim_versions[f->num[0]]);
	w->node[f->node].newer = f->num[0] != 0;
	return other;
}

bool sim_run_upgrade(struct sim_world *w, const struct sim_fault *f)
{
	w->node[f->node].newer = true;
	return sim_run_leave(w, f);
}
