/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the group, in the one total order: the same on every member. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "fenced_priv.h"

/* The victim a message is about, if it still is the failure that was meant. */
static struct fdom_node *victim_of(struct fdom *d, const Hawser__FdomMessage *m)
{
	struct fdom_node *n = fdom_find(d, m->nodeid);

	if (n && n->v.state != FDOM_V_NONE && n->v.seq == m->victim_seq)
		return n;
	d->ignored++;
	return NULL;
}

static void startup_victims(struct fdom *d, const Hawser__FdomMessage *m)
{
	for (size_t i = 0; i < m->n_absent; i++) {
		struct fdom_node *n = fdom_get(d, m->absent[i]);

		if (!n || n->present || n->standing || n->v.state != FDOM_V_NONE)
			continue;
		fdom_victim_add(d, n, FDOM_R_STARTUP, NULL);
		fdom_delay_begin(d, n, true);
	}
}

static int on_join(struct fdom *d, uint32_t from, const Hawser__FdomMessage *m, const char **why)
{
	struct fdom_node *n = fdom_find(d, from);

	if (!n || !n->present)
		return -ENOENT;
	if (n->v.state != FDOM_V_NONE) {
		*why = "this node is waiting to be fenced; restart it, or confirm with fence_ack_manual that it was off";
		return -EBUSY;
	}
	if (n->member)
		return 0;
	/* Whom the creator saw when it said this may be gone by now, and would be no victim. */
	if (!d->master && m->view_no != d->view_no)
		return -ESTALE;
	if (!d->master)
		startup_victims(d, m);
	n = fdom_find(d, from);		/* the table may have moved */
	n->member = true;
	d->changed = true;
	clu_out_note(d->out, CLU_INFO, "fdom.member", fdom_name(d, from), "", "member",
		d->master ? "joined the fence domain" : "created the fence domain", "nodeid=%u", from);
	fdom_delay_restart(d);
	return 0;
}

static void on_leave(struct fdom *d, uint32_t from)
{
	struct fdom_node *n = fdom_find(d, from);

	if (from == d->self) {
		d->leaving = false;
		d->leave_sent = false;
		d->stateful = false;
		if (d->shutdown)
			clu_out_leave(d->out);
	}
	if (!n || !n->member)
		return;
	n->member = false;
	d->changed = true;
	clu_out_note(d->out, CLU_INFO, "fdom.member", fdom_name(d, from), "member", "left",
		"left the fence domain", "nodeid=%u", from);
}

/* Has the domain a member besides n? */
static bool others(const struct fdom *d, const struct fdom_node *n)
{
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].member && &d->nodes[i] != n)
			return true;
	return false;
}

static int on_victim(struct fdom *d, uint32_t from, const Hawser__FdomMessage *m, const char **why)
{
	struct fdom_node *n = fdom_get(d, m->nodeid), *asker = fdom_find(d, from);
	char text[FDOM_TEXT];

	if (!n || !asker || asker->v.state != FDOM_V_NONE) {
		*why = "a node that waits to be fenced itself has no say";
		return -EPERM;
	}
	/* Dealt with already: fencing it again would only hit its next start. */
	if (n->v.state != FDOM_V_NONE || (n->standing && !n->present))
		return 0;
	if (n->member && !others(d, n)) {
		*why = "it is the last member of the fence domain: nobody would be left to fence it, nor anybody else";
		return -EBUSY;
	}
	snprintf(text, sizeof(text), "%s (asked for on %s)", *m->why ? m->why : "no reason given",
		fdom_name(d, from));
	fdom_victim_add(d, n, FDOM_R_REQUEST, text);
	fdom_delay_begin(d, n, false);
	return 0;
}

static void on_start(struct fdom *d, uint32_t from, const Hawser__FdomMessage *m)
{
	struct fdom_node *n = victim_of(d, m);
	char why[FDOM_TEXT];

	if (!n || from != d->master)
		return;
	n->v.fencer = from;
	n->v.started_us = m->started_us;
	snprintf(why, sizeof(why), "%s runs its fence agent", fdom_name(d, from));
	/* Said again before each further agent of the same run. */
	if (n->v.state != FDOM_V_FENCING)
		fdom_victim_move(d, n, FDOM_V_FENCING, why);
	if (from == d->self)
		fdom_run_heard(d, m->token);
}

static void on_fail(struct fdom *d, uint32_t from, const Hawser__FdomMessage *m)
{
	struct fdom_node *n = victim_of(d, m);

	if (!n)
		return;
	if (from == d->self)
		n->v.begun = false;
	if (n->v.state != FDOM_V_FENCING || n->v.fencer != from) {
		d->ignored++;
		return;
	}
	if (m->aborted) {
		fdom_victim_move(d, n, FDOM_V_WAITING, m->why);
		n->v.due_ms = d->now_ms;
		return;
	}
	n->v.attempts++;
	snprintf(n->v.text, sizeof(n->v.text), "%s", m->why);
	fdom_victim_move(d, n, FDOM_V_FAILED, n->v.text);
	n->v.due_ms = d->now_ms + fdom_retry_pause(n->v.attempts);
}

static void on_done(struct fdom *d, uint32_t from, const Hawser__FdomMessage *m)
{
	struct fdom_node *n = victim_of(d, m);
	struct fdom_done done = { .how = FDOM_H_AGENT, .master = from, .started_us = m->started_us,
		.done_us = m->done_us, .took_ms = m->took_ms };

	if (!n)
		return;
	snprintf(done.agent, sizeof(done.agent), "%s", m->agent);
	fdom_victim_release(d, n, &done);
}

