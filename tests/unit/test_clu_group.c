/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The group layer over a small transport that keeps CPG's promises and no more:
 * thousands of short histories of starts, crashes, splits and merges, each from
 * a seed, and after each one the question whether all members hold the same state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_group.h"

#define N 6
#define QUEUE 4096

struct packet {
	uint32_t from;
	uint8_t *data;
	size_t len;
};

struct node {
	uint32_t id;
	bool up;
	int side;
	struct clu_group *g;
	/* the test's core: a chain over all it was told */
	uint64_t chain, messages;
	unsigned members[N + 1], n_members, views;
	struct clu_ring view_ring;
	bool in, quorate;
	bool self_fresh;	/* as the last VIEW that took us in had it */
	uint64_t states;	/* STATE events */
	struct packet q[QUEUE];	/* sent, not yet delivered */
	unsigned q_head, q_tail;
};

struct world {
	struct node n[N + 1];
	uint64_t rng;
	uint64_t ring;
	bool small;
};

static uint64_t rnd(struct world *w)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return w->rng;
}

static uint64_t chain_add(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static void on_deliver(void *ctx, struct clu_event *ev)
{
	struct node *n = ctx;

	switch ((int)ev->type) {
	case CLU_EV_STATE:
		n->states++;
		if (ev->u.state.len == 0) {
			n->chain = n->messages = 0;
		} else {
			assert_int_equal(ev->u.state.len, 16 + 200000);
			memcpy(&n->chain, ev->u.state.data, 8);
			memcpy(&n->messages, (const char *)ev->u.state.data + 8, 8);
		}
		break;
	case CLU_EV_VIEW:
		n->views++;
		n->view_ring = ev->u.view.ring;
		n->n_members = ev->u.view.n_members;
		n->in = !ev->u.view.self_left;
		for (unsigned i = 0; i < ev->u.view.n_members; i++) {
			n->members[i] = ev->u.view.members[i].nodeid;
			n->chain = chain_add(n->chain, &ev->u.view.members[i].nodeid, 4);
		}
		for (unsigned i = 0; i < ev->u.view.n_joined; i++) {
			n->chain = chain_add(n->chain, &ev->u.view.joined[i].incarnation, 8);
			n->chain = chain_add(n->chain, &ev->u.view.joined[i].fresh, 1);
			if (ev->u.view.joined[i].nodeid == n->id)
				n->self_fresh = ev->u.view.joined[i].fresh;
		}
		n->chain = chain_add(n->chain, &ev->u.view.proto, 4);
		break;
	case CLU_EV_QUORUM:
		n->quorate = ev->u.quorum.quorate;
		break;
	case CLU_EV_MESSAGE:
		n->chain = chain_add(n->chain, ev->u.message.data, ev->u.message.len);
		n->messages++;
		break;
	default:
		fail();
	}
}

static void on_mcast(void *ctx, const void *data, size_t len)
{
	struct node *n = ctx;
	struct packet *p = &n->q[n->q_tail++ % QUEUE];

	assert_true(n->q_tail - n->q_head < QUEUE);
	p->from = n->id;
	p->data = malloc(len);
	p->len = len;
	memcpy(p->data, data, len);
}

static int on_snapshot(void *ctx, struct clu_buf *ret)
{
	struct node *n = ctx;

	clu_buf_append(ret, &n->chain, 8);
	clu_buf_append(ret, &n->messages, 8);
	/* Larger than one piece, so that views can cut it. */
	memset(clu_buf_grow(ret, 200000), 7, 200000);
	return 0;
}

static void on_refused(void *ctx, const char *why)
{
	(void)ctx;
	fail_msg("refused: %s", why);
}

static void deliver_one(struct world *w, struct node *from)
{
	struct packet p = from->q[from->q_head++ % QUEUE];

	for (unsigned i = 1; i <= N; i++)
		if (w->n[i].up && w->n[i].side == from->side)
			assert_int_equal(clu_group_receive(w->n[i].g, p.from, p.data, p.len), 0);
	free(p.data);
}

static void deliver_some(struct world *w, unsigned steps)
{
	for (unsigned s = 0; s < steps; s++) {
		struct node *from = &w->n[1 + rnd(w) % N];

		if (from->up && from->q_head != from->q_tail)
			deliver_one(w, from);
	}
}

static void deliver_all(struct world *w)
{
	bool any = true;

	for (unsigned long rounds = 0; any; rounds++) {
		any = false;
		assert_true(rounds < 100000);
		for (unsigned i = 1; i <= N; i++)
			if (w->n[i].up && w->n[i].q_head != w->n[i].q_tail) {
				any = true;
				deliver_one(w, &w->n[i]);
			}
	}
}

/* Tells every node of a side its members; `joined` as node i sees it: those of another side before. */
static void change(struct world *w, int side, const bool *joined, const bool *left, enum clu_left how)
{
	uint32_t members[N], j[N];
	struct clu_member_left l[N];
	struct clu_group_change c = { .members = members, .joined = j, .left = l };

	c.ring.seq = ++w->ring;
	for (unsigned i = 1; i <= N; i++) {
		if (w->n[i].up && w->n[i].side == side)
			members[c.n_members++] = i;
		if (joined && joined[i])
			j[c.n_joined++] = i;
		if (left && left[i])
			l[c.n_left++] = (struct clu_member_left){ i, how };
	}
	for (unsigned i = 1; i <= N; i++)
		if (w->n[i].up && w->n[i].side == side)
			assert_int_equal(clu_group_confchg(w->n[i].g, &c), 0);
}

static void start(struct world *w, unsigned i)
{
	struct node *n = &w->n[i];
	struct clu_group_host host = { on_deliver, on_mcast, on_snapshot, on_refused, n };
	bool joined[N + 1] = { false };

	n->id = i;
	n->up = true;
	n->side = 0;
	n->chain = n->messages = n->states = 0;
	n->in = false;
	n->g = clu_group_new(&host, i, rnd(w) | 1, 1, 3);
	joined[i] = true;
	change(w, n->side, joined, NULL, CLU_LEFT_NODE);
}

static void drop_node(struct world *w, unsigned i)
{
	struct node *n = &w->n[i];

	while (n->q_head != n->q_tail)
		free(n->q[n->q_head++ % QUEUE].data);
	n->g = clu_group_free(n->g);
	n->up = false;
}

static void crash(struct world *w, unsigned i)
{
	struct node *n = &w->n[i];
	bool left[N + 1] = { false };
	unsigned keep = (unsigned)(rnd(w) % (n->q_tail - n->q_head + 1));

	/* What some survivor has of it, all survivors get before the view. */
	while (keep--)
		deliver_one(w, n);
	drop_node(w, i);
	left[i] = true;
	change(w, n->side, NULL, left, rnd(w) & 1 ? CLU_LEFT_NODE : CLU_LEFT_PROCESS);
}

static void tell_quorum(struct world *w, unsigned i, bool quorate)
{
	struct clu_quorum q = { .quorate = quorate };

	q.ring.seq = w->ring;
	assert_int_equal(clu_group_quorum(w->n[i].g, &q), 0);
}

static void split(struct world *w)
{
	bool gone[N + 1] = { false }, stay[N + 1] = { false };

	for (unsigned i = 1; i <= N; i++) {
		bool away = rnd(w) & 1;

		if (w->n[i].side == 0 && away)
			w->n[i].side = 1;
		gone[i] = w->n[i].up && away;
		stay[i] = w->n[i].up && !away;
	}
	for (unsigned i = 1; i <= N; i++)
		if (w->n[i].up)
			tell_quorum(w, i, false);
	change(w, 0, NULL, gone, CLU_LEFT_NODE);
	change(w, 1, NULL, stay, CLU_LEFT_NODE);
	for (unsigned i = 1; i <= N; i++) {
		unsigned mates = 0;

		for (unsigned k = 1; k <= N; k++)
			mates += w->n[k].up && w->n[k].side == w->n[i].side;
		if (w->n[i].up)
			tell_quorum(w, i, mates > N / 2);
	}
}

static void merge(struct world *w)
{
	bool here[N + 1] = { false }, there[N + 1] = { false };

	for (unsigned i = 1; i <= N; i++) {
		here[i] = w->n[i].up && w->n[i].side == 0;
		there[i] = w->n[i].up && w->n[i].side == 1;
	}
	/* Each side gets the other as joined, one by one as the transport does, before any message. */
	for (unsigned i = 1; i <= N; i++) {
		uint32_t members[N], j;
		struct clu_group_change c = { .members = members, .joined = &j, .n_joined = 1 };
		const bool *other = here[i] ? there : here;

		if (!w->n[i].up)
			continue;
		for (unsigned k = 1; k <= N; k++)
			if (w->n[k].up && w->n[k].side == w->n[i].side)
				members[c.n_members++] = k;
		for (unsigned k = 1; k <= N; k++) {
			if (!other[k])
				continue;
			members[c.n_members++] = k;
			j = k;
			assert_int_equal(clu_group_confchg(w->n[i].g, &c), 0);
		}
	}
	for (unsigned i = 1; i <= N; i++)
		w->n[i].side = 0;
}

static bool is_split(const struct world *w)
{
	for (unsigned i = 1; i <= N; i++)
		if (w->n[i].up && w->n[i].side)
			return true;
	return false;
}

static void say(struct world *w, unsigned i)
{
	size_t len = rnd(w) % 8 == 0 ? 150000 : 20;
	uint8_t *data = malloc(len);

	for (size_t k = 0; k < len; k += 8)
		memcpy(data + k, &(uint64_t){ rnd(w) }, len - k < 8 ? len - k : 8);
	assert_int_equal(clu_group_send(w->n[i].g, data, len), 0);
	free(data);
}

static void check_agreement(struct world *w, uint64_t seed)
{
	struct node *first = NULL;

	for (unsigned i = 1; i <= N; i++) {
		struct node *n = &w->n[i];

		if (!n->up)
			continue;
		if (!clu_group_is_admitted(n->g)) {
			struct clu_buf b = CLU_BUF_INIT;

			for (unsigned k = 1; k <= N; k++)
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
	struct world *w = calloc(1, sizeof(*w));

	w->rng = seed * 0x9e3779b97f4a7c15u + 1;
	for (unsigned step = 0; step < 60; step++) {
		unsigned i = 1 + (unsigned)(rnd(w) % N);

		switch (rnd(w) % 8) {
		case 0:
			if (!w->n[i].up)
				start(w, i);
			break;
		case 1:
			if (w->n[i].up && rnd(w) % 2)
				crash(w, i);
			break;
		case 2:
			if (!is_split(w) && rnd(w) % 2)
				split(w);
			break;
		case 3:
			if (is_split(w))
				merge(w);
			break;
		case 4:
		case 5:
			if (w->n[i].up)
				say(w, i);
			break;
		default:
			deliver_some(w, (unsigned)(rnd(w) % 40));
		}
	}
	if (is_split(w))
		merge(w);
	deliver_all(w);
	check_agreement(w, seed);
	for (unsigned i = 1; i <= N; i++)
		if (w->n[i].up)
			drop_node(w, i);
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
	struct world *w = calloc(1, sizeof(*w));
	uint64_t winner;
	bool gone[N + 1] = { false }, stay[N + 1] = { false };

	(void)state;
	w->rng = 7;
	for (unsigned i = 1; i <= 5; i++)
		start(w, i);
	deliver_all(w);
	check_agreement(w, 0);
	/* 1 and 2 on the one side, 3, 4 and 5 on the other, which is quorate. */
	for (unsigned i = 1; i <= 5; i++) {
		w->n[i].side = i >= 3;
		gone[i] = i >= 3;
		stay[i] = i < 3;
	}
	change(w, 0, NULL, gone, CLU_LEFT_NODE);
	change(w, 1, NULL, stay, CLU_LEFT_NODE);
	for (unsigned i = 1; i <= 5; i++)
		tell_quorum(w, i, i >= 3);
	say(w, 1);
	say(w, 3);
	deliver_all(w);
	winner = w->n[3].messages;
	assert_true(w->n[1].chain != w->n[3].chain);
	merge(w);
	deliver_all(w);
	check_agreement(w, 0);
	assert_int_equal(w->n[1].messages, winner);
	assert_true(w->n[1].states >= 1);
	for (unsigned i = 1; i <= 5; i++)
		drop_node(w, i);
	free(w);
}

/* What a core says while it waits for another state means the one it had: nobody hears it, and it says it again or not. */
static void words_of_a_given_up_state_are_dropped(void **state)
{
	for (unsigned alone = 0; alone < 2; alone++) {
		struct world *w = calloc(1, sizeof(*w));
		bool gone[N + 1] = { false }, stay[N + 1] = { false };

		(void)state;
		w->rng = 19;
		for (unsigned i = 1; i <= 4; i++)
			start(w, i);
		deliver_all(w);
		for (unsigned i = 1; i <= 4; i++) {
			w->n[i].side = i >= 3;
			gone[i] = i >= 3;
			stay[i] = i < 3;
		}
		change(w, 0, NULL, gone, CLU_LEFT_NODE);
		change(w, 1, NULL, stay, CLU_LEFT_NODE);
		merge(w);
		while (clu_group_is_admitted(w->n[4].g))
			deliver_some(w, 1);
		say(w, 4);
		/* Also when those who had the other state are lost, and the rest begins anew. */
		for (unsigned i = 1; alone && i <= 2; i++)
			crash(w, i);
		deliver_all(w);
		assert_true(clu_group_is_admitted(w->n[4].g));
		check_agreement(w, 0);
		for (unsigned i = alone ? 3 : 1; i <= 4; i++) {
			assert_int_equal(w->n[i].messages, 0);
			drop_node(w, i);
		}
		free(w);
	}
}

/* A node was lost that had no process in the group: quorum of before counts no more, so the core hears of the ring. */
static void a_ring_that_lost_strangers_is_told(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct clu_ring ring = { 1, 0 };

	(void)state;
	w->rng = 17;
	for (unsigned i = 1; i <= 3; i++)
		start(w, i);
	deliver_all(w);
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
		drop_node(w, i);
	free(w);
}

/* A merge makes both sides quorate: the one that loses its state must not hear of it before it has lost it. */
static void quorum_waits_for_the_end_of_a_merge(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	bool gone[N + 1] = { false }, stay[N + 1] = { false };

	(void)state;
	w->rng = 11;
	for (unsigned i = 1; i <= 4; i++)
		start(w, i);
	deliver_all(w);
	for (unsigned i = 1; i <= 4; i++) {
		w->n[i].side = i >= 3;
		gone[i] = i >= 3;
		stay[i] = i < 3;
	}
	change(w, 0, NULL, gone, CLU_LEFT_NODE);
	change(w, 1, NULL, stay, CLU_LEFT_NODE);
	for (unsigned i = 1; i <= 4; i++)
		tell_quorum(w, i, false);
	deliver_all(w);
	merge(w);
	for (unsigned i = 1; i <= 4; i++) {
		tell_quorum(w, i, true);
		assert_false(w->n[i].quorate);
	}
	deliver_all(w);
	check_agreement(w, 0);
	for (unsigned i = 1; i <= 4; i++) {
		assert_true(w->n[i].quorate);
		assert_true(w->n[i].states == 0 || i >= 3);
		drop_node(w, i);
	}
	free(w);
}

/* What a newcomer's presence held back is old news when its node is lost: the quorum of the new ring counts. */
static void held_quorum_of_a_ring_that_is_gone_is_not_told(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	bool gone[N + 1] = { false };
	uint32_t members[] = { 1, 2, 3 }, three = 3;
	struct clu_group_change c = { .members = members, .n_members = 3, .joined = &three, .n_joined = 1 };

	(void)state;
	w->rng = 13;
	start(w, 1);
	start(w, 2);
	deliver_all(w);
	tell_quorum(w, 1, false);
	assert_false(w->n[1].quorate);
	assert_int_equal(clu_group_confchg(w->n[1].g, &c), 0);
	tell_quorum(w, 1, true);
	assert_false(w->n[1].quorate);
	gone[3] = true;
	change(w, 0, NULL, gone, CLU_LEFT_NODE);
	assert_false(w->n[1].quorate);
	tell_quorum(w, 1, true);
	assert_true(w->n[1].quorate);
	for (unsigned i = 1; i <= 2; i++)
		drop_node(w, i);
	free(w);
}

/*
 * A node that hung still believes in the quorum of before: it must not win over
 * the others who went on without it.
 */
static void a_node_that_hung_does_not_win_with_its_old_quorum(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	bool gone[N + 1] = { false }, stay[N + 1] = { false };

	(void)state;
	w->rng = 13;
	for (unsigned i = 1; i <= 3; i++)
		start(w, i);
	deliver_all(w);
	for (unsigned i = 1; i <= 3; i++)
		tell_quorum(w, i, true);
	/* Node 1 hangs: 2 and 3 go on, without quorum here; they say something that 1 does not hear. */
	for (unsigned i = 1; i <= 3; i++) {
		w->n[i].side = i >= 2;
		gone[i] = i >= 2;
		stay[i] = i == 1;
	}
	change(w, 1, NULL, stay, CLU_LEFT_NODE);
	tell_quorum(w, 2, false);
	tell_quorum(w, 3, false);
	say(w, 2);
	deliver_all(w);
	/* It wakes, and hears of the loss and of the return without quorum news in between. */
	change(w, 0, NULL, gone, CLU_LEFT_NODE);
	merge(w);
	deliver_all(w);
	check_agreement(w, 0);
	assert_int_equal(w->n[1].messages, 1);
	for (unsigned i = 1; i <= 3; i++)
		drop_node(w, i);
	free(w);
}

/*
 * A node gave up its state in a merge, and who had the other state died before it
 * was handed over: the node begins anew, but it is no newcomer.
 */
static void a_node_that_had_state_is_never_fresh_again(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	bool gone[N + 1] = { false }, stay[N + 1] = { false };

	(void)state;
	w->rng = 17;
	start(w, 1);
	start(w, 2);
	deliver_all(w);
	assert_true(w->n[1].self_fresh && w->n[2].self_fresh);
	gone[2] = stay[1] = true;
	w->n[2].side = 1;
	change(w, 0, NULL, gone, CLU_LEFT_NODE);
	change(w, 1, NULL, stay, CLU_LEFT_NODE);
	tell_quorum(w, 2, true);
	deliver_all(w);
	merge(w);
	for (unsigned k = 0; clu_group_is_admitted(w->n[1].g); k++) {
		assert_true(k < 1000);
		deliver_some(w, 1);
	}
	/* Node 2 dies with its snapshot undelivered. */
	drop_node(w, 2);
	change(w, 0, NULL, gone, CLU_LEFT_NODE);
	deliver_all(w);
	assert_true(clu_group_is_admitted(w->n[1].g));
	assert_int_equal(w->n[1].n_members, 1);
	assert_false(w->n[1].self_fresh);
	drop_node(w, 1);
	free(w);
}

/* What waits behind a large message has a bound, and who sends is told. */
static void what_waits_is_bounded(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t *big = calloc(1, CLU_GROUP_MSG_MAX);
	unsigned taken = 0, before = 0;
	int r = 0;

	(void)state;
	w->rng = 23;
	start(w, 1);
	/* Before it is admitted as well: all that waits goes out then. */
	while (before < 100 && (r = clu_group_send(w->n[1].g, big, CLU_GROUP_MSG_MAX)) == 0)
		before++;
	assert_int_equal(r, -ENOBUFS);
	assert_true(before >= 4 && before <= CLU_GROUP_WAIT_MAX / CLU_GROUP_MSG_MAX);
	deliver_all(w);
	assert_int_equal(w->n[1].messages, before);
	while (taken < 100 && (r = clu_group_send(w->n[1].g, big, CLU_GROUP_MSG_MAX)) == 0)
		taken++;
	assert_int_equal(r, -ENOBUFS);
	assert_true(taken >= 4 && taken <= CLU_GROUP_WAIT_MAX / CLU_GROUP_MSG_MAX + 1);
	deliver_all(w);
	assert_int_equal(w->n[1].messages, before + taken);
	assert_int_equal(clu_group_send(w->n[1].g, big, CLU_GROUP_MSG_MAX), 0);
	deliver_all(w);
	drop_node(w, 1);
	free(big);
	free(w);
}

static void malformed_frames_are_ignored(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t junk[64];

	(void)state;
	w->rng = 9;
	start(w, 1);
	start(w, 2);
	deliver_all(w);
	for (unsigned k = 0; k < 20000; k++) {
		size_t len = rnd(w) % sizeof(junk);

		for (size_t i = 0; i < len; i++)
			junk[i] = (uint8_t)rnd(w);
		assert_int_equal(clu_group_receive(w->n[1].g, 2, junk, len), 0);
	}
	assert_int_equal(clu_group_receive(w->n[1].g, 77, junk, 4), 0);
	assert_true(clu_group_is_admitted(w->n[1].g));
	drop_node(w, 1);
	drop_node(w, 2);
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
