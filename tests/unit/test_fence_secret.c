/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fence_secret.h"

#define PLENTY 30000u

static char folder[] = "/tmp/fence-secret-XXXXXX";
static char path[100];
static struct clu_buf why;

static int make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/it", folder);
	return 0;
}

static int remove_folder(void **state)
{
	clu_buf_free(&why);
	unlink(path);
	return rmdir(folder);
}

static void put(const char *text, size_t len, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	clu_buf_free(&why);
}

static void says(const char *word)
{
	if (!strstr(clu_buf_text(&why), word))
		fail_msg("\"%s\" is not in \"%s\"", word, clu_buf_text(&why));
}

static void file_gives_its_first_line(void **state)
{
	static const char *const texts[] = { "a secret", "a secret\n", "a secret\r\n", "a secret\nmore\n" };
	char *got;

	for (unsigned i = 0; i < 4; i++) {
		put(texts[i], strlen(texts[i]), 0600);
		assert_int_equal(fence_secret_file(path, &got, &why), 0);
		assert_string_equal(got, "a secret");
		free(got);
	}
}

static void bad_files_are_refused(void **state)
{
	char longer[300], *got = NULL;

	put("x\n", 2, 0640);
	assert_int_equal(fence_secret_file(path, &got, &why), -EPERM);
	says("chmod 600");
	put("\n", 1, 0600);
	assert_int_equal(fence_secret_file(path, &got, &why), -EINVAL);
	says("empty");
	put("a\0b\n", 4, 0600);
	assert_int_equal(fence_secret_file(path, &got, &why), -EINVAL);
	memset(longer, 'x', sizeof(longer));
	put(longer, 256, 0600);
	assert_int_equal(fence_secret_file(path, &got, &why), 0);
	free(got);
	put(longer, 257, 0600);
	assert_int_equal(fence_secret_file(path, &got, &why), -EINVAL);
	says("longer than 256");
	clu_buf_free(&why);
	assert_int_equal(fence_secret_file("/nonexistent/file", &got, &why), -ENOENT);
}

static void script(const char *body)
{
	char text[400];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
	put(text, strlen(text), 0700);
}

static void program_gives_its_first_line(void **state)
{
	char command[200], *got;

	script("echo \"pass-$1-$2\"; echo more; exec >&-; true");
	snprintf(command, sizeof(command), "%s  one two", path);
	assert_int_equal(fence_secret_script(command, PLENTY, &got, &why), 0);
	assert_string_equal(got, "pass-one-two");
	free(got);
	script("i=0; echo first; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; "
	       "i=$((i+1)); done");
	assert_int_equal(fence_secret_script(path, PLENTY, &got, &why), 0);
	assert_string_equal(got, "first");
	free(got);
}

static void bad_programs_are_refused(void **state)
{
	char *got = NULL;

	script("echo x; exit 3");
	assert_int_equal(fence_secret_script(path, PLENTY, &got, &why), -EIO);
	says("exit code 3");
	script("kill -9 $$");
	assert_int_equal(fence_secret_script(path, PLENTY, &got, &why), -EIO);
	says("signal 9");
	script(":");
	assert_int_equal(fence_secret_script(path, PLENTY, &got, &why), -EINVAL);
	says("empty");
	clu_buf_free(&why);
	assert_int_equal(fence_secret_script("/nonexistent/program", PLENTY, &got, &why), -ENOENT);
	says("cannot be started");
	clu_buf_free(&why);
	assert_int_equal(fence_secret_script("program", PLENTY, &got, &why), -EINVAL);
	says("no absolute path");
	assert_int_equal(fence_secret_script(" ", PLENTY, &got, &why), -EINVAL);
}

/* Also when it has closed its output, and its children go with it. */
static void a_hanging_program_is_ended(void **state)
{
	static const char *const bodies[] = { "echo x; cat /dev/zero >/dev/null",
		"exec >&-; cat /dev/zero >/dev/null", "cat /dev/zero >/dev/null & wait" };
	char *got = NULL;

	for (unsigned i = 0; i < 3; i++) {
		script(bodies[i]);
		assert_int_equal(fence_secret_script(path, 100, &got, &why), -ETIMEDOUT);
		says("did not end in time");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_gives_its_first_line),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(program_gives_its_first_line),
		cmocka_unit_test(bad_programs_are_refused),
		cmocka_unit_test(a_hanging_program_is_ended),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
