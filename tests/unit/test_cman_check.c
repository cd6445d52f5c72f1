/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of cman_tool check, and the parts of it that can be told without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cman_check.h"

static void test_hosts_line(void **state)
{
	static const char hosts[] = "127.0.0.1\tlocalhost\n127.0.1.1 n1.example n1 # by the installer\n10.0.0.2 n2\n#10.0.0.3 n3\n::1 six";

	assert_int_equal(cman_check_hosts_line(hosts, "n1", "127.0.1.1"), 2);
	assert_int_equal(cman_check_hosts_line(hosts, "N1.Example", "127.0.1.1"), 2);
	assert_int_equal(cman_check_hosts_line(hosts, "n1", "127.0.0.1"), 0);
	assert_int_equal(cman_check_hosts_line(hosts, "by", "127.0.1.1"), 0);
	assert_int_equal(cman_check_hosts_line(hosts, "n3", "10.0.0.3"), 0);
	assert_int_equal(cman_check_hosts_line(hosts, "six", "::1"), 5);
	assert_int_equal(cman_check_hosts_line("", "n1", "127.0.1.1"), 0);
}

static void expect(const struct cman_findings *f, int code, const char *text)
{
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(cman_check_report(f, false, &b), code);
	assert_string_equal(clu_buf_text(&b), text);
	clu_buf_free(&b);
}

static void test_report(void **state)
{
	struct clu_buf more = CLU_BUF_INIT;
	static struct cman_findings f;

	cman_check_add(&f, "names", CMAN_FINE, NULL, "%u names", 3u);
	cman_check_add(&f, "firewall", CMAN_UNSURE, "run this as root", "not known");
	expect(&f, 0, "ok       names     3 names\nunknown  firewall  not known\n                   -> run this as root\nNothing wrong was found.\n");
	cman_check_add(&f, "clock", CMAN_DOUBT, "install chrony", "drifts");
	assert_int_equal(cman_check_report(&f, false, &more), 3);
	clu_buf_free(&more);
	cman_check_add(&f, "ports", CMAN_FAULT, "end it", "taken");
	expect(&f, 1, "ok       names     3 names\nunknown  firewall  not known\n                   -> run this as root\n"
	       "warning  clock     drifts\n                   -> install chrony\nfault    ports     taken\n                   -> end it\n"
	       "1 fault, 1 warning.\n");
}

static void test_json(void **state)
{
	static struct cman_findings f;
	struct clu_buf b = CLU_BUF_INIT;
	json_t *root, *one;

	cman_check_add(&f, "ports", CMAN_FAULT, "end it", "taken \"by\" x");
	assert_int_equal(cman_check_report(&f, true, &b), 1);
	root = json_loads(clu_buf_text(&b), 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "faults")), 1);
	one = json_array_get(json_object_get(root, "findings"), 0);
	assert_string_equal(json_string_value(json_object_get(one, "part")), "ports");
	assert_string_equal(json_string_value(json_object_get(one, "verdict")), "fault");
	assert_string_equal(json_string_value(json_object_get(one, "text")), "taken \"by\" x");
	assert_string_equal(json_string_value(json_object_get(one, "remedy")), "end it");
	json_decref(root);
	clu_buf_free(&b);
}

/* More than fit are dropped, not written behind the end. */
static void test_many(void **state)
{
	static struct cman_findings f;

	for (unsigned i = 0; i < CMAN_CHECK_MAX + 3; i++)
		cman_check_add(&f, "x", CMAN_FINE, NULL, "%u", i);
	assert_int_equal(f.n, CMAN_CHECK_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_line), cmocka_unit_test(test_report), cmocka_unit_test(test_json),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
