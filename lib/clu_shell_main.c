/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clu_log.h"
#include "clu_notify.h"
#include "clu_path.h"
#include "clu_shell_priv.h"

#define EXIT_RUNNING 4
#define BIG_BLOCK (256 * 1024)	/* blocks from this size go back to the system when they are freed */
#define LAST_WORD_MS 200	/* clients get so long to fetch what was said to them */

/* How the start ended, from the daemon to the process that the user called. */
struct start_end {
	int fd;			/* -1: the user's terminal is ours */
	const char *name;
};

static void __attribute__((format(printf, 3, 4)))
start_failed(const struct start_end *e, int code, const char *fmt, ...)
{
	struct clu_buf b = CLU_BUF_INIT;
	unsigned char byte = (unsigned char)code;
	va_list ap;

	va_start(ap, fmt);
	clu_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	clu_log(CLU_CRIT, "%s", clu_buf_text(&b));
	if (e->fd < 0) {
		fprintf(stderr, "%s: %s\n", e->name, clu_buf_text(&b));
	} else {
		(void)!write(e->fd, &byte, 1);
		(void)!write(e->fd, clu_buf_text(&b), b.len);
	}
	clu_buf_free(&b);
}

static void start_done(struct start_end *e)
{
	if (e->fd >= 0) {
		(void)!write(e->fd, "", 1);
		close(e->fd);
	}
	e->fd = -1;
}

/* ---- one instance ---- */

/* The descriptor holds the lock; the processes that are forked later share it. */
static int lock(const char *name, int *ret_exit)
{
	char path[PATH_MAX], text[32] = "";
	int fd, r;

	*ret_exit = 1;
	r = clu_path_mkdirs(clu_path(CLU_PATH_RUN), 0);
	if (!r && (size_t)snprintf(path, sizeof(path), "%s/%s.pid", clu_path(CLU_PATH_RUN), name) >= sizeof(path))
		r = -ENAMETOOLONG;
	fd = r < 0 ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (!r && fd < 0)
		r = -errno;
	if (r < 0) {
		fprintf(stderr, "%s: its lock file in %s cannot be opened (%s); run it as root\n", name,
			clu_path(CLU_PATH_RUN), strerror(-r));
		return r;
	}
	(void)!pread(fd, text, sizeof(text) - 1, 0);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		fprintf(stderr, "%s: runs already (process %d holds %s); end that one first\n", name, atoi(text), path);
		close(fd);
		*ret_exit = EXIT_RUNNING;
		return -EBUSY;
	}
	/* What a killed one has left. */
	clu_ipc_sweep(name, atoi(text));
	return fd;
}

static void write_pid(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	(void)!ftruncate(fd, 0);
	(void)!pwrite(fd, text, (size_t)n, 0);
}

/* ---- background ---- */

/* In the process that the user called: waits for the daemon's word. Returns its exit code. */
static int await_start(const char *name, int fd)
{
	struct clu_buf b = CLU_BUF_INIT;
	unsigned char code = 1;
	char text[4096];
	ssize_t n;

	do
		n = read(fd, &code, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1) {
		fprintf(stderr, "%s: ended unexpectedly while it was starting; look at %s/%s.log\n", name,
			clu_path(CLU_PATH_LOG), name);
		return 1;
	}
	while (code && ((n = read(fd, text, sizeof(text))) > 0 || (n < 0 && errno == EINTR)))
		clu_buf_append(&b, text, n > 0 ? (size_t)n : 0);
	if (code)
		fprintf(stderr, "%s: %s\n", name, clu_buf_text(&b));
	clu_buf_free(&b);
	return code;
}

static int go_background(const char *name, struct start_end *e)
{
	int fds[2], null;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		int r = -errno;

		fprintf(stderr, "%s: no process for the background (%s); end others, or use --foreground\n", name,
			strerror(-r));
		return r;
	}
	if (pid) {
		close(fds[1]);
		_exit(await_start(name, fds[0]));
	}
	close(fds[0]);
	e->fd = fds[1];
	(void)setsid();
	(void)!chdir("/");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; null >= 0 && i < 3; i++)
		(void)dup2(null, i);
	if (null > 2)
		close(null);
	return 0;
}

/* ---- signals ---- */

/* The core hears it once: a service manager signals us and our watchdog process, which passes it on. */
static void shut_down(struct clu_shell *s)
{
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	if (s->shutting_down)
		return;
	s->shutting_down = true;
	(void)clu_notify("STOPPING=1");
	clu_shell_feed(s, &ev);
}

static int32_t on_term(int32_t sig, void *data)
{
	clu_log(CLU_NOTICE, "signal %d: leaving in order", sig);
	shut_down(data);
	return 0;
}

