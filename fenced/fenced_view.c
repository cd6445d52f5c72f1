/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Group membership: who is lost, who comes back and how; the state handed to newcomers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "fenced_priv.h"

/* A fencing member that is no member any more: its victims wait for the next one. */
static void orphans(struct fdom *d)
{
	for (unsigned i = 0; i < d->n_nodes; i++) {
		struct fdom_node *n = &d->nodes[i];
		struct fdom_node *f = n->v.state == FDOM_V_FENCING ? fdom_find(d, n->v.fencer) : NULL;

		if (n->v.state != FDOM_V_FENCING || (f && f->member) || CLU_PLANTED(FENCED_VICTIM_FORGOTTEN))
			continue;
		fdom_victim_move(d, n, FDOM_V_WAITING, "the member that ran its fence agent is none any more");
		n->v.due_ms = d->now_ms;
		n->v.begun = false;
	}
}

/*
 * Whoever is back as a newly started machine need not be fenced; but an agent that runs already may cut it off whatever
 * we do now. So its end is waited for: else the node would be lost a second time, and be a victim again.
 */
static void returned(struct fdom *d)
{
	for (unsigned i = 0; i < d->n_nodes; i++) {
		struct fdom_node *n = &d->nodes[i];
		struct fdom_done done = { .how = FDOM_H_MEMBER, .master = n->nodeid, .done_us = d->wall_us };

		if (n->present && n->v.gone && n->v.state != FDOM_V_NONE && n->v.state != FDOM_V_FENCING)
			fdom_victim_release(d, n, &done);
	}
}

static void complete_update(struct fdom *d, bool has_members)
{
	bool complete = has_members;

	for (unsigned i = 0; i < d->n_nodes && complete && !d->complete; i++)
		complete = d->nodes[i].v.state == FDOM_V_NONE || d->nodes[i].v.reason != FDOM_R_STARTUP;
	if (complete != d->complete)
		d->changed = true;
	d->complete = complete;
}

/*
 * Pure function of the replicated state, evaluated after each replicated
 * change. While there are victims a master that is still a member stays: a
 * newcomer with a lower id could otherwise start an agent beside the one that
 * the old master has just started.
 */
void fdom_master_update(struct fdom *d)
{
	struct fdom_node *old = fdom_find(d, d->master);
	uint32_t lowest = 0;

	orphans(d);
	returned(d);
	for (unsigned i = 0; i < d->n_nodes && !lowest; i++)
		if (d->nodes[i].member)
			lowest = d->nodes[i].nodeid;
	complete_update(d, lowest != 0);
	if (lowest == d->master || (old && old->member && fdom_victim_count(d)))
		return;
	clu_out_note(d->out, CLU_INFO, "fdom.master", "domain", d->master ? fdom_name(d, d->master) : "none",
		lowest ? fdom_name(d, lowest) : "none", "lowest node id of the fence domain",
		"nodeid=%u", lowest);
	if (old && old->present && old->v.state != FDOM_V_NONE)
		fdom_yield_begin(d, old);
	d->master = lowest;
	d->changed = true;
	/* The next one starts anew, without what is left of the old one's pauses. */
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].v.state == FDOM_V_FAILED)
			d->nodes[i].v.due_ms = d->now_ms;
}

static void member_left(struct fdom *d, struct fdom_node *n, enum clu_left how, bool joiners)
{
	n->present = n->yields = false;
	n->v.kill_sent = false;
	d->changed = true;
	if (how == CLU_LEFT_CLEAN) {
		if (n->member)
			clu_out_note(d->out, CLU_INFO, "fdom.member", fdom_name(d, n->nodeid), "member", "left",
				"its fenced ended in order", "nodeid=%u", n->nodeid);
		n->member = false;
		return;
	}
	if (n->v.state != FDOM_V_NONE) {
		n->v.gone = n->v.gone || how == CLU_LEFT_NODE;
		n->v.history_ms = 0;
		return;
	}
	if (!n->member)
		return;
	fdom_victim_add(d, n, how == CLU_LEFT_NODE ? FDOM_R_NODE : FDOM_R_PROCESS, NULL);
	fdom_delay_begin(d, n, joiners);
	if (how == CLU_LEFT_NODE && n->external) {
		struct fdom_done done = { .how = FDOM_H_EXTERNAL, .master = n->done.master,
			.done_us = n->done.done_us };

		fdom_victim_release(d, n, &done);
	}
	n->external = false;
}

