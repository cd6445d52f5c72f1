/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the fence domain: who becomes a victim, who fences, when, and what releases. */
#include "fdom_world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fw_world w;

#define DEFAULTS "post_join_delay='6' post_fail_delay='0'"

static void three(const char *attrs)
{
	fw_init(&w, 3, attrs);
	fw_all_join(&w);
}

static void test_join_and_leave(void **state)
{
	three(DEFAULTS);
	assert_null(fw_victim(&w, 1, 2));
	assert_int_equal(w.n[1].news->n_members, 3);
	assert_int_equal(w.n[3].news->master, 1);
	assert_true(w.n[1].news->joined);
	assert_int_equal(fw_ask(&w, 1, "leave", 0, true), 0);
	assert_false(w.n[1].news->joined);
	fw_ask(&w, 2, "info", 0, false);
	assert_int_equal(w.n[2].news->n_members, 2);
	assert_int_equal(w.n[2].news->master, 2);
	/* one that left in order is no victim when it goes, and leaving twice is no fault */
	fw_crash(&w, 1);
	assert_null(fw_victim(&w, 2, 1));
	assert_int_equal(fw_ask(&w, 2, "leave", 0, true), 0);
	assert_int_equal(fw_ask(&w, 2, "leave", 0, true), 0);
	fw_done(&w);
}

static void test_only_admins_change(void **state)
{
	three(DEFAULTS);
	assert_int_equal(fw_ask(&w, 1, "leave", 0, false), -EPERM);
	assert_int_equal(fw_ask(&w, 1, "victim", 2, false), -EPERM);
	assert_int_equal(fw_ask(&w, 1, "ack", 2, false), -EPERM);
	assert_int_equal(fw_ask(&w, 1, "nonsense", 2, true), -EINVAL);
	assert_int_equal(fw_ask(&w, 1, "ack", 77, true), -ENOENT);
	assert_true(w.n[1].news->joined);
	fw_done(&w);
}

static void test_lost_node_is_fenced_at_once(void **state)
{
	const Hawser__FencedDone *o;

	three(DEFAULTS);
	fw_crash(&w, 3);
	/* No time has passed: the agent was started in the steps of this one change. */
	assert_non_null(fw_child(&w, 1, 3));
	assert_null(fw_child(&w, 2, 3));
	assert_string_equal(fw_victim(&w, 2, 3)->state, "fencing");
	assert_string_equal(fw_victim(&w, 2, 3)->remedy, "fence_ack_manual n3");
	assert_string_equal(w.n[2].news->wait_state, "fencing");
	assert_int_equal(w.n[2].news->victim_now, 3);
	w.now_ms += 1500;
	fw_child_end(&w, 1, 3, 0, "Success: Rebooted\n");
	assert_null(fw_victim(&w, 2, 3));
	o = fw_last(&w, 2, 3);
	assert_string_equal(o->how, "agent");
	assert_string_equal(o->agent, "fence_one");
	assert_int_equal(o->master, 1);
	assert_int_equal(o->took_ms, 1500);
	assert_int_equal(o->wall_us - o->started_us, 1500000);
	assert_true(o->standing);
	assert_string_equal(w.n[2].news->wait_state, "none");
	fw_start(&w, 3);
	assert_false(fw_last(&w, 2, 3)->standing);
	assert_string_equal(fw_last(&w, 3, 3)->how, "agent");	/* the newcomer knows the history */
	fw_done(&w);
}

/* The event order at a change is corosync's choice: the agent starts with whichever comes last. */
static void test_gate_needs_quorum_of_the_same_ring(void **state)
{
	three(DEFAULTS);
	w.no_quorum_event = true;
	fw_crash(&w, 3);
	assert_null(fw_child(&w, 1, 3));
	assert_string_equal(w.n[1].news->wait_state, "quorum");
	fw_quorum(&w);
	fw_pump(&w);
	assert_non_null(fw_child(&w, 1, 3));
	fw_child_end(&w, 1, 3, 0, "");
	w.no_quorum_event = false;
	fw_start(&w, 3);
	assert_int_equal(fw_ask(&w, 3, "join", 0, true), 0);
	w.quorum_first = true;
	fw_crash(&w, 3);
	assert_non_null(fw_child(&w, 1, 3));
	fw_done(&w);
}