static int32_t on_hup(int32_t sig, void *data)
{
	int r = clu_log_reopen();

	clu_log(r < 0 ? CLU_ERR : CLU_INFO, "the log file was opened again%s%s", r < 0 ? ", without success: " : "",
		r < 0 ? strerror(-r) : "");
	return 0;
}

static void store_dump(struct clu_shell *s, const char *what, void (*make)(struct clu_shell *s, struct clu_buf *ret))
{
	struct clu_buf b = CLU_BUF_INIT;
	char path[PATH_MAX];

	make(s, &b);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s.%s", clu_path(CLU_PATH_STATE), s->d->ops->name, what) < sizeof(path) &&
	    !b.error && !clu_shell_store(s, 0, path, clu_buf_text(&b), b.len, 0600, false))
		clu_log(CLU_NOTICE, "the state is written to %s", path);
	clu_buf_free(&b);
}

static int32_t on_usr1(int32_t sig, void *data)
{
	struct clu_shell *s = data;
	char path[PATH_MAX];

	store_dump(s, "dump", clu_shell_dump);
	store_dump(s, "shell.dump", clu_shell_dump_self);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s.blackbox", clu_path(CLU_PATH_STATE), s->d->ops->name) < sizeof(path))
		(void)clu_log_blackbox(path);
	return 0;
}

static void add_signals(struct clu_shell *s)
{
	qb_loop_signal_handle h;

	(void)qb_loop_signal_add(s->loop, QB_LOOP_HIGH, SIGTERM, s, on_term, &h);
	(void)qb_loop_signal_add(s->loop, QB_LOOP_HIGH, SIGINT, s, on_term, &h);
	(void)qb_loop_signal_add(s->loop, QB_LOOP_HIGH, SIGHUP, s, on_hup, &h);
	(void)qb_loop_signal_add(s->loop, QB_LOOP_HIGH, SIGUSR1, s, on_usr1, &h);
}

/* The watchdog process was killed: nobody would reset this machine if we failed now. */
static int on_parent_gone(int32_t fd, int32_t revents, void *data)
{
	struct clu_shell *s = data;

	clu_log(CLU_CRIT, "the watchdog process was killed: leaving in order, since a failure of this daemon would go "
		"unnoticed; start it again");
	(void)qb_loop_poll_del(s->loop, fd);
	close(fd);
	shut_down(s);
	return 0;
}

/* ---- the service manager ---- */

static void on_alive(void *data)
{
	struct clu_shell *s = data;

	s->alive.set = false;
	(void)clu_notify("WATCHDOG=1");
	clu_shell_timer_set(s, &s->alive, s->alive_ms, s, on_alive);
}

static void notify_ready(struct clu_shell *s)
{
	int r = clu_notify("READY=1");

	if (r < 0)
		clu_log(CLU_WARNING, "the service manager could not be told that the start is complete (%s); it will take "
			"this daemon for hanging", strerror(-r));
	s->alive_ms = clu_notify_watchdog_ms() / 2;
	if (s->alive_ms)
		on_alive(s);
}

/* ---- the daemon ---- */

static void on_child_end(void *ctx, const struct clu_child_end *e)
{
	struct clu_event ev = { .type = CLU_EV_CHILD };

	ev.u.child = *e;
	clu_shell_feed(ctx, &ev);
}

static void on_request(void *ctx, const struct clu_request *req)
{
	struct clu_event ev = { .type = CLU_EV_REQUEST };

	ev.u.request = *req;
	clu_shell_feed(ctx, &ev);
}

static void on_gone(void *ctx, uint64_t client)
{
	struct clu_event ev = { .type = CLU_EV_CLIENT_GONE };

	ev.u.client = client;
	clu_shell_feed(ctx, &ev);
}

static void on_dump(void *ctx, struct clu_buf *ret)
{
	clu_shell_dump(ctx, ret);
}

static void on_history(void *ctx, struct clu_buf *ret)
{
	clu_log_history(ret);
}

