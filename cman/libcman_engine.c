/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cman_call.h"
#include "libcman_priv.h"

#define RETRY_MS 100		/* corosync without a ring refuses, and there is nothing else to wait on */
#define END_WAIT_MS 2000u

struct job {
	struct job *next;
	lcm_job_fn fn;
	uint64_t id, until_ms;
	int result;
	bool done, abandoned;
	size_t len;
	max_align_t data[];
};

enum state { NEW, WAITING, READY, LOST };

struct lcm_engine {
	pthread_mutex_t lock;
	pthread_cond_t change;		/* a job has ended, or the state is another */
	pid_t pid;
	pthread_t thread;
	int wake;
	/* under the lock */
	enum state state;
	int why;			/* LOST: negative errno */
	struct job *jobs, **jobs_end;
	bool busy;			/* the thread is in a job or a callback ... */
	uint64_t busy_until_ms;		/* ... that should have come back then */
	bool ending;			/* no handle is left */
	bool orphan, ended;		/* nobody waits for the thread any more; it has come to its end */
	struct lcm_handle *handles;
	int fds[LCM_NLINES];
	/* the thread's own */
	struct lcm_watch *watch;
	struct lcm_post *post;
	struct lcm_qdev *qdev;
	bool gone;
};

/* The engine of new handles. */
static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static struct lcm_engine *current;
static uint64_t last_id;

void lcm_lock(struct lcm_engine *e)
{
	pthread_mutex_lock(&e->lock);
}

void lcm_unlock(struct lcm_engine *e)
{
	pthread_mutex_unlock(&e->lock);
}

struct lcm_watch *lcm_watch_of(struct lcm_engine *e)
{
	return e->watch;
}

struct lcm_post *lcm_post_of(struct lcm_engine *e)
{
	return e->post;
}

struct lcm_qdev *lcm_qdev_of(struct lcm_engine *e)
{
	return e->qdev;
}

struct lcm_handle *lcm_first(struct lcm_engine *e)
{
	return e->handles;
}

struct lcm_handle *lcm_find(struct lcm_engine *e, uint64_t id)
{
	struct lcm_handle *h = e->handles;

	while (h && h->id != id)
		h = h->next;
	return h;
}

void lcm_signal(struct lcm_handle *h)
{
	eventfd_t n;

	if (h->first || h->lost)
		(void)eventfd_write(h->fd, 1);
	else
		(void)eventfd_read(h->fd, &n);
}

void lcm_push(struct lcm_handle *h, const struct lcm_item *item)
{
	struct lcm_item *copy;

	if (h->lost)
		return;
	copy = h->n_items < LCM_MAX_QUEUED ? malloc(sizeof(*copy)) : NULL;
	if (!copy) {
		/* COMPAT: a client that does not read is dropped. With a gap in what it hears it would be wrong for ever. */
		h->lost = true;
	} else {
		*copy = *item;
		copy->next = NULL;
		*h->end = copy;
		h->end = &copy->next;
		h->n_items++;
	}
	lcm_signal(h);
}

/* ---- the thread ---- */

void lcm_line_open(struct lcm_engine *e, enum lcm_line line, int fd)
{
	lcm_lock(e);
	e->fds[line] = fd;
	lcm_unlock(e);
}

void lcm_lost(struct lcm_engine *e)
{
	e->gone = true;
}

static void set_state(struct lcm_engine *e, enum state state, int why)
{
	lcm_lock(e);
	e->state = state;
	e->why = why;
	for (struct lcm_handle *h = state == LOST ? e->handles : NULL; h; h = h->next) {
		h->lost = true;
		lcm_signal(h);
	}
	pthread_cond_broadcast(&e->change);
	lcm_unlock(e);
}

/* A caller that asks meanwhile is told at once when this takes longer than it may. */
static void set_busy(struct lcm_engine *e, bool busy, uint64_t until_ms)
{
	lcm_lock(e);
	e->busy = busy;
	e->busy_until_ms = until_ms;
	lcm_unlock(e);
}

