/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quorum disk's format, times and core, one node at a time. What several nodes make of one disk is the
 * simulator's (tests/sim).
 */
#include "qdisk_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qdisk_conf.h"

/* ---- format ---- */

static void test_blocks_come_back_as_they_were(void **state)
{
	struct qdisk_header h = { .magic = QDISK_MAGIC, .created_s = 1200000000, .host = "n1", .label = "a label",
		.block_bytes = 4096, .sector_bytes = 512 }, h2;
	struct qdisk_status s = { .writer = 3, .nodeid = 16, .view = 77, .time_s = 5, .state = QDISK_MASTER, .flags = 1,
		.score = 2, .max_score = 3, .average_us = 1234567, .last_us = 89, .incarnation = 0x123456789abcdef0, .msg = QDISK_MSG_BID,
		.seq = 4, .arg = 16, .mask = 0x8001, .master_mask = 0x8000, .ring_rep = 2, .ring_seq = 1ull << 40, .dead_ms = 12000 }, s2;
	unsigned char block[4096];

	memset(&h2, 0, sizeof(h2));
	memset(&s2, 0, sizeof(s2));
	qdisk_header_pack(&h, block, sizeof(block));
	assert_int_equal(qdisk_header_unpack(block, sizeof(block), &h2), 0);
	assert_int_equal(h2.created_s, h.created_s);
	assert_string_equal(h2.host, h.host);
	assert_string_equal(h2.label, h.label);
	assert_int_equal(h2.block_bytes, 4096);
	assert_int_equal(h2.sector_bytes, 512);
	assert_int_not_equal(qdisk_status_unpack(block, sizeof(block), &s2), 0);
	qdisk_status_pack(&s, block, sizeof(block));
	assert_int_equal(qdisk_status_unpack(block, sizeof(block), &s2), 0);
	assert_int_equal(s2.incarnation, s.incarnation);
	assert_int_equal(s2.ring_seq, s.ring_seq);
	assert_int_equal(s2.dead_ms, s.dead_ms);
	assert_int_equal(s2.average_us, s.average_us);
	assert_int_equal(s2.master_mask, s.master_mask);
	assert_int_equal(s2.view, s.view);
	memset(block, 0, sizeof(block));
	assert_int_equal(qdisk_status_unpack(block, sizeof(block), &s2), -ENOENT);
}

