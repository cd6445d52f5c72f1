/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events in, and what every step ends with. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_priv.h"

struct rg *rg_new(const struct rg_options *opt)
{
	struct rg *rg = calloc(1, sizeof(*rg));

	if (!rg)
		return NULL;
	rg->opt = *opt;
	rg->next_child = 1;
	rg->next_ticket = 1;
	if (opt->left_len && !CLU_PLANTED(RGM_NOTE_FORGOTTEN))
		clu_buf_append(&rg->left.text, opt->left, opt->left_len);
	rg->left.any = rg->left.text.len != 0;
	rg->opt.left = NULL;
	return rg->left.text.error ? rg_free(rg) : rg;
}

struct rg *rg_free(struct rg *rg)
{
	if (!rg)
		return NULL;
	while (rg->n_svcs)
		rg_svc_drop(rg, rg->svcs[0]);
	free(rg->svcs);
	rg_rm_free(rg->rm);
	clu_conf_unref(rg->conf);
	clu_buf_free(&rg->left.text);
	if (rg->fence)
		hawser__fenced_news__free_unpacked(rg->fence, NULL);
	free(rg);
	return NULL;
}

struct rg_node *rg_node_find(struct rg *rg, uint32_t nodeid)
{
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].nodeid == nodeid)
			return &rg->nodes[i];
	return NULL;
}

struct rg_node *rg_node_get(struct rg *rg, uint32_t nodeid)
{
	struct rg_node *n = rg_node_find(rg, nodeid);
	unsigned at;

	if (n || rg->n_nodes == RG_MAX_NODES)
		return n;
	for (at = rg->n_nodes; at && rg->nodes[at - 1].nodeid > nodeid; at--)
		rg->nodes[at] = rg->nodes[at - 1];
	rg->n_nodes++;
	rg->nodes[at] = (struct rg_node){ .nodeid = nodeid };
	return &rg->nodes[at];
}

const char *rg_node_name(const struct rg *rg, uint32_t nodeid)
{
	const char *name = nodeid && rg->rm ? clu_conf_node_name(rg->rm->conf, nodeid) : NULL;

	if (name && *name)
		return name;
	return !nodeid ? "none" : nodeid == rg->self && *rg->self_name ? rg->self_name : "unknown";
}

bool rg_takes_part(const struct rg_node *n)
{
	return n && n->present && n->ready && !n->leaving && !n->lost;
}

bool rg_is_lowest(const struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].present)
			return rg->nodes[i].nodeid == rg->self;
	return false;
}

bool rg_any_lost(const struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].lost)
			return true;
	return false;
}

bool rg_may_start(const struct rg *rg)
{
	bool yes = false;

	for (unsigned i = 0; i < rg->n_nodes; i++) {
		if (!rg->nodes[i].present)
			continue;
		if (rg->nodes[i].quorum == 1)
			return false;
		yes = yes || rg->nodes[i].quorum == 2;
	}
	return (yes || CLU_PLANTED(RGM_NO_QUORUM)) && !rg->locked &&
		(!rg_any_lost(rg) || CLU_PLANTED(RGM_BEFORE_FENCED));
}

bool rg_ids_has(const struct rg_ids *s, uint32_t id)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->id[i] == id)
			return true;
	return false;
}

void rg_ids_add(struct rg_ids *s, uint32_t id)
{
	if (!rg_ids_has(s, id) && s->n < RG_MAX_NODES)
		s->id[s->n++] = id;
}

void rg_ids_del(struct rg_ids *s, uint32_t id)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->id[i] == id) {
			memmove(&s->id[i], &s->id[i + 1], (s->n - i - 1) * sizeof(s->id[0]));
			s->n--;
			return;
		}
}

void rg_send(struct rg *rg, Hawser__RgMessage *m)
{
	m->wall_us = rg->wall_us;
	clu_out_send_pb(rg->out, &m->base);
}

void rg_note_node(struct rg *rg, enum clu_level level, const char *event, uint32_t nodeid, const char *from, const char *to,
	const char *why)
{
	clu_out_note(rg->out, level, event, rg_node_name(rg, nodeid), from, to, why, "nodeid=%u", nodeid);
}

/* What this node waits for at fenced's before it takes part, NULL for nothing. */
static const char *fence_wait(const struct rg *rg)
{
	if (!rg_rm_has_fencing(rg->rm, rg->self))
		return NULL;
	if (!rg->fence)
		return "it waits for word from fenced on this node; start fenced if it does not run";
	if (!rg->fence->joined)
		return "it waits for this node to join the fence domain: fence_tool join";
	return rg->fence->n_victims ? "it waits until nobody has to be fenced any more: fence_tool ls tells who" : NULL;
}

