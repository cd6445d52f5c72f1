/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes, the daemons on them, and the simulator's stand-in for the shell: events in, actions out. */
#include "sim_world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fenced.pb-c.h"
#include "sim_disk.h"
#include "sim_hang.h"
#include "sim_news.h"
#include "sim_parse.h"
#include "sim_proto.h"
#include "sim_qdisk.h"
#include "sim_power.h"
#include "sim_quorum.h"
#include "sim_requests.h"
#include "sim_trace.h"
#include "sim_types.h"

static void fire_timer(struct sim_world *w, struct sim_event *e);
static void carry_out(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k);

static void fail_core(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, int r)
{
	sim_fail(w, "node %u: %s: step failed with %d", n->id, w->type[k]->ops->name, r);
}

/* Its one timer. A deadline that has passed already fires at once, but after what is due now. */
static void arm(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k)
{
	struct sim_daemon *d = &n->d[k];
	uint64_t deadline = w->type[k]->ops->deadline(d->core), zero_ms = 1000 + n->mono_ms, at_us;
	struct sim_event *e;

	d->timer_seq++;
	if (deadline == CLU_NEVER)
		return;
	at_us = deadline > zero_ms ? (deadline - zero_ms) * 1000 : 0;
	e = sim_at(w, at_us > w->now_us ? at_us - w->now_us : 1, fire_timer, n->id, NULL, 0);
	e->daemon = k;
	e->boot = n->boot;
	e->life = d->life;
	e->id = d->timer_seq;
}

void sim_clock_ahead(struct sim_world *w, unsigned node, uint64_t ms)
{
	struct sim_node *n = &w->node[node];

	sim_trace(w, "n%u: its clock goes ahead by %" PRIu64 " s", node, ms / 1000);
	n->mono_ms += ms;
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		if (n->d[k].up)
			arm(w, n, (enum sim_daemon_kind)k);
}

/* A newer daemon also says what older ones do not know. */
static void say_unknown(struct sim_daemon *d)
{
	struct clu_buf b = CLU_BUF_INIT;

	sim_proto_unknown(&b);
	(void)clu_group_send(d->group, b.data, b.len);
	clu_buf_free(&b);
}

static void send(struct sim_daemon *d, const struct clu_action *a)
{
	struct clu_buf b = CLU_BUF_INIT;

	clu_buf_append(&b, a->u.bytes.data, a->u.bytes.len);
	if (d->newer)
		sim_proto_field(&b);
	(void)clu_group_send(d->group, clu_buf_text(&b), b.len);
	clu_buf_free(&b);
}

void sim_deliver(struct sim_world *w, unsigned node, enum sim_daemon_kind k, struct clu_event *ev)
{
	struct sim_node *n = &w->node[node];
	struct sim_daemon *d = &n->d[k];
	int r;

	if (!d->up || w->failure[0])
		return;
	if (d->stepping) {
		sim_fail(w, "node %u: %s was entered while it stepped", node, w->type[k]->ops->name);
		return;
	}
	ev->now_ms = w->now_us / 1000 + 1000 + n->mono_ms;
	ev->wall_us = w->now_us + UINT64_C(1700000000000000) + (uint64_t)n->wall_us;
	w->stats.steps++;
	sim_check_heard(w, node, k, ev);
	d->stepping = true;
	r = w->type[k]->ops->step(d->core, ev, d->out);
	if (r == 0)
		r = clu_out_error(d->out);
	d->stepping = false;
	if (r < 0) {
		fail_core(w, n, k, r);
		return;
	}
	carry_out(w, n, k);
	if (!d->up)
		return;
	if (d->group && w->type[k]->ops->weight)
		clu_group_weight(d->group, w->type[k]->ops->weight(d->core));
	if (ev->type == CLU_EV_VIEW && d->newer)
		say_unknown(d);
	arm(w, n, k);
}

static void fire_timer(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_TIMER };

	struct sim_daemon *d = &w->node[e->node].d[e->daemon];

	if (e->id != d->timer_seq)
		return;
	if (w->now_us - d->spin_since_us > 1000) {
		d->spin_since_us = w->now_us;
		d->spins = 0;
	}
	if (++d->spins > 50) {
		sim_fail(w, "spins: node %u: %s asks to be woken in the past again and again", e->node,
			w->type[e->daemon]->ops->name);
		return;
	}
	sim_deliver(w, e->node, e->daemon, &ev);
}

