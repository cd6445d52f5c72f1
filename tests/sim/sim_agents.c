/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_agents.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim_power.h"

#define MS 1000u
#define DEFAULT_GRACE_MS 5000
#define LEFTOVER_MS 8000	/* what a start left behind becomes active within this time, or never */

/* A resource on one node. */
struct sim_res {
	struct sim_res *next;
	char name[128];
	uint64_t downs;		/* counts what ended it: an activation from before that is void */
};

static struct sim_child *child_find(struct sim_node *n, enum sim_daemon_kind k, uint64_t id)
{
	for (unsigned i = 0; i < SIM_MAX_CHILDREN; i++)
		if (n->child[i].used && n->child[i].daemon == k && n->child[i].id == id)
			return &n->child[i];
	return NULL;
}

void sim_agents_set(struct sim_world *w, unsigned node, enum sim_agents_state state)
{
	static const char *const names[SIM_NAGENTS_STATES] = { "well", "slow", "failing", "stuck" };

	if (w->node[node].agents == state)
		return;
	w->node[node].agents = state;
	sim_trace(w, "resource agents of n%u are %s", node, names[state]);
}

/* ---- resources ---- */

static struct sim_res *res_get(struct sim_node *n, const char *name)
{
	struct sim_res *r = n->res;

	while (r && strcmp(r->name, name) != 0)
		r = r->next;
	if (r)
		return r;
	r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	snprintf(r->name, sizeof(r->name), "%s", name);
	r->next = n->res;
	n->res = r;
	return r;
}

void sim_agents_free(struct sim_node *n)
{
	while (n->res) {
		struct sim_res *r = n->res;

		n->res = r->next;
		free(r);
	}
}

static void goes_down(struct sim_world *w, unsigned node, const char *name)
{
	res_get(&w->node[node], name)->downs++;
	sim_check_resource(w, node, name, false);
}

static void fire_down(struct sim_world *w, struct sim_event *e)
{
	goes_down(w, e->node, e->data);
}

static void fire_active(struct sim_world *w, struct sim_event *e)
{
	if (res_get(&w->node[e->node], e->data)->downs == e->id)
		sim_check_resource(w, e->node, e->data, true);
}

/* Whoever began it may be gone then; only the node's power, or a stop that goes well, prevents it. */
static void active_in(struct sim_world *w, unsigned node, const char *name, uint64_t in_us)
{
	struct sim_event *e = sim_at(w, in_us, fire_active, node, name, strlen(name) + 1);

	e->boot = w->node[node].boot;
	e->id = res_get(&w->node[node], name)->downs;
}

bool sim_resource_dies(struct sim_world *w, const char *name)
{
	bool any = false;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		if (!w->node[i].power || !sim_resource_active(w, i, name))
			continue;
		sim_trace(w, "n%u %s dies by itself", i, name);
		sim_check_resource(w, i, name, false);
		any = true;
	}
	return any;
}

/* ---- the end of a program ---- */

/* Of two outlets, the first that is off has cut nothing yet. */
static bool was_cut(const struct sim_world *w, const struct sim_ending *end)
{
	const struct sim_node *v = &w->node[end->victim];

	return !end->is_outlet || !v->power || v->boot != end->victim_boot;
}

/* A migration needs both machines until its very end; one that fails leaves the resource where it was. */
static void migrate(struct sim_world *w, unsigned node, struct sim_ending *end)
{
	const struct sim_node *to = &w->node[end->migrate_to];

	if (!to->power || to->hung || to->side != w->node[node].side || !sim_resource_active(w, node, end->resource)) {
		end->exit_code = 1;
		return;
	}
	goes_down(w, node, end->resource);
	sim_check_resource(w, end->migrate_to, end->resource, true);
}

static void fire_child_end(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];
	struct sim_child *c = child_find(n, e->daemon, e->id);
	struct sim_ending *end = e->data;
	struct clu_event ev = { .type = CLU_EV_CHILD };

	if (!c || c->gen != end->gen)
		return;
	if (end->victim) {
		if (!end->is_over)
			end->has_cut = end->exit_code == 0 && was_cut(w, end);
		sim_check_fence_end(w, e->node, end->victim, end->has_cut);
		if (end->has_cut)
			w->fenced_by[end->victim] |= SIM_BIT(e->node);
	}
	if (end->migrate_to && end->exit_code == 0)
		migrate(w, e->node, end);
	if (end->goes_down)
		goes_down(w, e->node, end->resource);
	if (n->d[e->daemon].hung && n->d[e->daemon].hung_until > w->now_us) {
		struct sim_event *told;

		/* It has ended; who had it run hears of that when it goes on. */
		end->is_over = true;
		end->migrate_to = 0;
		end->goes_down = false;
		told = sim_at(w, n->d[e->daemon].hung_until - w->now_us, fire_child_end, e->node, end, sizeof(*end));
		told->daemon = e->daemon;
		told->id = e->id;
		told->boot = e->boot;
		told->life = e->life;
		return;
	}
	c->used = false;
	ev.u.child.id = e->id;
	ev.u.child.exit_code = end->exit_code;
	ev.u.child.term_signal = end->term_signal;
	ev.u.child.timed_out = end->timed_out;
	ev.u.child.start_error = end->start_error;
	ev.u.child.ran_ms = end->ran_ms;
	ev.u.child.tail = end->exit_code == 0 ? "" : "simulated failure";
	sim_deliver(w, e->node, e->daemon, &ev);
}

