/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several ccsd cores over the real group layer and a small transport with CPG's
 * promises: scenarios one by one, and thousands of random histories with crashes,
 * splits, merges and lost writes, after which promise S5 is asked for: no version
 * has two contents, and nothing that was in force anywhere is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "ccsd_core.h"
#include "clu_group.h"
#include "clu_out.h"

#define N 5
#define QUEUE 4096
#define MAX_VERSION 4096

struct bytes {
	char *data;
	size_t len;
};

struct node {
	uint32_t id;
	bool up;			/* ccsd runs */
	bool cs;			/* corosync runs */
	int side;
	struct ccsd_core *core;
	struct clu_group *g;
	struct clu_out *out;
	struct bytes q[QUEUE];		/* sent, not yet delivered */
	unsigned q_head, q_tail;
	bool q_due, q_quorate;		/* a quorum notice is on its way */
	uint32_t q_nodes[N];
	unsigned q_n;
	uint64_t q_ring;
	bool store_busy, store_fails;
	uint64_t store_id;
	char store_what;		/* f, r, a */
	struct bytes store_data;
	/* the disk */
	struct bytes file, record, aside;
	char aside_path[64];
	/* what it says */
	uint64_t force_version, force_digest;
	unsigned news, fatals, exits;
};

struct world {
	struct node n[N + 1];
	unsigned nodes;			/* in the configuration: for quorum */
	uint64_t rng, ring, now;
	uint64_t by_version[MAX_VERSION];	/* digest that was in force */
	uint64_t max_force;
	uint64_t next_client;
	/* last answer, and how many there were for each client */
	unsigned asked, answered, dropped;
	int error;
	uint64_t version;
	char why[1024];
	char findings[1024];
	uint64_t acked;
	bool by_hand;			/* files put into place by hand may clash: do not check versions */
	struct bytes document;
};

static struct world *W;

static uint64_t rnd(void)
{
	W->rng ^= W->rng << 13;
	W->rng ^= W->rng >> 7;
	W->rng ^= W->rng << 17;
	return W->rng;
}

static void set(struct bytes *b, const void *data, size_t len)
{
	char *copy = malloc(len + 1);

	memcpy(copy, data, len);
	copy[len] = '\0';
	free(b->data);
	b->data = copy;
	b->len = len;
}

static void clear(struct bytes *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
}

/* "VERSION CLUSTER FAULTY-ON TEXT": FAULTY-ON is 0 (valid), 9 (nowhere valid) or a node id. */
static int check(void *ctx, const void *data, size_t len, struct ccsd_verdict *ret)
{
	const struct node *n = ctx;
	unsigned long long version;
	unsigned faulty;

	if (sscanf(data, "%llu %63s %u", &version, ret->cluster, &faulty) != 3) {
		clu_buf_str(&ret->findings, "cluster.conf:1: unreadable\n");
		return -EBADMSG;
	}
	ret->version = version;
	if (faulty == 9 || faulty == n->id) {
		clu_buf_str(&ret->findings, "cluster.conf:1: faulty\n");
		return -EINVAL;
	}
	return 0;
}

/* FAULTY-ON 8: no change to it is allowed from version 1. */
static int change_check(void *ctx, const struct ccsd_doc *old, const struct ccsd_doc *new, const uint32_t *members,
	unsigned n_members, struct clu_buf *findings)
{
	if (old->version != 1 || !strstr(new->data, " alpha 8 "))
		return 0;
	clu_buf_printf(findings, "cluster.conf:1: %u members\n", n_members);
	return -EINVAL;
}

static void act(struct node *n);

static void step(struct node *n, struct clu_event *ev)
{
	struct clu_out *out = clu_out_new();

	ev->now_ms = W->now;
	assert_int_equal(ccsd_core_ops.step(n->core, ev, out), 0);
	n->out = out;
	act(n);
	n->out = NULL;
	clu_out_free(out);
}

