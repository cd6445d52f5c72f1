/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The group layer over a small transport that keeps CPG's promises and no more:
 * thousands of short histories of starts, crashes, splits and merges, each from
 * a seed, and after each one the question whether all members hold the same state.
 */
#include "group_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void check_agreement(struct gw_world *w, uint64_t seed)
{
	struct gw_node *first = NULL;

	for (unsigned i = 1; i <= GW_NODES; i++) {
		struct gw_node *n = &w->n[i];

		if (!n->up)
			continue;
		if (!clu_group_is_admitted(n->g)) {
			struct clu_buf b = CLU_BUF_INIT;

			for (unsigned k = 1; k <= GW_NODES; k++)
				if (w->n[k].up)
					clu_group_dump(w->n[k].g, &b);
			fail_msg("seed %llu: node %u is not admitted\n%s", (unsigned long long)seed, i,
				clu_buf_text(&b));
		}
		if (!first)
			first = n;
		if (n->chain != first->chain || n->messages != first->messages)
			fail_msg("seed %llu: nodes %u and %u differ (%llu and %llu messages)",
				(unsigned long long)seed, first->id, i, (unsigned long long)first->messages,
				(unsigned long long)n->messages);
		assert_int_equal(n->n_members, first->n_members);
	}
}

static void one_history(uint64_t seed)
{
	struct gw_world *w = calloc(1, sizeof(*w));

	w->rng = seed * 0x9e3779b97f4a7c15u + 1;
	for (unsigned step = 0; step < 60; step++) {
		unsigned i = 1 + (unsigned)(gw_rnd(w) % GW_NODES);

		switch (gw_rnd(w) % 8) {
		case 0:
			if (!w->n[i].up)
				gw_start(w, i);
			break;
		case 1:
			if (w->n[i].up && gw_rnd(w) % 2)
				gw_crash(w, i);
			break;
		case 2:
			if (!gw_is_split(w) && gw_rnd(w) % 2)
				gw_split(w);
			break;
		case 3:
			if (gw_is_split(w))
				gw_merge(w);
			break;
		case 4:
		case 5:
			if (w->n[i].up)
				gw_say(w, i);
			break;
		default:
			gw_deliver_some(w, (unsigned)(gw_rnd(w) % 40));
		}
	}
	if (gw_is_split(w))
		gw_merge(w);
	gw_deliver_all(w);
	check_agreement(w, seed);
	for (unsigned i = 1; i <= GW_NODES; i++)
		if (w->n[i].up)
			gw_drop_node(w, i);
	free(w);
}

static void members_agree_after_any_history(void **state)
{
	const char *one = getenv("SEED");

	(void)state;
	if (one) {
		one_history(strtoull(one, NULL, 0));
		return;
	}
	for (uint64_t seed = 1; seed <= 1500; seed++)
		one_history(seed);
}

/* The side that was quorate keeps its state; the other gets it and is announced as not fresh. */
static void quorate_side_wins_a_merge(void **state)
{
	struct gw_world *w = calloc(1, sizeof(*w));
	uint64_t winner;
	bool gone[GW_NODES + 1] = { false }, stay[GW_NODES + 1] = { false };

	(void)state;
	w->rng = 7;
	for (unsigned i = 1; i <= 5; i++)
		gw_start(w, i);
	gw_deliver_all(w);
	check_agreement(w, 0);
	/* 1 and 2 on the one side, 3, 4 and 5 on the other, which is quorate. */
	for (unsigned i = 1; i <= 5; i++) {
		w->n[i].side = i >= 3;
		gone[i] = i >= 3;
		stay[i] = i < 3;
	}
	gw_change(w, 0, NULL, gone, CLU_LEFT_NODE);
	gw_change(w, 1, NULL, stay, CLU_LEFT_NODE);
	for (unsigned i = 1; i <= 5; i++)
		gw_tell_quorum(w, i, i >= 3);
	gw_say(w, 1);
	gw_say(w, 3);
	gw_deliver_all(w);
	winner = w->n[3].messages;
	assert_true(w->n[1].chain != w->n[3].chain);
	gw_merge(w);
	gw_deliver_all(w);
	check_agreement(w, 0);
	assert_int_equal(w->n[1].messages, winner);
	assert_true(w->n[1].states >= 1);
	for (unsigned i = 1; i <= 5; i++)
		gw_drop_node(w, i);
	free(w);
}