static bool fence_settled(struct rg *rg)
{
	const char *wait = fence_wait(rg);

	/* Told once per reason: nothing starts here meanwhile, and whoever reads the log asks why. */
	if (wait && wait != rg->told_wait)
		rg_note_node(rg, CLU_NOTICE, "rg.wait", rg->self, "joining", "joining", wait);
	rg->told_wait = wait;
	return !wait;
}

/*
 * This node takes part when it knows its configuration, belongs to a quorate
 * cluster and to the fence domain, nobody waits to be fenced (a daemon that is
 * new here would not know whose services that concerns), and everything was
 * stopped here once.
 */
static void say_ready(struct rg *rg)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	const struct rg_node *me = rg_node_find(rg, rg->self);

	if (!rg->admitted || !rg->rm || rg->ready_sent || rg->shutdown || !rg->local_quorate || !fence_settled(rg))
		return;
	/* The others must have heard of our quorum, and not count us in already. */
	if (!me || me->quorum != 2 || me->ready)
		return;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (!rg->svcs[i]->local.inited && !rg->svcs[i]->gone && !CLU_PLANTED(RGM_READY_TOO_EARLY))
			return;
	m.kind = RG_M_READY;
	m.version = rg->version;
	m.failed = calloc(2 * rg->n_svcs + 1, sizeof(*m.failed));
	if (!m.failed) {
		rg->error = -ENOMEM;
		return;
	}
	m.inherits = m.failed + rg->n_svcs;
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];

		if (s->local.init_failed && !s->gone)
			m.failed[m.n_failed++] = s->name;
		if (s->local.inherited && s->noted)
			m.inherits[m.n_inherits++] = s->name;
	}
	rg->ready_sent = true;
	rg_send(rg, &m);
	free(m.failed);
}

/* At the start of a cluster, members that are just getting ready are waited for: services then begin where they belong. */
static void say_go(struct rg *rg)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

	if (rg->go || !rg->admitted || !rg_may_start(rg) || !rg_all_told(rg)) {
		rg->go_since_ms = 0;
		return;
	}
	if (!rg->go_since_ms)
		rg->go_since_ms = rg->now_ms;
	if (rg->now_ms < rg->go_since_ms + RG_SETTLE_MS)
		return;
	rg->go_since_ms = rg->now_ms;
	m.kind = RG_M_GO;
	rg_send(rg, &m);
}

static void corosync_gone(struct rg *rg)
{
	if (!rg->corosync_gone || rg->exiting || !rg_nothing_here(rg))
		return;
	rg->exiting = true;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->local.active) {
			clu_out_fatal(rg->out, CLU_FATAL_RESET, "corosync is gone, and a service here could not be stopped: the "
				"machine is reset, or it would be active twice");
			return;
		}
	clu_out_fatal(rg->out, 1, "corosync is gone; every service here was stopped. Join the cluster again (cman_tool join), "
		"then start rgmanager");
}

static void on_peer(struct rg *rg, const struct clu_peer *p)
{
	if (p->kind == CLU_PEER_FENCED) {
		rg_on_fenced(rg, p);
	} else if (p->kind == CLU_PEER_COROSYNC && !p->up && !rg->corosync_gone) {
		rg->corosync_gone = true;
		rg->admitted = false;
		rg->local_quorate = false;
		clu_out_note(rg->out, CLU_CRIT, "rg.corosync", "cluster", "member", "alone",
			"corosync is gone: shutting down uncleanly, all services are stopped", NULL);
		rg_tickets_abort(rg, RG_EQUORUM, "corosync is gone");
	}
}

static void on_message(struct rg *rg, const struct clu_message *msg)
{
	Hawser__RgMessage *m = hawser__rg_message__unpack(NULL, msg->len, msg->data);
	uint64_t wall_us = rg->wall_us;

	if (!m || m->kind >= RG_NMSGS) {
		rg->stats.bad_messages++;
	} else {
		/* Records that all members keep take the sender's time of day. */
		rg->wall_us = m->wall_us;
		rg_apply(rg, msg->from, m);
		rg_evaluate(rg);
		rg->wall_us = wall_us;
	}
	if (m)
		hawser__rg_message__free_unpacked(m, NULL);
}