/* The same when the node that took quorum along had no fenced: only the ring tells. */
static void test_gate_closes_with_a_loss_outside_of_the_group(void **state)
{
	three(DEFAULTS);
	w.ring += 4;
	for (unsigned i = 1; i <= 3; i++) {
		const struct clu_ring ring = { 1, w.ring };

		assert_int_equal(clu_group_ring(w.n[i].g, &ring), 0);
	}
	assert_int_equal(fw_ask(&w, 2, "victim", 3, true), 0);
	fw_advance(&w, 10000);
	assert_null(fw_child(&w, 1, 3));
	fw_quorum(&w);
	assert_non_null(fw_child(&w, 1, 3));
	fw_done(&w);
}

static void test_without_quorum_nobody_is_fenced(void **state)
{
	three(DEFAULTS);
	fw_crash(&w, 3);
	fw_child_end(&w, 1, 3, 0, "");
	fw_crash(&w, 2);
	assert_int_equal(fw_started(&w, 1, 2), 0);
	fw_advance(&w, 3600 * 1000);
	assert_int_equal(fw_started(&w, 1, 2), 0);
	assert_non_null(strstr(fw_victim(&w, 1, 2)->why, "no quorum"));
	assert_string_equal(w.n[1].news->wait_state, "quorum");
	/* n3 brings quorum: the one still missing gets post_join_delay to follow it. */
	fw_start(&w, 3);
	assert_int_equal(fw_started(&w, 1, 2), 0);
	fw_advance(&w, 5999);
	assert_int_equal(fw_started(&w, 1, 2), 0);
	fw_advance(&w, 1);
	assert_int_equal(fw_started(&w, 1, 2), 1);
	fw_done(&w);
}

static void test_quorum_lost_mid_fence(void **state)
{
	three(DEFAULTS);
	fw_crash(&w, 3);
	assert_non_null(fw_child(&w, 1, 3));
	fw_crash(&w, 2);
	assert_null(fw_child(&w, 1, 3));	/* it was ended */
	assert_string_equal(fw_victim(&w, 1, 3)->state, "waiting");
	assert_int_equal(fw_victim(&w, 1, 3)->attempts, 0);
	fw_start(&w, 2);
	fw_advance(&w, 6000);
	assert_int_equal(fw_started(&w, 1, 3), 2);
	assert_null(fw_victim(&w, 1, 2));	/* came back fresh */
	fw_done(&w);
}

static void test_success_counts_though_quorum_went(void **state)
{
	struct clu_event ev = { .type = CLU_EV_QUORUM };
	struct fw_child *c;

	three(DEFAULTS);
	fw_crash(&w, 3);
	c = fw_child(&w, 1, 3);
	ev.u.quorum = (struct clu_quorum){ .quorate = false, .ring = { 1, w.ring }, .nodes = (uint32_t[]){ 1 },
		.n_nodes = 1 };
	w.n[1].said_quorate = false;
	fw_event(&w, 1, &ev);
	assert_true(c->killed);
	c->killed = false;	/* it had done its work before the signal came */
	fw_child_end(&w, 1, 3, 0, "");
	assert_string_equal(fw_last(&w, 1, 3)->how, "agent");
	fw_done(&w);
}

static void test_startup_fencing(void **state)
{
	fw_init(&w, 3, DEFAULTS);
	fw_start(&w, 1);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), 0);
	assert_string_equal(fw_victim(&w, 1, 2)->reason, "startup");
	assert_string_equal(fw_victim(&w, 1, 3)->reason, "startup");
	fw_advance(&w, 100000);
	assert_int_equal(w.n[1].n_child, 0);	/* no quorum */
	fw_start(&w, 2);
	assert_null(fw_victim(&w, 1, 2));
	assert_string_equal(fw_last(&w, 1, 2)->how, "member");
	fw_advance(&w, 5999);
	assert_int_equal(w.n[1].n_child, 0);
	assert_non_null(strstr(fw_victim(&w, 1, 3)->why, "post_join_delay"));
	fw_advance(&w, 1);
	assert_non_null(fw_child(&w, 1, 3));
	fw_done(&w);
}

