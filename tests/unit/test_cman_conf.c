/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster.conf to corosync.conf. Golden files: tests/golden/cman/NAME.conf gives
 * NAME.corosync.conf (when there is no fault) and NAME.messages (when something
 * is said). With GOLDEN_UPDATE=1 they are written anew; look at the difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clu_store.h"
#include "cman_conf.h"
#include "cman_name.h"

static int resolve(void *ctx, const char *name, char *ret, size_t size)
{
	if (!strncmp(name, "unknown", 7))
		return -ENOENT;
	if (!strcmp(name, "looped"))
		snprintf(ret, size, "127.0.1.1");
	else if (!strncmp(name, "six", 3))
		snprintf(ret, size, "fd00::%s", name + 3);
	else
		snprintf(ret, size, "10.0.%u.%u", strstr(name, "-b") ? 1 : 0,
			 (unsigned)atoi(name + strcspn(name, "0123456789")));
	return 0;
}

static struct clu_conf *load(const char *path)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	if (clu_conf_load(path, &c, &errs) < 0)
		fail_msg("%s", clu_buf_text(&errs));
	clu_buf_free(&errs);
	return c;
}

/* 1 when the file now says something else. */
static int compare(const char *path, const char *got)
{
	struct clu_buf old = CLU_BUF_INIT;
	int r = 0;

	if (getenv("GOLDEN_UPDATE")) {
		if (*got)
			assert_int_equal(clu_store_write(path, got, strlen(got), 0644), 0);
		else
			unlink(path);
		return 0;
	}
	(void)clu_store_read(path, 1 << 20, &old);
	if (strcmp(clu_buf_text(&old), got)) {
		print_error("--- %s\n%s\n--- now\n%s\n", path, clu_buf_text(&old), got);
		r = 1;
	}
	clu_buf_free(&old);
	return r;
}

static int golden(const char *dir, const char *name, size_t stem)
{
	struct clu_buf out = CLU_BUF_INIT, errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct cman_plan_in in = { .over = CMAN_NO_OVERRIDES, .default_keyfile = "/etc/cluster/keys/corosync.key",
				   .default_logfile = "/var/log/cluster/corosync.log", .resolve = resolve };
	struct clu_conf_node first = { .name = "none" };
	struct cman_plan plan;
	struct clu_conf *c;
	char path[1024];
	int faults, bad;

	/* Messages name the file as the test's folder has it. */
	assert_int_equal(chdir(dir), 0);
	c = load(name);
	clu_conf_nodes(c, &first, 1);
	in.conf = c;
	in.own_name = first.name;
	faults = cman_plan_make(&in, &plan, &errs, &warns);
	if (!faults)
		faults = cman_conf_write(&plan, &out, &errs, &warns);
	assert_int_equal(!faults, !errs.len);
	snprintf(path, sizeof(path), "%s/%.*s.corosync.conf", dir, (int)stem, name);
	bad = compare(path, faults ? "" : clu_buf_text(&out));
	clu_buf_str(&errs, clu_buf_text(&warns));
	snprintf(path, sizeof(path), "%s/%.*s.messages", dir, (int)stem, name);
	bad += compare(path, clu_buf_text(&errs));
	clu_conf_unref(c);
	clu_buf_free(&out);
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	return bad;
}

static void test_golden(void **state)
{
	DIR *d = opendir(GOLDEN_DIR);
	unsigned count = 0;
	int bad = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		size_t len = strlen(e->d_name);

		if (len < 6 || strcmp(e->d_name + len - 5, ".conf") || strstr(e->d_name, ".corosync.conf"))
			continue;
		bad += golden(GOLDEN_DIR, e->d_name, len - 5);
		count++;
	}
	closedir(d);
	assert_int_equal(bad, 0);
	assert_true(count >= 12);
}

static struct clu_conf *parse(const char *text)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	assert_int_equal(clu_conf_parse(text, strlen(text), "t", &c, &errs), 0);
	return c;
}

