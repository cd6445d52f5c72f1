/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The historical library over canned answers of fenced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fenced_ask.h"
#include "libfenced.h"

static Hawser__FencedNews *(*answer)(void);
static int error;
static char asked[64], about[64];

int fenced_ask(const char *verb, const char *node, uint32_t nodeid, uint32_t deadline_ms,
	Hawser__FencedNews **ret, struct clu_buf *errs)
{
	assert_int_equal(deadline_ms, 2000);	/* no call may hang */
	snprintf(asked, sizeof(asked), "%s", verb);
	snprintf(about, sizeof(about), "%s", node ? node : "");
	if (!error && ret)
		*ret = answer();
	return error;
}

/* Packed and unpacked again, so that the library may free it as it does a real one. */
static Hawser__FencedNews *news(bool joined)
{
	static uint8_t bytes[1024];
	Hawser__FencedNews n = HAWSER__FENCED_NEWS__INIT;
	Hawser__FencedNode node[4], *nodes[4];
	Hawser__FencedDone done = HAWSER__FENCED_DONE__INIT, *dones[1] = { &done };
	Hawser__FencedVictim victim = HAWSER__FENCED_VICTIM__INIT, *victims[1] = { &victim };
	uint32_t members[2] = { 1, 2 };

	for (unsigned i = 0; i < 4; i++) {
		hawser__fenced_node__init(&node[i]);
		node[i].nodeid = i + 1;
		node[i].member = node[i].present = i < 2;
		nodes[i] = &node[i];
	}
	node[2].victim = node[2].present = true;
	done.nodeid = 2;
	done.master = 1;
	done.how = (char *)"override";
	done.wall_us = 77000000;
	victim.nodeid = 3;
	n.joined = joined;
	n.nodeid = 2;
	n.nodes = nodes;
	n.n_nodes = 4;
	n.members = members;
	n.n_members = 2;
	n.done = dones;
	n.n_done = 1;
	n.victims = victims;
	n.n_victims = 1;
	n.victim_now = 3;
	n.master = 1;
	n.wait_state = (char *)"fencing";
	assert_true(hawser__fenced_news__get_packed_size(&n) < sizeof(bytes));
	return hawser__fenced_news__unpack(NULL, hawser__fenced_news__pack(&n, bytes), bytes);
}

static Hawser__FencedNews *joined(void)
{
	return news(true);
}

static Hawser__FencedNews *not_joined(void)
{
	return news(false);
}

static void test_node_info(void **state)
{
	struct fenced_node n;

	answer = joined;
	assert_int_equal(fenced_node_info(FENCED_NODEID_US, &n), 0);
	assert_int_equal(n.nodeid, 2);
	assert_int_equal(n.member, 1);
	assert_int_equal(n.last_fenced_master, 1);
	assert_int_equal(n.last_fenced_how, FENCED_HOW_OVERRIDE);
	assert_int_equal(n.last_fenced_time, 77);
	assert_int_equal(fenced_node_info(3, &n), 0);
	assert_int_equal(n.victim, 1);
	assert_int_equal(n.member, -1);		/* here, but waiting to be fenced */
	memset(&n, 0xff, sizeof(n));
	assert_int_equal(fenced_node_info(99, &n), 0);	/* the original left garbage there */
	assert_int_equal(n.nodeid, 99);
	assert_int_equal(n.member, 0);
	assert_int_equal(n.last_fenced_time, 0);
}

static void test_domain(void **state)
{
	struct fenced_domain d;
	struct fenced_node n[4];
	int count;

	answer = joined;
	assert_int_equal(fenced_domain_info(&d), 0);
	assert_int_equal(d.group_mode, 3);
	assert_int_equal(d.member_count, 2);
	assert_int_equal(d.victim_count, 1);
	assert_int_equal(d.master_nodeid, 1);
	assert_int_equal(d.current_victim, 3);
	assert_int_equal(d.state, FENCED_STATE_FENCING);
	assert_int_equal(fenced_domain_nodes(FENCED_NODES_ALL, 4, &count, n), 0);
	assert_int_equal(count, 4);
	assert_int_equal(fenced_domain_nodes(FENCED_NODES_MEMBERS, 4, &count, n), 0);
	assert_int_equal(count, 2);
	assert_int_equal(n[1].nodeid, 2);
	assert_int_equal(fenced_domain_nodes(FENCED_NODES_VICTIMS, 4, &count, n), 0);
	assert_int_equal(count, 1);
	assert_int_equal(n[0].nodeid, 3);
	assert_int_equal(fenced_domain_nodes(FENCED_NODES_ALL, 2, &count, n), 0);
	assert_int_equal(count, -E2BIG);
	assert_int_equal(fenced_domain_nodes(9, 2, &count, n), -EINVAL);
}

static void test_errors(void **state)
{
	struct fenced_domain d;
	struct fenced_node n;

	answer = not_joined;
	assert_int_equal(fenced_domain_info(&d), -ENOENT);
	assert_int_equal(fenced_node_info(1, &n), -ENOENT);
	error = -ECONNREFUSED;
	assert_int_equal(fenced_domain_info(&d), -ECONNREFUSED);
	assert_int_equal(fenced_join(), -ECONNREFUSED);
	assert_int_equal(fenced_external(NULL), -EINVAL);
	error = 0;
}

static void test_requests(void **state)
{
	assert_int_equal(fenced_join(), 0);
	assert_string_equal(asked, "join");
	assert_int_equal(fenced_leave(), 0);
	assert_string_equal(asked, "leave");
	assert_int_equal(fenced_external((char *)"n3"), 0);
	assert_string_equal(asked, "external");
	assert_string_equal(about, "n3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_node_info),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
