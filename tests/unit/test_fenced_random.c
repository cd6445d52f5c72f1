/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long histories by chance: crashes, dead daemons, splits, merges, failing and
 * slow agents, operators. The world checks after every event that no partition
 * without quorum fences, that no two members fence one victim at once, that
 * nothing is called fenced without cause, and that all members agree. At the end,
 * with everything repaired, no victim is left.
 *
 *   test_fenced_random [SEED]     one history, with its notes
 */
#include "fdom_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HISTORIES 300
#define STEPS 60

static struct fw_world w;
static uint64_t rng;

static unsigned rnd(unsigned n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned)((rng >> 16) % n);
}

/* An operator who switches a machine off and says so, in either order of the two words. */
static void operator_acts(uint32_t id, uint32_t about)
{
	if (id == about || !w.n[id].daemon)
		return;
	if (rnd(2)) {
		fw_crash(&w, about);
		fw_ask(&w, id, rnd(2) ? "ack" : "external", about, true);
	} else {
		fw_ask(&w, id, "external", about, true);
		fw_crash(&w, about);
	}
}

static void one_step(void)
{
	uint32_t id = 1 + rnd(w.count);
	struct fw_node *n = &w.n[id];

	switch (rnd(14)) {
	case 0:
		if (n->up)
			fw_crash(&w, id);
		break;
	case 1:
	case 2:
		if (!n->up) {
			fw_start(&w, id);
			if (n->daemon)	/* an agent that ran already may cut it off again */
				fw_ask(&w, id, "join", 0, true);
		}
		break;
	case 3:
		if (n->daemon)
			fw_kill_daemon(&w, id);
		break;
	case 4:
		if (n->up && !n->daemon)
			fw_start_daemon(&w, id);
		break;
	case 5:
		/* A side may lose members and meet others in one change. */
		for (unsigned i = 1; i <= w.count; i++)
			fw_side(&w, i, (int)rnd(2));
		fw_change(&w);
		break;
	case 6:
	case 7:
		for (unsigned i = 1; i <= w.count; i++)
			fw_side(&w, i, 0);
		fw_change(&w);
		break;
	case 8:
		w.agent = (enum fw_agent)rnd(3);
		fw_pump(&w);
		break;
	case 9:
		if (n->daemon)
			fw_ask(&w, id, rnd(2) ? "join" : "leave", 0, true);
		break;
	case 10:
		if (n->daemon)
			fw_ask(&w, id, "victim", 1 + rnd(w.count), true);
		break;
	case 11:
		operator_acts(id, 1 + rnd(w.count));
		break;
	default:
		fw_advance(&w, rnd(8000));
		break;
	}
}

static void settle(void)
{
	w.agent = FW_OK;
	for (unsigned i = 1; i <= w.count; i++)
		fw_side(&w, i, 0);
	fw_change(&w);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 1; i <= w.count; i++) {
			/* what a power cycle does to a node that was fenced while it ran */
			if (w.n[i].up && round && w.n[i].daemon && fw_victim(&w, i, i))
				fw_crash(&w, i);
			if (w.n[i].up && !w.n[i].daemon)
				fw_crash(&w, i);
			if (!w.n[i].up)
				fw_start(&w, i);
			if (w.n[i].daemon)
				fw_ask(&w, i, "join", 0, true);
		}
		fw_advance(&w, 60000);
	}
	for (unsigned i = 1; i <= w.count; i++) {
		fw_ask(&w, i, "info", 0, false);
		assert_int_equal(w.n[i].news->n_victims, 0);
	}
}

static void history(uint64_t number)
{
	rng = number * 0x9e3779b97f4a7c15u + 1;
	fw_init(&w, 3 + rnd(3), rnd(2) ? "post_join_delay='3'" : "post_join_delay='0' post_fail_delay='1'");
	w.power = true;
	fw_all_join(&w);
	for (unsigned i = 0; i < STEPS; i++) {
		one_step();
		for (unsigned j = 1; j <= w.count; j++)	/* the log of children is finite */
			if (w.n[j].n_child > FW_CHILDREN - 60)
				i = STEPS;
	}
	settle();
	fw_done(&w);
}

static uint64_t only, seed;

static void test_histories(void **state)
{
	if (only) {
		history(only);
		return;
	}
	for (seed = 1; seed <= HISTORIES; seed++)
		history(seed);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_histories) };
	int r;

	only = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	if (r && !only)
		fprintf(stderr, "failed in history %llu: test_fenced_random %llu shows it\n",
			(unsigned long long)seed, (unsigned long long)seed);
	if (only)
		for (unsigned i = 1; i <= w.count; i++)
			fprintf(stderr, "== n%u\n%s", i, w.n[i].notes);
	return r;
}