static struct job *take_job(struct lcm_engine *e)
{
	struct job *j;

	lcm_lock(e);
	j = e->jobs;
	if (j) {
		e->jobs = j->next;
		if (!e->jobs)
			e->jobs_end = &e->jobs;
	}
	lcm_unlock(e);
	return j;
}

static void end_job(struct lcm_engine *e, struct job *j, int result)
{
	bool abandoned;

	lcm_lock(e);
	j->result = result;
	j->done = true;
	abandoned = j->abandoned;
	pthread_cond_broadcast(&e->change);
	lcm_unlock(e);
	if (abandoned)
		free(j);
}

static void run_jobs(struct lcm_engine *e)
{
	struct job *j;

	while ((j = take_job(e)) != NULL) {
		bool late = cman_now_ms() >= j->until_ms;
		int r = e->gone ? -EHOSTDOWN : late ? -ETIMEDOUT : 0;

		if (!r) {
			set_busy(e, true, j->until_ms);
			r = j->fn(e, j->id, j->data, j->until_ms);
			set_busy(e, false, 0);
		}
		end_job(e, j, r);
	}
}

static void connect_corosync(struct lcm_engine *e)
{
	int r;

	set_busy(e, true, cman_now_ms() + LCM_CALL_MS);
	r = lcm_watch_connect(e->watch);
	set_busy(e, false, 0);
	if (r == -EAGAIN) {
		set_state(e, WAITING, 0);
	} else if (r < 0) {
		e->gone = true;
		set_state(e, LOST, r);
	} else {
		set_state(e, READY, 0);
	}
}

static void dispatch(struct lcm_engine *e, enum lcm_line line)
{
	int r;

	set_busy(e, true, cman_now_ms() + LCM_CALL_MS);
	r = line == LCM_CPG ? lcm_post_dispatch(e->post) : lcm_watch_dispatch(e->watch, line);
	set_busy(e, false, 0);
	if (r < 0)
		e->gone = true;
}

static bool is_ending(struct lcm_engine *e)
{
	bool ending;

	lcm_lock(e);
	ending = e->ending;
	lcm_unlock(e);
	return ending;
}

/* Milliseconds until something is to be done that no descriptor tells of; -1 = nothing. */
static int patience(struct lcm_engine *e)
{
	return e->state != READY || lcm_post_is_behind(e->post) ? RETRY_MS : -1;
}

static void wait_for_something(struct lcm_engine *e)
{
	struct pollfd p[LCM_VOTES + 1] = { { .fd = e->wake, .events = POLLIN } };
	eventfd_t n;

	/* Only this thread writes those. */
	for (unsigned i = 0; i < LCM_VOTES; i++)
		p[i + 1] = (struct pollfd){ .fd = e->fds[i], .events = POLLIN };
	if (poll(p, LCM_VOTES + 1, patience(e)) < 0)
		return;
	if (p[0].revents)
		(void)eventfd_read(e->wake, &n);
	for (unsigned i = 0; i < LCM_VOTES && !e->gone; i++)
		if (p[i + 1].revents)
			dispatch(e, (enum lcm_line)i);
}

