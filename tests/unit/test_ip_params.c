/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "ip_params.h"

static const char *const (*given)[2];

static const char *get(const char *name)
{
	for (unsigned i = 0; given[i][0]; i++)
		if (strcmp(given[i][0], name) == 0)
			return given[i][1];
	return NULL;
}

static int read_these(const char *const (*pairs)[2], struct ip_params *p, char *why, size_t size)
{
	given = pairs;
	return ip_params_read(get, p, why, size);
}

static void defaults(void **state)
{
	static const char *const pairs[][2] = { { "address", "10.0.0.1" }, { "sleeptime", "" },
		{ NULL, NULL } };
	struct ip_params p;

	assert_int_equal(read_these(pairs, &p, NULL, 0), 0);
	assert_true(p.monitor_link);
	assert_false(p.disable_rdisc);
	assert_int_equal(p.sleep_s, 0);
	assert_int_equal(p.duplicate_wait_ms, HWIP_PROBE_MS);
	assert_null(p.only);
	assert_int_equal(p.address.prefix, HWIP_NO_PREFIX);
}

static void all_given(void **state)
{
	static const char *const pairs[][2] = { { "address", "fd00::1/64" }, { "family", "inet6" },
		{ "monitor_link", "no" }, { "disable_rdisc", "yes" }, { "nfslock", "1" },
		{ "sleeptime", "3" }, { "prefer_interface", "eth1" }, { "duplicate_wait", "0" },
		{ NULL, NULL } };
	struct ip_params p;

	assert_int_equal(read_these(pairs, &p, NULL, 0), 0);
	assert_false(p.monitor_link);
	assert_true(p.disable_rdisc);
	assert_int_equal(p.sleep_s, 3);
	assert_int_equal(p.duplicate_wait_ms, 0);
	assert_string_equal(p.only, "eth1");
	assert_int_equal(p.address.family, AF_INET6);
}

static void nfs_rests_by_default(void **state)
{
	static const char *const pairs[][2] = { { "address", "10.0.0.1" }, { "nfslock", "1" },
		{ NULL, NULL } };
	struct ip_params p;

	assert_int_equal(read_these(pairs, &p, NULL, 0), 0);
	assert_int_equal(p.sleep_s, 10);
}

static void refused(void **state)
{
	static const struct {
		const char *name, *value, *reason;
	} bad[] = {
		{ "address", "", "is missing" },
		{ "address", "web", "no IP address" },
		{ "family", "inet6", "not an IPv6" },
		{ "family", "ipx", "neither inet nor inet6" },
		{ "monitor_link", "maybe", "neither 1 nor 0" },
		{ "disable_rdisc", "2", "neither 1 nor 0" },
		{ "nfslock", "x", "neither 1 nor 0" },
		{ "sleeptime", "-1", "from 0 to 3600" },
		{ "sleeptime", "3601", "from 0 to 3600" },
		{ "sleeptime", "5s", "from 0 to 3600" },
		{ "duplicate_wait", "10001", "from 0 to 10000" },
		{ "prefer_interface", "interface-name-too-long", "name of a device" },
	};
	struct ip_params p;
	char why[200];

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const pairs[][2] = { { bad[i].name, bad[i].value }, { "address", "10.0.0.1" },
			{ NULL, NULL } };

		assert_int_equal(read_these(pairs, &p, why, sizeof(why)), -EINVAL);
		if (!strstr(why, bad[i].reason) || !strstr(why, "; "))
			fail_msg("%s=%s -> %s", bad[i].name, bad[i].value, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_given),
		cmocka_unit_test(nfs_rests_by_default),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
