/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operators ask for, and what follows failures of agents, over several cores on one order. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rg_world.h"

static void failed_start_goes_on_elsewhere(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_fail(w, "1 start script:web");
	w_boot_all(w, 3);
	w_expect(w, WEB, RG_STARTED, 2);
	assert_int_equal(w->n_active[1], 0);
	w_free(w);
}

static void start_that_fails_everywhere_ends_stopped(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_fail(w, "1 start script:web");
	w_fail(w, "2 start script:web");
	w_fail(w, "3 start script:web");
	w_boot_all(w, 3);
	w_expect(w, WEB, RG_STOPPED, 0);
	w_unfail(w);
	assert_int_equal(w_result(w, w_op(w, 3, "enable", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 3);
	w_free(w);
}

static void failed_stop_is_failed_until_disabled(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_fail(w, "1 stop ip:10.0.0.1");
	assert_int_equal(w_result(w, w_op(w, 2, "relocate", WEB, 2)), RG_EABORT);
	w_expect(w, WEB, RG_FAILED, 0);
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 0)), RG_EABORT);
	assert_int_equal(w_result(w, w_op(w, 2, "relocate", WEB, 0)), RG_EABORT);
	assert_int_equal(w_result(w, w_op(w, 2, "disable", WEB, 0)), RG_EWARNING);
	w_expect(w, WEB, RG_DISABLED, 0);
	w_unfail(w);
	assert_int_equal(w_result(w, w_op(w, 2, "disable", WEB, 0)), RG_ESUCCESS);
	w->n_active[1] = 0;
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

/* Whoever shuts down tries once more what it could not stop. */
static void failed_stop_is_tried_again_at_the_end(void **state)
{
	for (unsigned well = 0; well < 2; well++) {
		struct world *w = w_new(ONE("domain=\"d\""));
		struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

		w_boot_all(w, 3);
		w_fail(w, "1 stop ip:10.0.0.1");
		assert_int_equal(w_result(w, w_op(w, 2, "relocate", WEB, 2)), RG_EABORT);
		if (well)
			w_unfail(w);
		w_log_reset(w);
		w_step(w, 1, &ev);
		w_run(w);
		assert_true(w_logged(w, "n1 stop ip:10.0.0.1"));
		assert_int_equal(w_active(w, 1, "ip:10.0.0.1"), !well);
		assert_true(w->exited[1]);
		w_expect(w, WEB, RG_FAILED, 0);
		w_free(w);
	}
}

static void check_failure_restarts_relocates_or_disables(void **state)
{
	static const struct { const char *conf; enum rg_state state; uint32_t owner; } cases[] = {
		{ ONE("domain=\"d\" recovery=\"restart\""), RG_STARTED, 1 },
		{ ONE("domain=\"d\""), RG_STARTED, 1 },
		{ ONE("domain=\"d\" recovery=\"relocate\""), RG_STARTED, 2 },
		{ ONE("domain=\"d\" recovery=\"disable\""), RG_DISABLED, 0 },
	};

	for (unsigned i = 0; i < 4; i++) {
		struct world *w = w_new(cases[i].conf);

		w_boot_all(w, 3);
		w_log_reset(w);
		w_fail(w, "1 status script:web");
		w_time(w, 30500);
		w_unfail(w);
		assert_true(w_logged(w, "started -> recoverable"));
		w_expect(w, WEB, cases[i].state, cases[i].owner);
		w_free(w);
	}
}

static void restart_threshold_relocates(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\" max_restarts=\"2\" restart_expire_time=\"600\""));

	w_boot_all(w, 3);
	w_fail(w, "1 status script:web");
	w_time(w, 61000);
	w_expect(w, WEB, RG_STARTED, 1);
	assert_int_equal(w_svc(w, 3, WEB)->restarts, 2);
	w_time(w, 31000);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void checks_have_their_own_intervals_and_depths(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	unsigned shallow = 0, deep = 0, before_deep = 0;

	w_boot_all(w, 3);
	w_log_reset(w);
	w_time(w, 60500);
	for (const char *p = clu_buf_text(&w->log); (p = strstr(p, "status ip:10.0.0.1")); p++) {
		if (!strncmp(p, "status ip:10.0.0.1 depth 10", 27)) {
			before_deep = shallow;
			deep++;
		} else {
			shallow++;
		}
	}
	/* Both are due at 60: the deep one goes first. */
	assert_int_equal(before_deep, 2);
	assert_int_equal(deep, 1);
	assert_int_equal(shallow, 2 + 1);	/* at 20, 40, and at 60 a step after the deep one */
	w_free(w);
}

