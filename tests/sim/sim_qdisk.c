/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk, the ways to it, and the programs that qdiskd runs. */
#include "sim_qdisk_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "qdisk_conf.h"

#define MS 1000u
#define MARGIN_US (15u * 1000000u)

/* ---- the daemon ---- */

static void *core_new(void *world, unsigned node)
{
	(void)world;
	(void)node;
	return qdisk_new();
}

static void core_free(void *core)
{
	qdisk_free(core);
}

const struct sim_daemon_type sim_qdiskd_type = { &qdisk_ops, core_new, core_free, false };

static void fire_said(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_DEVICE };

	ev.u.device.what = (uint32_t)(e->value >> 16);
	ev.u.device.result = -(e->value & 0xffff);
	ev.u.device.id = e->id;
	ev.u.device.data = e->data;
	ev.u.device.len = e->len;
	sim_deliver(w, e->node, SIM_QDISKD, &ev);
}

void sim_qdisk_said(struct sim_world *w, unsigned node, uint64_t in_us, enum qdisk_said what, uint64_t id, int result,
	const void *data, size_t len)
{
	struct sim_node *n = &w->node[node];
	struct sim_event *e = sim_at(w, in_us, fire_said, node, data, len);

	e->daemon = SIM_QDISKD;
	e->boot = n->boot;
	e->life = n->d[SIM_QDISKD].life;
	e->id = id;
	e->value = (int)what << 16 | -result;
}

/* ---- the disk ---- */

static void land(struct sim_qdisk *q, struct sim_qdisk_io *io)
{
	for (unsigned i = 0; io->write && !io->landed && i < io->n; i++)
		if (io->w[i].block <= QDISK_NODES)
			memcpy(q->block[io->w[i].block], io->w[i].bytes, QDISK_USED);
	io->landed = true;
}

static bool is_of(const struct sim_world *w, unsigned node, const struct sim_qdisk_io *io)
{
	const struct sim_node *n = &w->node[node];

	return n->boot == io->boot && n->d[SIM_QDISKD].up && n->d[SIM_QDISKD].life == io->life;
}

/* The kernel carries on while the daemon hangs; not while the machine does. */
static void fire_land(struct sim_world *w, struct sim_event *e)
{
	struct sim_qdisk_io *io = &w->qdisk->way[e->node].io;

	if (io->id == e->id && is_of(w, e->node, io) && !io->parked)
		land(w->qdisk, io);
}

static void fire_done(struct sim_world *w, struct sim_event *e)
{
	struct sim_qdisk *q = w->qdisk;
	struct sim_qdisk_io *io = &q->way[e->node].io;

	if (io->id != e->id || !is_of(w, e->node, io) || io->parked)
		return;
	land(q, io);
	if (io->write)
		sim_qdisk_said(w, e->node, 1, QDISK_SAID_WRITTEN, io->id, 0, NULL, 0);
	else
		sim_qdisk_said(w, e->node, 1, QDISK_SAID_READ, io->id, 0, q->block, sizeof(q->block));
}

static void of_io(struct sim_event *e, const struct sim_qdisk_io *io)
{
	e->daemon = SIM_QDISKD;
	e->boot = io->boot;
	e->life = io->life;
	e->id = io->id;
	e->on_time = true;
}

/* It is on its way, and takes so long. */
static void go(struct sim_world *w, unsigned node, uint64_t takes_us)
{
	struct sim_qdisk_io *io = &w->qdisk->way[node].io;
	uint64_t lands_us = sim_rnd(w, takes_us);
	struct sim_event *e = sim_at(w, lands_us, fire_land, node, NULL, 0);

	of_io(e, io);
	of_io(sim_at(w, takes_us, fire_done, node, NULL, 0), io);
}

static enum sim_qdisk_way way_of(const struct sim_world *w, unsigned node)
{
	return w->qdisk->gone ? SIM_QDISK_FAILS : w->qdisk->way[node].is;
}

static void start_io(struct sim_world *w, unsigned node, bool write, const struct clu_action *a)
{
	static const char broken[] = "simulated failure";
	struct sim_node *n = &w->node[node];
	struct sim_qdisk_io *io = &w->qdisk->way[node].io;
	uint64_t takes_us = 300 + sim_rnd(w, sim_chance(w, 950) ? 6 * MS : 200 * MS);

	*io = (struct sim_qdisk_io){ .write = write, .id = a->u.device.id, .life = n->d[SIM_QDISKD].life, .boot = n->boot };
	if (write) {
		io->n = (unsigned)(a->u.device.len / sizeof(struct qdisk_write));
		memcpy(io->w, a->u.device.data, io->n * sizeof(struct qdisk_write));
	}
	switch (way_of(w, node)) {
	case SIM_QDISK_SLOW:
		takes_us += sim_rnd(w, 4000 * MS);
		break;
	case SIM_QDISK_FAILS:
		io->id = 0;
		sim_qdisk_said(w, node, takes_us, write ? QDISK_SAID_WRITTEN : QDISK_SAID_READ, a->u.device.id, -EIO, broken,
			sizeof(broken));
		return;
	case SIM_QDISK_HANGS:
		io->parked = true;
		if (sim_chance(w, 500))
			land(w->qdisk, io);
		return;
	case SIM_QDISK_WORKS:
	case SIM_QDISK_NWAYS:
	default:
		break;
	}
	go(w, node, takes_us);
}