static void test_startup_all_arrive_in_time(void **state)
{
	fw_init(&w, 3, DEFAULTS);
	fw_start(&w, 1);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), 0);
	fw_start(&w, 2);
	fw_advance(&w, 5000);
	fw_start(&w, 3);
	fw_advance(&w, 100000);
	assert_int_equal(w.n[1].n_child, 0);
	assert_null(fw_victim(&w, 1, 3));
	fw_done(&w);
}

static void test_clean_start(void **state)
{
	fw_init(&w, 3, DEFAULTS " clean_start='1'");
	fw_start(&w, 1);
	fw_start(&w, 2);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), 0);
	assert_null(fw_victim(&w, 1, 3));
	/* the option of the command line does the same */
	fw_done(&w);
	fw_init(&w, 3, DEFAULTS);
	w.opt.clean_start = true;
	fw_start(&w, 1);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), 0);
	assert_null(fw_victim(&w, 1, 3));
	fw_done(&w);
}

static void test_post_fail_delay(void **state)
{
	three("post_join_delay='6' post_fail_delay='20'");
	fw_crash(&w, 3);
	fw_advance(&w, 19999);
	assert_int_equal(w.n[1].n_child, 0);
	assert_non_null(strstr(fw_victim(&w, 1, 3)->why, "post_fail_delay"));
	fw_start(&w, 3);	/* back as a newly started member within the delay */
	assert_null(fw_victim(&w, 2, 3));
	fw_advance(&w, 100000);
	assert_int_equal(w.n[1].n_child, 0);
	fw_done(&w);
}

static void test_unbounded_delay(void **state)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_conf *conf = NULL;
	struct clu_buf errs = CLU_BUF_INIT;
	const char *bounded = "<cluster name='t' config_version='2'><fence_daemon post_fail_delay='3'/><clusternodes>"
		"<clusternode name='n3' nodeid='3'><fence><method name='1'><device name='d'/></method></fence>"
		"</clusternode></clusternodes><fencedevices><fencedevice name='d' agent='fence_one'/></fencedevices>"
		"</cluster>";

	three("post_fail_delay='-1'");
	fw_crash(&w, 3);
	fw_advance(&w, 1000000000);
	assert_int_equal(w.n[1].n_child, 0);
	assert_non_null(strstr(fw_victim(&w, 1, 3)->why, "-1"));
	/* a new cluster.conf ends it */
	assert_int_equal(clu_conf_parse(bounded, strlen(bounded), "t", &conf, &errs), 0);
	ev.u.config = (struct clu_config){ .conf = conf, .version = 2 };
	fw_event(&w, 1, &ev);
	fw_advance(&w, 2999);
	assert_int_equal(w.n[1].n_child, 0);
	fw_advance(&w, 1);
	assert_int_equal(w.n[1].n_child, 1);
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	fw_done(&w);
}

static void test_dead_daemon_on_live_node(void **state)
{
	three(DEFAULTS);
	fw_kill_daemon(&w, 3);
	assert_string_equal(fw_victim(&w, 2, 3)->reason, "process");
	assert_int_equal(w.n[1].killed_node, 3);
	assert_int_equal(w.n[2].killed_node, 0);	/* one member only */
	assert_non_null(fw_child(&w, 1, 3));
	/* A new daemon there proves nothing about the machine ... */
	fw_start_daemon(&w, 3);
	assert_non_null(fw_victim(&w, 1, 3));
	assert_int_equal(fw_ask(&w, 3, "join", 0, true), -EBUSY);
	/* ... but after the whole node has left, it is a new start. */
	fw_crash(&w, 3);
	assert_non_null(fw_victim(&w, 1, 3));
	fw_start(&w, 3);
	assert_null(fw_victim(&w, 1, 3));
	assert_int_equal(fw_ask(&w, 3, "join", 0, true), 0);
	fw_done(&w);
}

