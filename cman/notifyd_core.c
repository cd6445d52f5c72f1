/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notifyd_core.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "clu_out.h"

enum reason { STATECHANGE, TRY_SHUTDOWN, CONFIG_UPDATE };

static const char *const names[] = {
	[STATECHANGE] = "CMAN_REASON_STATECHANGE",
	[TRY_SHUTDOWN] = "CMAN_REASON_TRY_SHUTDOWN",
	[CONFIG_UPDATE] = "CMAN_REASON_CONFIG_UPDATE",
};

struct news {
	enum reason reason;
	bool quorate;
};

struct notifyd {
	char *program;
	bool debug;
	bool fresh;			/* this node has joined and nobody was told yet */
	bool quorate;
	unsigned n_nodes;
	uint32_t nodes[CLU_MAX_NODES];
	uint64_t version;		/* 0: none known */
	struct news waiting[NOTIFYD_MAX_WAITING], running;
	unsigned n_waiting;
	uint64_t id;			/* of the last program */
	bool is_running, ending;
};

struct notifyd *notifyd_new(const struct notifyd_cfg *cfg)
{
	struct notifyd *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->program = strdup(cfg->program);
	n->debug = cfg->debug;
	if (!n->program) {
		free(n);
		return NULL;
	}
	return n;
}

void notifyd_free(void *core)
{
	struct notifyd *n = core;

	if (n)
		free(n->program);
	free(n);
}

/* ---- the program ---- */

static void note(struct clu_out *out, enum clu_level level, const char *event, const struct news *w, const char *why)
{
	clu_out_note(out, level, event, names[w->reason], "", "", why,
		     w->reason == STATECHANGE ? "quorate=%d" : NULL, w->quorate);
}

static void run_next(struct notifyd *n, struct clu_out *out)
{
	const char *argv[] = { n->program, NULL }, *env[4] = { NULL };
	struct clu_run run = { .argv = argv, .env = env, .deadline_ms = NOTIFYD_DEADLINE_MS };
	char reason[64];
	unsigned at = 0;

	if (n->is_running || n->ending || !n->n_waiting)
		return;
	n->running = n->waiting[0];
	n->n_waiting--;
	memmove(n->waiting, n->waiting + 1, n->n_waiting * sizeof(n->waiting[0]));
	snprintf(reason, sizeof(reason), "CMAN_NOTIFICATION=%s", names[n->running.reason]);
	env[at++] = reason;
	if (n->running.reason == STATECHANGE)
		env[at++] = n->running.quorate ? "CMAN_NOTIFICATION_QUORUM=1" : "CMAN_NOTIFICATION_QUORUM=0";
	if (n->debug)
		env[at++] = "CMAN_NOTIFICATION_DEBUG=1";
	run.id = ++n->id;
	n->is_running = true;
	clu_out_run(out, &run);
	note(out, CLU_INFO, "notify.run", &n->running, "");
}

static void tell(struct notifyd *n, enum reason reason, struct clu_out *out)
{
	if (n->n_waiting == NOTIFYD_MAX_WAITING) {
		note(out, CLU_WARNING, "notify.dropped", &n->waiting[0],
		     "the scripts are slower than the news; see cman_notify.log for the slow one");
		n->n_waiting--;
		memmove(n->waiting, n->waiting + 1, n->n_waiting * sizeof(n->waiting[0]));
	}
	n->waiting[n->n_waiting++] = (struct news){ reason, n->quorate };
	run_next(n, out);
}

static void on_child(struct notifyd *n, const struct clu_child_end *e, struct clu_out *out)
{
	if (!n->is_running || e->id != n->id)
		return;
	n->is_running = false;
	if (e->start_error)
		clu_out_note(out, CLU_ERR, "notify.failed", n->program, "", "", "it cannot be run; install it again",
			     "error=%d", -e->start_error);
	else if (e->timed_out)
		note(out, CLU_ERR, "notify.failed", &n->running,
		     "the scripts did not end within 30 minutes and were ended");
	else if (e->term_signal)
		note(out, CLU_ERR, "notify.failed", &n->running, "a signal ended the program");
	if (n->ending)
		clu_out_exit(out);
	run_next(n, out);
}

/* ---- what is heard ---- */

static void on_quorum(struct notifyd *n, const struct clu_quorum *q, struct clu_out *out)
{
	unsigned count = q->n_nodes < CLU_MAX_NODES ? q->n_nodes : CLU_MAX_NODES;
	bool news = n->quorate != q->quorate || n->n_nodes != count ||
		    memcmp(n->nodes, q->nodes, count * sizeof(n->nodes[0])) != 0;

	n->quorate = q->quorate;
	n->n_nodes = count;
	memcpy(n->nodes, q->nodes, count * sizeof(n->nodes[0]));
	if (n->fresh)
		tell(n, CONFIG_UPDATE, out);
	if (n->fresh || news)
		tell(n, STATECHANGE, out);
	n->fresh = false;
}

static void on_config(struct notifyd *n, uint64_t version, struct clu_out *out)
{
	/* The first one is told of when this node has joined. */
	if (n->version && n->version != version)
		tell(n, CONFIG_UPDATE, out);
	n->version = version;
}

static void on_shutdown(struct notifyd *n, struct clu_out *out)
{
	n->ending = true;
	n->n_waiting = 0;
	if (n->is_running)
		clu_out_kill(out, n->id);
	else
		clu_out_exit(out);
}

static int step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	struct notifyd *n = core;

	switch (ev->type) {
	case CLU_EV_START:
		n->fresh = ev->u.start.nodeid != 0;
		if (n->fresh)
			clu_out_device(out, NOTIFYD_ASK_LISTEN, 0, NULL, 0);
		break;
	case CLU_EV_QUORUM:
		on_quorum(n, &ev->u.quorum, out);
		break;
	case CLU_EV_CONFIG:
		on_config(n, ev->u.config.version, out);
		break;
	case CLU_EV_DEVICE:
		if (ev->u.device.what == NOTIFYD_SAID_LEAVE)
			tell(n, TRY_SHUTDOWN, out);
		break;
	case CLU_EV_CHILD:
		on_child(n, &ev->u.child, out);
		break;
	case CLU_EV_REQUEST:
		clu_out_reply(out, ev->u.request.client, -EOPNOTSUPP, NULL, 0);
		break;
	case CLU_EV_SHUTDOWN:
		on_shutdown(n, out);
		break;
	case CLU_EV_VIEW:
	case CLU_EV_MESSAGE:
	case CLU_EV_STATE:
	case CLU_EV_CLIENT_GONE:
	case CLU_EV_STORED:
	case CLU_EV_PEER:
	case CLU_EV_TIMER:
	case CLU_NEVENTS:
	default:
		break;
	}
	return clu_out_error(out);
}

static void dump(const void *core, struct clu_buf *ret)
{
	const struct notifyd *n = core;

	clu_buf_printf(ret, "quorate %d\nversion %" PRIu64 "\nnodes", n->quorate, n->version);
	for (unsigned i = 0; i < n->n_nodes; i++)
		clu_buf_printf(ret, " %u", n->nodes[i]);
	clu_buf_printf(ret, "\nrunning %s\nwaiting %u\n", n->is_running ? names[n->running.reason] : "nothing",
		       n->n_waiting);
}

const struct clu_core_ops notifyd_ops = {
	.name = "cmannotifyd",
	.proto_min = 1,
	.proto_max = 1,
	.step = step,
	.dump = dump,
};
