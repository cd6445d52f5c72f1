/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life of a node, and of the daemons on it. */
#include "sim_shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim_disk.h"
#include "sim_hang.h"
#include "sim_news.h"
#include "sim_power.h"
#include "sim_proto.h"
#include "sim_quorum.h"
#include "sim_trace.h"
#include "sim_types.h"

void sim_clock_ahead(struct sim_world *w, unsigned node, uint64_t ms)
{
	struct sim_node *n = &w->node[node];

	sim_trace(w, "n%u: its clock goes ahead by %" PRIu64 " s", node, ms / 1000);
	n->mono_ms += ms;
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		if (n->d[k].up)
			sim_arm(w, n, (enum sim_daemon_kind)k);
}

static void fire_boot(struct sim_world *w, struct sim_event *e)
{
	sim_node_boot(w, e->node);
}

void sim_node_reset(struct sim_world *w, unsigned node)
{
	sim_node_crash(w, node);
	if (w->hooks && w->hooks->reset) {
		w->hooks->reset(w->hooks->ctx, node);
		return;
	}
	(void)sim_at(w, 5000000 + sim_rnd(w, 10000000), fire_boot, node, NULL, 0);
}

/* It does not live on without the corosync it was started with. */
static bool ends_with_corosync(enum sim_daemon_kind k)
{
	return k == SIM_QDISKD || k == SIM_CMAND;
}

static void fire_restart(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];

	/* Its end may have to wait until it goes on. */
	if (ends_with_corosync(e->daemon) && n->d[e->daemon].up && n->d[e->daemon].hung)
		sim_daemon_restart_later(w, e->node, e->daemon);
	if (n->power && n->corosync && !n->leaving && !n->d[e->daemon].up)
		sim_daemon_start(w, e->node, e->daemon);
}

void sim_daemon_restart_in(struct sim_world *w, unsigned node, enum sim_daemon_kind k, uint64_t in_us)
{
	struct sim_event *e = sim_at(w, in_us, fire_restart, node, NULL, 0);

	e->daemon = k;
	e->boot = w->node[node].boot;
}

void sim_daemon_restart_later(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	if (w->type[k])
		sim_daemon_restart_in(w, node, k, 1000000 + sim_rnd(w, 4000000));
}

/* A new incarnation in the group. */
static void tell_start(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k)
{
	struct clu_event ev = { .type = CLU_EV_START };

	/* Not known before corosync is there; then a second START follows. */
	ev.u.start.nodeid = n->corosync ? n->nodeid : 0;
	ev.u.start.node_name = n->name;
	ev.u.start.incarnation = sim_rnd(w, 0) | 1;
	ev.u.start.seed = sim_rnd(w, 0);
	sim_proto_announced(w, n->id, k, ev.u.start.incarnation);
	clu_group_reset(n->d[k].group, ev.u.start.incarnation);
	sim_deliver(w, n->id, k, &ev);
}

void sim_daemon_start(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	struct sim_node *n = &w->node[node];
	struct sim_daemon *d = &n->d[k];

	if (!w->type[k] || d->up || !n->power || (k != SIM_CCSD && !n->corosync))
		return;
	d->up = true;
	d->life = ++w->lives;
	d->in_group = d->told_quorate = false;
	d->told_count = d->conf_no = 0;
	d->wants_group = w->type[k]->group;
	d->core = w->type[k]->core_new(w, node);
	d->out = clu_out_new();
	d->newer = n->newer;
	d->group = sim_shell_group(w, node, k);
	if (!d->core || !d->out || !d->group)
		abort();
	sim_trace(w, "n%u starts %s", node, w->type[k]->ops->name);
	tell_start(w, n, k);
	if (k != SIM_CCSD && n->has_conf && n->d[SIM_CCSD].up)
		sim_tell_conf(w, n, k, 1000 + sim_rnd(w, 2000), n->conf_bytes, n->conf_len);
	if ((k == SIM_RGM && n->d[SIM_FENCED].up) || (k == SIM_FENCED && n->d[SIM_RGM].up))
		sim_news_subscribe(w, n);
	if (d->up && d->wants_group && n->ring)
		sim_ring_join(w, node, k);
	sim_quorum_tell(w, node, k);
	sim_types_daemon_started(w, node, k);
}

static void forget_children(struct sim_node *n, enum sim_daemon_kind k)
{
	for (unsigned i = 0; i < SIM_MAX_CHILDREN; i++)
		if (n->child[i].used && n->child[i].daemon == k)
			n->child[i].used = false;
}

void sim_daemon_kill(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	struct sim_node *n = &w->node[node];
	struct sim_daemon *d = &n->d[k];

	if (!d->up)
		return;
	d->up = false;
	forget_children(n, k);
	sim_check_daemon_dead(w, node, k);
	sim_ring_forget(w, node, k);
	sim_hang_forget(d);
	sim_news_forget(d);
	if (n->ring && (d->in_group || d->wants_group))
		sim_ring_leave(w, node, k, CLU_LEFT_PROCESS);
	d->in_group = d->wants_group = false;
	w->type[k]->core_free(d->core);
	d->core = NULL;
	d->group = clu_group_free(d->group);
	d->out = clu_out_free(d->out);
	d->life = ++w->lives;
	if (k == SIM_FENCED && n->d[SIM_RGM].up)
		sim_tell_peer_gone(w, n, SIM_RGM, 100, CLU_PEER_FENCED);
}

