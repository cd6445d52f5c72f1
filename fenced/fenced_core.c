/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fenced_core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_opt.h"
#include "clu_planted.h"
#include "fenced_priv.h"

#define POST_JOIN_DELAY_S 6
#define MAX_DELAY_S 86400
/*
 * While agents run, or a word is waited for, or where quorum may come without another node, we wake at least this often,
 * only to notice that we hung.
 */
#define PULSE_MS 500
#define DISTRUST_MS 5000	/* until then what has happened meanwhile has been heard, also of quorum */
#define OVERTAKEN_MS 1000	/* no token timeout is shorter: others may fence by now what our agents work at */

struct fdom *fdom_new(const struct fdom_options *opt)
{
	struct fdom *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->opt = *opt;
	d->post_join_s = opt->post_join_delay_s == FDOM_UNSET ? POST_JOIN_DELAY_S : opt->post_join_delay_s;
	d->post_fail_s = opt->post_fail_delay_s == FDOM_UNSET ? 0 : opt->post_fail_delay_s;
	d->agent_timeout_s = FENCE_AGENT_TIMEOUT_S;
	d->clean_start = opt->clean_start;
	d->skip_undefined = opt->skip_undefined;
	d->next_child = 1;
	d->next_token = 1;
	return d;
}

struct fdom *fdom_free(struct fdom *d)
{
	if (!d)
		return NULL;
	fdom_runs_free(d);
	clu_conf_unref(d->conf);
	free(d);
	return NULL;
}

const char *fdom_name(const struct fdom *d, uint32_t nodeid)
{
	static _Thread_local char unknown[4][24];
	static _Thread_local unsigned next;
	const char *name = d->conf ? clu_conf_node_name(d->conf, nodeid) : NULL;

	if (name)
		return name;
	next = (next + 1) % 4;
	snprintf(unknown[next], sizeof(unknown[next]), "node%u", nodeid);
	return unknown[next];
}

struct fdom_node *fdom_find(struct fdom *d, uint32_t nodeid)
{
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].nodeid == nodeid)
			return &d->nodes[i];
	return NULL;
}

struct fdom_node *fdom_get(struct fdom *d, uint32_t nodeid)
{
	struct fdom_node *n = fdom_find(d, nodeid);
	unsigned i;

	if (n || !nodeid)
		return n;
	if (d->n_nodes == FDOM_MAX_NODES) {
		d->ignored++;
		return NULL;
	}
	for (i = d->n_nodes; i > 0 && d->nodes[i - 1].nodeid > nodeid; i--)
		d->nodes[i] = d->nodes[i - 1];
	d->nodes[i] = (struct fdom_node) { .nodeid = nodeid };
	d->n_nodes++;
	return &d->nodes[i];
}

bool fdom_is_member(const struct fdom *d)
{
	const struct fdom_node *n = d->self ? fdom_find((struct fdom *)d, d->self) : NULL;

	return d->admitted && n && n->member;
}

bool fdom_is_master(const struct fdom *d)
{
	return fdom_is_member(d) && d->master == d->self;
}

bool fdom_gate(const struct fdom *d)
{
	if (CLU_PLANTED(FENCED_NO_QUORUM))
		return true;
	return d->quorate && (d->quorum_ring.seq >= d->view_ring.seq || CLU_PLANTED(FENCED_OLD_QUORUM));
}

void fdom_send(struct fdom *d, Hawser__FdomMessage *m)
{
	clu_out_send_pb(d->out, &m->base);
}

static size_t short_len(const char *name)
{
	return strcspn(name, ".");
}

uint32_t fdom_resolve(const struct fdom *d, const char *name)
{
	struct clu_conf_node nodes[FDOM_MAX_NODES];
	unsigned n;
	size_t len = short_len(name);

	if (!*name)
		return 0;
	/* As we call it ourselves: also a victim that is in no cluster.conf any more can be named. */
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (!strcmp(fdom_name(d, d->nodes[i].nodeid), name))
			return d->nodes[i].nodeid;
	if (!d->conf)
		return 0;
	n = clu_conf_nodes(d->conf, nodes, FDOM_MAX_NODES);
	if (n > FDOM_MAX_NODES)
		n = FDOM_MAX_NODES;
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(nodes[i].name, name))
			return nodes[i].nodeid;
	for (unsigned i = 0; i < n; i++)
		if ((!name[len] || !nodes[i].name[short_len(nodes[i].name)]) &&
		    short_len(nodes[i].name) == len && !strncmp(nodes[i].name, name, len))
			return nodes[i].nodeid;
	return 0;
}

