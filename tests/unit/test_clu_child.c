/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real programs under a real loop; nothing here depends on how fast the machine is. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
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

#define LONG_MS 60000

struct seen {
	struct clu_child_end e;
	char tail[4200];
};

static qb_loop_t *loop;
static struct clu_children *children;
static struct seen ends[8];
static unsigned n_ends, want;

static void on_end(void *ctx, const struct clu_child_end *e)
{
	struct seen *s = &ends[n_ends++ % 8];

	s->e = *e;
	snprintf(s->tail, sizeof(s->tail), "%s", e->tail);
	s->e.tail = s->tail;
	if (n_ends >= want)
		qb_loop_stop(loop);
}

static void wait_for(unsigned n)
{
	want = n;
	if (n_ends < n)
		qb_loop_run(loop);
	assert_int_equal(n_ends, n);
	assert_int_equal(clu_children_count(children), 0);
}

static void sh_full(uint64_t id, const char *script, const void *input, size_t len, uint32_t deadline, uint32_t grace)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const env[] = { "MINE=1 2", NULL };
	struct clu_run run = { .id = id, .argv = argv, .env = env, .input = input, .input_len = len,
			       .deadline_ms = deadline, .grace_ms = grace };

	clu_children_run(children, &run);
}

static void sh(uint64_t id, const char *script)
{
	sh_full(id, script, NULL, 0, LONG_MS, 0);
}

static int setup(void **state)
{
	loop = qb_loop_create();
	children = clu_children_new(loop, on_end, NULL);
	n_ends = 0;
	return loop && children ? 0 : -1;
}

static int teardown(void **state)
{
	children = clu_children_free(children);
	qb_loop_destroy(loop);
	return 0;
}

static void test_exit_and_output(void **state)
{
	setenv("HAWSER_RUN_DIR", "/moved", 1);
	setenv("SECRET", "x", 1);
	sh(7, "echo out; echo err >&2; printf '%s|%s|%s|%s' \"$MINE\" \"$HAWSER_RUN_DIR\" \"$SECRET\" \"$LC_ALL\"; "
	      "exit 3");
	wait_for(1);
	assert_int_equal(ends[0].e.id, 7);
	assert_int_equal(ends[0].e.exit_code, 3);
	assert_int_equal(ends[0].e.term_signal, 0);
	assert_false(ends[0].e.timed_out);
	assert_int_equal(ends[0].e.start_error, 0);
	assert_string_equal(ends[0].tail, "out\nerr\n1 2|/moved||C");
}

static void test_stdin(void **state)
{
	size_t len = 1 << 20;
	char *big = malloc(len);

	memset(big, 'x', len);
	sh_full(1, "wc -c", big, len, LONG_MS, 0);
	wait_for(1);
	assert_string_equal(ends[0].tail, "1048576");
	/* closes its stdin early, and one without any */
	sh_full(2, "exec <&-; exit 0", big, len, LONG_MS, 0);
	wait_for(2);
	assert_int_equal(ends[1].e.exit_code, 0);
	sh(3, "wc -c");
	wait_for(3);
	assert_string_equal(ends[2].tail, "0");
	free(big);
}

static void test_start_errors(void **state)
{
	const char *const argv[] = { "/nonexistent/agent", NULL };
	struct clu_run run = { .id = 5, .argv = argv, .deadline_ms = LONG_MS };

	clu_children_run(children, &run);
	assert_int_equal(n_ends, 0);
	wait_for(1);
	assert_int_equal(ends[0].e.start_error, -ENOENT);
	assert_int_equal(ends[0].e.exit_code, -1);
	run.deadline_ms = 0;
	clu_children_run(children, &run);
	assert_int_equal(n_ends, 1);		/* told from the loop, not from here */
	wait_for(2);
	assert_int_equal(ends[1].e.start_error, -EINVAL);
}

static void test_deadline(void **state)
{
	/* The answer to TERM is kept; the second one does not listen and must be killed. */
	sh_full(1, "exec 2>/dev/null; trap 'echo bye; exit 9' TERM; echo hi; while :; do sleep 0.02; done", NULL, 0,
		300, LONG_MS);
	wait_for(1);
	assert_true(ends[0].e.timed_out);
	assert_int_equal(ends[0].e.exit_code, 9);
	assert_string_equal(ends[0].tail, "hi\nbye");
	sh_full(2, "trap '' TERM; while :; do sleep 0.02; done", NULL, 0, 100, 50);
	wait_for(2);
	assert_true(ends[1].e.timed_out);
	assert_int_equal(ends[1].e.term_signal, SIGKILL);
	/* stopped: must be woken up to hear TERM */
	sh_full(3, "kill -STOP $$", NULL, 0, 100, LONG_MS);
	wait_for(3);
	assert_int_equal(ends[2].e.term_signal, SIGTERM);
}

