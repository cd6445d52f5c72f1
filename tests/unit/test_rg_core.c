/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where services run, over several cores on one order. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rg_world.h"

#define HEAD(version) "<cluster name=\"alpha\" config_version=\"" version "\"><clusternodes>" \
	"<clusternode name=\"n1\" nodeid=\"1\"><fence><method name=\"a\"><device name=\"x\"/></method></fence></clusternode>" \
	"<clusternode name=\"n2\" nodeid=\"2\"><fence><method name=\"a\"><device name=\"x\"/></method></fence></clusternode>" \
	"<clusternode name=\"n3\" nodeid=\"3\"><fence><method name=\"a\"><device name=\"x\"/></method></fence></clusternode>" \
	"</clusternodes><rm>"
#define DOMAINS "<failoverdomains><failoverdomain name=\"d\" ordered=\"1\">" \
	"<failoverdomainnode name=\"n1\" priority=\"1\"/><failoverdomainnode name=\"n2\" priority=\"2\"/>" \
	"<failoverdomainnode name=\"n3\" priority=\"3\"/></failoverdomain>" \
	"<failoverdomain name=\"nofb\" ordered=\"1\" nofailback=\"1\"><failoverdomainnode name=\"n1\" priority=\"1\"/>" \
	"<failoverdomainnode name=\"n2\" priority=\"2\"/></failoverdomain>" \
	"<failoverdomain name=\"only2\" restricted=\"1\"><failoverdomainnode name=\"n2\"/></failoverdomain></failoverdomains>"
#define TAIL "</rm></cluster>"
#define WEB "service:web"
#define RES "<ip address=\"10.0.0.1\"/><script name=\"web\" file=\"/w\"/>"
#define ONE(attrs) HEAD("1") DOMAINS "<service name=\"web\" " attrs ">" RES "</service>" TAIL

static void expect(struct world *w, const char *svc, enum rg_state state, uint32_t owner)
{
	w_same(w);
	for (unsigned n = 1; n <= W_NODES; n++) {
		struct rg_svc *s;

		if (!w->alive[n])
			continue;
		s = w_svc(w, n, svc);
		if (s->state != state || s->owner != owner)
			fail_msg("n%u: %s is %s on %u (%s)\n%s", n, svc, rg_state_name(s->state), s->owner, s->why,
				clu_buf_text(&w->log));
	}
}

static bool logged(struct world *w, const char *text)
{
	return strstr(clu_buf_text(&w->log), text) != NULL;
}

static void log_reset(struct world *w)
{
	clu_buf_free(&w->log);
}

static void starts_where_it_belongs(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	expect(w, WEB, RG_STARTED, 1);
	assert_true(w_active(w, 1, "ip:10.0.0.1") && w_active(w, 1, "script:web"));
	/* Everything was stopped once on every node before. */
	assert_true(logged(w, "n3 stop script:web"));
	assert_true(strstr(clu_buf_text(&w->log), "n1 start ip:10.0.0.1\nn1 start script:web\n") != NULL);
	w_free(w);
}

