/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fence domain over splits: nodes that return, merges innocent and not, the state that counts. */
#include "fdom_world.h"

#include <string.h>

static struct fw_world w;

static void test_return_restarts_the_delay_of_the_others(void **state)
{
	fw_init(&w, 5, "post_join_delay='6' post_fail_delay='4'");
	fw_all_join(&w);
	fw_crash(&w, 5);
	fw_crash(&w, 4);
	fw_advance(&w, 3000);
	fw_start(&w, 5);
	fw_advance(&w, 5999);
	assert_int_equal(w.n[1].n_child, 0);
	fw_advance(&w, 1);
	assert_non_null(fw_child(&w, 1, 4));
	fw_done(&w);
}

static void test_new_daemon_after_a_dirty_merge(void **state)
{
	fw_three(&w, FW_DEFAULTS);
	fw_side(&w, 3, 1);
	fw_change(&w);
	assert_non_null(fw_child(&w, 1, 3));
	fw_side(&w, 3, 0);
	fw_change(&w);
	fw_kill_daemon(&w, 3);
	fw_start_daemon(&w, 3);		/* fresh daemon, old machine */
	assert_non_null(fw_victim(&w, 1, 3));
	fw_done(&w);
}

static void test_late_join_does_not_take_over(void **state)
{
	fw_init(&w, 3, FW_DEFAULTS);
	fw_start(&w, 1);
	fw_start(&w, 2);
	fw_start(&w, 3);
	assert_int_equal(fw_ask(&w, 2, "join", 0, true), 0);
	assert_int_equal(fw_ask(&w, 3, "join", 0, true), 0);
	fw_crash(&w, 3);
	assert_non_null(fw_child(&w, 2, 3));
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), 0);
	assert_null(fw_child(&w, 1, 3));
	assert_int_equal(w.n[1].news->master, 2);
	fw_child_end(&w, 2, 3, 0, "");
	fw_ask(&w, 2, "info", 0, false);
	assert_int_equal(w.n[2].news->master, 1);
	fw_done(&w);
}

static void test_newcomer_knows_the_victims(void **state)
{
	fw_init(&w, 5, FW_DEFAULTS);
	for (unsigned i = 2; i <= 5; i++)
		fw_start(&w, i);
	for (unsigned i = 2; i <= 5; i++)
		assert_int_equal(fw_ask(&w, i, "join", 0, true), 0);
	fw_crash(&w, 5);
	fw_start(&w, 1);
	assert_string_equal(fw_victim(&w, 1, 5)->state, "fencing");
	assert_int_equal(fw_victim(&w, 1, 5)->fencer, 2);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), 0);
	fw_crash(&w, 2);
	assert_non_null(fw_child(&w, 1, 5));
	fw_done(&w);
}

static void test_dirty_merge_stays_victim(void **state)
{
	fw_three(&w, FW_DEFAULTS);
	w.agent = FW_FAIL;
	fw_side(&w, 3, 1);
	fw_change(&w);
	assert_string_equal(fw_victim(&w, 1, 3)->state, "failed");
	assert_non_null(fw_victim(&w, 3, 1));	/* the other side has its own opinion, and no quorum */
	assert_int_equal(w.n[3].n_child, 0);
	w.agent = FW_HANG;
	fw_side(&w, 3, 0);
	fw_change(&w);
	/* back with its past: still a victim everywhere, on itself too; removed from the cluster and fenced */
	assert_non_null(fw_victim(&w, 3, 3));
	assert_null(fw_victim(&w, 3, 1));
	assert_int_equal(w.n[1].killed_node, 3);
	assert_true(fw_noted(&w, 3, "fdom.merged"));
	fw_advance(&w, 30000);
	assert_non_null(fw_child(&w, 1, 3));
	fw_child_end(&w, 1, 3, 0, "");
	assert_null(fw_victim(&w, 2, 3));
	fw_done(&w);
}

