/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quorum disk's format, times and core, one node at a time. What several nodes make of one disk is the
 * simulator's (tests/sim).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "clu_out.h"
#include "qdisk_conf.h"
#include "qdisk_core.h"

/* ---- format ---- */

static void test_blocks_come_back_as_they_were(void **state)
{
	struct qdisk_header h = { .magic = QDISK_MAGIC, .created_s = 1200000000, .host = "n1", .label = "a label",
		.block_bytes = 4096, .sector_bytes = 512 }, h2;
	struct qdisk_status s = { .writer = 3, .nodeid = 16, .view = 77, .time_s = 5, .state = QDISK_MASTER, .flags = 1,
		.score = 2, .max_score = 3, .average_us = 1234567, .last_us = 89, .incarnation = 0x123456789abcdef0, .msg = QDISK_MSG_BID,
		.seq = 4, .arg = 16, .mask = 0x8001, .master_mask = 0x8000, .ring_rep = 2, .ring_seq = 1ull << 40 }, s2;
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
	for (unsigned bit = 0; bit < 8 * 129; bit++) {
		block[bit / 8] ^= (unsigned char)(1u << bit % 8);
		bad += qdisk_status_unpack(block, sizeof(block), &got) != 0;
		block[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_int_equal(bad, 8 * 129);
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

static struct clu_conf *parse(const char *quorumd)
{
	struct clu_buf text = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	clu_buf_printf(&text, "<cluster name=\"a\" config_version=\"1\">%s<clusternodes><clusternode name=\"n1\" nodeid=\"1\"/>"
		"<clusternode name=\"n2\" nodeid=\"2\"/></clusternodes></cluster>", quorumd);
	if (clu_conf_parse(text.data, text.len, "t", &c, &errs) < 0)
		fail_msg("%s", clu_buf_text(&errs));
	clu_buf_free(&text);
	clu_buf_free(&errs);
	return c;
}

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
			c = parse(clu_buf_text(&b));
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

/* ---- one node ---- */

struct node {
	struct qdisk *q;
	struct clu_out *out;
	struct clu_conf *conf;
	uint64_t now_ms;
	unsigned char disk[(QDISK_NODES + 1) * QDISK_USED];
	bool frozen;		/* reads and writes are not answered */
	int fails;		/* negative errno of reads */
	bool cast, exited;
	int fatal;		/* its code, 0 none */
	unsigned runs, unregistered;
	uint32_t killed;
};

static void step(struct node *n, struct clu_event *ev);

static void said(struct node *n, uint32_t what, uint64_t id, int result, const void *data, size_t len)
{
	struct clu_event ev = { .type = CLU_EV_DEVICE };

	ev.u.device = (struct clu_device){ what, id, result, data, len };
	step(n, &ev);
}

static void ring(struct node *n, uint64_t seq, bool alone)
{
	struct qdisk_ring r = { .ring = { 1, seq }, .n = alone ? 1 : 2, .nodes = { 1, 2 } };

	said(n, QDISK_SAID_RING, 0, 0, &r, sizeof(r));
}

static void act(struct node *n, const struct clu_action *a)
{
	const struct qdisk_write *w = a->u.device.data;

	switch (a->u.device.what) {
	case QDISK_ASK_REGISTER:
		said(n, QDISK_SAID_REGISTERED, 0, 0, NULL, 0);
		ring(n, 4, false);
		break;
	case QDISK_ASK_UNREGISTER:
		n->unregistered++;
		n->cast = false;
		break;
	case QDISK_ASK_VOTE:
		n->cast = ((const struct qdisk_vote *)a->u.device.data)->cast;
		break;
	case QDISK_ASK_READ:
		if (!n->frozen)
			said(n, QDISK_SAID_READ, a->u.device.id, n->fails, n->fails ? "broken" : (const void *)n->disk,
				n->fails ? 7 : sizeof(n->disk));
		break;
	case QDISK_ASK_WRITE:
		for (unsigned i = 0; !n->frozen && i < a->u.device.len / sizeof(*w); i++)
			memcpy(n->disk + w[i].block * QDISK_USED, w[i].bytes, QDISK_USED);
		if (!n->frozen)
			said(n, QDISK_SAID_WRITTEN, a->u.device.id, 0, NULL, 0);
		break;
	default:
		break;
	}
}

static void step(struct node *n, struct clu_event *ev)
{
	struct clu_out *out = clu_out_new();

	ev->now_ms = n->now_ms;
	ev->wall_us = n->now_ms * 1000;
	assert_int_equal(qdisk_ops.step(n->q, ev, out), 0);
	for (unsigned i = 0; i < clu_out_count(out); i++) {
		const struct clu_action *a = clu_out_get(out, i);

		if (a->type == CLU_ACT_DEVICE)
			act(n, a);
		else if (a->type == CLU_ACT_FATAL)
			n->fatal = a->u.fatal.code;
		else if (a->type == CLU_ACT_EXIT)
			n->exited = true;
		else if (a->type == CLU_ACT_RUN)
			n->runs++;
		else if (a->type == CLU_ACT_KILL_NODE)
			n->killed = a->u.node.nodeid;
	}
	clu_out_free(out);
}

/* Its timers, up to then. */
static void advance(struct node *n, uint64_t ms)
{
	uint64_t until = n->now_ms + ms;

	while (qdisk_ops.deadline(n->q) <= until) {
		struct clu_event ev = { .type = CLU_EV_TIMER };

		if (qdisk_ops.deadline(n->q) > n->now_ms)
			n->now_ms = qdisk_ops.deadline(n->q);
		step(n, &ev);
	}
	n->now_ms = until;
}

static void give_conf(struct node *n, const char *quorumd)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };

	clu_conf_unref(n->conf);
	n->conf = parse(quorumd);
	ev.u.config.conf = n->conf;
	step(n, &ev);
}

static struct node *start(const char *quorumd)
{
	struct clu_event ev = { .type = CLU_EV_START };
	struct node *n = calloc(1, sizeof(*n));

	n->now_ms = 1000;
	n->q = qdisk_new();
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		const struct qdisk_status s = { .nodeid = id };

		qdisk_status_pack(&s, n->disk + id * QDISK_USED, QDISK_USED);
	}
	ev.u.start.nodeid = 1;
	ev.u.start.node_name = "n1";
	ev.u.start.incarnation = 77;
	step(n, &ev);
	give_conf(n, quorumd);
	return n;
}

