/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which the resources of a tree are started, stopped and checked; windows; the tree as text. */
#include "rg_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int rg_inst_action(const struct rg_inst *i, const char *name)
{
	for (unsigned k = 0; k < i->n_actions; k++)
		if (!strcmp(i->actions[k].name, name))
			return (int)k;
	return -1;
}

unsigned rg_inst_checks(const struct rg_inst *i, unsigned *ret_index)
{
	const char *name = i->meta->ocf ? "monitor" : "status";
	unsigned n = 0;

	for (unsigned k = 0; k < i->n_actions && n < RG_MAX_CHECKS; k++)
		if (!strcmp(i->actions[k].name, name))
			ret_index[n++] = k;
	return n;
}

const char *rg_step_name(enum rg_step_kind kind)
{
	static const char *const names[] = {
		[RG_STEP_START] = "start", [RG_STEP_STOP] = "stop", [RG_STEP_CHECK] = "status", [RG_STEP_RECONFIG] = "reconfig",
		[RG_STEP_RECOVER] = "recover", [RG_STEP_MIGRATE] = "migrate",
	};

	return names[kind];
}

void rg_plan_add(struct rg_plan *p, struct rg_inst *i, enum rg_step_kind kind, const char *action)
{
	if (p->n == p->cap) {
		unsigned cap = p->cap ? p->cap * 2 : 16;
		struct rg_step *s = realloc(p->steps, cap * sizeof(*s));

		if (!s) {
			p->error = -ENOMEM;
			return;
		}
		p->steps = s;
		p->cap = cap;
	}
	p->steps[p->n++] = (struct rg_step){ .inst = i, .kind = kind, .action = action ? rg_inst_action(i, action) : -1 };
}

void rg_plan_free(struct rg_plan *p)
{
	free(p->steps);
	memset(p, 0, sizeof(*p));
}

typedef void visit_fn(struct rg_plan *p, struct rg_inst *i);

/* Children of one type, backwards if asked. */
static void visit_type(struct rg_plan *p, struct rg_inst *first, const char *type, bool backwards, visit_fn *fn)
{
	if (!first)
		return;
	if (backwards)
		visit_type(p, first->next, type, backwards, fn);
	if (!strcmp(first->meta->type, type))
		fn(p, first);
	if (!backwards)
		visit_type(p, first->next, type, backwards, fn);
}

static unsigned level_of(const struct rg_inst *c, bool stop)
{
	const struct rg_meta_child *t = rg_meta_child(c->parent->meta, c->meta->type);

	return !t ? 0 : stop ? t->stop : t->start;
}

static void visit_levels(struct rg_plan *p, struct rg_inst *i, bool stop, visit_fn *fn)
{
	const struct rg_meta *m = i->meta;

	for (unsigned level = 1; level <= RG_MAX_LEVEL; level++)
		for (unsigned k = 0; k < m->n_children; k++)
			if ((stop ? m->children[k].stop : m->children[k].start) == level)
				visit_type(p, i->child, m->children[k].type, stop, fn);
}

/* Children without a level for this direction. One with a start level alone is stopped among these. */
static void visit_unlevelled(struct rg_plan *p, struct rg_inst *c, bool stop, visit_fn *fn)
{
	if (!c)
		return;
	if (stop)
		visit_unlevelled(p, c->next, stop, fn);
	if (!level_of(c, stop))
		fn(p, c);
	if (!stop)
		visit_unlevelled(p, c->next, stop, fn);
}

void rg_plan_start(struct rg_plan *p, struct rg_inst *i)
{
	rg_plan_add(p, i, RG_STEP_START, "start");
	visit_levels(p, i, false, rg_plan_start);
	visit_unlevelled(p, i->child, false, rg_plan_start);
}

void rg_plan_order(struct rg_plan *p, struct rg_inst *i)
{
	rg_plan_add(p, i, RG_STEP_CHECK, NULL);
	visit_levels(p, i, false, rg_plan_order);
	visit_unlevelled(p, i->child, false, rg_plan_order);
}

void rg_plan_stop(struct rg_plan *p, struct rg_inst *i)
{
	visit_unlevelled(p, i->child, true, rg_plan_stop);
	visit_levels(p, i, true, rg_plan_stop);
	rg_plan_add(p, i, RG_STEP_STOP, "stop");
}

static void window_expire(struct rg_window *w, uint64_t now_ms)
{
	unsigned keep = 0;

	for (unsigned i = 0; i < w->n; i++)
		if (!w->expire_s || now_ms - w->stamp_ms[i] < (uint64_t)w->expire_s * 1000)
			w->stamp_ms[keep++] = w->stamp_ms[i];
	w->n = keep;
}

bool rg_window_exceeded(struct rg_window *w, uint64_t now_ms)
{
	unsigned room = sizeof(w->stamp_ms) / sizeof(w->stamp_ms[0]);

	window_expire(w, now_ms);
	return w->max && w->n >= (w->max < room ? w->max : room);
}

void rg_window_add(struct rg_window *w, uint64_t now_ms)
{
	unsigned room = sizeof(w->stamp_ms) / sizeof(w->stamp_ms[0]);

	if (w->n == room) {
		memmove(w->stamp_ms, w->stamp_ms + 1, (room - 1) * sizeof(w->stamp_ms[0]));
		w->n--;
	}
	w->stamp_ms[w->n++] = now_ms;
}

static void print_flags(const struct rg_inst *i, struct clu_buf *ret)
{
	const struct { bool on; const char *text; } flags[] = {
		{ i->is_inline, "INLINE" }, { i->need_stop, "NEEDSTOP" }, { i->need_start, "NEEDSTART" },
		{ i->independent != RG_DEPENDENT, "INDEPENDENT" }, { i->reconfig, "RECONFIG" },
		{ i->enforce_timeouts, "ENFORCE-TIMEOUTS" }, { i->independent == RG_NON_CRITICAL, "NON-CRITICAL" },
	};
	bool any = false;

	for (unsigned k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
		/* INLINE alone is the ordinary case and says nothing. */
		if (!flags[k].on || k == 0)
			continue;
		clu_buf_printf(ret, "%s%s", any ? " " : " [ ", flags[k].text);
		any = true;
	}
	if (any)
		clu_buf_str(ret, " ]");
}

static void print_inst(const struct rg_inst *i, unsigned depth, struct clu_buf *ret)
{
	int pad = (int)depth * 2;

	clu_buf_printf(ret, "%*s%s", pad, "", i->meta->type);
	print_flags(i, ret);
	clu_buf_printf(ret, " (S%d) {\n", i->state);
	for (unsigned k = 0; k < i->meta->n_params; k++)
		if (i->values[k].value || i->meta->params[k].inherit)
			clu_buf_printf(ret, "%*s%s = \"%s\";\n", pad + 2, "", i->values[k].name,
				i->values[k].value ? i->values[k].value : "(null)");
	for (const struct rg_inst *c = i->child; c; c = c->next)
		print_inst(c, depth + 1, ret);
	clu_buf_printf(ret, "%*s}\n", pad, "");
}

void rg_tree_print(const struct rg_inst *root, struct clu_buf *ret)
{
	print_inst(root, 0, ret);
}