static void test_dead_daemon_then_dead_node(void **state)
{
	three(DEFAULTS);
	fw_kill_daemon(&w, 3);
	w.n[3].up = false;	/* killed by the cluster: only QUORUM tells */
	fw_change(&w);
	fw_start(&w, 3);
	assert_null(fw_victim(&w, 1, 3));
	assert_string_equal(fw_last(&w, 1, 3)->how, "member");
	fw_done(&w);
}

static void test_master_dies_mid_fence(void **state)
{
	fw_init(&w, 5, DEFAULTS);
	fw_all_join(&w);
	fw_crash(&w, 5);
	assert_non_null(fw_child(&w, 1, 5));
	fw_crash(&w, 1);
	assert_non_null(fw_child(&w, 2, 5));	/* starts anew, at once */
	assert_non_null(fw_child(&w, 2, 1));
	assert_null(fw_child(&w, 3, 5));
	fw_child_end(&w, 2, 5, 0, "");
	fw_child_end(&w, 2, 1, 0, "");
	assert_int_equal(fw_last(&w, 4, 5)->master, 2);
	assert_string_equal(w.n[3].news->wait_state, "none");
	fw_done(&w);
}

static void test_master_leaves_mid_fence(void **state)
{
	fw_init(&w, 5, DEFAULTS);
	fw_all_join(&w);
	fw_crash(&w, 5);
	assert_non_null(fw_child(&w, 1, 5));
	assert_int_equal(fw_ask(&w, 1, "leave", 0, true), 0);
	assert_null(fw_child(&w, 1, 5));
	assert_non_null(fw_child(&w, 2, 5));
	fw_done(&w);
}

/* We hung while an agent ran: by now the others may have lost us, and be at the same victim. */
static void test_hang_ends_our_agents(void **state)
{
	struct clu_event ev = { .type = CLU_EV_TIMER };

	three(DEFAULTS);
	fw_crash(&w, 3);
	w.stubborn = true;
	w.now_ms = fdom_ops.deadline(w.n[1].d) + 600;	/* late, but nobody can have lost us yet */
	fw_event(&w, 1, &ev);
	assert_false(fw_child(&w, 1, 3)->killed);
	w.now_ms = fdom_ops.deadline(w.n[1].d) + 1500;
	fw_event(&w, 1, &ev);
	assert_true(fw_child(&w, 1, 3)->killed);
	fw_child_end(&w, 1, 3, 1, "");
	assert_null(fw_child(&w, 1, 3));
	w.stubborn = false;
	fw_advance(&w, 5500);	/* nothing has come of it: it is tried again */
	assert_non_null(fw_child(&w, 1, 3));
	assert_int_equal(fw_victim(&w, 1, 3)->attempts, 0);
	fw_done(&w);
}

/* The member that leaves sees its agent's end first: the next master must not start one beside it. */
static void test_leave_waits_for_the_agents_end(void **state)
{
	three(DEFAULTS);
	fw_crash(&w, 3);
	w.stubborn = true;
	assert_int_equal(fw_ask(&w, 1, "leave", 0, true), -EINPROGRESS);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), -EBUSY);
	assert_true(fw_child(&w, 1, 3)->killed);
	assert_null(fw_child(&w, 2, 3));
	fw_child_end(&w, 1, 3, 1, "");
	assert_non_null(fw_child(&w, 2, 3));
	assert_int_equal(fw_ask(&w, 2, "info", 0, false), 0);
	assert_int_equal(w.n[2].news->n_members, 1);
	fw_done(&w);
}

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
	three(DEFAULTS);
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
	fw_init(&w, 3, DEFAULTS);
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
	fw_init(&w, 5, DEFAULTS);
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
	three(DEFAULTS);
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
	fw_init(&w, 2, DEFAULTS);
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

		fw_init(&w, 2, DEFAULTS);
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
	innocent_merge(DEFAULTS);
	innocent_merge("post_join_delay='0'");	/* their word is waited for all the same */
}

