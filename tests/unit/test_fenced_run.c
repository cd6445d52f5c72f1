/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The master's agents: order, several devices, failures, pauses, hand-over of devices. */
#include "fdom_world.h"

#include <stdio.h>
#include <string.h>

static struct fw_world w;

static void start(const char *fence_of_n3, const char *devices)
{
	struct clu_buf xml = CLU_BUF_INIT, errs = CLU_BUF_INIT;

	fw_init(&w, 3, "");
	if (fence_of_n3) {
		clu_conf_unref(w.conf);
		w.conf = NULL;
		clu_buf_printf(&xml, "<cluster name='t' config_version='1'><fence_daemon agent_timeout='7'/><clusternodes>"
			"<clusternode name='n1' nodeid='1'/><clusternode name='n2' nodeid='2'/>"
			"<clusternode name='n3' nodeid='3'>%s</clusternode></clusternodes><fencedevices>%s"
			"</fencedevices></cluster>", fence_of_n3, devices);
		assert_int_equal(clu_conf_parse(xml.data, xml.len, "test.conf", &w.conf, &errs), 0);
		clu_buf_free(&xml);
		clu_buf_free(&errs);
	}
	fw_all_join(&w);
}

static void test_second_method_after_the_first(void **state)
{
	start(NULL, NULL);
	fw_crash(&w, 3);
	assert_string_equal(fw_child(&w, 1, 3)->agent, "/agents/fence_one");
	fw_child_end(&w, 1, 3, 1, "login\nUnable to connect/login to fencing device\n");
	assert_string_equal(fw_child(&w, 1, 3)->agent, "/agents/fence_two");
	assert_string_equal(fw_victim(&w, 2, 3)->state, "fencing");
	fw_child_end(&w, 1, 3, 0, "");
	assert_string_equal(fw_last(&w, 2, 3)->agent, "fence_two");
	fw_done(&w);
}

static void test_failure_is_known_everywhere_and_retried(void **state)
{
	const Hawser__FencedVictim *v;

	start(NULL, NULL);
	w.agent = FW_FAIL;
	fw_crash(&w, 3);
	v = fw_victim(&w, 2, 3);
	assert_string_equal(v->state, "failed");
	assert_int_equal(v->attempts, 1);
	assert_int_equal(v->fencer, 1);
	assert_non_null(strstr(v->why, "n1 could not fence it"));
	assert_non_null(strstr(v->why, "refused"));
	assert_non_null(strstr(v->why, "fence_two"));
	assert_string_equal(v->remedy, "fence_ack_manual n3");
	assert_int_equal(fw_started(&w, 1, 3), 2);
	/* pauses of 1, 2, 4, 8, 16, 30, 30 s */
	for (unsigned i = 0, pause[] = { 1, 2, 4, 8, 16, 30, 30 }; i < 7; i++) {
		fw_advance(&w, pause[i] * 1000 - 1);
		assert_int_equal(fw_started(&w, 1, 3), 2 + 2 * i);
		fw_advance(&w, 1);
		assert_int_equal(fw_started(&w, 1, 3), 4 + 2 * i);
	}
	w.agent = FW_OK;
	fw_advance(&w, 30000);
	assert_null(fw_victim(&w, 2, 3));
	fw_done(&w);
}

static void test_new_master_does_not_wait_for_old_pauses(void **state)
{
	fw_init(&w, 5, "");
	fw_all_join(&w);
	w.agent = FW_FAIL;
	fw_crash(&w, 5);
	fw_advance(&w, 20000);
	assert_int_equal(fw_started(&w, 2, 5), 0);
	w.agent = FW_HANG;
	fw_crash(&w, 1);
	assert_non_null(fw_child(&w, 2, 5));
	fw_done(&w);
}

