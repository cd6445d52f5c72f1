/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmand's core: a few stories, and histories by chance in which daemons and nodes die,
 * come back, and configurations follow each other. In every one of them corosync is only
 * asked to read its files when all nodes have the same one and nobody writes.
 * SEED=N runs one history.
 */
#include "cmand_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- stories ---- */

static void test_a_change_reaches_all(void **state)
{
	uint64_t c;

	cw_begin(1, 4);
	cw_expect(&cw.n[1], "applied");
	assert_int_equal(cw.reloads, 0);
	cw_update();
	c = cw_ask(&cw.n[3], "wait", 2, false);
	assert_string_equal(cw_answered(c), "");
	cw_settle();
	assert_string_equal(cw_answered(c), "applied");
	assert_int_equal(cw.reloads, 1);
	for (unsigned i = 1; i <= CW_NODES; i++)
		assert_int_equal(cw.n[i].runs, 2);
	assert_non_null(strstr(cw.n[2].log, "applied"));
	cw_end();
}

static void test_no_reload_without_all_daemons(void **state)
{
	cw_begin(2, 4);
	cw_kill_daemon(&cw.n[2]);
	cw_update();
	cw_settle();
	assert_int_equal(cw.reloads, 0);
	cw_expect(&cw.n[1], "waiting");
	assert_non_null(strstr(cw_why(), "n2 is in the cluster but runs no cmand"));
	cw_start_daemon(&cw.n[2]);
	cw_settle();
	assert_int_equal(cw.reloads, 1);
	cw_expect(&cw.n[1], "applied");
	cw_end();
}

static void test_no_reload_without_quorum(void **state)
{
	cw_begin(3, 2);
	cw_update();
	cw_settle();
	assert_int_equal(cw.reloads, 0);
	cw_expect(&cw.n[1], "waiting");
	assert_non_null(strstr(cw_why(), "not quorate"));
	cw_start_node(&cw.n[3]);
	cw_start_daemon(&cw.n[3]);
	cw_settle();
	assert_int_equal(cw.n[1].runs, 2);
	cw_expect(&cw.n[1], "applied");
	cw_end();
}

static void test_one_held_holds_all(void **state)
{
	uint64_t c;

	cw_begin(4, 3);
	cw.n[2].held = 2;
	cw_update();
	c = cw_ask(&cw.n[1], "wait", 2, false);
	cw_settle();
	assert_int_equal(cw.reloads, 0);
	assert_string_equal(cw_answered(c), "restart");
	cw_expect(&cw.n[3], "restart");
	assert_string_equal(cw_why(), "n2: transport: cannot change\n");
	cw.n[1].held = cw.n[3].held = 3;
	cw.n[2].held = 3;
	cw_update();
	cw_settle();
	cw_expect(&cw.n[1], "restart");
	assert_string_equal(cw_why(), "all nodes: transport: cannot change\n");
	cw_update();
	cw_settle();
	cw_expect(&cw.n[1], "applied");
	assert_int_equal(cw.n[1].runs, 4);
	cw_end();
}

static void test_corosync_refuses(void **state)
{
	cw_begin(5, 3);
	cw.refused = 2;
	cw_update();
	cw_settle();
	assert_int_equal(cw.reloads, 1);
	cw_expect(&cw.n[2], "failed");
	assert_non_null(strstr(cw_why(), "refused"));
	/* not again and again by itself, but when somebody asks */
	cw_pass(120000);
	assert_int_equal(cw.reloads, 1);
	cw.refused = 0;
	assert_string_equal(cw_answered(cw_ask(&cw.n[2], "apply", 0, false)), "failed");
	assert_int_equal(cw.answers[cw.n_answers - 1].error, -EACCES);
	{
		uint64_t c = cw_ask(&cw.n[2], "apply", 0, true);

		assert_string_equal(cw_answered(c), "");
		cw_settle();
		assert_string_equal(cw_answered(c), "applied");
	}
	assert_int_equal(cw.n[3].runs, 2);
	cw_end();
}