static void took_force(struct node *n, const void *data, size_t len)
{
	struct ccsd_verdict v = { .findings = CLU_BUF_INIT };
	uint64_t digest = ccsd_hash(CCSD_HASH_INIT, data, len);

	assert_true(check(&(struct node){ .id = 0 }, data, len, &v) != -EBADMSG);
	clu_buf_free(&v.findings);
	assert_true(v.version < MAX_VERSION);
	if (!W->by_hand) {
		if (W->by_version[v.version] && W->by_version[v.version] != digest)
			fail_msg("version %llu has two contents", (unsigned long long)v.version);
		W->by_version[v.version] = digest;
	}
	if (v.version > W->max_force)
		W->max_force = v.version;
	n->force_version = v.version;
	n->force_digest = digest;
}

static void took_reply(const struct clu_action *a)
{
	Hawser__CcsdAnswer *r = hawser__ccsd_answer__unpack(NULL, a->u.reply.len, a->u.reply.data);

	assert_non_null(r);
	W->answered++;
	W->error = a->u.reply.error;
	W->version = r->version;
	snprintf(W->why, sizeof(W->why), "%s", r->why);
	W->findings[0] = '\0';
	if (r->n_findings)
		snprintf(W->findings, sizeof(W->findings), "%s", r->findings[0]);
	if (r->document.len)
		set(&W->document, r->document.data, r->document.len);
	else
		clear(&W->document);
	if (!a->u.reply.error && r->old_version && r->version > W->acked)
		W->acked = r->version;
	hawser__ccsd_answer__free_unpacked(r, NULL);
}

static void act(struct node *n)
{
	struct clu_out *out = n->out;

	for (unsigned i = 0; i < clu_out_count(out); i++) {
		const struct clu_action *a = clu_out_get(out, i);

		switch ((int)a->type) {
		case CLU_ACT_SEND:
			assert_int_equal(clu_group_send(n->g, a->u.bytes.data, a->u.bytes.len), 0);
			break;
		case CLU_ACT_REPLY:
			took_reply(a);
			break;
		case CLU_ACT_STORE:
			assert_false(n->store_busy);
			n->store_busy = true;
			n->store_id = a->u.store.id;
			n->store_what = strstr(a->u.store.path, "unknown") ? 'a' : strstr(a->u.store.path, "record") ? 'r' : 'f';
			if (n->store_what == 'a')
				snprintf(n->aside_path, sizeof(n->aside_path), "%s", a->u.store.path);
			set(&n->store_data, a->u.store.data, a->u.store.len);
			break;
		case CLU_ACT_CONFIG:
			took_force(n, a->u.bytes.data, a->u.bytes.len);
			break;
		case CLU_ACT_NOTIFY:
			n->news++;
			break;
		case CLU_ACT_FATAL:
			fail_msg("node %u: %s", n->id, a->u.fatal.why);
			break;
		case CLU_ACT_EXIT:
			n->exits++;
			break;
		default:
			break;
		}
	}
}

static void on_deliver(void *ctx, struct clu_event *ev)
{
	step(ctx, ev);
}

static void on_mcast(void *ctx, const void *data, size_t len)
{
	struct node *n = ctx;
	struct bytes *p = &n->q[n->q_tail++ % QUEUE];

	assert_true(n->q_tail - n->q_head < QUEUE);
	*p = (struct bytes){ NULL, 0 };
	set(p, data, len);
}

static int on_snapshot(void *ctx, struct clu_buf *ret)
{
	struct node *n = ctx;

	return ccsd_core_ops.snapshot(n->core, ret);
}

static void on_refused(void *ctx, const char *why)
{
	fail_msg("refused: %s", why);
}

static void deliver_one(struct node *from)
{
	struct bytes p = from->q[from->q_head++ % QUEUE];

	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].up && W->n[i].side == from->side)
			assert_int_equal(clu_group_receive(W->n[i].g, from->id, p.data, p.len), 0);
	free(p.data);
}

static void deliver_quorum(struct node *n)
{
	struct clu_quorum q = { .quorate = n->q_quorate, .nodes = n->q_nodes, .n_nodes = n->q_n };

	q.ring.seq = n->q_ring;
	n->q_due = false;
	assert_int_equal(clu_group_quorum(n->g, &q), 0);
}