/* Nodes that form partitions of one while they boot have done nothing yet: no reason to fence them. */
static void innocent_merge(const char *attrs)
{
	fw_init(&w, 3, attrs);
	for (unsigned i = 1; i <= 3; i++) {
		fw_side(&w, i, (int)i);
		fw_start(&w, i);
		assert_int_equal(fw_ask(&w, i, "join", 0, true), 0);
		assert_int_equal(w.n[i].news->n_victims, 2);
	}
	for (unsigned i = 1; i <= 3; i++)
		fw_side(&w, i, 0);
	fw_change(&w);
	for (unsigned i = 1; i <= 3; i++) {
		fw_ask(&w, i, "info", 0, false);
		assert_int_equal(w.n[i].news->n_victims, 0);
		assert_int_equal(w.n[i].news->n_members, 3);
	}
	fw_advance(&w, 100000);
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(w.n[i].n_child, 0);
	fw_done(&w);
}

/* Two nodes, each quorate alone from its first moment: while they found their domains they are innocent, too. */
static void test_innocent_merge_of_two_quorate_nodes(void **state)
{
	fw_init(&w, 2, FW_DEFAULTS);
	w.votes_needed = 1;
	w.lax = true;
	for (unsigned i = 1; i <= 2; i++) {
		fw_side(&w, i, (int)i);
		fw_start(&w, i);
		assert_int_equal(fw_ask(&w, i, "join", 0, true), 0);
		assert_false(w.n[i].news->complete);
	}
	fw_advance(&w, 3000);
	fw_side(&w, 1, 2);
	fw_change(&w);
	fw_advance(&w, 100000);
	for (unsigned i = 1; i <= 2; i++) {
		assert_int_equal(w.n[i].n_child, 0);
		fw_ask(&w, i, "info", 0, false);
		assert_int_equal(w.n[i].news->n_members, 2);
		assert_true(w.n[i].news->complete);
	}
	fw_done(&w);
}

/*
 * The survivor of a two-node race and the other one, just rebooted: quorate alone
 * both, whatever their ids, the one that has been at work keeps its state.
 */
static void test_rebooted_node_does_not_take_the_state(void **state)
{
	for (unsigned survivor = 1; survivor <= 2; survivor++) {
		unsigned other = 3 - survivor;

		fw_init(&w, 2, FW_DEFAULTS);
		w.votes_needed = 1;
		w.lax = true;
		fw_all_join(&w);
		fw_crash(&w, other);
		fw_child_end(&w, survivor, other, 0, "");
		fw_side(&w, other, 1);
		fw_start(&w, other);
		assert_int_equal(fw_ask(&w, other, "join", 0, true), 0);
		fw_side(&w, other, 0);
		fw_change(&w);
		fw_advance(&w, 100000);
		assert_null(fw_victim(&w, survivor, survivor));
		assert_null(fw_victim(&w, survivor, other));
		assert_int_equal(w.n[survivor].news->n_members, 2);
		assert_int_equal(fw_started(&w, other, survivor), 0);
		assert_int_equal(fw_started(&w, survivor, other), 1);
		fw_done(&w);
	}
}

static void test_innocent_merge(void **state)
{
	innocent_merge(FW_DEFAULTS);
	innocent_merge("post_join_delay='0'");	/* their word is waited for all the same */
}

static void test_victim_that_left_the_configuration(void **state)
{
	const char *two = "<cluster name='t' config_version='2'><clusternodes><clusternode name='n1' nodeid='1'/>"
		"<clusternode name='n2' nodeid='2'/></clusternodes></cluster>";
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_conf *conf = NULL;
	struct clu_buf errs = CLU_BUF_INIT;

	fw_three(&w, FW_DEFAULTS);
	w.agent = FW_FAIL;
	fw_crash(&w, 3);
	assert_int_equal(clu_conf_parse(two, strlen(two), "t", &conf, &errs), 0);
	ev.u.config = (struct clu_config){ .conf = conf, .version = 2 };
	fw_event(&w, 1, &ev);
	fw_pump(&w);
	assert_non_null(strstr(fw_victim(&w, 1, 3)->why, "not in cluster.conf"));
	/* the name in the remedy is one that the daemon takes */
	assert_string_equal(fw_victim(&w, 1, 3)->remedy, "fence_ack_manual node3");
	assert_int_equal(fdom_resolve(w.n[1].d, "node3"), 3);
	assert_int_equal(fdom_resolve(w.n[1].d, "n2.example.com"), 2);
	assert_int_equal(fdom_resolve(w.n[1].d, "n3"), 0);
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	fw_done(&w);
}

