/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a service that are switched off, services that are frozen, and what outlives neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rg_world.h"

#define PART(version, file, below) HEAD(version) "<service name=\"web\"><ip address=\"10.0.0.1\"/>" \
	"<script name=\"b\" file=\"" file "\" __independent_subtree=\"2\">" below "</script></service>" TAIL
#define BELOW "<script name=\"c\" file=\"/c\"/>"

/* A world of one node on which script:b, which is not critical, has been switched off. */
static struct world *switched_off(void)
{
	struct world *w = w_new(PART("1", "/b", ""));

	w_boot_all(w, 1);
	w_fail(w, "1 status script:b");
	w_time(w, 30500);
	w_unfail(w);
	assert_true(w_svc(w, 1, WEB)->flags & RG_FLAG_PARTIAL);
	assert_false(w_active(w, 1, "script:b"));
	w_log_reset(w);
	return w;
}

static void test_new_below_a_switched_off_part_waits_with_it(void **state)
{
	struct world *w = switched_off();

	(void)state;
	w_config(w, PART("2", "/b", BELOW));
	assert_false(w_active(w, 1, "script:c"));
	w_time(w, 100000);
	assert_true(rg_ops.deadline(w->core[1]) > w->now_ms);
	assert_int_equal(w_result(w, w_op(w, 1, "convalesce", WEB, 0)), RG_ESUCCESS);
	assert_true(w_active(w, 1, "script:b"));
	assert_true(w_active(w, 1, "script:c"));
	assert_false(w_svc(w, 1, WEB)->flags & RG_FLAG_PARTIAL);
	w_free(w);
}

static void test_a_changed_part_stays_switched_off(void **state)
{
	struct world *w = switched_off();

	(void)state;
	w_config(w, PART("2", "/other", ""));
	assert_false(w_active(w, 1, "script:b"));
	assert_true(w_svc(w, 1, WEB)->flags & RG_FLAG_PARTIAL);
	assert_int_equal(w_result(w, w_op(w, 1, "convalesce", WEB, 0)), RG_ESUCCESS);
	assert_true(w_active(w, 1, "script:b"));
	w_free(w);
}

static void test_without_the_switched_off_part_it_is_whole(void **state)
{
	struct world *w = switched_off();

	(void)state;
	w_config(w, HEAD("2") "<service name=\"web\"><ip address=\"10.0.0.1\"/></service>" TAIL);
	w_expect(w, WEB, RG_STARTED, 1);
	assert_false(w_svc(w, 1, WEB)->flags & RG_FLAG_PARTIAL);
	w_free(w);
}

/* An operator asks for something while a check runs that ends with a part switched off: he has his answer all the same. */
static void test_a_request_outlives_what_a_check_finds(void **state)
{
	struct world *w = w_new(HEAD("1") "<service name=\"web\"><script name=\"b\" file=\"/b\" __independent_subtree=\"2\"/>"
		"</service>" TAIL);
	uint64_t migrate;
	unsigned owner;

	(void)state;
	w_boot_all(w, 2);
	owner = w_svc(w, 1, WEB)->owner;
	w->hold_children = true;
	w_time(w, 30500);
	assert_string_equal(w->child[0].key, "script:b");
	migrate = w_op(w, 1, "migrate", WEB, 3 - owner);
	assert_true(w_pending(w, migrate));
	w_fail(w, owner == 1 ? "1 status script:b" : "2 status script:b");
	w->hold_children = false;
	w_end_children(w);
	w_run(w);
	assert_true(w_svc(w, 1, WEB)->flags & RG_FLAG_PARTIAL);
	assert_int_equal(w_result(w, migrate), RG_EINVAL);
	w_free(w);
}

static void test_a_new_start_forgets_the_stop_that_failed(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	(void)state;
	w_boot_all(w, 3);
	w_fail(w, "1 stop ip:10.0.0.1");
	(void)w_result(w, w_op(w, 2, "disable", WEB, 0));
	(void)w_result(w, w_op(w, 2, "disable", WEB, 0));
	w_unfail(w);
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 1)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 1);
	assert_false(w_svc(w, 1, WEB)->local.stop_failed);
	w_free(w);
}

/* The check runs already when its service is frozen. */
static struct world *frozen_in_a_check(void)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w->hold_children = true;
	w_time(w, 30500);
	assert_true(w->n_child > 0);
	assert_int_equal(w_result(w, w_op(w, 2, "freeze", WEB, 0)), RG_ESUCCESS);
	w_log_reset(w);
	return w;
}