static int run_daemon(struct clu_shell *s, struct start_end *e, int armed_fd)
{
	const struct clu_ipc_handlers handlers = { on_request, on_gone, on_dump, on_history, s };
	const char *name = s->d->ops->name, *why = NULL;
	struct clu_buf words = CLU_BUF_INIT;
	int r, parent = -1;

	s->loop = qb_loop_create();
	s->core = s->d->core_new(s->d->opt_ctx, &why);
	if (!s->core) {
		start_failed(e, 1, "%s", why ? why : "out of memory; free memory on this node");
		return 1;
	}
	r = clu_shell_run_init(s);
	if (!r)
		r = clu_shell_worker_init(s);
	s->children = clu_children_new(s->loop, on_child_end, s);
	if (r < 0 || !s->loop || !s->children) {
		start_failed(e, 1, "it cannot be set up (%s); free memory on this node", strerror(r < 0 ? -r : ENOMEM));
		s->code = 1;
		goto out;
	}
	add_signals(s);
	r = clu_ipc_server_new(name, s->d->max_request, &handlers, &s->ipc);
	if (r < 0) {
		start_failed(e, r == -EADDRINUSE ? EXIT_RUNNING : 1, "its admin socket cannot be opened (%s); %s",
			strerror(-r), r == -EADDRINUSE ? "end the other process that holds it: 'ss -xlp'" : "look at /dev/shm");
		s->code = r == -EADDRINUSE ? EXIT_RUNNING : 1;
		goto out;
	}
	if (s->d->device) {
		s->device = s->d->device->open(s, s->loop, s->d->opt_ctx, &why);
		if (!s->device) {
			start_failed(e, 1, "%s", why ? why : "out of memory; free memory on this node");
			s->code = 1;
			goto out;
		}
	}
	r = clu_shell_corosync_start(s, &words);
	if (!r && !s->ended)
		r = clu_shell_peers_init(s);
	if (r < 0 || s->ended) {
		if (!s->ended)
			start_failed(e, 1, "%s", words.len ? clu_buf_text(&words) : strerror(-r));
		else if (e->fd >= 0)
			start_failed(e, s->code ? s->code : 1, "it ended while it was starting; look at %s/%s.log",
				clu_path(CLU_PATH_LOG), name);
		s->code = s->ended ? s->code : 1;
		goto out;
	}
	if (armed_fd >= 0) {
		parent = pidfd_open(getppid(), 0);
		if (parent >= 0)
			(void)qb_loop_poll_add(s->loop, QB_LOOP_HIGH, parent, POLLIN, s, on_parent_gone);
		(void)!write(armed_fd, "a", 1);
	}
	start_done(e);
	notify_ready(s);
	qb_loop_run(s->loop);
	/* The watchdog process waits for this end: nothing may come before the reset. */
	if (s->code == CLU_FATAL_RESET && armed_fd >= 0)
		_exit(CLU_FATAL_RESET);
	if (s->code == CLU_FATAL_RESET && (s->d->want & CLU_WANT_RESET) && !s->no_watchdog)
		clu_shell_reset(name);
out:
	s->ended = true;
	clu_shell_timer_drop(s, &s->alive);
	s->ipc = clu_ipc_server_free(s->ipc, LAST_WORD_MS);
	clu_shell_peers_fini(s);
	clu_shell_corosync_close(s);
	s->children = clu_children_free(s->children);
	if (s->device)
		s->d->device->close(s->device);
	clu_shell_worker_fini(s);
	clu_shell_run_fini(s);
	s->d->core_free(s->core);
	clu_buf_free(&words);
	return s->code;
}

int clu_shell_main(const struct clu_daemon *d, int argc, char **argv)
{
	struct clu_shell s = { .d = d };
	struct start_end e = { .fd = -1, .name = d->ops->name };
	int code, lock_fd, armed_fd = -1, r;

	if (clu_shell_opts(&s, argc, argv, &code) < 0)
		return code;
	/*
	 * libqb takes a buffer of a whole request for each client. Left to itself the C library
	 * soon puts such buffers on the heap, where a daemon that runs for years keeps them.
	 */
	(void)mallopt(M_MMAP_THRESHOLD, BIG_BLOCK);
	lock_fd = lock(d->ops->name, &code);
	if (lock_fd < 0)
		return code;
	(void)umask(077);
	(void)clu_path_mkdirs(clu_path(CLU_PATH_STATE), 0);
	if (!s.foreground && go_background(d->ops->name, &e) < 0)
		return 1;
	if ((d->want & CLU_WANT_WATCHDOG) && !s.no_watchdog) {
		r = clu_shell_watchdog(d->ops->name, &armed_fd);
		if (r < 0) {
			start_failed(&e, 1, "no process for the watchdog (%s); end others, or use --no-watchdog",
				strerror(-r));
			return 1;
		}
	}
	write_pid(lock_fd);
	r = clu_log_open(d->ops->name, s.foreground, s.debug);
	if (r < 0)
		clu_log(CLU_WARNING, "the log file in %s cannot be opened (%s); logging to syslog alone",
			clu_path(CLU_PATH_LOG), strerror(-r));
	(void)clu_log_daemon();
	clu_log(CLU_NOTICE, "%s %s starts", d->ops->name, PACKAGE_VERSION);
	code = run_daemon(&s, &e, armed_fd);
	clu_log(CLU_NOTICE, "%s ends with code %d", d->ops->name, code);
	clu_log_close();
	qb_loop_destroy(s.loop);
	/* The file stays: who opened it a moment ago must get this very lock. */
	(void)!ftruncate(lock_fd, 0);
	close(lock_fd);
	return code;
}