static void relocation(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	assert_int_equal(w_result(w, w_op(w, 3, "relocate", WEB, 3)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 3);
	assert_int_equal(w_result(w, w_op(w, 3, "relocate", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 1);
	/* Target fails, then everything else: home again. */
	w_fail(w, "2 start script:web");
	w_fail(w, "3 start script:web");
	assert_int_equal(w_result(w, w_op(w, 3, "relocate", WEB, 2)), RG_ERELO);
	w_expect(w, WEB, RG_STARTED, 1);
	w_unfail(w);
	assert_int_equal(w_result(w, w_op(w, 2, "relocate", "service:nix", 2)), RG_ENOSERVICE);
	assert_int_equal(w_result(w, w_op(w, 2, "restart", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void stop_disable_enable(void **state)
{
	struct world *w = w_new(ONE("domain=\"only2\""));

	w_boot_all(w, 3);
	w_expect(w, WEB, RG_STARTED, 2);
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 0)), RG_ERUN);
	assert_int_equal(w_result(w, w_op(w, 1, "stop", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STOPPED, 0);
	assert_int_equal(w_result(w, w_op(w, 1, "disable", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_DISABLED, 0);
	assert_int_equal(w_result(w, w_op(w, 1, "relocate", WEB, 2)), RG_EINVAL);
	/* Outside of its restricted domain. */
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 0)), RG_EFAIL);
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 2)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 2);
	/* The only legal node dies: stopped, and started when it is back. */
	w_crash(w, 2);
	w_fenced(w, 2, "agent");
	w_expect(w, WEB, RG_STOPPED, 0);
	w_up(w, 2);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void frozen_is_left_alone(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	assert_int_equal(w_result(w, w_op(w, 2, "freeze", WEB, 0)), RG_ESUCCESS);
	assert_int_equal(w_result(w, w_op(w, 2, "disable", WEB, 0)), RG_EFROZEN);
	w_log_reset(w);
	w_fail(w, "1 status script:web");
	w_time(w, 120000);
	assert_false(w_logged(w, "status"));
	w_expect(w, WEB, RG_STARTED, 1);
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_ESUCCESS);
	w_unfail(w);
	w_time(w, 61000);
	assert_true(w_logged(w, "status"));
	w_free(w);
}

static void disable_ends_a_start_that_hangs(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\" autostart=\"0\""));
	uint64_t enable, disable;

	w_boot_all(w, 3);
	w->hold_children = true;
	enable = w_op(w, 1, "enable", WEB, 0);
	assert_true(w_pending(w, enable));
	assert_string_equal(w->child[0].op, "start");
	disable = w_op(w, 2, "disable", WEB, 0);
	assert_int_equal(w->n_child, 1);
	assert_string_equal(w->child[0].op, "stop");
	assert_int_equal(w_result(w, enable), RG_EAGAIN);
	w_end_children(w);
	assert_int_equal(w_result(w, disable), RG_ESUCCESS);
	w_expect(w, WEB, RG_DISABLED, 0);
	assert_int_equal(w->n_active[1], 0);
	w_free(w);
}

static void request_is_answered_when_the_owner_dies(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	uint64_t op;

	w_boot_all(w, 3);
	w->hold_children = true;
	op = w_op(w, 3, "relocate", WEB, 2);
	assert_true(w_pending(w, op));
	w_crash(w, 1);
	assert_int_equal(w_result(w, op), RG_ENODE);
	w->hold_children = false;
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void exclusive_runs_alone(void **state)
{
	struct world *w = w_new(HEAD("1") DOMAINS "<service name=\"web\" exclusive=\"1\">" RES "</service>"
		"<service name=\"a\"><ip address=\"10.0.0.2\"/></service><service name=\"b\"><ip address=\"10.0.0.3\"/></service>"
		TAIL);
	uint32_t web;

	w_boot_all(w, 3);
	web = w_svc(w, 1, WEB)->owner;
	assert_int_equal(w_svc(w, 1, WEB)->state, RG_STARTED);
	assert_int_not_equal(w_svc(w, 1, "service:a")->owner, web);
	assert_int_not_equal(w_svc(w, 1, "service:b")->owner, web);
	assert_int_equal(w_result(w, w_op(w, 1, "relocate", "service:a", web)), RG_EDEPEND);
	w_free(w);
}

static void dependency_is_followed(void **state)
{
	struct world *w = w_new(HEAD("1") "<service name=\"web\" depend=\"service:db\">" RES "</service>"
		"<service name=\"db\"><ip address=\"10.0.0.2\"/></service>" TAIL);

	w_boot_all(w, 2);
	assert_int_equal(w_svc(w, 1, WEB)->state, RG_STARTED);
	w_op(w, 1, "disable", "service:db", 0);
	w_expect(w, WEB, RG_STOPPED, 0);
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 0)), RG_EDEPEND);
	w_op(w, 1, "enable", "service:db", 0);
	assert_int_equal(w_svc(w, 1, WEB)->state, RG_STARTED);
	w_free(w);
}

