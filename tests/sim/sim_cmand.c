/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_cmand.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "cmand.pb-c.h"
#include "cmand_core_priv.h"
#include "sim_clients.h"
#include "sim_parse.h"
#include "sim_plan.h"
#include "sim_requests.h"
#include "sim_types.h"

#define MS 1000u
#define SALT_OF_CMANDS 9
#define PER_MILLE 100		/* of the seeds have it */
#define BURSTS 20		/* versions of sim_cmand_draw()'s own begin there */
#define LOOK_FAILS 30		/* per mille: the disk is full, the program cannot be run */
#define RING_WAIT_US (100u * MS)	/* a request waits in corosync while its ring is none */

struct look {
	uint64_t version;
	bool tried, written;
};

struct place {
	uint64_t runs, file;
	bool looks, reloads;
	struct look look;
	uint64_t answerer;	/* id of the program, 0: none */
};

struct sim_cmand {
	struct place at[SIM_MAX_NODES + 1];
	uint64_t held, refused;	/* versions; 0: none */
};

static void *core_new(void *world, unsigned node)
{
	struct sim_world *w = world;
	struct place *p = &w->cmand->at[node];

	p->looks = p->reloads = false;
	p->answerer = 0;
	return cmand_core_new("/sim/cman_apply");
}

const struct sim_daemon_type sim_cmand_type = { &cmand_core_ops, core_new, cmand_core_free, true };

static uint64_t some_version(struct sim_dice *d)
{
	return (sim_dice_chance(d, 500) ? 2 : BURSTS) + sim_dice_below(d, 4);
}

void sim_cmand_setup(struct sim_world *w)
{
	struct sim_cmand *c = w->cmand = calloc(1, sizeof(*c));
	struct sim_dice d;

	if (!c)
		abort();
	w->type[SIM_CMAND] = &sim_cmand_type;
	sim_dice_seed(&d, w->seed, SALT_OF_CMANDS);
	if (w->steady)
		return;
	c->held = sim_dice_chance(&d, 300) ? some_version(&d) : 0;
	c->refused = sim_dice_chance(&d, 300) ? some_version(&d) : 0;
}

void sim_cmand_free(struct sim_world *w)
{
	free(w->cmand);
	w->cmand = NULL;
}

void sim_cmand_node_up(struct sim_world *w, unsigned node)
{
	if (w->cmand)
		w->cmand->at[node].runs = w->cmand->at[node].file = sim_types_file_version(w, node);
}

void sim_cmand_look(const struct sim_world *w, unsigned node, struct sim_cmand_look *ret)
{
	const struct place *p = &w->cmand->at[node];

	*ret = (struct sim_cmand_look){ p->runs, p->file, 0, p->looks || p->reloads };
	if (w->node[node].d[SIM_CMAND].up && p->looks && !p->look.written)
		ret->writes = p->look.version;
}

bool sim_cmand_is_odd(const struct sim_world *w, uint64_t version)
{
	return version == w->cmand->held || version == w->cmand->refused;
}

/* ---- its programs ---- */

/* Goes on while the daemon hangs, and ends with it. */
static struct sim_event *program(struct sim_world *w, unsigned node, uint64_t in_us, sim_fire_fn *fire)
{
	struct sim_event *e = sim_at(w, in_us, fire, node, NULL, 0);

	e->daemon = SIM_CMAND;
	e->boot = w->node[node].boot;
	e->life = w->node[node].d[SIM_CMAND].life;
	e->on_time = true;
	return e;
}

static void fire_ended(struct sim_world *w, struct sim_event *e)
{
	struct place *p = &w->cmand->at[e->node];
	struct clu_event ev = { .type = CLU_EV_CHILD };

	if (e->id == CMAND_CHILD_LOOK)
		p->looks = false;
	else if (e->id == CMAND_CHILD_RELOAD)
		p->reloads = false;
	ev.u.child = (struct clu_child_end){ .id = e->id, .exit_code = e->value, .tail = e->value ? "simulated" : "" };
	sim_deliver(w, e->node, SIM_CMAND, &ev);
}

/* The daemon hears of it when it wakes. */
static void ends(struct sim_world *w, unsigned node, uint64_t id, int code)
{
	struct sim_event *e = program(w, node, 10 + sim_rnd(w, 2 * MS), fire_ended);

	e->on_time = false;
	e->id = id;
	e->value = code;
}