static void engine_free(struct lcm_engine *e)
{
	close(e->wake);
	pthread_cond_destroy(&e->change);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static void *engine_main(void *data)
{
	struct lcm_engine *e = data;
	bool orphan;

	while (!e->gone && !is_ending(e)) {
		if (e->state != READY)
			connect_corosync(e);
		if (e->state == READY)
			run_jobs(e);
		/* A job has perhaps taken messages that ask for an answer. */
		if (!e->gone && e->fds[LCM_CPG] >= 0)
			dispatch(e, LCM_CPG);
		if (!e->gone)
			wait_for_something(e);
	}
	if (e->state != LOST)
		set_state(e, LOST, -EHOSTDOWN);
	e->gone = true;
	run_jobs(e);
	lcm_post_free(e->post);
	lcm_qdev_free(e->qdev);
	lcm_watch_free(e->watch);
	lcm_lock(e);
	e->ended = true;
	orphan = e->orphan;
	pthread_cond_broadcast(&e->change);
	lcm_unlock(e);
	if (orphan)
		engine_free(e);
	return NULL;
}

/* ---- its life ---- */

static void engine_unused(struct lcm_engine *e)
{
	lcm_post_free(e->post);
	lcm_qdev_free(e->qdev);
	lcm_watch_free(e->watch);
	if (e->wake >= 0)
		close(e->wake);
	free(e);
}

static struct lcm_engine *engine_new(int *ret_error)
{
	struct lcm_engine *e = calloc(1, sizeof(*e));
	pthread_condattr_t attr;
	sigset_t all, old;

	*ret_error = -ENOMEM;
	if (!e)
		return NULL;
	e->jobs_end = &e->jobs;
	for (unsigned i = 0; i < LCM_NLINES; i++)
		e->fds[i] = -1;
	e->pid = getpid();
	e->watch = lcm_watch_new(e);
	e->post = lcm_post_new(e);
	e->qdev = lcm_qdev_new(e);
	e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!e->watch || !e->post || !e->qdev || e->wake < 0) {
		if (e->wake < 0)
			*ret_error = -errno;
		engine_unused(e);
		return NULL;
	}
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->change, &attr);
	pthread_condattr_destroy(&attr);
	/* Signals are the program's business. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	*ret_error = -pthread_create(&e->thread, NULL, engine_main, e);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (*ret_error < 0) {
		engine_unused(e);
		return NULL;
	}
	return e;
}

static void wake(struct lcm_engine *e)
{
	(void)eventfd_write(e->wake, 1);
}

/* Under the lock. */
static int wait_change(struct lcm_engine *e, uint64_t until_ms)
{
	struct timespec until = { .tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000 };

	return pthread_cond_timedwait(&e->change, &e->lock, &until);
}

/* No handle uses it any more. A thread that hangs in corosync keeps what it needs, and frees it if it ever comes back. */
static void engine_end(struct lcm_engine *e)
{
	uint64_t until = cman_now_ms() + END_WAIT_MS;
	bool ended;

	lcm_lock(e);
	if (e->busy && cman_now_ms() >= e->busy_until_ms)
		until = 0;
	wake(e);
	while (!e->ended && !wait_change(e, until))
		;
	ended = e->ended;
	e->orphan = !ended;
	if (!ended)
		(void)pthread_detach(e->thread);
	lcm_unlock(e);
	if (!ended)
		return;
	(void)pthread_join(e->thread, NULL);
	engine_free(e);
}

/* ---- fork: the child has the memory and the descriptors, but no thread ---- */

static void before_fork(void)
{
	pthread_mutex_lock(&current_lock);
	if (current)
		lcm_lock(current);
}

static void after_fork_parent(void)
{
	if (current)
		lcm_unlock(current);
	pthread_mutex_unlock(&current_lock);
}

/*
 * Its parent's connections must not stay open through it: corosync would keep the parent as a member of its groups after
 * the parent's end, and queue messages for it without limit.
 */
static void after_fork_child(void)
{
	for (unsigned i = 0; current && i < LCM_NLINES; i++)
		if (current->fds[i] >= 0)
			close(current->fds[i]);
	for (struct lcm_handle *h = current ? current->handles : NULL; h; h = h->next) {
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

		if (fd >= 0) {
			(void)dup3(fd, h->fd, O_CLOEXEC);
			close(fd);
		}
		if (h->port_lock >= 0)
			close(h->port_lock);
		h->port_lock = -1;
	}
	after_fork_parent();
}