static void test_config_change_retries_at_once(void **state)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };

	start(NULL, NULL);
	w.agent = FW_FAIL;
	fw_crash(&w, 3);
	fw_advance(&w, 10000);
	w.agent = FW_HANG;
	assert_null(fw_child(&w, 1, 3));
	ev.u.config = (struct clu_config){ .conf = w.conf, .version = 2 };
	fw_event(&w, 1, &ev);
	fw_pump(&w);
	assert_non_null(fw_child(&w, 1, 3));
	fw_done(&w);
}

/* A new file between an attempt that could not even start and the delivery of its failure: one attempt, not two. */
static void test_config_change_before_the_failure_is_delivered(void **state)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };

	start("<fence/>", "");
	w.no_quorum_event = true;
	fw_crash(&w, 3);
	fw_quorum(&w);		/* START and FAIL are under way */
	ev.u.config = (struct clu_config){ .conf = w.conf, .version = 2 };
	fw_event(&w, 1, &ev);
	fw_pump(&w);
	assert_int_equal(fw_victim(&w, 1, 3)->attempts, 1);
	fw_done(&w);
}

static void test_every_device_must_succeed(void **state)
{
	start("<fence><method name='1'><device name='a' action='off'/><device name='b' action='off'/></method>"
		"<method name='2'><device name='c'/></method></fence>",
		"<fencedevice name='a' agent='fence_a'/><fencedevice name='b' agent='fence_b'/>"
		"<fencedevice name='c' agent='fence_c'/>");
	fw_crash(&w, 3);
	assert_string_equal(fw_child(&w, 1, 3)->agent, "/agents/fence_a");
	fw_child_end(&w, 1, 3, 0, "");
	assert_non_null(fw_victim(&w, 2, 3));
	assert_string_equal(fw_child(&w, 1, 3)->agent, "/agents/fence_b");
	fw_child_end(&w, 1, 3, 1, "");
	assert_string_equal(fw_child(&w, 1, 3)->agent, "/agents/fence_c");
	fw_child_end(&w, 1, 3, 1, "");
	assert_string_equal(fw_victim(&w, 2, 3)->state, "failed");
	fw_advance(&w, 1000);
	fw_child_end(&w, 1, 3, 0, "");
	fw_child_end(&w, 1, 3, 0, "");
	assert_string_equal(fw_last(&w, 2, 3)->agent, "fence_a+fence_b");
	fw_done(&w);
}

static void ring_lost_a_stranger(void)
{
	w.ring += 4;
	for (unsigned i = 1; i <= 2; i++) {
		const struct clu_ring ring = { 1, w.ring };

		assert_int_equal(clu_group_ring(w.n[i].g, &ring), 0);
	}
}

/* The ring changes while the first of two agents runs: the second waits until it is known who has quorum now. */
static void test_next_agent_needs_quorum_of_the_present_ring(void **state)
{
	for (unsigned lost = 0; lost < 2; lost++) {
		start(NULL, NULL);
		fw_crash(&w, 3);
		ring_lost_a_stranger();
		fw_child_end(&w, 1, 3, 1, "");
		assert_null(fw_child(&w, 1, 3));
		assert_string_equal(fw_victim(&w, 2, 3)->state, "fencing");
		if (lost)
			w.votes_needed = 3;
		fw_quorum(&w);
		fw_pump(&w);
		if (lost)
			assert_null(fw_child(&w, 1, 3));
		else
			assert_string_equal(fw_child(&w, 1, 3)->agent, "/agents/fence_two");
		assert_string_equal(fw_victim(&w, 2, 3)->state, lost ? "waiting" : "fencing");
		fw_done(&w);
	}
}