static void test_a_failure_that_passes(void **state)
{
	cw_begin(6, 3);
	cw.n[3].fails = 1;
	cw_update();
	cw_settle();
	cw_expect(&cw.n[1], "failed");
	assert_string_equal(cw_why(), "n3: disk full\n");
	cw_pass(CMAND_RETRY_MS + 1000);
	cw_settle();
	cw_expect(&cw.n[1], "applied");
	assert_int_equal(cw.n[2].runs, 2);
	cw_end();
}

/* A node that cannot hear the others looks again and again what they run with; with quorum it has nothing to look for. */
static void test_looks_again_without_quorum(void **state)
{
	cw_begin(10, 2);
	cw.n[1].fails = 1;
	cw_pass(CMAND_RETRY_MS + 1000);
	cw_expect(&cw.n[1], "failed");
	cw_pass(CMAND_RETRY_MS + 1000);
	cw_expect(&cw.n[1], "applied");
	cw_end();
	cw_begin(11, 3);
	cw.n[1].fails = 1;
	cw_pass(5 * CMAND_RETRY_MS);
	cw_expect(&cw.n[1], "applied");
	assert_int_equal(cw.n[1].fails, 1);
	cw_end();
}

/* Who waits is answered within the time, whatever the state; and who went away is not. */
static void test_waiting_has_an_end(void **state)
{
	uint64_t a, b, gone;
	struct clu_event ev = { .type = CLU_EV_CLIENT_GONE };

	cw_begin(7, 3);
	a = cw_ask(&cw.n[1], "wait", 9, false);
	gone = cw_ask(&cw.n[1], "wait", 9, false);
	ev.u.client = gone;
	cw_step(&cw.n[1], &ev);
	cw_pass(CMAND_WAIT_MS - 1);
	assert_string_equal(cw_answered(a), "");
	cw_pass(2);
	assert_string_equal(cw_answered(a), "applied");
	assert_int_equal(cw.answers[cw.n_answers - 1].version, 1);
	cw_kill_daemon(&cw.n[2]);
	b = cw_ask(&cw.n[1], "wait", 1, false);
	cw_pass(CMAND_PATIENCE_MS + 1);
	assert_string_equal(cw_answered(b), "waiting");
	assert_string_equal(cw_answered(gone), "");
	cw_end();
}

static void test_strange_requests(void **state)
{
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	struct clu_event m = { .type = CLU_EV_MESSAGE };

	cw_begin(8, 2);
	(void)cw_ask(&cw.n[1], "dance", 0, true);
	assert_int_equal(cw.answers[cw.n_answers - 1].error, -EINVAL);
	ev.u.request = (struct clu_request){ .client = ++cw.next_client, .data = "\xff\xff", .len = 2 };
	cw_step(&cw.n[1], &ev);
	assert_int_equal(cw.answers[cw.n_answers - 1].error, -EBADMSG);
	m.u.message = (struct clu_message){ 1, "\xff\xff\xff", 3 };
	cw_step(&cw.n[2], &m);
	m.u.message.from = 77;
	cw_step(&cw.n[2], &m);
	for (unsigned i = 0; i <= CMAND_MAX_WAITING; i++) {
		cw.n_answers = 0;
		(void)cw_ask(&cw.n[1], "wait", 9, false);
	}
	assert_int_equal(cw.answers[0].error, -EAGAIN);
	cw_end();
}

/* One that comes back with what it had: what the others tried before it came says nothing of it. */
static void test_a_newcomer_with_an_older_file(void **state)
{
	cw_begin(9, 3);
	cw_update();
	cw_settle();
	cw_start_with(&cw.n[4], 1);
	cw_start_daemon(&cw.n[4]);
	cw_settle();
	cw_expect(&cw.n[4], "applied");
	assert_int_equal(cw.n[4].runs, 2);
	cw_end();
}

/* One that boots while the others are at it: it was not among those whose corosync read its file, and is not failed for it. */
static void test_a_newcomer_within_a_reload(void **state)
{
	for (unsigned seed = 30; seed < 50; seed++) {
		cw_begin(seed, 3);
		cw_update();
		while (!cw.n[1].reloading)
			assert_true(cw_move_one());
		cw_go_on_reloading(&cw.n[1]);
		cw_start_with(&cw.n[4], 1);
		cw_start_daemon(&cw.n[4]);
		cw_settle();
		cw_expect(&cw.n[1], "applied");
		assert_int_equal(cw.n[4].runs, 2);
		assert_int_equal(cw.reloads, 2);
		cw_end();
	}
}

