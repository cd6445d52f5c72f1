/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <corosync/corotypes.h>

#include "cman_call.h"

static int gate[2], answer[2];

static void quick(void *arg)
{
	*(int *)arg = 42;
}

/* Hangs until the test opens the gate, as a client library does with a stopped corosync. */
static void stuck(void *arg)
{
	char c;

	if (read(gate[0], &c, 1) == 1)
		*(int *)arg = 43;
	(void)!write(answer[1], "x", 1);
}

static void test_returns(void **state)
{
	int value = 0;

	assert_int_equal(cman_call(quick, &value, 60000), 0);
	assert_int_equal(value, 42);
}

static void test_given_up(void **state)
{
	static int value;
	char c;

	assert_int_equal(pipe(gate), 0);
	assert_int_equal(pipe(answer), 0);
	assert_int_equal(cman_call(stuck, &value, 20), -ETIMEDOUT);
	assert_int_equal(value, 0);
	/* It goes on behind our back, and may: its argument is still there. */
	assert_int_equal(write(gate[1], "x", 1), 1);
	assert_int_equal(read(answer[0], &c, 1), 1);
	assert_int_equal(value, 43);
	for (unsigned i = 0; i < 2; i++) {
		close(gate[i]);
		close(answer[i]);
	}
}

static void test_errors(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(cman_call_errno(CS_OK), 0);
	assert_int_equal(cman_call_errno(CS_ERR_LIBRARY), -ENOTCONN);
	assert_int_equal(cman_call_errno(CS_ERR_TRY_AGAIN), -EAGAIN);
	assert_int_equal(cman_call_errno(CS_ERR_ACCESS), -EACCES);
	assert_int_equal(cman_call_errno(CS_ERR_BUSY), -EBUSY);
	assert_int_equal(cman_call_errno(CS_ERR_NAME_NOT_FOUND), -ENOENT);
	assert_int_equal(cman_call_errno(CS_ERR_TOO_BIG), -EIO);
	cman_call_explain(-ENOTCONN, &b);
	assert_memory_equal(clu_buf_text(&b), "cman_tool: Cannot open connection to cman, is it running ?\n", 59);
	clu_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_returns), cmocka_unit_test(test_given_up), cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