/* Two power supplies: off, off - that is the fencing -, then on, on, whose failure does no harm. */
static void test_all_off_then_all_on(void **state)
{
	start("<fence><method name='1'><device name='a' port='1'/><device name='b' port='2'/></method></fence>",
		"<fencedevice name='a' agent='fence_apc'/><fencedevice name='b' agent='fence_wti'/>");
	fw_crash(&w, 3);
	assert_non_null(strstr(fw_child(&w, 1, 3)->input, "port=1\nnodename=n3\nagent=fence_apc\naction=off\n"));
	fw_child_end(&w, 1, 3, 0, "");
	assert_non_null(strstr(fw_child(&w, 1, 3)->input, "agent=fence_wti\naction=off\n"));
	assert_non_null(fw_victim(&w, 2, 3));
	fw_child_end(&w, 1, 3, 0, "");
	assert_null(fw_victim(&w, 2, 3));
	assert_string_equal(fw_last(&w, 2, 3)->agent, "fence_apc+fence_wti");
	assert_non_null(strstr(fw_child(&w, 1, 3)->input, "agent=fence_apc\naction=on\n"));
	fw_child_end(&w, 1, 3, 1, "stuck");
	assert_non_null(strstr(fw_child(&w, 1, 3)->input, "agent=fence_wti\naction=on\n"));
	fw_child_end(&w, 1, 3, 0, "");
	assert_null(fw_child(&w, 1, 3));
	assert_true(fw_noted(&w, 1, "fdom.restore"));
	assert_null(fw_victim(&w, 2, 3));
	fw_done(&w);
}

static void test_what_cannot_be_run_is_said(void **state)
{
	start("<fence/>", "");
	fw_crash(&w, 3);
	assert_non_null(strstr(fw_victim(&w, 2, 3)->why, "no fence method is configured"));
	assert_string_equal(fw_victim(&w, 2, 3)->state, "failed");
	fw_done(&w);
	start("<fence><method name='x'/><method name='y'><device name='none'/></method><method name='z'>"
		"<device name='m'/></method></fence>", "<fencedevice name='m' agent='fence_missing'/>");
	fw_crash(&w, 3);
	assert_non_null(strstr(fw_victim(&w, 2, 3)->why, "method x: error no device"));
	assert_non_null(strstr(fw_victim(&w, 2, 3)->why, "error config device"));
	assert_non_null(strstr(fw_victim(&w, 2, 3)->why, "fence_missing: no such fence agent"));
	fw_done(&w);
}

static void test_timeout_and_signal(void **state)
{
	struct clu_event ev = { .type = CLU_EV_CHILD };

	start(NULL, NULL);
	fw_crash(&w, 3);
	ev.u.child = (struct clu_child_end){ .id = fw_child(&w, 1, 3)->id, .exit_code = -1, .term_signal = 9,
		.timed_out = true, .ran_ms = 60000, .tail = "still trying\n" };
	fw_child(&w, 1, 3)->alive = false;
	fw_event(&w, 1, &ev);
	fw_pump(&w);
	ev.u.child = (struct clu_child_end){ .id = fw_child(&w, 1, 3)->id, .exit_code = -1, .start_error = -13,
		.tail = "" };
	fw_child(&w, 1, 3)->alive = false;
	fw_event(&w, 1, &ev);
	fw_pump(&w);
	assert_non_null(strstr(fw_victim(&w, 2, 3)->why, "no answer within 60 s, ended: still trying"));
	assert_non_null(strstr(fw_victim(&w, 2, 3)->why, "could not be started"));
	fw_done(&w);
}

static void test_victims_side_by_side(void **state)
{
	fw_init(&w, 5, "");
	fw_all_join(&w);
	w.no_quorum_event = true;
	fw_crash(&w, 5);
	fw_crash(&w, 4);
	w.no_quorum_event = false;
	fw_quorum(&w);
	fw_pump(&w);
	assert_non_null(fw_child(&w, 1, 4));
	assert_non_null(fw_child(&w, 1, 5));
	fw_child_end(&w, 1, 5, 0, "");
	assert_non_null(fw_victim(&w, 2, 4));
	assert_null(fw_victim(&w, 2, 5));
	fw_done(&w);
}