static void test_a_check_from_before_the_freeze_counts_for_nothing(void **state)
{
	struct world *w = frozen_in_a_check();

	(void)state;
	w_fail(w, "1 status script:web");
	w_fail(w, "1 status ip:10.0.0.1");
	w->hold_children = false;
	w_end_children(w);
	w_run(w);
	w_expect(w, WEB, RG_STARTED, 1);
	assert_false(w_logged(w, "1 stop"));
	assert_false(w_logged(w, "1 start"));
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_ESUCCESS);
	w_time(w, 61000);
	assert_true(w_logged(w, "1 stop"));
	w_free(w);
}

/* As above, but the word of the failure is on its way when the service is frozen. */
static void test_a_failure_said_before_the_freeze_counts_for_nothing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

	(void)state;
	w_boot_all(w, 3);
	assert_int_equal(w_result(w, w_op(w, 2, "freeze", WEB, 0)), RG_ESUCCESS);
	w_log_reset(w);
	m.kind = RG_M_RESULT;
	m.svc = (char *)WEB;
	m.txn = w_svc(w, 1, WEB)->txn;
	m.code = RG_O_CHECK_FAILED;
	m.why = (char *)"status of script:web returned 1";
	w_svc(w, 1, WEB)->local.failed_txn = m.txn;
	w_say(w, 1, &m);
	w_run(w);
	w_expect(w, WEB, RG_STARTED, 1);
	assert_false(w_logged(w, "1 stop"));
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_ESUCCESS);
	w_time(w, 61000);
	assert_true(w_logged(w, "1 status script:web"));
	w_free(w);
}

/* A service that is frozen on n1, whose rgmanager is stopped then, as for an update. */
static struct world *left_running(unsigned nodes)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, nodes);
	assert_int_equal(w_result(w, w_op(w, 1, "freeze", WEB, 0)), RG_ESUCCESS);
	w_ends(w, 1);
	w_log_reset(w);
	return w;
}

static void test_a_frozen_service_runs_on_without_its_rgmanager(void **state)
{
	struct world *w = left_running(3);

	(void)state;
	w_expect(w, WEB, RG_STARTED, 1);
	assert_true(w_active(w, 1, "script:web"));
	/* Nobody can say that it is down there, so it is not taken over by being unfrozen. */
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_EAGAIN);
	w_expect(w, WEB, RG_STARTED, 1);
	w->no_init_stop = true;
	w_up(w, 1);
	assert_false(w_logged(w, "n1 stop"));
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_ESUCCESS);
	w_time(w, 61000);
	assert_false(w_logged(w, "n1 stop"));
	assert_true(w_logged(w, "n1 status script:web"));
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void test_fencing_ends_what_was_left_running(void **state)
{
	struct world *w = left_running(3);

	(void)state;
	w_fenced(w, 1, "external");
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

/* Who ends has no time left to stop it: it must not be unfrozen in that moment. */
static void test_it_is_not_unfrozen_while_its_rgmanager_ends(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct clu_event down = { .type = CLU_EV_SHUTDOWN };

	(void)state;
	w_boot_all(w, 2);
	assert_int_equal(w_result(w, w_op(w, 1, "freeze", WEB, 0)), RG_ESUCCESS);
	w_step(w, 1, &down);
	w_run(w);
	assert_true(w->exited[1]);
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_EAGAIN);
	w_free(w);
}

/* Nobody would remember it, and it would be started elsewhere. */
static void test_the_last_rgmanager_stops_what_is_frozen(void **state)
{
	struct world *w = left_running(1);

	(void)state;
	assert_int_equal(w->n_active[1], 0);
	w_boot(w, 2);
	w_quorum(w, 2, true);
	w_time(w, 6000);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

/* -N is for what the others know to be frozen here: where nobody knows anything, all is stopped once. */
static void test_without_others_all_is_stopped_once(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	(void)state;
	w->no_init_stop = true;
	w_boot_all(w, 2);
	assert_true(w_logged(w, "n1 stop script:web"));
	assert_true(w_logged(w, "n2 stop script:web"));
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_below_a_switched_off_part_waits_with_it),
		cmocka_unit_test(test_a_changed_part_stays_switched_off),
		cmocka_unit_test(test_without_the_switched_off_part_it_is_whole),
		cmocka_unit_test(test_a_request_outlives_what_a_check_finds),
		cmocka_unit_test(test_a_new_start_forgets_the_stop_that_failed),
		cmocka_unit_test(test_a_check_from_before_the_freeze_counts_for_nothing),
		cmocka_unit_test(test_a_failure_said_before_the_freeze_counts_for_nothing),
		cmocka_unit_test(test_a_frozen_service_runs_on_without_its_rgmanager),
		cmocka_unit_test(test_fencing_ends_what_was_left_running),
		cmocka_unit_test(test_it_is_not_unfrozen_while_its_rgmanager_ends),
		cmocka_unit_test(test_the_last_rgmanager_stops_what_is_frozen),
		cmocka_unit_test(test_without_others_all_is_stopped_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