static void end_in(struct sim_world *w, unsigned node, enum sim_daemon_kind k, uint64_t id, uint64_t in_us,
	struct sim_ending *end)
{
	struct sim_event *e;

	end->ran_ms = (uint32_t)(in_us / MS);
	e = sim_at(w, in_us, fire_child_end, node, end, sizeof(*end));
	e->daemon = k;
	e->id = id;
	e->boot = w->node[node].boot;
	e->life = w->node[node].d[k].life;
	e->on_time = true;
}

void sim_ended_by_signal(struct sim_world *w, uint32_t grace_ms, struct sim_ending *end, uint64_t *ret_took_us,
	uint64_t at_us)
{
	bool heeds = sim_chance(w, 700);

	end->exit_code = -1;
	end->term_signal = heeds ? 15 : 9;
	*ret_took_us = at_us + (heeds ? 1000 + sim_rnd(w, 20000) : (grace_ms ? grace_ms : DEFAULT_GRACE_MS) * MS);
}

/* ---- resource agents ---- */

static const char *env_value(const struct clu_run *run, const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; run->env && run->env[i]; i++)
		if (strncmp(run->env[i], name, n) == 0 && run->env[i][n] == '=')
			return run->env[i] + n + 1;
	return NULL;
}

enum luck { LUCK_GOOD, LUCK_FAILS, LUCK_HANGS };

static enum luck luck_of(struct sim_world *w, const struct sim_node *n, unsigned fails_per_mille)
{
	unsigned luck = (unsigned)sim_rnd(w, 1000);
	unsigned hangs = n->agents == SIM_AGENTS_STUCK ? 200 : 10;

	if (w->calm)
		return LUCK_GOOD;
	if (n->agents == SIM_AGENTS_FAILING)
		fails_per_mille = 250;
	return luck < fails_per_mille ? LUCK_FAILS : luck >= 1000 - hangs ? LUCK_HANGS : LUCK_GOOD;
}

static void run_start(struct sim_world *w, unsigned node, struct sim_ending *end, uint64_t took_us, enum luck luck)
{
	const char *name = end->resource;
	unsigned how = (unsigned)sim_rnd(w, 100);

	w->stats.starts++;
	if (luck == LUCK_GOOD ? how < 80 : how < 50)
		sim_check_resource(w, node, name, true);
	else if (luck == LUCK_GOOD)
		active_in(w, node, name, sim_rnd(w, took_us));
	else if (how < 75)	/* what it began goes on without it */
		active_in(w, node, name, took_us + sim_rnd(w, LEFTOVER_MS) * MS);
}

static void run_stop(struct sim_world *w, unsigned node, struct sim_ending *end, uint64_t took_us, enum luck luck)
{
	unsigned how = (unsigned)sim_rnd(w, 100);

	w->stats.stops++;
	/* One that fails has stopped it nevertheless, or not. */
	end->goes_down = luck == LUCK_GOOD || how < 50;
	if (end->goes_down && how < 20) {
		struct sim_event *e = sim_at(w, sim_rnd(w, took_us), fire_down, node, end->resource,
			strlen(end->resource) + 1);

		e->boot = w->node[node].boot;
	}
}

/* 0: no such node. */
static unsigned named(const struct sim_world *w, const char *name)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (name && strcmp(w->node[i].name, name) == 0)
			return i;
	return 0;
}

