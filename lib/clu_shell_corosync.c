/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <corosync/cmap.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clu_log.h"
#include "clu_shell_priv.h"

#define START_WAIT_MS 10000	/* a corosync that is starting refuses clients until it has its first ring */
#define START_REFUSED_MS 2000	/* one that is not there at all may just be on its way */
#define START_PAUSE_MS 50
#define RECONNECT_MS 250

bool clu_shell_wants_corosync(const struct clu_shell *s)
{
	return s->d->want & (CLU_WANT_GROUP | CLU_WANT_GROUP_LATER | CLU_WANT_QUORUM);
}

const char *clu_shell_cs_text(cs_error_t e)
{
	static char number[32];

	switch ((int)e) {
	case CS_ERR_LIBRARY:
		return "no connection";
	case CS_ERR_TRY_AGAIN:
		return "not ready yet";
	case CS_ERR_ACCESS:
		return "permission denied";
	case CS_ERR_NO_MEMORY:
		return "out of memory";
	case CS_ERR_NO_RESOURCES:
		return "out of resources";
	case CS_ERR_BAD_HANDLE:
		return "connection lost";
	case CS_ERR_NOT_EXIST:
		return "does not exist";
	case CS_ERR_TOO_BIG:
		return "too big";
	default:
		snprintf(number, sizeof(number), "corosync's error %d", (int)e);
		return number;
	}
}

/* ---- who we are ---- */

/* The name of our node in corosync's node list, which is made from cluster.conf; else the host's. */
static void learn_name(struct clu_shell *s)
{
	char key[CMAP_KEYNAME_MAXLEN + 1], name_key[CMAP_KEYNAME_MAXLEN + 32];
	cmap_iter_handle_t iter;
	cmap_handle_t cmap;
	bool found = false;

	if (s->nodeid && cmap_initialize(&cmap) == CS_OK) {
		if (cmap_iter_init(cmap, "nodelist.node.", &iter) == CS_OK) {
			cmap_value_types_t type;
			size_t len;

			while (!found && cmap_iter_next(cmap, iter, key, &len, &type) == CS_OK) {
				unsigned pos;
				uint32_t id;
				char what[16], *text;

				if (sscanf(key, "nodelist.node.%u.%15s", &pos, what) != 2 || strcmp(what, "nodeid") ||
				    cmap_get_uint32(cmap, key, &id) != CS_OK || id != s->nodeid)
					continue;
				snprintf(name_key, sizeof(name_key), "nodelist.node.%u.name", pos);
				if (cmap_get_string(cmap, name_key, &text) != CS_OK)
					break;
				snprintf(s->node_name, sizeof(s->node_name), "%s", text);
				free(text);
				found = true;
			}
			(void)cmap_iter_finalize(cmap, iter);
		}
		(void)cmap_finalize(cmap);
	}
	if (!found && gethostname(s->node_name, sizeof(s->node_name) - 1) < 0)
		snprintf(s->node_name, sizeof(s->node_name), "localhost");
}

static void feed_start(struct clu_shell *s)
{
	struct clu_event ev = { .type = CLU_EV_START };

	ev.u.start.nodeid = s->nodeid;
	ev.u.start.node_name = s->node_name;
	ev.u.start.incarnation = s->incarnation;
	ev.u.start.seed = clu_shell_random();
	clu_shell_feed(s, &ev);
}

/* ---- connecting ---- */

static void close_all(struct clu_shell *s)
{
	clu_shell_quorum_close(s);
	clu_shell_cpg_close(s);
}

/* One attempt: all that we need from it, or nothing. */
static cs_error_t attempt(struct clu_shell *s)
{
	bool group = s->d->want & (CLU_WANT_GROUP | CLU_WANT_GROUP_LATER);
	cs_error_t e;

	s->corosync_lost = false;
	e = clu_shell_cpg_open(s, &s->nodeid);
	if (e != CS_OK)
		return e;
	s->group = clu_group_free(s->group);
	if (group && clu_shell_group_new(s) < 0)
		e = CS_ERR_NO_MEMORY;
	if (e == CS_OK)
		e = clu_shell_quorum_open(s);
	if (e != CS_OK) {
		close_all(s);
		s->nodeid = 0;
		return e;
	}
	learn_name(s);
	clu_log(CLU_INFO, "connected to corosync: this is node %u, %s", s->nodeid, s->node_name);
	feed_start(s);
	if (s->d->want & CLU_WANT_GROUP)
		clu_shell_cpg_join(s);
	return CS_OK;
}

