/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cman_info.h"
#include "cman_reload.h"

static struct cman_info now;
static struct cman_plan next;

static int setup(void **state)
{
	memset(&now, 0, sizeof(now));
	memset(&next, 0, sizeof(next));
	snprintf(now.cluster_name, sizeof(now.cluster_name), "alpha");
	snprintf(now.transport, sizeof(now.transport), "knet");
	now.crypto = true;
	now.own_id = 2;
	next.cluster_name = "alpha";
	next.transport = CMAN_KNET;
	next.crypto = true;
	next.n_nodes = 2;
	next.own = 1;
	next.nodes[0] = (struct cman_plan_node){ .name = "n1", .nodeid = 1 };
	next.nodes[1] = (struct cman_plan_node){ .name = "n2", .nodeid = 2 };
	return 0;
}

static void expect(const char *part)
{
	struct clu_buf b = CLU_BUF_INIT;

	cman_reload_obstacles(&now, &next, &b);
	if (!part)
		assert_string_equal(clu_buf_text(&b), "");
	else if (!strstr(clu_buf_text(&b), part) || strchr(clu_buf_text(&b), '\n') != clu_buf_text(&b) + b.len - 1)
		fail_msg("not one line with \"%s\": %s", part, clu_buf_text(&b));
	clu_buf_free(&b);
}

static void test_none(void **state)
{
	expect(NULL);
	next.n_nodes = 3;
	next.nodes[2] = (struct cman_plan_node){ .name = "n3", .nodeid = 3 };
	next.expected_votes = 9;
	next.token_ms = 1;
	expect(NULL);
}

static void test_each(void **state)
{
	now.overridden = true;
	expect("joined with values from the command line");
	setup(NULL);
	next.cluster_name = "beta";
	expect("alpha -> beta");
	setup(NULL);
	next.transport = CMAN_UDPB;
	next.crypto = now.crypto = false;
	expect("knet -> udp");
	setup(NULL);
	next.crypto = false;
	expect("switched off");
	setup(NULL);
	now.crypto = false;
	expect("switched on");
	setup(NULL);
	next.own = 0;
	expect("\"n1\" cannot change while it runs (2 -> 1)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_none, setup), cmocka_unit_test_setup(test_each, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