static void on_state(struct rg *rg, const struct clu_message *st)
{
	rg_tickets_abort(rg, RG_EAGAIN, "this node met members with other state and took theirs");
	if (rg_load(rg, st->data, st->len) < 0)
		clu_out_fatal(rg->out, 1, "the services' state from another member cannot be read; update hawser on all "
			"nodes to versions that work together");
	rg->said_quorum_view = 0;
	rg->conf_sent = 0;
	rg->ready_sent = rg->leave_asked = rg->stop_asked = rg->left.said = false;
	rg->kept.n = 0;
	rg->quorum_waits.n = 0;
	rg->fence_heard = false;
	rg->n_fence_said = 0;
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].lost)
			rg->nodes[i].ask_ms = rg->now_ms + RG_ASK_FENCE_MS;
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		/* A daemon that was updated takes over what it left running; of anything else nobody knows that it may run here. */
		rg->svcs[i]->local.inited = rg->svcs[i]->local.inherited = rg->opt.no_init_stop &&
			rg_is_left_alone(rg->svcs[i]) && rg->svcs[i]->owner == rg->self;
		rg->svcs[i]->local.done_txn = rg->svcs[i]->local.failed_txn = 0;
		/* What is under way here goes on or is ended, but the transition that asked for it is none of this state. */
		rg->svcs[i]->local.op.txn = 0;
	}
}

static void on_start(struct rg *rg, const struct clu_start *s)
{
	rg->self = s->nodeid;
	rg->seed = s->seed;
	snprintf(rg->self_name, sizeof(rg->self_name), "%s", s->node_name ? s->node_name : "");
}

static int rg_step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	struct rg *rg = core;

	rg->out = out;
	rg->now_ms = ev->now_ms;
	rg->wall_us = ev->wall_us;
	switch (ev->type) {
	case CLU_EV_START:
		on_start(rg, &ev->u.start);
		break;
	case CLU_EV_VIEW:
		rg_on_view(rg, &ev->u.view);
		rg_evaluate(rg);
		break;
	case CLU_EV_QUORUM:
		rg_on_quorum(rg, &ev->u.quorum);
		break;
	case CLU_EV_MESSAGE:
		on_message(rg, &ev->u.message);
		break;
	case CLU_EV_STATE:
		on_state(rg, &ev->u.state);
		break;
	case CLU_EV_REQUEST:
		rg_on_request(rg, &ev->u.request);
		break;
	case CLU_EV_CLIENT_GONE:
		rg_on_client_gone(rg, ev->u.client);
		break;
	case CLU_EV_CHILD:
		rg_on_child(rg, &ev->u.child);
		break;
	case CLU_EV_CONFIG:
		rg_on_config(rg, &ev->u.config);
		break;
	case CLU_EV_PEER:
		on_peer(rg, &ev->u.peer);
		break;
	case CLU_EV_SHUTDOWN:
		rg->shutdown = true;
		break;
	case CLU_EV_TIMER:
		break;
	case CLU_EV_STORED:
		rg_left_stored(rg, &ev->u.stored);
		break;
	case CLU_EV_DEVICE:
	case CLU_NEVENTS:
		rg->stats.ignored++;
		break;
	}
	/* In this order: this node's programs first, words to others after it. */
	rg_local_act(rg);
	rg_say_conf(rg);
	rg_left_act(rg);
	rg_say_quorum(rg);
	rg_say_fenced(rg);
	say_ready(rg);
	say_go(rg);
	rg_say_leaving(rg);
	corosync_gone(rg);
	rg_ask_fence_due(rg);
	rg_tickets_due(rg);
	rg->out = NULL;
	return rg->error;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t rg_deadline(const void *core)
{
	const struct rg *rg = core;
	uint64_t t = sooner(rg_tickets_deadline(rg), rg_local_deadline(rg));

	t = sooner(t, rg_ask_fence_deadline(rg));
	t = sooner(t, sooner(rg_left_deadline(rg), rg_leave_deadline(rg)));
	return sooner(t, rg->go_since_ms ? rg->go_since_ms + RG_SETTLE_MS : CLU_NEVER);
}

/* Services may be active where no rgmanager looks after them any more: whoever does not know would start them elsewhere. */
static bool knows_of_leftovers(const struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].left_behind)
			return true;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->state == RG_FAILED)
			return true;
	return false;
}

/* A member that is not ready has started nothing: its state must not win over one that has services. One that leaves has. */
static uint32_t rg_weight(const void *core)
{
	struct rg *rg = (struct rg *)core;
	const struct rg_node *me = rg_node_find(rg, rg->self);

	if (me && (me->ready || me->leaving))
		return 2;
	return knows_of_leftovers(rg);
}

const struct clu_core_ops rg_ops = {
	.name = "rgmanager",
	.proto_min = 1,
	.proto_max = 1,
	.step = rg_step,
	.deadline = rg_deadline,
	.snapshot = rg_snapshot,
	.weight = rg_weight,
	.dump = rg_dump,
};
