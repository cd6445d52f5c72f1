/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Agreement of ccsd, scenario by scenario. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd_world.h"

static void an_update_reaches_all(void **state)
{
	cw_start_three();
	cw_update(2, "2 alpha 0 second");
	assert_int_equal(W->answered, 0);
	cw_settle();
	assert_int_equal(W->answered, 1);
	assert_int_equal(W->error, 0);
	assert_int_equal(W->version, 2);
	cw_all_have(2, "2 alpha 0 second");
	assert_int_equal(W->n[3].news, 2);
}

static void refusals_say_why(void **state)
{
	cw_start_three();
	cw_update(1, "1 alpha 0 same number");
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "config_version 1 is not newer than 1"));
	cw_update(1, "2 beta 0 other name");
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "\"beta\""));
	cw_update(1, "2 alpha 9 faulty");
	assert_int_equal(W->error, -EINVAL);
	assert_string_equal(W->findings, "cluster.conf:1: faulty\n");
	cw_update(1, "2 alpha 8 change not allowed");
	assert_int_equal(W->error, -EINVAL);
	assert_string_equal(W->findings, "cluster.conf:1: 3 members\n");
	cw_update(1, "nonsense");
	assert_int_equal(W->error, -EBADMSG);
	cw_update(1, "");
	assert_int_equal(W->error, -EFBIG);
	cw_ask(1, "update", "2 alpha 0 x", false);
	assert_int_equal(W->error, -EACCES);
	cw_ask(1, "get", NULL, false);
	assert_int_equal(W->error, -EACCES);
	cw_ask(1, "dance", NULL, true);
	assert_int_equal(W->error, -EINVAL);
	cw_settle();
	assert_int_equal(W->answered, W->asked);
	cw_all_have(1, "1 alpha 0 first");
}

static void one_member_can_refuse(void **state)
{
	cw_start_three();
	cw_update(1, "2 alpha 3 not for three");
	cw_settle();
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "refused by node 3"));
	assert_string_equal(W->findings, "cluster.conf:1: faulty\n");
	cw_all_have(1, "1 alpha 0 first");
	/* What two nodes had accepted does not come back, also not after all start anew. */
	for (unsigned i = 1; i <= 3; i++)
		cw_crash(i);
	cw_start_three();
	cw_all_have(1, "1 alpha 0 first");
	cw_update(1, "2 alpha 0 better");
	cw_settle();
	assert_int_equal(W->error, 0);
	cw_all_have(2, "2 alpha 0 better");
}

static void without_quorum_nothing_changes(void **state)
{
	cw_start(1);
	cw_settle();
	cw_update(1, "2 alpha 0 alone");
	assert_int_equal(W->error, -EPERM);
	assert_non_null(strstr(W->why, "not quorate"));
	cw_ask(1, "get", NULL, true);
	assert_int_equal(W->error, 0);
	assert_string_equal(W->document.data, "1 alpha 0 first");
}

static void serves_before_corosync(void **state)
{
	struct node *n = &W->n[1];
	struct ccsd_cfg cfg = { .conf_path = "cluster.conf", .record_path = "record", .file = n->file.data,
		.file_len = n->file.len, .check = cw_check, .change = cw_change_check, .check_ctx = n };
	struct clu_event ev = { .type = CLU_EV_START };
	const char *why;

	n->id = 1;
	n->core = ccsd_core_new(&cfg, &why);
	n->up = true;
	cw_step(n, &ev);
	assert_int_equal(n->force_version, 1);
	cw_ask(1, "get", NULL, true);
	assert_int_equal(W->error, 0);
	assert_string_equal(W->document.data, "1 alpha 0 first");
	cw_update(1, "2 alpha 0 alone");
	assert_int_equal(W->error, -ENOTCONN);
}

static void a_returning_node_takes_the_newer(void **state)
{
	cw_start_three();
	cw_crash(3);
	cw_settle();
	cw_update(1, "2 alpha 0 second");
	cw_settle();
	assert_int_equal(W->error, 0);
	cw_start(3);
	cw_settle();
	cw_all_have(2, "2 alpha 0 second");
	assert_null(W->n[3].aside.data);
}

static void a_higher_unknown_file_is_kept_aside(void **state)
{
	W->by_hand = true;
	cw_start_three();
	cw_crash(3);
	cw_settle();
	cw_put_file(3, "9 alpha 0 by hand");
	cw_start(3);
	cw_settle();
	cw_all_have(1, "1 alpha 0 first");
	assert_string_equal(W->n[3].aside.data, "9 alpha 0 by hand");
	assert_string_equal(W->n[3].aside_path, "cluster.conf.unknown-v9");
}

