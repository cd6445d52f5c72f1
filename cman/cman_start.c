/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clu_child.h"
#include "clu_path.h"
#include "clu_running.h"
#include "cman_call.h"
#include "cman_wait.h"

#define COROSYNC "/usr/sbin/corosync"
#define VALIDATOR HAWSER_SBIN_DIR "/ccs_config_validate"
#define CMAND HAWSER_SBIN_DIR "/cmand"
#define UPDATER HAWSER_SBIN_DIR "/ccs_tool"
#define UPDATE_MS 40000		/* ccsd's own limit, and cmand's behind it */
#define VALIDATE_MS 20000
#define TEST_MS 10000
#define VERSION_MS 5000
#define CMAND_MS 20000		/* it waits for corosync for 10 s */
#define CMAND_END_MS 5000
#define CMAND_RUNS 4		/* its exit code when another one runs */
#define LOG_BYTES 8192
#define LOG_LINES 8

struct program {
	qb_loop_t *loop;
	struct clu_child_end end;
	char tail[4200];
};

/* Reads the end of the file in buf (size bytes, NUL-terminated), from a line's begin. */
static char *read_end(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t n = 0;
	char *start = buf;

	if (end > 0)
		n = pread(fd, buf, size - 1, end > (off_t)size - 1 ? end - ((off_t)size - 1) : 0);
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	if (end > (off_t)size - 1 && strchr(buf, '\n'))
		start = strchr(buf, '\n') + 1;
	return start;
}