/* All nodes hang on one device. */
static void start_on_one_device(void)
{
	struct clu_buf xml = CLU_BUF_INIT, errs = CLU_BUF_INIT;

	fw_init(&w, 5, "");
	clu_conf_unref(w.conf);
	clu_buf_printf(&xml, "<cluster name='t' config_version='1'><clusternodes>");
	for (unsigned i = 1; i <= 5; i++)
		clu_buf_printf(&xml, "<clusternode name='n%u' nodeid='%u'><fence><method name='1'><device name='pdu' "
			"port='%u'/></method></fence></clusternode>", i, i, i);
	clu_buf_printf(&xml, "</clusternodes><fencedevices><fencedevice name='pdu' agent='fence_apc'/></fencedevices>"
		"</cluster>");
	assert_int_equal(clu_conf_parse(xml.data, xml.len, "t", &w.conf, &errs), 0);
	clu_buf_free(&xml);
	clu_buf_free(&errs);
	fw_all_join(&w);
}

static void test_one_device_one_victim_at_a_time(void **state)
{
	start_on_one_device();
	fw_crash(&w, 5);
	fw_crash(&w, 4);
	assert_non_null(fw_child(&w, 1, 5));
	assert_null(fw_child(&w, 1, 4));
	assert_non_null(strstr(fw_victim(&w, 2, 4)->why, "n1 fences n5 first, with the same device"));
	fw_child_end(&w, 1, 5, 1, "");
	assert_non_null(fw_child(&w, 1, 4));
	fw_child_end(&w, 1, 4, 0, "");
	fw_advance(&w, 1000);
	assert_non_null(fw_child(&w, 1, 5));
	fw_done(&w);
}

/* Two that cannot be fenced do not take turns on it while a third never has its own. */
static void test_one_device_serves_who_was_tried_least(void **state)
{
	start_on_one_device();
	w.agent = FW_HANG;
	w.votes_needed = 2;
	w.no_quorum_event = true;
	fw_crash(&w, 3);
	fw_crash(&w, 4);
	fw_crash(&w, 5);
	w.no_quorum_event = false;
	fw_quorum(&w);
	fw_pump(&w);
	assert_non_null(fw_child(&w, 1, 3));
	/* Each try takes longer than the pause of the others: all are due when it ends. */
	fw_advance(&w, 30000);
	fw_child_end(&w, 1, 3, 1, "");
	assert_non_null(fw_child(&w, 1, 4));
	fw_advance(&w, 30000);
	fw_child_end(&w, 1, 4, 1, "");
	assert_non_null(fw_child(&w, 1, 5));
	fw_done(&w);
}

static void test_pauses_grow_and_stop_growing(void **state)
{
	assert_int_equal(fdom_retry_pause(1), 1000);
	assert_int_equal(fdom_retry_pause(5), 16000);
	assert_int_equal(fdom_retry_pause(6), 30000);
	assert_int_equal(fdom_retry_pause(4000000000u), 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_method_after_the_first),
		cmocka_unit_test(test_failure_is_known_everywhere_and_retried),
		cmocka_unit_test(test_new_master_does_not_wait_for_old_pauses),
		cmocka_unit_test(test_config_change_retries_at_once),
		cmocka_unit_test(test_config_change_before_the_failure_is_delivered),
		cmocka_unit_test(test_every_device_must_succeed),
		cmocka_unit_test(test_next_agent_needs_quorum_of_the_present_ring),
		cmocka_unit_test(test_all_off_then_all_on),
		cmocka_unit_test(test_what_cannot_be_run_is_said),
		cmocka_unit_test(test_timeout_and_signal),
		cmocka_unit_test(test_victims_side_by_side),
		cmocka_unit_test(test_one_device_one_victim_at_a_time),
		cmocka_unit_test(test_one_device_serves_who_was_tried_least),
		cmocka_unit_test(test_pauses_grow_and_stop_growing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