/* Any bit that is used makes the block worthless when it is wrong. */
static void test_a_wrong_bit_is_noticed(void **state)
{
	const struct qdisk_status s = { .writer = 1, .nodeid = 1, .state = QDISK_RUN };
	unsigned char block[QDISK_USED];
	struct qdisk_status got;
	unsigned bad = 0;

	qdisk_status_pack(&s, block, sizeof(block));
	for (unsigned bit = 0; bit < 8 * 133; bit++) {
		block[bit / 8] ^= (unsigned char)(1u << bit % 8);
		bad += qdisk_status_unpack(block, sizeof(block), &got) != 0;
		block[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_int_equal(bad, 8 * 133);
	assert_int_equal(qdisk_status_unpack(block, sizeof(block), &got), 0);
	assert_int_equal(qdisk_status_unpack(block, 100, &got), -EBADMSG);
}

static void test_labels(void **state)
{
	char text[QDISK_LABEL_MAX + 2];

	memset(text, 'x', sizeof(text));
	text[QDISK_LABEL_MAX + 1] = '\0';
	assert_false(qdisk_label_is_good(text));
	text[QDISK_LABEL_MAX] = '\0';
	assert_true(qdisk_label_is_good(text));
	assert_false(qdisk_label_is_good(""));
	assert_false(qdisk_label_is_good("a "));
	assert_false(qdisk_label_is_good("a\nb"));
}

/* ---- times ---- */

/* Whatever is configured: when a node is dead for others, its votes have ended, and a cycle in time keeps them. */
static void test_votes_end_before_a_node_is_dead(void **state)
{
	for (unsigned tko = 1; tko < 40; tko++)
		for (unsigned poll = 0; poll < 60000; poll += 700) {
			struct clu_buf b = CLU_BUF_INIT, errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
			struct qdisk_conf q;
			struct clu_conf *c;

			clu_buf_printf(&b, "<cman quorum_dev_poll=\"%u\"/><quorumd label=\"q\" interval=\"%u\" tko=\"%u\"/>", poll,
				1 + tko % 3, tko);
			c = qw_parse(clu_buf_text(&b));
			assert_int_equal(qdisk_conf_read(c, &q, &errs, &warns), 0);
			assert_true(q.lease_ms + q.device_timeout_ms < q.dead_ms);
			assert_true(q.lease_ms > q.interval_ms);
			assert_true(q.device_timeout_ms >= 500);
			assert_true(q.sync_timeout_ms > q.dead_ms + q.interval_ms);
			clu_conf_unref(c);
			clu_buf_free(&b);
			clu_buf_free(&errs);
			clu_buf_free(&warns);
		}
}

static void test_alone_it_becomes_master_and_votes(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);

	qw_advance(n, 2000);
	assert_int_equal(qw_block(n, 1).state, QDISK_INIT);
	assert_false(n->cast);
	qw_advance(n, 4000);
	assert_int_equal(qw_block(n, 1).state, QDISK_MASTER);
	assert_true(n->cast);
	assert_int_equal(qw_block(n, 1).ring_seq, 4);
	qw_end(n);
}

static void test_a_block_of_long_ago_is_waited_for_and_not_evicted(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);
	const struct qdisk_status old = { .writer = 2, .nodeid = 2, .view = 9, .state = QDISK_MASTER, .incarnation = 5 };

	qw_put_block(n, &old);
	qw_advance(n, 3900);
	assert_false(n->cast);
	qw_advance(n, 4000);
	assert_true(n->cast);
	assert_int_equal(qw_block(n, 2).state, QDISK_MASTER);
	assert_int_equal(n->killed, 0);
	qw_end(n);
}

/* Started with a longer time than ours it may vote for as long as that lets it. */
static void test_a_node_with_a_longer_time_is_waited_for(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);
	const struct qdisk_status slow = { .writer = 2, .nodeid = 2, .view = 9, .state = QDISK_MASTER, .incarnation = 5,
		.dead_ms = 12000 };

	qw_put_block(n, &slow);
	qw_advance(n, 11900);
	assert_false(n->cast);
	qw_advance(n, 4000);
	assert_true(n->cast);
	qw_end(n);
}

static void test_votes_end_when_the_disk_hangs(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);

	qw_advance(n, 8000);
	assert_true(n->cast);
	n->frozen = true;
	qw_advance(n, 4000 - 1000);
	assert_false(n->cast);
	assert_int_equal(n->fatal, 0);
	qw_end(n);
}

static void test_io_timeout_resets(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" io_timeout=\"1\"/>");

	qw_advance(n, 8000);
	n->fails = -EIO;
	qw_advance(n, 5100);
	assert_int_equal(n->fatal, CLU_FATAL_RESET);
	qw_end(n);
}

static void test_too_many_errors_end_it(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" max_error_cycles=\"6\"/>");

	qw_advance(n, 8000);
	n->fails = -EIO;
	qw_advance(n, 4000);
	assert_int_equal(n->fatal, 0);
	qw_advance(n, 4000);
	assert_int_equal(n->fatal, 1);
	assert_int_equal(n->unregistered, 1);
	qw_end(n);
}

static void test_evicted_it_resets_the_machine(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);
	struct qdisk_status s;

	qw_advance(n, 8000);
	s = qw_block(n, 1);
	s.writer = 2;
	s.state = QDISK_EVICTED;
	s.view++;
	qw_put_block(n, &s);
	qw_advance(n, 1100);
	assert_int_equal(n->fatal, CLU_FATAL_RESET);
	qw_end(n);
}

