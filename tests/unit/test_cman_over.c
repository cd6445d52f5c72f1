/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node was joined with, as text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cman_over.h"

static void test_nothing(void **state)
{
	const struct cman_overrides none = CMAN_NO_OVERRIDES;
	struct cman_overrides back;
	char text[CMAN_OVER_TEXT] = "x", empty[] = "";

	assert_false(cman_over_any(&none));
	assert_int_equal(cman_over_pack(&none, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(cman_over_unpack(empty, &back), 0);
	assert_false(cman_over_any(&back));
}

static void test_all(void **state)
{
	const struct cman_overrides o = { "alpha", "239.1.2.3", "/etc/key", 3, 4, 9, 1234, true, true, true };
	struct cman_overrides back;
	char text[CMAN_OVER_TEXT];

	assert_true(cman_over_any(&o));
	assert_int_equal(cman_over_pack(&o, text), 0);
	assert_string_equal(text, "-c alpha -m 239.1.2.3 -k /etc/key -v 3 -e 4 -N 9 -p 1234 -2 -P -d");
	assert_int_equal(cman_over_unpack(text, &back), 0);
	assert_string_equal(back.cluster_name, "alpha");
	assert_string_equal(back.multicast, "239.1.2.3");
	assert_string_equal(back.keyfile, "/etc/key");
	assert_int_equal(back.votes, 3);
	assert_int_equal(back.expected, 4);
	assert_int_equal(back.nodeid, 9);
	assert_int_equal(back.port, 1234);
	assert_true(back.two_node && back.no_realtime && back.debug);
}

/* Votes of 0 are a value. */
static void test_zero(void **state)
{
	struct cman_overrides o = CMAN_NO_OVERRIDES, back;
	char text[CMAN_OVER_TEXT];

	o.votes = 0;
	assert_int_equal(cman_over_pack(&o, text), 0);
	assert_string_equal(text, "-v 0");
	assert_int_equal(cman_over_unpack(text, &back), 0);
	assert_int_equal(back.votes, 0);
}

static void test_what_corosync_conf_cannot_hold(void **state)
{
	static const char *const bad[] = { "a b", "", "a{", "a#b", "-v", "a\nb" };
	char text[CMAN_OVER_TEXT], longer[CMAN_OVER_TEXT + 1];

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cman_overrides o = CMAN_NO_OVERRIDES;

		o.keyfile = bad[i];
		assert_int_equal(cman_over_pack(&o, text), -EINVAL);
	}
	memset(longer, 'k', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	{
		struct cman_overrides o = CMAN_NO_OVERRIDES;

		o.keyfile = longer;
		assert_int_equal(cman_over_pack(&o, text), -EINVAL);
	}
}

static void test_unreadable(void **state)
{
	static const char *const bad[] = { "-Z 1", "-v", "-v x", "-v -1", "3", "-v 1x", "-vv 1" };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cman_overrides back;
		char text[32];

		snprintf(text, sizeof(text), "%s", bad[i]);
		assert_int_equal(cman_over_unpack(text, &back), -EINVAL);
		assert_false(cman_over_any(&back));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_all), cmocka_unit_test(test_zero),
		cmocka_unit_test(test_what_corosync_conf_cannot_hold), cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