/* What <fence_daemon> says; the command line wins. */
struct daemon_conf {
	int64_t post_join_delay, post_fail_delay;
	uint32_t agent_timeout;
	bool clean_start, skip_undefined;
	const char *agent_path;
};

static const struct clu_opt daemon_opts[] = {
	{ "post_join_delay", CLU_OPT_INT, -1, MAX_DELAY_S, "6", NULL,
		offsetof(struct daemon_conf, post_join_delay), true,
		"seconds to wait for a missing node after another one has joined; -1 for ever" },
	{ "post_fail_delay", CLU_OPT_INT, -1, MAX_DELAY_S, "0", NULL,
		offsetof(struct daemon_conf, post_fail_delay), true,
		"seconds to wait before a failed node is fenced; -1 for ever" },
	{ "agent_timeout", CLU_OPT_UINT, 1, MAX_DELAY_S, "60", NULL,
		offsetof(struct daemon_conf, agent_timeout), true,
		"seconds after which a fence agent counts as failed" },
	{ "clean_start", CLU_OPT_BOOL, 0, 0, "0", NULL,
		offsetof(struct daemon_conf, clean_start), true, "no startup fencing" },
	{ "skip_undefined", CLU_OPT_BOOL, 0, 0, "0", NULL,
		offsetof(struct daemon_conf, skip_undefined), true,
		"no startup fencing of nodes without a fence method" },
	{ "agent_path", CLU_OPT_STRING, 0, 0, "", NULL,
		offsetof(struct daemon_conf, agent_path), true,
		"directories, separated by colons, that are searched first for fence agents" },
};

static const struct clu_opt cman_opts[] = {
	{ "two_node", CLU_OPT_BOOL, 0, 0, "0", NULL, 0, false, "each of two nodes is quorate alone" },
};

/* May a node be quorate in a ring without any other one: by the votes of a quorum disk, or as one of two nodes? */
static bool quorate_alone(const struct clu_node *root)
{
	bool two = false;
	struct clu_buf errs = CLU_BUF_INIT;

	/* What is wrong with it is the validator's to say, and cman_tool's. */
	clu_opt_read(clu_node_child(root, "cman"), cman_opts, 1, &two, &errs);
	clu_buf_free(&errs);
	return two || clu_node_child(root, "quorumd");
}

static void on_config(struct fdom *d, const struct clu_config *c)
{
	struct clu_conf *old = d->conf;
	struct daemon_conf v = { 0 };
	struct clu_buf errs = CLU_BUF_INIT;

	d->conf = clu_conf_ref((struct clu_conf *)c->conf);
	clu_conf_unref(old);
	if (clu_opt_read(clu_node_child(clu_conf_root(d->conf), "fence_daemon"), daemon_opts,
			sizeof(daemon_opts) / sizeof(daemon_opts[0]), &v, &errs))
		clu_out_note(d->out, CLU_ERR, "fdom.config", "fence_daemon", "", "", clu_buf_text(&errs), NULL);
	clu_buf_free(&errs);
	d->post_join_s = d->opt.post_join_delay_s == FDOM_UNSET ? v.post_join_delay : d->opt.post_join_delay_s;
	d->post_fail_s = d->opt.post_fail_delay_s == FDOM_UNSET ? v.post_fail_delay : d->opt.post_fail_delay_s;
	d->agent_timeout_s = v.agent_timeout;
	d->clean_start = d->opt.clean_start || v.clean_start;
	d->skip_undefined = d->opt.skip_undefined || v.skip_undefined;
	d->agent_path = *v.agent_path ? v.agent_path : NULL;
	d->alone = quorate_alone(clu_conf_root(d->conf));
	/* The change may be the repair: what failed is tried again at once, what waits gets the new delays. */
	for (unsigned i = 0; i < d->n_nodes; i++) {
		struct fdom_node *n = &d->nodes[i];

		if (n->v.state == FDOM_V_FAILED)
			n->v.due_ms = d->now_ms;
		else if (n->v.state == FDOM_V_WAITING && n->v.due_ms > d->now_ms)
			fdom_delay_begin(d, n, n->v.joindelay);
	}
	d->changed = true;
}