static void fire_write(struct sim_world *w, struct sim_event *e)
{
	struct place *p = &w->cmand->at[e->node];
	uint64_t v = p->look.version;

	p->look.written = true;
	if (p->runs == v) {
		p->file = v;
		ends(w, e->node, CMAND_CHILD_LOOK, CMAND_LOOK_RUNNING);
	} else if (v == w->cmand->held) {
		ends(w, e->node, CMAND_CHILD_LOOK, CMAND_LOOK_HELD);
	} else {
		p->file = v;
		sim_trace(w, "n%u: corosync.conf of version %" PRIu64 " is written", e->node, v);
		ends(w, e->node, CMAND_CHILD_LOOK, p->look.tried ? CMAND_LOOK_FAILED : CMAND_LOOK_STAGED);
	}
}

static void begin_look(struct sim_world *w, unsigned node, const struct clu_run *run)
{
	struct place *p = &w->cmand->at[node];
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	if (p->looks)
		sim_fail(w, "cman: cmand of node %u looks twice at once", node);
	if (sim_parse(w, run->input, run->input_len, &c, &errs) < 0)
		sim_fail(w, "cman: cmand of node %u hands on a document that does not parse: %s", node, clu_buf_text(&errs));
	clu_buf_free(&errs);
	p->looks = true;
	p->look = (struct look){ c ? clu_conf_version(c) : 0, run->argv[2] != NULL, false };
	clu_conf_unref(c);
	if (!w->calm && sim_chance(w, LOOK_FAILS))
		ends(w, node, CMAND_CHILD_LOOK, CMAND_LOOK_FAILED);
	else
		(void)program(w, node, (1 + sim_rnd(w, sim_chance(w, 100) ? 3000 : 60)) * MS, fire_write);
}

static void read_files(struct sim_world *w, unsigned by)
{
	sim_trace(w, "n%u: corosync reads the files of all", by);
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct sim_node *n = &w->node[i];
		struct place *p = &w->cmand->at[i];

		if (n->corosync && n->ring == w->node[by].ring && p->file != w->cmand->refused)
			p->runs = p->file;
	}
}

static void fire_ask(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];

	if (!n->corosync) {
		ends(w, e->node, CMAND_CHILD_RELOAD, 1);
		return;
	}
	if (!sim_ring_stands(n)) {
		struct sim_event *again = program(w, e->node, RING_WAIT_US, fire_ask);

		again->id = e->id;
		return;
	}
	/*
	 * Known limit (cmand_core.h): what was asked for in one ring and carried out in the next finds nodes there that
	 * nobody knew of.
	 */
	if (sim_ring_id(n) == e->id)
		sim_promise_cman_one_file(w, e->node);
	read_files(w, e->node);
	ends(w, e->node, CMAND_CHILD_RELOAD, 0);
}

void sim_cmand_run(struct sim_world *w, unsigned node, const struct clu_run *run)
{
	struct place *p = &w->cmand->at[node];

	if (run->id == CMAND_CHILD_LOOK) {
		begin_look(w, node, run);
	} else if (run->id == CMAND_CHILD_RELOAD) {
		if (p->reloads)
			sim_fail(w, "cman: cmand of node %u has two reloads under way", node);
		p->reloads = true;
		program(w, node, (1 + sim_rnd(w, sim_chance(w, 150) ? 4000 : 40)) * MS, fire_ask)->id = sim_ring_id(&w->node[node]);
	} else if (p->answerer) {
		sim_fail(w, "cman: cmand of node %u answers joining nodes twice", node);
	} else {
		p->answerer = run->id;
	}
}

void sim_cmand_kill(struct sim_world *w, unsigned node, uint64_t id)
{
	struct place *p = &w->cmand->at[node];

	if (p->answerer != id)
		return;
	p->answerer = 0;
	ends(w, node, id, 0);
}

/* ---- what befalls it ---- */

const char *const sim_cman_verbs[] = { "status", "wait", "apply", NULL };

bool sim_run_cman(struct sim_world *w, const struct sim_fault *f)
{
	Hawser__CmandRequest q = HAWSER__CMAND_REQUEST__INIT;
	uint8_t bytes[64];

	if (!w->node[f->node].d[SIM_CMAND].up)
		return false;
	q.verb = (char *)sim_cman_verbs[f->num[0]];
	q.version = w->cmand->at[f->node].file + (f->num[0] == 1);
	sim_trace(w, "n%u cman_tool: %s", f->node, q.verb);
	sim_client_may_die(w, f->node, SIM_CMAND,
		sim_request_as(w, f->node, SIM_CMAND, f->num[1] == 0, bytes, hawser__cmand_request__pack(&q, bytes)));
	return true;
}