static void end(struct node *n)
{
	qdisk_free(n->q);
	clu_conf_unref(n->conf);
	free(n);
}

static struct qdisk_status block(const struct node *n, uint32_t id)
{
	struct qdisk_status s;

	assert_int_equal(qdisk_status_unpack(n->disk + id * QDISK_USED, QDISK_USED, &s), 0);
	return s;
}

static void put_block(struct node *n, const struct qdisk_status *s)
{
	qdisk_status_pack(s, n->disk + s->nodeid * QDISK_USED, QDISK_USED);
}

#define PLAIN "<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\"/>"

static void test_alone_it_becomes_master_and_votes(void **state)
{
	struct node *n = start(PLAIN);

	advance(n, 2000);
	assert_int_equal(block(n, 1).state, QDISK_INIT);
	assert_false(n->cast);
	advance(n, 4000);
	assert_int_equal(block(n, 1).state, QDISK_MASTER);
	assert_true(n->cast);
	assert_int_equal(block(n, 1).ring_seq, 4);
	end(n);
}

static void test_a_block_of_long_ago_is_waited_for_and_not_evicted(void **state)
{
	struct node *n = start(PLAIN);
	const struct qdisk_status old = { .writer = 2, .nodeid = 2, .view = 9, .state = QDISK_MASTER, .incarnation = 5 };

	put_block(n, &old);
	advance(n, 3900);
	assert_false(n->cast);
	advance(n, 4000);
	assert_true(n->cast);
	assert_int_equal(block(n, 2).state, QDISK_MASTER);
	assert_int_equal(n->killed, 0);
	end(n);
}

static void test_votes_end_when_the_disk_hangs(void **state)
{
	struct node *n = start(PLAIN);

	advance(n, 8000);
	assert_true(n->cast);
	n->frozen = true;
	advance(n, 4000 - 1000);
	assert_false(n->cast);
	assert_int_equal(n->fatal, 0);
	end(n);
}

