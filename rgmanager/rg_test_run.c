/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "rg_test_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qb/qbloop.h>

#include "clu_child.h"
#include "rg_agent_env.h"

struct run {
	qb_loop_t *loop;
	struct clu_child_end end;
	char tail[1024];
};

static void ended(void *ctx, const struct clu_child_end *e)
{
	struct run *r = ctx;

	r->end = *e;
	snprintf(r->tail, sizeof(r->tail), "%s", e->tail ? e->tail : "");
	qb_loop_stop(r->loop);
}

/* One program to its end. 0, or what went wrong as a number above 0. */
static int run_agent(const struct rg_inst *i, const struct rg_meta_action *a, bool check)
{
	const char *argv[] = { i->meta->path, a->name, NULL };
	struct run r = { .loop = qb_loop_create() };
	struct clu_children *children = r.loop ? clu_children_new(r.loop, ended, &r) : NULL;
	struct rg_agent_env env;
	struct clu_run run = { .id = 1, .argv = argv, .deadline_ms = rg_agent_deadline_ms(i, a, check) };
	int code = 255;

	if (children && rg_agent_env_fill(&env, i, a, 0) == 0) {
		run.env = rg_agent_env_list(&env);
		clu_children_run(children, &run);
		qb_loop_run(r.loop);
		code = r.end.exit_code >= 0 ? r.end.exit_code : 255;
		rg_agent_env_done(&env);
	}
	if (*r.tail)
		printf("%s%s", r.tail, r.tail[strlen(r.tail) - 1] == '\n' ? "" : "\n");
	if (code)
		printf("%s on %s returned %d%s\n", a->name, i->key, code, r.end.timed_out ? " (it did not end in time)" : "");
	clu_children_free(children);
	if (r.loop)
		qb_loop_destroy(r.loop);
	return code;
}

static int deepest_check(const struct rg_inst *i)
{
	unsigned index[RG_MAX_CHECKS];
	unsigned n = rg_inst_checks(i, index);
	int best = -1;

	for (unsigned k = 0; k < n; k++)
		if (best < 0 || i->actions[index[k]].depth > i->actions[best].depth)
			best = (int)index[k];
	return best;
}

static void result(const struct rg_inst *i, const char *op, bool good)
{
	const char *name = strchr(i->key, ':') + 1;

	if (!strcmp(op, "start"))
		printf(good ? "Start of %s complete\n" : "Failed to start %s\n", name);
	else if (!strcmp(op, "status"))
		printf(good ? "Status of %s is good\n" : "Status check of %s failed\n", name);
	else if (good)
		printf("Stop of %s complete\n", name);
}

int rg_test_run(struct rg_inst *i, const char *op, bool noop)
{
	struct rg_plan p = { 0 };
	bool check = !strcmp(op, "status"), stop = !strcmp(op, "stop"), good = true;

	printf("%s %s...\n", check ? "Checking status of" : stop ? "Stopping" : "Starting", strchr(i->key, ':') + 1);
	if (check)
		rg_plan_order(&p, i);
	else if (stop)
		rg_plan_stop(&p, i);
	else
		rg_plan_start(&p, i);
	for (unsigned k = 0; k < p.n && (good || stop); k++) {
		int action = check ? deepest_check(p.steps[k].inst) : p.steps[k].action;

		if (action < 0)
			continue;
		printf("[%s] %s\n", op, p.steps[k].inst->key);
		fflush(stdout);
		if (!noop && run_agent(p.steps[k].inst, &p.steps[k].inst->actions[action], check) != 0)
			good = false;
	}
	good = good && !p.error;
	rg_plan_free(&p);
	result(i, op, good);
	return good ? 0 : check ? 1 : 255;
}
