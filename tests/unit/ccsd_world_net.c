/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sides of the network, time, and what operators do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "ccsd_world.h"

/* Quorum notices for a side: they come at some later moment, before or after the view they belong to. */
void cw_quorum_changed(int side)
{
	uint32_t nodes[N];
	unsigned n_nodes = 0;

	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].cs && W->n[i].side == side)
			nodes[n_nodes++] = i;
	for (unsigned i = 1; i <= N; i++) {
		struct node *n = &W->n[i];

		if (!n->up || n->side != side)
			continue;
		/* An older notice may still be waiting: it comes now, or never. */
		if (n->q_due && cw_rnd() % 2)
			cw_deliver_quorum(n);
		n->q_due = true;
		n->q_quorate = n_nodes > W->nodes / 2;
		n->q_n = n_nodes;
		memcpy(n->q_nodes, nodes, sizeof(nodes));
		n->q_ring = W->ring;
	}
}

void cw_change(int side, const bool *joined, const bool *left, enum clu_left how)
{
	uint32_t members[N], j[N];
	struct clu_member_left l[N];
	struct clu_group_change c = { .members = members, .joined = j, .left = l };

	c.ring.seq = ++W->ring;
	cw_quorum_changed(side);
	for (unsigned i = 1; i <= N; i++) {
		if (W->n[i].up && W->n[i].side == side)
			members[c.n_members++] = i;
		if (joined && joined[i])
			j[c.n_joined++] = i;
		if (left && left[i])
			l[c.n_left++] = (struct clu_member_left){ i, how };
	}
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].up && W->n[i].side == side)
			assert_int_equal(clu_group_confchg(W->n[i].g, &c), 0);
}

void cw_lose(unsigned i, enum clu_left how)
{
	struct node *n = &W->n[i];
	bool left[N + 1] = { false };
	unsigned keep = (unsigned)(cw_rnd() % (n->q_tail - n->q_head + 1));
	int side = n->side;

	while (keep--)
		cw_deliver_one(n);
	cw_drop_node(i);
	if (how == CLU_LEFT_NODE) {
		n->cs = false;
		n->side = 0;
	}
	left[i] = true;
	cw_change(side, NULL, left, how);
}

void cw_crash(unsigned i)
{
	cw_lose(i, CLU_LEFT_NODE);
}

/* Nodes of side 0 go to the sides given. */
void cw_split(const int *to)
{
	bool gone[3][N + 1] = { { false } };

	for (unsigned i = 1; i <= N; i++)
		for (int s = 0; s < 3; s++)
			gone[s][i] = W->n[i].up && to[i] != s;
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].cs)
			W->n[i].side = to[i];
	for (int s = 0; s < 3; s++)
		cw_change(s, NULL, gone[s], CLU_LEFT_NODE);
}

/* Side b comes to side a. */
void cw_merge_two(int a, int b)
{
	bool here[N + 1] = { false }, there[N + 1] = { false };

	W->ring++;
	for (unsigned i = 1; i <= N; i++) {
		here[i] = W->n[i].up && W->n[i].side == a;
		there[i] = W->n[i].up && W->n[i].side == b;
	}
	for (unsigned i = 1; i <= N; i++) {
		uint32_t members[N], j;
		struct clu_group_change c = { .members = members, .joined = &j, .n_joined = 1 };
		const bool *own = here[i] ? here : there, *other = here[i] ? there : here;

		if (!here[i] && !there[i])
			continue;
		c.ring.seq = W->ring;
		for (unsigned k = 1; k <= N; k++)
			if (own[k])
				members[c.n_members++] = k;
		for (unsigned k = 1; k <= N; k++) {
			if (!other[k])
				continue;
			members[c.n_members++] = k;
			j = k;
			assert_int_equal(clu_group_confchg(W->n[i].g, &c), 0);
		}
	}
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].side == b)
			W->n[i].side = a;
	cw_quorum_changed(a);
}

bool cw_is_split(void)
{
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].cs && W->n[i].side)
			return true;
	return false;
}