void cman_start_log_tail(const char *logfile, struct clu_buf *ret)
{
	static char buf[LOG_BYTES];
	char *lines[LOG_LINES] = { NULL }, *save = NULL;
	unsigned n = 0;

	for (char *l = strtok_r(read_end(logfile, buf, sizeof(buf)), "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		lines[n++ % LOG_LINES] = l;
	for (unsigned i = n > LOG_LINES ? n - LOG_LINES : 0; i < n; i++)
		clu_buf_printf(ret, "  %s\n", lines[i % LOG_LINES]);
}

static void on_end(void *ctx, const struct clu_child_end *e)
{
	struct program *p = ctx;

	p->end = *e;
	snprintf(p->tail, sizeof(p->tail), "%s", e->tail);
	p->end.tail = p->tail;
	qb_loop_stop(p->loop);
}

/* Runs a program to its end. 0, or -ENOMEM. */
static int run_program(struct program *p, const char *const *argv, uint32_t deadline_ms)
{
	const struct clu_run run = { .id = 1, .argv = argv, .deadline_ms = deadline_ms };
	struct clu_children *children;

	memset(p, 0, sizeof(*p));
	p->loop = qb_loop_create();
	children = p->loop ? clu_children_new(p->loop, on_end, p) : NULL;
	if (!children)
		return -ENOMEM;
	clu_children_run(children, &run);
	if (clu_children_count(children))
		qb_loop_run(p->loop);
	clu_children_free(children);
	qb_loop_destroy(p->loop);
	return 0;
}

/* What a program said, each line indented. */
static void add_lines(const char *text, struct clu_buf *ret)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		clu_buf_printf(ret, "  %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* What corosync says before its log is open goes there: a pipe would break when this tool ends. */
static void output_path(char *ret, size_t size)
{
	snprintf(ret, size, "%s/corosync.out", clu_path(CLU_PATH_RUN));
}

/* In the new process: async-signal-safe calls only. */
static void __attribute__((noreturn)) corosync_main(const char *conf, const char *out_path)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	int null = open("/dev/null", O_RDONLY), out;
	sigset_t none;

	/* Its nice value and signals from a terminal go to the whole session. */
	(void)setsid();
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (null < 0 || out < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	(void)close_range(3, ~0u, 0);
	(void)!chdir("/");
	(void)umask(022);
	execl(COROSYNC, COROSYNC, "-f", "-c", conf, (char *)NULL);
	_exit(127);
}

static void explain_end(int status, const char *out_path, const char *logfile, struct clu_buf *errs)
{
	static char buf[LOG_BYTES];

	if (status == 127 << 8) {
		clu_buf_printf(
			errs,
			"corosync cannot be run: %s is not there or not a program; install the package corosync\n",
			COROSYNC);
		return;
	}
	if (WIFSIGNALED(status))
		clu_buf_printf(errs, "corosync did not start: signal %d ended it;", WTERMSIG(status));
	else
		clu_buf_printf(errs, "corosync did not start: it ended with code %d;", WEXITSTATUS(status));
	clu_buf_str(errs, " correct what it complains about and join again. It said:\n");
	add_lines(read_end(out_path, buf, sizeof(buf)), errs);
	clu_buf_printf(errs, "  and at the end of its log %s:\n", logfile);
	cman_start_log_tail(logfile, errs);
}

/* The process has been started. Until it answers, it refuses connections: there is nothing else to wait on. */
static int wait_ready(int pidfd, uint64_t until_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		int r = cman_wait(CMAN_WAIT_READY, until_ms);

		if (poll(&p, 1, 0) > 0)
			return -ECHILD;
		/* No answer for a while is no reason to end it: a loaded machine takes its time for the first ring. */
		if (r != -ENOTCONN && r != -EHOSTDOWN)
			return r;
		if (cman_now_ms() >= until_ms)
			return -ETIMEDOUT;
		cman_call_pause();
	}
}

int cman_start(const char *conf, const char *logfile, struct clu_buf *errs)
{
	char out_path[PATH_MAX];
	int pidfd, status = 0, r;
	pid_t pid;

	output_path(out_path, sizeof(out_path));
	pid = fork();
	if (!pid)
		corosync_main(conf, out_path);
	pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
	if (pidfd < 0) {
		r = -errno;
		clu_buf_printf(errs, "corosync cannot be started: %s; end other programs or raise the limit\n",
			       strerror(-r));
		if (pid > 0)
			(void)kill(pid, SIGKILL);
		return r;
	}
	r = wait_ready(pidfd, cman_now_ms() + CMAN_START_MS);
	if (r == -ECHILD) {
		(void)waitpid(pid, &status, 0);
		explain_end(status, out_path, logfile, errs);
	} else if (r < 0) {
		(void)kill(pid, SIGKILL);
		clu_buf_printf(
			errs,
			"corosync did not start: it gave no answer (%s) and was ended; see the end of its log %s:\n",
			strerror(-r), logfile);
		cman_start_log_tail(logfile, errs);
	}
	close(pidfd);
	return r;
}

int cman_start_validate(struct clu_buf *errs)
{
	const char *const argv[] = { VALIDATOR, NULL }, *const lax[] = { VALIDATOR, "--lax", NULL };
	struct program strict, p;

	if (access(VALIDATOR, X_OK))
		return 0;
	if (run_program(&strict, argv, VALIDATE_MS) < 0)
		return -ENOMEM;
	if (!strict.end.start_error && !strict.end.exit_code)
		return 0;
	/* What no program reads is no hindrance, as for ccsd. */
	if (run_program(&p, lax, VALIDATE_MS) < 0)
		return -ENOMEM;
	if (!p.end.start_error && !p.end.exit_code) {
		clu_buf_str(errs, "the configuration has what no program reads. ccs_config_validate says:\n");
		add_lines(strict.tail, errs);
		return 0;
	}
	clu_buf_str(errs, "the configuration is not valid; correct it, or join with -Dwarn or -Dnone. "
			  "ccs_config_validate says:\n");
	add_lines(p.tail, errs);
	return -EINVAL;
}

int cman_start_test(const char *conf, struct clu_buf *errs)
{
	const char *const argv[] = { COROSYNC, "-t", "-c", conf, NULL };
	struct program p;

	if (run_program(&p, argv, TEST_MS) < 0)
		return -ENOMEM;
	if (!p.end.start_error && !p.end.exit_code)
		return 0;
	clu_buf_str(errs, "corosync refuses the configuration that was made from cluster.conf; correct what it complains about:\n");
	add_lines(p.tail, errs);
	return -EINVAL;
}

int cman_start_update(const char *file, struct clu_buf *errs)
{
	const char *const argv[] = { UPDATER, "update", file, NULL };
	struct program p;

	if (run_program(&p, argv, UPDATE_MS) < 0)
		return -ENOMEM;
	if (!p.end.start_error && !p.end.exit_code)
		return 0;
	add_lines(p.tail, errs);
	return -EINVAL;
}

void cman_start_version(struct clu_buf *ret)
{
	const char *const argv[] = { COROSYNC, "-v", NULL };
	struct program p;

	if (!run_program(&p, argv, VERSION_MS) && !p.end.start_error)
		add_lines(p.tail, ret);
}

int cman_start_cmand(struct clu_buf *errs)
{
	const char *const argv[] = { CMAND, NULL };
	struct program p;

	if (run_program(&p, argv, CMAND_MS) < 0)
		return -ENOMEM;
	if (!p.end.start_error && (!p.end.exit_code || p.end.exit_code == CMAND_RUNS))
		return 0;
	clu_buf_str(errs, "cmand did not start: until it runs, changes of cluster.conf are not taken over by corosync on any "
			  "node; start it with \"" CMAND "\". It said:\n");
	add_lines(p.tail, errs);
	return -EIO;
}

void cman_start_wait_cmand(void)
{
	uint64_t until = cman_now_ms() + CMAND_END_MS;

	while (clu_running("cmand") && cman_now_ms() < until)
		cman_call_pause();
}