static void apply_store(struct node *n)
{
	struct bytes *to = n->store_what == 'f' ? &n->file : n->store_what == 'r' ? &n->record : &n->aside;

	set(to, n->store_data.data, n->store_data.len);
}

static void finish_store(struct node *n)
{
	struct clu_event ev = { .type = CLU_EV_STORED };

	ev.u.stored.id = n->store_id;
	ev.u.stored.result = n->store_fails ? -ENOSPC : 0;
	if (!n->store_fails)
		apply_store(n);
	n->store_busy = false;
	step(n, &ev);
}

/* Quorum notices for a side: they come at some later moment, before or after the view they belong to. */
static void quorum_changed(int side)
{
	uint32_t nodes[N];
	unsigned n_nodes = 0;

	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].cs && W->n[i].side == side)
			nodes[n_nodes++] = i;
	for (unsigned i = 1; i <= N; i++) {
		struct node *n = &W->n[i];

		if (!n->up || n->side != side)
			continue;
		/* An older notice may still be waiting: it comes now, or never. */
		if (n->q_due && rnd() % 2)
			deliver_quorum(n);
		n->q_due = true;
		n->q_quorate = n_nodes > W->nodes / 2;
		n->q_n = n_nodes;
		memcpy(n->q_nodes, nodes, sizeof(nodes));
		n->q_ring = W->ring;
	}
}

static void change(int side, const bool *joined, const bool *left, enum clu_left how)
{
	uint32_t members[N], j[N];
	struct clu_member_left l[N];
	struct clu_group_change c = { .members = members, .joined = j, .left = l };

	c.ring.seq = ++W->ring;
	quorum_changed(side);
	for (unsigned i = 1; i <= N; i++) {
		if (W->n[i].up && W->n[i].side == side)
			members[c.n_members++] = i;
		if (joined && joined[i])
			j[c.n_joined++] = i;
		if (left && left[i])
			l[c.n_left++] = (struct clu_member_left){ i, how };
	}
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].up && W->n[i].side == side)
			assert_int_equal(clu_group_confchg(W->n[i].g, &c), 0);
}

static void start(unsigned i)
{
	struct node *n = &W->n[i];
	struct clu_group_host host = { on_deliver, on_mcast, on_snapshot, on_refused, n };
	struct ccsd_cfg cfg = { "cluster.conf", "record", n->file.data, n->file.len, n->record.data, n->record.len,
		check, change_check, n };
	struct clu_event ev = { .type = CLU_EV_START };
	bool joined[N + 1] = { false };
	const char *why = NULL;

	n->id = i;
	n->core = ccsd_core_new(&cfg, &why);
	if (!n->core) {
		/* Agreed without this node, and not valid here: it is moved away as the message says. */
		clear(&n->file);
		cfg.file = NULL;
		n->core = ccsd_core_new(&cfg, &why);
	}
	assert_non_null(n->core);
	n->up = n->cs = true;
	n->store_busy = n->store_fails = n->q_due = false;
	n->force_version = n->force_digest = 0;
	n->g = clu_group_new(&host, i, rnd() | 1, 1, 1);
	ev.u.start.nodeid = i;
	ev.u.start.node_name = "node";
	ev.u.start.seed = rnd();
	step(n, &ev);
	joined[i] = true;
	change(n->side, joined, NULL, CLU_LEFT_NODE);
}

static void drop_node(unsigned i)
{
	struct node *n = &W->n[i];

	while (n->q_head != n->q_tail)
		free(n->q[n->q_head++ % QUEUE].data);
	/* A write that was under way may have come through. */
	if (n->store_busy && rnd() % 2)
		apply_store(n);
	clear(&n->store_data);
	n->g = n->g ? clu_group_free(n->g) : NULL;
	ccsd_core_free(n->core);
	n->core = NULL;
	n->up = false;
}

