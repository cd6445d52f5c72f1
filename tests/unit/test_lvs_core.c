/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lvs_core.h"

/* A world around one core: a clock, what was asked for, and a director that does as it is told. */
struct world {
	struct lvs_core *core;
	struct clu_out *notes;
	struct lvs_actions actions;
	uint64_t now;
	int refuse;		/* the director fails with this */
	unsigned applied;
};

#define TWO(a, b, more) \
	"network = nat\nvirtual web {\n active = 1\n address = 10.0.0.10 eth0:1\n port = 80\n scheduler = wrr\n" \
	" timeout = 10\n reentry = 30\n" more "\n" \
	" server a {\n address = 10.1.0.1\n active = 1\n weight = " a "\n }\n" \
	" server b {\n address = 10.1.0.2\n active = 1\n weight = " b "\n }\n}\n"

static struct lvs_conf *conf_of(const char *text)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct lvs_conf *c = NULL;

	if (lvs_conf_parse("lvs.cf", text, strlen(text), false, false, &c, &errs, &warns) ||
		lvs_conf_check("lvs.cf", c, &errs, &warns))
		fail_msg("%s", clu_buf_text(&errs));
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	return c;
}

static void step(struct world *w, struct lvs_event ev)
{
	unsigned from = w->actions.n;

	ev.now_ms = w->now;
	ev.wall_ms = w->now + 1000000;
	assert_int_equal(lvs_core_step(w->core, &ev, &w->actions, w->notes), 0);
	for (unsigned i = from; i < w->actions.n; i++) {
		if (w->actions.list[i].type == LVS_ACT_APPLY) {
			w->applied++;
			step(w, (struct lvs_event){ .type = LVS_EV_APPLIED,
				.u.applied = { w->refuse, "the kernel says no" } });
		}
	}
}

static void configure(struct world *w, const char *text)
{
	step(w, (struct lvs_event){ .type = LVS_EV_CONFIG, .u.conf = conf_of(text) });
}

/* Ends the newest check of this server that was started, if one was. */
static void check_ends(struct world *w, const char *rip, bool ok)
{
	struct lvs_addr a;

	assert_int_equal(lvs_addr_parse(rip, &a), 0);
	for (unsigned i = w->actions.n; i-- > 0; ) {
		struct lvs_action *x = &w->actions.list[i];

		if (x->type != LVS_ACT_CHECK || lvs_addr_cmp(&x->addr, &a))
			continue;
		step(w, (struct lvs_event){ .type = LVS_EV_CHECK, .u.check = { x->id, ok, ok ? "fine" : "refused" } });
		return;
	}
	fail_msg("no check of %s was started", rip);
}

/* Lets the interval pass and the due checks begin. */
static void next_round(struct world *w)
{
	w->now = lvs_core_deadline(w->core);
	assert_true(w->now != UINT64_MAX);
	step(w, (struct lvs_event){ .type = LVS_EV_TIMER });
}

/* Weight in the kernel's table; -1 = not there. */
static int weight(const struct world *w, const char *rip)
{
	const struct lvs_table *t = lvs_core_have(w->core);
	struct lvs_addr a;

	assert_int_equal(lvs_addr_parse(rip, &a), 0);
	for (unsigned i = 0; i < t->n_svcs; i++) {
		for (unsigned k = 0; k < t->svcs[i].n_dests; k++) {
			if (!lvs_addr_cmp(&t->svcs[i].dests[k].addr, &a))
				return (int)t->svcs[i].dests[k].weight;
		}
	}
	return -1;
}

static unsigned count(const struct world *w, enum lvs_action_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->actions.n; i++)
		n += w->actions.list[i].type == type;
	return n;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->core = lvs_core_new();
	w->notes = clu_out_new();
	w->now = 1000;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	lvs_core_free(w->core);
	clu_out_free(w->notes);
	free(w->actions.list);
	free(w);
	return 0;
}

static void test_table_is_whole_before_the_first_check(void **state)
{
	struct world *w = *state;

	configure(w, TWO("3", "2", ""));
	assert_int_equal(weight(w, "10.1.0.1"), 3);
	assert_int_equal(weight(w, "10.1.0.2"), 2);
	assert_int_equal(w->actions.list[0].type, LVS_ACT_APPLY);
	assert_int_equal(count(w, LVS_ACT_CHECK), 2);
}

static void test_first_good_check_keeps_the_weight(void **state)
{
	struct world *w = *state;
	struct lvs_real_info info;

	configure(w, TWO("64", "1", ""));
	check_ends(w, "10.1.0.1", true);
	assert_true(lvs_core_real(w->core, 0, 0, &info));
	assert_int_equal(info.state, LVS_RS_UP);
	assert_int_equal(weight(w, "10.1.0.1"), 64);
	assert_int_equal(w->applied, 1);
}