/* The reloader dies before, while, and after it asks: the next one sees to it. */
static void test_the_reloader_dies(void **state)
{
	for (unsigned at = 0; at < 3; at++) {
		cw_begin(20 + at, 4);
		cw_update();
		while (!cw.n[1].reloading)
			assert_true(cw_move_one());
		if (at)
			cw_go_on_reloading(&cw.n[1]);
		if (at == 2)
			cw_go_on_reloading(&cw.n[1]);
		cw_crash(&cw.n[1]);
		cw_settle();
		for (unsigned i = 2; i <= CW_NODES; i++)
			assert_int_equal(cw.n[i].runs, 2);
		cw_expect(&cw.n[2], "applied");
		cw_end();
	}
}

/* ---- by chance ---- */

static void history(uint64_t seed)
{
	cw_begin(seed, 3 + (unsigned)(seed % 2));
	for (unsigned k = 0; k < 40; k++) {
		struct cw_node *n = &cw.n[cw_rnd(CW_NODES) + 1];
		unsigned up = 0;

		cw.n_answers = 0;
		for (unsigned i = cw_rnd(30); i; i--)
			(void)cw_move_one();
		for (unsigned i = 1; i <= CW_NODES; i++)
			up += cw.n[i].up;
		switch (cw_rnd(8)) {
		case 0:
		case 1:
			if (up > CW_NODES / 2)
				cw_update();
			break;
		case 2:
			if (n->core)
				cw_kill_daemon(n);
			break;
		case 3:
			if (n->up)
				cw_crash(n);
			break;
		case 4:
		case 5:
			/* What join brought it may have been overtaken since. */
			if (!n->up)
				cw_start_with(n, cw.version - (cw.version > 1 && cw_rnd(3) == 0));
			if (!n->core)
				cw_start_daemon(n);
			break;
		case 6:
			n->fails = cw_rnd(2);
			break;
		default:
			if (n->core)
				(void)cw_ask(n, cw_rnd(2) ? "apply" : "wait", cw.version, true);
			break;
		}
	}
	for (unsigned i = 1; i <= CW_NODES; i++) {
		cw.n[i].fails = 0;
		if (!cw.n[i].up)
			cw_start_node(&cw.n[i]);
		if (!cw.n[i].core)
			cw_start_daemon(&cw.n[i]);
	}
	cw_settle();
	cw.n_answers = 0;
	cw_pass(3 * CMAND_RETRY_MS);
	cw.n_answers = 0;
	cw_expect(&cw.n[1], "applied");
	for (unsigned i = 1; i <= CW_NODES; i++)
		if (cw.n[i].runs != cw.version)
			fail_msg("seed %llu: node %u runs %llu, not %llu", (unsigned long long)seed, i,
				 (unsigned long long)cw.n[i].runs, (unsigned long long)cw.version);
	cw_end();
}

static void test_histories(void **state)
{
	const char *one = getenv("SEED");

	for (uint64_t seed = one ? strtoull(one, NULL, 10) : 1; seed <= (one ? strtoull(one, NULL, 10) : 3000); seed++) {
		if (one)
			print_message("seed %llu\n", (unsigned long long)seed);
		history(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_reaches_all), cmocka_unit_test(test_no_reload_without_all_daemons),
		cmocka_unit_test(test_no_reload_without_quorum), cmocka_unit_test(test_one_held_holds_all),
		cmocka_unit_test(test_corosync_refuses), cmocka_unit_test(test_a_failure_that_passes),
		cmocka_unit_test(test_looks_again_without_quorum), cmocka_unit_test(test_waiting_has_an_end), cmocka_unit_test(test_strange_requests),
		cmocka_unit_test(test_a_newcomer_with_an_older_file), cmocka_unit_test(test_a_newcomer_within_a_reload),
		cmocka_unit_test(test_the_reloader_dies), cmocka_unit_test(test_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