static void set_way(struct sim_world *w, unsigned node, enum sim_qdisk_way is)
{
	struct sim_qdisk_path *y = &w->qdisk->way[node];

	if (y->is == is)
		return;
	y->is = is;
	y->changed_us = w->now_us;
	sim_trace(w, "n%u: its way to the quorum disk: %s", node, sim_qdisk_ways[is]);
	if (is == SIM_QDISK_HANGS && y->io.id && is_of(w, node, &y->io)) {
		y->io.parked = true;
	} else if (y->io.parked && is_of(w, node, &y->io)) {
		y->io.parked = false;
		go(w, node, 1 + sim_rnd(w, 20 * MS));
	}
}

void sim_qdisk_act(struct sim_world *w, unsigned node, const struct clu_action *a)
{
	struct sim_qdisk_device *d = &w->qdisk->dev[node];
	const struct sim_node *n = &w->node[node];

	switch ((enum qdisk_ask)a->u.device.what) {
	case QDISK_ASK_REGISTER:
		d->registered = n->corosync;
		sim_qdisk_said(w, node, 10 + sim_rnd(w, 500), QDISK_SAID_REGISTERED, 0, n->corosync ? 0 : -EIO, NULL, 0);
		sim_qdisk_tell_ring(w, node);
		break;
	case QDISK_ASK_UNREGISTER:
		d->registered = d->alive = d->cast = false;
		sim_qdisk_count(w, node);
		break;
	case QDISK_ASK_VOTE:
		sim_qdisk_vote(w, node, a->u.device.data);
		break;
	case QDISK_ASK_READ:
		start_io(w, node, false, a);
		break;
	case QDISK_ASK_WRITE:
		start_io(w, node, true, a);
		break;
	case QDISK_ASK_WATCHDOG:
	case QDISK_ASK_PRINT:
	case QDISK_ASK_SCHEDULE:
		break;
	}
}

/* ---- heuristics ---- */

static bool reaches_router(const struct sim_world *w, unsigned node)
{
	/* It is on side 0 of the network. */
	return !w->qdisk->way[node].no_router && (w->node[node].side == 0 || w->hooks);
}

static void fire_ended(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_CHILD };

	ev.u.child.id = e->id;
	ev.u.child.exit_code = e->value < 0 ? -1 : e->value;
	ev.u.child.timed_out = e->value < 0;
	ev.u.child.term_signal = e->value < 0 ? 9 : 0;
	ev.u.child.tail = "";
	sim_deliver(w, e->node, SIM_QDISKD, &ev);
}

void sim_qdisk_run(struct sim_world *w, unsigned node, const struct clu_run *run)
{
	struct sim_node *n = &w->node[node];
	bool good = reaches_router(w, node);
	uint64_t takes_us = good ? 1 * MS + sim_rnd(w, 100 * MS) : 900 * MS + sim_rnd(w, 200 * MS);
	unsigned luck = w->calm ? 500 : (unsigned)sim_rnd(w, 1000);
	struct sim_event *e;

	if (luck >= 999 || luck < 4)
		w->qdisk->way[node].router_us = w->now_us;

	if (luck >= 999)
		takes_us = (uint64_t)run->deadline_ms * MS;
	e = sim_at(w, takes_us, fire_ended, node, NULL, 0);
	e->daemon = SIM_QDISKD;
	e->boot = n->boot;
	e->life = n->d[SIM_QDISKD].life;
	e->id = run->id;
	e->value = luck >= 999 ? -1 : good && luck >= 4 ? 0 : 1;
}

/* ---- life ---- */

/* A number of the device section. */
static unsigned setting(const char *text, const char *key)
{
	const char *at = strstr(text, "\n\tdevice {");
	char line[64];

	snprintf(line, sizeof(line), "\n\t\t%s: ", key);
	at = at ? strstr(at, line) : NULL;
	return at ? (unsigned)strtoul(at + strlen(line), NULL, 10) : 0;
}

static void format(struct sim_qdisk *q)
{
	struct qdisk_header h = { .magic = QDISK_MAGIC, .created_s = 1, .host = "glass", .label = "glass",
		.block_bytes = QDISK_BLOCK_BYTES, .sector_bytes = 512 };

	qdisk_header_pack(&h, q->block[0], QDISK_USED);
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		const struct qdisk_status s = { .nodeid = id, .state = QDISK_NONE };

		qdisk_status_pack(&s, q->block[id], QDISK_USED);
	}
}

