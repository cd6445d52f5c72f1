/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include <corosync/quorum.h>

#include "clu_store.h"
#include "cman_call.h"

#define PID_FILE "/run/corosync.pid"

struct watch {
	quorum_handle_t handle;
	int fd;
	bool member, quorate;
	int error;
};

static struct watch *watch_of(quorum_handle_t h)
{
	const void *ctx = NULL;

	if (quorum_context_get(h, &ctx) != CS_OK)
		return NULL;
	return (struct watch *)(uintptr_t)ctx;
}

static void on_quorum(quorum_handle_t h, uint32_t quorate, struct quorum_ring_id ring, uint32_t n,
		      const uint32_t *members)
{
	struct watch *w = watch_of(h);

	if (w) {
		w->quorate = quorate;
		w->member = n > 0;
	}
}

static void on_ring(quorum_handle_t h, struct quorum_ring_id ring, uint32_t n, const uint32_t *members,
		    uint32_t n_joined, const uint32_t *joined, uint32_t n_left, const uint32_t *left)
{
	struct watch *w = watch_of(h);

	if (w)
		w->member = n > 0;
}

static void do_connect(void *arg)
{
	quorum_model_v1_data_t model = { .model = QUORUM_MODEL_V1, .quorum_notify_fn = on_quorum,
					 .nodelist_notify_fn = on_ring };
	struct watch *w = arg;
	uint32_t type;
	cs_error_t e;

	e = quorum_model_initialize(&w->handle, QUORUM_MODEL_V1, (quorum_model_data_t *)&model, &type, w);
	if (e == CS_OK) {
		e = quorum_fd_get(w->handle, &w->fd);
		if (e == CS_OK)
			e = quorum_trackstart(w->handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
		if (e != CS_OK)
			(void)quorum_finalize(w->handle);
	}
	w->error = cman_call_errno(e);
}

static void do_dispatch(void *arg)
{
	struct watch *w = arg;
	cs_error_t e = quorum_dispatch(w->handle, CS_DISPATCH_ALL);

	w->error = e == CS_ERR_TRY_AGAIN ? 0 : cman_call_errno(e);
}

static void do_close(void *arg)
{
	(void)quorum_finalize(((struct watch *)arg)->handle);
}

/* A call that never came back: what it was given must stay (see cman_call). */
static int call(struct watch *w, void (*fn)(void *arg))
{
	int r = cman_call(fn, w, CMAN_CALL_MS);

	return r == -ETIMEDOUT ? -EHOSTDOWN : r ? r : w->error;
}

static int wait_fd(int fd, uint64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		uint64_t now = cman_now_ms(), left = until_ms > now ? until_ms - now : 0;
		int r = poll(&p, 1, until_ms == CMAN_FOREVER ? -1 : left > INT_MAX ? INT_MAX : (int)left);

		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (!r && until_ms != CMAN_FOREVER && cman_now_ms() >= until_ms)
			return -ETIMEDOUT;
	}
}

int cman_wait(enum cman_wait_for what, uint64_t until_ms)
{
	struct watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	while ((r = call(w, do_connect)) == -EAGAIN) {
		if (cman_now_ms() >= until_ms) {
			free(w);
			return -ETIMEDOUT;
		}
		cman_call_pause();
	}
	if (r == -EHOSTDOWN)
		return r;	/* w stays with the call that was given up */
	if (r) {
		free(w);
		return r;
	}
	while (!r && what != CMAN_WAIT_READY && !(what == CMAN_WAIT_MEMBER ? w->member : w->member && w->quorate)) {
		r = wait_fd(w->fd, until_ms);
		if (!r)
			r = call(w, do_dispatch);
	}
	if (r == -EHOSTDOWN || cman_call(do_close, w, CMAN_CALL_MS))
		return r;
	free(w);
	return r;
}

int cman_wait_open_process(void)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r = clu_store_read(PID_FILE, 64, &b), fd;
	pid_t pid;

	if (!r) {
		pid = (pid_t)strtol(clu_buf_text(&b), NULL, 10);
		fd = pid > 1 ? pidfd_open(pid, 0) : -1;
		r = fd < 0 ? -ENOENT : fd;
	}
	clu_buf_free(&b);
	return r;
}

int cman_wait_process(int fd, uint64_t until_ms)
{
	return wait_fd(fd, until_ms);
}