static void test_two_with_one_nodeid_are_noticed(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);
	struct qdisk_status s;

	qw_advance(n, 8000);
	s = qw_block(n, 1);
	s.incarnation++;
	qw_put_block(n, &s);
	qw_advance(n, 1100);
	assert_int_equal(n->fatal, 1);
	qw_end(n);
}

/* It says so before it ends; what was cast is taken back at once. */
static void test_it_leaves_in_order(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	qw_advance(n, 8000);
	qw_step(n, &ev);
	assert_false(n->cast);
	assert_int_equal(n->unregistered, 1);
	qw_advance(n, 6000);
	assert_true(n->exited);
	assert_int_equal(qw_block(n, 1).state, QDISK_NONE);
	qw_end(n);
}

static void test_configuration_that_goes_ends_it(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);

	qw_advance(n, 8000);
	qw_give_conf(n, "");
	qw_advance(n, 6000);
	assert_true(n->exited);
	qw_end(n);
	n = qw_start("");
	assert_int_equal(n->fatal, 1);
	qw_end(n);
	n = qw_start("<quorumd label=\"q\" votes=\"0\"/>");
	assert_int_equal(n->fatal, 1);
	qw_end(n);
}

static void test_heuristics_run_and_count(void **state)
{
	struct qw_node *n = qw_start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\">"
		"<heuristic program=\"x\" interval=\"1\" tko=\"2\"/></quorumd>");
	struct clu_event ev = { .type = CLU_EV_CHILD };

	assert_int_equal(n->runs, 1);
	ev.u.child.id = 1;
	ev.u.child.tail = "";
	qw_step(n, &ev);
	qw_advance(n, 900);
	assert_int_equal(n->runs, 1);
	qw_advance(n, 200);
	assert_int_equal(n->runs, 2);
	ev.u.child.id = 2;
	ev.u.child.exit_code = 1;
	qw_step(n, &ev);
	/* One failure is none yet. */
	qw_advance(n, 900);
	assert_int_equal(qw_block(n, 1).score, 1);
	ev.u.child.id = 3;
	qw_step(n, &ev);
	qw_advance(n, 5000);
	assert_int_equal(qw_block(n, 1).score, 0);
	assert_int_equal(qw_block(n, 1).state, QDISK_NONE);
	assert_false(n->cast);
	assert_int_equal(n->fatal, 0);	/* at the start it only waits */
	qw_end(n);
}

/* corosync refuses a vote for another reason than a newer ring. */
static void test_a_refused_vote_is_said(void **state)
{
	struct qw_node *n = qw_start(QW_PLAIN);

	qw_advance(n, 8000);
	n->notes[0] = '\0';
	qw_said(n, QDISK_SAID_VOTED, 0, -ESTALE, "old", 4);
	assert_string_equal(n->notes, "");
	qw_said(n, QDISK_SAID_VOTED, 0, -EIO, "corosync is busy", 17);
	assert_string_equal(n->notes, "corosync is busy\n");
	qw_end(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_come_back_as_they_were),
		cmocka_unit_test(test_a_wrong_bit_is_noticed),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_votes_end_before_a_node_is_dead),
		cmocka_unit_test(test_alone_it_becomes_master_and_votes),
		cmocka_unit_test(test_a_block_of_long_ago_is_waited_for_and_not_evicted),
		cmocka_unit_test(test_a_node_with_a_longer_time_is_waited_for),
		cmocka_unit_test(test_votes_end_when_the_disk_hangs),
		cmocka_unit_test(test_io_timeout_resets),
		cmocka_unit_test(test_too_many_errors_end_it),
		cmocka_unit_test(test_evicted_it_resets_the_machine),
		cmocka_unit_test(test_two_with_one_nodeid_are_noticed),
		cmocka_unit_test(test_it_leaves_in_order),
		cmocka_unit_test(test_configuration_that_goes_ends_it),
		cmocka_unit_test(test_heuristics_run_and_count),
		cmocka_unit_test(test_a_refused_vote_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