static void nothing_before_quorum_and_readiness(void **state)
{
	struct world *w = w_new(ONE(""));

	w_boot(w, 1);
	w_run(w);
	expect(w, WEB, RG_STOPPED, 0);
	assert_false(logged(w, "start"));
	w_quorum(w, 1, true);
	w_run(w);
	expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void waits_for_members_that_get_ready(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot(w, 2);
	w_boot(w, 1);
	w_quorum(w, 2, true);
	w_run(w);
	expect(w, WEB, RG_STOPPED, 0);
	/* n1 does not get ready (it never hears of quorum): after a while the others go on. */
	w_time(w, RG_SETTLE_MS + 10);
	expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void moves_only_after_fencing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct rg_svc *s;
	struct clu_buf wait = CLU_BUF_INIT, remedy = CLU_BUF_INIT;

	w_boot_all(w, 3);
	log_reset(w);
	w_crash(w, 1);
	w_victim(w, 1);
	expect(w, WEB, RG_RECOVERING, 0);
	w_time(w, 60000);
	expect(w, WEB, RG_RECOVERING, 0);
	assert_false(logged(w, " start "));
	s = w_svc(w, 2, WEB);
	assert_true(rg_svc_waits(w->core[2], s, &wait, &remedy));
	assert_non_null(strstr(clu_buf_text(&wait), "n1 to be fenced: its BMC says: wrong password"));
	assert_true(remedy.len > 0);
	clu_buf_free(&wait);
	clu_buf_free(&remedy);
	w_fenced(w, 1, "agent");
	expect(w, WEB, RG_STARTED, 2);
	assert_int_equal(w_svc(w, 2, WEB)->last_owner, 1);
	assert_int_equal(w_svc(w, 2, WEB)->restarts, 1);
	/* One line per move in the whole cluster. */
	assert_true(logged(w, "service:web: started -> recovering\nservice:web: recovering -> starting\n"
		"n2 start service:web\nn2 start ip:10.0.0.1\nn2 start script:web\nservice:web: starting -> started\n"));
	w_free(w);
}

/* The moment the word of fencing is delivered is the moment the start begins: no further message, no timer. */
static void start_begins_in_the_step_of_the_word(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	struct clu_event ev = { .type = CLU_EV_MESSAGE };
	uint8_t bytes[64];

	w_boot_all(w, 3);
	w_crash(w, 1);
	w->hold_children = true;
	m.kind = RG_M_FENCED;
	m.nodeid = 1;
	m.number = 9;
	m.how = (char *)"agent";
	ev.u.message.from = 3;
	ev.u.message.data = bytes;
	ev.u.message.len = hawser__rg_message__pack(&m, bytes);
	w->n_active[1] = 0;
	w_step(w, 2, &ev);
	assert_int_equal(w->n_child, 1);
	assert_string_equal(w->child[0].op, "start");
	w_free(w);
}

static void word_of_an_earlier_fencing_counts_for_nothing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w->done_seq[1] = w->fence_seq = 7;
	strcpy(w->done_how[1], "agent");
	w_boot_all(w, 3);
	w_crash(w, 1);
	expect(w, WEB, RG_RECOVERING, 0);
	w_boot(w, 4);
	w_run(w);
	expect(w, WEB, RG_RECOVERING, 0);
	w_fenced(w, 1, "agent");
	expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void say(struct world *w, uint32_t from, Hawser__RgMessage *m)
{
	struct clu_event ev = { .type = CLU_EV_MESSAGE };
	uint8_t bytes[256];

	ev.u.message.from = from;
	ev.u.message.data = bytes;
	ev.u.message.len = hawser__rg_message__pack(m, bytes);
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			w_step(w, n, &ev);
	w_run(w);
}

static void late_word_of_the_last_fencing_counts_for_nothing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

	w_boot_all(w, 3);
	w_crash(w, 1);
	w_fenced(w, 1, "agent");
	w_boot(w, 1);
	w_quorum(w, 1, true);
	w_run(w);
	expect(w, WEB, RG_STARTED, 1);
	w_crash(w, 1);
	m.kind = RG_M_FENCED;
	m.nodeid = 1;
	m.number = w->fence_seq;
	m.how = (char *)"agent";
	say(w, 3, &m);
	expect(w, WEB, RG_RECOVERING, 0);
	w_fenced(w, 1, "agent");
	expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void late_results_count_for_nothing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	uint64_t txn;

	w_boot_all(w, 3);
	txn = w_svc(w, 1, WEB)->txn;
	m.kind = RG_M_RESULT;
	m.svc = (char *)WEB;
	m.code = RG_O_CHECK_FAILED;
	m.txn = txn - 1;	/* of an earlier transition */
	say(w, 1, &m);
	m.txn = txn;
	say(w, 2, &m);		/* of somebody who does not own it */
	expect(w, WEB, RG_STARTED, 1);
	assert_int_equal(w_svc(w, 2, WEB)->txn, txn);
	assert_true(w->core[2]->stats.stale_results >= 2);
	w_free(w);
}

