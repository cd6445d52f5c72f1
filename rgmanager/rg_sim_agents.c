/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agents of a simulated cluster: they take the time they are said to take, and fail where they are said to fail. */
#include <stdlib.h>
#include <string.h>

#include "fenced_methods.h"
#include "rg_core.h"
#include "rg_sim.h"

#define SAID_ATTEMPTS 3
#define ROOT_MS 10		/* the agent "service" has nothing to do */

struct ending {
	uint64_t gen, ran_us;
	int exit_code;
	bool timed_out;
	/* of a fence agent */
	unsigned victim;
	bool off, on;
	/* of a resource agent */
	int stops;		/* index in `active` + 1 of what is stopped when this ends well */
	char tail[120];
};

/* ---- programs that run ---- */

static struct rgsim_child *child_find(struct rgsim *s, unsigned node, enum sim_daemon_kind k, uint64_t id)
{
	uint64_t life = s->w->node[node].d[k].life;

	for (unsigned i = 0; i < s->n_children; i++) {
		struct rgsim_child *c = &s->children[i];

		if (c->used && c->node == node && c->daemon == k && c->id == id && c->life == life)
			return c;
	}
	return NULL;
}

static struct rgsim_child *child_new(struct rgsim *s, unsigned node, enum sim_daemon_kind k, uint64_t id)
{
	unsigned i = 0;

	/* What ran when its daemon or node ended is nobody's any more. */
	while (i < s->n_children && s->children[i].used &&
		s->children[i].life == s->w->node[s->children[i].node].d[s->children[i].daemon].life)
		i++;
	if (i == s->n_children)
		s->children = rgsim_must(realloc(s->children, ++s->n_children * sizeof(*s->children)));
	s->children[i] = (struct rgsim_child){ true, node, k, id, s->w->node[node].d[k].life, ++s->w->seq, 0 };
	return &s->children[i];
}

static void take_effect(struct rgsim *s, unsigned node, const struct ending *end)
{
	if (end->victim) {
		sim_check_fence_end(s->w, node, end->victim, end->exit_code == 0);
		if (end->exit_code == 0 && end->off)
			s->attempts[end->victim] = 0;
		if (end->exit_code == 0 && end->off)
			sim_node_crash(s->w, end->victim);
		if (end->exit_code == 0 && end->on && !(s->broken & SIM_BIT(end->victim)))
			rgsim_boot_later(s, end->victim);
	} else if (end->stops && end->exit_code == 0) {
		struct rgsim_active *a = &s->active[end->stops - 1];

		a->on &= ~SIM_BIT(node);
		a->died &= ~SIM_BIT(node);
	}
}

static void fire_end(struct sim_world *w, struct sim_event *e)
{
	struct rgsim *s = w->hooks->ctx;
	struct rgsim_child *c = child_find(s, e->node, e->daemon, e->id);
	const struct ending *end = e->data;
	struct clu_event ev = { .type = CLU_EV_CHILD };

	if (!c || c->gen != end->gen)
		return;
	c->used = false;
	take_effect(s, e->node, end);
	ev.u.child.id = e->id;
	ev.u.child.exit_code = end->exit_code;
	ev.u.child.term_signal = end->exit_code < 0 ? 9 : 0;
	ev.u.child.timed_out = end->timed_out;
	ev.u.child.ran_ms = (uint32_t)(end->ran_us / 1000);
	ev.u.child.tail = end->tail;
	sim_deliver(w, e->node, e->daemon, &ev);
}

static void end_in(struct rgsim *s, const struct rgsim_child *c, struct ending *end, uint64_t took_us)
{
	struct sim_event *e;

	end->gen = c->gen;
	end->ran_us = took_us;
	e = sim_at(s->w, took_us, fire_end, c->node, end, sizeof(*end));
	e->daemon = c->daemon;
	e->id = c->id;
	e->boot = s->w->node[c->node].boot;
	e->life = c->life;
}