/* What a core says while it waits for another state means the one it had: nobody hears it, and it says it again or not. */
static void words_of_a_given_up_state_are_dropped(void **state)
{
	for (unsigned alone = 0; alone < 2; alone++) {
		struct gw_world *w = calloc(1, sizeof(*w));
		bool gone[GW_NODES + 1] = { false }, stay[GW_NODES + 1] = { false };

		(void)state;
		w->rng = 19;
		for (unsigned i = 1; i <= 4; i++)
			gw_start(w, i);
		gw_deliver_all(w);
		for (unsigned i = 1; i <= 4; i++) {
			w->n[i].side = i >= 3;
			gone[i] = i >= 3;
			stay[i] = i < 3;
		}
		gw_change(w, 0, NULL, gone, CLU_LEFT_NODE);
		gw_change(w, 1, NULL, stay, CLU_LEFT_NODE);
		gw_merge(w);
		while (clu_group_is_admitted(w->n[4].g))
			gw_deliver_some(w, 1);
		gw_say(w, 4);
		/* Also when those who had the other state are lost, and the rest begins anew. */
		for (unsigned i = 1; alone && i <= 2; i++)
			gw_crash(w, i);
		gw_deliver_all(w);
		assert_true(clu_group_is_admitted(w->n[4].g));
		check_agreement(w, 0);
		for (unsigned i = alone ? 3 : 1; i <= 4; i++) {
			assert_int_equal(w->n[i].messages, 0);
			gw_drop_node(w, i);
		}
		free(w);
	}
}

/* A node was lost that had no process in the group: quorum of before counts no more, so the core hears of the ring. */
static void a_ring_that_lost_strangers_is_told(void **state)
{
	struct gw_world *w = calloc(1, sizeof(*w));
	struct clu_ring ring = { 1, 0 };

	(void)state;
	w->rng = 17;
	for (unsigned i = 1; i <= 3; i++)
		gw_start(w, i);
	gw_deliver_all(w);
	ring.seq = w->n[1].view_ring.seq + 4;
	for (unsigned i = 1; i <= 3; i++) {
		unsigned views = w->n[i].views;

		assert_int_equal(clu_group_ring(w->n[i].g, &ring), 0);
		assert_int_equal(w->n[i].views, views + 1);
		assert_int_equal(w->n[i].view_ring.seq, ring.seq);
		assert_int_equal(w->n[i].n_members, 3);
		/* Once for each ring. */
		assert_int_equal(clu_group_ring(w->n[i].g, &ring), 0);
		assert_int_equal(w->n[i].views, views + 1);
	}
	check_agreement(w, 0);
	for (unsigned i = 1; i <= 3; i++)
		gw_drop_node(w, i);
	free(w);
}

/* A merge makes both sides quorate: the one that loses its state must not hear of it before it has lost it. */
static void quorum_waits_for_the_end_of_a_merge(void **state)
{
	struct gw_world *w = calloc(1, sizeof(*w));
	bool gone[GW_NODES + 1] = { false }, stay[GW_NODES + 1] = { false };

	(void)state;
	w->rng = 11;
	for (unsigned i = 1; i <= 4; i++)
		gw_start(w, i);
	gw_deliver_all(w);
	for (unsigned i = 1; i <= 4; i++) {
		w->n[i].side = i >= 3;
		gone[i] = i >= 3;
		stay[i] = i < 3;
	}
	gw_change(w, 0, NULL, gone, CLU_LEFT_NODE);
	gw_change(w, 1, NULL, stay, CLU_LEFT_NODE);
	for (unsigned i = 1; i <= 4; i++)
		gw_tell_quorum(w, i, false);
	gw_deliver_all(w);
	gw_merge(w);
	for (unsigned i = 1; i <= 4; i++) {
		gw_tell_quorum(w, i, true);
		assert_false(w->n[i].quorate);
	}
	gw_deliver_all(w);
	check_agreement(w, 0);
	for (unsigned i = 1; i <= 4; i++) {
		assert_true(w->n[i].quorate);
		assert_true(w->n[i].states == 0 || i >= 3);
		gw_drop_node(w, i);
	}
	free(w);
}