static void test_group_is_ended(void **state)
{
	int p[2];
	char c;

	assert_int_equal(pipe(p), 0);
	/* A grandchild that ignores TERM holds a pipe of ours: its end is the end of the file. */
	char script[160];

	snprintf(script, sizeof(script), "(trap '' TERM; while :; do sleep 0.02; done) >/proc/%d/fd/%d & sleep 100",
		 getpid(), p[1]);
	sh_full(1, script, NULL, 0, 200, LONG_MS);
	wait_for(1);
	assert_true(ends[0].e.timed_out);
	close(p[1]);
	assert_int_equal(read(p[0], &c, 1), 0);
	close(p[0]);
}

static void test_grandchild_keeps_pipe(void **state)
{
	pid_t left;

	sh(1, "sleep 1000 & echo $!; exit 0");
	wait_for(1);
	assert_int_equal(ends[0].e.exit_code, 0);
	assert_false(ends[0].e.timed_out);
	left = atoi(ends[0].tail);
	assert_true(left > 1);
	assert_int_equal(kill(left, SIGKILL), 0);	/* it lived on */
}

static void test_kill(void **state)
{
	sh(1, "echo $$; sleep 1000");
	sh(2, "exit 0");
	clu_children_kill(children, 99);
	clu_children_kill(children, 1);
	clu_children_kill(children, 1);
	wait_for(2);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(ends[i].e.timed_out);
		assert_int_equal(ends[i].e.term_signal, ends[i].e.id == 1 ? SIGTERM : 0);
	}
}

static void test_tail(void **state)
{
	sh(1, "i=0; while [ $i -lt 2000 ]; do echo \"line $i\"; i=$((i+1)); done; printf "
	      "'a\\033b\\tc\\303\\244\\377\\r\\n\\n'");
	wait_for(1);
	assert_true(strlen(ends[0].tail) <= 4096 && strlen(ends[0].tail) > 4000);
	assert_memory_equal(ends[0].tail, "line ", 5);
	assert_non_null(strstr(ends[0].tail, "line 1999\na?b\tc\303\244?"));
	assert_string_equal(strrchr(ends[0].tail, '\n'), "\na?b\tc\303\244?");
}

static void test_clean_start(void **state)
{
	sigset_t set, old;
	int fd = open("/dev/null", O_RDONLY);	/* without close-on-exec */

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	/* posix_spawn (make uses it) hands on glibc's own signals 32 and 33 ignored; nobody can change that */
	sh(1, "grep -E '^Sig(Blk|Ign)' /proc/self/status | sed s/0000000180000000/0000000000000000/; ls "
	      "/proc/self/fd | wc -l; [ $(ps -o pgid= -p $$) = $$ ] && echo own");
	sigprocmask(SIG_SETMASK, &old, NULL);
	wait_for(1);
	/* 0, 1, 2 and the folder that ls reads */
	assert_string_equal(ends[0].tail, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n4\nown");
	close(fd);
}

static void test_free_ends_all(void **state)
{
	int p[2];
	char c, script[160];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	snprintf(script, sizeof(script), "exec 9>/proc/%d/fd/%d; echo x >&9; sleep 1000", getpid(), p[1]);
	sh(1, script);
	assert_int_equal(read(p[0], &c, 1), 1);
	sh_full(2, "true", NULL, 0, 0, 0);
	children = clu_children_free(children);
	close(p[1]);
	assert_int_equal(read(p[0], &c, 1), 1);		/* the newline */
	assert_int_equal(read(p[0], &c, 1), 0);
	close(p[0]);
	assert_int_equal(n_ends, 0);
}

/* Killed, with nothing of ours run any more: the program must not go on without us. */
static void test_dies_with_the_daemon(void **state)
{
	char dir[] = "/tmp/test_clu_child.XXXXXX", fifo[64], script[128], text[32] = "";
	struct pollfd p = { .events = POLLIN };
	pid_t daemon_pid;
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	daemon_pid = fork();
	if (!daemon_pid) {
		snprintf(script, sizeof(script), "echo $$ >%s; exec sleep 1000", fifo);
		sh(1, script);
		qb_loop_run(loop);
		_exit(0);
	}
	fd = open(fifo, O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	p.fd = pidfd_open((pid_t)atol(text), 0);
	assert_true(p.fd >= 0);
	assert_int_equal(kill(daemon_pid, SIGKILL), 0);
	assert_int_equal(waitpid(daemon_pid, NULL, 0), daemon_pid);
	assert_int_equal(poll(&p, 1, LONG_MS), 1);
	close(p.fd);
	unlink(fifo);
	rmdir(dir);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_exit_and_output), T(test_stdin), T(test_start_errors), T(test_deadline), T(test_group_is_ended),
		T(test_grandchild_keeps_pipe), T(test_kill), T(test_tail), T(test_clean_start), T(test_free_ends_all),
		T(test_dies_with_the_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