void rgsim_kill(void *ctx, unsigned node, enum sim_daemon_kind k, uint64_t id)
{
	struct rgsim *s = ctx;
	struct rgsim_child *c = child_find(s, node, k, id);
	struct ending end = { .exit_code = -1 };

	if (!c)
		return;
	end.victim = c->victim;
	c->gen = ++s->w->seq;
	end_in(s, c, &end, 10000);
}

/* ---- fencing ---- */

/* The value of the last NAME=VALUE line of an agent's input: agents let the last one win. false when there is none. */
static bool input_value(const struct fence_step *st, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name);
	bool found = false;

	for (const char *p = st->input; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (!strncmp(p, name, n) && p[n] == '=') {
			snprintf(ret, size, "%.*s", (int)strcspn(p + n + 1, "\n"), p + n + 1);
			found = true;
		}
	return found;
}

static bool is_action(const struct fence_step *st, const char *action)
{
	char value[32] = "reboot";

	if (!input_value(st, "action", value, sizeof(value)))
		(void)input_value(st, "option", value, sizeof(value));
	return !strcmp(value, action);
}

/* The agents' own parameter: with it one of two nodes that fence each other gets ahead. */
static uint64_t delay_us(const struct fence_step *st)
{
	char value[16] = "";

	return input_value(st, "delay", value, sizeof(value)) ? strtoul(value, NULL, 10) * UINT64_C(1000000) : 0;
}

static bool cuts_off(const struct fence_step *st)
{
	return !is_action(st, "on") && !is_action(st, "status") && !is_action(st, "monitor");
}

/* Which step of the victim's methods this is. */
static const struct fence_step *find_step(const struct fence_plan *p, const struct clu_run *run, unsigned *ret_method)
{
	for (unsigned m = 0; m < p->n_methods; m++)
		for (unsigned i = 0; i < p->methods[m].n_steps; i++) {
			const struct fence_step *st = &p->methods[m].steps[i];

			if (st->input && st->input_len == run->input_len && !memcmp(st->input, run->input, run->input_len) &&
				!strcmp(st->agent, run->argv[0])) {
				*ret_method = m;
				return st;
			}
		}
	return NULL;
}

static const struct fence_step *find_victim(struct rgsim *s, unsigned node, const struct clu_run *run,
	struct fence_plan **ret, unsigned *ret_victim, unsigned *ret_method)
{
	const struct sim_node *n = &s->w->node[node];
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	const struct fence_step *st = NULL;

	if (n->conf_bytes && clu_conf_parse(n->conf_bytes, n->conf_len, "cluster.conf", &conf, &errs) < 0)
		conf = NULL;
	clu_buf_free(&errs);
	for (unsigned v = 1; !st && v <= s->w->n_nodes; v++) {
		if (fence_plan_build(conf ? conf : s->conf, rgsim_node_name(s, v), FENCE_PLAN_FENCE, FENCE_AGENT_TIMEOUT_S, ret) < 0)
			continue;
		st = find_step(*ret, run, ret_method);
		*ret_victim = v;
		if (!st)
			*ret = fence_plan_free(*ret);
	}
	clu_conf_unref(conf);
	return st;
}

static bool device_is_dead(const struct rgsim *s, unsigned victim, const char *device)
{
	for (unsigned i = 0; i < s->n_dead; i++)
		if (s->dead[i].node == victim && (!*s->dead[i].device || !strcmp(s->dead[i].device, device)))
			return true;
	return false;
}

