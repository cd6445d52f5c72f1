/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmand_core_priv.h"

#include <stdlib.h>
#include <string.h>

#define LEAVE_MS 3000

struct cmand_core *cmand_core_new(const char *apply)
{
	struct cmand_core *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->apply = strdup(apply);
	if (!c->apply) {
		free(c);
		return NULL;
	}
	return c;
}

void cmand_core_free(void *core)
{
	struct cmand_core *c = core;

	if (!c)
		return;
	clu_conf_unref(c->conf);
	free(c->apply);
	free(c);
}

static void on_quorum(struct cmand_core *c, const struct clu_quorum *q)
{
	c->quorum_known = true;
	c->quorate = q->quorate;
	c->n_q_nodes = 0;
	for (unsigned i = 0; i < q->n_nodes && i < CLU_MAX_NODES; i++)
		c->q_nodes[c->n_q_nodes++] = q->nodes[i];
}

/* The program that tells other nodes, before they join, what runs here. */
static void run_answerer(struct cmand_core *c, struct clu_out *out)
{
	const char *const argv[] = { c->apply, "answer", NULL };
	struct clu_run run = { .id = CMAND_CHILD_ANSWER, .argv = argv, .deadline_ms = CMAND_ANSWER_MS };
	size_t len = 0;

	if (c->answering || !c->conf || c->leaving)
		return;
	run.input = clu_conf_bytes(c->conf, &len);
	run.input_len = len;
	c->answering = true;
	c->answer_end = false;
	clu_out_run(out, &run);
}

static void on_config(struct cmand_core *c, const struct clu_config *e, struct clu_out *out)
{
	clu_conf_unref(c->conf);
	c->conf = clu_conf_ref((struct clu_conf *)(uintptr_t)e->conf);
	c->version = e->version;
	c->look_due = true;
	c->retry_ms = 0;
	if (c->answering && !c->answer_end) {
		c->answer_end = true;
		clu_out_kill(out, CMAND_CHILD_ANSWER);
	}
	run_answerer(c, out);
}

static void answerer_ended(struct cmand_core *c, const struct clu_child_end *e, struct clu_out *out)
{
	c->answering = false;
	if (c->answer_end || e->timed_out)
		run_answerer(c, out);
	else if (e->exit_code)
		clu_out_note(out, CLU_WARNING, "cman.answer", "answers to joining nodes", "on", "off", e->tail,
			"exit=%d signal=%d", e->exit_code, e->term_signal);
}

static void on_child(struct cmand_core *c, const struct clu_child_end *e, struct clu_out *out)
{
	switch (e->id) {
	case CMAND_CHILD_LOOK:
		cmand_look_ended(c, e, out);
		break;
	case CMAND_CHILD_RELOAD:
		cmand_reload_ended(c, e, out);
		break;
	case CMAND_CHILD_ANSWER:
		answerer_ended(c, e, out);
		break;
	default:
		break;
	}
}

static void on_shutdown(struct cmand_core *c, struct clu_out *out)
{
	if (c->leaving)
		return;
	c->leaving = true;
	c->leave_ms = c->now_ms + LEAVE_MS;
	if (c->member)
		clu_out_leave(out);
	else
		clu_out_exit(out);
}

static void on_timer(struct cmand_core *c, struct clu_out *out)
{
	if (c->leaving && c->now_ms >= c->leave_ms) {
		c->leave_ms = CLU_NEVER;
		clu_out_exit(out);
	}
	if (c->retry_ms && c->now_ms >= c->retry_ms) {
		c->retry_ms = 0;
		c->look_due = true;
	}
}

static int step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	struct cmand_core *c = core;
	int r = 0;

	c->now_ms = ev->now_ms;
	switch (ev->type) {
	case CLU_EV_START:
		c->nodeid = ev->u.start.nodeid;
		break;
	case CLU_EV_VIEW:
		cmand_on_view(c, &ev->u.view, out);
		break;
	case CLU_EV_QUORUM:
		on_quorum(c, &ev->u.quorum);
		break;
	case CLU_EV_MESSAGE:
		cmand_on_message(c, &ev->u.message, out);
		break;
	case CLU_EV_STATE:
		r = cmand_on_state(c, &ev->u.state, out);
		break;
	case CLU_EV_REQUEST:
		cmand_on_request(c, &ev->u.request, out);
		break;
	case CLU_EV_CLIENT_GONE:
		cmand_client_gone(c, ev->u.client);
		break;
	case CLU_EV_CHILD:
		on_child(c, &ev->u.child, out);
		break;
	case CLU_EV_CONFIG:
		on_config(c, &ev->u.config, out);
		break;
	case CLU_EV_PEER:
		/* It lives as long as the corosync it was started with. */
		if (ev->u.peer.kind == CLU_PEER_COROSYNC && !ev->u.peer.up)
			clu_out_exit(out);
		break;
	case CLU_EV_TIMER:
		on_timer(c, out);
		break;
	case CLU_EV_SHUTDOWN:
		on_shutdown(c, out);
		break;
	case CLU_EV_STORED:	/* stores nothing ... */
	case CLU_EV_DEVICE:	/* ... and has none */
	case CLU_NEVENTS:
	default:
		break;
	}
	cmand_progress(c, out);
	cmand_tell(c, out);
	return r ? r : clu_out_error(out);
}

static uint64_t deadline(const void *core)
{
	const struct cmand_core *c = core;
	uint64_t t = cmand_tell_deadline(c);

	if (c->retry_ms && c->retry_ms < t)
		t = c->retry_ms;
	if (c->leaving && c->leave_ms < t)
		t = c->leave_ms;
	return t;
}

const struct clu_core_ops cmand_core_ops = {
	.name = "cmand",
	.proto_min = 1,
	.proto_max = 1,
	.step = step,
	.deadline = deadline,
	.snapshot = cmand_snapshot,
	.dump = cmand_dump,
};
