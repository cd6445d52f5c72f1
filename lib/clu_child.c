/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "clu_child.h"
#include "clu_child_spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TAIL_BYTES 4096
#define DRAIN_BYTES 65536 /* read at most so much behind the child's end: a grandchild may go on writing */
#define DEFAULT_GRACE_MS 5000
#define FREE_WAIT_MS 5000
#define NS_PER_MS 1000000ull

struct child {
	struct child *next;
	struct clu_children *owner;
	uint64_t id;
	pid_t pid;
	int pidfd, in_fd, out_fd, err_fd;	/* -1 when closed */
	char *input;
	size_t input_len, input_sent;
	uint64_t start_ms;
	uint32_t grace_ms;
	bool ending;			/* TERM was sent */
	bool timed_out;
	int start_error;
	qb_loop_timer_handle timer;	/* deadline, later grace; valid while timer_set */
	bool timer_set;
	char ring[TAIL_BYTES];		/* the last bytes written; written counts all */
	uint64_t written;
	char tail[TAIL_BYTES + 1];
};

struct clu_children {
	qb_loop_t *loop;
	void (*end)(void *ctx, const struct clu_child_end *e);
	void *ctx;
	struct child *list;
	unsigned count;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / NS_PER_MS;
}

/* ---- output ---- */

static void ring_add(struct child *c, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		c->ring[c->written++ % TAIL_BYTES] = p[i];
}

/* Length of the valid UTF-8 sequence at p (1 to 4), 0 if there is none. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	size_t n = *p < 0x80		   ? 1 :
		   *p >= 0xc2 && *p < 0xe0 ? 2 :
		   (*p & 0xf0) == 0xe0	   ? 3 :
		   *p >= 0xf0 && *p < 0xf5 ? 4 :
					     0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* The ring as text: whole lines if it ran over, nothing that moves a cursor or breaks a JSON string. */
static void make_tail(struct child *c)
{
	size_t len = c->written < TAIL_BYTES ? (size_t)c->written : TAIL_BYTES, at = 0;
	uint64_t first = c->written - len;
	char *nl;

	for (size_t i = 0; i < len; i++)
		c->tail[i] = c->ring[(first + i) % TAIL_BYTES];
	c->tail[len] = '\0';
	if (first && (nl = memchr(c->tail, '\n', len - 1)) != NULL) {
		len -= (size_t)(nl + 1 - c->tail);
		memmove(c->tail, nl + 1, len + 1);
	}
	while (at < len) {
		size_t n = utf8_len((unsigned char *)c->tail + at, len - at);

		if (!n || (n == 1 && c->tail[at] != '\n' && c->tail[at] != '\t' &&
			   ((unsigned char)c->tail[at] < ' ' || c->tail[at] == 127))) {
			c->tail[at] = c->tail[at] == '\r' ? ' ' : '?';
			n = 1;
		}
		at += n;
	}
	while (len && (c->tail[len - 1] == '\n' || c->tail[len - 1] == ' '))
		len--;
	c->tail[len] = '\0';
}

static void close_polled(struct child *c, int *fd)
{
	if (*fd < 0)
		return;
	(void)qb_loop_poll_del(c->owner->loop, *fd);
	close(*fd);
	*fd = -1;
}

/* Reads what is there, at most max bytes. False when the pipe has come to its end. */
static bool read_output(struct child *c, size_t max)
{
	char buf[4096];

	while (max) {
		ssize_t n = read(c->out_fd, buf, sizeof(buf) < max ? sizeof(buf) : max);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (!n)
			return false;
		ring_add(c, buf, (size_t)n);
		max -= (size_t)n;
	}
	return true;
}

static int on_output(int32_t fd, int32_t revents, void *data)
{
	struct child *c = data;

	if (!read_output(c, DRAIN_BYTES))
		close_polled(c, &c->out_fd);
	return 0;
}