static void run_fence(struct rgsim *s, struct rgsim_child *c, const struct clu_run *run)
{
	struct ending end = { 0 };
	struct fence_plan *plan = NULL;
	uint64_t took_us = s->opt.fence_ms * 1000, bound_us = (uint64_t)run->deadline_ms * 1000;
	unsigned method = 0;
	const struct fence_step *st = find_victim(s, c->node, run, &plan, &end.victim, &method);
	const struct fence_method *m;

	if (!st) {
		sim_fail(s->w, "%s runs a fence agent that is no part of its cluster.conf", rgsim_node_name(s, c->node));
		return;
	}
	m = &plan->methods[method];
	took_us += delay_us(st);
	end.off = cuts_off(st);
	/* The machine stands on its last outlet. */
	for (const struct fence_step *later = st + 1; later < m->steps + m->n_steps; later++)
		end.off &= !cuts_off(later);
	end.on = (is_action(st, "on") && st + 1 == m->steps + m->n_steps) || (end.off && is_action(st, "reboot"));
	if (took_us > bound_us) {
		end.timed_out = true;
		end.exit_code = -1;
		took_us = bound_us;
	} else if (device_is_dead(s, end.victim, st->device)) {
		end.exit_code = 1;
		snprintf(end.tail, sizeof(end.tail), "%s does not answer", st->device);
	}
	c->victim = end.victim;
	sim_check_fence_begin(s->w, c->node, end.victim);
	s->w->stats.fencings++;
	if (st == plan->methods[0].steps)
		s->attempts[end.victim]++;
	/* As in fenced's log: the same thing again and again is not said for ever. */
	if (s->attempts[end.victim] <= SAID_ATTEMPTS)
		rgsim_say(s, RGSIM_W_FENCE, c->node, rgsim_node_name(s, end.victim), "%s %s: method \"%s\" (%u of %u), device %s (%s)",
			rgsim_node_name(s, c->node), st->restore ? "switches it on again" : "fences it", m->name, method + 1,
			plan->n_methods, st->device, st->agent);
	else if (s->attempts[end.victim] == SAID_ATTEMPTS + 1 && st == plan->methods[0].steps)
		rgsim_say(s, RGSIM_W_FENCE, c->node, rgsim_node_name(s, end.victim), "%s tries again and again, ever less often",
			rgsim_node_name(s, c->node));
	end_in(s, c, &end, took_us);
	fence_plan_free(plan);
}

/* ---- resources ---- */

void rgsim_node_is_off(struct rgsim *s, unsigned node)
{
	for (unsigned i = 0; i < s->n_active; i++) {
		s->active[i].on &= ~SIM_BIT(node);
		s->active[i].died &= ~SIM_BIT(node);
	}
	memset(&s->was[node], 0, sizeof(s->was[node]));
	s->not_off &= ~SIM_BIT(node);
}

static bool is_named(const char *service, const char *key, const char *name)
{
	const char *colon = strchr(key, ':');

	return !strcmp(service, name) || !strcmp(key, name) || (colon && !strcmp(colon + 1, name));
}

bool rgsim_resource_dies(struct rgsim *s, const char *name, unsigned node)
{
	bool any = false;

	for (unsigned i = 0; i < s->n_active; i++) {
		struct rgsim_active *a = &s->active[i];
		sim_nodes where = a->on & (node ? SIM_BIT(node) : ~(sim_nodes)0);

		if (!where || !is_named(a->service, a->key, name) || !strncmp(a->key, "service:", 8))
			continue;
		a->died |= where;
		any = true;
		for (unsigned k = 1; k <= s->w->n_nodes; k++)
			if (where & SIM_BIT(k))
				rgsim_say(s, RGSIM_W_EVENT, 0, a->key, "it dies on %s; its next check tells", rgsim_node_name(s, k));
	}
	return any;
}

static int active_find(struct rgsim *s, const char *service, const char *key)
{
	for (unsigned i = 0; i < s->n_active; i++)
		if (!strcmp(s->active[i].service, service) && !strcmp(s->active[i].key, key))
			return (int)i;
	s->active = rgsim_must(realloc(s->active, (s->n_active + 1) * sizeof(*s->active)));
	s->active[s->n_active] = (struct rgsim_active){ .key = rgsim_must(strdup(key)) };
	snprintf(s->active[s->n_active].service, sizeof(s->active[0].service), "%s", service);
	return (int)s->n_active++;
}

