/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_power.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "sim_agents.h"
#include "sim_types.h"

#define MS 1000u

/* ---- wiring ---- */

/* An agent for a power strip; of all others it is taken that they speak to the node's BMC. */
static bool is_strip(const char *agent)
{
	static const char *const names[] = { "fence_apc", "fence_apc_snmp", "fence_wti", "fence_eps", "fence_baytech",
		"fence_rps10", "fence_raritan", "fence_eaton_snmp", "fence_cdu" };
	const char *base = strrchr(agent, '/');

	base = base ? base + 1 : agent;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(base, names[i]) == 0)
			return true;
	return false;
}

static struct sim_outlet *outlet_find(struct sim_node *n, const char *key)
{
	for (unsigned i = 0; i < n->pw.n_outlets; i++)
		if (strcmp(n->pw.outlet[i].key, key) == 0)
			return &n->pw.outlet[i];
	return NULL;
}

static void wire_device(struct sim_world *w, struct sim_node *n, const struct clu_node *dev)
{
	const struct clu_node *defs = clu_node_path(clu_conf_root(w->conf), "fencedevices"), *def = NULL;
	const char *name = clu_node_attr(dev, "name"), *agent, *address, *port = clu_node_attr(dev, "port");
	char key[sizeof(n->pw.outlet[0].key)];

	for (def = defs ? clu_node_child(defs, "fencedevice") : NULL; def; def = clu_node_next(def, "fencedevice"))
		if (name && clu_node_attr(def, "name") && strcmp(clu_node_attr(def, "name"), name) == 0)
			break;
	agent = def ? clu_node_attr(def, "agent") : NULL;
	if (!agent || !is_strip(agent))
		return;
	address = clu_node_attr(def, "ipaddr");
	if (!address)
		address = clu_node_attr(def, "ip");
	snprintf(key, sizeof(key), "%s/%s", address ? address : "", port ? port : "");
	if (!outlet_find(n, key) && n->pw.n_outlets < SIM_MAX_OUTLETS)
		snprintf(n->pw.outlet[n->pw.n_outlets++].key, sizeof(key), "%s", key);
}

static struct sim_node *node_named(struct sim_world *w, const char *name)
{
	unsigned i = sim_node_index(w, clu_conf_node_id(w->conf, name));

	return i ? &w->node[i] : NULL;
}

void sim_power_wire(struct sim_world *w)
{
	const struct clu_node *all = clu_node_path(clu_conf_root(w->conf), "clusternodes");

	for (const struct clu_node *c = all ? clu_node_child(all, "clusternode") : NULL; c;
	     c = clu_node_next(c, "clusternode")) {
		struct sim_node *n = clu_node_attr(c, "name") ? node_named(w, clu_node_attr(c, "name")) : NULL;

		if (!n)
			continue;
		for (const struct clu_node *f = clu_node_child(c, "fence"); f; f = clu_node_next(f, "fence"))
			for (const struct clu_node *m = clu_node_child(f, "method"); m; m = clu_node_next(m, "method"))
				for (const struct clu_node *d = clu_node_child(m, "device"); d; d = clu_node_next(d, "device"))
					wire_device(w, n, d);
	}
}

bool sim_power_has_feed(const struct sim_node *n)
{
	bool any = !n->pw.n_outlets;

	for (unsigned i = 0; i < n->pw.n_outlets; i++)
		any = any || !n->pw.outlet[i].off;
	return any && !n->pw.no_mains;
}

/* ---- what happens to it from outside ---- */

/* A feed that went or came: machines go down with it, and start again when it is back. */
static void feed_changed(struct sim_world *w, unsigned node, bool had)
{
	bool has = sim_power_has_feed(&w->node[node]);

	if (had && !has)
		sim_node_crash(w, node);
	else if (!had && has)
		sim_node_boot(w, node);
}

void sim_power_mains(struct sim_world *w, unsigned node, bool on)
{
	struct sim_node *n = &w->node[node];
	bool had = sim_power_has_feed(n);

	if (n->pw.no_mains == !on)
		return;
	n->pw.no_mains = !on;
	sim_trace(w, "n%u has %s", node, on ? "mains again" : "no mains, nor has its BMC");
	feed_changed(w, node, had);
}

static const char *const state_names[SIM_NSWITCH_STATES] = { "works", "is dead", "is slow", "is flaky", "is late", "lies" };

void sim_power_set_bmc(struct sim_world *w, unsigned node, enum sim_switch_state state)
{
	if (w->node[node].pw.bmc == state)
		return;
	w->node[node].pw.bmc = state;
	sim_trace(w, "BMC of n%u %s", node, state_names[state]);
}

void sim_power_set_strips(struct sim_world *w, enum sim_switch_state state)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		w->node[i].pw.strips = state;
	sim_trace(w, "the power strips: each %s", state_names[state]);
}