static void fenced_before_the_loss_is_noticed(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w->core[1] = rg_free(w->core[1]);
	w->alive[1] = false;
	w_fenced(w, 1, "agent");
	w->alive[1] = false;
	w_crash(w, 1);
	expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void dead_process_is_reported_and_settled_when_it_has_stopped_all(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_process_dies(w, 1);
	assert_int_equal(w->fence_asked, 1u << 1);
	expect(w, WEB, RG_RECOVERING, 0);
	w_fenced(w, 1, "member");
	w->n_active[1] = 0;
	expect(w, WEB, RG_RECOVERING, 0);
	w_boot(w, 1);
	expect(w, WEB, RG_RECOVERING, 0);
	w_quorum(w, 1, true);
	w_run(w);
	assert_int_equal(w_svc(w, 2, WEB)->state, RG_STARTED);
	w_free(w);
}

static void node_that_returned_is_settled_only_by_its_own_rgmanager(void **state)
{
	struct world *w = w_new(ONE("domain=\"nofb\""));

	w_boot_all(w, 3);
	w_crash(w, 1);
	/* Its fenced was started anew; that says nothing of what runs there. */
	w_fenced(w, 1, "member");
	expect(w, WEB, RG_RECOVERING, 0);
	w_boot(w, 1);
	expect(w, WEB, RG_RECOVERING, 0);
	w_quorum(w, 1, true);
	w_run(w);
	assert_int_equal(w_svc(w, 2, WEB)->state, RG_STARTED);
	w_free(w);
}

static void failback_to_a_better_node(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_crash(w, 1);
	w_fenced(w, 1, "agent");
	expect(w, WEB, RG_STARTED, 2);
	w_boot(w, 1);
	w_quorum(w, 1, true);
	w_run(w);
	expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void nothing_starts_while_anyone_is_unfenced(void **state)
{
	struct world *w = w_new(HEAD("1") DOMAINS "<service name=\"web\" domain=\"only2\">" RES "</service>"
		"<service name=\"off\" autostart=\"0\"><ip address=\"10.0.0.9\"/></service>" TAIL);

	w_boot_all(w, 3);
	expect(w, "service:off", RG_DISABLED, 0);
	w_crash(w, 3);		/* it owned nothing, but may have seen what nobody else saw */
	assert_int_equal(w_result(w, w_op(w, 1, "enable", "service:off", 0)), RG_EFENCE);
	w_fenced(w, 3, "agent");
	assert_int_equal(w_result(w, w_op(w, 1, "enable", "service:off", 0)), RG_ESUCCESS);
	expect(w, "service:off", RG_STARTED, 1);
	w_free(w);
}

static void quorum_lost_stops_all(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	for (unsigned n = 1; n <= 3; n++)
		w_quorum(w, n, false);
	w_run(w);
	expect(w, WEB, RG_STOPPED, 0);
	assert_int_equal(w->n_active[1], 0);
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 0)), RG_EQUORUM);
	for (unsigned n = 1; n <= 3; n++)
		w_quorum(w, n, true);
	w_run(w);
	expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

/* A node comes from a ring of its own: it hears of the group first, of quorum later. */
static void newcomer_without_quorum_disturbs_nobody(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	struct clu_event ev = { .type = CLU_EV_MESSAGE };
	uint8_t bytes[64];

	w_boot_all(w, 3);
	log_reset(w);
	w_boot(w, 4);
	w_quorum(w, 4, false);
	w_run(w);
	m.kind = RG_M_QUORUM;
	m.number = w->core[1]->view_no;
	ev.u.message.from = 4;
	ev.u.message.data = bytes;
	ev.u.message.len = hawser__rg_message__pack(&m, bytes);
	for (unsigned n = 1; n <= 4; n++)
		w_step(w, n, &ev);
	w_run(w);
	expect(w, WEB, RG_STARTED, 1);
	assert_false(logged(w, "stop"));
	w_quorum(w, 4, true);
	w_run(w);
	assert_true(rg_node_find(w->core[2], 4)->ready);
	w_free(w);
}

static void stop_begins_at_once_without_quorum(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w->hold_children = true;
	w_quorum(w, 1, false);	/* nothing delivered yet */
	assert_int_equal(w->n_child, 1);
	assert_string_equal(w->child[0].op, "stop");
	w_end_children(w);
	w_free(w);
}

static void corosync_gone_stops_all_then_ends(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct clu_event ev = { .type = CLU_EV_PEER };

	w_boot_all(w, 3);
	w->hold_children = true;
	ev.u.peer.kind = CLU_PEER_COROSYNC;
	w->alive[1] = false;
	w_step(w, 1, &ev);
	assert_false(w->fatal[1]);
	w->hold_children = false;
	w_run(w);
	assert_true(w->fatal[1]);
	assert_int_equal(w->n_active[1], 0);
	w_free(w);
}

static void failed_start_goes_on_elsewhere(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_fail(w, "1 start script:web");
	w_boot_all(w, 3);
	expect(w, WEB, RG_STARTED, 2);
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
	expect(w, WEB, RG_STOPPED, 0);
	w_unfail(w);
	assert_int_equal(w_result(w, w_op(w, 3, "enable", WEB, 0)), RG_ESUCCESS);
	expect(w, WEB, RG_STARTED, 3);
	w_free(w);
}

