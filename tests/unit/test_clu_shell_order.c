/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order the shell tells what corosync says by two descriptors: the group's news, and quorum's. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "clu_shell_priv.h"

#define SELF 1
#define OTHER 2
#define ROOM 32

/* ---- a corosync that says what the test tells it to ---- */

enum saying { SAYS_MESSAGE, SAYS_MEMBERS, SAYS_RING };

struct said {
	enum saying what;
	char data[512];
	size_t len;
	unsigned n_members;		/* the first ones of SELF, OTHER */
	int joined, left;		/* node ids, 0: nobody */
	uint64_t ring;
};

static struct clu_shell s;
static cpg_model_v1_data_t cpg;
static quorum_model_v1_data_t quorum;
static qb_loop_poll_dispatch_fn cpg_readable, quorum_readable;
static struct said group_says[ROOM];
static struct { bool quorate; uint64_t ring; unsigned n_nodes; } quorum_says[ROOM];
static unsigned group_n, group_at, quorum_n, quorum_at;
static char heard[ROOM * 16];
static bool says_when_one;	/* ring 8 gets quorum when the core hears "one" */

static void says_message(const void *data, size_t len)
{
	struct said *m = &group_says[group_n++];

	assert_true(group_n < ROOM && len <= sizeof(m->data));
	*m = (struct said){ .what = SAYS_MESSAGE, .len = len };
	memcpy(m->data, data, len);
}

static void says_members(unsigned n, int joined, int left)
{
	group_says[group_n++] = (struct said){ .what = SAYS_MEMBERS, .n_members = n, .joined = joined, .left = left };
}

static void says_ring(unsigned n, uint64_t ring)
{
	group_says[group_n++] = (struct said){ .what = SAYS_RING, .n_members = n, .ring = ring };
}

static void says_quorum(bool quorate, uint64_t ring, unsigned n_nodes)
{
	quorum_says[quorum_n].quorate = quorate;
	quorum_says[quorum_n].ring = ring;
	quorum_says[quorum_n++].n_nodes = n_nodes;
	assert_true(quorum_n < ROOM);
}

cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t model, cpg_model_data_t *data, void *context)
{
	memcpy(&cpg, data, sizeof(cpg));
	*handle = 1;
	return CS_OK;
}

cs_error_t cpg_finalize(cpg_handle_t handle)
{
	return CS_OK;
}

cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int *nodeid)
{
	*nodeid = SELF;
	return CS_OK;
}

cs_error_t cpg_fd_get(cpg_handle_t handle, int *fd)
{
	*fd = 100;
	return CS_OK;
}

cs_error_t cpg_context_get(cpg_handle_t handle, void **context)
{
	*context = &s;
	return CS_OK;
}

cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name *group)
{
	says_ring(1, 4);
	says_members(1, SELF, 0);
	return CS_OK;
}

cs_error_t cpg_leave(cpg_handle_t handle, const struct cpg_name *group)
{
	return CS_OK;
}

cs_error_t cpg_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee, const struct iovec *iov, unsigned int n)
{
	assert_int_equal(n, 1);
	says_message(iov->iov_base, iov->iov_len);
	return CS_OK;
}

cs_error_t cpg_dispatch(cpg_handle_t handle, cs_dispatch_flags_t flags)
{
	const struct cpg_name name = { 0 };
	struct cpg_address members[2] = { { .nodeid = SELF }, { .nodeid = OTHER } };
	const uint32_t nodes[2] = { SELF, OTHER };

	while (group_at < group_n) {
		struct said *m = &group_says[group_at++];
		struct cpg_address joined = { .nodeid = (uint32_t)m->joined, .reason = CPG_REASON_JOIN };
		struct cpg_address left = { .nodeid = (uint32_t)m->left, .reason = CPG_REASON_NODEDOWN };

		if (m->what == SAYS_MESSAGE)
			cpg.cpg_deliver_fn(handle, &name, SELF, 1, m->data, m->len);
		else if (m->what == SAYS_MEMBERS)
			cpg.cpg_confchg_fn(handle, &name, members, m->n_members, &left, m->left != 0, &joined, m->joined != 0);
		else
			cpg.cpg_totem_confchg_fn(handle, (struct cpg_ring_id){ SELF, m->ring }, m->n_members, nodes);
	}
	return CS_OK;
}

