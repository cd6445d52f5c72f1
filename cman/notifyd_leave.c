/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "notifyd_leave.h"

#include <poll.h>
#include <stdlib.h>

#include <corosync/cfg.h>
#include <qb/qbloop.h>

#include "clu_log.h"
#include "notifyd_core.h"

struct leave {
	struct clu_shell *s;
	qb_loop_t *loop;
	corosync_cfg_handle_t cfg;
	int fd;
	bool open;
};

static struct leave *the_leave;		/* cfg's callback brings no pointer of ours */

static void stop_listening(struct leave *l)
{
	if (!l->open)
		return;
	l->open = false;
	(void)qb_loop_poll_del(l->loop, l->fd);
	(void)corosync_cfg_finalize(l->cfg);
}

static void on_question(corosync_cfg_handle_t cfg, corosync_cfg_shutdown_flags_t flags)
{
	const struct clu_device d = { .what = NOTIFYD_SAID_LEAVE };

	(void)corosync_cfg_replyto_shutdown(cfg, COROSYNC_CFG_SHUTDOWN_FLAG_YES);
	if (the_leave)
		clu_shell_device_said(the_leave->s, &d);
}

static int on_readable(int32_t fd, int32_t revents, void *data)
{
	struct leave *l = data;
	cs_error_t e = corosync_cfg_dispatch(l->cfg, CS_DISPATCH_ALL);

	/* corosync has gone; the shell notices by itself, and the core asks again when it is back. */
	if ((e != CS_OK && e != CS_ERR_TRY_AGAIN) || revents & (POLLHUP | POLLERR | POLLNVAL))
		stop_listening(l);
	return 0;
}

static cs_error_t listen_now(struct leave *l)
{
	corosync_cfg_callbacks_t callbacks = { .corosync_cfg_shutdown_callback = on_question };
	cs_error_t e = corosync_cfg_initialize(&l->cfg, &callbacks);

	if (e != CS_OK)
		return e;
	e = corosync_cfg_fd_get(l->cfg, &l->fd);
	if (e == CS_OK)
		e = corosync_cfg_trackstart(l->cfg, 0);
	if (e == CS_OK && qb_loop_poll_add(l->loop, QB_LOOP_HIGH, l->fd, POLLIN, l, on_readable) < 0)
		e = CS_ERR_NO_MEMORY;
	if (e != CS_OK)
		(void)corosync_cfg_finalize(l->cfg);
	l->open = e == CS_OK;
	return e;
}

static void *leave_open(struct clu_shell *s, void *loop, void *opt_ctx, const char **why)
{
	struct leave *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->s = s;
	l->loop = loop;
	the_leave = l;
	return l;
}

static void leave_act(void *device, uint32_t what, uint64_t id, const void *data, size_t len)
{
	struct leave *l = device;
	cs_error_t e;

	if (what != NOTIFYD_ASK_LISTEN)
		return;
	stop_listening(l);
	e = listen_now(l);
	if (e != CS_OK)
		clu_log(CLU_WARNING, "corosync does not take us as one that is asked before it ends (error %d): scripts do "
			"not hear TRY_SHUTDOWN; start cmannotifyd again", (int)e);
}

static void leave_close(void *device)
{
	struct leave *l = device;

	stop_listening(l);
	the_leave = NULL;
	free(l);
}

const struct clu_device_ops notifyd_leave_ops = { leave_open, leave_act, leave_close };