static void member_joined(struct fdom *d, const struct clu_member *m)
{
	struct fdom_node *n = fdom_get(d, m->nodeid);

	if (!n || (n->present && n->incarnation == m->incarnation))
		return;
	n->present = true;
	n->incarnation = m->incarnation;
	n->standing = false;
	n->external = false;
	d->changed = true;
	if (!m->fresh)
		fdom_yield_begin(d, n);
	if (n->v.state == FDOM_V_NONE)
		return;
	if (!m->fresh) {
		/* What it did on its side is not known before its HISTORY message, which comes at once if ever. */
		n->v.gone = false;
		n->v.gone_sent = false;
		n->v.history_ms = d->now_ms + FDOM_HISTORY_MS;
		if (n->v.state == FDOM_V_WAITING)
			fdom_delay_begin(d, n, true);
		return;
	}
	if (!n->v.gone)
		clu_out_note(d->out, CLU_WARNING, "fdom.stays", fdom_name(d, n->nodeid), "", "victim",
			"a new fenced started there, but its machine was not restarted", "nodeid=%u", n->nodeid);
}

static bool in_view(const struct clu_view *v, uint32_t nodeid)
{
	for (unsigned i = 0; i < v->n_members; i++)
		if (v->members[i].nodeid == nodeid)
			return true;
	return false;
}

static void came_from_split(struct fdom *d)
{
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;

	clu_out_note(d->out, d->stateful ? CLU_CRIT : CLU_NOTICE, "fdom.merged", fdom_name(d, d->self), "", "",
		d->stateful ? "this node was cut off with cluster state of its own; the others will fence it" :
		"this node joined the others' fence domain; it had done nothing yet", NULL);
	m.kind = HAWSER__FDOM_KIND__FDOM_HISTORY;
	m.nodeid = d->self;
	m.stateful = d->stateful;
	m.done_us = d->wall_us;
	fdom_send(d, &m);
	if (d->want_member && !d->stateful)
		fdom_send_join(d, 0);
}

/*
 * Who has a node without its fenced restarted, and says that it was: the master; in a
 * domain that lost its last member with it, the lowest daemon there is besides, or that
 * node, and whoever else is a victim, would wait for ever.
 */
bool fdom_is_killer(const struct fdom *d, uint32_t nodeid)
{
	if (d->master)
		return fdom_is_master(d);
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].present && d->nodes[i].nodeid != nodeid)
			return d->nodes[i].nodeid == d->self;
	return false;
}

/*
 * Whoever waits to be fenced may not join, and without a member nobody fences: when all that are there are victims they
 * would wait for each other for ever. So the lowest has corosync ended on the others: those that come back newly started
 * are no victims any more, and found the domain anew.
 */
void fdom_victims_only(struct fdom *d)
{
	if (d->master || !fdom_gate(d))
		return;
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].present && d->nodes[i].v.state == FDOM_V_NONE)
			return;
	for (unsigned i = 0; i < d->n_nodes; i++) {
		struct fdom_node *n = &d->nodes[i];

		/* One that is back may still say that it had done nothing. */
		if (!n->present || n->nodeid == d->self || n->v.kill_sent || n->v.history_ms > d->now_ms ||
		    !fdom_is_killer(d, n->nodeid))
			continue;
		n->v.kill_sent = true;
		clu_out_kill_node(d->out, n->nodeid, "it has to be fenced, and nobody is left in the fence domain to do it");
	}
}

/* A view without changes tells of nodes that were lost outside of the group. */
static bool lost_nodes(const struct clu_view *v)
{
	for (unsigned i = 0; i < v->n_left; i++)
		if (v->left[i].how == CLU_LEFT_NODE)
			return true;
	return !v->n_left && !v->n_joined;
}

void fdom_on_view(struct fdom *d, const struct clu_view *v)
{
	uint32_t kill[CLU_MAX_NODES];
	unsigned n_kill = 0;
	bool merged = false;

	if (v->self_left) {
		d->admitted = false;
		d->changed = true;
		if (d->shutdown)
			clu_out_exit(d->out);
		return;
	}
	d->view_ring = v->ring;
	d->view_no += lost_nodes(v);
	for (unsigned i = 0; i < v->n_left; i++) {
		struct fdom_node *n = fdom_get(d, v->left[i].nodeid);
		bool member = n && n->member;

		if (!n)
			continue;
		member_left(d, n, v->left[i].how, v->n_joined > 0);
		if (member && v->left[i].how == CLU_LEFT_PROCESS && n_kill < CLU_MAX_NODES)
			kill[n_kill++] = n->nodeid;
	}
	for (unsigned i = 0; i < v->n_joined; i++) {
		if (v->joined[i].nodeid == d->self && !v->joined[i].fresh)
			merged = true;
		member_joined(d, &v->joined[i]);
	}
	for (unsigned i = 0; i < v->n_members; i++) {
		struct fdom_node *n = fdom_get(d, v->members[i].nodeid);

		if (n && !n->present) {
			n->present = true;
			n->incarnation = v->members[i].incarnation;
		}
	}
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (!in_view(v, d->nodes[i].nodeid))
			d->nodes[i].present = d->nodes[i].yields = false;
	if (v->first && d->admitted)
		merged = true;	/* a member a second time, without having left: the state was replaced */
	d->admitted = true;
	fdom_master_update(d);
	for (unsigned i = 0; i < n_kill && d->quorate; i++)
		if (fdom_is_killer(d, kill[i]))
			clu_out_kill_node(d->out, kill[i], "its fenced died; the node has to be restarted");
	if (merged)
		came_from_split(d);
}