cs_error_t quorum_model_initialize(quorum_handle_t *handle, quorum_model_t model, quorum_model_data_t *data,
	uint32_t *type, void *context)
{
	memcpy(&quorum, data, sizeof(quorum));
	*handle = 2;
	*type = QUORUM_SET;
	return CS_OK;
}

cs_error_t quorum_finalize(quorum_handle_t handle)
{
	return CS_OK;
}

cs_error_t quorum_fd_get(quorum_handle_t handle, int *fd)
{
	*fd = 200;
	return CS_OK;
}

cs_error_t quorum_context_get(quorum_handle_t handle, const void **context)
{
	*context = &s;
	return CS_OK;
}

cs_error_t quorum_trackstart(quorum_handle_t handle, unsigned int flags)
{
	return CS_OK;
}

cs_error_t quorum_dispatch(quorum_handle_t handle, cs_dispatch_flags_t flags)
{
	const uint32_t nodes[2] = { SELF, OTHER };

	while (quorum_at < quorum_n) {
		unsigned i = quorum_at++;

		quorum.quorum_notify_fn(handle, quorum_says[i].quorate,
			(struct quorum_ring_id){ SELF, quorum_says[i].ring }, quorum_says[i].n_nodes, nodes);
	}
	return CS_OK;
}

/* ---- the rest of the shell ---- */

int32_t qb_loop_poll_add(struct qb_loop *l, enum qb_loop_priority p, int32_t fd, int32_t events, void *data,
	qb_loop_poll_dispatch_fn dispatch_fn)
{
	if (fd == 100)
		cpg_readable = dispatch_fn;
	else
		quorum_readable = dispatch_fn;
	return 0;
}

int32_t qb_loop_poll_del(struct qb_loop *l, int32_t fd)
{
	return 0;
}

void clu_shell_timer_set(struct clu_shell *sh, struct clu_shell_timer *t, uint64_t ms, void *data,
	qb_loop_timer_dispatch_fn fn)
{
	t->set = true;
}

void clu_shell_timer_drop(struct clu_shell *sh, struct clu_shell_timer *t)
{
	t->set = false;
}

void clu_shell_feed(struct clu_shell *sh, struct clu_event *ev)
{
	size_t len = strlen(heard);

	if (ev->type == CLU_EV_MESSAGE && says_when_one && ev->u.message.len == 3 && !memcmp(ev->u.message.data, "one", 3))
		says_quorum(true, 8, 1);
	if (ev->type == CLU_EV_MESSAGE)
		snprintf(heard + len, sizeof(heard) - len, "%.*s ", (int)ev->u.message.len, (const char *)ev->u.message.data);
	else if (ev->type == CLU_EV_VIEW)
		snprintf(heard + len, sizeof(heard) - len, "view%u ", ev->u.view.n_members);
	else if (ev->type == CLU_EV_QUORUM)
		snprintf(heard + len, sizeof(heard) - len, "%s%llu ", ev->u.quorum.quorate ? "yes" : "no",
			(unsigned long long)ev->u.quorum.ring.seq);
}

void clu_shell_end(struct clu_shell *sh, int code)
{
	fail();
}

void clu_shell_corosync_lost(struct clu_shell *sh)
{
	fail();
}

void clu_shell_corosync_stuck(struct clu_shell *sh)
{
	fail();
}

void clu_shell_peers_merged(struct clu_shell *sh)
{
}

const char *clu_shell_cs_text(cs_error_t e)
{
	return "";
}

/* ---- tests ---- */

static int no_step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	return 0;
}