/* S1, on what really runs where. It holds as long as operators tell the truth. */
static void check_once(struct rgsim *s, const char *service)
{
	struct clu_buf b = CLU_BUF_INIT;
	sim_nodes on = 0;

	for (unsigned i = 0; i < s->n_active; i++)
		if (!strcmp(s->active[i].service, service))
			on |= s->active[i].on;
	if (!(on & (on - 1)))
		return;
	clu_buf_printf(&b, "%s was active on more than one node: ", service);
	rgsim_node_list(s, on, &b);
	if (!(on & s->not_off)) {
		sim_fail(s->w, "S1: %s", clu_buf_text(&b));
	} else if (!strstr(clu_buf_text(&s->twice), clu_buf_text(&b))) {
		clu_buf_printf(&s->twice, "%s\n", clu_buf_text(&b));
		rgsim_say(s, RGSIM_W_SERVICE, 0, service, "ACTIVE TWICE: an operator said that a node was off, and it was not");
	}
	clu_buf_free(&b);
}

static bool fails(const struct rgsim *s, enum rgsim_kind kind, const char *service, const char *key, unsigned node)
{
	for (unsigned i = 0; i < s->n_fail; i++)
		if (s->fail[i].kind == kind && (!s->fail[i].node || s->fail[i].node == node) &&
			is_named(service, key, s->fail[i].name))
			return true;
	return false;
}

static const char *env_value(const struct clu_run *run, const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; run->env && run->env[i]; i++)
		if (!strncmp(run->env[i], name, n) && run->env[i][n] == '=')
			return run->env[i] + n + 1;
	return "";
}

static void run_resource(struct rgsim *s, struct rgsim_child *c, const struct clu_run *run)
{
	const char *op = run->argv[1] ? run->argv[1] : "", *key = env_value(run, "OCF_RESOURCE_INSTANCE");
	const char *service = rg_run_service(s->w->node[c->node].d[SIM_RGM].core, run->id);
	sim_nodes bit = SIM_BIT(c->node);
	struct ending end = { 0 };
	uint64_t took_us = s->opt.status_ms * 1000, bound_us = (uint64_t)run->deadline_ms * 1000;
	bool root;
	struct rgsim_active *a;
	int at;

	service = service ? service : "";
	root = !strcmp(service, key) && !strncmp(key, "service:", 8);
	at = active_find(s, service, key);
	a = &s->active[at];
	if (!strcmp(op, "start")) {
		took_us = s->opt.start_ms * 1000;
		a->on |= bit;
		a->died &= ~bit;
		end.exit_code = !root && fails(s, RGSIM_FAIL_START, service, key, c->node) ? 1 : 0;
		if (!root)
			rgsim_say(s, RGSIM_W_AGENT, c->node, service, "%s starts %s", rgsim_node_name(s, c->node), key);
		check_once(s, service);
	} else if (!strcmp(op, "stop")) {
		end.stops = at + 1;
		end.exit_code = !root && a->on & bit && fails(s, RGSIM_FAIL_STOP, service, key, c->node) ? 1 : 0;
		if (a->on & bit) {
			took_us = s->opt.stop_ms * 1000;
			if (!root)
				rgsim_say(s, RGSIM_W_AGENT, c->node, service, "%s stops %s", rgsim_node_name(s, c->node), key);
		}
	} else if (!strcmp(op, "recover")) {
		took_us = s->opt.start_ms * 1000;
		end.exit_code = !root && fails(s, RGSIM_FAIL_START, service, key, c->node) ? 1 : 0;
		if (end.exit_code == 0)
			a->died &= ~bit;
	} else if (!strcmp(op, "status") || !strcmp(op, "monitor")) {
		end.exit_code = a->on & bit && !(a->died & bit) ? 0 : 7;
	}
	if (root)
		took_us = ROOT_MS * 1000;
	if (end.exit_code)
		snprintf(end.tail, sizeof(end.tail), "%s", end.exit_code == 7 ? "it does not run" : "made to fail");
	if (took_us > bound_us) {
		end.timed_out = true;
		end.exit_code = -1;
		took_us = bound_us;
	}
	end_in(s, c, &end, took_us);
}

void rgsim_run(void *ctx, unsigned node, enum sim_daemon_kind k, const struct clu_run *run)
{
	struct rgsim *s = ctx;
	struct rgsim_child *c = child_new(s, node, k, run->id);

	rgsim_watch(s);
	if (k == SIM_FENCED)
		run_fence(s, c, run);
	else
		run_resource(s, c, run);
}
