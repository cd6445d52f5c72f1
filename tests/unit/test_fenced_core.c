/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the fence domain: who becomes a victim, who fences, when, and what releases. */
#include "fdom_world.h"

#include <errno.h>
#include <string.h>

static struct fw_world w;

static void test_join_and_leave(void **state)
{
	fw_three(&w, FW_DEFAULTS);
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
	fw_three(&w, FW_DEFAULTS);
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

	fw_three(&w, FW_DEFAULTS);
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
	fw_three(&w, FW_DEFAULTS);
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
	fw_three(&w, FW_DEFAULTS);
	w.ring += 4;
	for (unsigned i = 1; i <= 3; i++) {
		const struct clu_ring ring = { 1, w.ring };

		assert_int_equal(clu_group_ring(w.n[i].g, &ring), 0);
	}
	assert_int_equal(fw_ask(&w, 2, "victim", 3, true), 0);
	fw_advance(&w, 10000);
	assert_null(fw_child(&w, 1, 3));
	fw_quorum(&w);
	fw_pump(&w);
	assert_non_null(fw_child(&w, 1, 3));
	fw_done(&w);
}

static void test_without_quorum_nobody_is_fenced(void **state)
{
	fw_three(&w, FW_DEFAULTS);
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
	fw_three(&w, FW_DEFAULTS);
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

	fw_three(&w, FW_DEFAULTS);
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
	fw_init(&w, 3, FW_DEFAULTS);
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
	fw_init(&w, 3, FW_DEFAULTS);
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

/* Whom the founder saw, but who is lost before corosync has said who is up now, is missing as well. */
static void test_founder_does_not_trust_old_news(void **state)
{
	fw_init(&w, 2, "post_join_delay='6'");
	w.votes_needed = 1;
	w.lax = true;
	fw_start(&w, 1);
	fw_start(&w, 2);
	w.no_quorum_event = true;
	fw_crash(&w, 2);
	fw_ask(&w, 1, "join", 0, true);
	w.no_quorum_event = false;
	fw_quorum(&w);
	fw_pump(&w);
	assert_int_equal(w.n[1].news->n_members, 1);
	assert_string_equal(fw_victim(&w, 1, 2)->reason, "startup");
	assert_false(w.n[1].news->complete);
	fw_done(&w);
}

/* A node that hung acts on old news of quorum: its own word comes back to it behind the news that the ring has changed. */
static void test_agent_waits_for_our_own_word(void **state)
{
	fw_three(&w, FW_DEFAULTS);
	w.no_quorum_event = true;
	fw_crash(&w, 3);
	fw_quorum(&w);
	assert_null(fw_child(&w, 1, 3));
	fw_crash(&w, 2);
	assert_null(fw_child(&w, 1, 3));
	assert_string_equal(fw_victim(&w, 1, 3)->state, "fencing");
	fw_quorum(&w);
	fw_pump(&w);
	assert_int_equal(fw_started(&w, 1, 3), 0);
	assert_string_equal(fw_victim(&w, 1, 3)->state, "waiting");
	w.no_quorum_event = false;
	fw_start(&w, 2);
	fw_advance(&w, 6000);
	assert_int_equal(fw_started(&w, 1, 3), 1);
	fw_done(&w);
}

/*
 * Where a node may be quorate alone its own word comes back at once, whatever has happened while it hung: it waits until it
 * has heard that a quorum disk has taken its votes away.
 */
static void alone_after_a_hang(const char *attrs, bool waits)
{
	fw_init(&w, 2, attrs);
	w.votes_needed = 1;
	w.lax = true;
	fw_all_join(&w);
	w.no_quorum_event = true;
	fw_crash(&w, 2);
	w.no_quorum_event = false;
	w.now_ms += 3000;
	fw_quorum(&w);
	fw_pump(&w);
	assert_int_equal(fw_started(&w, 1, 2), waits ? 0 : 1);
	fw_advance(&w, 4999);
	assert_int_equal(fw_started(&w, 1, 2), waits ? 0 : 1);
	fw_advance(&w, 1);
	assert_int_equal(fw_started(&w, 1, 2), 1);
	fw_done(&w);
}

static void test_alone_after_a_hang(void **state)
{
	alone_after_a_hang("post_join_delay='6'/><quorumd label='q'", true);
	alone_after_a_hang("post_join_delay='6'/><cman two_node='1' expected_votes='1'", true);
	alone_after_a_hang("post_join_delay='6'/><cman two_node='0'", false);
}

/* The word itself may have waited while we hung. */
static void test_word_that_took_long_is_said_again(void **state)
{
	uint64_t token;

	fw_three(&w, FW_DEFAULTS);
	token = w.n[1].d->next_token;
	w.no_quorum_event = true;
	fw_crash(&w, 3);
	fw_quorum(&w);
	assert_int_equal(w.n[1].d->next_token, token + 1);
	w.now_ms += FDOM_HUNG_MS + 1;
	fw_pump(&w);
	assert_int_equal(w.n[1].d->next_token, token + 2);
	assert_int_equal(fw_started(&w, 1, 3), 1);
	fw_done(&w);
}

static void test_clean_start(void **state)
{
	fw_init(&w, 3, FW_DEFAULTS " clean_start='1'");
	fw_start(&w, 1);
	fw_start(&w, 2);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), 0);
	assert_null(fw_victim(&w, 1, 3));
	/* the option of the command line does the same */
	fw_done(&w);
	fw_init(&w, 3, FW_DEFAULTS);
	w.opt.clean_start = true;
	fw_start(&w, 1);
	assert_int_equal(fw_ask(&w, 1, "join", 0, true), 0);
	assert_null(fw_victim(&w, 1, 3));
	fw_done(&w);
}

