/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs do to the world: fence agents switch power, resource agents make
 * a resource active or not. Adversarial where the contract allows it: a start is
 * active from its first instant, a stop until its last; an agent that failed may
 * have done its work; what was begun goes on when the one who began it dies.
 */
#include "sim_world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct sim_child *child_find(struct sim_node *n, enum sim_daemon_kind k, uint64_t id)
{
	for (unsigned i = 0; i < SIM_MAX_CHILDREN; i++)
		if (n->child[i].used && n->child[i].daemon == k && n->child[i].id == id)
			return &n->child[i];
	return NULL;
}

struct ending {
	int exit_code, term_signal, start_error;
	bool timed_out;
	uint32_t ran_ms;
	unsigned victim;	/* fence agents */
	uint64_t gen;
	bool stopping;		/* resource: becomes inactive when this ends well */
	char resource[128];
};

static void fire_child_end(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];
	struct sim_child *c = child_find(n, e->daemon, e->id);
	const struct ending *end = e->data;
	struct clu_event ev = { .type = CLU_EV_CHILD };

	if (!c || c->gen != end->gen)
		return;
	c->used = false;
	if (end->victim) {
		sim_check_fence_end(w, e->node, end->victim, end->exit_code == 0);
		if (end->exit_code == 0)
			w->fenced_by[end->victim] |= SIM_BIT(e->node);
	}
	if (end->stopping && end->exit_code == 0)
		sim_check_resource(w, e->node, end->resource, false);
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
	struct ending *end)
{
	struct sim_event *e;

	end->ran_ms = (uint32_t)(in_us / 1000);
	e = sim_at(w, in_us, fire_child_end, node, end, sizeof(*end));
	e->daemon = k;
	e->id = id;
	e->boot = w->node[node].boot;
	e->life = w->node[node].d[k].life;
}

/* The value of NAME in "NAME=VALUE" lines; false when absent. */
static bool line_value(const char *text, size_t len, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < len;) {
		size_t end = i;

		while (end < len && text[end] != '\n')
			end++;
		if (end - i > n && memcmp(text + i, name, n) == 0 && text[i + n] == '=') {
			size_t v = end - i - n - 1;

			if (v >= size)
				v = size - 1;
			memcpy(ret, text + i + n + 1, v);
			ret[v] = '\0';
			return true;
		}
		i = end + 1;
	}
	return false;
}

static void fire_power_off(struct sim_world *w, struct sim_event *e)
{
	sim_node_crash(w, (unsigned)e->value);
}

static void fire_power_on(struct sim_world *w, struct sim_event *e)
{
	sim_node_boot(w, (unsigned)e->value);
}

static unsigned run_fence_agent(struct sim_world *w, unsigned node, const struct clu_run *run, struct ending *end)
{
	char target[64] = "", action[32] = "reboot";
	unsigned victim, luck = (unsigned)sim_rnd(w, 1000);
	uint64_t took_us = 20000 + sim_rnd(w, 400000), effect_us;
	struct sim_node *v;
	struct sim_event *e;
	bool works;

	(void)line_value(run->input, run->input_len, "nodename", target, sizeof(target));
	if (!line_value(run->input, run->input_len, "action", action, sizeof(action)))
		(void)line_value(run->input, run->input_len, "option", action, sizeof(action));
	victim = target[0] == 'n' ? (unsigned)strtoul(target + 1, NULL, 10) : 0;
	if (victim < 1 || victim > w->n_nodes) {
		sim_fail(w, "node %u: a fence agent was run without a valid nodename (\"%s\")", node, target);
		return 0;
	}
	v = &w->node[victim];
	end->victim = victim;
	w->stats.fencings++;
	sim_check_fence_begin(w, node, victim);
	works = !v->bmc_dead;
	if (!w->calm && luck < 100)
		works = false;
	if (!w->calm && luck >= 100 && luck < 130)
		took_us = (uint64_t)run->deadline_ms * 1000 + 1;	/* hangs */
	effect_us = took_us / 2;
	if (took_us > (uint64_t)run->deadline_ms * 1000) {
		end->timed_out = true;
		end->exit_code = -1;
		end->term_signal = 9;
		took_us = (uint64_t)run->deadline_ms * 1000;
		works = sim_chance(w, 300);
		effect_us = took_us - 1;
	} else {
		end->exit_code = works ? 0 : 1;
		/* The command went through, the answer was lost. */
		if (!works && !v->bmc_dead && sim_chance(w, 300))
			works = true;
	}
	sim_trace(w, "n%u fence agent: %s n%u (%s in %" PRIu64 " ms)", node, action, victim,
		end->exit_code == 0 ? "will work" : "will fail", took_us / 1000);
	if (works && !v->bmc_lies && (strcmp(action, "off") == 0 || strcmp(action, "reboot") == 0)) {
		e = sim_at(w, effect_us, fire_power_off, node, NULL, 0);
		e->value = (int)victim;
	}
	if (works && (strcmp(action, "on") == 0 || strcmp(action, "reboot") == 0)) {
		e = sim_at(w, effect_us + 1500000 + sim_rnd(w, 8000000), fire_power_on, node, NULL, 0);
		e->value = (int)victim;
	}
	end_in(w, node, SIM_FENCED, run->id, took_us, end);
	return victim;
}