static void draw_fault(struct sim_dice *d, const struct sim_plan *p, struct sim_fault *f)
{
	static const char *const kinds[] = { "cman", "cman", "ccs_tool-update", "ccs_tool-update", "ccs_tool-update", "kill",
		"hang-daemon", "stop", "crash", "partition", "heal", "corosync-dies" };
	const char *kind = kinds[sim_dice_below(d, sizeof(kinds) / sizeof(kinds[0]))];
	uint64_t span = p->end_us > 5000 * MS ? p->end_us - 5000 * MS : 1;

	*f = (struct sim_fault){ .kind = (unsigned)sim_fault_kind_find(kind), .node = 1 + (unsigned)sim_dice_below(d, p->n_nodes) };
	f->at_us = 5000 * MS + sim_dice_below(d, span);
	if (!strcmp(kind, "cman")) {
		f->num[0] = sim_dice_below(d, 3);
		f->num[1] = sim_dice_chance(d, 100);
	} else if (!strcmp(kind, "ccs_tool-update")) {
		f->num[0] = 2 + sim_dice_below(d, 5);
		f->num[1] = sim_dice_below(d, UINT64_C(1) << 30);
	} else if (!strcmp(kind, "kill") || !strcmp(kind, "stop")) {
		f->num[0] = SIM_CMAND;
	} else if (!strcmp(kind, "hang-daemon")) {
		f->num[0] = SIM_CMAND;
		f->num[1] = (100 + sim_dice_below(d, sim_dice_chance(d, 500) ? 2000 : 40000)) * MS;
	} else if (!strcmp(kind, "partition") || !strcmp(kind, "heal")) {
		f->node = 0;
		for (unsigned i = 1; i <= p->n_nodes && *kind == 'p'; i++)
			f->num[0] |= sim_dice_below(d, 2) << i;
	}
}

static void add(struct sim_plan *p, uint64_t at_us, const char *kind, unsigned node, uint64_t num, uint64_t num1)
{
	const struct sim_fault f = { .at_us = at_us, .kind = (unsigned)sim_fault_kind_find(kind), .node = node,
		.num = { num, num1 } };

	sim_plan_add(p, &f);
}

/* Versions follow each other while the first is still being taken over, and somebody goes, or comes, in the middle of it. */
static void draw_burst(struct sim_dice *d, struct sim_plan *p, unsigned version)
{
	uint64_t at_us = p->end_us + sim_dice_below(d, 8000) * MS, first_us = at_us;
	unsigned n = 1 + (unsigned)sim_dice_below(d, 4), at = (unsigned)sim_dice_below(d, 100);
	unsigned node = 1 + (unsigned)sim_dice_below(d, p->n_nodes);

	if (sim_dice_chance(d, 500))
		add(p, at_us, "heal", 0, 0, 0);
	/* It is about to come back when all else happens. */
	if (at < 40)
		add(p, at_us, "kill", node, SIM_CMAND, 0);
	at_us += (at < 40 ? 1000 + sim_dice_below(d, 4000) : sim_dice_below(d, 3000)) * MS;
	for (unsigned i = 0; i < n; i++) {
		unsigned on = 1 + (unsigned)sim_dice_below(d, p->n_nodes);

		add(p, at_us, "ccs_tool-update", on, version + i, sim_dice_below(d, UINT64_C(1) << 30));
		at_us += (10 + sim_dice_below(d, sim_dice_chance(d, 700) ? 300 : 4000)) * MS;
	}
	if (at >= 40 && at < 80)
		add(p, first_us + sim_dice_below(d, at_us - first_us) + 50 * MS, at < 50 ? "crash" : at < 60 ? "corosync-dies" : "kill", node,
			at < 60 ? 0 : SIM_CMAND, 0);
	p->end_us = at_us + sim_dice_below(d, 10000) * MS;
}

void sim_cmand_draw(struct sim_plan *p, uint64_t seed, bool always)
{
	struct sim_dice d;
	unsigned n;

	sim_dice_seed(&d, seed, SALT_OF_CMANDS + 1);
	if (!sim_dice_chance(&d, PER_MILLE) && !always)
		return;
	p->cmand = true;
	n = 2 + (unsigned)sim_dice_below(&d, 12);
	for (unsigned i = 0; i < n; i++) {
		struct sim_fault f;

		draw_fault(&d, p, &f);
		sim_plan_add(p, &f);
	}
	n = (unsigned)sim_dice_below(&d, 4);
	for (unsigned i = 0; i < n; i++)
		draw_burst(&d, p, BURSTS + 10 * i);
}