static void test_victim_that_left_the_configuration(void **state)
{
	const char *two = "<cluster name='t' config_version='2'><clusternodes><clusternode name='n1' nodeid='1'/>"
		"<clusternode name='n2' nodeid='2'/></clusternodes></cluster>";
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_conf *conf = NULL;
	struct clu_buf errs = CLU_BUF_INIT;

	three(DEFAULTS);
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
	three(DEFAULTS);
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

static void test_two_nodes_race(void **state)
{
	fw_init(&w, 2, DEFAULTS);
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

static void test_operator_ack(void **state)
{
	three(DEFAULTS);
	assert_int_equal(fw_ask(&w, 2, "ack", 3, true), -ENOENT);
	assert_non_null(strstr(w.n[2].reply_why, "not waiting to be fenced"));
	fw_crash(&w, 3);
	assert_int_equal(fw_ask(&w, 2, "ack", 3, true), 0);	/* on any member, also mid-fence */
	assert_null(fw_child(&w, 1, 3));
	assert_null(fw_victim(&w, 1, 3));
	assert_string_equal(fw_last(&w, 1, 3)->how, "override");
	assert_int_equal(fw_last(&w, 1, 3)->master, 2);
	fw_advance(&w, 100000);
	assert_int_equal(fw_started(&w, 1, 3), 1);
	fw_done(&w);
}

static void test_fenced_by_hand_before_the_loss(void **state)
{
	three(DEFAULTS);
	assert_int_equal(fw_ask(&w, 2, "external", 3, true), 0);
	fw_crash(&w, 3);
	assert_null(fw_victim(&w, 1, 3));
	assert_int_equal(w.n[1].n_child, 0);
	assert_string_equal(fw_last(&w, 1, 3)->how, "external");
	/* that word is used up: the next loss is a loss like any other */
	fw_start(&w, 3);
	assert_int_equal(fw_ask(&w, 3, "join", 0, true), 0);
	fw_crash(&w, 3);
	assert_non_null(fw_child(&w, 1, 3));
	/* and a word about a victim releases it */
	assert_int_equal(fw_ask(&w, 2, "external", 3, true), 0);
	assert_null(fw_victim(&w, 1, 3));
	fw_done(&w);
}

static void test_asked_for(void **state)
{
	uint64_t seq;

	three(DEFAULTS);
	assert_int_equal(fw_ask(&w, 2, "victim", 3, true), 0);
	assert_string_equal(fw_victim(&w, 1, 3)->reason, "request");
	assert_non_null(fw_child(&w, 1, 3));
	fw_crash(&w, 3);
	fw_child_end(&w, 1, 3, 0, "");
	seq = fw_last(&w, 1, 3)->seq;
	/* a second daemon asks late for the same: not fenced twice */
	assert_int_equal(fw_ask(&w, 2, "victim", 3, true), 0);
	assert_null(fw_victim(&w, 1, 3));
	assert_int_equal(fw_last(&w, 1, 3)->seq, seq);
	fw_done(&w);
}

/* A master that is given up while it fences stops first; then the next one starts. */
static void test_given_up_master_stops_first(void **state)
{
	fw_init(&w, 5, DEFAULTS);
	fw_all_join(&w);
	fw_crash(&w, 5);
	assert_non_null(fw_child(&w, 1, 5));
	w.stubborn = true;
	assert_int_equal(fw_ask(&w, 3, "victim", 1, true), 0);
	assert_non_null(fw_child(&w, 2, 1));	/* the old master itself is fenced at once */
	assert_null(fw_child(&w, 2, 5));
	assert_non_null(strstr(fw_victim(&w, 3, 5)->why, "has not stopped yet"));
	fw_child_end(&w, 1, 5, 1, "");
	assert_non_null(fw_child(&w, 2, 5));
	fw_done(&w);
	/* or it is gone before it could say so */
	fw_init(&w, 5, DEFAULTS);
	fw_all_join(&w);
	fw_crash(&w, 5);
	w.stubborn = true;
	assert_int_equal(fw_ask(&w, 3, "victim", 1, true), 0);
	assert_null(fw_child(&w, 2, 5));
	fw_crash(&w, 1);
	assert_non_null(fw_child(&w, 2, 5));
	fw_done(&w);
}

/*
 * A domain that is just being founded fences, and meets one that was cut off at work: the latter keeps its
 * state, and its first agent waits until those of the others have ended.
 */
static void test_agents_of_a_given_up_state_end_first(void **state)
{
	fw_init(&w, 5, "post_join_delay='0'");
	fw_all_join(&w);
	fw_side(&w, 4, 1);
	fw_change(&w);
	for (unsigned i = 1; i <= 5; i++)
		if (i != 4)
			fw_crash(&w, i);
	for (unsigned i = 1; i <= 3; i++) {
		fw_start(&w, i);
		assert_int_equal(fw_ask(&w, i, "join", 0, true), 0);
	}
	fw_advance(&w, 100000);
	assert_non_null(fw_child(&w, 1, 5));
	w.stubborn = true;
	fw_side(&w, 4, 0);
	fw_change(&w);
	assert_null(fw_child(&w, 4, 5));
	assert_non_null(strstr(fw_victim(&w, 3, 5)->why, "n1, which may have fenced before and no longer may, has not stopped yet"));
	assert_null(fw_victim(&w, 3, 1));
	/* Who does not answer at all becomes a victim, too. */
	fw_advance(&w, 10000);
	assert_null(fw_victim(&w, 3, 1));
	fw_advance(&w, 10000);
	assert_non_null(fw_victim(&w, 3, 1));
	assert_non_null(fw_child(&w, 4, 1));
	assert_null(fw_child(&w, 4, 5));
	fw_crash(&w, 1);
	assert_non_null(fw_child(&w, 4, 5));
	fw_done(&w);
}

/* Two confused halves must not name each other until no member is left that could fence. */
static void test_last_member_cannot_be_given_up(void **state)
{
	fw_init(&w, 2, DEFAULTS);
	w.votes_needed = 1;
	w.lax = true;
	fw_all_join(&w);
	assert_int_equal(fw_ask(&w, 1, "victim", 2, true), 0);
	assert_int_equal(fw_ask(&w, 1, "victim", 1, true), -EBUSY);
	assert_null(fw_victim(&w, 1, 1));
	assert_non_null(fw_child(&w, 1, 2));
	fw_done(&w);
}

static void test_orderly_stop(void **state)
{
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	three(DEFAULTS);
	fw_event(&w, 1, &ev);
	fw_pump(&w);
	assert_false(w.n[1].daemon);
	assert_null(fw_victim(&w, 2, 1));
	assert_int_equal(w.n[2].news->n_members, 2);
	fw_done(&w);
}

static void test_corosync_gone(void **state)
{
	struct clu_event ev = { .type = CLU_EV_PEER };

	three(DEFAULTS);
	ev.u.peer.kind = CLU_PEER_COROSYNC;
	fw_event(&w, 1, &ev);
	assert_true(w.n[1].fatal);
	fw_done(&w);
}

static void test_join_without_config(void **state)
{
	struct clu_conf *conf;

	fw_init(&w, 3, DEFAULTS);
	conf = w.conf;
	w.conf = NULL;
	fw_start(&w, 1);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), -EAGAIN);
	assert_non_null(strstr(w.n[1].reply_why, "ccsd"));
	w.conf = conf;
	fw_done(&w);
}