static void test_total_split_and_repair(void **state)
{
	fw_three(&w, FW_DEFAULTS);
	for (unsigned i = 1; i <= 3; i++)
		fw_side(&w, i, (int)i);
	fw_change(&w);
	fw_advance(&w, 60000);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(w.n[i].n_child, 0);
		fw_side(&w, i, 0);
	}
	fw_change(&w);
	fw_advance(&w, 60000);
	/* one keeps its state; the others were members with quorum once and are restarted */
	assert_non_null(fw_child(&w, 1, 2));
	assert_non_null(fw_child(&w, 1, 3));
	fw_done(&w);
}

/*
 * Both nodes are victims when they meet, one by a request and one by its past, and no member is left that could fence
 * either. The other one has it started anew, also if that one has the lower id.
 */
/* quorum_late: corosync says that the ring is quorate only when all else has been said. */
static void two_victims_and_no_member(bool quorum_late)
{
	const uint32_t n2 = 2;
	struct clu_quorum newer = { .quorate = true, .nodes = &n2, .n_nodes = 1 };

	fw_init(&w, 2, "post_join_delay='6'");
	w.votes_needed = 1;
	w.lax = true;
	fw_all_join(&w);
	assert_int_equal(fw_ask(&w, 1, "victim", 2, true), 0);
	fw_side(&w, 1, 1);
	fw_change(&w);
	assert_non_null(fw_victim(&w, 2, 1));
	fw_ask(&w, 2, "info", 0, false);
	assert_int_equal(w.n[2].news->master, 0);
	newer.ring = (struct clu_ring){ 1, w.ring + 1 };
	assert_int_equal(clu_group_quorum(w.n[2].g, &newer), 0);	/* its state wins */
	fw_side(&w, 1, 0);
	w.no_quorum_event = quorum_late;
	fw_change(&w);
	assert_non_null(fw_victim(&w, 1, 1));
	assert_non_null(fw_victim(&w, 1, 2));
	if (quorum_late) {
		assert_int_equal(w.n[2].killed_node, 0);
		w.no_quorum_event = false;
		fw_quorum(&w);
		fw_pump(&w);
	}
	assert_int_equal(w.n[2].killed_node, 1);
	fw_done(&w);
}

static void test_two_victims_and_no_member(void **state)
{
	two_victims_and_no_member(false);
}

static void test_two_victims_wait_for_each_other(void **state)
{
	two_victims_and_no_member(true);
}

static void test_two_nodes_race(void **state)
{
	fw_init(&w, 2, FW_DEFAULTS);
	w.votes_needed = 1;	/* two_node */
	w.lax = true;
	fw_all_join(&w);
	fw_side(&w, 2, 1);
	fw_change(&w);
	assert_non_null(fw_child(&w, 1, 2));
	assert_non_null(fw_child(&w, 2, 1));
	w.succeeded[2]++;
	fw_crash(&w, 2);
	fw_child_end(&w, 1, 2, 0, "");
	assert_string_equal(fw_last(&w, 1, 2)->how, "agent");
	fw_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_return_restarts_the_delay_of_the_others),
		cmocka_unit_test(test_new_daemon_after_a_dirty_merge),
		cmocka_unit_test(test_late_join_does_not_take_over),
		cmocka_unit_test(test_newcomer_knows_the_victims),
		cmocka_unit_test(test_dirty_merge_stays_victim),
		cmocka_unit_test(test_innocent_merge),
		cmocka_unit_test(test_rebooted_node_does_not_take_the_state),
		cmocka_unit_test(test_innocent_merge_of_two_quorate_nodes),
		cmocka_unit_test(test_victim_that_left_the_configuration),
		cmocka_unit_test(test_total_split_and_repair),
		cmocka_unit_test(test_two_victims_and_no_member),
		cmocka_unit_test(test_two_victims_wait_for_each_other),
		cmocka_unit_test(test_two_nodes_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
