/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operators and daemons at the fence domain: confirmations, requests, a master that is given up, an orderly end. */
#include "fdom_world.h"

#include <errno.h>
#include <string.h>

static struct fw_world w;

static void test_operator_ack(void **state)
{
	fw_three(&w, FW_DEFAULTS);
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
	fw_three(&w, FW_DEFAULTS);
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

	fw_three(&w, FW_DEFAULTS);
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
	fw_init(&w, 5, FW_DEFAULTS);
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
	fw_init(&w, 5, FW_DEFAULTS);
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
		while (fw_child(&w, 1, i))
			fw_child_end(&w, 1, i, 1, "");
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
	fw_init(&w, 2, FW_DEFAULTS);
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

	fw_three(&w, FW_DEFAULTS);
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

	fw_three(&w, FW_DEFAULTS);
	ev.u.peer.kind = CLU_PEER_COROSYNC;
	fw_event(&w, 1, &ev);
	assert_true(w.n[1].fatal);
	fw_done(&w);
}

static void test_join_without_config(void **state)
{
	struct clu_conf *conf;

	fw_init(&w, 3, FW_DEFAULTS);
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

	fw_init(&w, 3, FW_DEFAULTS);
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

/* Both joins are on their way when a node is lost, and have to be said again: one of them was never answered. */
static void test_two_joins_meet_a_loss(void **state)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	uint8_t bytes[64];

	fw_init(&w, 3, FW_DEFAULTS);
	for (uint32_t i = 1; i <= 3; i++)
		fw_start(&w, i);
	q.verb = (char *)"join";
	ev.u.request = (struct clu_request){ .client = 71, .admin = true, .data = bytes };
	ev.u.request.len = hawser__fenced_request__pack(&q, bytes);
	fw_event(&w, 1, &ev);
	ev.u.request.client = 72;
	fw_event(&w, 1, &ev);
	w.no_quorum_event = true;
	fw_crash(&w, 3);
	assert_int_equal(w.n[1].replied, 71);
	assert_int_equal(w.n[1].reply_error, -EAGAIN);
	w.no_quorum_event = false;
	fw_quorum(&w);
	fw_pump(&w);
	assert_int_equal(w.n[1].replied, 72);
	assert_int_equal(w.n[1].reply_error, 0);
	fw_done(&w);
}

static void test_bad_bytes(void **state)
{
	struct clu_event ev = { .type = CLU_EV_MESSAGE };
	struct clu_event rq = { .type = CLU_EV_REQUEST };
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;
	uint8_t bytes[64];

	fw_three(&w, FW_DEFAULTS);
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

	fw_three(&w, FW_DEFAULTS);
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
		cmocka_unit_test(test_two_joins_meet_a_loss),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_dump_tells_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
