/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clu_store.h"
#include "cman_key.h"

static char dir[64], sub[128], path[192], other[192];

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/test_cman_key.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(sub, sizeof(sub), "%s/keys", dir);
	snprintf(path, sizeof(path), "%s/a.key", sub);
	snprintf(other, sizeof(other), "%s/b.key", sub);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	unlink(other);
	rmdir(sub);
	return rmdir(dir);
}

static void test_make(void **state)
{
	struct clu_buf errs = CLU_BUF_INIT, a = CLU_BUF_INIT, b = CLU_BUF_INIT;
	struct stat st;

	umask(0);
	assert_int_equal(cman_key_make(path, &errs), 0);
	assert_int_equal(cman_key_make(other, &errs), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, CMAN_KEY_BYTES);
	assert_int_equal(stat(sub, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(clu_store_read(path, 4096, &a), 0);
	assert_int_equal(clu_store_read(other, 4096, &b), 0);
	assert_memory_not_equal(a.data, b.data, CMAN_KEY_BYTES);
	assert_string_equal(clu_buf_text(&errs), "");
	assert_int_equal(cman_key_check(path, &errs), 0);

	/* An existing key is never replaced. */
	assert_int_equal(cman_key_make(path, &errs), -EEXIST);
	assert_non_null(strstr(clu_buf_text(&errs), "there is a key already"));
	b.len = 0;
	assert_int_equal(clu_store_read(path, 4096, &b), 0);
	assert_memory_equal(a.data, b.data, CMAN_KEY_BYTES);
	clu_buf_free(&errs);
	clu_buf_free(&a);
	clu_buf_free(&b);
}

static void test_check(void **state)
{
	struct clu_buf errs = CLU_BUF_INIT;
	char bytes[CMAN_KEY_MAX + 1];

	memset(bytes, 'k', sizeof(bytes));
	assert_int_equal(cman_key_check(path, &errs), -ENOENT);
	assert_string_equal(clu_buf_text(&errs), "");
	assert_int_equal(mkdir(sub, 0700), 0);
	assert_int_equal(cman_key_check(sub, &errs), -EINVAL);
	assert_int_equal(clu_store_write(path, bytes, CMAN_KEY_MIN - 1, 0600), 0);
	assert_int_equal(cman_key_check(path, &errs), -EINVAL);
	assert_int_equal(clu_store_write(path, bytes, CMAN_KEY_MAX + 1, 0600), 0);
	assert_int_equal(cman_key_check(path, &errs), -EINVAL);
	assert_int_equal(clu_store_write(path, bytes, CMAN_KEY_MIN, 0640), 0);
	assert_int_equal(cman_key_check(path, &errs), -EPERM);
	assert_non_null(strstr(clu_buf_text(&errs), "chmod 600"));
	assert_int_equal(clu_store_write(path, bytes, CMAN_KEY_MAX, 0400), 0);
	assert_int_equal(cman_key_check(path, &errs), 0);
	clu_buf_free(&errs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_make, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