static void run_resource_agent(struct sim_world *w, unsigned node, const struct clu_run *run, struct sim_ending *end,
	uint64_t *took_us)
{
	const char *op = run->argv[1] ? run->argv[1] : "";
	const char *type = env_value(run, "OCF_RESOURCE_TYPE"), *name = env_value(run, "OCF_RESKEY_name");
	const char *service = env_value(run, "OCF_RESKEY_service");
	const struct sim_node *n = &w->node[node];
	bool start = strcmp(op, "start") == 0, stop = strcmp(op, "stop") == 0;
	enum luck luck = luck_of(w, n, start ? 40 : stop ? 10 : 3);

	if (!name)
		name = env_value(run, "OCF_RESKEY_address");
	/* What may stand in several services is told apart by them. */
	if (service)
		snprintf(end->resource, sizeof(end->resource), "%s:%.40s@%.40s", type ? type : "?", name ? name : "?", service);
	else
		snprintf(end->resource, sizeof(end->resource), "%s:%s", type ? type : "?", name ? name : "?");
	*took_us = 1000 + sim_rnd(w, start || stop ? 200000 : 50000);
	if (n->agents == SIM_AGENTS_SLOW)
		*took_us += sim_rnd(w, run->deadline_ms + run->deadline_ms / 8) * MS;
	if (*took_us >= (uint64_t)run->deadline_ms * MS)
		luck = LUCK_HANGS;
	if (luck == LUCK_HANGS) {
		end->timed_out = true;
		sim_ended_by_signal(w, run->grace_ms, end, took_us, (uint64_t)run->deadline_ms * MS);
		if (n->agents == SIM_AGENTS_STUCK) {
			end->term_signal = 9;
			*took_us = (uint64_t)(run->deadline_ms + (run->grace_ms ? run->grace_ms : DEFAULT_GRACE_MS)) * MS;
		}
	}
	if (luck != LUCK_GOOD)
		w->stats.agent_failures++;
	if (luck == LUCK_FAILS)
		end->exit_code = 1;
	if (start) {
		sim_check_start(w, node, end->resource, run->id);
		run_start(w, node, end, *took_us, luck);
	} else if (stop) {
		run_stop(w, node, end, *took_us, luck);
	} else if (strcmp(op, "migrate") == 0) {
		end->migrate_to = named(w, run->argv[2]);
		end->exit_code = end->migrate_to ? end->exit_code : 1;
	} else if (luck == LUCK_GOOD) {
		end->exit_code = sim_resource_active(w, node, end->resource) ? 0 : 7;
	}
	if (end->exit_code != 0)
		sim_check_agent_failed(w, end->resource, op);
}

/* ---- programs ---- */

void sim_run_program(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_run *run)
{
	struct sim_node *n = &w->node[node];
	struct sim_ending end = { 0 };
	uint64_t took_us;

	if (!run->argv || !run->argv[0] || run->deadline_ms == 0) {
		sim_fail(w, "node %u: a program was to be run without a name or a deadline", node);
		return;
	}
	if (w->hooks && w->hooks->run) {
		w->hooks->run(w->hooks->ctx, node, k, run);
		return;
	}
	if (child_find(n, k, run->id)) {
		sim_fail(w, "node %u: child id %" PRIu64 " is in use", node, run->id);
		return;
	}
	for (unsigned i = 0; i < SIM_MAX_CHILDREN; i++) {
		struct sim_child *c = &n->child[i];

		if (c->used)
			continue;
		end.gen = ++w->seq;
		*c = (struct sim_child){ .used = true, .id = run->id, .gen = end.gen, .daemon = k, .grace_ms = run->grace_ms };
		if (k == SIM_FENCED) {
			end.victim = c->victim = sim_power_agent(w, node, run, &end, &took_us);
			if (end.victim)
				sim_check_fence_begin(w, node, end.victim);
		} else {
			run_resource_agent(w, node, run, &end, &took_us);
			c->res = res_get(n, end.resource);
			c->stops = run->argv[1] && strcmp(run->argv[1], "stop") == 0;
		}
		if (!w->failure[0])
			end_in(w, node, k, run->id, took_us, &end);
		return;
	}
	sim_fail(w, "node %u: more than %d programs run at once", node, SIM_MAX_CHILDREN);
}

bool sim_program_runs(struct sim_world *w, unsigned node, enum sim_daemon_kind k, uint64_t id)
{
	const struct sim_child *c = child_find(&w->node[node], k, id);

	return c && !c->killed;
}

void sim_kill_program(struct sim_world *w, unsigned node, enum sim_daemon_kind k, uint64_t id)
{
	struct sim_child *c = child_find(&w->node[node], k, id);
	struct sim_ending end = { .exit_code = -1 };
	uint64_t took_us;

	if (w->hooks && w->hooks->kill)
		w->hooks->kill(w->hooks->ctx, node, k, id);
	if (!c || c->killed)
		return;
	/* Its earlier end no longer counts; what it began to do to the world may still happen. */
	c->killed = true;
	end.gen = c->gen = ++w->seq;
	if (c->victim)
		sim_check_fence_end(w, node, c->victim, false);
	if (c->res)
		snprintf(end.resource, sizeof(end.resource), "%s", c->res->name);
	end.goes_down = c->stops && sim_chance(w, 500);
	sim_ended_by_signal(w, c->grace_ms, &end, &took_us, 0);
	end_in(w, node, k, id, took_us, &end);
}
