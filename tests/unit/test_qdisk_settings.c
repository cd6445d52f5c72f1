/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What settings of <quorumd> do, and what becomes of a qdiskd when they change under it. One node at a time. */
#include "qdisk_world.h"

#include <errno.h>
#include <string.h>

#define ROUTER "<heuristic program=\"x\" interval=\"1\" tko=\"2\"/>"

/* The heuristic that was run last ends. */
static void heuristic_ends(struct qw_node *n, int exit_code)
{
	struct clu_event ev = { .type = CLU_EV_CHILD };

	ev.u.child.id = n->runs;
	ev.u.child.exit_code = exit_code;
	ev.u.child.tail = "";
	qw_step(n, &ev);
}

static const char *dump(const struct qw_node *n, struct clu_buf *b)
{
	clu_buf_free(b);
	qdisk_ops.dump(n->q, b);
	return clu_buf_text(b);
}

static void test_stop_cman_leaves_when_the_disk_is_bad_at_the_start(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" stop_cman=\"1\"/>");

	n->fails = -EIO;
	qw_advance(n, 2500);
	assert_int_equal(n->runs, 0);
	qw_advance(n, 20000);
	assert_int_equal(n->runs, 1);
	assert_non_null(strstr(n->program, "/cman_tool"));
	qw_end(n);
	/* Later it is no reason. */
	n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" stop_cman=\"1\"/>");
	qw_advance(n, 8000);
	n->fails = -EIO;
	qw_advance(n, 20000);
	assert_int_equal(n->runs, 0);
	qw_end(n);
}

static void test_stop_cman_leaves_when_the_heuristics_fail_at_the_start(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" stop_cman=\"1\">" ROUTER "</quorumd>");

	heuristic_ends(n, 1);
	qw_advance(n, 6000);
	assert_non_null(strstr(n->program, "/cman_tool"));
	assert_false(n->cast);
	qw_end(n);
}

static void test_paranoid_resets_in_a_cycle_that_does_not_end(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" paranoid=\"1\"/>");

	qw_advance(n, 8000);
	n->frozen = true;
	qw_advance(n, 3900);
	assert_int_equal(n->fatal, 0);
	qw_advance(n, 2000);
	assert_int_equal(n->fatal, CLU_FATAL_RESET);
	qw_end(n);
}

/* With a bad score the machine is reset once the others can read that it takes no part, or cannot be told. */
static void test_reboot(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\">" ROUTER "</quorumd>");

	heuristic_ends(n, 0);
	qw_advance(n, 8000);
	assert_true(n->cast);
	for (unsigned i = 0; i < 2; i++) {
		heuristic_ends(n, 1);
		qw_advance(n, 1100);
	}
	assert_int_equal(n->fatal, CLU_FATAL_RESET);
	assert_int_equal(qw_block(n, 1).state, QDISK_NONE);
	qw_end(n);
}

static void test_the_status_file_is_written_one_at_a_time(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" status_file=\"/run/x\"/>");
	struct clu_event ev = { .type = CLU_EV_STORED };

	qw_advance(n, 5000);
	assert_int_equal(n->stores, 1);
	/* Another one's end is none of its own. */
	ev.u.stored.id = n->store_id + 1;
	qw_step(n, &ev);
	qw_advance(n, 2000);
	assert_int_equal(n->stores, 1);
	ev.u.stored.id = n->store_id;
	qw_step(n, &ev);
	qw_advance(n, 2000);
	assert_int_equal(n->stores, 2);
	qw_end(n);
}

static void test_status_on_standard_output_and_a_watchdog(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" status_file=\"-\" "
		"watchdog_device=\"/dev/x\"/>");
	unsigned feeds;

	qw_advance(n, 8000);
	assert_true(n->prints > 4);
	assert_true(n->feeds > 4);
	feeds = n->feeds;
	n->frozen = true;
	qw_advance(n, 20000);
	assert_true(n->feeds <= feeds + 1);
	qw_end(n);
}

static void test_registration_is_tried_again(void **state)
{
	struct qw_node *n = qw_start_as(1, NULL);

	n->refuses = -EIO;
	qw_give_conf(n, QW_PLAIN);
	assert_int_equal(n->registered, 1);
	n->refuses = 0;
	qw_advance(n, 900);
	assert_int_equal(n->registered, 1);
	qw_advance(n, 8000);
	assert_int_equal(n->registered, 2);
	assert_true(n->cast);
	qw_end(n);
	/* A corosync without a device will not have one before it is started anew. */
	n = qw_start_as(1, NULL);
	n->refuses = -EACCES;
	qw_give_conf(n, QW_PLAIN);
	assert_int_equal(n->fatal, 1);
	qw_end(n);
}

