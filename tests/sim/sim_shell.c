/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events in, actions out; and the group of a daemon over the transport. */
#include "sim_shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fenced.pb-c.h"
#include "sim_disk.h"
#include "sim_hang.h"
#include "sim_news.h"
#include "sim_parse.h"
#include "sim_proto.h"
#include "sim_cmand.h"
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

/* A deadline that has passed already fires at once, but after what is due now. */
void sim_arm(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k)
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
	sim_arm(w, n, k);
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

struct sim_event *sim_for_daemon(struct sim_world *w, uint64_t in_us, sim_fire_fn *fire, struct sim_node *n,
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
	struct sim_event *e = sim_for_daemon(w, 10 + sim_soon(w, &w->node[node], 200), fire_request,
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

void sim_tell_peer_gone(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, uint64_t in_us,
	enum clu_peer_kind peer)
{
	struct sim_event *e = sim_for_daemon(w, in_us, fire_peer_gone, n, k, NULL, 0);

	e->value = (int)peer;
}

static void fire_config(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_conf *c = NULL;
	struct clu_buf errs = CLU_BUF_INIT;
	struct sim_daemon *d = &w->node[e->node].d[e->daemon];

	if (e->id < d->conf_no)
		return;
	d->conf_no = e->id;
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

void sim_tell_conf(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, uint64_t in_us, const void *data,
	size_t len)
{
	sim_for_daemon(w, in_us, fire_config, n, k, data, len)->id = ++n->conf_no;
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

static void fire_reset(struct sim_world *w, struct sim_event *e)
{
	sim_node_reset(w, e->node);
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
		if (k == SIM_CMAND) {
			sim_cmand_run(w, n->id, &a->u.run);
			break;
		}
		sim_run_program(w, n->id, k, &a->u.run);
		break;
	case CLU_ACT_KILL:
		/* A heuristic ends soon by itself. */
		if (k == SIM_CMAND)
			sim_cmand_kill(w, n->id, a->u.kill_id);
		else if (k != SIM_QDISKD)
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
				sim_tell_conf(w, n, (enum sim_daemon_kind)o, 10 + sim_soon(w, n, 500), a->u.bytes.data,
					a->u.bytes.len);
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
		(void)sim_for_daemon(w, 1, fire_end, n, k, NULL, 0);
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

static struct host_ctx contexts[SIM_MAX_NODES + 1][SIM_NDAEMONS];

struct clu_group *sim_shell_group(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	struct host_ctx *ctx = &contexts[node][k];
	struct clu_group_host host = { host_deliver, host_mcast, host_snapshot, host_refused, ctx };

	*ctx = (struct host_ctx){ w, node, k };
	return clu_group_new(&host, w->node[node].nodeid, 1, w->type[k]->ops->proto_min, sim_proto_max(w, node, k));
}