static void __attribute__((constructor)) watch_forks(void)
{
	(void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

/* ---- handles ---- */

/* Under current_lock. */
static bool is_usable(struct lcm_engine *e)
{
	bool usable;

	if (!e || !lcm_engine_is_ours(e))
		return false;
	lcm_lock(e);
	usable = e->state != LOST && !e->ending;
	lcm_unlock(e);
	return usable;
}

/* The first attempt to connect has been made. */
static int wait_first(struct lcm_engine *e)
{
	uint64_t until = cman_now_ms() + LCM_CALL_MS;
	int r = 0;

	lcm_lock(e);
	while (e->state == NEW && !r)
		r = wait_change(e, until);
	r = e->state == NEW ? -ETIMEDOUT : e->state == LOST ? e->why : 0;
	lcm_unlock(e);
	return r;
}

int lcm_engine_attach(struct lcm_handle *h)
{
	int r = 0;

	pthread_mutex_lock(&current_lock);
	if (!is_usable(current))
		current = engine_new(&r);	/* the last one belongs to its handles, and to its thread */
	h->engine = current;
	if (current) {
		h->id = ++last_id;
		lcm_lock(current);
		h->next = current->handles;
		current->handles = h;
		lcm_unlock(current);
	}
	pthread_mutex_unlock(&current_lock);
	if (!h->engine)
		return r;
	r = wait_first(h->engine);
	return r == -ENOTCONN ? -ECONNREFUSED : r;
}

void lcm_engine_detach(struct lcm_handle *h)
{
	struct lcm_engine *e = h->engine;
	struct lcm_handle **p;
	bool last;

	if (!e || !lcm_engine_is_ours(e))
		return;
	pthread_mutex_lock(&current_lock);
	lcm_lock(e);
	for (p = &e->handles; *p && *p != h;)
		p = &(*p)->next;
	if (*p)
		*p = h->next;
	last = !e->handles;
	e->ending = last;
	lcm_unlock(e);
	if (last && current == e)
		current = NULL;
	pthread_mutex_unlock(&current_lock);
	if (last)
		engine_end(e);
}

bool lcm_engine_is_ours(const struct lcm_engine *e)
{
	return e->pid == getpid();
}

int lcm_engine_is_ready(struct lcm_handle *h)
{
	struct lcm_engine *e = h->engine;
	int r;

	lcm_lock(e);
	r = h->lost || e->state == LOST ? -EHOSTDOWN : e->state == READY;
	lcm_unlock(e);
	return r;
}

/* Under the lock. Hanging: the job before has not come back in its time, so that ours would only wait behind it. */
static int wait_job(struct lcm_engine *e, struct job *j)
{
	int r = 0;

	while (!j->done && !r)
		r = wait_change(e, j->until_ms);
	if (j->done)
		return j->result;
	j->abandoned = true;
	return e->state == WAITING ? -EAGAIN : -ETIMEDOUT;
}

int lcm_call(struct lcm_handle *h, lcm_job_fn fn, void *data, size_t len)
{
	struct lcm_engine *e = h->engine;
	struct job *j = calloc(1, sizeof(*j) + len);
	uint64_t now = cman_now_ms();
	int r = 0;

	if (!j)
		return -ENOMEM;
	j->fn = fn;
	j->id = h->id;
	j->until_ms = now + LCM_CALL_MS;
	j->len = len;
	if (len)
		memcpy(j->data, data, len);
	lcm_lock(e);
	if (e->state == LOST || h->lost)
		r = -EHOSTDOWN;
	else if (e->busy && now >= e->busy_until_ms)
		r = -ETIMEDOUT;
	if (!r) {
		*e->jobs_end = j;
		e->jobs_end = &j->next;
		wake(e);
		r = wait_job(e, j);
	} else {
		j->done = true;
	}
	if (j->done) {
		lcm_unlock(e);
		if (r >= 0 && len)
			memcpy(data, j->data, len);
		free(j);
		return r;
	}
	lcm_unlock(e);
	return r;
}