static void test_a_node_above_16_has_no_block(void **state)
{
	struct qw_node *n = qw_start_as(17, QW_PLAIN);

	assert_int_equal(n->fatal, 1);
	qw_end(n);
}

static void test_times_stay_until_it_is_started_again(void **state)
{
	static const char *const changes[] = {
		"<quorumd label=\"other\" interval=\"1\" tko=\"4\" votes=\"1\"/>",
		"<quorumd label=\"q\" device=\"/dev/x\" interval=\"1\" tko=\"4\" votes=\"1\"/>",
		"<quorumd label=\"q\" cman_label=\"y\" interval=\"1\" tko=\"4\" votes=\"1\"/>",
		"<quorumd label=\"q\" interval=\"2\" tko=\"4\" votes=\"1\"/>",
		"<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" tko_up=\"3\"/>",
		"<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" upgrade_wait=\"5\"/>",
		"<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" master_wait=\"5\"/>",
		"<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" master_wins=\"1\"/>",
		"<cman quorum_dev_poll=\"2000\"/><quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\"/>",
	};
	struct clu_buf b = CLU_BUF_INIT;
	struct qw_node *n = qw_start(QW_PLAIN);

	qw_advance(n, 8000);
	assert_non_null(strstr(dump(n, &b), "tko 4 "));
	qw_give_conf(n, "<quorumd label=\"q\" interval=\"1\" tko=\"9\" votes=\"1\" allow_kill=\"0\"/>");
	assert_non_null(strstr(n->notes, "stay as they were until the cluster is started anew"));
	assert_non_null(strstr(dump(n, &b), "tko 4 "));
	n->notes[0] = '\0';
	qw_give_conf(n, "<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" allow_kill=\"1\"/>");
	assert_null(strstr(n->notes, "stay as they were"));
	qw_advance(n, 4000);
	assert_true(n->cast);
	for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		n->notes[0] = '\0';
		qw_give_conf(n, changes[i]);
		if (!strstr(n->notes, "stay as they were"))
			fail_msg("taken at once: %s", changes[i]);
	}
	assert_non_null(strstr(dump(n, &b), "label q "));
	clu_buf_free(&b);
	qw_end(n);
}

static void test_a_bad_configuration_is_refused(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"never\"/>");

	assert_int_equal(n->fatal, 1);
	qw_end(n);
	n = qw_start(QW_PLAIN);
	qw_advance(n, 8000);
	qw_give_conf(n, "<quorumd label=\"q\" interval=\"never\"/>");
	assert_non_null(strstr(n->notes, "interval"));
	qw_advance(n, 8000);
	assert_int_equal(n->fatal, 0);
	assert_true(n->cast);
	qw_end(n);
}

/* New heuristics begin with a good score, and count what they find once they have ended. */
static void test_new_heuristics_of_one_that_runs(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);

	qw_advance(n, 8000);
	assert_int_equal(n->runs, 0);
	qw_give_conf(n, "<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" reboot=\"0\">" ROUTER "</quorumd>");
	assert_int_equal(n->runs, 1);
	qw_advance(n, 900);
	assert_true(n->cast);
	heuristic_ends(n, 1);
	qw_advance(n, 1100);
	assert_true(n->cast);
	heuristic_ends(n, 1);
	qw_advance(n, 1100);
	assert_false(n->cast);
	assert_int_equal(n->fatal, 0);
	/* The end of one that is none any more counts for nobody. */
	qw_give_conf(n, QW_PLAIN);
	heuristic_ends(n, 1);
	qw_advance(n, 8000);
	assert_true(n->cast);
	qw_give_conf(n, "<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\">" ROUTER "</quorumd>");
	assert_int_equal(n->runs, 4);
	/* The same again goes on as it is; another program begins anew. */
	qw_give_conf(n, "<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\">" ROUTER "</quorumd>");
	assert_int_equal(n->runs, 4);
	qw_give_conf(n, "<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\"><heuristic program=\"y\" interval=\"1\" "
		"tko=\"2\"/></quorumd>");
	assert_int_equal(n->runs, 5);
	qw_end(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stop_cman_leaves_when_the_disk_is_bad_at_the_start),
		cmocka_unit_test(test_stop_cman_leaves_when_the_heuristics_fail_at_the_start),
		cmocka_unit_test(test_paranoid_resets_in_a_cycle_that_does_not_end),
		cmocka_unit_test(test_reboot),
		cmocka_unit_test(test_the_status_file_is_written_one_at_a_time),
		cmocka_unit_test(test_status_on_standard_output_and_a_watchdog),
		cmocka_unit_test(test_registration_is_tried_again),
		cmocka_unit_test(test_a_node_above_16_has_no_block),
		cmocka_unit_test(test_times_stay_until_it_is_started_again),
		cmocka_unit_test(test_a_bad_configuration_is_refused),
		cmocka_unit_test(test_new_heuristics_of_one_that_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