static void independent_parts_recover_by_themselves(void **state)
{
	struct world *w = w_new(HEAD("1") "<service name=\"web\"><ip address=\"10.0.0.1\"/>"
		"<script name=\"a\" file=\"/a\" __independent_subtree=\"1\"/>"
		"<script name=\"b\" file=\"/b\" __independent_subtree=\"2\"/></service>" TAIL);

	w_boot_all(w, 1);
	w_log_reset(w);
	w_fail(w, "1 status script:a");
	w_time(w, 30500);
	w_unfail(w);
	assert_true(w_logged(w, "n1 stop script:a\nn1 start script:a\n"));
	assert_false(w_logged(w, "recoverable"));
	w_fail(w, "1 status script:b");
	w_time(w, 30500);
	w_unfail(w);
	assert_true(w_logged(w, "n1 stop script:b\n"));
	assert_false(w_logged(w, "start script:b"));
	w_expect(w, WEB, RG_STARTED, 1);
	assert_int_equal(w_svc(w, 1, WEB)->flags, RG_FLAG_PARTIAL);
	assert_int_equal(w_result(w, w_op(w, 1, "convalesce", WEB, 0)), RG_ESUCCESS);
	assert_true(w_logged(w, "start script:b"));
	assert_int_equal(w_svc(w, 1, WEB)->flags, 0);
	w_free(w);
}

static void recover_cancels_a_failed_check(void **state)
{
	struct world *w = w_new(HEAD("1") "<service name=\"web\"><fs name=\"f\" mountpoint=\"/f\"/></service>" TAIL);

	w_boot_all(w, 1);
	w_log_reset(w);
	w_fail(w, "1 status fs:f");
	w_time(w, 60500);
	assert_true(w_logged(w, "n1 status fs:f\nn1 recover fs:f\n"));
	assert_false(w_logged(w, "recoverable"));
	w_free(w);
}

static void migration(void **state)
{
	struct world *w = w_new(HEAD("1") "<vm name=\"g\"/><service name=\"web\">" RES "</service>" TAIL);
	uint32_t from, to;

	w_boot_all(w, 2);
	from = w_svc(w, 1, "vm:g")->owner;
	to = 3 - from;
	w_log_reset(w);
	w->n_active[from] = 0;
	assert_int_equal(w_result(w, w_op(w, 1, "migrate", "vm:g", to)), RG_ESUCCESS);
	w_expect(w, "vm:g", RG_STARTED, to);
	assert_true(w_logged(w, "migrate vm:g"));
	if (w_logged(w, "stop"))
		fail_msg("%s", clu_buf_text(&w->log));
	to = w_svc(w, 1, WEB)->owner == 1 ? 2 : 1;
	assert_int_equal(w_result(w, w_op(w, 1, "migrate", WEB, to)), RG_EINVAL);
	w_free(w);
}

/* "migrate" has begun on n1, and its end is held back: the machine is on n2 already, of which nobody has heard. */
static struct world *arrived_unheard(uint64_t *ret_request)
{
	struct world *w = w_new(HEAD("1") "<vm name=\"g\"/>" TAIL);

	w_boot_all(w, 3);
	w_expect(w, "vm:g", RG_STARTED, 1);
	w->hold_nodes = 1u << 1;
	*ret_request = w_op(w, 1, "migrate", "vm:g", 2);
	assert_string_equal(w->child[0].op, "migrate");
	w->n_active[1] = 0;
	strcpy(w->active[2][w->n_active[2]++], "vm:g");
	w_log_reset(w);
	return w;
}

static void migration_whose_node_is_lost(void **state)
{
	uint64_t request;
	struct world *w = arrived_unheard(&request);

	w_crash(w, 1);
	w_expect(w, "vm:g", RG_RECOVERING, 0);
	assert_false(w_logged(w, "n2 stop"));	/* it could still arrive */
	w_fenced(w, 1, "agent");
	assert_true(w_logged(w, "n2 stop vm:g"));
	assert_int_equal(w_svc(w, 2, "vm:g")->state, RG_STARTED);
	w_free(w);
}

