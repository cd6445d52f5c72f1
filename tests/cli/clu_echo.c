/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest daemon there is: a core that counts the group's messages and does what
 * its admin requests say, so that tests see the shell and corosync alone. CLU_ECHO_NAME
 * names it, CLU_ECHO_WANT (a number of enum clu_want) says what the shell has to offer.
 * Requests are words; see request().
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "clu_shell.h"

#define MAX_WAITING 64

struct waiting {
	uint64_t client, id;
	char kind;		/* message, child, file */
	bool used;
};

struct echo {
	/* replicated: what the group has said */
	uint64_t count, digest;
	/* local */
	uint32_t nodeid;
	char name[64];
	unsigned n_start, n_gone, n_news, n_timer, n_shutdown;
	bool quorate, corosync, self_left, stubborn, ccsd, fenced;
	struct clu_ring quorum_ring, view_ring;
	char members[512], last_left[64];
	uint64_t version, last_id, deadline;
	struct waiting waiting[MAX_WAITING];
};

static const char *greeting = "";

static void wait_for(struct echo *e, char kind, uint64_t id, uint64_t client)
{
	for (unsigned i = 0; i < MAX_WAITING; i++) {
		if (e->waiting[i].used)
			continue;
		e->waiting[i] = (struct waiting){ client, id, kind, true };
		return;
	}
}

static void answer(struct echo *e, char kind, uint64_t id, int error, const char *text, struct clu_out *out)
{
	for (unsigned i = 0; i < MAX_WAITING; i++) {
		if (!e->waiting[i].used || e->waiting[i].kind != kind || e->waiting[i].id != id)
			continue;
		e->waiting[i].used = false;
		clu_out_reply(out, e->waiting[i].client, error, text, strlen(text));
	}
}

static void status(const struct echo *e, struct clu_buf *b)
{
	clu_buf_printf(b, "node=%u name=%s members=%s count=%" PRIu64 " digest=%016" PRIx64 " quorate=%d qring=%u.%" PRIx64
		" vring=%u.%" PRIx64 " left=%s start=%u gone=%u news=%u timer=%u corosync=%d self_left=%d version=%" PRIu64
		" ccsd=%d fenced=%d shutdown=%u %s\n", e->nodeid, e->name, e->members, e->count, e->digest, e->quorate, e->quorum_ring.rep,
		e->quorum_ring.seq, e->view_ring.rep, e->view_ring.seq, e->last_left, e->n_start, e->n_gone, e->n_news,
		e->n_timer, e->corosync, e->self_left, e->version, e->ccsd, e->fenced, e->n_shutdown, greeting);
}

static void run(struct echo *e, const char *command, uint32_t deadline, uint64_t client, struct clu_out *out)
{
	const char *const argv[] = { command[0] == '/' ? command : "/bin/sh", "-c", command, NULL };
	const char *const no_args[] = { command, NULL };
	struct clu_run r = {
		.id = ++e->last_id, .argv = command[0] == '/' ? no_args : argv, .deadline_ms = deadline, .grace_ms = 100,
	};

	wait_for(e, 'c', r.id, client);
	clu_out_run(out, &r);
}

