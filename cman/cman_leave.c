/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_leave.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <corosync/cfg.h>
#include <corosync/cmap.h>
#include <corosync/votequorum.h>

#include "cman_call.h"
#include "cman_fenced.h"
#include "cman_info.h"
#include "cman_wait.h"

#define SHUTDOWN_TIMEOUT_MS 5000	/* corosync's own default for cfg.shutdown_timeout */

/* Each request is static: a call that was given up may go on using it (see cman_call). */
static struct {
	corosync_cfg_shutdown_flags_t flags;
	int error;
} shutdown_req;

static struct {
	uint32_t nodeid;
	int error;
} kill_req;

static struct {
	bool expected;		/* else votes of nodeid */
	uint32_t nodeid, votes;
	int error;
} votes_req;

static void do_shutdown(void *arg)
{
	corosync_cfg_callbacks_t none = { NULL };
	corosync_cfg_handle_t h;
	cs_error_t e = corosync_cfg_initialize(&h, &none);

	if (e == CS_OK) {
		e = corosync_cfg_try_shutdown(h, shutdown_req.flags);
		(void)corosync_cfg_finalize(h);
		/* It may be gone before its answer was read. */
		if (e == CS_ERR_LIBRARY)
			e = CS_OK;
	}
	shutdown_req.error = cman_call_errno(e);
}

static void do_kill(void *arg)
{
	corosync_cfg_callbacks_t none = { NULL };
	corosync_cfg_handle_t h;
	cs_error_t e = corosync_cfg_initialize(&h, &none);

	if (e == CS_OK) {
		e = corosync_cfg_kill_node(h, kill_req.nodeid, "cman_tool kill");
		(void)corosync_cfg_finalize(h);
	}
	kill_req.error = cman_call_errno(e);
}

static void do_votes(void *arg)
{
	votequorum_handle_t h;
	cs_error_t e = votequorum_initialize(&h, NULL);

	if (e == CS_OK) {
		e = votes_req.expected ? votequorum_setexpected(h, votes_req.votes) :
					 votequorum_setvotes(h, votes_req.nodeid, votes_req.votes);
		(void)votequorum_finalize(h);
	}
	votes_req.error = cman_call_errno(e);
}

static void explain(int error)
{
	struct clu_buf b = CLU_BUF_INIT;

	cman_call_explain(error, &b);
	fputs(clu_buf_text(&b), stderr);
	clu_buf_free(&b);
}

static int look(const struct cman_info **info)
{
	int r = cman_info_get(info);

	if (r < 0)
		explain(r);
	return r;
}

static int set_votes(uint32_t nodeid, uint32_t votes, bool expected)
{
	int r;

	votes_req.expected = expected;
	votes_req.nodeid = nodeid;
	votes_req.votes = votes;
	r = cman_call(do_votes, NULL, CMAN_CALL_MS);
	return r ? r : votes_req.error;
}

static void refuse_leave(bool *held, const char *why, const char *remedy)
{
	if (!*held)
		fprintf(stderr, "cman_tool: Error leaving cluster: Device or resource busy\n");
	*held = true;
	fprintf(stderr,
		"cman_tool: %s: the others would take this node for failed and fence it; %s, or use \"cman_tool "
		"leave force\"\n",
		why, remedy);
}

/* Daemons that would lose the cluster under their feet; each is a member of a process group while it runs. */
static bool is_held(const struct cman_info *info)
{
	bool held = false;
	int error;

	if (cman_info_has_group(info, "hawser:rgmanager"))
		refuse_leave(&held, "rgmanager is active on this node", "stop it (\"systemctl stop rgmanager\")");
	if (cman_info_has_group(info, "hawser:fenced") && cman_fenced_is_joined(&error))
		refuse_leave(
			&held,
			error ? "fenced runs on this node and does not answer, so it may be in the fence domain" :
				"this node is in the fence domain",
			"leave the domain (\"fence_tool leave -w\")");
	return held;
}

static void explain_shutdown(int error)
{
	switch (-error) {
	case EBUSY:
		fprintf(stderr, "cman_tool: Error leaving cluster: Device or resource busy\n"
				"cman_tool: a program that uses corosync refused or did not answer; stop it, or use "
				"\"cman_tool leave force\"\n");
		break;
	case EALREADY:
		fprintf(stderr, "cman_tool: Error leaving cluster: Operation already in progress\n"
			"cman_tool: corosync is shutting down already; wait for it with \"cman_tool leave -w\"\n");
		break;
	default:
		explain(error);
	}
}