static void lose(unsigned i, enum clu_left how)
{
	struct node *n = &W->n[i];
	bool left[N + 1] = { false };
	unsigned keep = (unsigned)(rnd() % (n->q_tail - n->q_head + 1));
	int side = n->side;

	while (keep--)
		deliver_one(n);
	drop_node(i);
	if (how == CLU_LEFT_NODE) {
		n->cs = false;
		n->side = 0;
	}
	left[i] = true;
	change(side, NULL, left, how);
}

static void crash(unsigned i)
{
	lose(i, CLU_LEFT_NODE);
}

/* Nodes of side 0 go to the sides given. */
static void split(const int *to)
{
	bool gone[3][N + 1] = { { false } };

	for (unsigned i = 1; i <= N; i++)
		for (int s = 0; s < 3; s++)
			gone[s][i] = W->n[i].up && to[i] != s;
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].cs)
			W->n[i].side = to[i];
	for (int s = 0; s < 3; s++)
		change(s, NULL, gone[s], CLU_LEFT_NODE);
}

/* Side b comes to side a. */
static void merge_two(int a, int b)
{
	bool here[N + 1] = { false }, there[N + 1] = { false };

	W->ring++;
	for (unsigned i = 1; i <= N; i++) {
		here[i] = W->n[i].up && W->n[i].side == a;
		there[i] = W->n[i].up && W->n[i].side == b;
	}
	for (unsigned i = 1; i <= N; i++) {
		uint32_t members[N], j;
		struct clu_group_change c = { .members = members, .joined = &j, .n_joined = 1 };
		const bool *own = here[i] ? here : there, *other = here[i] ? there : here;

		if (!here[i] && !there[i])
			continue;
		c.ring.seq = W->ring;
		for (unsigned k = 1; k <= N; k++)
			if (own[k])
				members[c.n_members++] = k;
		for (unsigned k = 1; k <= N; k++) {
			if (!other[k])
				continue;
			members[c.n_members++] = k;
			j = k;
			assert_int_equal(clu_group_confchg(W->n[i].g, &c), 0);
		}
	}
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].side == b)
			W->n[i].side = a;
	quorum_changed(a);
}

static bool is_split(void)
{
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].cs && W->n[i].side)
			return true;
	return false;
}

static void merge(void)
{
	merge_two(0, 1);
	merge_two(0, 2);
}

static void move_some(unsigned steps)
{
	for (unsigned s = 0; s < steps; s++) {
		struct node *n = &W->n[1 + rnd() % N];

		if (!n->up)
			continue;
		switch (rnd() % 4) {
		case 0:
			if (n->q_due)
				deliver_quorum(n);
			break;
		case 1:
			if (n->store_busy)
				finish_store(n);
			break;
		default:
			if (n->q_head != n->q_tail)
				deliver_one(n);
		}
	}
}

/* Until nothing moves. Messages only: writes and quorum notices too unless they are held. */
static void settle(void)
{
	bool any = true;

	for (unsigned rounds = 0; any; rounds++) {
		any = false;
		assert_true(rounds < 100000);
		for (unsigned i = 1; i <= N; i++) {
			struct node *n = &W->n[i];

			while (n->up && n->q_head != n->q_tail) {
				any = true;
				deliver_one(n);
			}
			if (n->up && n->store_busy) {
				any = true;
				finish_store(n);
			}
			if (n->up && n->q_due) {
				any = true;
				deliver_quorum(n);
			}
		}
	}
}

static void pass_time(uint64_t ms)
{
	uint64_t end = W->now + ms;

	for (;;) {
		uint64_t next = CLU_NEVER;

		for (unsigned i = 1; i <= N; i++)
			if (W->n[i].up && ccsd_core_ops.deadline(W->n[i].core) < next)
				next = ccsd_core_ops.deadline(W->n[i].core);
		if (next > end)
			break;
		if (next > W->now)
			W->now = next;
		for (unsigned i = 1; i <= N; i++) {
			struct clu_event ev = { .type = CLU_EV_TIMER };

			if (W->n[i].up && ccsd_core_ops.deadline(W->n[i].core) <= W->now)
				step(&W->n[i], &ev);
		}
		settle();
	}
	W->now = end;
}