static void test_one_failure_takes_out(void **state)
{
	struct world *w = *state;
	struct lvs_real_info info;

	configure(w, TWO("1", "1", ""));
	check_ends(w, "10.1.0.1", true);
	check_ends(w, "10.1.0.2", true);
	next_round(w);
	check_ends(w, "10.1.0.2", false);
	assert_int_equal(weight(w, "10.1.0.2"), -1);
	assert_int_equal(weight(w, "10.1.0.1"), 1);
	/* Its connections are dropped, after it left the table, once. */
	assert_int_equal(count(w, LVS_ACT_FORGET), 1);
	assert_int_equal(w->actions.list[w->actions.n - 1].type, LVS_ACT_FORGET);
	assert_int_equal(w->actions.list[w->actions.n - 1].dest.port, 80);
	assert_true(lvs_core_real(w->core, 0, 1, &info));
	assert_string_equal(info.last_why, "refused");
	assert_false(info.in_table);
}

static void test_returns_after_reentry_with_a_ramp(void **state)
{
	struct world *w = *state;

	configure(w, TWO("96", "1", ""));
	check_ends(w, "10.1.0.1", false);
	/* reentry 30 / timeout 10: the third success in a row. */
	for (int i = 0; i < 2; i++) {
		next_round(w);
		check_ends(w, "10.1.0.1", true);
		assert_int_equal(weight(w, "10.1.0.1"), -1);
	}
	next_round(w);
	check_ends(w, "10.1.0.1", true);
	assert_int_equal(weight(w, "10.1.0.1"), 3);
	/* A step at every second success (20 s / 10 s), when the count of successes is even. */
	next_round(w);
	check_ends(w, "10.1.0.1", true);
	assert_int_equal(weight(w, "10.1.0.1"), 6);
	next_round(w);
	check_ends(w, "10.1.0.1", true);
	assert_int_equal(weight(w, "10.1.0.1"), 6);
	for (int i = 0; i < 12; i++) {
		next_round(w);
		check_ends(w, "10.1.0.1", true);
	}
	assert_int_equal(weight(w, "10.1.0.1"), 96);
}

static void test_a_failure_starts_the_count_anew(void **state)
{
	struct world *w = *state;
	static const bool results[] = { true, true, false, true, true };

	configure(w, TWO("1", "1", ""));
	check_ends(w, "10.1.0.1", false);
	for (unsigned i = 0; i < sizeof(results); i++) {
		next_round(w);
		check_ends(w, "10.1.0.1", results[i]);
		assert_int_equal(weight(w, "10.1.0.1"), -1);
	}
	next_round(w);
	check_ends(w, "10.1.0.1", true);
	assert_int_equal(weight(w, "10.1.0.1"), 1);
}

static void test_quiesced_server_stays_with_weight_zero(void **state)
{
	struct world *w = *state;

	configure(w, TWO("4", "1", "quiesce_server = 1"));
	check_ends(w, "10.1.0.1", false);
	assert_int_equal(weight(w, "10.1.0.1"), 0);
	assert_int_equal(count(w, LVS_ACT_FORGET), 0);
}

static void test_sorry_server_only_while_none_serves(void **state)
{
	struct world *w = *state;

	configure(w, TWO("1", "1", "sorry_server = 10.1.0.9"));
	assert_int_equal(weight(w, "10.1.0.9"), -1);
	check_ends(w, "10.1.0.1", false);
	assert_int_equal(weight(w, "10.1.0.9"), -1);
	check_ends(w, "10.1.0.2", false);
	assert_int_equal(weight(w, "10.1.0.9"), 1);
	for (int i = 0; i < 3; i++) {
		next_round(w);
		check_ends(w, "10.1.0.2", true);
	}
	assert_int_equal(weight(w, "10.1.0.2"), 1);
	assert_int_equal(weight(w, "10.1.0.9"), -1);
}

static void test_reload_keeps_states_and_changes_weights(void **state)
{
	struct world *w = *state;
	unsigned checks;

	configure(w, TWO("1", "1", ""));
	check_ends(w, "10.1.0.1", true);
	check_ends(w, "10.1.0.2", false);
	checks = count(w, LVS_ACT_CHECK);
	configure(w, TWO("5", "7", ""));
	assert_int_equal(weight(w, "10.1.0.1"), 5);
	assert_int_equal(weight(w, "10.1.0.2"), -1);
	assert_int_equal(count(w, LVS_ACT_CHECK), checks);
	assert_int_equal(count(w, LVS_ACT_CANCEL), 0);
}

static void test_reload_of_the_same_file_changes_nothing(void **state)
{
	struct world *w = *state;
	unsigned actions;

	configure(w, TWO("1", "1", ""));
	actions = w->actions.n;
	configure(w, TWO("1", "1", ""));
	assert_int_equal(w->actions.n, actions);
	assert_int_equal(w->applied, 1);
	/* The checks that run since before the reload still count. */
	check_ends(w, "10.1.0.1", false);
	assert_int_equal(weight(w, "10.1.0.1"), -1);
}