/* ---- actions ---- */

static struct sim_event *for_daemon(struct sim_world *w, uint64_t in_us, sim_fire_fn *fire, struct sim_node *n,
	enum sim_daemon_kind k, const void *data, size_t len)
{
	struct sim_event *e = sim_at(w, in_us, fire, n->id, data, len);

	e->daemon = k;
	e->boot = n->boot;
	e->life = n->d[k].life;
	return e;
}

static void fire_request(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_REQUEST };

	if (!w->node[e->node].d[e->daemon].up)
		return;
	ev.u.request.client = e->id;
	ev.u.request.admin = e->value == 0;
	ev.u.request.pid = 1;
	ev.u.request.data = e->data;
	ev.u.request.len = e->len;
	sim_deliver(w, e->node, e->daemon, &ev);
}

uint64_t sim_request(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const void *data, size_t len)
{
	return sim_request_as(w, node, k, true, data, len);
}

uint64_t sim_request_as(struct sim_world *w, unsigned node, enum sim_daemon_kind k, bool admin, const void *data, size_t len)
{
	uint64_t client = ++w->seq;
	struct sim_event *e = for_daemon(w, 10 + sim_soon(w, &w->node[node], 200), fire_request,
		&w->node[node], k, data, len);

	e->id = client;
	e->value = !admin;
	w->stats.requests++;
	sim_trace(w, "n%u %s: gets request %" PRIu64, node, w->type[k]->ops->name, client);
	sim_check_request(w, node, k, client);
	return client;
}

static void fire_peer_gone(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_PEER };

	ev.u.peer.kind = (enum clu_peer_kind)e->value;
	ev.u.peer.up = false;
	if (ev.u.peer.kind == CLU_PEER_FENCED)
		sim_news_forget(&w->node[e->node].d[e->daemon]);
	/* Until then it knows no better than that it has quorum. */
	if (ev.u.peer.kind == CLU_PEER_COROSYNC)
		w->node[e->node].d[e->daemon].told_quorate = false;
	sim_deliver(w, e->node, e->daemon, &ev);
}

static void fire_config(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_conf *c = NULL;
	struct clu_buf errs = CLU_BUF_INIT;

	if (e->len && sim_parse(w, e->data, e->len, &c, &errs) < 0) {
		sim_fail(w, "node %u: a document was put in force that does not parse: %s", e->node,
			clu_buf_text(&errs));
		clu_buf_free(&errs);
		return;
	}
	clu_buf_free(&errs);
	ev.u.config.conf = c ? c : w->conf;
	ev.u.config.version = clu_conf_version(ev.u.config.conf);
	sim_deliver(w, e->node, e->daemon, &ev);
	clu_conf_unref(c);
}

static void fire_fence_word(struct sim_world *w, struct sim_event *e)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	uint8_t bytes[512];

	if (!w->node[e->node].d[SIM_FENCED].up)
		return;
	q.verb = (char *)"victim";
	q.nodeid = (uint32_t)e->value;
	q.why = e->data;
	(void)sim_request(w, e->node, SIM_FENCED, bytes, hawser__fenced_request__pack(&q, bytes));
}

static void fire_node_killed(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *by = &w->node[e->node];
	struct sim_node *n = &w->node[sim_node_index(w, (uint32_t)e->value)];

	/* Only a node on the same ring hears it. */
	if (n->id && n->corosync && by->ring && n->ring == by->ring)
		sim_corosync_dies(w, n->id);
}