static void request(struct echo *e, const struct clu_event *ev, struct clu_out *out)
{
	const struct clu_request *q = &ev->u.request;
	char text[4096], path[256], rest[2048];
	struct clu_buf b = CLU_BUF_INIT;
	unsigned n, size;

	snprintf(text, sizeof(text), "%.*s", (int)q->len, (const char *)q->data);
	if (sscanf(text, "flood %u", &n) == 1) {
		for (unsigned i = 0; i < n; i++) {
			snprintf(path, sizeof(path), "%u %u", e->nodeid, i);
			clu_out_send(out, path, strlen(path));
		}
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (sscanf(text, "big %u", &size) == 1) {
		char *big = calloc(1, size + 1);

		/* So many times; once if no number follows. */
		if (sscanf(text, "big %*u %u", &n) != 1)
			n = 1;
		for (unsigned i = 0; i < n; i++)
			clu_out_send(out, big, size);
		free(big);
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (!strncmp(text, "send ", 5)) {
		snprintf(path, sizeof(path), "%" PRIu64 " ", ++e->last_id);
		clu_buf_printf(&b, "%s%s", path, text + 5);
		wait_for(e, 'm', e->last_id, q->client);
		clu_out_send(out, b.data, b.len);
	} else if (sscanf(text, "run %u %2047[^\n]", &n, rest) == 2) {
		run(e, rest, n, q->client, out);
	} else if (sscanf(text, "store %255s %2047[^\n]", path, rest) == 2) {
		wait_for(e, 'f', ++e->last_id, q->client);
		clu_out_store(out, e->last_id, path, rest, strlen(rest), 0600);
	} else if (!strncmp(text, "notify ", 7)) {
		clu_out_notify(out, text + 7, strlen(text + 7));
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (sscanf(text, "note %2047[^\n]", rest) == 1) {
		clu_out_note(out, CLU_NOTICE, "echo.note", "an object", "old", "new", rest, "uid=%u", q->uid);
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (sscanf(text, "timer %u", &n) == 1) {
		e->deadline = ev->now_ms + n;
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (sscanf(text, "fatal %u", &n) == 1) {
		clu_out_reply(out, q->client, 0, "ending", 6);
		clu_out_fatal(out, (int)n, "it was told to");
	} else if (sscanf(text, "fence %u", &n) == 1) {
		clu_out_fence(out, n, "it was told to");
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (sscanf(text, "killnode %u", &n) == 1) {
		clu_out_kill_node(out, n, "it was told to");
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (!strcmp(text, "join") || !strcmp(text, "leave")) {
		if (text[0] == 'j')
			clu_out_join(out);
		else
			clu_out_leave(out);
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (!strcmp(text, "stubborn")) {
		e->stubborn = !e->stubborn;
		clu_out_reply(out, q->client, 0, NULL, 0);
	} else if (!strcmp(text, "crash")) {
		abort();
	} else if (!strcmp(text, "hold")) {
		wait_for(e, 'h', 0, q->client);
	} else if (!strcmp(text, "status")) {
		status(e, &b);
		clu_out_reply(out, q->client, 0, b.data, b.len);
	} else if (!strcmp(text, "who")) {
		clu_buf_printf(&b, "uid=%u gid=%u admin=%d", q->uid, q->gid, q->admin);
		clu_out_reply(out, q->client, 0, b.data, b.len);
	} else {
		clu_out_reply(out, q->client, -EINVAL, "what?", 5);
	}
	clu_buf_free(&b);
}

static void message(struct echo *e, const struct clu_message *m, struct clu_out *out)
{
	char text[64];
	const unsigned char *p = m->data;

	e->count++;
	e->digest = (e->digest ^ m->from) * 0x100000001b3ull;
	for (size_t i = 0; i < m->len; i++)
		e->digest = (e->digest ^ p[i]) * 0x100000001b3ull;
	if (m->from != e->nodeid)
		return;
	snprintf(text, sizeof(text), "%.*s", m->len < 20 ? (int)m->len : 20, (const char *)m->data);
	answer(e, 'm', strtoull(text, NULL, 10), 0, "delivered", out);
}

static void view(struct echo *e, const struct clu_view *v, struct clu_out *out)
{
	static const char *const how[] = { "clean", "process", "node" };
	size_t at = 0;

	e->view_ring = v->ring;
	e->self_left = v->self_left;
	e->members[0] = '\0';
	for (unsigned i = 0; i < v->n_members; i++)
		at += (size_t)snprintf(e->members + at, sizeof(e->members) - at, "%s%u", i ? "," : "", v->members[i].nodeid);
	for (unsigned i = 0; i < v->n_left; i++)
		snprintf(e->last_left, sizeof(e->last_left), "%u:%s", v->left[i].nodeid, how[v->left[i].how]);
	clu_out_note(out, CLU_NOTICE, "echo.view", e->name, "", e->members, "the view changed", NULL);
	if (v->self_left && e->n_shutdown)
		clu_out_exit(out);
}

static int step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	struct echo *e = core;
	char text[4200];

	switch (ev->type) {
	case CLU_EV_START:
		e->n_start++;
		e->nodeid = ev->u.start.nodeid;
		e->corosync = e->nodeid != 0;
		snprintf(e->name, sizeof(e->name), "%s", ev->u.start.node_name);
		break;
	case CLU_EV_VIEW:
		view(e, &ev->u.view, out);
		break;
	case CLU_EV_QUORUM:
		e->quorate = ev->u.quorum.quorate;
		e->quorum_ring = ev->u.quorum.ring;
		break;
	case CLU_EV_MESSAGE:
		message(e, &ev->u.message, out);
		break;
	case CLU_EV_STATE:
		e->count = e->digest = 0;
		if (ev->u.state.len == 2 * sizeof(uint64_t)) {
			memcpy(&e->count, ev->u.state.data, sizeof(uint64_t));
			memcpy(&e->digest, (const char *)ev->u.state.data + sizeof(uint64_t), sizeof(uint64_t));
		}
		break;
	case CLU_EV_REQUEST:
		if (ev->u.request.len == 5 && !memcmp(ev->u.request.data, "nomem", 5))
			return -ENOMEM;
		request(e, ev, out);
		break;
	case CLU_EV_CLIENT_GONE:
		e->n_gone++;
		break;
	case CLU_EV_CHILD:
		snprintf(text, sizeof(text), "exit=%d signal=%d timeout=%d error=%d tail=%s", ev->u.child.exit_code,
			ev->u.child.term_signal, ev->u.child.timed_out, ev->u.child.start_error, ev->u.child.tail);
		answer(e, 'c', ev->u.child.id, 0, text, out);
		break;
	case CLU_EV_STORED:
		answer(e, 'f', ev->u.stored.id, ev->u.stored.result, "", out);
		break;
	case CLU_EV_CONFIG:
		e->version = ev->u.config.version;
		break;
	case CLU_EV_PEER:
		if (ev->u.peer.kind == CLU_PEER_COROSYNC)
			e->corosync = ev->u.peer.up;
		else if (ev->u.peer.kind == CLU_PEER_CCSD)
			e->ccsd = ev->u.peer.up;
		else
			e->fenced = ev->u.peer.up;
		e->n_news += ev->u.peer.kind == CLU_PEER_FENCED;
		if (ev->u.peer.kind == CLU_PEER_COROSYNC && getenv("CLU_ECHO_FATAL"))
			clu_out_fatal(out, 3, "corosync has gone");
		break;
	case CLU_EV_TIMER:
		e->n_timer++;
		e->deadline = 0;
		break;
	case CLU_EV_SHUTDOWN:
		e->n_shutdown++;
		if (!e->stubborn)
			clu_out_leave(out);
		break;
	case CLU_EV_DEVICE:
	case CLU_NEVENTS:
		break;
	}
	return 0;
}

static uint64_t deadline(const void *core)
{
	const struct echo *e = core;

	return e->deadline ? e->deadline : CLU_NEVER;
}

static int snapshot(const void *core, struct clu_buf *ret)
{
	const struct echo *e = core;

	clu_buf_append(ret, &e->count, sizeof(e->count));
	clu_buf_append(ret, &e->digest, sizeof(e->digest));
	return ret->error;
}

static void dump(const void *core, struct clu_buf *ret)
{
	status(core, ret);
}

static void *core_new(void *ctx, const char **why)
{
	const char *broken = getenv("CLU_ECHO_BROKEN");

	if (broken && !strcmp(broken, "abort"))
		abort();
	*why = broken;
	if (broken)
		return NULL;
	return calloc(1, sizeof(struct echo));
}

static int set_greeting(void *ctx, const char *value)
{
	if (!strcmp(value, "bad"))
		return -EINVAL;
	greeting = value;
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = getenv("CLU_ECHO_NAME"), *want = getenv("CLU_ECHO_WANT");
	const struct clu_core_ops ops = {
		.name = name ? name : "clu_echo", .proto_min = 1, .proto_max = 1, .step = step, .deadline = deadline,
		.snapshot = snapshot, .dump = dump,
	};
	const struct clu_daemon_opt opts[] = {
		{ "greeting", 'g', "TEXT", "what status ends with", set_greeting },
	};
	const struct clu_daemon d = {
		.ops = &ops, .summary = "A daemon for tests: does what its clients say.",
		.want = want ? (unsigned)atoi(want) : CLU_WANT_GROUP | CLU_WANT_QUORUM, .opts = opts, .n_opts = 1,
		.core_new = core_new, .core_free = free,
	};

	return clu_shell_main(&d, argc, argv);
}