void sim_qdisk_setup(struct sim_world *w, const char *corosync_conf)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct qdisk_conf c;
	struct sim_qdisk *q;

	w->type[SIM_QDISKD] = NULL;
	if (!setting(corosync_conf, "votes") || qdisk_conf_read(w->conf, &c, &errs, &warns) != 0) {
		clu_buf_free(&errs);
		clu_buf_free(&warns);
		return;
	}
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	q = w->qdisk = calloc(1, sizeof(*q));
	if (!q)
		abort();
	w->type[SIM_QDISKD] = &sim_qdiskd_type;
	q->votes = setting(corosync_conf, "votes");
	q->timeout_us = (uint64_t)setting(corosync_conf, "timeout") * MS;
	q->sync_us = (uint64_t)setting(corosync_conf, "sync_timeout") * MS;
	q->heuristics = c.n_heuristics != 0;
	q->master_wins = c.master_wins;
	q->long_us = (uint64_t)c.interval_ms * (3 * c.tko + c.tko_up + c.upgrade_wait + c.master_wait + 8) * MS + MARGIN_US;
	w->quorum.alone = true;
	format(q);
}

void sim_qdisk_free(struct sim_world *w)
{
	free(w->qdisk);
	w->qdisk = NULL;
}

void sim_qdisk_look(const struct sim_world *w, unsigned node, struct sim_qdisk_look *ret)
{
	struct sim_qdisk *q = w->qdisk;
	struct sim_qdisk_path *y = &q->way[node];
	bool works = y->is == SIM_QDISK_WORKS && !q->gone;

	/* On the other side of a cut; how long since it is back is looked at from then on. */
	if (w->node[node].side)
		y->router_us = w->now_us;
	*ret = (struct sim_qdisk_look){ .votes = q->votes, .votes_cast = w->node[node].device_votes && w->node[node].power && w->node[node].corosync,
		.waits = q->waiting[node] != 0,
		.way_since_us = !works ? UINT64_MAX : y->changed_us > q->gone_us ? y->changed_us : q->gone_us,
		.router_since_us = y->no_router || w->node[node].side ? UINT64_MAX : y->router_us,
		.lost_since_us = y->no_router ? y->router_us : UINT64_MAX, .long_us = q->long_us,
		.has_heuristics = q->heuristics, .master_wins = q->master_wins };
}

bool sim_qdisk_is_calm(const struct sim_world *w)
{
	unsigned have = 0;

	for (unsigned i = 1; w->qdisk && i <= w->n_nodes; i++) {
		const struct sim_daemon *d = &w->node[i].d[SIM_QDISKD];

		if (w->node[i].power && (!d->up || !qdisk_is_running(d->core) ||
			(!w->node[i].device_votes && !w->qdisk->master_wins)))
			return false;
		have += w->node[i].device_votes != 0;
	}
	return !w->qdisk || have;
}

/* ---- faults ---- */

const char *const sim_qdisk_ways[] = { "works", "slow", "fails", "hangs", NULL };

bool sim_run_qdisk(struct sim_world *w, const struct sim_fault *f)
{
	if (!w->qdisk || w->qdisk->way[f->node].is == (enum sim_qdisk_way)f->num[0])
		return false;
	set_way(w, f->node, (enum sim_qdisk_way)f->num[0]);
	return true;
}

const char *const sim_qdisk_power[] = { "back", "gone", NULL };

static void set_gone(struct sim_world *w, bool gone)
{
	if (w->qdisk->gone == gone)
		return;
	w->qdisk->gone = gone;
	w->qdisk->gone_us = w->now_us;
	sim_trace(w, "the quorum disk is %s", sim_qdisk_power[gone]);
}

bool sim_run_qdisk_gone(struct sim_world *w, const struct sim_fault *f)
{
	if (!w->qdisk || w->qdisk->gone == (f->num[0] != 0))
		return false;
	set_gone(w, f->num[0] != 0);
	return true;
}

const char *const sim_router_states[] = { "reached", "lost", NULL };

static void set_router(struct sim_world *w, unsigned node, bool lost)
{
	struct sim_qdisk_path *y = &w->qdisk->way[node];

	if (y->no_router == lost)
		return;
	y->no_router = lost;
	y->router_us = w->now_us;
	sim_trace(w, "n%u: the router is %s", node, sim_router_states[lost]);
}

bool sim_run_router(struct sim_world *w, const struct sim_fault *f)
{
	if (!w->qdisk || w->qdisk->way[f->node].no_router == (f->num[0] != 0))
		return false;
	set_router(w, f->node, f->num[0] != 0);
	return true;
}

void sim_calm_qdisk(struct sim_world *w)
{
	if (!w->qdisk)
		return;
	set_gone(w, false);
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		set_way(w, i, SIM_QDISK_WORKS);
		set_router(w, i, false);
	}
}
