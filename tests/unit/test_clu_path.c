/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clu_path.h"

static char base[PATH_MAX / 4];

static const char *at(const char *name)
{
	static char path[4][PATH_MAX / 2];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", base, name);
	return p;
}

static void touch(const char *name, mode_t mode)
{
	int fd = open(at(name), O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int setup(void **state)
{
	char tmp[] = "/tmp/test_clu_path.XXXXXX";

	if (!mkdtemp(tmp))
		return -1;
	snprintf(base, sizeof(base), "%s", tmp);
	return 0;
}

static int teardown(void **state)
{
	static const char *const left[] = { "lib/fence/fence_x",
					    "lib/fence/fence_y",
					    "lib/fence/fence_dir",
					    "lib/fence",
					    "lib/resource/ip.sh",
					    "lib/resource",
					    "lib",
					    "p1/fence_x",
					    "p1/heartbeat/web",
					    "p1/heartbeat",
					    "p1",
					    "a/b/c",
					    "a/b",
					    "a",
					    "file" };

	for (unsigned i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		if (unlink(at(left[i])) < 0)
			rmdir(at(left[i]));
	return rmdir(base);
}

static void test_places(void **state)
{
	unsetenv("HAWSER_RUN_DIR");
	assert_string_equal(clu_path(CLU_PATH_RUN), HAWSER_RUN_DIR);
	setenv("HAWSER_RUN_DIR", "", 1);
	assert_string_equal(clu_path(CLU_PATH_RUN), HAWSER_RUN_DIR);
	setenv("HAWSER_RUN_DIR", "/x/run", 1);
	assert_string_equal(clu_path(CLU_PATH_RUN), "/x/run");
	for (unsigned i = 0; i < CLU_NPATHS; i++)
		assert_int_equal(*clu_path((enum clu_path)i), '/');
}

static void test_mkdirs(void **state)
{
	struct stat st;

	assert_int_equal(clu_path_mkdirs(at("a/b/c/"), 1), 0);
	assert_int_equal(stat(at("a/b/c"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(at("a/b"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(clu_path_mkdirs(at("a/b/c"), 0), 0);
	touch("file", 0600);
	assert_int_equal(clu_path_mkdirs(at("file"), 0), -ENOTDIR);
	assert_int_equal(clu_path_mkdirs(at("file/x"), 0), -ENOTDIR);
	assert_int_equal(clu_path_mkdirs("", 0), -EINVAL);
}

static void test_agents(void **state)
{
	char ret[PATH_MAX];

	setenv("HAWSER_LIBEXEC_DIR", at("lib"), 1);
	assert_int_equal(clu_path_mkdirs(at("lib/fence/fence_dir"), 0), 0);
	assert_int_equal(clu_path_mkdirs(at("lib/resource"), 0), 0);
	assert_int_equal(clu_path_mkdirs(at("p1/heartbeat"), 0), 0);
	touch("lib/fence/fence_x", 0755);
	touch("lib/fence/fence_y", 0644);
	touch("lib/resource/ip.sh", 0755);
	touch("p1/fence_x", 0755);
	touch("p1/heartbeat/web", 0755);

	assert_int_equal(clu_path_agent("fence", "fence_x", NULL, ret, sizeof(ret)), 0);
	assert_string_equal(ret, at("lib/fence/fence_x"));
	assert_int_equal(clu_path_agent("fence", "fence_x", at("p1"), ret, sizeof(ret)), 0);
	assert_string_equal(ret, at("p1/fence_x"));
	assert_int_equal(clu_path_agent("resource", "ip", "::/nonexistent:", ret, sizeof(ret)), 0);
	assert_string_equal(ret, at("lib/resource/ip.sh"));
	assert_int_equal(clu_path_agent("resource", "ocf:heartbeat:web", at("p1"), ret, sizeof(ret)), 0);
	assert_string_equal(ret, at("p1/heartbeat/web"));
	assert_int_equal(clu_path_agent("fence", at("p1/fence_x"), NULL, ret, sizeof(ret)), 0);
	assert_string_equal(ret, at("p1/fence_x"));

	/* not a program, a folder, outside the folders, no names */
	assert_int_equal(clu_path_agent("fence", "fence_y", NULL, ret, sizeof(ret)), -ENOENT);
	assert_int_equal(clu_path_agent("fence", "fence_dir", NULL, ret, sizeof(ret)), -ENOENT);
	assert_int_equal(clu_path_agent("fence", "../fence/fence_x", NULL, ret, sizeof(ret)), -ENOENT);
	assert_int_equal(clu_path_agent("resource", "ocf:../x:web", at("p1"), ret, sizeof(ret)), -ENOENT);
	assert_int_equal(clu_path_agent("resource", "ocf:..:fence_x", at("p1/heartbeat"), ret, sizeof(ret)), -ENOENT);
	assert_int_equal(clu_path_agent("resource", "ocf:heartbeat:", NULL, ret, sizeof(ret)), -ENOENT);
	assert_int_equal(clu_path_agent("fence", "", NULL, ret, sizeof(ret)), -ENOENT);
	assert_int_equal(clu_path_agent("fence", "fence_x", NULL, ret, 8), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places), cmocka_unit_test(test_mkdirs), cmocka_unit_test(test_agents),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