static void failed_stop_is_failed_until_disabled(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_fail(w, "1 stop ip:10.0.0.1");
	assert_int_equal(w_result(w, w_op(w, 2, "relocate", WEB, 2)), RG_EABORT);
	expect(w, WEB, RG_FAILED, 0);
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 0)), RG_EABORT);
	assert_int_equal(w_result(w, w_op(w, 2, "relocate", WEB, 0)), RG_EABORT);
	assert_int_equal(w_result(w, w_op(w, 2, "disable", WEB, 0)), RG_EWARNING);
	expect(w, WEB, RG_DISABLED, 0);
	w_unfail(w);
	assert_int_equal(w_result(w, w_op(w, 2, "disable", WEB, 0)), RG_ESUCCESS);
	w->n_active[1] = 0;
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 0)), RG_ESUCCESS);
	expect(w, WEB, RG_STARTED, 2);
	w_free(w);
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
		log_reset(w);
		w_fail(w, "1 status script:web");
		w_time(w, 30500);
		w_unfail(w);
		assert_true(logged(w, "started -> recoverable"));
		expect(w, WEB, cases[i].state, cases[i].owner);
		w_free(w);
	}
}

static void restart_threshold_relocates(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\" max_restarts=\"2\" restart_expire_time=\"600\""));

	w_boot_all(w, 3);
	w_fail(w, "1 status script:web");
	w_time(w, 61000);
	expect(w, WEB, RG_STARTED, 1);
	assert_int_equal(w_svc(w, 3, WEB)->restarts, 2);
	w_time(w, 31000);
	expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void checks_have_their_own_intervals_and_depths(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	unsigned shallow = 0, deep = 0, before_deep = 0;

	w_boot_all(w, 3);
	log_reset(w);
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
	expect(w, WEB, RG_STARTED, 3);
	assert_int_equal(w_result(w, w_op(w, 3, "relocate", WEB, 0)), RG_ESUCCESS);
	expect(w, WEB, RG_STARTED, 1);
	/* Target fails, then everything else: home again. */
	w_fail(w, "2 start script:web");
	w_fail(w, "3 start script:web");
	assert_int_equal(w_result(w, w_op(w, 3, "relocate", WEB, 2)), RG_ERELO);
	expect(w, WEB, RG_STARTED, 1);
	w_unfail(w);
	assert_int_equal(w_result(w, w_op(w, 2, "relocate", "service:nix", 2)), RG_ENOSERVICE);
	assert_int_equal(w_result(w, w_op(w, 2, "restart", WEB, 0)), RG_ESUCCESS);
	expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void stop_disable_enable(void **state)
{
	struct world *w = w_new(ONE("domain=\"only2\""));

	w_boot_all(w, 3);
	expect(w, WEB, RG_STARTED, 2);
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 0)), RG_ERUN);
	assert_int_equal(w_result(w, w_op(w, 1, "stop", WEB, 0)), RG_ESUCCESS);
	expect(w, WEB, RG_STOPPED, 0);
	assert_int_equal(w_result(w, w_op(w, 1, "disable", WEB, 0)), RG_ESUCCESS);
	expect(w, WEB, RG_DISABLED, 0);
	assert_int_equal(w_result(w, w_op(w, 1, "relocate", WEB, 2)), RG_EINVAL);
	/* Outside of its restricted domain. */
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 0)), RG_EFAIL);
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 2)), RG_ESUCCESS);
	expect(w, WEB, RG_STARTED, 2);
	/* The only legal node dies: stopped, and started when it is back. */
	w_crash(w, 2);
	w_fenced(w, 2, "agent");
	expect(w, WEB, RG_STOPPED, 0);
	w_boot(w, 2);
	w_quorum(w, 2, true);
	w_run(w);
	expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void frozen_is_left_alone(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	assert_int_equal(w_result(w, w_op(w, 2, "freeze", WEB, 0)), RG_ESUCCESS);
	assert_int_equal(w_result(w, w_op(w, 2, "disable", WEB, 0)), RG_EFROZEN);
	log_reset(w);
	w_fail(w, "1 status script:web");
	w_time(w, 120000);
	assert_false(logged(w, "status"));
	expect(w, WEB, RG_STARTED, 1);
	assert_int_equal(w_result(w, w_op(w, 2, "unfreeze", WEB, 0)), RG_ESUCCESS);
	w_unfail(w);
	w_time(w, 61000);
	assert_true(logged(w, "status"));
	w_free(w);
}

