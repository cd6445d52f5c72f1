/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left alone, and known from a disk when nobody knows it by heart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rg_world.h"

#define NOTE(lines, n) "hawser left 1\n" lines "end " #n "\n"
#define FROZEN_ON_1 NOTE("frozen 1 service:web\n", 1)
#define FAILED_ON_1 NOTE("failed 1 service:web\n", 1)

static void only_what_rgmanager_wrote_is_read(void **state)
{
	static const char *const good[] = { "", NOTE("", 0), FROZEN_ON_1,
		NOTE("failed 4294967295 vm:a name with blanks\nfrozen 2 service:web\n", 2) };
	static const char *const bad[] = { "hawser left 2\nend 0\n", "hawser left 1\n", "hawser left 1\nend 1\n",
		"hawser left 1\nend 0\n\n", "hawser left 1\nend 0", NOTE("frozen 1 service:web\n", 2),
		NOTE("frozen 0 service:web\n", 1), NOTE("frozen 4294967296 service:web\n", 1), NOTE("frozen x service:web\n", 1),
		NOTE("frozen 1 \n", 1), NOTE("frozen 1\n", 1), NOTE("started 1 service:web\n", 1),
		NOTE("frozen 1 service:0123456789012345678901234567890123456789012345678901234567890\n", 1),
		NOTE("frozen 1 service:01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678\n", 1) };

	(void)state;
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(rg_left_check(good[i], strlen(good[i])), 0);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rg_left_check(bad[i], strlen(bad[i])) == 0)
			fail_msg("taken:\n%s", bad[i]);
	assert_true(rg_left_check("hawser left 1\nfrozen 1 a\0b\nend 1\n", 33) < 0);
	/* Whatever is missing at its end. */
	for (size_t len = 1; len < strlen(FROZEN_ON_1); len++)
		assert_true(rg_left_check(FROZEN_ON_1, len) < 0);
}

/* n1's rgmanager ended, the one of n2 crashed and is back: nobody knows anything but n2's disk. */
static struct world *founded_anew(void)
{
	struct world *w = w_frozen(2);

	w_ends(w, 1);
	w_crash(w, 2);
	assert_true(w_active(w, 1, "script:web"));
	w_up(w, 2);
	w_time(w, 60000);
	return w;
}

static void it_is_not_started_a_second_time(void **state)
{
	struct world *w = founded_anew();
	struct clu_buf wait = CLU_BUF_INIT, remedy = CLU_BUF_INIT;

	(void)state;
	w_expect(w, WEB, RG_STARTED, 1);
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_EAGAIN);
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 0)), RG_EFROZEN);
	assert_true(rg_svc_waits(w->core[2], w_svc(w, 2, WEB), &wait, &remedy));
	assert_non_null(strstr(clu_buf_text(&wait), "rgmanager to be started on n1"));
	assert_non_null(strstr(clu_buf_text(&wait), "says the disk of n2"));
	assert_string_equal(clu_buf_text(&remedy), "fence_node n1");
	assert_int_equal(rg_ops.weight(w->core[2]), 2);
	assert_true(w_noted(w, 2, "\nfrozen 1 service:web\n"));
	clu_buf_free(&wait);
	clu_buf_free(&remedy);
	w_free(w);
}

