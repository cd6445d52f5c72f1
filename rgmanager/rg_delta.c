/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_delta.h"

#include <string.h>

enum difference { EQUAL, RECONFIG_ONLY, DIFFERENT };

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* A parameter that came, went or changed; reconfigurable ones do not need a restart. Inherited values do not count. */
static enum difference compare(const struct rg_inst *a, const struct rg_inst *b)
{
	enum difference d = EQUAL;

	for (unsigned k = 0; k < b->meta->n_params; k++) {
		const struct rg_value *new = &b->values[k];
		const char *old = NULL;

		for (unsigned j = 0; j < a->meta->n_params; j++)
			if (a->values[j].own && !strcmp(a->values[j].name, new->name))
				old = a->values[j].value;
		if (same_text(old, new->own ? new->value : NULL))
			continue;
		if (!b->meta->params[k].reconfig)
			return DIFFERENT;
		d = RECONFIG_ONLY;
	}
	return d;
}

static struct rg_inst *sibling(struct rg_inst *list, const char *key, bool unmarked)
{
	for (; list; list = list->next)
		if (!strcmp(list->key, key) && !(unmarked && list->need_stop))
			return list;
	return NULL;
}

static void keep_state(const struct rg_inst *old, struct rg_inst *now)
{
	now->state = old->state;
	memcpy(now->check_ms, old->check_ms, sizeof(now->check_ms));
	memcpy(now->failures.stamp_ms, old->failures.stamp_ms, sizeof(old->failures.stamp_ms));
	now->failures.n = old->failures.n;
	memcpy(now->restarts.stamp_ms, old->restarts.stamp_ms, sizeof(old->restarts.stamp_ms));
	now->restarts.n = old->restarts.n;
}

/* What was switched off stays so, and all that is new below it, until somebody asks for it (clusvcadm -c, a new start). */
static void stay_off(struct rg_inst *now)
{
	for (struct rg_inst *i = now; i; i = rg_inst_walk(now, i))
		i->state = RG_I_DISABLED;
}

static void walk(struct rg_inst *old, struct rg_inst *now, bool *any)
{
	for (struct rg_inst *o = old->child; o; o = o->next) {
		struct rg_inst *n = sibling(now->child, o->key, false);

		if (!n || compare(o, n) == DIFFERENT)
			o->need_stop = *any = true;
	}
	for (struct rg_inst *n = now->child; n; n = n->next) {
		struct rg_inst *o = sibling(old->child, n->key, true), *was = sibling(old->child, n->key, false);

		if (!o && (now->state == RG_I_DISABLED || (was && was->state == RG_I_DISABLED))) {
			stay_off(n);
			*any = true;
			continue;
		}
		if (!o) {
			n->need_start = *any = true;
			continue;
		}
		if (compare(o, n) == RECONFIG_ONLY)
			n->reconfig = *any = true;
		keep_state(o, n);
		walk(o, n, any);
	}
}

static void plan_down(struct rg_plan *p, const struct rg_plan *order)
{
	/* Backwards in start order: what was started last goes first. walk() marks nothing below what it marks. */
	for (unsigned k = order->n; k--;)
		if (order->steps[k].inst->need_stop)
			rg_plan_stop(p, order->steps[k].inst);
}

static void plan_up(struct rg_plan *p, const struct rg_plan *order)
{
	for (unsigned k = 0; k < order->n; k++) {
		struct rg_inst *i = order->steps[k].inst;
		bool above = false;

		for (const struct rg_inst *a = i->parent; a; a = a->parent)
			above = above || a->need_start;
		if (above)
			continue;
		if (i->need_start)
			rg_plan_start(p, i);
		else if (i->reconfig)
			rg_plan_add(p, i, RG_STEP_RECONFIG, "reconfig");
	}
}

/* A tree that was the new one of the last comparison still has its marks. */
static void unmark(struct rg_inst *tree)
{
	for (struct rg_inst *i = tree; i; i = rg_inst_walk(tree, i))
		i->need_stop = i->need_start = i->reconfig = false;
}

enum rg_delta_kind rg_delta(struct rg_inst *old, struct rg_inst *now, struct rg_plan *ret_down, struct rg_plan *ret_up)
{
	struct rg_plan order = { 0 };
	enum difference d = compare(old, now);
	bool any = d == RECONFIG_ONLY;

	unmark(old);
	if (d == DIFFERENT) {
		old->need_stop = now->need_start = true;
		return RG_WHOLE;
	}
	now->reconfig = d == RECONFIG_ONLY;
	keep_state(old, now);
	walk(old, now, &any);
	rg_plan_order(&order, old);
	plan_down(ret_down, &order);
	ret_down->error = ret_down->error ? ret_down->error : order.error;
	rg_plan_free(&order);
	rg_plan_order(&order, now);
	plan_up(ret_up, &order);
	ret_up->error = ret_up->error ? ret_up->error : order.error;
	rg_plan_free(&order);
	return any ? RG_PARTS : RG_SAME;
}
