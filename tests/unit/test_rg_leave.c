/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An rgmanager that leaves a frozen service running waits until others have written that down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rg_world.h"

static void shut_down(struct world *w, unsigned node)
{
	struct clu_event down = { .type = CLU_EV_SHUTDOWN };

	w_step(w, node, &down);
	w_run(w);
}

static void who_leaves_waits_for_the_disks(void **state)
{
	struct world *w = w_frozen(3);

	(void)state;
	w->hold_disks = 1u << 2 | 1u << 3;
	shut_down(w, 1);
	assert_false(w->exited[1]);
	w->hold_disks = 1u << 3;
	w_run(w);
	assert_true(w_noted(w, 2, "\nfrozen 1 service:web\nend 1\n"));
	assert_false(w->exited[1]);
	w->hold_disks = 0;
	w_run(w);
	assert_true(w_noted(w, 3, "\nfrozen 1 service:web\n"));
	assert_true(w->exited[1]);
	assert_true(w_active(w, 1, "script:web"));
	/* About itself it writes nothing down. */
	assert_int_equal(w->left[1].len, 0);
	w_free(w);
}

static void one_disk_will_do_after_a_while(void **state)
{
	struct world *w = w_frozen(3);

	(void)state;
	w->full_disks = 1u << 3;
	shut_down(w, 1);
	w_time(w, RG_KEEP_MS - 100);
	assert_false(w->exited[1]);
	w_time(w, 200);
	assert_true(w->exited[1]);
	assert_true(w_active(w, 1, "script:web"));
	w_free(w);
}

static void what_nobody_writes_down_is_stopped(void **state)
{
	struct world *w = w_frozen(3);

	(void)state;
	w->full_disks = 1u << 2 | 1u << 3;
	shut_down(w, 1);
	assert_true(w_active(w, 1, "script:web"));
	w_time(w, RG_KEEP_MS + 100);
	assert_true(w->exited[1]);
	assert_int_equal(w->n_active[1], 0);
	w_expect(w, WEB, RG_STOPPED, 0);
	w_free(w);
}

static void what_is_on_no_disk_is_stopped_when_the_last_witness_is_lost(void **state)
{
	struct world *w = w_frozen(2);

	(void)state;
	w->hold_disks = 1u << 2;
	shut_down(w, 1);
	assert_false(w->exited[1]);
	w_crash(w, 2);
	assert_int_equal(w->n_active[1], 0);
	assert_true(w->exited[1]);
	w_free(w);
}

/* Frozen it is not started elsewhere, but an operator can go on with it. */
static void its_node_may_be_lost_in_that_stop(void **state)
{
	struct world *w = w_frozen(3);

	(void)state;
	w->full_disks = 1u << 2 | 1u << 3;
	shut_down(w, 1);
	w->hold_children = true;
	w_time(w, RG_KEEP_MS + 100);
	w_expect(w, WEB, RG_STOPPING, 1);
	w->hold_children = false;
	w_crash(w, 1);
	w_expect(w, WEB, RG_STOPPING, 1);
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STOPPED, 0);
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void a_write_is_tried_again(void **state)
{
	struct world *w = w_frozen(2);

	(void)state;
	w->full_disks = 1u << 2;
	shut_down(w, 1);
	w->full_disks = 0;
	w_time(w, 1100);
	assert_true(w_noted(w, 2, "\nfrozen 1 service:web\n"));
	assert_true(w->exited[1]);
	w_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_leaves_waits_for_the_disks),
		cmocka_unit_test(one_disk_will_do_after_a_while),
		cmocka_unit_test(what_nobody_writes_down_is_stopped),
		cmocka_unit_test(what_is_on_no_disk_is_stopped_when_the_last_witness_is_lost),
		cmocka_unit_test(its_node_may_be_lost_in_that_stop),
		cmocka_unit_test(a_write_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