static void migration_that_is_disabled(void **state)
{
	uint64_t request, disable;
	struct world *w = arrived_unheard(&request);

	disable = w_op(w, 3, "disable", "vm:g", 0);
	w->hold_nodes = 0;
	w_run(w);
	assert_int_equal(w_result(w, disable), RG_ESUCCESS);
	assert_true(w_logged(w, "n1 stop vm:g"));
	assert_true(w_logged(w, "n2 stop vm:g"));
	w_expect(w, "vm:g", RG_DISABLED, 0);
	assert_int_equal(w->n_active[2], 0);
	w_free(w);
}

static void migration_whose_target_is_lost(void **state)
{
	uint64_t request;
	struct world *w = arrived_unheard(&request);

	/* The machine that runs there is one of whose rgmanager was lost with a service, though it does not own it. */
	w_process_dies(w, 2);
	assert_int_equal(w->fence_asked, 1u << 2);
	w->hold_nodes = 0;
	w_run(w);
	w_expect(w, "vm:g", RG_RECOVERING, 0);
	w_fenced(w, 2, "agent");
	assert_int_equal(w_svc(w, 1, "vm:g")->state, RG_STARTED);
	w_free(w);
}

/* It is on its way to a node that shuts down: that one waits for it, and stops it. */
static void migration_to_one_that_leaves(void **state)
{
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };
	uint64_t request;
	struct world *w = arrived_unheard(&request);

	w_step(w, 2, &ev);
	w_run(w);
	assert_false(w->exited[2]);
	w->hold_nodes = 0;
	w_run(w);
	assert_int_equal(w_result(w, request), RG_ESUCCESS);
	assert_true(w_logged(w, "n2 stop vm:g"));
	assert_true(w->exited[2]);
	assert_int_not_equal(w_svc(w, 1, "vm:g")->owner, 2);
	w_free(w);
}

static void locked_services_do_not_start(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_op(w, 1, "lock", "", 0);
	w_op(w, 1, "disable", WEB, 0);
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 0)), RG_EAGAIN);
	w_op(w, 1, "unlock", "", 0);
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 0)), RG_ESUCCESS);
	w_free(w);
}

static void refused_without_rights_or_sense(void **state)
{
	struct world *w = w_new(ONE(""));
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	uint8_t bytes[64];

	w_boot_all(w, 1);
	q.verb = (char *)"op";
	q.op = (char *)"disable";
	q.svc = (char *)WEB;
	ev.u.request.client = 1000;
	ev.u.request.data = bytes;
	ev.u.request.len = hawser__rg_request__pack(&q, bytes);
	w_step(w, 1, &ev);
	assert_int_equal(w->reply[w->n_reply - 1].a->code, RG_EPERM);
	ev.u.request.client = 1001;
	ev.u.request.data = "\xff\xff";
	ev.u.request.len = 2;
	w_step(w, 1, &ev);
	assert_int_not_equal(w->reply[w->n_reply - 1].error, 0);
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_start_goes_on_elsewhere),
		cmocka_unit_test(start_that_fails_everywhere_ends_stopped),
		cmocka_unit_test(failed_stop_is_failed_until_disabled),
		cmocka_unit_test(failed_stop_is_tried_again_at_the_end),
		cmocka_unit_test(check_failure_restarts_relocates_or_disables),
		cmocka_unit_test(restart_threshold_relocates),
		cmocka_unit_test(checks_have_their_own_intervals_and_depths),
		cmocka_unit_test(relocation),
		cmocka_unit_test(stop_disable_enable),
		cmocka_unit_test(frozen_is_left_alone),
		cmocka_unit_test(disable_ends_a_start_that_hangs),
		cmocka_unit_test(request_is_answered_when_the_owner_dies),
		cmocka_unit_test(exclusive_runs_alone),
		cmocka_unit_test(dependency_is_followed),
		cmocka_unit_test(independent_parts_recover_by_themselves),
		cmocka_unit_test(recover_cancels_a_failed_check),
		cmocka_unit_test(migration),
		cmocka_unit_test(migration_whose_node_is_lost),
		cmocka_unit_test(migration_that_is_disabled),
		cmocka_unit_test(migration_whose_target_is_lost),
		cmocka_unit_test(migration_to_one_that_leaves),
		cmocka_unit_test(locked_services_do_not_start),
		cmocka_unit_test(refused_without_rights_or_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