/* What a newcomer's presence held back is old news when its node is lost: the quorum of the new ring counts. */
static void held_quorum_of_a_ring_that_is_gone_is_not_told(void **state)
{
	struct gw_world *w = calloc(1, sizeof(*w));
	bool gone[GW_NODES + 1] = { false };
	uint32_t members[] = { 1, 2, 3 }, three = 3;
	struct clu_group_change c = { .members = members, .n_members = 3, .joined = &three, .n_joined = 1 };

	(void)state;
	w->rng = 13;
	gw_start(w, 1);
	gw_start(w, 2);
	gw_deliver_all(w);
	gw_tell_quorum(w, 1, false);
	assert_false(w->n[1].quorate);
	assert_int_equal(clu_group_confchg(w->n[1].g, &c), 0);
	gw_tell_quorum(w, 1, true);
	assert_false(w->n[1].quorate);
	gone[3] = true;
	gw_change(w, 0, NULL, gone, CLU_LEFT_NODE);
	assert_false(w->n[1].quorate);
	gw_tell_quorum(w, 1, true);
	assert_true(w->n[1].quorate);
	for (unsigned i = 1; i <= 2; i++)
		gw_drop_node(w, i);
	free(w);
}

/*
 * A node that hung still believes in the quorum of before: it must not win over
 * the others who went on without it.
 */
static void a_node_that_hung_does_not_win_with_its_old_quorum(void **state)
{
	struct gw_world *w = calloc(1, sizeof(*w));
	bool gone[GW_NODES + 1] = { false }, stay[GW_NODES + 1] = { false };

	(void)state;
	w->rng = 13;
	for (unsigned i = 1; i <= 3; i++)
		gw_start(w, i);
	gw_deliver_all(w);
	for (unsigned i = 1; i <= 3; i++)
		gw_tell_quorum(w, i, true);
	/* Node 1 hangs: 2 and 3 go on, without quorum here; they say something that 1 does not hear. */
	for (unsigned i = 1; i <= 3; i++) {
		w->n[i].side = i >= 2;
		gone[i] = i >= 2;
		stay[i] = i == 1;
	}
	gw_change(w, 1, NULL, stay, CLU_LEFT_NODE);
	gw_tell_quorum(w, 2, false);
	gw_tell_quorum(w, 3, false);
	gw_say(w, 2);
	gw_deliver_all(w);
	/* It wakes, and hears of the loss and of the return without quorum news in between. */
	gw_change(w, 0, NULL, gone, CLU_LEFT_NODE);
	gw_merge(w);
	gw_deliver_all(w);
	check_agreement(w, 0);
	assert_int_equal(w->n[1].messages, 1);
	for (unsigned i = 1; i <= 3; i++)
		gw_drop_node(w, i);
	free(w);
}

/*
 * A node gave up its state in a gw_merge, and who had the other state died before it
 * was handed over: the node begins anew, but it is no newcomer.
 */