static void test_post_fail_delay(void **state)
{
	fw_three(&w, "post_join_delay='6' post_fail_delay='20'");
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

	fw_three(&w, "post_fail_delay='-1'");
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
	fw_three(&w, FW_DEFAULTS);
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
	while (fw_child(&w, 1, 3))
		fw_child_end(&w, 1, 3, 1, "");
	assert_null(fw_victim(&w, 1, 3));
	assert_int_equal(fw_ask(&w, 3, "join", 0, true), 0);
	fw_done(&w);
}

static void test_dead_daemon_then_dead_node(void **state)
{
	fw_three(&w, FW_DEFAULTS);
	fw_kill_daemon(&w, 3);
	w.n[3].up = false;	/* killed by the cluster: only QUORUM tells */
	fw_change(&w);
	fw_start(&w, 3);
	/* The agent that runs may cut it off yet: only when it has failed nothing is waited for any more. */
	assert_non_null(fw_victim(&w, 1, 3));
	while (fw_child(&w, 1, 3))
		fw_child_end(&w, 1, 3, 1, "");
	assert_null(fw_victim(&w, 1, 3));
	assert_string_equal(fw_last(&w, 1, 3)->how, "member");
	fw_done(&w);
}

static void test_master_dies_mid_fence(void **state)
{
	fw_init(&w, 5, FW_DEFAULTS);
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
	fw_init(&w, 5, FW_DEFAULTS);
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

	fw_three(&w, FW_DEFAULTS);
	fw_crash(&w, 3);
	w.stubborn = true;
	w.now_ms = fdom_ops.deadline(w.n[1].d) + 600;	/* late, but nobody can have lost us yet */
	fw_event(&w, 1, &ev);
	assert_false(fw_child(&w, 1, 3)->killed);
	w.now_ms = fdom_ops.deadline(w.n[1].d) + 1500;
	fw_event(&w, 1, &ev);
	assert_true(fw_child(&w, 1, 3)->killed);
	fw_child_end(&w, 1, 3, 1, "");
	/* nothing has come of it: it is tried again */
	assert_int_equal(fw_started(&w, 1, 3), 2);
	assert_false(fw_child(&w, 1, 3)->killed);
	assert_int_equal(fw_victim(&w, 1, 3)->attempts, 0);
	fw_done(&w);
}

/* The member that leaves sees its agent's end first: the next master must not start one beside it. */
static void test_leave_waits_for_the_agents_end(void **state)
{
	fw_three(&w, FW_DEFAULTS);
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
		cmocka_unit_test(test_founder_does_not_trust_old_news),
		cmocka_unit_test(test_agent_waits_for_our_own_word),
		cmocka_unit_test(test_alone_after_a_hang),
		cmocka_unit_test(test_word_that_took_long_is_said_again),
		cmocka_unit_test(test_clean_start),
		cmocka_unit_test(test_post_fail_delay),
		cmocka_unit_test(test_unbounded_delay),
		cmocka_unit_test(test_dead_daemon_on_live_node),
		cmocka_unit_test(test_dead_daemon_then_dead_node),
		cmocka_unit_test(test_master_dies_mid_fence),
		cmocka_unit_test(test_master_leaves_mid_fence),
		cmocka_unit_test(test_hang_ends_our_agents),
		cmocka_unit_test(test_leave_waits_for_the_agents_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