static void on_reconnect(void *data)
{
	struct clu_shell *s = data;

	s->reconnect.set = false;
	s->incarnation = clu_shell_random();
	if (attempt(s) != CS_OK && !s->ended)
		clu_shell_timer_set(s, &s->reconnect, RECONNECT_MS, s, on_reconnect);
}

int clu_shell_corosync_start(struct clu_shell *s, struct clu_buf *why)
{
	uint64_t begin = clu_shell_now_ms();
	cs_error_t e = CS_ERR_LIBRARY;

	s->incarnation = clu_shell_random();
	while (clu_shell_wants_corosync(s)) {
		uint64_t waited;

		e = attempt(s);
		if (e == CS_OK)
			return 0;
		if (s->d->want & CLU_WANT_NO_COROSYNC)
			break;
		waited = clu_shell_now_ms() - begin;
		if (waited >= START_WAIT_MS || (e != CS_ERR_TRY_AGAIN && waited >= START_REFUSED_MS)) {
			clu_buf_printf(why, "corosync cannot be used (%s); start it with 'cman_tool join' or look at its "
				"log, then start %s again", clu_shell_cs_text(e), s->d->ops->name);
			return -ENOTCONN;
		}
		(void)poll(NULL, 0, START_PAUSE_MS);
	}
	learn_name(s);
	feed_start(s);
	if (clu_shell_wants_corosync(s)) {
		clu_log(CLU_NOTICE, "corosync cannot be used yet (%s); waiting for it", clu_shell_cs_text(e));
		clu_shell_timer_set(s, &s->reconnect, RECONNECT_MS, s, on_reconnect);
	}
	return 0;
}

/* ---- its end ---- */

static void on_lost(void *data)
{
	struct clu_shell *s = data;
	struct clu_event ev = { .type = CLU_EV_PEER };

	close_all(s);
	if (s->ended)
		return;
	clu_log(CLU_ERR, "corosync has gone: this node is no member of anything any more%s",
		s->d->want & CLU_WANT_NO_COROSYNC ? "; waiting for it to come back" : "");
	s->group = clu_group_free(s->group);
	s->nodeid = 0;
	ev.u.peer.kind = CLU_PEER_COROSYNC;
	clu_shell_feed(s, &ev);
	if (!s->ended && (s->d->want & CLU_WANT_NO_COROSYNC))
		clu_shell_timer_set(s, &s->reconnect, RECONNECT_MS, s, on_reconnect);
}

void clu_shell_corosync_lost(struct clu_shell *s)
{
	if (s->corosync_lost)
		return;
	/* We may be inside one of its callbacks, or of the core's step. */
	s->corosync_lost = true;
	if (qb_loop_job_add(s->loop, QB_LOOP_HIGH, s, on_lost) < 0) {
		clu_log(CLU_CRIT, "the daemon ends: corosync has gone, and memory as well");
		clu_shell_end(s, 1);
	}
}

void clu_shell_corosync_stuck(struct clu_shell *s)
{
	if (s->corosync_lost)
		return;
	clu_log(CLU_CRIT, "%u MiB of messages to the group wait for corosync, which takes too little of them: it cannot be "
		"trusted and is given up; look at its log, and at the network", CLU_GROUP_WAIT_MAX >> 20);
	clu_shell_corosync_lost(s);
}

void clu_shell_corosync_close(struct clu_shell *s)
{
	(void)qb_loop_job_del(s->loop, QB_LOOP_HIGH, s, on_lost);
	clu_shell_timer_drop(s, &s->reconnect);
	close_all(s);
	s->group = clu_group_free(s->group);
}