static void a_node_that_had_state_is_never_fresh_again(void **state)
{
	struct gw_world *w = calloc(1, sizeof(*w));
	bool gone[GW_NODES + 1] = { false }, stay[GW_NODES + 1] = { false };

	(void)state;
	w->rng = 17;
	gw_start(w, 1);
	gw_start(w, 2);
	gw_deliver_all(w);
	assert_true(w->n[1].self_fresh && w->n[2].self_fresh);
	gone[2] = stay[1] = true;
	w->n[2].side = 1;
	gw_change(w, 0, NULL, gone, CLU_LEFT_NODE);
	gw_change(w, 1, NULL, stay, CLU_LEFT_NODE);
	gw_tell_quorum(w, 2, true);
	gw_deliver_all(w);
	gw_merge(w);
	for (unsigned k = 0; clu_group_is_admitted(w->n[1].g); k++) {
		assert_true(k < 1000);
		gw_deliver_some(w, 1);
	}
	/* Node 2 dies with its snapshot undelivered. */
	gw_drop_node(w, 2);
	gw_change(w, 0, NULL, gone, CLU_LEFT_NODE);
	gw_deliver_all(w);
	assert_true(clu_group_is_admitted(w->n[1].g));
	assert_int_equal(w->n[1].n_members, 1);
	assert_false(w->n[1].self_fresh);
	gw_drop_node(w, 1);
	free(w);
}

/* What waits behind a large message has a bound, and who sends is told. */
static void what_waits_is_bounded(void **state)
{
	struct gw_world *w = calloc(1, sizeof(*w));
	uint8_t *big = calloc(1, CLU_GROUP_MSG_MAX);
	unsigned taken = 0, before = 0;
	int r = 0;

	(void)state;
	w->rng = 23;
	gw_start(w, 1);
	/* Before it is admitted as well: all that waits goes out then. */
	while (before < 100 && (r = clu_group_send(w->n[1].g, big, CLU_GROUP_MSG_MAX)) == 0)
		before++;
	assert_int_equal(r, -ENOBUFS);
	assert_true(before >= 4 && before <= CLU_GROUP_WAIT_MAX / CLU_GROUP_MSG_MAX);
	gw_deliver_all(w);
	assert_int_equal(w->n[1].messages, before);
	while (taken < 100 && (r = clu_group_send(w->n[1].g, big, CLU_GROUP_MSG_MAX)) == 0)
		taken++;
	assert_int_equal(r, -ENOBUFS);
	assert_true(taken >= 4 && taken <= CLU_GROUP_WAIT_MAX / CLU_GROUP_MSG_MAX + 1);
	gw_deliver_all(w);
	assert_int_equal(w->n[1].messages, before + taken);
	assert_int_equal(clu_group_send(w->n[1].g, big, CLU_GROUP_MSG_MAX), 0);
	gw_deliver_all(w);
	gw_drop_node(w, 1);
	free(big);
	free(w);
}

static void malformed_frames_are_ignored(void **state)
{
	struct gw_world *w = calloc(1, sizeof(*w));
	uint8_t junk[64];

	(void)state;
	w->rng = 9;
	gw_start(w, 1);
	gw_start(w, 2);
	gw_deliver_all(w);
	for (unsigned k = 0; k < 20000; k++) {
		size_t len = gw_rnd(w) % sizeof(junk);

		for (size_t i = 0; i < len; i++)
			junk[i] = (uint8_t)gw_rnd(w);
		assert_int_equal(clu_group_receive(w->n[1].g, 2, junk, len), 0);
	}
	assert_int_equal(clu_group_receive(w->n[1].g, 77, junk, 4), 0);
	assert_true(clu_group_is_admitted(w->n[1].g));
	gw_drop_node(w, 1);
	gw_drop_node(w, 2);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_agree_after_any_history),
		cmocka_unit_test(quorate_side_wins_a_merge),
		cmocka_unit_test(words_of_a_given_up_state_are_dropped),
		cmocka_unit_test(a_ring_that_lost_strangers_is_told),
		cmocka_unit_test(quorum_waits_for_the_end_of_a_merge),
		cmocka_unit_test(held_quorum_of_a_ring_that_is_gone_is_not_told),
		cmocka_unit_test(a_node_that_hung_does_not_win_with_its_old_quorum),
		cmocka_unit_test(a_node_that_had_state_is_never_fresh_again),
		cmocka_unit_test(what_waits_is_bounded),
		cmocka_unit_test(malformed_frames_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