void cw_merge(void)
{
	cw_merge_two(0, 1);
	cw_merge_two(0, 2);
}

void cw_move_some(unsigned steps)
{
	for (unsigned s = 0; s < steps; s++) {
		struct node *n = &W->n[1 + cw_rnd() % N];

		if (!n->up)
			continue;
		switch (cw_rnd() % 4) {
		case 0:
			if (n->q_due)
				cw_deliver_quorum(n);
			break;
		case 1:
			if (n->store_busy)
				cw_finish_store(n);
			break;
		default:
			if (n->q_head != n->q_tail)
				cw_deliver_one(n);
		}
	}
}

/* Until nothing moves. Messages only: writes and quorum notices too unless they are held. */
void cw_settle(void)
{
	bool any = true;

	for (unsigned rounds = 0; any; rounds++) {
		any = false;
		assert_true(rounds < 100000);
		for (unsigned i = 1; i <= N; i++) {
			struct node *n = &W->n[i];

			while (n->up && n->q_head != n->q_tail) {
				any = true;
				cw_deliver_one(n);
			}
			if (n->up && n->store_busy) {
				any = true;
				cw_finish_store(n);
			}
			if (n->up && n->q_due) {
				any = true;
				cw_deliver_quorum(n);
			}
		}
	}
}

void cw_pass_time(uint64_t ms)
{
	uint64_t end = W->now + ms;

	for (;;) {
		uint64_t next = CLU_NEVER;

		for (unsigned i = 1; i <= N; i++)
			if (W->n[i].up && ccsd_core_ops.deadline(W->n[i].core) < next)
				next = ccsd_core_ops.deadline(W->n[i].core);
		if (next > end)
			break;
		if (next > W->now)
			W->now = next;
		for (unsigned i = 1; i <= N; i++) {
			struct clu_event ev = { .type = CLU_EV_TIMER };

			if (W->n[i].up && ccsd_core_ops.deadline(W->n[i].core) <= W->now)
				cw_step(&W->n[i], &ev);
		}
		cw_settle();
	}
	W->now = end;
}

void cw_ask(unsigned i, const char *verb, const char *text, bool admin)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	uint8_t buf[4096];

	q.verb = (char *)verb;
	q.who = (char *)"tester";
	q.force = true;
	if (text) {
		q.document.data = (uint8_t *)text;
		q.document.len = strlen(text);
	}
	ev.u.request.client = ++W->next_client;
	ev.u.request.admin = admin;
	ev.u.request.data = buf;
	ev.u.request.len = hawser__ccsd_request__pack(&q, buf);
	W->asked++;
	cw_step(&W->n[i], &ev);
}

void cw_update(unsigned i, const char *text)
{
	cw_ask(i, "update", text, true);
}

void cw_put_file(unsigned i, const char *text)
{
	cw_set(&W->n[i].file, text, strlen(text));
}

int cw_new_world(void **state)
{
	W = calloc(1, sizeof(*W));
	W->rng = 88172645463325252u;
	W->nodes = 3;
	W->now = 1000;
	for (unsigned i = 1; i <= N; i++)
		cw_put_file(i, "1 alpha 0 first");
	return 0;
}

int cw_end_world(void **state)
{
	for (unsigned i = 1; i <= N; i++) {
		if (W->n[i].up)
			cw_drop_node(i);
		cw_clear(&W->n[i].file);
		cw_clear(&W->n[i].record);
		cw_clear(&W->n[i].aside);
		for (unsigned k = 0; k < CCSD_HISTORY_MAX; k++)
			cw_clear(&W->n[i].kept[k]);
	}
	cw_clear(&W->document);
	free(W);
	return 0;
}

void cw_start_three(void)
{
	for (unsigned i = 1; i <= 3; i++)
		cw_start(i);
	cw_settle();
}

void cw_all_have(uint64_t version, const char *file)
{
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].up) {
			assert_int_equal(W->n[i].force_version, version);
			assert_string_equal(W->n[i].file.data, file);
		}
}