static void fire_shutdown(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	/* A service manager stops what needs it first: without fenced nobody would fence this node for its services. */
	if (e->daemon == SIM_FENCED && w->node[e->node].d[SIM_RGM].up) {
		sim_daemon_stop(w, e->node, SIM_RGM);
		(void)sim_for_daemon(w, 1000000, fire_shutdown, &w->node[e->node], SIM_FENCED, NULL, 0);
		return;
	}
	sim_deliver(w, e->node, e->daemon, &ev);
}

void sim_daemon_stop(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	(void)sim_for_daemon(w, 100, fire_shutdown, &w->node[node], k, NULL, 0);
}

static void fire_daemons(struct sim_world *w, struct sim_event *e)
{
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		sim_daemon_start(w, e->node, (enum sim_daemon_kind)k);
}

void sim_node_boot(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];
	struct sim_event *e;

	if (n->power || !sim_power_has_feed(n))
		return;
	n->power = n->corosync = true;
	n->hung = n->leaving = false;
	n->mono_ms = 0;
	n->boot = ++w->boots;
	memset(n->child, 0, sizeof(n->child));
	n->booted_us = w->now_us;
	sim_trace(w, "n%u boots", node);
	sim_ring_node_up(w, node);
	e = sim_at(w, 200000 + sim_rnd(w, 2000000), fire_daemons, node, NULL, 0);
	e->boot = n->boot;
}

void sim_node_crash(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];
	struct sim_ring *ring = n->ring;

	if (!n->power)
		return;
	sim_trace(w, "n%u loses power", node);
	/* Nobody hears anything from it: its daemons end without a word. */
	n->ring = NULL;
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		sim_daemon_kill(w, node, (enum sim_daemon_kind)k);
	n->ring = ring;
	sim_ring_node_lost(w, node);
	n->power = n->corosync = n->hung = false;
	n->boot = ++w->boots;
	n->ring = NULL;
	sim_disk_power_lost(w, node);
	sim_check_node_off(w, node);
}

static void fire_wake(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];

	if (!n->hung || n->hung_until > w->now_us)
		return;
	n->hung = false;
	sim_trace(w, "n%u wakes", e->node);
	sim_ring_reform(w, 1000);
}

void sim_node_hang(struct sim_world *w, unsigned node, uint64_t for_us)
{
	struct sim_node *n = &w->node[node];
	struct sim_event *e;

	if (!n->power || n->hung)
		return;
	sim_trace(w, "n%u hangs for %" PRIu64 " ms", node, for_us / 1000);
	n->hung = true;
	n->hung_until = w->now_us + for_us;
	sim_ring_node_lost(w, node);
	/* The wake-up itself must not wait for the wake-up. */
	e = sim_at(w, for_us, fire_wake, node, NULL, 0);
	e->value = (int)n->boot;
}

void sim_corosync_starts(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];

	if (!n->power || n->corosync)
		return;
	n->corosync = true;
	sim_ring_node_up(w, node);
	for (unsigned k = 0; k < SIM_NDAEMONS; k++) {
		/* One that lived on without corosync (ccsd) hears of its return as of a start. Others are about to end. */
		if (n->d[k].up && ends_with_corosync((enum sim_daemon_kind)k))
			sim_daemon_restart_later(w, node, (enum sim_daemon_kind)k);
		else if (n->d[k].up)
			tell_start(w, n, (enum sim_daemon_kind)k);
		else
			sim_daemon_start(w, node, (enum sim_daemon_kind)k);
	}
}

void sim_corosync_leaves(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];

	sim_ring_node_leaves(w, node);
	n->corosync = false;
	n->ring = NULL;
}

static void fire_corosync_back(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];

	if (!n->power || n->corosync)
		return;
	if (n->d[SIM_RGM].up) {
		/* "cman_tool join" refuses while an rgmanager from before still stops its services. */
		struct sim_event *again = sim_at(w, 10000000, fire_corosync_back, e->node, NULL, 0);

		again->boot = n->boot;
		return;
	}
	sim_corosync_starts(w, e->node);
}

void sim_corosync_dies(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];
	struct sim_event *e;

	if (!n->power || !n->corosync)
		return;
	sim_trace(w, "n%u loses its corosync", node);
	sim_ring_node_lost(w, node);
	n->corosync = false;
	n->ring = NULL;
	for (unsigned k = 0; k < SIM_NDAEMONS; k++) {
		struct sim_daemon *d = &n->d[k];

		if (!d->up)
			continue;
		d->in_group = false;
		d->told_count = 0;
		sim_ring_forget(w, n->id, (enum sim_daemon_kind)k);
		sim_hang_forget(d);
		clu_group_reset(d->group, sim_rnd(w, 0) | 1);
		sim_tell_peer_gone(w, n, (enum sim_daemon_kind)k, 100 + sim_rnd(w, 1000), CLU_PEER_COROSYNC);
	}
	e = sim_at(w, 20000000 + sim_rnd(w, 40000000), fire_corosync_back, node, NULL, 0);
	e->boot = n->boot;
}