/*
 * Does a fence agent work on it, or will the next one of its method? Whoever switches an outlet by hand then would undo
 * what is being done.
 */
static bool is_being_fenced(const struct sim_world *w, unsigned node)
{
	if (sim_types_runs_against(w, node))
		return true;
	for (unsigned i = 1; i <= w->n_nodes; i++)
		for (unsigned c = 0; c < SIM_MAX_CHILDREN; c++)
			if (w->node[i].child[c].used && w->node[i].child[c].victim == node)
				return true;
	return false;
}

void sim_power_restore(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];

	n->pw.no_mains = false;
	for (unsigned i = 0; i < n->pw.n_outlets && !sim_power_has_feed(n) && !is_being_fenced(w, node); i++)
		n->pw.outlet[i].off = false;
}

/* ---- fence agents ---- */

/* The value of NAME in "NAME=VALUE" lines, the last line wins; false when absent. */
static bool line_value(const struct clu_run *run, const char *name, char *ret, size_t size)
{
	const char *text = run->input;
	size_t n = strlen(name);
	bool found = false;

	for (size_t i = 0, end; i < run->input_len; i = end + 1) {
		for (end = i; end < run->input_len && text[end] != '\n'; end++)
			;
		if (end - i <= n || memcmp(text + i, name, n) != 0 || text[i + n] != '=')
			continue;
		snprintf(ret, size, "%.*s", (int)(end - i - n - 1), text + i + n + 1);
		found = true;
	}
	return found;
}

struct order {
	unsigned victim;
	int outlet;		/* index, or -1: the BMC */
	bool off, on;
	uint64_t on_after_us;
	uint64_t at_us;		/* when, if the agent's delay is over by then */
};

static void switch_off(struct sim_world *w, const struct order *o)
{
	struct sim_node *n = &w->node[o->victim];
	bool had = sim_power_has_feed(n);

	if (o->outlet < 0) {
		if (had)	/* a BMC that has lost its own feed does nothing any more */
			sim_node_crash(w, o->victim);
		return;
	}
	n->pw.outlet[o->outlet].off = true;
	feed_changed(w, o->victim, had);
}

/* The machine itself: it starts, if it has power by then. */
static void fire_on(struct sim_world *w, struct sim_event *e)
{
	if (sim_power_has_feed(&w->node[e->node]))
		sim_node_boot(w, e->node);
}

/* An outlet is on at once: were it late, it would undo what it is told next. */
static void switch_on(struct sim_world *w, const struct order *o)
{
	struct sim_node *n = &w->node[o->victim];
	bool had = sim_power_has_feed(n);

	if (o->outlet >= 0)
		n->pw.outlet[o->outlet].off = false;
	if (o->outlet < 0 || (!had && sim_power_has_feed(n)))
		(void)sim_at(w, o->on_after_us, fire_on, o->victim, NULL, 0);
}

static void fire_effect(struct sim_world *w, struct sim_event *e)
{
	const struct order *o = e->data;

	if (o->off)
		switch_off(w, o);
	if (o->on)
		switch_on(w, o);
}

/* The delay is over: an agent that was ended meanwhile does nothing. */
static void fire_begin(struct sim_world *w, struct sim_event *e)
{
	const struct order *o = e->data;

	if (!sim_program_runs(w, e->node, SIM_FENCED, e->id))
		return;
	/* On a node that hung meanwhile the agent's end is not later by that, nor is what it does. */
	if (o->at_us > w->now_us)
		(void)sim_at(w, o->at_us - w->now_us, fire_effect, o->victim, o, sizeof(*o));
	else
		fire_effect(w, e);
}

/* What was begun takes place whatever becomes of the agent; but as long as it only waits, nothing is begun. */
static void begin(struct sim_world *w, unsigned node, uint64_t id, uint64_t delay_us, uint64_t effect_us, struct order *o)
{
	struct sim_event *e;

	if (!delay_us) {
		(void)sim_at(w, effect_us, fire_effect, o->victim, o, sizeof(*o));
		return;
	}
	o->at_us = w->now_us + (effect_us > delay_us ? effect_us : delay_us + 1);
	e = sim_at(w, delay_us, fire_begin, node, o, sizeof(*o));
	e->boot = w->node[node].boot;
	e->daemon = SIM_FENCED;
	e->life = w->node[node].d[SIM_FENCED].life;
	e->id = id;
}

/* Says what the outlet or the machine is: 0 on, 2 off, 1 when it does not answer. */
static int status_of(const struct sim_node *v, int outlet)
{
	if (outlet >= 0)
		return v->pw.outlet[outlet].off ? 2 : 0;
	return v->power ? 0 : 2;
}