static void test_io_timeout_resets(void **state)
{
	struct node *n = start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" io_timeout=\"1\"/>");

	advance(n, 8000);
	n->fails = -EIO;
	advance(n, 5100);
	assert_int_equal(n->fatal, CLU_FATAL_RESET);
	end(n);
}

static void test_too_many_errors_end_it(void **state)
{
	struct node *n = start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\" max_error_cycles=\"6\"/>");

	advance(n, 8000);
	n->fails = -EIO;
	advance(n, 4000);
	assert_int_equal(n->fatal, 0);
	advance(n, 4000);
	assert_int_equal(n->fatal, 1);
	assert_int_equal(n->unregistered, 1);
	end(n);
}

static void test_evicted_it_resets_the_machine(void **state)
{
	struct node *n = start(PLAIN);
	struct qdisk_status s;

	advance(n, 8000);
	s = block(n, 1);
	s.writer = 2;
	s.state = QDISK_EVICTED;
	s.view++;
	put_block(n, &s);
	advance(n, 1100);
	assert_int_equal(n->fatal, CLU_FATAL_RESET);
	end(n);
}

static void test_two_with_one_nodeid_are_noticed(void **state)
{
	struct node *n = start(PLAIN);
	struct qdisk_status s;

	advance(n, 8000);
	s = block(n, 1);
	s.incarnation++;
	put_block(n, &s);
	advance(n, 1100);
	assert_int_equal(n->fatal, 1);
	end(n);
}

/* It says so before it ends; what was cast is taken back at once. */
static void test_it_leaves_in_order(void **state)
{
	struct node *n = start(PLAIN);
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	advance(n, 8000);
	step(n, &ev);
	assert_false(n->cast);
	assert_int_equal(n->unregistered, 1);
	advance(n, 6000);
	assert_true(n->exited);
	assert_int_equal(block(n, 1).state, QDISK_NONE);
	end(n);
}

static void test_configuration_that_goes_ends_it(void **state)
{
	struct node *n = start(PLAIN);

	advance(n, 8000);
	give_conf(n, "");
	advance(n, 6000);
	assert_true(n->exited);
	end(n);
	n = start("");
	assert_int_equal(n->fatal, 1);
	end(n);
	n = start("<quorumd label=\"q\" votes=\"0\"/>");
	assert_int_equal(n->fatal, 1);
	end(n);
}

static void test_heuristics_run_and_count(void **state)
{
	struct node *n = start("<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\">"
		"<heuristic program=\"x\" interval=\"1\" tko=\"2\"/></quorumd>");
	struct clu_event ev = { .type = CLU_EV_CHILD };

	assert_int_equal(n->runs, 1);
	ev.u.child.id = 1;
	ev.u.child.tail = "";
	step(n, &ev);
	advance(n, 900);
	assert_int_equal(n->runs, 1);
	advance(n, 200);
	assert_int_equal(n->runs, 2);
	ev.u.child.id = 2;
	ev.u.child.exit_code = 1;
	step(n, &ev);
	/* One failure is none yet. */
	advance(n, 900);
	assert_int_equal(block(n, 1).score, 1);
	ev.u.child.id = 3;
	step(n, &ev);
	advance(n, 5000);
	assert_int_equal(block(n, 1).score, 0);
	assert_int_equal(block(n, 1).state, QDISK_NONE);
	assert_false(n->cast);
	assert_int_equal(n->fatal, 0);	/* at the start it only waits */
	end(n);
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
		cmocka_unit_test(test_votes_end_when_the_disk_hangs),
		cmocka_unit_test(test_io_timeout_resets),
		cmocka_unit_test(test_too_many_errors_end_it),
		cmocka_unit_test(test_evicted_it_resets_the_machine),
		cmocka_unit_test(test_two_with_one_nodeid_are_noticed),
		cmocka_unit_test(test_it_leaves_in_order),
		cmocka_unit_test(test_configuration_that_goes_ends_it),
		cmocka_unit_test(test_heuristics_run_and_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