static bool is_up(const struct fdom *d, uint32_t nodeid)
{
	for (unsigned i = 0; i < d->n_up; i++)
		if (d->up[i] == nodeid)
			return true;
	return false;
}

/* Takes over the list of nodes that are up; true when it has nodes that were not up before. */
static bool note_up(struct fdom *d, const struct clu_quorum *q)
{
	unsigned n = q->n_nodes < CLU_MAX_NODES ? q->n_nodes : CLU_MAX_NODES;
	bool grew = false;

	for (unsigned i = 0; i < n; i++)
		grew |= !is_up(d, q->nodes[i]);
	memcpy(d->up, q->nodes, n * sizeof(d->up[0]));
	d->n_up = n;
	d->up_known = true;
	return grew;
}

static void on_quorum(struct fdom *d, const struct clu_quorum *q)
{
	bool gained = q->quorate && !d->quorate;
	bool grew = note_up(d, q);

	if (q->quorate != d->quorate)
		clu_out_note(d->out, CLU_NOTICE, "fdom.quorum", "domain", d->quorate ? "quorate" : "inquorate",
			q->quorate ? "quorate" : "inquorate",
			q->quorate ? "fencing is allowed" : "without quorum this partition fences nobody", NULL);
	d->quorate = q->quorate;
	d->quorum_ring = q->ring;
	d->changed = true;
	if (!gained)
		return;
	/*
	 * Quorum that a joining node brought: those still missing get the time to follow it. And one of them that is up
	 * again to say that it was started anew, also without a post_join_delay: its vote may be the one that was
	 * missing, and every time it came back it would be cut off, and quorum with it.
	 */
	for (unsigned i = 0; i < d->n_nodes; i++) {
		struct fdom_node *n = &d->nodes[i];

		if (n->v.state == FDOM_V_WAITING && (grew || n->v.reason == FDOM_R_STARTUP))
			fdom_delay_begin(d, n, true);
		if (n->v.state != FDOM_V_NONE && n->v.gone && grew && is_up(d, n->nodeid))
			n->v.history_ms = d->now_ms + FDOM_HISTORY_MS;
	}
}

/*
 * A victim whose daemon alone died is not known to have been restarted when a
 * new daemon appears there; after its whole node has left the cluster it is.
 */
static void tell_gone(struct fdom *d)
{
	if (!d->admitted || !d->up_known || d->quorum_ring.seq < d->view_ring.seq)
		return;
	for (unsigned i = 0; i < d->n_nodes; i++) {
		struct fdom_node *n = &d->nodes[i];
		Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;

		if (n->v.state == FDOM_V_NONE || n->v.gone || n->v.gone_sent || is_up(d, n->nodeid) ||
		    !fdom_is_killer(d, n->nodeid))
			continue;
		m.kind = HAWSER__FDOM_KIND__FDOM_GONE;
		m.nodeid = n->nodeid;
		m.victim_seq = n->v.seq;
		fdom_send(d, &m);
		n->v.gone_sent = true;
	}
}

static void on_shutdown(struct fdom *d)
{
	if (d->shutdown || !d->admitted) {
		clu_out_exit(d->out);
		return;
	}
	d->shutdown = true;
	d->want_member = false;
	fdom_join_drop(d);
	if (fdom_is_member(d))
		d->leaving = true;
	else
		clu_out_leave(d->out);
}

/* LEAVE goes out when no agent of ours runs any more, so that the next master never starts one beside it. */
static void leave_progress(struct fdom *d)
{
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;

	if (!d->leaving || d->leave_sent || fdom_runs_any(d))
		return;
	if (!fdom_is_member(d)) {
		d->leaving = false;
		fdom_answer(d, d->leave_token, 0, NULL);
		if (d->shutdown)
			clu_out_leave(d->out);
		return;
	}
	m.kind = HAWSER__FDOM_KIND__FDOM_LEAVE;
	m.token = d->leave_token;
	fdom_send(d, &m);
	d->leave_sent = true;
}

static void on_peer(struct fdom *d, const struct clu_peer *p)
{
	if (p->kind != CLU_PEER_COROSYNC || p->up)
		return;
	d->quorate = false;
	if (d->shutdown)
		clu_out_exit(d->out);
	else
		clu_out_fatal(d->out, 1, fdom_is_member(d) ?
			"cluster is down (corosync has gone), exiting; fence domain abandoned: the other nodes will "
			"fence this one" : "cluster is down (corosync has gone), exiting");
}