/* Before the group has taken us in a message would be lost, and its sender wait for ever. */
static void test_join_before_admission(void **state)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	struct clu_event ev = { .type = CLU_EV_START }, cf = { .type = CLU_EV_CONFIG }, rq = { .type = CLU_EV_REQUEST };
	struct clu_out *out = clu_out_new();
	struct fdom *d;
	uint8_t bytes[64];

	fw_init(&w, 3, DEFAULTS);
	d = fdom_new(&w.opt);
	ev.u.start.nodeid = 1;
	cf.u.config.conf = w.conf;
	q.verb = (char *)"join";
	rq.u.request = (struct clu_request){ .client = 7, .admin = true, .data = bytes };
	rq.u.request.len = hawser__fenced_request__pack(&q, bytes);
	assert_int_equal(fdom_ops.step(d, &ev, out), 0);
	assert_int_equal(fdom_ops.step(d, &cf, out), 0);
	clu_out_reset(out);
	assert_int_equal(fdom_ops.step(d, &rq, out), 0);
	assert_int_equal(clu_out_count(out), 1);
	assert_int_equal(clu_out_get(out, 0)->type, CLU_ACT_REPLY);
	assert_int_equal(clu_out_get(out, 0)->u.reply.error, -EAGAIN);
	clu_out_free(out);
	fdom_free(d);
	fw_done(&w);
}