static void the_last_one_ends_and_comes_back(void **state)
{
	struct world *w = w_frozen(2);

	(void)state;
	w_ends(w, 1);
	w_ends(w, 2);
	w_up(w, 2);
	w_time(w, 60000);
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void fencing_ends_it(void **state)
{
	struct world *w = founded_anew();

	(void)state;
	w_fenced(w, 1, "external");
	w_expect(w, WEB, RG_STARTED, 2);
	assert_true(w_noted(w, 2, "end 0"));
	w_free(w);
}

static void that_it_was_fenced_before_ends_it_as_well(void **state)
{
	struct world *w = w_frozen(2);

	(void)state;
	w_ends(w, 1);
	w_crash(w, 2);
	w_fenced(w, 1, "agent");
	w_up(w, 2);
	w_time(w, 6000);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void a_fencing_that_the_node_outlived_does_not(void **state)
{
	struct world *w = w_frozen(2);

	(void)state;
	w_ends(w, 1);
	w_crash(w, 2);
	w->done_seq[1] = ++w->fence_seq;
	memcpy(w->done_how[1], "agent", 6);
	w->back = 1u << 1;
	w_up(w, 2);
	w_time(w, 60000);
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void an_updated_rgmanager_takes_it_over(void **state)
{
	struct world *w = founded_anew();

	(void)state;
	w->no_init_stop = true;
	w_up(w, 1);
	assert_false(w_logged(w, "n1 stop"));
	assert_false(w_logged(w, "n1 start"));
	w_expect(w, WEB, RG_STARTED, 1);
	assert_true(w_noted(w, 2, "end 0"));
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_ESUCCESS);
	w_time(w, 61000);
	assert_true(w_logged(w, "n1 status script:web"));
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void one_that_stops_everything_begins_anew(void **state)
{
	struct world *w = founded_anew();

	(void)state;
	w_up(w, 1);
	assert_true(w_logged(w, "n1 stop script:web"));
	assert_true(w_logged(w, "n1 start script:web"));
	w_expect(w, WEB, RG_STARTED, 1);
	/* It is frozen no more. */
	assert_int_equal(w_svc(w, 2, WEB)->flags, 0);
	w_free(w);
}

/* It is not taken for one that runs there in the meantime, and stopped again when it goes elsewhere. */
static void it_is_stopped_once(void **state)
{
	struct world *w = w_new(ONE("domain=\"only2\""));
	const char *stop;

	(void)state;
	w_note(w, 2, FROZEN_ON_1);
	w_up(w, 2);
	w_up(w, 1);
	w_expect(w, WEB, RG_STARTED, 2);
	stop = strstr(clu_buf_text(&w->log), "n1 stop script:web");
	assert_non_null(stop);
	assert_null(strstr(stop + 1, "n1 stop script:web"));
	w_free(w);
}

static void one_that_cannot_stop_it_says_so(void **state)
{
	struct world *w = founded_anew();

	(void)state;
	w_fail(w, "1 stop script:web");
	w_up(w, 1);
	w_expect(w, WEB, RG_FAILED, 0);
	assert_true(w_noted(w, 2, "\nfailed 1 service:web\n"));
	/* That is its own word, and an operator's business. */
	assert_false(w_svc(w, 2, WEB)->noted);
	w_free(w);
}

static void nothing_is_started_before_all_have_told(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	unsigned dropped = 0;

	(void)state;
	w_note(w, 3, FROZEN_ON_1);
	w_boot(w, 2);
	w_boot(w, 3);
	for (unsigned i = w->q_head; i != w->q_tail; i = (i + 1) % 512) {
		Hawser__RgMessage *m = hawser__rg_message__unpack(NULL, w->queue[i].len, w->queue[i].data);

		if (m->kind == RG_M_LEFT && w->queue[i].from == 3) {
			w->queue[i].len = 0;
			dropped++;
		}
		hawser__rg_message__free_unpacked(m, NULL);
	}
	assert_int_equal(dropped, 1);
	w_quorum(w, 2, true);
	w_run(w);
	w_time(w, 60000);
	w_expect(w, WEB, RG_STOPPED, 0);
	w_crash(w, 3);
	w_fenced(w, 3, "agent");
	w_time(w, 6000);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void what_failed_is_not_started_either(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	(void)state;
	w_boot_all(w, 3);
	w_fail(w, "1 stop script:web");
	assert_int_equal(w_result(w, w_op(w, 1, "relocate", WEB, 2)), RG_EABORT);
	assert_true(w_noted(w, 2, "\nfailed 1 service:web\n"));
	w_ends(w, 1);
	w_crash(w, 2);
	w_crash(w, 3);
	w->victims = 0;
	w_up(w, 3);
	w_time(w, 60000);
	w_expect(w, WEB, RG_FAILED, 0);
	assert_int_equal(w_svc(w, 3, WEB)->last_owner, 1);
	assert_int_equal(w_result(w, w_op(w, 3, "enable", WEB, 0)), RG_EABORT);
	/* It is over when n1 has stopped it after all. */
	w_unfail(w);
	w_up(w, 1);
	w_expect(w, WEB, RG_STARTED, 1);
	assert_true(w_noted(w, 3, "end 0"));
	w_free(w);
}

static void an_operator_may_end_what_failed(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	(void)state;
	w_note(w, 2, FAILED_ON_1);
	w_up(w, 2);
	w_time(w, 6000);
	w_expect(w, WEB, RG_FAILED, 0);
	assert_int_equal(w_result(w, w_op(w, 2, "disable", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_DISABLED, 0);
	assert_true(w_noted(w, 2, "end 0"));
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 0)), RG_ESUCCESS);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

/* The note is older than what the group knows. */
static void what_the_group_knows_is_newer(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	(void)state;
	w_boot_all(w, 2);
	w_note(w, 3, NOTE("frozen 2 service:web\n", 1));
	w_up(w, 3);
	w_expect(w, WEB, RG_STARTED, 1);
	assert_true(w_noted(w, 3, "end 0"));
	w_free(w);
}

static void what_the_group_has_stopped_is_stopped(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	(void)state;
	w_boot_all(w, 1);
	assert_int_equal(w_result(w, w_op(w, 1, "stop", WEB, 0)), RG_ESUCCESS);
	w_note(w, 3, NOTE("frozen 2 service:web\n", 1));
	w_boot(w, 3);
	w_run(w);
	w_expect(w, WEB, RG_STOPPED, 0);
	w_free(w);
}

static void what_nobody_has_had_is_told_late_as_well(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\" autostart=\"0\""));

	(void)state;
	w_up(w, 2);
	w_time(w, 6000);
	w_expect(w, WEB, RG_DISABLED, 0);
	w_note(w, 3, FROZEN_ON_1);
	w_boot(w, 3);
	w_run(w);
	w_expect(w, WEB, RG_STARTED, 1);
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_DISABLED, 0);
	w_free(w);
}

/* As when two disks differed, and one of them had told a group that heard both. */
static void each_node_that_is_named_counts(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	(void)state;
	w_note(w, 2, NOTE("frozen 1 service:web\nfrozen 3 service:web\n", 2));
	w_up(w, 2);
	w_time(w, 6000);
	w_expect(w, WEB, RG_STARTED, 1);
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STARTED, 3);
	assert_true(w_noted(w, 2, "1\nfrozen 3 service:web\nend 1\n"));
	w_fenced(w, 3, "agent");
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void who_is_ready_runs_nothing_that_a_note_says(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\" autostart=\"0\""));

	(void)state;
	w_boot_all(w, 2);
	w_note(w, 3, FROZEN_ON_1);
	w_up(w, 3);
	w_expect(w, WEB, RG_DISABLED, 0);
	w_free(w);
}

