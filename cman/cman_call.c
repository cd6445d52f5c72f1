/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cman_call.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <corosync/corotypes.h>

#define PAUSE_MS 20

/* Shared by the caller and the thread; whoever is last frees it. */
struct call {
	pthread_mutex_t lock;
	pthread_cond_t done_cond;
	void (*fn)(void *arg);
	void *arg;
	bool done, abandoned;
};

static void free_call(struct call *c)
{
	pthread_cond_destroy(&c->done_cond);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void *run_call(void *data)
{
	struct call *c = data;
	bool abandoned;

	c->fn(c->arg);
	pthread_mutex_lock(&c->lock);
	c->done = true;
	abandoned = c->abandoned;
	pthread_cond_signal(&c->done_cond);
	pthread_mutex_unlock(&c->lock);
	if (abandoned)
		free_call(c);
	return NULL;
}

static struct call *new_call(void (*fn)(void *arg), void *arg)
{
	struct call *c = calloc(1, sizeof(*c));
	pthread_condattr_t attr;

	if (!c)
		return NULL;
	c->fn = fn;
	c->arg = arg;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->done_cond, &attr);
	pthread_condattr_destroy(&attr);
	return c;
}

int cman_call(void (*fn)(void *arg), void *arg, uint32_t deadline_ms)
{
	struct call *c = new_call(fn, arg);
	struct timespec until;
	pthread_t thread;
	bool done;
	int r = 0;

	if (!c)
		return -EAGAIN;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += deadline_ms / 1000;
	until.tv_nsec += (long)(deadline_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	if (pthread_create(&thread, NULL, run_call, c)) {
		free_call(c);
		return -EAGAIN;
	}
	pthread_mutex_lock(&c->lock);
	while (!c->done && !r)
		r = pthread_cond_timedwait(&c->done_cond, &c->lock, &until);
	done = c->done;
	c->abandoned = !done;
	pthread_mutex_unlock(&c->lock);
	if (!done) {
		pthread_detach(thread);
		return -ETIMEDOUT;
	}
	pthread_join(thread, NULL);
	free_call(c);
	return 0;
}

uint64_t cman_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void cman_call_pause(void)
{
	(void)poll(NULL, 0, PAUSE_MS);
}

int cman_call_errno(int cs_error)
{
	switch (cs_error) {
	case CS_OK:
		return 0;
	case CS_ERR_LIBRARY:
		return -ENOTCONN;
	case CS_ERR_TIMEOUT:
		return -ETIMEDOUT;
	case CS_ERR_TRY_AGAIN:
	case CS_ERR_INIT:
	case CS_ERR_QUEUE_FULL:
		return -EAGAIN;
	case CS_ERR_INVALID_PARAM:
		return -EINVAL;
	case CS_ERR_NO_MEMORY:
		return -ENOMEM;
	case CS_ERR_BUSY:
		return -EBUSY;
	case CS_ERR_ACCESS:
	case CS_ERR_SECURITY:
		return -EACCES;
	case CS_ERR_NOT_EXIST:
	case CS_ERR_NAME_NOT_FOUND:
		return -ENOENT;
	case CS_ERR_EXIST:
		return -EALREADY;
	default:
		return -EIO;
	}
}

void cman_call_explain(int error, struct clu_buf *ret)
{
	/* COMPAT: scripts look for the first line of the refused connection. */
	switch (-error) {
	case ENOTCONN:
		clu_buf_str(ret, "cman_tool: Cannot open connection to cman, is it running ?\n"
			    "corosync does not run on this node; start it with \"cman_tool join\"\n");
		break;
	case EACCES:
		clu_buf_str(ret, "cman_tool: Cannot open connection to cman: Permission denied\n"
			    "corosync talks to root and the users of <uidgid> only; run this as root\n");
		break;
	case ETIMEDOUT:
		clu_buf_str(ret, "cman_tool: corosync does not answer: it is there, but stopped or overloaded; look "
				 "at its state (\"ps -C corosync\") and its log, or end it so that the other nodes "
				 "take over\n");
		break;
	case EAGAIN:
		clu_buf_str(
			ret,
			"cman_tool: corosync is not ready: it has not formed its first ring yet; wait for it with "
			"\"cman_tool wait\"\n");
		break;
	default:
		clu_buf_printf(ret, "cman_tool: corosync refused a request: %s; look at its log\n", strerror(-error));
		break;
	}
}