static void test_bad_bytes(void **state)
{
	struct clu_event ev = { .type = CLU_EV_MESSAGE };
	struct clu_event rq = { .type = CLU_EV_REQUEST };
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;
	uint8_t bytes[64];

	three(DEFAULTS);
	ev.u.message = (struct clu_message){ 2, "\xff\xff\xff", 3 };
	fw_event(&w, 1, &ev);
	m.kind = HAWSER__FDOM_KIND__FDOM_DONE;	/* about a failure that does not exist */
	m.nodeid = 3;
	m.victim_seq = 99;
	ev.u.message.data = bytes;
	ev.u.message.len = hawser__fdom_message__pack(&m, bytes);
	for (unsigned i = 1; i <= 3; i++)
		fw_event(&w, i, &ev);
	assert_null(fw_last(&w, 1, 3));
	rq.u.request = (struct clu_request){ .client = 1, .admin = true, .data = "\xff\xff", .len = 2 };
	fw_event(&w, 1, &rq);
	assert_int_equal(w.n[1].reply_error, -EBADMSG);
	fw_done(&w);
}

static void test_dump_tells_all(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	three(DEFAULTS);
	fw_crash(&w, 3);
	fdom_ops.dump(w.n[1].d, &b);
	assert_non_null(strstr(b.data, "domain master=1"));
	assert_non_null(strstr(b.data, "victim 3 state=fencing reason=node"));
	assert_non_null(strstr(b.data, "run 3 "));
	assert_null(strstr(b.data, "secret"));
	clu_buf_free(&b);
	fw_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join_and_leave),
		cmocka_unit_test(test_only_admins_change),
		cmocka_unit_test(test_lost_node_is_fenced_at_once),
		cmocka_unit_test(test_gate_needs_quorum_of_the_same_ring),
		cmocka_unit_test(test_gate_closes_with_a_loss_outside_of_the_group),
		cmocka_unit_test(test_without_quorum_nobody_is_fenced),
		cmocka_unit_test(test_quorum_lost_mid_fence),
		cmocka_unit_test(test_success_counts_though_quorum_went),
		cmocka_unit_test(test_startup_fencing),
		cmocka_unit_test(test_startup_all_arrive_in_time),
		cmocka_unit_test(test_clean_start),
		cmocka_unit_test(test_post_fail_delay),
		cmocka_unit_test(test_unbounded_delay),
		cmocka_unit_test(test_dead_daemon_on_live_node),
		cmocka_unit_test(test_dead_daemon_then_dead_node),
		cmocka_unit_test(test_master_dies_mid_fence),
		cmocka_unit_test(test_master_leaves_mid_fence),
		cmocka_unit_test(test_hang_ends_our_agents),
		cmocka_unit_test(test_leave_waits_for_the_agents_end),
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
		cmocka_unit_test(test_two_nodes_race),
		cmocka_unit_test(test_operator_ack),
		cmocka_unit_test(test_fenced_by_hand_before_the_loss),
		cmocka_unit_test(test_asked_for),
		cmocka_unit_test(test_given_up_master_stops_first),
		cmocka_unit_test(test_agents_of_a_given_up_state_end_first),
		cmocka_unit_test(test_last_member_cannot_be_given_up),
		cmocka_unit_test(test_orderly_stop),
		cmocka_unit_test(test_corosync_gone),
		cmocka_unit_test(test_join_without_config),
		cmocka_unit_test(test_join_before_admission),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_dump_tells_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
