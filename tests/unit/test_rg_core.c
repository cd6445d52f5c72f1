/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where services run, over several cores on one order: members, loss, fencing, quorum, configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rg_world.h"

static void starts_where_it_belongs(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_expect(w, WEB, RG_STARTED, 1);
	assert_true(w_active(w, 1, "ip:10.0.0.1") && w_active(w, 1, "script:web"));
	/* Everything was stopped once on every node before. */
	assert_true(w_logged(w, "n3 stop script:web"));
	assert_true(strstr(clu_buf_text(&w->log), "n1 start ip:10.0.0.1\nn1 start script:web\n") != NULL);
	w_free(w);
}

static void nothing_before_quorum_and_readiness(void **state)
{
	struct world *w = w_new(ONE(""));

	w_boot(w, 1);
	w_run(w);
	w_expect(w, WEB, RG_STOPPED, 0);
	assert_false(w_logged(w, "start"));
	w_quorum(w, 1, true);
	w_run(w);
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void waits_for_members_that_get_ready(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot(w, 2);
	w_boot(w, 1);
	w_quorum(w, 2, true);
	w_run(w);
	w_expect(w, WEB, RG_STOPPED, 0);
	/* n1 does not get ready (it never hears of quorum): after a while the others go on. */
	w_time(w, RG_SETTLE_MS + 10);
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void moves_only_after_fencing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct rg_svc *s;
	struct clu_buf wait = CLU_BUF_INIT, remedy = CLU_BUF_INIT;

	w_boot_all(w, 3);
	w_log_reset(w);
	w_crash(w, 1);
	w_victim(w, 1);
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_time(w, 60000);
	w_expect(w, WEB, RG_RECOVERING, 0);
	assert_false(w_logged(w, " start "));
	s = w_svc(w, 2, WEB);
	assert_true(rg_svc_waits(w->core[2], s, &wait, &remedy));
	assert_non_null(strstr(clu_buf_text(&wait), "n1 to be fenced: its BMC says: wrong password"));
	assert_true(remedy.len > 0);
	clu_buf_free(&wait);
	clu_buf_free(&remedy);
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STARTED, 2);
	assert_int_equal(w_svc(w, 2, WEB)->last_owner, 1);
	assert_int_equal(w_svc(w, 2, WEB)->restarts, 1);
	/* One line per move in the whole cluster. */
	assert_true(w_logged(w, "service:web: started -> recovering\nservice:web: recovering -> starting\n"
		"n2 start service:web\nn2 start ip:10.0.0.1\nn2 start script:web\nservice:web: starting -> started\n"));
	w_free(w);
}

/* Members that took over another domain's history hear late of fencings that the node has long outlived. */
static void an_old_fencing_settles_no_new_loss(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_crash(w, 1);
	w->back = 1u << 1;
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_RECOVERING, 0);
	w->back = 0;
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

/* What a member that leaves still runs must not lose against a newcomer's empty state. */
static void who_leaves_still_has_weight(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct clu_event down = { .type = CLU_EV_SHUTDOWN };

	w_boot_all(w, 1);
	w->hold_children = true;
	w_step(w, 1, &down);
	w_run(w);
	assert_true(rg_node_find(w->core[1], 1)->leaving);
	assert_int_equal(rg_ops.weight(w->core[1]), 2);
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

/* A fenced that is only joining takes over what was before: no news, though it is not its first word. */
static void what_a_joining_fenced_takes_over_is_no_news(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w->outside = true;
	w_boot_all(w, 3);
	w_fenced(w, 5, "agent");
	w_fenced(w, 1, "agent");
	w->outside = false;
	w_fenced(w, 4, "agent");
	w_expect(w, WEB, RG_STARTED, 1);
	w_crash(w, 1);
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void word_of_an_earlier_fencing_counts_for_nothing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w->done_seq[1] = w->fence_seq = 7;
	strcpy(w->done_how[1], "agent");
	w_boot_all(w, 3);
	w_crash(w, 1);
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_boot(w, 4);
	w_run(w);
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void late_word_of_the_last_fencing_counts_for_nothing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

	w_boot_all(w, 3);
	w_crash(w, 1);
	w_fenced(w, 1, "agent");
	w_up(w, 1);
	w_expect(w, WEB, RG_STARTED, 1);
	w_crash(w, 1);
	m.kind = RG_M_FENCED;
	m.nodeid = 1;
	m.number = w->fence_seq;
	m.how = (char *)"agent";
	w_say(w, 3, &m);
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STARTED, 2);
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
	w_say(w, 1, &m);
	m.txn = txn;
	w_say(w, 2, &m);		/* of somebody who does not own it */
	w_expect(w, WEB, RG_STARTED, 1);
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
	w_expect(w, WEB, RG_STARTED, 2);
	w_free(w);
}