/* It may have been agreed on by the other half of two nodes, and the node failed before it could write the file. */
static void what_stands_in_a_record_alone_is_kept_aside(void **state)
{
	static const char text[] = "9 alpha 0 agreed and not written";
	struct ccsd_doc *doc = ccsd_doc_new(text, strlen(text), 9, NULL);
	struct clu_buf b = CLU_BUF_INIT;

	W->by_hand = true;
	cw_start_three();
	cw_crash(3);
	cw_settle();
	assert_int_equal(ccsd_record_pack(1, doc, &b), 0);
	cw_set(&W->n[3].record, b.data, b.len);
	cw_start(3);
	cw_settle();
	cw_all_have(1, "1 alpha 0 first");
	assert_string_equal(W->n[3].aside.data, text);
	clu_buf_free(&b);
	ccsd_doc_unref(doc);
}

static void at_a_new_start_the_highest_file_wins(void **state)
{
	W->by_hand = true;
	cw_put_file(2, "7 alpha 0 edited");
	cw_clear(&W->n[3].file);
	cw_start_three();
	cw_all_have(7, "7 alpha 0 edited");
	assert_null(W->n[1].aside.data);
}

static void equal_numbers_are_made_one(void **state)
{
	W->by_hand = true;
	cw_put_file(2, "1 alpha 0 edited without a new number");
	cw_start_three();
	cw_all_have(1, "1 alpha 0 first");
	assert_string_equal(W->n[2].aside.data, "1 alpha 0 edited without a new number");
}

static void two_updates_race(void **state)
{
	cw_start_three();
	cw_update(1, "2 alpha 0 from one");
	cw_update(2, "2 alpha 0 from two");
	cw_settle();
	assert_int_equal(W->answered, 2);
	assert_true(W->n[1].force_version == 2);
	cw_all_have(2, W->n[1].file.data);
}

static void a_lost_member_is_not_waited_for(void **state)
{
	cw_start_three();
	cw_update(1, "2 alpha 0 second");
	cw_deliver_one(&W->n[1]);
	cw_finish_store(&W->n[1]);
	cw_finish_store(&W->n[2]);
	cw_crash(3);
	cw_settle();
	assert_int_equal(W->error, 0);
	assert_int_equal(W->answered, 1);
	cw_all_have(2, "2 alpha 0 second");
	cw_start(3);
	cw_settle();
	cw_all_have(2, "2 alpha 0 second");
}

static void a_joiner_takes_part_in_an_open_proposal(void **state)
{
	cw_start_three();
	cw_update(1, "2 alpha 4 second");
	cw_deliver_one(&W->n[1]);
	cw_start(4);
	cw_settle();
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "refused by node 4"));
	cw_all_have(1, "1 alpha 0 first");
}

static void a_silent_member_ends_in_a_reason(void **state)
{
	cw_start_three();
	cw_update(1, "2 alpha 0 second");
	cw_deliver_one(&W->n[1]);
	W->n[2].store_fails = true;
	cw_settle();
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "cannot write the record"));
	W->n[2].store_fails = false;
	cw_pass_time(60000);
	cw_update(1, "2 alpha 0 second");
	cw_settle();
	assert_int_equal(W->error, 0);
	cw_all_have(2, "2 alpha 0 second");
}

static void a_hung_member_ends_in_a_reason(void **state)
{
	struct clu_event ev = { .type = CLU_EV_TIMER };

	cw_start_three();
	cw_update(1, "2 alpha 0 second");
	cw_deliver_one(&W->n[1]);
	cw_finish_store(&W->n[1]);
	cw_finish_store(&W->n[2]);
	/* Node 3 hangs: its write does not end. */
	while (W->n[1].q_head != W->n[1].q_tail)
		cw_deliver_one(&W->n[1]);
	while (W->n[2].q_head != W->n[2].q_tail)
		cw_deliver_one(&W->n[2]);
	assert_int_equal(ccsd_core_ops.deadline(W->n[1].core), W->now + CCSD_UPDATE_MS);
	W->now += CCSD_UPDATE_MS;
	cw_step(&W->n[1], &ev);
	cw_deliver_one(&W->n[1]);
	assert_int_equal(W->answered, 1);
	assert_int_equal(W->error, -ETIMEDOUT);
	assert_non_null(strstr(W->why, "node 3"));
	cw_settle();
	cw_all_have(1, "1 alpha 0 first");
}