/* Takes our votes out of the others' sums. */
static int give_up_votes(const struct cman_info *info)
{
	uint32_t left = info->total > info->own_votes ? info->total - info->own_votes : 0;
	int r;

	if (!left)
		return 0;	/* nobody is left who could expect something */
	r = set_votes(info->own_id, 0, false);
	if (!r)
		r = set_votes(0, left, true);
	if (r < 0)
		fprintf(stderr,
			"cman_tool: Error leaving cluster: the expected votes cannot be lowered to %u: %s; leave "
			"without \"remove\", then use \"cman_tool expected -e %u\" on another node\n",
			left, strerror(-r), left);
	return r;
}

static void take_votes_back(const struct cman_info *info)
{
	(void)set_votes(info->own_id, info->own_votes, false);
	(void)set_votes(0, info->expected, true);
}

static int try_shutdown(bool force, uint64_t until_ms, bool retry)
{
	int r;

	shutdown_req.flags = force ? COROSYNC_CFG_SHUTDOWN_FLAG_IMMEDIATE : COROSYNC_CFG_SHUTDOWN_FLAG_REQUEST;
	for (;;) {
		uint64_t began = cman_now_ms();

		r = cman_call(do_shutdown, NULL, CMAN_CALL_MS + (force ? 0 : SHUTDOWN_TIMEOUT_MS));
		if (!r)
			r = shutdown_req.error;
		/* -w goes on asking while somebody is busy, as it always did; corosync's own question paces it. */
		if (r != -EBUSY || !retry || cman_now_ms() >= until_ms)
			return r;
		while (cman_now_ms() - began < 1000)
			cman_call_pause();
	}
}

int cman_leave(const struct cman_leave_opts *o)
{
	const struct cman_info *info;
	int fd = -1, r;

	if (look(&info) < 0)
		return 1;
	if (!o->force && is_held(info))
		return 1;
	if (o->wait)
		fd = cman_wait_open_process();
	r = o->remove ? give_up_votes(info) : 0;
	if (r < 0) {
		take_votes_back(info);
		goto out;
	}
	r = try_shutdown(o->force, o->until_ms, o->wait);
	if (r < 0) {
		explain_shutdown(r);
		if (o->remove)
			take_votes_back(info);
		goto out;
	}
	if (fd >= 0)
		r = cman_wait_process(fd, o->until_ms);
	if (r == -ETIMEDOUT)
		fprintf(stderr, "cman_tool: Timed-out waiting for cluster\n");
out:
	if (fd >= 0)
		close(fd);
	return r == -ETIMEDOUT && o->wait ? 2 : r < 0;
}

int cman_kill(const char *const *names, unsigned n)
{
	const struct cman_info *info;

	if (look(&info) < 0)
		return 1;
	for (unsigned i = 0; i < n; i++) {
		const struct cman_member *m = cman_info_find(info, names[i]);
		int r;

		if (!m) {
			fprintf(stderr, "cman_tool: Can't kill node %s: no such node; see \"cman_tool nodes\"\n",
				names[i]);
			continue;
		}
		kill_req.nodeid = m->nodeid;
		r = cman_call(do_kill, NULL, CMAN_CALL_MS);
		if (!r)
			r = kill_req.error;
		if (r == -ENOENT || (!r && !m->member))
			fprintf(stderr, "cman_tool: Can't kill node %s: it is not a member now; nothing to do\n",
				names[i]);
		else if (r < 0)
			explain(r);
	}
	return 0;
}

static int report_votes(int r, const char *what, uint32_t n, const struct cman_info *info)
{
	if (r == -EINVAL)
		fprintf(stderr,
			"cman_tool: can't set %s: Invalid argument\ncman_tool: %u would make the quorum less than "
			"half or more than all of the %u votes that are present; choose a number between\n",
			what, n, info->total);
	else if (r < 0)
		explain(r);
	return r < 0;
}

int cman_set_expected(uint32_t votes)
{
	const struct cman_info *info;

	if (look(&info) < 0)
		return 1;
	return report_votes(set_votes(0, votes, true), "expected votes", votes, info);
}

int cman_set_votes(const char *name, uint32_t votes)
{
	const struct cman_member *m;
	const struct cman_info *info;

	if (look(&info) < 0)
		return 1;
	m = name ? cman_info_find(info, name) : cman_info_own(info);
	if (!m) {
		fprintf(stderr, "cman_tool: can't set votes: no node \"%s\"; see \"cman_tool nodes\"\n",
			name ? name : "");
		return 1;
	}
	return report_votes(set_votes(m->nodeid, votes, false), "votes", votes, info);
}