static void ask(unsigned i, const char *verb, const char *text, bool admin)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	uint8_t buf[4096];

	q.verb = (char *)verb;
	q.who = (char *)"tester";
	q.force = true;
	if (text) {
		q.document.data = (uint8_t *)text;
		q.document.len = strlen(text);
	}
	ev.u.request.client = ++W->next_client;
	ev.u.request.admin = admin;
	ev.u.request.data = buf;
	ev.u.request.len = hawser__ccsd_request__pack(&q, buf);
	W->asked++;
	step(&W->n[i], &ev);
}

static void update(unsigned i, const char *text)
{
	ask(i, "update", text, true);
}

static void put_file(unsigned i, const char *text)
{
	set(&W->n[i].file, text, strlen(text));
}

static int new_world(void **state)
{
	W = calloc(1, sizeof(*W));
	W->rng = 88172645463325252u;
	W->nodes = 3;
	W->now = 1000;
	for (unsigned i = 1; i <= N; i++)
		put_file(i, "1 alpha 0 first");
	return 0;
}

static int end_world(void **state)
{
	for (unsigned i = 1; i <= N; i++) {
		if (W->n[i].up)
			drop_node(i);
		clear(&W->n[i].file);
		clear(&W->n[i].record);
		clear(&W->n[i].aside);
	}
	clear(&W->document);
	free(W);
	return 0;
}

static void start_three(void)
{
	for (unsigned i = 1; i <= 3; i++)
		start(i);
	settle();
}

static void all_have(uint64_t version, const char *file)
{
	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].up) {
			assert_int_equal(W->n[i].force_version, version);
			assert_string_equal(W->n[i].file.data, file);
		}
}

static void an_update_reaches_all(void **state)
{
	start_three();
	update(2, "2 alpha 0 second");
	assert_int_equal(W->answered, 0);
	settle();
	assert_int_equal(W->answered, 1);
	assert_int_equal(W->error, 0);
	assert_int_equal(W->version, 2);
	all_have(2, "2 alpha 0 second");
	assert_int_equal(W->n[3].news, 2);
}

static void refusals_say_why(void **state)
{
	start_three();
	update(1, "1 alpha 0 same number");
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "config_version 1 is not newer than 1"));
	update(1, "2 beta 0 other name");
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "\"beta\""));
	update(1, "2 alpha 9 faulty");
	assert_int_equal(W->error, -EINVAL);
	assert_string_equal(W->findings, "cluster.conf:1: faulty\n");
	update(1, "2 alpha 8 change not allowed");
	assert_int_equal(W->error, -EINVAL);
	assert_string_equal(W->findings, "cluster.conf:1: 3 members\n");
	update(1, "nonsense");
	assert_int_equal(W->error, -EBADMSG);
	update(1, "");
	assert_int_equal(W->error, -EFBIG);
	ask(1, "update", "2 alpha 0 x", false);
	assert_int_equal(W->error, -EACCES);
	ask(1, "get", NULL, false);
	assert_int_equal(W->error, -EACCES);
	ask(1, "dance", NULL, true);
	assert_int_equal(W->error, -EINVAL);
	settle();
	assert_int_equal(W->answered, W->asked);
	all_have(1, "1 alpha 0 first");
}

static void one_member_can_refuse(void **state)
{
	start_three();
	update(1, "2 alpha 3 not for three");
	settle();
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "refused by node 3"));
	assert_string_equal(W->findings, "cluster.conf:1: faulty\n");
	all_have(1, "1 alpha 0 first");
	/* What two nodes had accepted does not come back, also not after all start anew. */
	for (unsigned i = 1; i <= 3; i++)
		crash(i);
	start_three();
	all_have(1, "1 alpha 0 first");
	update(1, "2 alpha 0 better");
	settle();
	assert_int_equal(W->error, 0);
	all_have(2, "2 alpha 0 better");
}