/* A daemon that is alone in its group, and has quorum of ring 4. */
static int set_up(void **state)
{
	static const struct clu_core_ops ops = { .name = "test", .proto_min = 1, .proto_max = 1, .step = no_step };
	static const struct clu_daemon daemon = { .ops = &ops, .want = CLU_WANT_QUORUM };
	uint32_t nodeid;

	memset(&s, 0, sizeof(s));
	group_n = group_at = quorum_n = quorum_at = 0;
	says_when_one = false;
	s.d = &daemon;
	s.nodeid = SELF;
	s.incarnation = 7;
	assert_int_equal(clu_shell_group_new(&s), 0);
	assert_int_equal(clu_shell_cpg_open(&s, &nodeid), CS_OK);
	assert_int_equal(clu_shell_quorum_open(&s), CS_OK);
	clu_shell_cpg_join(&s);
	clu_shell_cpg_drain(&s);
	says_quorum(true, 4, 1);
	quorum_readable(200, POLLIN, &s);
	assert_true(clu_group_is_admitted(s.group));
	heard[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	clu_shell_quorum_close(&s);
	clu_shell_cpg_close(&s);
	clu_group_free(s.group);
	return 0;
}

/* Quorum was lost before the message came, and its descriptor happens to be looked at later. */
static void test_message_overtakes_the_loss_of_quorum(void **state)
{
	assert_int_equal(clu_group_send(s.group, "word", 4), 0);
	says_quorum(false, 4, 1);
	cpg_readable(100, POLLIN, &s);
	assert_string_equal(heard, "no4 word ");
	quorum_readable(200, POLLIN, &s);
	assert_string_equal(heard, "no4 word ");
}

/* That of a ring whose members are not told yet waits for them. */
static void test_quorum_of_a_ring_that_is_not_told_yet(void **state)
{
	assert_int_equal(clu_group_send(s.group, "word", 4), 0);
	says_ring(1, 8);
	says_quorum(false, 8, 1);
	says_quorum(true, 8, 1);
	cpg_readable(100, POLLIN, &s);
	assert_string_equal(heard, "word yes8 ");
}

/* What was kept is old when there is later news of the same ring. */
static void test_kept_news_does_not_come_behind_later_news(void **state)
{
	assert_int_equal(clu_group_send(s.group, "one", 3), 0);
	says_ring(1, 8);
	assert_int_equal(clu_group_send(s.group, "two", 3), 0);
	says_quorum(false, 8, 1);
	says_when_one = true;
	cpg_readable(100, POLLIN, &s);
	assert_string_equal(heard, "one yes8 two ");
}

/* As before, but quorum's descriptor was looked at first: the news that its callback has in hand are the older ones. */
static void test_news_in_hand_do_not_come_behind_later_news(void **state)
{
	assert_int_equal(clu_group_send(s.group, "one", 3), 0);
	says_ring(1, 8);
	assert_int_equal(clu_group_send(s.group, "two", 3), 0);
	says_quorum(false, 8, 1);
	says_when_one = true;
	quorum_readable(200, POLLIN, &s);
	assert_string_equal(heard, "one yes8 two ");
}

/* ... and what it has in hand of the present ring comes before the messages behind it. */
static void test_news_in_hand_come_before_a_message(void **state)
{
	assert_int_equal(clu_group_send(s.group, "word", 4), 0);
	says_quorum(false, 4, 1);
	quorum_readable(200, POLLIN, &s);
	assert_string_equal(heard, "no4 word ");
}

static void test_quorum_alone(void **state)
{
	says_ring(1, 8);
	says_quorum(false, 8, 1);
	quorum_readable(200, POLLIN, &s);
	assert_string_equal(heard, "no8 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_message_overtakes_the_loss_of_quorum, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_quorum_of_a_ring_that_is_not_told_yet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept_news_does_not_come_behind_later_news, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_news_in_hand_do_not_come_behind_later_news, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_news_in_hand_come_before_a_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_quorum_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