static void fire_end(struct sim_world *w, struct sim_event *e)
{
	sim_daemon_kill(w, e->node, e->daemon);
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

static void fire_reset(struct sim_world *w, struct sim_event *e)
{
	sim_node_reset(w, e->node);
}

static void fire_restart(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];

	/* Its end may have to wait until it goes on. */
	if (e->daemon == SIM_QDISKD && n->d[e->daemon].up && n->d[e->daemon].hung)
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

static void carry_out_one(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, const struct clu_action *a)
{
	struct sim_daemon *d = &n->d[k];
	struct sim_event *e;

	switch (a->type) {
	case CLU_ACT_SEND:
		sim_check_sent(w, n->id, k, a->u.bytes.data, a->u.bytes.len);
		send(d, a);
		break;
	case CLU_ACT_REPLY:
		if (w->hooks && w->hooks->reply)
			w->hooks->reply(w->hooks->ctx, n->id, k, a);
		if (sim_news_is_subscription(a->u.reply.client)) {
			sim_news_send(w, n, a->u.reply.data, a->u.reply.len);
		} else {
			w->stats.replies++;
			if (!sim_check_is_gone(w, a->u.reply.client))
				sim_requests_answered(w, n->id, k, a->u.reply.error, a->u.reply.data, a->u.reply.len);
			sim_check_reply(w, a->u.reply.client, a->u.reply.error);
		}
		break;
	case CLU_ACT_NOTIFY:
		if (k == SIM_FENCED)
			sim_news_send(w, n, a->u.bytes.data, a->u.bytes.len);
		break;
	case CLU_ACT_RUN:
		if (k == SIM_QDISKD) {
			sim_qdisk_run(w, n->id, &a->u.run);
			break;
		}
		sim_run_program(w, n->id, k, &a->u.run);
		break;
	case CLU_ACT_KILL:
		/* A heuristic ends soon by itself. */
		if (k != SIM_QDISKD)
			sim_kill_program(w, n->id, k, a->u.kill_id);
		break;
	case CLU_ACT_STORE:
		sim_disk_store(w, n->id, k, a);
		break;
	case CLU_ACT_NOTE:
		sim_check_noted(w, n->id, k, a);
		if (w->hooks && w->hooks->note)
			w->hooks->note(w->hooks->ctx, n->id, k, a);
		sim_trace_note(w, n->id, k, a);
		if (strcmp(a->u.note.event, "rg.illegal") == 0)
			sim_fail(w, "sane: rgmanager of node %u refused to take %s from %s to %s", n->id, a->u.note.object,
				a->u.note.from, a->u.note.to);
		break;
	case CLU_ACT_JOIN:
		d->wants_group = true;
		sim_ring_join(w, n->id, k);
		break;
	case CLU_ACT_LEAVE:
		d->wants_group = false;
		sim_ring_leave(w, n->id, k, CLU_LEFT_CLEAN);
		break;
	case CLU_ACT_FENCE:
		e = sim_at(w, 10 + sim_rnd(w, 300), fire_fence_word, n->id, a->u.node.why, strlen(a->u.node.why) + 1);
		e->boot = n->boot;
		e->value = (int)a->u.node.nodeid;
		break;
	case CLU_ACT_KILL_NODE:
		e = sim_at(w, 200 + sim_rnd(w, 3000), fire_node_killed, n->id, NULL, 0);
		e->boot = n->boot;
		e->value = (int)a->u.node.nodeid;
		break;
	case CLU_ACT_CONFIG:
		sim_check_commit(w, n->id, a->u.bytes.data, a->u.bytes.len);
		n->has_conf = true;
		free(n->conf_bytes);
		n->conf_bytes = malloc(a->u.bytes.len);
		if (!n->conf_bytes)
			abort();
		memcpy(n->conf_bytes, a->u.bytes.data, a->u.bytes.len);
		n->conf_len = a->u.bytes.len;
		for (unsigned o = 0; o < SIM_NDAEMONS; o++)
			if (o != (unsigned)k && n->d[o].up)
				(void)for_daemon(w, 10 + sim_soon(w, n, 500), fire_config, n, (enum sim_daemon_kind)o,
					a->u.bytes.data, a->u.bytes.len);
		break;
	case CLU_ACT_FATAL:
	case CLU_ACT_EXIT:
		sim_trace(w, "n%u %s ends: %s", n->id, w->type[k]->ops->name,
			a->type == CLU_ACT_FATAL ? a->u.fatal.why : "asked to");
		if (a->type == CLU_ACT_FATAL && a->u.fatal.code == CLU_FATAL_RESET) {
			e = sim_at(w, 1000, fire_reset, n->id, NULL, 0);
			e->boot = n->boot;
			break;
		}
		(void)for_daemon(w, 1, fire_end, n, k, NULL, 0);
		sim_daemon_restart_later(w, n->id, k);
		break;
	case CLU_ACT_DEVICE:
		sim_qdisk_act(w, n->id, a);
		break;
	case CLU_NACTIONS:
	default:
		sim_fail(w, "node %u: %s asked for action %d", n->id, w->type[k]->ops->name, (int)a->type);
	}
}

static void carry_out(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k)
{
	struct sim_daemon *d = &n->d[k];
	unsigned count = clu_out_count(d->out);

	for (unsigned i = 0; i < count && d->up && !w->failure[0]; i++)
		carry_out_one(w, n, k, clu_out_get(d->out, i));
	if (d->out)
		clu_out_reset(d->out);
}

/* ---- the group layer's host ---- */

struct host_ctx {
	struct sim_world *w;
	unsigned node;
	enum sim_daemon_kind k;
};

static void host_deliver(void *ctx, struct clu_event *ev)
{
	struct host_ctx *h = ctx;

	sim_deliver(h->w, h->node, h->k, ev);
}

static void host_mcast(void *ctx, const void *data, size_t len)
{
	struct host_ctx *h = ctx;

	sim_ring_send(h->w, h->node, h->k, data, len);
}

static int host_snapshot(void *ctx, struct clu_buf *ret)
{
	struct host_ctx *h = ctx;

	struct sim_daemon *d = &h->w->node[h->node].d[h->k];
	int r = h->w->type[h->k]->ops->snapshot(d->core, ret);

	/* An empty state is none. */
	if (r == 0 && d->newer && ret->len)
		sim_proto_field(ret);
	return r;
}

static void host_refused(void *ctx, const char *why)
{
	struct host_ctx *h = ctx;

	sim_fail(h->w, "node %u: %s refused: %s", h->node, h->w->type[h->k]->ops->name, why);
}

/* ---- life of a daemon and of a node ---- */

static struct host_ctx contexts[SIM_MAX_NODES + 1][SIM_NDAEMONS];

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
	struct host_ctx *ctx = &contexts[node][k];
	struct clu_group_host host = { host_deliver, host_mcast, host_snapshot, host_refused, ctx };

	if (!w->type[k] || d->up || !n->power || (k != SIM_CCSD && !n->corosync))
		return;
	*ctx = (struct host_ctx){ w, node, k };
	d->up = true;
	d->life = ++w->lives;
	d->in_group = d->told_quorate = false;
	d->told_count = 0;
	d->wants_group = w->type[k]->group;
	d->core = w->type[k]->core_new(w, node);
	d->out = clu_out_new();
	d->newer = n->newer;
	d->group = clu_group_new(&host, n->nodeid, 1, w->type[k]->ops->proto_min, sim_proto_max(w, node, k));
	if (!d->core || !d->out || !d->group)
		abort();
	sim_trace(w, "n%u starts %s", node, w->type[k]->ops->name);
	tell_start(w, n, k);
	if (k != SIM_CCSD && n->has_conf && n->d[SIM_CCSD].up)
		(void)for_daemon(w, 1000 + sim_rnd(w, 2000), fire_config, n, k, n->conf_bytes, n->conf_len);
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
	if (k == SIM_FENCED && n->d[SIM_RGM].up) {
		struct sim_event *e = for_daemon(w, 100, fire_peer_gone, n, SIM_RGM, NULL, 0);

		e->value = CLU_PEER_FENCED;
	}
}

static void fire_shutdown(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	/* A service manager stops what needs it first: without fenced nobody would fence this node for its services. */
	if (e->daemon == SIM_FENCED && w->node[e->node].d[SIM_RGM].up) {
		sim_daemon_stop(w, e->node, SIM_RGM);
		(void)for_daemon(w, 1000000, fire_shutdown, &w->node[e->node], SIM_FENCED, NULL, 0);
		return;
	}
	sim_deliver(w, e->node, e->daemon, &ev);
}

void sim_daemon_stop(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	(void)for_daemon(w, 100, fire_shutdown, &w->node[node], k, NULL, 0);
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
		/* One that lived on without corosync (ccsd) hears of its return as of a start. qdiskd is about to end. */
		if (n->d[k].up && k == SIM_QDISKD)
			sim_daemon_restart_later(w, node, SIM_QDISKD);
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
		e = for_daemon(w, 100 + sim_rnd(w, 1000), fire_peer_gone, n, (enum sim_daemon_kind)k, NULL, 0);
		e->value = CLU_PEER_COROSYNC;
	}
	e = sim_at(w, 20000000 + sim_rnd(w, 40000000), fire_corosync_back, node, NULL, 0);
	e->boot = n->boot;
}