static void shutdown_hands_over(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	w_boot_all(w, 3);
	w_step(w, 1, &ev);
	w_run(w);
	assert_true(w->exited[1]);
	expect(w, WEB, RG_STARTED, 2);
	assert_int_equal(w->n_active[1], 0);
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
	expect(w, WEB, RG_DISABLED, 0);
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
	expect(w, WEB, RG_STARTED, 2);
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
	expect(w, WEB, RG_STOPPED, 0);
	assert_int_equal(w_result(w, w_op(w, 1, "enable", WEB, 0)), RG_EDEPEND);
	w_op(w, 1, "enable", "service:db", 0);
	assert_int_equal(w_svc(w, 1, WEB)->state, RG_STARTED);
	w_free(w);
}

static void config_update_touches_only_what_changed(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	log_reset(w);
	w_config(w, HEAD("2") DOMAINS "<service name=\"web\" domain=\"d\" recovery=\"relocate\"><ip address=\"10.0.0.1\"/>"
		"<ip address=\"10.0.0.7\"/><script name=\"web\" file=\"/w\"/></service>"
		"<service name=\"new\" domain=\"d\"><ip address=\"10.0.0.8\"/></service>" TAIL);
	expect(w, WEB, RG_STARTED, 1);
	expect(w, "service:new", RG_STARTED, 1);
	assert_true(logged(w, "n1 start ip:10.0.0.7"));
	assert_false(logged(w, "start ip:10.0.0.1\n"));
	assert_false(logged(w, "stop script:web"));
	/* The new service was stopped once on every node before it was started anywhere. */
	assert_true(logged(w, "n3 stop ip:10.0.0.8") && logged(w, "n2 stop ip:10.0.0.8"));
	for (const char *p = clu_buf_text(&w->log); (p = strstr(p, " stop ip:10.0.0.8")); p++)
		assert_true(p < strstr(clu_buf_text(&w->log), "start ip:10.0.0.8"));
	log_reset(w);
	w_config(w, HEAD("3") DOMAINS "<service name=\"web\" domain=\"d\"><ip address=\"10.0.0.1\"/>"
		"<script name=\"web\" file=\"/other\"/></service>" TAIL);
	assert_true(logged(w, "n1 stop script:web"));
	assert_true(logged(w, "n1 start script:web"));
	assert_false(logged(w, "stop ip:10.0.0.1\n"));
	assert_false(w_active(w, 1, "ip:10.0.0.7"));
	assert_false(w_active(w, 1, "ip:10.0.0.8"));
	assert_null(rg_svc_find(w->core[2], "service:new"));
	log_reset(w);
	/* The root itself changes: the whole service is restarted. */
	w_config(w, HEAD("4") DOMAINS "<service name=\"web\" nfslock=\"1\"><ip address=\"10.0.0.1\"/>"
		"<script name=\"web\" file=\"/other\"/></service>" TAIL);
	assert_true(logged(w, "stop ip:10.0.0.1\n"));
	expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void new_service_waits_until_all_have_stopped_it_once(void **state)
{
	struct world *w = w_new(HEAD("1") DOMAINS TAIL);

	w_boot_all(w, 3);
	w->hold_nodes = 1u << 3;
	w_config(w, HEAD("2") DOMAINS "<service name=\"web\" domain=\"d\">" RES "</service>" TAIL);
	expect(w, WEB, RG_STOPPED, 0);
	w->hold_nodes = 0;
	w_run(w);
	expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void independent_parts_recover_by_themselves(void **state)
{
	struct world *w = w_new(HEAD("1") "<service name=\"web\"><ip address=\"10.0.0.1\"/>"
		"<script name=\"a\" file=\"/a\" __independent_subtree=\"1\"/>"
		"<script name=\"b\" file=\"/b\" __independent_subtree=\"2\"/></service>" TAIL);

	w_boot_all(w, 1);
	log_reset(w);
	w_fail(w, "1 status script:a");
	w_time(w, 30500);
	w_unfail(w);
	assert_true(logged(w, "n1 stop script:a\nn1 start script:a\n"));
	assert_false(logged(w, "recoverable"));
	w_fail(w, "1 status script:b");
	w_time(w, 30500);
	w_unfail(w);
	assert_true(logged(w, "n1 stop script:b\n"));
	assert_false(logged(w, "start script:b"));
	expect(w, WEB, RG_STARTED, 1);
	assert_int_equal(w_svc(w, 1, WEB)->flags, RG_FLAG_PARTIAL);
	assert_int_equal(w_result(w, w_op(w, 1, "convalesce", WEB, 0)), RG_ESUCCESS);
	assert_true(logged(w, "start script:b"));
	assert_int_equal(w_svc(w, 1, WEB)->flags, 0);
	w_free(w);
}

static void recover_cancels_a_failed_check(void **state)
{
	struct world *w = w_new(HEAD("1") "<service name=\"web\"><fs name=\"f\" mountpoint=\"/f\"/></service>" TAIL);

	w_boot_all(w, 1);
	log_reset(w);
	w_fail(w, "1 status fs:f");
	w_time(w, 60500);
	assert_true(logged(w, "n1 status fs:f\nn1 recover fs:f\n"));
	assert_false(logged(w, "recoverable"));
	w_free(w);
}

static void migration(void **state)
{
	struct world *w = w_new(HEAD("1") "<vm name=\"g\"/><service name=\"web\">" RES "</service>" TAIL);
	uint32_t from, to;

	w_boot_all(w, 2);
	from = w_svc(w, 1, "vm:g")->owner;
	to = 3 - from;
	log_reset(w);
	w->n_active[from] = 0;
	assert_int_equal(w_result(w, w_op(w, 1, "migrate", "vm:g", to)), RG_ESUCCESS);
	expect(w, "vm:g", RG_STARTED, to);
	assert_true(logged(w, "migrate vm:g"));
	if (logged(w, "stop"))
		fail_msg("%s", clu_buf_text(&w->log));
	to = w_svc(w, 1, WEB)->owner == 1 ? 2 : 1;
	assert_int_equal(w_result(w, w_op(w, 1, "migrate", WEB, to)), RG_EINVAL);
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

static void replaced_state_stops_what_runs_here(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct clu_event st = { .type = CLU_EV_STATE };

	w_boot_all(w, 1);
	assert_true(w_active(w, 1, "ip:10.0.0.1"));
	w_step(w, 1, &st);	/* back to the initial state */
	w_run(w);
	assert_true(logged(w, "n1 stop ip:10.0.0.1"));
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
	expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_where_it_belongs),
		cmocka_unit_test(nothing_before_quorum_and_readiness),
		cmocka_unit_test(waits_for_members_that_get_ready),
		cmocka_unit_test(moves_only_after_fencing),
		cmocka_unit_test(start_begins_in_the_step_of_the_word),
		cmocka_unit_test(word_of_an_earlier_fencing_counts_for_nothing),
		cmocka_unit_test(late_word_of_the_last_fencing_counts_for_nothing),
		cmocka_unit_test(late_results_count_for_nothing),
		cmocka_unit_test(fenced_before_the_loss_is_noticed),
		cmocka_unit_test(dead_process_is_reported_and_settled_when_it_has_stopped_all),
		cmocka_unit_test(node_that_returned_is_settled_only_by_its_own_rgmanager),
		cmocka_unit_test(failback_to_a_better_node),
		cmocka_unit_test(nothing_starts_while_anyone_is_unfenced),
		cmocka_unit_test(quorum_lost_stops_all),
		cmocka_unit_test(newcomer_without_quorum_disturbs_nobody),
		cmocka_unit_test(stop_begins_at_once_without_quorum),
		cmocka_unit_test(corosync_gone_stops_all_then_ends),
		cmocka_unit_test(failed_start_goes_on_elsewhere),
		cmocka_unit_test(start_that_fails_everywhere_ends_stopped),
		cmocka_unit_test(failed_stop_is_failed_until_disabled),
		cmocka_unit_test(check_failure_restarts_relocates_or_disables),
		cmocka_unit_test(restart_threshold_relocates),
		cmocka_unit_test(checks_have_their_own_intervals_and_depths),
		cmocka_unit_test(relocation),
		cmocka_unit_test(stop_disable_enable),
		cmocka_unit_test(frozen_is_left_alone),
		cmocka_unit_test(shutdown_hands_over),
		cmocka_unit_test(disable_ends_a_start_that_hangs),
		cmocka_unit_test(request_is_answered_when_the_owner_dies),
		cmocka_unit_test(exclusive_runs_alone),
		cmocka_unit_test(dependency_is_followed),
		cmocka_unit_test(config_update_touches_only_what_changed),
		cmocka_unit_test(new_service_waits_until_all_have_stopped_it_once),
		cmocka_unit_test(independent_parts_recover_by_themselves),
		cmocka_unit_test(recover_cancels_a_failed_check),
		cmocka_unit_test(migration),
		cmocka_unit_test(locked_services_do_not_start),
		cmocka_unit_test(replaced_state_stops_what_runs_here),
		cmocka_unit_test(refused_without_rights_or_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
