/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real code of clu_store.c, killed behind every single system call it makes: a child is stopped by ptrace at the
 * entry and at the exit of each one, and at the n-th stop it gets SIGKILL, for every n until it lives to its end. What
 * is found then is the old content or the new one, whole and with a right mode, and the next write does its work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clu_store.h"

#define LEN 300000u		/* more than one write() might take at once */
#define FEWEST_STOPS 14u	/* open, write, fchmod, fsync, close, rename, fsync: entry and exit of each */
#define MOST_STOPS 2000u

static char dir[64], path[80];
static char *old_text, *new_text;

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/test_clu_store_crash.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/f", dir);
	old_text = malloc(LEN);
	new_text = malloc(LEN);
	memset(old_text, 'o', LEN);
	memset(new_text, 'n', LEN);
	return 0;
}

static int teardown(void **state)
{
	char tmp[96];

	snprintf(tmp, sizeof(tmp), "%s/.f.new", dir);
	unlink(path);
	unlink(tmp);
	free(old_text);
	free(new_text);
	return rmdir(dir);
}

static void child(int (*work)(void))
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(99);
	raise(SIGSTOP);		/* from here on each system call is seen */
	_exit(work() ? 98 : 0);
}

enum end { KILLED, LIVED, NO_PTRACE };

/* Lets `work` run in a child up to its stop number n and kills it there. */
static enum end run_until(int (*work)(void), unsigned n)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		child(work);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		return NO_PTRACE;
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD), 0);
	for (unsigned at = 0; at < n;) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return LIVED;
		}
		assert_true(WIFSTOPPED(status));
		at += WSTOPSIG(status) == (SIGTRAP | 0x80);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return KILLED;
}

/* 'o' or 'n': which of the two it is, whole. 0: there is no file. */
static char found(void)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r = clu_store_read(path, LEN + 1, &b);
	struct stat st;
	char which;

	if (r == -ENOENT)
		return 0;
	assert_int_equal(r, 0);
	assert_int_equal(b.len, LEN);
	which = b.data[0];
	assert_true(which == 'o' || which == 'n');
	assert_memory_equal(b.data, which == 'o' ? old_text : new_text, LEN);
	clu_buf_free(&b);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	return which;
}

static int write_new(void)
{
	return clu_store_write(path, new_text, LEN, 0640);
}

static int settle(void)
{
	return clu_store_settle(path);
}

/* before: write the old content before each try, or begin with nothing. */
static void at_every_call(bool before)
{
	unsigned n, olds = 0, news = 0;
	bool was_new = false;

	for (n = 1; n < MOST_STOPS; n++) {
		enum end end;
		char which;

		if (before)
			assert_int_equal(clu_store_write(path, old_text, LEN, 0640), 0);
		else
			assert_true(unlink(path) == 0 || errno == ENOENT);
		end = run_until(write_new, n);
		if (end == NO_PTRACE) {
			skip();
			return;
		}
		which = found();
		assert_true(which || !before);
		assert_true(which == 'n' || end == KILLED);
		/* Who has seen the new content has seen the rename: it does not go back with a later end. */
		assert_false(was_new && which != 'n');
		was_new = which == 'n';
		olds += which != 'n';
		news += which == 'n';
		/* What the crash left behind is in nobody's way. */
		assert_int_equal(clu_store_write(path, new_text, LEN, 0640), 0);
		assert_int_equal(found(), 'n');
		if (end == LIVED)
			break;
	}
	assert_in_range(n, FEWEST_STOPS, MOST_STOPS - 1);
	assert_true(olds && news > 1);
}

static void an_old_file_or_the_new_one(void **state)
{
	at_every_call(true);
}

static void no_file_or_the_new_one(void **state)
{
	at_every_call(false);
}

static void settling_changes_nothing(void **state)
{
	assert_int_equal(write_new(), 0);
	for (unsigned n = 1; n < MOST_STOPS; n++) {
		enum end end = run_until(settle, n);

		if (end == NO_PTRACE)
			skip();
		assert_int_equal(found(), 'n');
		if (end == LIVED)
			return;
	}
	fail();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_old_file_or_the_new_one, setup, teardown),
		cmocka_unit_test_setup_teardown(no_file_or_the_new_one, setup, teardown),
		cmocka_unit_test_setup_teardown(settling_changes_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