static void node_save(const struct fdom_node *n, Hawser__FdomNodeState *s)
{
	hawser__fdom_node_state__init(s);
	s->nodeid = n->nodeid;
	s->incarnation = n->incarnation;
	s->present = n->present;
	s->member = n->member;
	s->external = n->external;
	s->standing = n->standing;
	s->yields = n->yields;
	s->victim_state = n->v.state;
	s->victim_reason = n->v.reason;
	s->victim_seq = n->v.seq;
	s->victim_gone = n->v.gone && !CLU_PLANTED(FENCED_LOST_SNAPSHOT_ENTRY);
	s->fencer = n->v.fencer;
	s->attempts = n->v.attempts;
	s->since_us = n->v.since_us;
	s->started_us = n->v.started_us;
	s->text = (char *)n->v.text;
	s->done_how = n->done.how;
	s->done_master = n->done.master;
	s->done_us = n->done.done_us;
	s->done_seq = n->done.seq;
	s->done_took_ms = n->done.took_ms;
	s->done_agent = (char *)n->done.agent;
	s->done_detected_us = n->done.detected_us;
	s->done_started_us = n->done.started_us;
}

int fdom_snapshot(const void *core, struct clu_buf *ret)
{
	const struct fdom *d = core;
	Hawser__FdomSnapshot s = HAWSER__FDOM_SNAPSHOT__INIT;
	Hawser__FdomNodeState nodes[FDOM_MAX_NODES], *list[FDOM_MAX_NODES];
	void *room;

	for (unsigned i = 0; i < d->n_nodes; i++) {
		node_save(&d->nodes[i], &nodes[i]);
		list[i] = &nodes[i];
	}
	s.nodes = list;
	s.n_nodes = d->n_nodes;
	s.master = d->master;
	s.complete = d->complete;
	s.view_no = d->view_no;
	s.seq = d->seq;
	room = clu_buf_grow(ret, hawser__fdom_snapshot__get_packed_size(&s));
	if (!room)
		return -ENOMEM;
	hawser__fdom_snapshot__pack(&s, room);
	return 0;
}

static void node_load(struct fdom *d, struct fdom_node *n, const Hawser__FdomNodeState *s)
{
	*n = (struct fdom_node) {
		.nodeid = s->nodeid, .incarnation = s->incarnation, .present = s->present,
		.member = s->member, .external = s->external, .standing = s->standing,
		.yields = s->yields, .yield_ms = d->now_ms + FDOM_YIELD_MS,
		.v = { .state = s->victim_state < FDOM_NVSTATES ? s->victim_state : FDOM_V_WAITING,
			.reason = s->victim_reason < FDOM_NREASONS ? s->victim_reason : FDOM_R_REQUEST,
			.seq = s->victim_seq, .gone = s->victim_gone, .fencer = s->fencer,
			.attempts = s->attempts, .since_us = s->since_us, .started_us = s->started_us },
		.done = { .how = s->done_how < FDOM_NHOWS ? s->done_how : FDOM_H_NONE,
			.master = s->done_master, .seq = s->done_seq, .done_us = s->done_us,
			.took_ms = s->done_took_ms, .detected_us = s->done_detected_us,
			.started_us = s->done_started_us },
	};
	snprintf(n->v.text, sizeof(n->v.text), "%s", s->text);
	snprintf(n->done.agent, sizeof(n->done.agent), "%s", s->done_agent);
	if (n->v.state != FDOM_V_NONE)
		fdom_delay_begin(d, n, true);
}

void fdom_on_state(struct fdom *d, const struct clu_message *m)
{
	Hawser__FdomSnapshot *s = hawser__fdom_snapshot__unpack(NULL, m->len, m->data);

	if (!s || s->n_nodes > FDOM_MAX_NODES) {
		clu_out_fatal(d->out, 1, "the fence domain's state from another member cannot be read; "
			"update hawser on all nodes to versions that work together");
		if (s)
			hawser__fdom_snapshot__free_unpacked(s, NULL);
		return;
	}
	d->origin++;
	/* Their messages belonged to the state that is given up here. */
	d->leave_sent = d->join_due = false;
	fdom_answer_all(d, -EAGAIN, "this node met the other side of a split and took its state; ask again");
	/* So did their agents: the victims' numbers there mean others here. */
	for (unsigned i = 0; i < FDOM_MAX_NODES; i++)
		d->runs[i].victim_seq = 0;
	d->n_nodes = 0;
	for (size_t i = 0; i < s->n_nodes; i++) {
		struct fdom_node *n = fdom_get(d, s->nodes[i]->nodeid);

		if (n)
			node_load(d, n, s->nodes[i]);
	}
	d->master = s->master;
	d->complete = s->complete;
	d->view_no = s->view_no;
	d->yield_sent = false;
	d->seq = s->seq;
	d->changed = true;
	hawser__fdom_snapshot__free_unpacked(s, NULL);
}