static void without_quorum_nothing_changes(void **state)
{
	start(1);
	settle();
	update(1, "2 alpha 0 alone");
	assert_int_equal(W->error, -EPERM);
	assert_non_null(strstr(W->why, "not quorate"));
	ask(1, "get", NULL, true);
	assert_int_equal(W->error, 0);
	assert_string_equal(W->document.data, "1 alpha 0 first");
}

static void serves_before_corosync(void **state)
{
	struct node *n = &W->n[1];
	struct ccsd_cfg cfg = { "cluster.conf", "record", n->file.data, n->file.len, NULL, 0, check, change_check, n };
	struct clu_event ev = { .type = CLU_EV_START };
	const char *why;

	n->id = 1;
	n->core = ccsd_core_new(&cfg, &why);
	n->up = true;
	step(n, &ev);
	assert_int_equal(n->force_version, 1);
	ask(1, "get", NULL, true);
	assert_int_equal(W->error, 0);
	assert_string_equal(W->document.data, "1 alpha 0 first");
	update(1, "2 alpha 0 alone");
	assert_int_equal(W->error, -ENOTCONN);
}

static void a_returning_node_takes_the_newer(void **state)
{
	start_three();
	crash(3);
	settle();
	update(1, "2 alpha 0 second");
	settle();
	assert_int_equal(W->error, 0);
	start(3);
	settle();
	all_have(2, "2 alpha 0 second");
	assert_null(W->n[3].aside.data);
}

static void a_higher_unknown_file_is_kept_aside(void **state)
{
	W->by_hand = true;
	start_three();
	crash(3);
	settle();
	put_file(3, "9 alpha 0 by hand");
	start(3);
	settle();
	all_have(1, "1 alpha 0 first");
	assert_string_equal(W->n[3].aside.data, "9 alpha 0 by hand");
	assert_string_equal(W->n[3].aside_path, "cluster.conf.unknown-v9");
}

static void at_a_new_start_the_highest_file_wins(void **state)
{
	W->by_hand = true;
	put_file(2, "7 alpha 0 edited");
	clear(&W->n[3].file);
	start_three();
	all_have(7, "7 alpha 0 edited");
	assert_null(W->n[1].aside.data);
}

static void equal_numbers_are_made_one(void **state)
{
	W->by_hand = true;
	put_file(2, "1 alpha 0 edited without a new number");
	start_three();
	all_have(1, "1 alpha 0 first");
	assert_string_equal(W->n[2].aside.data, "1 alpha 0 edited without a new number");
}

static void two_updates_race(void **state)
{
	start_three();
	update(1, "2 alpha 0 from one");
	update(2, "2 alpha 0 from two");
	settle();
	assert_int_equal(W->answered, 2);
	assert_true(W->n[1].force_version == 2);
	all_have(2, W->n[1].file.data);
}

static void a_lost_member_is_not_waited_for(void **state)
{
	start_three();
	update(1, "2 alpha 0 second");
	deliver_one(&W->n[1]);
	finish_store(&W->n[1]);
	finish_store(&W->n[2]);
	crash(3);
	settle();
	assert_int_equal(W->error, 0);
	assert_int_equal(W->answered, 1);
	all_have(2, "2 alpha 0 second");
	start(3);
	settle();
	all_have(2, "2 alpha 0 second");
}

static void a_joiner_takes_part_in_an_open_proposal(void **state)
{
	start_three();
	update(1, "2 alpha 4 second");
	deliver_one(&W->n[1]);
	start(4);
	settle();
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "refused by node 4"));
	all_have(1, "1 alpha 0 first");
}

static void a_silent_member_ends_in_a_reason(void **state)
{
	start_three();
	update(1, "2 alpha 0 second");
	deliver_one(&W->n[1]);
	W->n[2].store_fails = true;
	settle();
	assert_int_equal(W->error, -EINVAL);
	assert_non_null(strstr(W->why, "cannot write the record"));
	W->n[2].store_fails = false;
	pass_time(60000);
	update(1, "2 alpha 0 second");
	settle();
	assert_int_equal(W->error, 0);
	all_have(2, "2 alpha 0 second");
}