static int on_ack(struct fdom *d, uint32_t from, const Hawser__FdomMessage *m, const char **why)
{
	struct fdom_node *n = fdom_find(d, m->nodeid);
	struct fdom_done done = { .how = FDOM_H_OVERRIDE, .master = from, .started_us = n ? n->v.started_us : 0,
		.done_us = m->done_us };

	if (!n || n->v.state == FDOM_V_NONE) {
		*why = "that node is not waiting to be fenced; see fence_tool ls";
		return -ENOENT;
	}
	fdom_victim_release(d, n, &done);
	return 0;
}

static int on_external(struct fdom *d, uint32_t from, const Hawser__FdomMessage *m)
{
	struct fdom_node *n = fdom_get(d, m->nodeid);
	struct fdom_done done = { .how = FDOM_H_EXTERNAL, .master = from, .started_us = m->started_us,
		.done_us = m->done_us, .took_ms = m->took_ms };

	if (!n)
		return -ENOSPC;
	/* Not lost yet: its coming loss is the one that this fencing answers. */
	n->external = n->v.state == FDOM_V_NONE && n->present;
	fdom_victim_release(d, n, &done);
	return 0;
}

static void on_gone(struct fdom *d, const Hawser__FdomMessage *m)
{
	struct fdom_node *n = victim_of(d, m);

	if (!n || n->v.gone)
		return;
	n->v.gone = true;
	d->changed = true;
}

static void on_history(struct fdom *d, uint32_t from, const Hawser__FdomMessage *m)
{
	struct fdom_node *n = fdom_find(d, from);
	struct fdom_done done = { .how = FDOM_H_MEMBER, .master = from, .done_us = m->done_us };

	if (!n)
		return;
	if (!m->stateful) {
		if (n->v.state != FDOM_V_NONE)
			fdom_victim_release(d, n, &done);
		return;
	}
	if (n->v.state == FDOM_V_NONE) {
		fdom_victim_add(d, n, FDOM_R_MERGE, NULL);
	} else {
		clu_out_note(d->out, CLU_WARNING, "fdom.stays", fdom_name(d, from), "", "victim",
			"it came back from another side of a split without having been restarted",
			"nodeid=%u", from);
	}
	n->v.history_ms = 0;
	if (n->v.state == FDOM_V_WAITING)
		fdom_delay_begin(d, n, false);
	d->changed = true;
	fdom_master_update(d);
	if (fdom_is_killer(d, from) && fdom_gate(d) && from != d->self && !n->v.kill_sent) {
		n->v.kill_sent = true;
		clu_out_kill_node(d->out, from,
			"it came back from another side of a split without having been restarted");
	}
}

static void on_yield(struct fdom *d, uint32_t from)
{
	struct fdom_node *n = fdom_find(d, from);

	if (!n || !n->yields) {
		d->ignored++;
		return;
	}
	fdom_yield_end(d, n);
}

void fdom_on_message(struct fdom *d, const struct clu_message *msg)
{
	Hawser__FdomMessage *m = hawser__fdom_message__unpack(NULL, msg->len, msg->data);
	const char *why = NULL;
	int r = 0;

	if (!m) {
		d->ignored++;
		return;
	}
	if (CLU_PLANTED(FENCED_UNKNOWN_FIELD_REFUSED) && m->base.n_unknown_fields)
		m->kind = HAWSER__FDOM_KIND__FDOM_NOTHING;
	switch (m->kind) {
	case HAWSER__FDOM_KIND__FDOM_JOIN:
		r = on_join(d, msg->from, m, &why);
		break;
	case HAWSER__FDOM_KIND__FDOM_LEAVE:
		on_leave(d, msg->from);
		break;
	case HAWSER__FDOM_KIND__FDOM_VICTIM:
		r = on_victim(d, msg->from, m, &why);
		break;
	case HAWSER__FDOM_KIND__FDOM_START:
		on_start(d, msg->from, m);
		break;
	case HAWSER__FDOM_KIND__FDOM_FAIL:
		on_fail(d, msg->from, m);
		break;
	case HAWSER__FDOM_KIND__FDOM_DONE:
		on_done(d, msg->from, m);
		break;
	case HAWSER__FDOM_KIND__FDOM_EXTERNAL:
		r = on_external(d, msg->from, m);
		break;
	case HAWSER__FDOM_KIND__FDOM_ACK:
		r = on_ack(d, msg->from, m, &why);
		break;
	case HAWSER__FDOM_KIND__FDOM_GONE:
		on_gone(d, m);
		break;
	case HAWSER__FDOM_KIND__FDOM_HISTORY:
		on_history(d, msg->from, m);
		break;
	case HAWSER__FDOM_KIND__FDOM_YIELD:
		on_yield(d, msg->from);
		break;
	case HAWSER__FDOM_KIND__FDOM_NOTHING:
	case _HAWSER__FDOM_KIND_IS_INT_SIZE:
	default:
		d->ignored++;
		break;
	}
	fdom_master_update(d);
	if (msg->from == d->self && r == -ESTALE)
		fdom_send_join(d, m->token);
	else if (msg->from == d->self)
		fdom_answer(d, m->token, r, why);
	hawser__fdom_message__free_unpacked(m, NULL);
}