static void dead_process_is_reported_and_settled_when_it_has_stopped_all(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_process_dies(w, 1);
	assert_int_equal(w->fence_asked, 1u << 1);
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_fenced(w, 1, "member");
	w->n_active[1] = 0;
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_boot(w, 1);
	w_expect(w, WEB, RG_RECOVERING, 0);
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
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_boot(w, 1);
	w_expect(w, WEB, RG_RECOVERING, 0);
	w_quorum(w, 1, true);
	w_run(w);
	assert_int_equal(w_svc(w, 2, WEB)->state, RG_STARTED);
	w_free(w);
}

/* It was lost for long when it returns: the first thing it hears of itself must not make it ask for its own fencing. */
/* What a node cannot stop when it joins may be active there: it is started nowhere, until somebody has looked. */
static void what_a_joiner_cannot_stop_is_failed(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_process_dies(w, 1);
	w_fail(w, "1 stop script:web");
	w_up(w, 1);
	w_expect(w, WEB, RG_FAILED, 0);
	w_free(w);
}

/* It says so at once, though something keeps it from getting ready. */
static void what_a_joiner_cannot_stop_is_said_before_it_is_ready(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_victim(w, 3);
	w_process_dies(w, 1);
	w_fail(w, "1 stop script:web");
	w_up(w, 1);
	assert_false(rg_node_find(w->core[2], 1)->ready);
	w_expect(w, WEB, RG_FAILED, 0);
	w_free(w);
}

static void node_that_just_came_back_is_not_asked_to_be_fenced(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_crash(w, 1);
	w_fenced(w, 1, "member");
	w_time(w, 60000);
	w->fence_asked = 0;
	w_up(w, 1);
	assert_int_equal(w->fence_asked, 0);
	assert_int_equal(w_svc(w, 2, WEB)->state, RG_STARTED);
	w_free(w);
}

/* It cannot get ready while somebody else has to be fenced, however long that takes: no reason to fence it as well. */
static void node_that_is_back_has_time_while_others_are_fenced(void **state)
{
	struct world *w = w_new(ONE("domain=\"only2\""));
	struct clu_buf wait = CLU_BUF_INIT, remedy = CLU_BUF_INIT;

	w_boot_all(w, 3);
	w_victim(w, 3);
	w_crash(w, 2);
	w_boot(w, 2);
	w->fence_asked = 0;
	w_time(w, 100000);
	assert_int_equal(w->fence_asked, 0);
	assert_true(rg_svc_waits(w->core[1], w_svc(w, 1, WEB), &wait, &remedy));
	assert_string_equal(clu_buf_text(&wait), "n2 to say that its services are stopped");
	assert_string_equal(clu_buf_text(&remedy), "");
	clu_buf_free(&wait);
	/* From the moment that is over its time is counted anew. */
	w->hold_children = true;
	w_fenced(w, 3, "agent");
	w_time(w, 14000);
	assert_int_equal(w->fence_asked, 0);
	w_time(w, 2000);
	assert_int_equal(w->fence_asked, 1u << 2);
	w_free(w);
}