static const char *env_value(const struct clu_run *run, const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; run->env && run->env[i]; i++)
		if (strncmp(run->env[i], name, n) == 0 && run->env[i][n] == '=')
			return run->env[i] + n + 1;
	return NULL;
}

static void run_resource_agent(struct sim_world *w, unsigned node, const struct clu_run *run, struct ending *end)
{
	const char *op = run->argv[1] ? run->argv[1] : "";
	const char *type = env_value(run, "OCF_RESOURCE_TYPE"), *name = env_value(run, "OCF_RESKEY_name");
	unsigned luck = (unsigned)sim_rnd(w, 1000);
	uint64_t took_us = 1000 + sim_rnd(w, 200000);

	if (!name)
		name = env_value(run, "OCF_RESKEY_address");
	snprintf(end->resource, sizeof(end->resource), "%s:%s", type ? type : "?", name ? name : "?");
	if (strcmp(op, "start") == 0) {
		w->stats.starts++;
		sim_check_resource(w, node, end->resource, true);
		if (!w->calm && luck < 40) {
			end->exit_code = 1;
			w->stats.agent_failures++;
		}
	} else if (strcmp(op, "stop") == 0) {
		w->stats.stops++;
		end->stopping = true;
		if (!w->calm && luck < 10) {
			end->exit_code = 1;
			w->stats.agent_failures++;
		}
	} else {
		bool active = sim_resource_active(w, node, end->resource);

		if (!w->calm && luck < 3)
			active = false;
		end->exit_code = active ? 0 : 7;
		took_us /= 4;
	}
	if (!w->calm && luck >= 990) {
		end->timed_out = true;
		end->exit_code = -1;
		end->term_signal = 9;
		took_us = (uint64_t)run->deadline_ms * 1000;
	}
	if (end->exit_code != 0)
		sim_check_agent_failed(w, end->resource, op);
	end_in(w, node, SIM_RGM, run->id, took_us, end);
}

void sim_run_program(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_run *run)
{
	struct sim_node *n = &w->node[node];
	struct ending end = { 0 };

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
		if (n->child[i].used)
			continue;
		end.gen = ++w->seq;
		n->child[i] = (struct sim_child){ true, run->id, end.gen, k, 0 };
		if (k == SIM_FENCED)
			n->child[i].victim = run_fence_agent(w, node, run, &end);
		else
			run_resource_agent(w, node, run, &end);
		return;
	}
	sim_fail(w, "node %u: more than %d programs run at once", node, SIM_MAX_CHILDREN);
}

void sim_kill_program(struct sim_world *w, unsigned node, enum sim_daemon_kind k, uint64_t id)
{
	struct sim_child *c = child_find(&w->node[node], k, id);
	struct ending end = { .exit_code = -1, .term_signal = 15 };

	if (w->hooks && w->hooks->kill)
		w->hooks->kill(w->hooks->ctx, node, k, id);
	if (!c)
		return;
	/* Its earlier end no longer counts; what it began to do to the world may still happen. */
	end.gen = c->gen = ++w->seq;
	if (c->victim)
		sim_check_fence_end(w, node, c->victim, false);
	end_in(w, node, k, id, 1000 + sim_rnd(w, 20000), &end);
}