static void test_overrides(void **state)
{
	struct clu_buf out = CLU_BUF_INIT, errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct cman_plan plan;
	struct clu_conf *c = parse(
		"<cluster name='a' config_version='1'><cman transport='udp'/><clusternodes><clusternode name='n1' "
		"nodeid='1'/><clusternode name='n2' nodeid='2'/></clusternodes></cluster>");
	struct cman_plan_in in = { .conf = c, .own_name = "n2", .default_keyfile = "/k", .default_logfile = "/l",
				   .over = { "other", "239.1.2.3", "/key", 3, 4, 9, 1234, false, true } };

	assert_int_equal(cman_plan_make(&in, &plan, &errs, &warns), 0);
	assert_int_equal(cman_conf_write(&plan, &out, &errs, &warns), 0);
	assert_string_equal(plan.cluster_name, "other");
	assert_string_equal(plan.keyfile, "/key");
	assert_string_equal(plan.links[0].mcast, "239.1.2.3");
	assert_int_equal(plan.links[0].port, 1234);
	assert_int_equal(plan.own, 1);
	assert_int_equal(plan.nodes[1].votes, 3);
	assert_int_equal(plan.nodes[1].nodeid, 9);
	assert_int_equal(plan.nodes[0].nodeid, 1);
	assert_int_equal(plan.expected_votes, 4);
	assert_non_null(strstr(clu_buf_text(&out), "sched_rr: no"));
	in.over = (struct cman_overrides)CMAN_NO_OVERRIDES;
	in.over.two_node = true;
	assert_int_equal(cman_plan_make(&in, &plan, &errs, &warns), 1);
	in.over.expected = 1;
	assert_int_equal(cman_plan_make(&in, &plan, &errs, &warns), 0);
	assert_true(plan.two_node);
	assert_true(cman_plan_is_quorate_alone(&plan));
	in.over.two_node = false;
	in.over.expected = -1;
	assert_int_equal(cman_plan_make(&in, &plan, &errs, &warns), 0);
	assert_false(cman_plan_is_quorate_alone(&plan));	/* 1 of 2 */
	in.over.votes = 2;
	assert_int_equal(cman_plan_make(&in, &plan, &errs, &warns), 0);
	assert_true(cman_plan_is_quorate_alone(&plan));		/* 2 of 3 */
	in.over.expected = 4;
	assert_int_equal(cman_plan_make(&in, &plan, &errs, &warns), 0);
	assert_false(cman_plan_is_quorate_alone(&plan));	/* 2 of 4: quorum is 3 */
	clu_conf_unref(c);
	clu_buf_free(&out);
	clu_buf_free(&errs);
	clu_buf_free(&warns);
}

static void test_two_node_conditions(void **state)
{
	static const struct { const char *cman, *third; bool good; } rows[] = {
		{ "two_node='1' expected_votes='1'", "", true },
		{ "two_node='1'", "", false },
		{ "two_node='1' expected_votes='2'", "", false },
		{ "two_node='1' expected_votes='1'", "<clusternode name='n3' nodeid='3' votes='0'/>", false },
		{ "two_node='0' expected_votes='1'", "<clusternode name='n3' nodeid='3' votes='0'/>", true },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
		struct cman_plan plan;
		char text[512];

		snprintf(text, sizeof(text),
			 "<cluster name='a' config_version='1'><cman %s/><clusternodes><clusternode name='n1' "
			 "nodeid='1'/><clusternode name='n2' nodeid='2'/>%s</clusternodes></cluster>",
			 rows[i].cman, rows[i].third);
		struct clu_conf *c = parse(text);
		struct cman_plan_in in = { .conf = c,
					   .own_name = "n1",
					   .over = CMAN_NO_OVERRIDES,
					   .default_keyfile = "/k",
					   .default_logfile = "/l" };

		assert_int_equal(cman_plan_make(&in, &plan, &errs, &warns), rows[i].good ? 0 : 1);
		clu_conf_unref(c);
		clu_buf_free(&errs);
		clu_buf_free(&warns);
	}
}

static void test_cluster_id(void **state)
{
	assert_int_equal(cman_cluster_id("alpha", false), 3169);
	assert_int_equal(cman_cluster_id("", false), 0);
	/* FNV-1a of "a" is e40c292c */
	assert_int_equal(cman_cluster_id("a", true), 0xe40c ^ 0x292c);
}

static void test_own_name(void **state)
{
	struct clu_conf *c =
		parse("<cluster><clusternodes><clusternode name='n1.example.com'/><clusternode name='n2'/>"
		      "<clusternode name='n3.a'/><clusternode name='n3.b'/><clusternode "
		      "name=''/></clusternodes></cluster>");

	assert_string_equal(cman_name_match(c, "n1.example.com"), "n1.example.com");
	assert_string_equal(cman_name_match(c, "n1"), "n1.example.com");
	assert_string_equal(cman_name_match(c, "n1.other"), "n1.example.com");
	assert_string_equal(cman_name_match(c, "n2.example.com"), "n2");
	assert_string_equal(cman_name_match(c, "n3.b"), "n3.b");
	assert_string_equal(cman_name_match(c, "n3"), "n3.a");
	assert_null(cman_name_match(c, "n"));
	assert_null(cman_name_match(c, ""));
	assert_null(cman_name_match(c, ".x"));
	clu_conf_unref(c);
}

static void test_given_name(void **state)
{
	struct clu_conf *c = parse("<cluster><clusternodes><clusternode name='n1'/></clusternodes></cluster>");
	struct clu_buf why = CLU_BUF_INIT;

	assert_string_equal(cman_name_own(c, "n1", &why), "n1");
	assert_null(cman_name_own(c, "n", &why));
	assert_non_null(strstr(clu_buf_text(&why), "\"n\" is not among the cluster nodes"));
	clu_buf_free(&why);
	clu_conf_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_overrides), cmocka_unit_test(test_cluster_id),
		cmocka_unit_test(test_two_node_conditions),
		cmocka_unit_test(test_own_name), cmocka_unit_test(test_given_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