static void services_and_nodes_that_are_none_any_more_are_passed_over(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	(void)state;
	w_note(w, 2, NOTE("frozen 77 service:web\nfailed 1 service:former\n", 2));
	w_up(w, 2);
	w_time(w, 6000);
	w_expect(w, WEB, RG_STARTED, 2);
	assert_true(w_noted(w, 2, "end 0"));
	w_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_rgmanager_wrote_is_read),
		cmocka_unit_test(it_is_not_started_a_second_time),
		cmocka_unit_test(the_last_one_ends_and_comes_back),
		cmocka_unit_test(fencing_ends_it),
		cmocka_unit_test(that_it_was_fenced_before_ends_it_as_well),
		cmocka_unit_test(a_fencing_that_the_node_outlived_does_not),
		cmocka_unit_test(an_updated_rgmanager_takes_it_over),
		cmocka_unit_test(one_that_stops_everything_begins_anew),
		cmocka_unit_test(it_is_stopped_once),
		cmocka_unit_test(one_that_cannot_stop_it_says_so),
		cmocka_unit_test(nothing_is_started_before_all_have_told),
		cmocka_unit_test(what_failed_is_not_started_either),
		cmocka_unit_test(an_operator_may_end_what_failed),
		cmocka_unit_test(what_the_group_knows_is_newer),
		cmocka_unit_test(what_the_group_has_stopped_is_stopped),
		cmocka_unit_test(what_nobody_has_had_is_told_late_as_well),
		cmocka_unit_test(each_node_that_is_named_counts),
		cmocka_unit_test(who_is_ready_runs_nothing_that_a_note_says),
		cmocka_unit_test(services_and_nodes_that_are_none_any_more_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
