/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <corosync/cmap.h>
#include <corosync/votequorum.h>

#include "cman_call.h"
#include "libcman_priv.h"

#define DEFAULT_TIMEOUT_MS 10000u

enum verb { NAME, GONE, POLL };

struct request {
	enum verb verb;
	struct lcm_device device;	/* NAME */
	bool cast;			/* POLL */
	uint32_t timeout_ms;		/* NAME: how long a vote holds */
	uint64_t until_ms;
};

/*
 * corosync forgets the vote at each change of the ring, and with a device that is alive all of its synchronisation waits
 * for a poll with the new ring; meanwhile it reads no requests of most kinds. So the vote is repeated from a thread that
 * does nothing else: the engine's may just then be waiting for an answer.
 */
struct lcm_qdev {
	struct lcm_engine *e;
	pthread_mutex_t lock;
	pthread_cond_t change;
	pthread_t thread;
	bool started;			/* the engine's thread only */
	int wake;
	/* under the lock: one request at a time */
	struct request request;
	bool pending, done, stop;
	int result;
	/* the thread's own */
	votequorum_handle_t votes;
	int fd;				/* -1: not connected */
	bool gone;
	char name[CMAN_MAX_NODENAME_LEN + 1];	/* "" = we have registered none */
	uint32_t timeout_ms;
	votequorum_ring_id_t ring;
	bool cast;			/* the last poll said yes ... */
	uint64_t cast_until_ms;		/* ... and that is true until then */
};

/* ---- in the thread ---- */

static void on_ring(votequorum_handle_t h, uint64_t ctx, votequorum_ring_id_t ring, uint32_t n, uint32_t *nodes)
{
	struct lcm_qdev *q = (struct lcm_qdev *)(uintptr_t)ctx;

	q->ring = ring;
	/* COMPAT: cman kept a vote for quorum_dev_poll. */
	if (q->cast)
		(void)votequorum_qdevice_poll(h, q->name, 1, ring);
}

static int dispatch(struct lcm_qdev *q)
{
	cs_error_t e = votequorum_dispatch(q->votes, CS_DISPATCH_ALL);

	return e == CS_ERR_TRY_AGAIN ? 0 : cman_call_errno(e);
}

static int connect_votes(struct lcm_qdev *q)
{
	votequorum_callbacks_t callbacks = { .votequorum_nodelist_notify_fn = on_ring };
	int fd, r;
	cs_error_t e = votequorum_initialize(&q->votes, &callbacks);

	if (e != CS_OK)
		return cman_call_errno(e);
	e = votequorum_fd_get(q->votes, &fd);
	if (e == CS_OK)
		e = votequorum_trackstart(q->votes, (uint64_t)(uintptr_t)q, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
	r = e == CS_OK ? dispatch(q) : cman_call_errno(e);
	if (r) {
		(void)votequorum_finalize(q->votes);
		return r;
	}
	q->fd = fd;
	lcm_line_open(q->e, LCM_VOTES, fd);
	return 0;
}

static void disconnect_votes(struct lcm_qdev *q)
{
	if (q->fd < 0)
		return;
	lcm_line_open(q->e, LCM_VOTES, -1);
	(void)votequorum_finalize(q->votes);
	q->fd = -1;
	q->cast = false;
}

/* Of this node; the votes of the device are those of the configuration. */
static int info_of(struct lcm_qdev *q, struct votequorum_info *v)
{
	memset(v, 0, sizeof(*v));
	return cman_call_errno(votequorum_getinfo(q->votes, 0, v));
}

static int set_name(struct lcm_qdev *q, const struct lcm_device *d)
{
	struct votequorum_info v;
	cs_error_t e;
	int r = info_of(q, &v);

	if (r)
		return r;
	if (d->votes && v.qdevice_votes && (uint32_t)d->votes != v.qdevice_votes)
		return -EINVAL;
	if (!d->update)
		e = votequorum_qdevice_register(q->votes, d->name);
	else if (!*q->name)
		return -ENOENT;
	else
		e = strcmp(q->name, d->name) ? votequorum_qdevice_update(q->votes, q->name, d->name) : CS_OK;
	if (e == CS_ERR_EXIST)
		return -EBUSY;
	if (e == CS_ERR_ACCESS)		/* its configuration has something that excludes a device */
		return -ENOSYS;
	if (e == CS_OK)
		snprintf(q->name, sizeof(q->name), "%s", d->name);
	return cman_call_errno(e);
}

static int unregister(struct lcm_qdev *q)
{
	struct votequorum_info v;
	int r = info_of(q, &v);

	if (!r && !(v.flags & VOTEQUORUM_INFO_QDEVICE_REGISTERED))
		r = -ENOENT;
	if (!r && v.flags & VOTEQUORUM_INFO_QDEVICE_CAST_VOTE)
		r = -EBUSY;
	if (!r)
		r = cman_call_errno(votequorum_qdevice_unregister(q->votes, v.qdevice_name));
	if (!r) {
		q->cast = false;
		*q->name = '\0';
	}
	return r;
}

static int poll_device(struct lcm_qdev *q, bool cast)
{
	cs_error_t e;

	if (!*q->name)
		return -ENOENT;
	e = votequorum_qdevice_poll(q->votes, q->name, cast, q->ring);
	if (e == CS_OK) {
		q->cast = cast;
		q->cast_until_ms = cman_now_ms() + q->timeout_ms;
	}
	/* Another ring than the one we know is refused: its news is on its way. */
	return e == CS_ERR_MESSAGE_ERROR ? -EAGAIN : cman_call_errno(e);
}

static int carry_out(struct lcm_qdev *q, const struct request *r)
{
	int result = q->fd < 0 ? connect_votes(q) : 0;

	if (result)
		return result;
	switch (r->verb) {
	case NAME:
		q->timeout_ms = r->timeout_ms;
		return set_name(q, &r->device);
	case GONE:
		return unregister(q);
	case POLL:
		return poll_device(q, r->cast);
	}
	return -EINVAL;
}

static void answer(struct lcm_qdev *q, int result)
{
	pthread_mutex_lock(&q->lock);
	q->result = result;
	q->done = true;
	q->pending = false;
	pthread_cond_broadcast(&q->change);
	pthread_mutex_unlock(&q->lock);
}

static void obey(struct lcm_qdev *q)
{
	struct request r;
	bool pending;
	int result;

	pthread_mutex_lock(&q->lock);
	r = q->request;
	pending = q->pending;
	pthread_mutex_unlock(&q->lock);
	if (!pending)
		return;
	while ((result = q->gone ? -EHOSTDOWN : carry_out(q, &r)) == -EAGAIN && cman_now_ms() < r.until_ms) {
		cman_call_pause();
		if (q->fd >= 0 && dispatch(q) < 0)
			q->gone = true;
	}
	answer(q, result == -ENOTCONN ? -EHOSTDOWN : result);
}

static int patience(const struct lcm_qdev *q)
{
	uint64_t now = cman_now_ms();

	if (!q->cast)
		return -1;
	return q->cast_until_ms <= now ? 0 : q->cast_until_ms - now > INT_MAX ? INT_MAX : (int)(q->cast_until_ms - now);
}

static bool is_stopping(struct lcm_qdev *q)
{
	bool stop;

	pthread_mutex_lock(&q->lock);
	stop = q->stop;
	pthread_mutex_unlock(&q->lock);
	return stop;
}

static void *qdev_main(void *data)
{
	struct lcm_qdev *q = data;

	while (!is_stopping(q)) {
		struct pollfd p[2] = { { .fd = q->wake, .events = POLLIN }, { .fd = q->fd, .events = POLLIN } };
		eventfd_t n;

		if (poll(p, 2, patience(q)) > 0 && p[0].revents)
			(void)eventfd_read(q->wake, &n);
		if (p[1].revents && dispatch(q) < 0)
			q->gone = true;
		/* Nobody has said it again in time. */
		if (q->cast && cman_now_ms() >= q->cast_until_ms) {
			(void)poll_device(q, false);
			q->cast = false;
		}
		if (q->gone)
			disconnect_votes(q);
		obey(q);
	}
	disconnect_votes(q);
	return NULL;
}

/* ---- in the engine's thread ---- */

struct lcm_qdev *lcm_qdev_new(struct lcm_engine *e)
{
	struct lcm_qdev *q = calloc(1, sizeof(*q));
	pthread_condattr_t attr;

	if (!q)
		return NULL;
	q->e = e;
	q->fd = -1;
	q->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->wake < 0) {
		free(q);
		return NULL;
	}
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->change, &attr);
	pthread_condattr_destroy(&attr);
	return q;
}

