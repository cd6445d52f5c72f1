/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmannotifyd's core: which news run the program, with which environment, one at a time and in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_out.h"
#include "notifyd_core.h"

struct world {
	struct notifyd *n;
	struct clu_out *out;
	char said[1024];	/* what the last step asked for */
};

static void setup(struct world *w, bool debug)
{
	const struct notifyd_cfg cfg = { "/sbin/notify", debug };

	w->n = notifyd_new(&cfg);
	w->out = clu_out_new();
	assert_non_null(w->n);
	assert_non_null(w->out);
}

static void teardown(struct world *w)
{
	clu_out_free(w->out);
	notifyd_free(w->n);
}

static void add(struct world *w, const char *text)
{
	size_t at = strlen(w->said);

	snprintf(w->said + at, sizeof(w->said) - at, "%s ", text);
}

static const char *feed(struct world *w, const struct clu_event *ev)
{
	w->said[0] = '\0';
	clu_out_reset(w->out);
	assert_int_equal(notifyd_ops.step(w->n, ev, w->out), 0);
	for (unsigned i = 0; i < clu_out_count(w->out); i++) {
		const struct clu_action *a = clu_out_get(w->out, i);

		if (a->type == CLU_ACT_RUN) {
			assert_string_equal(a->u.run.argv[0], "/sbin/notify");
			assert_true(a->u.run.deadline_ms > 0);
			for (const char *const *e = a->u.run.env; *e; e++)
				add(w, *e + strlen("CMAN_NOTIFICATION"));
		} else if (a->type == CLU_ACT_KILL) {
			add(w, "kill");
		} else if (a->type == CLU_ACT_EXIT) {
			add(w, "exit");
		} else if (a->type == CLU_ACT_DEVICE) {
			assert_int_equal(a->u.device.what, NOTIFYD_ASK_LISTEN);
			add(w, "listen");
		} else if (a->type == CLU_ACT_REPLY) {
			assert_int_equal(a->u.reply.error, -EOPNOTSUPP);
			add(w, "reply");
		} else if (a->type == CLU_ACT_NOTE && a->u.note.level <= CLU_ERR && a->u.note.level >= CLU_WARNING) {
			add(w, a->u.note.event);
		}
	}
	return w->said;
}

static const char *start(struct world *w, uint32_t nodeid)
{
	return feed(w, &(struct clu_event){ .type = CLU_EV_START, .u.start = { .nodeid = nodeid, .node_name = "n1" } });
}

static const char *quorum(struct world *w, bool quorate, unsigned n)
{
	static const uint32_t nodes[] = { 1, 2, 3 };

	return feed(w, &(struct clu_event){ .type = CLU_EV_QUORUM,
					    .u.quorum = { .quorate = quorate, .nodes = nodes, .n_nodes = n } });
}

static const char *config(struct world *w, uint64_t version)
{
	return feed(w, &(struct clu_event){ .type = CLU_EV_CONFIG, .u.config = { .version = version } });
}

static const char *child(struct world *w, uint64_t id, bool timed_out)
{
	return feed(w, &(struct clu_event){ .type = CLU_EV_CHILD,
					    .u.child = { .id = id, .exit_code = timed_out ? -1 : 0,
							 .term_signal = timed_out ? 15 : 0, .timed_out = timed_out,
							 .tail = "" } });
}

static void a_node_that_joins_hears_both(void **s)
{
	struct world w;

	setup(&w, false);
	assert_string_equal(start(&w, 0), "");
	assert_string_equal(config(&w, 7), "");
	assert_string_equal(start(&w, 1), "listen ");
	assert_string_equal(quorum(&w, false, 1), "=CMAN_REASON_CONFIG_UPDATE ");
	assert_string_equal(child(&w, 1, false), "=CMAN_REASON_STATECHANGE _QUORUM=0 ");
	assert_string_equal(child(&w, 2, false), "");
	/* The same again is no news: a token that was lost for a moment. */
	assert_string_equal(quorum(&w, false, 1), "");
	assert_string_equal(quorum(&w, true, 3), "=CMAN_REASON_STATECHANGE _QUORUM=1 ");
	assert_string_equal(child(&w, 3, false), "");
	assert_string_equal(config(&w, 7), "");
	assert_string_equal(config(&w, 8), "=CMAN_REASON_CONFIG_UPDATE ");
	assert_string_equal(child(&w, 4, false), "");
	/* corosync went and came back. */
	assert_string_equal(feed(&w, &(struct clu_event){ .type = CLU_EV_PEER, .u.peer = { CLU_PEER_COROSYNC } }), "");
	assert_string_equal(start(&w, 1), "listen ");
	assert_string_equal(quorum(&w, true, 3), "=CMAN_REASON_CONFIG_UPDATE ");
	assert_string_equal(child(&w, 5, false), "=CMAN_REASON_STATECHANGE _QUORUM=1 ");
	teardown(&w);
}

static void one_at_a_time_in_order(void **s)
{
	struct world w;

	setup(&w, true);
	start(&w, 1);
	assert_string_equal(quorum(&w, true, 2), "=CMAN_REASON_CONFIG_UPDATE _DEBUG=1 ");
	assert_string_equal(quorum(&w, false, 1), "");
	assert_string_equal(quorum(&w, true, 2), "");
	assert_string_equal(feed(&w, &(struct clu_event){ .type = CLU_EV_DEVICE, .u.device = { NOTIFYD_SAID_LEAVE } }), "");
	/* An end that is not ours changes nothing. */
	assert_string_equal(child(&w, 77, false), "");
	assert_string_equal(child(&w, 1, false), "=CMAN_REASON_STATECHANGE _QUORUM=1 _DEBUG=1 ");
	assert_string_equal(child(&w, 2, true), "notify.failed =CMAN_REASON_STATECHANGE _QUORUM=0 _DEBUG=1 ");
	assert_string_equal(child(&w, 3, false), "=CMAN_REASON_STATECHANGE _QUORUM=1 _DEBUG=1 ");
	assert_string_equal(child(&w, 4, false), "=CMAN_REASON_TRY_SHUTDOWN _DEBUG=1 ");
	assert_string_equal(child(&w, 5, false), "");
	teardown(&w);
}

static void slow_scripts_lose_the_oldest(void **s)
{
	struct world w;

	setup(&w, false);
	start(&w, 1);
	quorum(&w, true, 2);		/* CONFIG_UPDATE runs, STATECHANGE 1 waits */
	for (unsigned i = 0; i < NOTIFYD_MAX_WAITING - 1; i++)
		assert_string_equal(quorum(&w, i % 2, 2), "");
	assert_string_equal(quorum(&w, true, 3), "notify.dropped ");
	assert_string_equal(child(&w, 1, false), "=CMAN_REASON_STATECHANGE _QUORUM=0 ");
	teardown(&w);
}

static void ends_in_order(void **s)
{
	const struct clu_event term = { .type = CLU_EV_SHUTDOWN };
	struct world w;

	setup(&w, false);
	start(&w, 1);
	quorum(&w, true, 2);
	assert_string_equal(feed(&w, &(struct clu_event){ .type = CLU_EV_REQUEST, .u.request = { .client = 5 } }), "reply ");
	assert_string_equal(feed(&w, &term), "kill ");
	assert_string_equal(child(&w, 1, false), "exit ");
	teardown(&w);
	setup(&w, false);
	assert_string_equal(feed(&w, &term), "exit ");
	teardown(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_that_joins_hears_both),
		cmocka_unit_test(one_at_a_time_in_order),
		cmocka_unit_test(slow_scripts_lose_the_oldest),
		cmocka_unit_test(ends_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