/* fenced deals by itself with the members of its domain, and with those only. */
static void stranger_to_the_fence_domain_is_reported_at_once(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w->strangers = 1u << 2;
	w_boot_all(w, 3);
	w_crash(w, 3);
	assert_int_equal(w->fence_asked, 0);
	w_crash(w, 2);
	assert_int_equal(w->fence_asked, 1u << 2);
	w_free(w);
}

/* Where two sides meet: services that run weigh more than what is only known of some that may, and that more than nothing. */
static void knowledge_of_leftovers_has_weight(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	assert_int_equal(rg_ops.weight(w->core[2]), 2);
	rg_node_find(w->core[2], 2)->ready = false;
	assert_int_equal(rg_ops.weight(w->core[2]), 0);
	rg_node_find(w->core[2], 1)->left_behind = true;
	assert_int_equal(rg_ops.weight(w->core[2]), 1);
	rg_node_find(w->core[2], 1)->left_behind = false;
	w_svc(w, 2, WEB)->state = RG_FAILED;
	assert_int_equal(rg_ops.weight(w->core[2]), 1);
	w_free(w);
}

static void failback_to_a_better_node(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_crash(w, 1);
	w_fenced(w, 1, "agent");
	w_expect(w, WEB, RG_STARTED, 2);
	w_up(w, 1);
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void nothing_starts_while_anyone_is_unfenced(void **state)
{
	struct world *w = w_new(HEAD("1") DOMAINS "<service name=\"web\" domain=\"only2\">" RES "</service>"
		"<service name=\"off\" autostart=\"0\"><ip address=\"10.0.0.9\"/></service>" TAIL);

	w_boot_all(w, 3);
	w_expect(w, "service:off", RG_DISABLED, 0);
	w_crash(w, 3);		/* it owned nothing, but may have seen what nobody else saw */
	assert_int_equal(w_result(w, w_op(w, 1, "enable", "service:off", 0)), RG_EFENCE);
	w_fenced(w, 3, "agent");
	assert_int_equal(w_result(w, w_op(w, 1, "enable", "service:off", 0)), RG_ESUCCESS);
	w_expect(w, "service:off", RG_STARTED, 1);
	w_free(w);
}

static void quorum_lost_stops_all(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	for (unsigned n = 1; n <= 3; n++)
		w_quorum(w, n, false);
	w_run(w);
	w_expect(w, WEB, RG_STOPPED, 0);
	assert_int_equal(w->n_active[1], 0);
	assert_int_equal(w_result(w, w_op(w, 2, "enable", WEB, 0)), RG_EQUORUM);
	for (unsigned n = 1; n <= 3; n++)
		w_quorum(w, n, true);
	w_run(w);
	w_expect(w, WEB, RG_STARTED, 1);
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
	w_log_reset(w);
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
	w_expect(w, WEB, RG_STARTED, 1);
	assert_false(w_logged(w, "stop"));
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

static void shutdown_hands_over(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	w_boot_all(w, 3);
	w_step(w, 1, &ev);
	w_run(w);
	assert_true(w->exited[1]);
	w_expect(w, WEB, RG_STARTED, 2);
	assert_int_equal(w->n_active[1], 0);
	w_free(w);
}

static void config_update_touches_only_what_changed(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, 3);
	w_log_reset(w);
	w_config(w, HEAD("2") DOMAINS "<service name=\"web\" domain=\"d\" recovery=\"relocate\"><ip address=\"10.0.0.1\"/>"
		"<ip address=\"10.0.0.7\"/><script name=\"web\" file=\"/w\"/></service>"
		"<service name=\"new\" domain=\"d\"><ip address=\"10.0.0.8\"/></service>" TAIL);
	w_expect(w, WEB, RG_STARTED, 1);
	w_expect(w, "service:new", RG_STARTED, 1);
	assert_true(w_logged(w, "n1 start ip:10.0.0.7"));
	assert_false(w_logged(w, "start ip:10.0.0.1\n"));
	assert_false(w_logged(w, "stop script:web"));
	/* The new service was stopped once on every node before it was started anywhere. */
	assert_true(w_logged(w, "n3 stop ip:10.0.0.8") && w_logged(w, "n2 stop ip:10.0.0.8"));
	for (const char *p = clu_buf_text(&w->log); (p = strstr(p, " stop ip:10.0.0.8")); p++)
		assert_true(p < strstr(clu_buf_text(&w->log), "start ip:10.0.0.8"));
	w_log_reset(w);
	w_config(w, HEAD("3") DOMAINS "<service name=\"web\" domain=\"d\"><ip address=\"10.0.0.1\"/>"
		"<script name=\"web\" file=\"/other\"/></service>" TAIL);
	assert_true(w_logged(w, "n1 stop script:web"));
	assert_true(w_logged(w, "n1 start script:web"));
	assert_false(w_logged(w, "stop ip:10.0.0.1\n"));
	assert_false(w_active(w, 1, "ip:10.0.0.7"));
	assert_false(w_active(w, 1, "ip:10.0.0.8"));
	assert_null(rg_svc_find(w->core[2], "service:new"));
	w_log_reset(w);
	/* The root itself changes: the whole service is restarted. */
	w_config(w, HEAD("4") DOMAINS "<service name=\"web\" nfslock=\"1\"><ip address=\"10.0.0.1\"/>"
		"<script name=\"web\" file=\"/other\"/></service>" TAIL);
	assert_true(w_logged(w, "stop ip:10.0.0.1\n"));
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

static void new_service_waits_until_all_have_stopped_it_once(void **state)
{
	struct world *w = w_new(HEAD("1") DOMAINS TAIL);

	w_boot_all(w, 3);
	w->hold_nodes = 1u << 3;
	w_config(w, HEAD("2") DOMAINS "<service name=\"web\" domain=\"d\">" RES "</service>" TAIL);
	w_expect(w, WEB, RG_STOPPED, 0);
	w->hold_nodes = 0;
	w_run(w);
	w_expect(w, WEB, RG_STARTED, 1);
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
	assert_true(w_logged(w, "n1 stop ip:10.0.0.1"));
	w_free(w);
}

/*
 * A stop is under way when the state is replaced, and in the new one the transition with the very number of that
 * stop is another: it is carried out all the same.
 */
static void numbers_of_a_replaced_state_mean_nothing(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct clu_event st = { .type = CLU_EV_STATE };
	struct clu_buf other = CLU_BUF_INIT;
	uint64_t txn;

	w_boot_all(w, 1);
	assert_int_equal(rg_ops.snapshot(w->core[1], &other), 0);
	w->hold_children = true;
	w_op(w, 1, "stop", WEB, 0);
	w_run(w);
	w_expect(w, WEB, RG_STOPPING, 1);
	txn = w_svc(w, 1, WEB)->txn;
	st.u.state = (struct clu_message){ 2, other.data, other.len };
	w_step(w, 1, &st);
	w->hold_children = false;
	w_end_children(w);
	w_run(w);
	w_expect(w, WEB, RG_STARTED, 1);
	w_op(w, 1, "stop", WEB, 0);
	w_run(w);
	assert_int_equal(w_svc(w, 1, WEB)->txn, txn + 1);
	w_expect(w, WEB, RG_STOPPED, 0);
	clu_buf_free(&other);
	w_free(w);
}

/* Its word that it shuts down died with the state that was replaced: it says it again. */
static void shutdown_outlives_a_replaced_state(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));
	struct clu_event st = { .type = CLU_EV_STATE }, down = { .type = CLU_EV_SHUTDOWN };
	struct clu_buf other = CLU_BUF_INIT;

	w_boot_all(w, 1);
	assert_int_equal(rg_ops.snapshot(w->core[1], &other), 0);
	w_step(w, 1, &down);
	assert_int_equal(w->q_tail - w->q_head, 1);
	free(w->queue[w->q_head++].data);
	st.u.state = (struct clu_message){ 2, other.data, other.len };
	w_step(w, 1, &st);
	w_run(w);
	assert_true(w->exited[1]);
	clu_buf_free(&other);
	w_free(w);
}