void lcm_qdev_free(struct lcm_qdev *q)
{
	if (!q)
		return;
	if (q->started) {
		pthread_mutex_lock(&q->lock);
		q->stop = true;
		pthread_mutex_unlock(&q->lock);
		(void)eventfd_write(q->wake, 1);
		(void)pthread_join(q->thread, NULL);
	}
	close(q->wake);
	pthread_cond_destroy(&q->change);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* Gives it to the thread and waits for the end. */
static int ask(struct lcm_qdev *q, const struct request *r)
{
	struct timespec until = { .tv_sec = (time_t)(r->until_ms / 1000),
				  .tv_nsec = (long)(r->until_ms % 1000) * 1000000 };
	int result = 0;

	if (!q->started) {
		result = -pthread_create(&q->thread, NULL, qdev_main, q);	/* inherits the blocked signals */
		if (result)
			return result;
		q->started = true;
	}
	pthread_mutex_lock(&q->lock);
	if (q->pending) {
		pthread_mutex_unlock(&q->lock);
		return -ETIMEDOUT;	/* the one before has not come back */
	}
	q->request = *r;
	q->pending = true;
	q->done = false;
	(void)eventfd_write(q->wake, 1);
	while (!q->done && !result)
		result = pthread_cond_timedwait(&q->change, &q->lock, &until);
	result = q->done ? q->result : -ETIMEDOUT;
	pthread_mutex_unlock(&q->lock);
	return result;
}

/* Without a model in its configuration corosync takes a device, and counts no votes for it. */
static int learn_config(uint32_t *ret_timeout_ms)
{
	char *model = NULL;
	cmap_handle_t cmap;
	cs_error_t e = cmap_initialize(&cmap);

	if (e != CS_OK)
		return cman_call_errno(e);
	*ret_timeout_ms = DEFAULT_TIMEOUT_MS;
	(void)cmap_get_uint32(cmap, "quorum.device.timeout", ret_timeout_ms);
	e = cmap_get_string(cmap, "quorum.device.model", &model);
	free(model);
	(void)cmap_finalize(cmap);
	return e == CS_ERR_NOT_EXIST ? -ENOSYS : cman_call_errno(e);
}

int lcm_job_device(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct request r = { .verb = NAME, .until_ms = until_ms };
	int result = learn_config(&r.timeout_ms);

	memcpy(&r.device, data, sizeof(r.device));
	return result ? result : ask(lcm_qdev_of(e), &r);
}

int lcm_job_device_gone(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	const struct request r = { .verb = GONE, .until_ms = until_ms };

	return ask(lcm_qdev_of(e), &r);
}

int lcm_job_device_poll(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	const int *available = data;
	const struct request r = { .verb = POLL, .cast = *available, .until_ms = until_ms };

	return ask(lcm_qdev_of(e), &r);
}