static void a_hung_member_ends_in_a_reason(void **state)
{
	struct clu_event ev = { .type = CLU_EV_TIMER };

	start_three();
	update(1, "2 alpha 0 second");
	deliver_one(&W->n[1]);
	finish_store(&W->n[1]);
	finish_store(&W->n[2]);
	/* Node 3 hangs: its write does not end. */
	while (W->n[1].q_head != W->n[1].q_tail)
		deliver_one(&W->n[1]);
	while (W->n[2].q_head != W->n[2].q_tail)
		deliver_one(&W->n[2]);
	assert_int_equal(ccsd_core_ops.deadline(W->n[1].core), W->now + CCSD_UPDATE_MS);
	W->now += CCSD_UPDATE_MS;
	step(&W->n[1], &ev);
	deliver_one(&W->n[1]);
	assert_int_equal(W->answered, 1);
	assert_int_equal(W->error, -ETIMEDOUT);
	assert_non_null(strstr(W->why, "node 3"));
	settle();
	all_have(1, "1 alpha 0 first");
}

static void a_cut_off_proposer_still_answers(void **state)
{
	struct clu_event ev = { .type = CLU_EV_PEER };

	start_three();
	update(1, "2 alpha 0 second");
	deliver_one(&W->n[1]);
	ev.u.peer.kind = CLU_PEER_COROSYNC;
	step(&W->n[1], &ev);
	assert_int_equal(W->answered, 1);
	assert_int_equal(W->error, -ECONNRESET);
}

static void the_minority_commits_nothing(void **state)
{
	const int away[N + 1] = { [3] = 1 };

	start_three();
	update(3, "2 alpha 0 from three");
	split(away);
	settle();
	pass_time(20000);
	assert_int_equal(W->answered, 1);
	assert_int_equal(W->error, -ETIMEDOUT);
	assert_int_equal(W->n[3].force_version, 1);
	update(1, "2 alpha 0 from one");
	settle();
	assert_int_equal(W->error, 0);
	merge();
	settle();
	all_have(2, "2 alpha 0 from one");
}

/* The proposer told its client, wrote its file and died; the others hold only the record. */
static void a_commit_seen_by_one_survives(void **state)
{
	const int away[N + 1] = { [3] = 1 };

	start_three();
	split(away);
	settle();
	update(1, "2 alpha 0 second");
	deliver_one(&W->n[1]);
	finish_store(&W->n[1]);
	finish_store(&W->n[2]);
	deliver_one(&W->n[2]);
	/* 1 alone sees the last status and commits. */
	assert_int_equal(clu_group_receive(W->n[1].g, 1, W->n[1].q[W->n[1].q_head % QUEUE].data,
		W->n[1].q[W->n[1].q_head % QUEUE].len), 0);
	finish_store(&W->n[1]);
	assert_int_equal(W->error, 0);
	assert_int_equal(W->answered, 1);
	drop_node(1);
	drop_node(2);
	W->n[1].cs = W->n[2].cs = false;
	W->n[2].side = 0;
	assert_string_equal(W->n[2].file.data, "1 alpha 0 first");
	W->n[3].side = 0;
	start(2);
	settle();
	all_have(2, "2 alpha 0 second");
}

static void a_clean_end(void **state)
{
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	start_three();
	step(&W->n[2], &ev);
	assert_int_equal(W->n[2].exits, 0);
	pass_time(5000);
	assert_int_equal(W->n[2].exits, 1);
}

static void broken_bytes_are_ignored(void **state)
{
	struct clu_event ev = { .type = CLU_EV_MESSAGE };
	struct clu_event rq = { .type = CLU_EV_REQUEST };
	uint8_t junk[200];

	start_three();
	for (unsigned k = 0; k < 2000; k++) {
		size_t len = rnd() % sizeof(junk);

		for (size_t b = 0; b < len; b++)
			junk[b] = (uint8_t)rnd();
		ev.u.message.from = 1 + (uint32_t)(rnd() % 4);
		ev.u.message.data = junk;
		ev.u.message.len = len;
		step(&W->n[2], &ev);
	}
	rq.u.request.data = "\xff\xff\xff";
	rq.u.request.len = 3;
	step(&W->n[2], &rq);
	assert_int_equal(W->error, -EBADMSG);
	settle();
	assert_int_equal(W->n[2].force_version, 1);
}