static void a_cut_off_proposer_still_answers(void **state)
{
	struct clu_event ev = { .type = CLU_EV_PEER };

	cw_start_three();
	cw_update(1, "2 alpha 0 second");
	cw_deliver_one(&W->n[1]);
	ev.u.peer.kind = CLU_PEER_COROSYNC;
	cw_step(&W->n[1], &ev);
	assert_int_equal(W->answered, 1);
	assert_int_equal(W->error, -ECONNRESET);
}

static void the_minority_commits_nothing(void **state)
{
	const int away[N + 1] = { [3] = 1 };

	cw_start_three();
	cw_update(3, "2 alpha 0 from three");
	cw_split(away);
	cw_settle();
	cw_pass_time(20000);
	assert_int_equal(W->answered, 1);
	assert_int_equal(W->error, -ETIMEDOUT);
	assert_int_equal(W->n[3].force_version, 1);
	cw_update(1, "2 alpha 0 from one");
	cw_settle();
	assert_int_equal(W->error, 0);
	cw_merge();
	cw_settle();
	cw_all_have(2, "2 alpha 0 from one");
}

/* The proposer told its client, wrote its file and died; the others hold only the record. */
static void a_commit_seen_by_one_survives(void **state)
{
	const int away[N + 1] = { [3] = 1 };

	cw_start_three();
	cw_split(away);
	cw_settle();
	cw_update(1, "2 alpha 0 second");
	cw_deliver_one(&W->n[1]);
	cw_finish_store(&W->n[1]);
	cw_finish_store(&W->n[2]);
	cw_deliver_one(&W->n[2]);
	/* 1 alone sees the last status and commits. */
	assert_int_equal(clu_group_receive(W->n[1].g, 1, W->n[1].q[W->n[1].q_head % QUEUE].data,
		W->n[1].q[W->n[1].q_head % QUEUE].len), 0);
	cw_finish_store(&W->n[1]);
	assert_int_equal(W->error, 0);
	assert_int_equal(W->answered, 1);
	cw_drop_node(1);
	cw_drop_node(2);
	W->n[1].cs = W->n[2].cs = false;
	W->n[2].side = 0;
	assert_string_equal(W->n[2].file.data, "1 alpha 0 first");
	W->n[3].side = 0;
	cw_start(2);
	cw_settle();
	cw_all_have(2, "2 alpha 0 second");
}

static void a_clean_end(void **state)
{
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	cw_start_three();
	cw_step(&W->n[2], &ev);
	assert_int_equal(W->n[2].exits, 0);
	cw_pass_time(5000);
	assert_int_equal(W->n[2].exits, 1);
}

static void broken_bytes_are_ignored(void **state)
{
	struct clu_event ev = { .type = CLU_EV_MESSAGE };
	struct clu_event rq = { .type = CLU_EV_REQUEST };
	uint8_t junk[200];

	cw_start_three();
	for (unsigned k = 0; k < 2000; k++) {
		size_t len = cw_rnd() % sizeof(junk);

		for (size_t b = 0; b < len; b++)
			junk[b] = (uint8_t)cw_rnd();
		ev.u.message.from = 1 + (uint32_t)(cw_rnd() % 4);
		ev.u.message.data = junk;
		ev.u.message.len = len;
		cw_step(&W->n[2], &ev);
	}
	rq.u.request.data = "\xff\xff\xff";
	rq.u.request.len = 3;
	cw_step(&W->n[2], &rq);
	assert_int_equal(W->error, -EBADMSG);
	cw_settle();
	assert_int_equal(W->n[2].force_version, 1);
}

static void dump_tells_the_state(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	cw_start_three();
	ccsd_core_ops.dump(W->n[1].core, &b);
	assert_non_null(strstr(clu_buf_text(&b), "established 1 line kept"));
	assert_non_null(strstr(clu_buf_text(&b), "in-force version 1"));
	clu_buf_free(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, cw_new_world, cw_end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_update_reaches_all),
		T(refusals_say_why),
		T(one_member_can_refuse),
		T(without_quorum_nothing_changes),
		T(serves_before_corosync),
		T(a_returning_node_takes_the_newer),
		T(a_higher_unknown_file_is_kept_aside),
		T(what_stands_in_a_record_alone_is_kept_aside),
		T(at_a_new_start_the_highest_file_wins),
		T(equal_numbers_are_made_one),
		T(two_updates_race),
		T(a_lost_member_is_not_waited_for),
		T(a_joiner_takes_part_in_an_open_proposal),
		T(a_silent_member_ends_in_a_reason),
		T(a_hung_member_ends_in_a_reason),
		T(a_cut_off_proposer_still_answers),
		T(the_minority_commits_nothing),
		T(a_commit_seen_by_one_survives),
		T(a_clean_end),
		T(broken_bytes_are_ignored),
		T(dump_tells_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