static uint64_t fdom_deadline(const void *core)
{
	const struct fdom *d = core;
	uint64_t first = CLU_NEVER;
	bool pulse = fdom_runs_any(d) || (d->alone && d->admitted), master = fdom_is_master(d) && !d->leaving && d->conf;

	for (unsigned i = 0; i < d->n_nodes && master && fdom_gate(d); i++) {
		const struct fdom_node *n = &d->nodes[i];
		uint64_t due = fdom_victim_due(&n->v), yield = fdom_yield_due(d, n);

		pulse |= yield != CLU_NEVER;
		if (yield < first)
			first = yield;
		/* A victim that is due and not begun waits for an event (a device in use), not for time. */
		if ((n->v.state == FDOM_V_WAITING || n->v.state == FDOM_V_FAILED) &&
		    (due > d->now_ms || CLU_PLANTED(FENCED_SPINS)) &&
		    due < first && !n->v.begun && !fdom_run_of((struct fdom *)d, n->nodeid))
			first = due;
	}
	if (pulse && first > d->now_ms + PULSE_MS)
		first = d->now_ms + PULSE_MS;
	if (pulse && d->distrust_until_ms > d->now_ms && first > d->distrust_until_ms)
		first = d->distrust_until_ms;
	return first;
}

static int fdom_step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	struct fdom *d = core;

	uint64_t due_ms = fdom_deadline(d);

	d->out = out;
	if (due_ms != CLU_NEVER && ev->now_ms > due_ms + FDOM_HUNG_MS) {
		d->distrust_until_ms = ev->now_ms + DISTRUST_MS;
		clu_out_note(out, CLU_WARNING, "fdom.hung", "fenced", "", "",
			"this node hung; the others may have gone on without it",
			"late_ms=%llu", (unsigned long long)(ev->now_ms - due_ms));
		d->overtaken = ev->now_ms > due_ms + OVERTAKEN_MS;
	}
	d->now_ms = ev->now_ms;
	d->wall_us = ev->wall_us;
	d->changed = false;
	d->error = 0;
	if (d->overtaken)
		fdom_runs_check(d);	/* before anything that has waited for us */
	switch (ev->type) {
	case CLU_EV_START:
		d->self = ev->u.start.nodeid;
		d->origin = ev->u.start.incarnation;
		break;
	case CLU_EV_VIEW:
		fdom_on_view(d, &ev->u.view);
		break;
	case CLU_EV_QUORUM:
		on_quorum(d, &ev->u.quorum);
		break;
	case CLU_EV_MESSAGE:
		fdom_on_message(d, &ev->u.message);
		break;
	case CLU_EV_STATE:
		fdom_on_state(d, &ev->u.state);
		break;
	case CLU_EV_REQUEST:
		fdom_on_request(d, &ev->u.request);
		break;
	case CLU_EV_CLIENT_GONE:
		fdom_client_gone(d, ev->u.client);
		break;
	case CLU_EV_CHILD:
		fdom_on_child(d, &ev->u.child);
		break;
	case CLU_EV_CONFIG:
		on_config(d, &ev->u.config);
		break;
	case CLU_EV_PEER:
		on_peer(d, &ev->u.peer);
		break;
	case CLU_EV_SHUTDOWN:
		on_shutdown(d);
		break;
	case CLU_EV_TIMER:
		break;
	case CLU_EV_STORED:
	case CLU_EV_DEVICE:
	case CLU_NEVENTS:
		d->ignored++;
		break;
	}
	if (fdom_is_member(d) && fdom_gate(d) && d->complete)
		d->stateful = true;
	tell_gone(d);
	fdom_victims_only(d);
	fdom_runs_check(d);
	d->overtaken = false;
	fdom_runs_start(d);
	fdom_join_progress(d);
	leave_progress(d);
	fdom_yield_progress(d);
	if (d->changed)
		fdom_news_notify(d);
	d->out = NULL;
	return d->error;
}

/* Members of a domain that is being founded have done nothing yet. */
static uint32_t fdom_weight(const void *core)
{
	const struct fdom *d = core;

	return d->stateful;
}

const struct clu_core_ops fdom_ops = {
	.name = "fenced",
	.proto_min = 1,
	.proto_max = 1,
	.step = fdom_step,
	.deadline = fdom_deadline,
	.snapshot = fdom_snapshot,
	.weight = fdom_weight,
	.dump = fdom_dump,
};