static void dump_tells_the_state(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	start_three();
	ccsd_core_ops.dump(W->n[1].core, &b);
	assert_non_null(strstr(clu_buf_text(&b), "established 1 line kept"));
	assert_non_null(strstr(clu_buf_text(&b), "in-force version 1"));
	clu_buf_free(&b);
}

static void one_history(uint64_t seed)
{
	uint64_t next = 1;

	W->rng = seed * 0x9e3779b97f4a7c15u + 1;
	W->nodes = 3 + 2 * (unsigned)(seed % 2);
	for (unsigned s = 0; s < 120; s++) {
		unsigned i = 1 + (unsigned)(rnd() % W->nodes);
		int to[N + 1] = { 0 };
		char text[64];

		switch (rnd() % 10) {
		case 0:
		case 1:
			if (!W->n[i].up)
				start(i);
			break;
		case 2:
			if (W->n[i].up && rnd() % 2)
				lose(i, rnd() % 2 ? CLU_LEFT_NODE : CLU_LEFT_PROCESS);
			break;
		case 3:
			if (!is_split() && rnd() % 2) {
				for (unsigned k = 1; k <= W->nodes; k++)
					to[k] = (int)(rnd() % 3);
				split(to);
			}
			break;
		case 4:
			/* 0 and 1, 0 and 2, 1 and 2 */
			if (is_split()) {
				int pair = (int)(rnd() % 3);

				merge_two(pair / 2, pair == 0 ? 1 : 2);
			}
			break;
		case 9:
			/* The rest of a node dies whose ccsd is dead already. */
			if (!W->n[i].up && W->n[i].cs) {
				int side = W->n[i].side;

				W->n[i].cs = false;
				W->n[i].side = 0;
				W->ring++;
				quorum_changed(side);
			}
			break;
		case 5:
			if (W->n[i].up) {
				snprintf(text, sizeof(text), "%llu alpha %u %llu", (unsigned long long)(1 + W->n[i].force_version +
					rnd() % 2), rnd() % 5 ? 0 : (unsigned)(1 + rnd() % W->nodes), (unsigned long long)++next);
				update(i, text);
			}
			break;
		case 6:
			if (rnd() % 4 == 0)
				settle();
			break;
		default:
			move_some((unsigned)(rnd() % 60));
		}
	}
	if (is_split())
		merge();
	settle();
	for (unsigned i = 1; i <= W->nodes; i++)
		if (!W->n[i].up)
			start(i);
	settle();
	pass_time(60000);
	settle();
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
		update(1, text);
		settle();
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
		new_world(NULL);
		one_history(seed);
		committed += W->max_force;
		end_world(NULL);
	}
	/* The histories are worth something only if updates came through in them. */
	assert_true(committed > 3 * (last - first + 1) || one);
}

#define T(f) cmocka_unit_test_setup_teardown(f, new_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_update_reaches_all),
		T(refusals_say_why),
		T(one_member_can_refuse),
		T(without_quorum_nothing_changes),
		T(serves_before_corosync),
		T(a_returning_node_takes_the_newer),
		T(a_higher_unknown_file_is_kept_aside),
		T(at_a_new_start_the_highest_file_wins),
		T(equal_numbers_are_made_one),
		T(two_updates_race),
		T(a_lost_member_is_not_waited_for),
		T(a_joiner_takes_part_in_an_open_proposal),
		T(a_silent_member_ends_in_a_reason),
		T(a_hung_member_ends_in_a_reason),
		T(a_cut_off_proposer_still_answers),
		T(the_minority_commits_nothing),
		T(a_commit_seen_by_one_survives),
		T(a_clean_end),
		T(broken_bytes_are_ignored),
		T(dump_tells_the_state),
		cmocka_unit_test(nothing_committed_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