static bool reached(const struct sim_world *w, unsigned by, const struct sim_node *v, int outlet)
{
	if (outlet >= 0)
		return v->pw.strips != SIM_SWITCH_DEAD;
	return v->pw.bmc != SIM_SWITCH_DEAD && sim_power_has_feed(v) &&
		(!v->pw.bmc_local || w->node[by].side == v->side);
}

/* An agent that is given up: ended by TERM, or, when it does not heed that, by KILL after the grace. */
static void given_up(struct sim_world *w, const struct clu_run *run, struct sim_ending *end, uint64_t *took_us)
{
	end->timed_out = true;
	sim_ended_by_signal(w, run->grace_ms, end, took_us, (uint64_t)run->deadline_ms * MS);
}

unsigned sim_power_agent(struct sim_world *w, unsigned node, const struct clu_run *run, struct sim_ending *end,
	uint64_t *took_us)
{
	char target[64] = "", action[32] = "reboot", address[32] = "", port[16] = "", key[64], delay[16] = "";
	unsigned luck = (unsigned)sim_rnd(w, 1000);
	uint64_t delay_us, effect_us, deadline_us = (uint64_t)run->deadline_ms * MS;
	enum sim_switch_state state;
	struct order o = { .outlet = -1, .on_after_us = 1500 * MS + sim_rnd(w, 8000) * MS };
	struct sim_node *v;
	bool works, answers;

	(void)line_value(run, "nodename", target, sizeof(target));
	if (!line_value(run, "action", action, sizeof(action)))
		(void)line_value(run, "option", action, sizeof(action));
	if (!line_value(run, "ipaddr", address, sizeof(address)))
		(void)line_value(run, "ip", address, sizeof(address));
	(void)line_value(run, "port", port, sizeof(port));
	(void)line_value(run, "delay", delay, sizeof(delay));
	v = node_named(w, target);
	if (!v) {
		sim_fail(w, "node %u: a fence agent was run without a valid nodename (\"%s\")", node, target);
		return 0;
	}
	o.victim = v->id;
	end->victim_boot = v->boot;
	delay_us = strtoul(delay, NULL, 10) * UINT64_C(1000) * MS;
	*took_us = (20 + sim_rnd(w, 400)) * MS + delay_us;
	state = v->pw.bmc;
	if (is_strip(run->argv[0])) {
		snprintf(key, sizeof(key), "%s/%s", address, port);
		for (unsigned i = 0; i < v->pw.n_outlets; i++)
			if (strcmp(v->pw.outlet[i].key, key) == 0)
				o.outlet = (int)i;
		if (o.outlet < 0) {
			sim_fail(w, "node %u: an agent switches \"%s\", on which n%u does not hang", node, key, v->id);
			return 0;
		}
		state = v->pw.strips;
		end->is_outlet = true;
	}
	o.off = strcmp(action, "off") == 0 || strcmp(action, "reboot") == 0;
	o.on = strcmp(action, "on") == 0 || strcmp(action, "reboot") == 0;
	if (o.off)
		w->stats.fencings++;
	if (state == SIM_SWITCH_SLOW)
		*took_us += sim_rnd(w, run->deadline_ms) * MS;
	answers = works = reached(w, node, v, o.outlet);
	if (!w->calm && (luck < 100 || (state == SIM_SWITCH_FLAKY && luck < 500)))
		answers = works = false;
	/* The command went through, the answer was lost. */
	if (!answers && reached(w, node, v, o.outlet) && sim_chance(w, 300))
		works = true;
	effect_us = delay_us + (*took_us - delay_us) / 2;
	if ((state == SIM_SWITCH_LATE && works) || (!w->calm && luck >= 970) || *took_us >= deadline_us) {
		/*
		 * It hangs, and is given up; the switch may still do it, seconds later. Not an
		 * outlet: what it is told it does at once or never, since two outlets that change
		 * in another order than was asked would make a method of two devices worthless.
		 */
		given_up(w, run, end, took_us);
		works = works && (state == SIM_SWITCH_LATE || sim_chance(w, 300));
		effect_us = o.outlet < 0 ? *took_us + sim_rnd(w, 30000) * MS : deadline_us - 1;
	} else if (!o.off && !o.on) {
		end->exit_code = answers ? status_of(v, o.outlet) : 1;
	} else {
		end->exit_code = answers ? 0 : 1;
	}
	sim_trace(w, "n%u fence agent: %s n%u%s%s (%s in %" PRIu64 " ms)", node, action, v->id, o.outlet < 0 ? "" :
		" outlet ", o.outlet < 0 ? "" : v->pw.outlet[o.outlet].key, end->exit_code == 0 ? "will work" :
		end->timed_out ? "will hang" : "will fail", *took_us / MS);
	if (works && state != SIM_SWITCH_LIES && (o.off || o.on))
		begin(w, node, run->id, delay_us, effect_us, &o);
	return o.off ? v->id : 0;
}