static void test_new_server_of_a_reload_waits_for_its_first_success(void **state)
{
	struct world *w = *state;
	char text[1024];

	configure(w, TWO("1", "1", ""));
	snprintf(text, sizeof(text), "%s", TWO("1", "1", ""));
	strcpy(strrchr(text, '}'), "server c {\n address = 10.1.0.3\n active = 1\n weight = 2\n }\n}\n");
	configure(w, text);
	assert_int_equal(weight(w, "10.1.0.3"), -1);
	check_ends(w, "10.1.0.3", true);
	assert_int_equal(weight(w, "10.1.0.3"), 1);
}

static void test_changed_check_is_cancelled_and_begun_anew(void **state)
{
	struct world *w = *state;

	configure(w, TWO("1", "1", ""));
	configure(w, TWO("1", "1", "send = \"x\""));
	assert_int_equal(count(w, LVS_ACT_CANCEL), 2);
	assert_int_equal(count(w, LVS_ACT_CHECK), 4);
	assert_int_equal(weight(w, "10.1.0.1"), 1);
	/* The end of a cancelled check is no result. */
	step(w, (struct lvs_event){ .type = LVS_EV_CHECK, .u.check = { 1, false, "late" } });
	assert_int_equal(weight(w, "10.1.0.1"), 1);
}

static void test_removed_server_leaves_and_its_check_ends(void **state)
{
	struct world *w = *state;
	char text[1024];

	configure(w, TWO("1", "1", ""));
	snprintf(text, sizeof(text), "%s", TWO("1", "1", ""));
	strcpy(strstr(text, " server b"), "}\n");
	configure(w, text);
	assert_int_equal(weight(w, "10.1.0.2"), -1);
	assert_int_equal(count(w, LVS_ACT_CANCEL), 1);
	assert_int_equal(count(w, LVS_ACT_FORGET), 0);
}

static void test_refused_table_is_tried_again_and_not_taken_for_done(void **state)
{
	struct world *w = *state;

	w->refuse = -5;
	configure(w, TWO("1", "1", ""));
	assert_int_equal(weight(w, "10.1.0.1"), -1);
	assert_int_equal(w->applied, 1);
	assert_int_equal(lvs_core_deadline(w->core), 2000);
	next_round(w);
	assert_int_equal(w->applied, 2);
	assert_int_equal(lvs_core_deadline(w->core), 4000);
	w->refuse = 0;
	next_round(w);
	assert_int_equal(weight(w, "10.1.0.1"), 1);
	assert_true(lvs_core_deadline(w->core) == UINT64_MAX);
}

#define MARK(port, more) \
	"virtual m" port " {\n active = 1\n address = 10.0.0.10 eth0:1\n port = " port "\n fwmark = 9\n persistent = 60\n" \
	" scheduler = wrr\n server a {\n address = 10.1.0.1\n active = 1\n weight = 2\n }\n" more "}\n"

static void test_blocks_of_one_mark_are_one_service(void **state)
{
	struct world *w = *state;
	const struct lvs_table *t;

	configure(w, MARK("80", "") MARK("443", " server b {\n address = 10.1.0.2\n active = 1\n }\n"));
	t = lvs_core_have(w->core);
	assert_int_equal(t->n_svcs, 1);
	assert_int_equal(t->svcs[0].n_dests, 2);
	assert_int_equal(t->svcs[0].dests[0].port, 0);
	/* Server a has two checks; either takes it out. */
	check_ends(w, "10.1.0.1", false);
	assert_int_equal(weight(w, "10.1.0.1"), -1);
	assert_int_equal(weight(w, "10.1.0.2"), 1);
}

static void test_direct_keeps_the_port_and_nat_maps_it(void **state)
{
	struct world *w = *state;
	char text[1024];
	char *at;

	configure(w, TWO("1", "1\n port = 8080", ""));
	assert_int_equal(lvs_core_have(w->core)->svcs[0].dests[1].port, 8080);
	snprintf(text, sizeof(text), "%s", TWO("1", "1\n port = 8080", ""));
	at = strstr(text, "network = nat");
	memmove(at, at + 14, strlen(at + 14) + 1);
	memmove(at + 17, at, strlen(at) + 1);
	memcpy(at, "network = direct\n", 17);
	configure(w, text);
	assert_int_equal(lvs_core_have(w->core)->svcs[0].dests[1].port, 80);
	assert_int_equal(lvs_core_have(w->core)->svcs[0].dests[1].method, LVS_DIRECT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_table_is_whole_before_the_first_check),
		T(test_first_good_check_keeps_the_weight),
		T(test_one_failure_takes_out),
		T(test_returns_after_reentry_with_a_ramp),
		T(test_a_failure_starts_the_count_anew),
		T(test_quiesced_server_stays_with_weight_zero),
		T(test_sorry_server_only_while_none_serves),
		T(test_reload_keeps_states_and_changes_weights),
		T(test_reload_of_the_same_file_changes_nothing),
		T(test_new_server_of_a_reload_waits_for_its_first_success),
		T(test_changed_check_is_cancelled_and_begun_anew),
		T(test_removed_server_leaves_and_its_check_ends),
		T(test_refused_table_is_tried_again_and_not_taken_for_done),
		T(test_blocks_of_one_mark_are_one_service),
		T(test_direct_keeps_the_port_and_nat_maps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
