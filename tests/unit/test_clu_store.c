/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Durable files. The crash points are made real: a child process is killed
 * after each system call that changes the disk, by counting them through
 * wrapped calls (linker option --wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clu_store.h"

static char dir[64], path[128], tmp[128];
static int calls, crash_at, fail_at, fail_errno;
static char order[256];
static bool short_writes;

static int step(const char *name)
{
	calls++;
	if (strlen(order) + strlen(name) + 2 < sizeof(order))
		strcat(strcat(order, name), " ");
	if (crash_at && calls == crash_at)
		_exit(42);
	if (fail_at && calls == fail_at) {
		errno = fail_errno;
		return -1;
	}
	return 0;
}

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int a, const char *from, int b, const char *to);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (step("write"))
		return -1;
	return __real_write(fd, p, short_writes && n > 3 ? 3 : n);
}

int __wrap_fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return step(S_ISDIR(st.st_mode) ? "fsync-dir" : "fsync") ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
	return step("rename") ? -1 : __real_renameat(a, from, b, to);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return step("chmod") ? -1 : __real_fchmod(fd, mode);
}

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/test_clu_store.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(tmp, sizeof(tmp), "%s/.f.new", dir);
	calls = crash_at = fail_at = 0;
	*order = '\0';
	short_writes = false;
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	unlink(tmp);
	return rmdir(dir);
}

static void expect_content(const char *a, const char *b)
{
	struct clu_buf got = CLU_BUF_INIT;

	assert_int_equal(clu_store_read(path, 100, &got), 0);
	if (strcmp(clu_buf_text(&got), a) && strcmp(clu_buf_text(&got), b))
		fail_msg("content is \"%s\"", clu_buf_text(&got));
	clu_buf_free(&got);
}

static void test_order(void **state)
{
	struct stat st;

	umask(077);
	assert_int_equal(clu_store_write(path, "hello", 5, 0640), 0);
	assert_string_equal(order, "write chmod fsync rename fsync-dir ");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(access(tmp, F_OK), -1);
	expect_content("hello", "hello");
	short_writes = true;
	assert_int_equal(clu_store_write(path, "0123456789", 10, 0600), 0);
	expect_content("0123456789", "0123456789");
	assert_int_equal(clu_store_write(path, "", 0, 0600), 0);
	expect_content("", "");
}

static void test_crash(void **state)
{
	int at, status;

	assert_int_equal(clu_store_write(path, "old", 3, 0600), 0);
	for (at = 1; ; at++) {
		pid_t pid = fork();

		if (!pid) {
			calls = 0;
			crash_at = at;
			_exit(clu_store_write(path, "new", 3, 0600) ? 1 : 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		expect_content("old", "new");
		if (WEXITSTATUS(status) != 42)
			break;
	}
	assert_int_equal(status, 0);
	assert_int_equal(at, 6);	/* five points were tried */
	expect_content("new", "new");
}

static void test_errors(void **state)
{
	assert_int_equal(clu_store_write(path, "old", 3, 0600), 0);
	fail_errno = ENOSPC;
	for (fail_at = 1; fail_at <= 4; fail_at++) {
		calls = 0;
		assert_int_equal(clu_store_write(path, "new", 3, 0600), -ENOSPC);
		expect_content("old", "old");
		assert_int_equal(access(tmp, F_OK), -1);
	}
	calls = 0;
	fail_errno = EIO;
	assert_int_equal(clu_store_write(path, "new", 3, 0600), -EIO);
	fail_at = 1;
	fail_errno = EINTR;
	calls = 0;
	assert_int_equal(clu_store_write(path, "again", 5, 0600), 0);
	expect_content("again", "again");
	fail_at = 0;
	assert_int_equal(clu_store_write("/nonexistent/x", "a", 1, 0600), -ENOENT);
	assert_int_equal(clu_store_write("/tmp/", "a", 1, 0600), -EISDIR);
}

static void test_leftover(void **state)
{
	struct stat st;
	int fd = open(tmp, O_CREAT | O_WRONLY, 0666);

	assert_true(fd >= 0);
	assert_int_equal(__real_fchmod(fd, 0666), 0);
	assert_int_equal(__real_write(fd, "leftover of a crash", 19), 19);
	close(fd);
	assert_int_equal(clu_store_write(path, "x", 1, 0600), 0);
	expect_content("x", "x");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* A link put in the way is not followed. */
	assert_int_equal(symlink(path, tmp), 0);
	assert_int_equal(clu_store_write(path, "y", 1, 0600), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void test_read(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(clu_store_write(path, "12345", 5, 0600), 0);
	clu_buf_str(&b, "head ");
	assert_int_equal(clu_store_read(path, 4, &b), -EFBIG);
	assert_string_equal(clu_buf_text(&b), "head ");
	assert_int_equal(clu_store_read(path, 5, &b), 0);
	assert_string_equal(clu_buf_text(&b), "head 12345");
	assert_int_equal(clu_store_read("/nonexistent", 5, &b), -ENOENT);
	assert_int_equal(clu_store_read("/tmp", 5, &b), -EISDIR);
	assert_string_equal(clu_buf_text(&b), "head 12345");
	clu_buf_free(&b);
}

/* What is found at a start may have been left by a daemon that was killed before its last fsync. */
static void test_settle(void **state)
{
	assert_int_equal(clu_store_settle(path), 0);
	assert_string_equal(order, "");
	assert_int_equal(clu_store_write(path, "x", 1, 0600), 0);
	*order = '\0';
	assert_int_equal(clu_store_settle(path), 0);
	assert_string_equal(order, "fsync fsync-dir ");
	for (fail_at = 1; fail_at <= 2; fail_at++) {
		calls = 0;
		fail_errno = EIO;
		assert_int_equal(clu_store_settle(path), -EIO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leftover, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settle, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