/* Somebody waits to be fenced: a daemon that is new here cannot know whose services that concerns. */
static void newcomer_waits_until_nobody_has_to_be_fenced(void **state)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w->victims = 1u << 3;
	w_boot_all(w, 2);
	w_expect(w, WEB, RG_STOPPED, 0);
	w_time(w, 60000);
	assert_false(w_logged(w, " start "));
	assert_false(rg_node_find(w->core[1], 1)->ready);
	w_fenced(w, 3, "override");
	w_expect(w, WEB, RG_STARTED, 1);
	w_free(w);
}

/* The same of a node whose first method in cluster.conf names no device: fenced takes the next one, and so it waits too. */
static void an_empty_method_is_not_all_of_its_fencing(void **state)
{
	const char *rest = ONE("domain=\"d\""), *at;
	struct clu_buf conf = CLU_BUF_INIT;
	struct world *w;

	while ((at = strstr(rest, "<method")) != NULL) {
		clu_buf_append(&conf, rest, (size_t)(at - rest));
		clu_buf_str(&conf, "<method name=\"empty\"/><method");
		rest = at + strlen("<method");
	}
	clu_buf_str(&conf, rest);
	w = w_new(clu_buf_text(&conf));
	w->victims = 1u << 3;
	w_boot_all(w, 2);
	assert_false(rg_node_find(w->core[1], 1)->ready);
	w_free(w);
	clu_buf_free(&conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_where_it_belongs),
		cmocka_unit_test(nothing_before_quorum_and_readiness),
		cmocka_unit_test(waits_for_members_that_get_ready),
		cmocka_unit_test(moves_only_after_fencing),
		cmocka_unit_test(start_begins_in_the_step_of_the_word),
		cmocka_unit_test(an_old_fencing_settles_no_new_loss),
		cmocka_unit_test(who_leaves_still_has_weight),
		cmocka_unit_test(what_a_joining_fenced_takes_over_is_no_news),
		cmocka_unit_test(word_of_an_earlier_fencing_counts_for_nothing),
		cmocka_unit_test(late_word_of_the_last_fencing_counts_for_nothing),
		cmocka_unit_test(late_results_count_for_nothing),
		cmocka_unit_test(fenced_before_the_loss_is_noticed),
		cmocka_unit_test(dead_process_is_reported_and_settled_when_it_has_stopped_all),
		cmocka_unit_test(node_that_returned_is_settled_only_by_its_own_rgmanager),
		cmocka_unit_test(what_a_joiner_cannot_stop_is_failed),
		cmocka_unit_test(what_a_joiner_cannot_stop_is_said_before_it_is_ready),
		cmocka_unit_test(node_that_just_came_back_is_not_asked_to_be_fenced),
		cmocka_unit_test(node_that_is_back_has_time_while_others_are_fenced),
		cmocka_unit_test(stranger_to_the_fence_domain_is_reported_at_once),
		cmocka_unit_test(knowledge_of_leftovers_has_weight),
		cmocka_unit_test(failback_to_a_better_node),
		cmocka_unit_test(nothing_starts_while_anyone_is_unfenced),
		cmocka_unit_test(quorum_lost_stops_all),
		cmocka_unit_test(newcomer_without_quorum_disturbs_nobody),
		cmocka_unit_test(stop_begins_at_once_without_quorum),
		cmocka_unit_test(corosync_gone_stops_all_then_ends),
		cmocka_unit_test(shutdown_hands_over),
		cmocka_unit_test(config_update_touches_only_what_changed),
		cmocka_unit_test(new_service_waits_until_all_have_stopped_it_once),
		cmocka_unit_test(replaced_state_stops_what_runs_here),
		cmocka_unit_test(numbers_of_a_replaced_state_mean_nothing),
		cmocka_unit_test(shutdown_outlives_a_replaced_state),
		cmocka_unit_test(newcomer_waits_until_nobody_has_to_be_fenced),
		cmocka_unit_test(an_empty_method_is_not_all_of_its_fencing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