static int on_input(int32_t fd, int32_t revents, void *data)
{
	struct child *c = data;

	while (c->input_sent < c->input_len) {
		ssize_t n = write(fd, c->input + c->input_sent, c->input_len - c->input_sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			break;	/* it has closed its stdin: not our fault, its exit code will tell */
		c->input_sent += (size_t)n;
	}
	close_polled(c, &c->in_fd);
	return 0;
}

/* ---- the end ---- */

static void drop_timer(struct child *c)
{
	if (c->timer_set)
		(void)qb_loop_timer_del(c->owner->loop, c->timer);
	c->timer_set = false;
}

static void unlink_child(struct child *c)
{
	struct child **p = &c->owner->list;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	c->owner->count--;
}

static void free_child(struct child *c)
{
	drop_timer(c);
	close_polled(c, &c->in_fd);
	close_polled(c, &c->out_fd);
	close_polled(c, &c->pidfd);
	if (c->err_fd >= 0)
		close(c->err_fd);
	if (c->input)
		explicit_bzero(c->input, c->input_len);	/* may hold a password */
	free(c->input);
	free(c);
}

static void tell_end(struct child *c, struct clu_child_end *e)
{
	struct clu_children *owner = c->owner;

	make_tail(c);
	e->id = c->id;
	e->ran_ms = (uint32_t)(now_ms() - c->start_ms);
	e->tail = c->tail;
	unlink_child(c);
	owner->end(owner->ctx, e);
	free_child(c);
}

static void on_start_error(void *data)
{
	struct child *c = data;
	struct clu_child_end e = { .exit_code = -1, .start_error = c->start_error };

	tell_end(c, &e);
}

static int on_exit_of_child(int32_t fd, int32_t revents, void *data)
{
	struct child *c = data;
	struct clu_child_end e = { .exit_code = -1, .timed_out = c->timed_out };
	siginfo_t si = { 0 };
	int error = 0;

	/* Its group must not outlive a deadline. Not reaped yet, so its number cannot be another group's. */
	if (c->ending)
		(void)kill(-c->pid, SIGKILL);
	if (waitid(P_PIDFD, (id_t)c->pidfd, &si, WEXITED | WNOHANG) < 0) {
		if (errno == EINTR)
			return 0;
		error = errno;
	} else if (!si.si_pid) {
		return 0;
	}
	if (c->out_fd >= 0)
		(void)read_output(c, DRAIN_BYTES);
	if (error) {
		e.start_error = -error;		/* somebody else reaped it: how it ended will never be known */
	} else if (read(c->err_fd, &error, sizeof(error)) == (ssize_t)sizeof(error)) {
		e.start_error = -error;
	} else if (si.si_code == CLD_EXITED) {
		e.exit_code = si.si_status;
	} else {
		e.term_signal = si.si_status;
	}
	tell_end(c, &e);
	return 0;
}

/* ---- deadline ---- */

static void on_grace_over(void *data)
{
	struct child *c = data;

	c->timer_set = false;
	(void)kill(-c->pid, SIGKILL);
}

static void begin_end(struct child *c)
{
	if (c->ending)
		return;
	c->ending = true;
	drop_timer(c);
	(void)kill(-c->pid, SIGTERM);
	(void)kill(-c->pid, SIGCONT);	/* a stopped process would not see TERM */
	if (qb_loop_timer_add(c->owner->loop, QB_LOOP_HIGH, c->grace_ms * NS_PER_MS, c, on_grace_over, &c->timer) < 0)
		(void)kill(-c->pid, SIGKILL);
	else
		c->timer_set = true;
}

static void on_deadline(void *data)
{
	struct child *c = data;

	c->timer_set = false;
	c->timed_out = true;
	begin_end(c);
}

/* ---- start ---- */

static int watch(struct child *c, uint32_t deadline_ms)
{
	qb_loop_t *loop = c->owner->loop;
	int r;

	r = qb_loop_poll_add(loop, QB_LOOP_HIGH, c->pidfd, POLLIN, c, on_exit_of_child);
	if (!r)
		r = qb_loop_poll_add(loop, QB_LOOP_MED, c->out_fd, POLLIN, c, on_output);
	if (!r && c->in_fd >= 0)
		r = qb_loop_poll_add(loop, QB_LOOP_MED, c->in_fd, POLLOUT, c, on_input);
	if (!r)
		r = qb_loop_timer_add(loop, QB_LOOP_HIGH, deadline_ms * NS_PER_MS, c, on_deadline, &c->timer);
	if (!r)
		c->timer_set = true;
	return r;
}

static int start(struct child *c, const struct clu_run *run)
{
	struct clu_spawned program;
	int r;

	if (!run->deadline_ms || !run->argv || !run->argv[0])
		return -EINVAL;
	if (run->input_len) {
		c->input = malloc(run->input_len);
		if (!c->input)
			return -ENOMEM;
		memcpy(c->input, run->input, run->input_len);
		c->input_len = run->input_len;
	}
	r = clu_child_spawn(run, &program);
	if (r < 0)
		return r;
	c->pid = program.pid;
	c->in_fd = program.in_fd;
	c->out_fd = program.out_fd;
	c->err_fd = program.err_fd;
	c->pidfd = pidfd_open(c->pid, 0);
	r = c->pidfd < 0 ? -errno : watch(c, run->deadline_ms);
	if (r < 0) {
		(void)kill(-c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
	}
	return r;
}

void clu_children_run(struct clu_children *cs, const struct clu_run *run)
{
	struct child *c = calloc(1, sizeof(*c));
	struct clu_child_end e = { .id = run->id, .exit_code = -1, .start_error = -ENOMEM, .tail = "" };

	if (!c) {
		cs->end(cs->ctx, &e);
		return;
	}
	c->owner = cs;
	c->id = run->id;
	c->pidfd = c->in_fd = c->out_fd = c->err_fd = -1;
	c->grace_ms = run->grace_ms ? run->grace_ms : DEFAULT_GRACE_MS;
	c->start_ms = now_ms();
	c->next = cs->list;
	cs->list = c;
	cs->count++;
	c->start_error = start(c, run);
	if (!c->start_error)
		return;
	c->pid = 0;
	drop_timer(c);
	close_polled(c, &c->in_fd);
	close_polled(c, &c->out_fd);
	close_polled(c, &c->pidfd);
	/* From the loop, so that the caller's step is over when it hears of it. */
	if (qb_loop_job_add(cs->loop, QB_LOOP_HIGH, c, on_start_error) < 0)
		on_start_error(c);
}

void clu_children_kill(struct clu_children *cs, uint64_t id)
{
	for (struct child *c = cs->list; c; c = c->next) {
		if (c->id == id && c->pid) {
			begin_end(c);
			return;
		}
	}
}

unsigned clu_children_count(const struct clu_children *cs)
{
	return cs->count;
}

struct clu_children *clu_children_new(qb_loop_t *loop, void (*end)(void *ctx, const struct clu_child_end *e),
				      void *ctx)
{
	struct clu_children *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return NULL;
	cs->loop = loop;
	cs->end = end;
	cs->ctx = ctx;
	/* A program may close its stdin before all is written. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cs;
}

struct clu_children *clu_children_free(struct clu_children *cs)
{
	uint64_t until = now_ms() + FREE_WAIT_MS;

	if (!cs)
		return NULL;
	for (struct child *c = cs->list; c; c = c->next)
		if (c->pid)
			(void)kill(-c->pid, SIGKILL);
	while (cs->list) {
		struct child *c = cs->list;
		uint64_t now = now_ms();
		struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

		/* One that hangs in the kernel cannot hold up our own end for ever. */
		if (c->pid && poll(&p, 1, now < until ? (int)(until - now) : 0) > 0)
			(void)waitid(P_PIDFD, (id_t)c->pidfd, &(siginfo_t){ 0 }, WEXITED | WNOHANG);
		if (!c->pid)
			(void)qb_loop_job_del(cs->loop, QB_LOOP_HIGH, c, on_start_error);
		unlink_child(c);
		free_child(c);
	}
	free(cs);
	return NULL;
}
