/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thousands of random histories of ccsd with crashes, splits, merges and lost writes,
 * after which promise S5 is asked for: no version has two contents, and nothing that
 * was in force anywhere is lost.
 */
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

static void one_history(uint64_t seed)
{
	uint64_t next = 1;

	W->rng = seed * 0x9e3779b97f4a7c15u + 1;
	W->nodes = 3 + 2 * (unsigned)(seed % 2);
	for (unsigned s = 0; s < 120; s++) {
		unsigned i = 1 + (unsigned)(cw_rnd() % W->nodes);
		int to[N + 1] = { 0 };
		char text[64];

		switch (cw_rnd() % 10) {
		case 0:
		case 1:
			if (!W->n[i].up)
				cw_start(i);
			break;
		case 2:
			if (W->n[i].up && cw_rnd() % 2)
				cw_lose(i, cw_rnd() % 2 ? CLU_LEFT_NODE : CLU_LEFT_PROCESS);
			break;
		case 3:
			if (!cw_is_split() && cw_rnd() % 2) {
				for (unsigned k = 1; k <= W->nodes; k++)
					to[k] = (int)(cw_rnd() % 3);
				cw_split(to);
			}
			break;
		case 4:
			/* 0 and 1, 0 and 2, 1 and 2 */
			if (cw_is_split()) {
				int pair = (int)(cw_rnd() % 3);

				cw_merge_two(pair / 2, pair == 0 ? 1 : 2);
			}
			break;
		case 9:
			/* The rest of a node dies whose ccsd is dead already. */
			if (!W->n[i].up && W->n[i].cs) {
				int side = W->n[i].side;

				W->n[i].cs = false;
				W->n[i].side = 0;
				W->ring++;
				cw_quorum_changed(side);
			}
			break;
		case 5:
			if (W->n[i].up) {
				snprintf(text, sizeof(text), "%llu alpha %u %llu", (unsigned long long)(1 + W->n[i].force_version +
					cw_rnd() % 2), cw_rnd() % 5 ? 0 : (unsigned)(1 + cw_rnd() % W->nodes), (unsigned long long)++next);
				cw_update(i, text);
			}
			break;
		case 6:
			if (cw_rnd() % 4 == 0)
				cw_settle();
			break;
		default:
			cw_move_some((unsigned)(cw_rnd() % 60));
		}
	}
	if (cw_is_split())
		cw_merge();
	cw_settle();
	for (unsigned i = 1; i <= W->nodes; i++)
		if (!W->n[i].up)
			cw_start(i);
	cw_settle();
	cw_pass_time(60000);
	cw_settle();
	for (unsigned i = 1; i <= W->nodes; i++) {
		const struct node *n = &W->n[i];
		char dump[4096] = "";
		struct clu_buf b = CLU_BUF_INIT;

		ccsd_core_ops.dump(n->core, &b);
		snprintf(dump, sizeof(dump), "%s", clu_buf_text(&b));
		clu_buf_free(&b);
		if (n->force_version < W->max_force || n->force_version < W->acked)
			fail_msg("seed %llu: version %llu was in force (answered: %llu) and node %u has %llu\n%s",
				(unsigned long long)seed, (unsigned long long)W->max_force, (unsigned long long)W->acked, i,
				(unsigned long long)n->force_version, dump);
		if (n->force_digest != W->n[1].force_digest || strcmp(n->file.data, W->n[1].file.data) != 0)
			fail_msg("seed %llu: nodes 1 and %u differ\n%s", (unsigned long long)seed, i, dump);
	}
	/* And the cluster still works. */
	{
		char text[64];
		unsigned before = W->answered;

		snprintf(text, sizeof(text), "%llu alpha 0 last", (unsigned long long)W->max_force + 1);
		cw_update(1, text);
		cw_settle();
		if (W->answered != before + 1 || W->error)
			fail_msg("seed %llu: the last update: %u answers, error %d: %s", (unsigned long long)seed,
				W->answered - before, W->error, W->why);
	}
}

static void nothing_committed_is_lost(void **state)
{
	const char *one = getenv("SEED"), *many = getenv("SEEDS");
	uint64_t first = one ? strtoull(one, NULL, 0) : 1;
	uint64_t last = one ? first : many ? strtoull(many, NULL, 0) : 10000;
	uint64_t committed = 0;

	for (uint64_t seed = first; seed <= last; seed++) {
		cw_new_world(NULL);
		one_history(seed);
		committed += W->max_force;
		cw_end_world(NULL);
	}
	/* The histories are worth something only if updates came through in them. */
	assert_true(committed > 3 * (last - first + 1) || one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_committed_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
