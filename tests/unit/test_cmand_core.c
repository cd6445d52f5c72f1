/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmand's core: a few stories, and histories by chance in which daemons and nodes die,
 * come back, and configurations follow each other. In every one of them corosync is only
 * asked to read its files when all nodes have the same one and nobody writes.
 *
 * The world: one side, one total order; a node is a corosync (what it runs with), a disk
 * (what it would read) and a cmand. SEED=N runs one history.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmand_core_priv.h"

#define NODES 4
#define QUEUE 512
#define MAX_ANSWERS 64

struct packet { char *data; size_t len; };

struct node {
	uint32_t id;
	bool up;			/* corosync */
	struct cmand_core *core;	/* NULL: no cmand */
	uint64_t runs, disk;		/* versions */
	uint64_t conf;			/* CONFIG event it had last */
	bool looking, written, tried;	/* cman_apply look */
	uint64_t look_version;
	bool reloading, asked, reload_ok;
	uint64_t held;			/* its corosync cannot take over this version */
	uint64_t fails;			/* so many looks fail */
	struct packet q[QUEUE];
	unsigned head, tail;
	char log[4096];
};

static struct {
	struct node n[NODES + 1];
	uint64_t version, now, rng, next_client, refused;	/* refused: corosync keeps the former one instead */
	unsigned reloads;
	struct { uint64_t client; int error; char state[16]; char why[512]; uint64_t version; } answers[MAX_ANSWERS];
	unsigned n_answers;
} W;

static void step(struct node *n, struct clu_event *ev);

static unsigned rnd(unsigned below)
{
	W.rng ^= W.rng << 13;
	W.rng ^= W.rng >> 7;
	W.rng ^= W.rng << 17;
	return (unsigned)(W.rng >> 11) % below;
}

static struct clu_conf *document(uint64_t version)
{
	struct clu_buf b = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	clu_buf_printf(&b, "<cluster name='a' config_version='%llu'><clusternodes>", (unsigned long long)version);
	for (unsigned i = 1; i <= NODES; i++)
		clu_buf_printf(&b, "<clusternode name='n%u' nodeid='%u'/>", i, i);
	clu_buf_str(&b, "</clusternodes></cluster>");
	assert_int_equal(clu_conf_parse(b.data, b.len, "t", &c, &errs), 0);
	clu_buf_free(&b);
	return c;
}

/* ---- what a core asks for ---- */

static void took_reply(const struct clu_action *a)
{
	Hawser__CmandAnswer *r = hawser__cmand_answer__unpack(NULL, a->u.reply.len, a->u.reply.data);

	assert_non_null(r);
	assert_true(W.n_answers < MAX_ANSWERS);
	for (unsigned i = 0; i < W.n_answers; i++)
		assert_true(W.answers[i].client != a->u.reply.client);
	W.answers[W.n_answers].client = a->u.reply.client;
	W.answers[W.n_answers].error = a->u.reply.error;
	W.answers[W.n_answers].version = r->version;
	snprintf(W.answers[W.n_answers].state, sizeof(W.answers[0].state), "%s", r->state);
	snprintf(W.answers[W.n_answers].why, sizeof(W.answers[0].why), "%s", r->why);
	W.n_answers++;
	hawser__cmand_answer__free_unpacked(r, NULL);
}

static void run(struct node *n, const struct clu_run *r)
{
	assert_string_equal(r->argv[0], "/apply");
	if (!strcmp(r->argv[1], "look")) {
		struct clu_buf errs = CLU_BUF_INIT;
		struct clu_conf *c = NULL;

		assert_false(n->looking);
		assert_int_equal(clu_conf_parse(r->input, r->input_len, "t", &c, &errs), 0);
		n->look_version = clu_conf_version(c);
		clu_conf_unref(c);
		n->looking = true;
		n->written = false;
		n->tried = r->argv[2] != NULL;
	} else if (!strcmp(r->argv[1], "reload")) {
		assert_false(n->reloading);
		n->reloading = true;
		n->asked = false;
	}
}

static void act(struct node *n, struct clu_out *out)
{
	for (unsigned i = 0; i < clu_out_count(out); i++) {
		const struct clu_action *a = clu_out_get(out, i);
		struct packet *p;

		switch ((int)a->type) {
		case CLU_ACT_SEND:
			p = &n->q[n->tail++ % QUEUE];
			assert_true(n->tail - n->head < QUEUE);
			p->len = a->u.bytes.len;
			p->data = malloc(p->len + 1);
			memcpy(p->data, a->u.bytes.data, p->len);
			break;
		case CLU_ACT_REPLY:
			took_reply(a);
			break;
		case CLU_ACT_RUN:
			run(n, &a->u.run);
			break;
		case CLU_ACT_NOTE:
			if (strlen(n->log) + 400 < sizeof(n->log))
				snprintf(n->log + strlen(n->log), 400, "%s %.300s\n", a->u.note.to, a->u.note.why);
			break;
		case CLU_ACT_FATAL:
			fail_msg("%s", a->u.fatal.why);
			break;
		default:
			break;
		}
	}
}

static void step(struct node *n, struct clu_event *ev)
{
	struct clu_out *out = clu_out_new();

	ev->now_ms = W.now;
	assert_int_equal(cmand_core_ops.step(n->core, ev, out), 0);
	act(n, out);
	clu_out_free(out);
}

/* ---- what happens to it ---- */

static void child(struct node *n, uint64_t id, int code, const char *tail)
{
	struct clu_event ev = { .type = CLU_EV_CHILD };

	ev.u.child = (struct clu_child_end){ .id = id, .exit_code = code, .tail = tail };
	step(n, &ev);
}

/* The next thing of a running cman_apply look: it writes, then it ends. */
static void go_on_looking(struct node *n)
{
	uint64_t v = n->look_version;

	if (!n->written && n->fails) {
		n->fails--;
		n->looking = false;
		child(n, CMAND_CHILD_LOOK, 1, "disk full");
		return;
	}
	if (!n->written) {
		n->written = true;
		if (n->runs != v && n->held != v)
			n->disk = v;
		return;
	}
	n->looking = false;
	if (n->held == v)
		child(n, CMAND_CHILD_LOOK, CMAND_LOOK_HELD, "transport: cannot change");
	else if (n->runs == v)
		child(n, CMAND_CHILD_LOOK, CMAND_LOOK_RUNNING, "");
	else
		child(n, CMAND_CHILD_LOOK, n->tried ? CMAND_LOOK_FAILED : CMAND_LOOK_STAGED, n->tried ? "refused" : "");
}

/* corosync reads the files of all nodes: the promise. */
static void reload_all(void)
{
	uint64_t v = 0;

	W.reloads++;
	for (unsigned i = 1; i <= NODES; i++) {
		struct node *n = &W.n[i];

		/* A corosync that has just started with a later one reads what it runs with: nothing happens there. */
		if (!n->up || n->disk == n->runs)
			continue;
		if (v && n->disk != v)
			fail_msg("corosync was asked while node %u has %llu and others have %llu", i, (unsigned long long)n->disk,
				 (unsigned long long)v);
		if (n->core && n->looking && !n->written && n->look_version != n->disk)
			fail_msg("corosync was asked while node %u is about to write", i);
		v = n->disk;
	}
	for (unsigned i = 1; i <= NODES; i++)
		if (W.n[i].up && W.refused != W.n[i].disk)
			W.n[i].runs = W.n[i].disk;
}

static void go_on_reloading(struct node *n)
{
	if (!n->asked) {
		n->asked = true;
		reload_all();
		return;
	}
	n->reloading = false;
	child(n, CMAND_CHILD_RELOAD, 0, "");
}

static void deliver(struct node *from)
{
	struct packet p = from->q[from->head++ % QUEUE];
	uint32_t id = from->id;

	for (unsigned i = 1; i <= NODES; i++) {
		struct clu_event ev = { .type = CLU_EV_MESSAGE };

		ev.u.message = (struct clu_message){ id, p.data, p.len };
		if (W.n[i].core)
			step(&W.n[i], &ev);
	}
	free(p.data);
}

static void quorum_changed(void)
{
	uint32_t nodes[NODES];
	struct clu_event ev = { .type = CLU_EV_QUORUM };
	unsigned n = 0;

	for (unsigned i = 1; i <= NODES; i++)
		if (W.n[i].up)
			nodes[n++] = i;
	for (unsigned i = 1; i <= NODES; i++) {
		ev.u.quorum = (struct clu_quorum){ .quorate = n > NODES / 2, .nodes = nodes, .n_nodes = n };
		if (W.n[i].core)
			step(&W.n[i], &ev);
	}
}

static void view(uint32_t joined, uint32_t left)
{
	struct clu_member members[NODES], who = { joined, 1, true };
	struct clu_member_left gone = { left, CLU_LEFT_PROCESS };
	unsigned n = 0;

	for (unsigned i = 1; i <= NODES; i++)
		if (W.n[i].core)
			members[n++] = (struct clu_member){ i, 1, false };
	for (unsigned i = 1; i <= NODES; i++) {
		struct clu_event ev = { .type = CLU_EV_VIEW };

		ev.u.view = (struct clu_view){ .members = members, .n_members = n, .joined = &who, .n_joined = joined != 0,
					       .left = &gone, .n_left = left != 0, .first = i == joined };
		if (W.n[i].core)
			step(&W.n[i], &ev);
	}
}

static void give_config(struct node *n)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_conf *c = document(W.version);

	n->conf = W.version;
	ev.u.config = (struct clu_config){ c, W.version };
	step(n, &ev);
	clu_conf_unref(c);
}

static void start_daemon(struct node *n)
{
	struct clu_event ev = { .type = CLU_EV_START }, state = { .type = CLU_EV_STATE };
	struct clu_buf snapshot = CLU_BUF_INIT;

	for (unsigned i = 1; i <= NODES && !snapshot.len; i++)
		if (W.n[i].core)
			assert_int_equal(cmand_snapshot(W.n[i].core, &snapshot), 0);
	n->core = cmand_core_new("/apply");
	assert_non_null(n->core);
	n->conf = 0;
	ev.u.start = (struct clu_start){ .nodeid = n->id, .node_name = "x" };
	step(n, &ev);
	if (snapshot.len) {
		state.u.state = (struct clu_message){ 1, snapshot.data, snapshot.len };
		step(n, &state);
	}
	clu_buf_free(&snapshot);
	view(n->id, 0);
	quorum_changed();
}

static void start_with(struct node *n, uint64_t version)
{
	n->up = true;
	n->runs = n->disk = version;
	quorum_changed();
}

/* Its corosync starts with what its ccsd has: the newest, as join brings it. */
static void start_node(struct node *n)
{
	start_with(n, W.version);
}

static void forget(struct node *n)
{
	while (n->head != n->tail)
		free(n->q[n->head++ % QUEUE].data);
	n->looking = n->reloading = false;
	cmand_core_free(n->core);
	n->core = NULL;
}

static void kill_daemon(struct node *n)
{
	forget(n);
	view(0, n->id);
}

static void crash(struct node *n)
{
	bool had = n->core;

	if (had)
		forget(n);
	n->up = false;
	if (had)
		view(0, n->id);
	quorum_changed();
}

static bool move_one(void)
{
	unsigned first = rnd(NODES);

	for (unsigned k = 0; k < NODES; k++) {
		struct node *n = &W.n[(first + k) % NODES + 1];

		if (!n->core)
			continue;
		if (n->conf != W.version && rnd(2)) {
			give_config(n);
			return true;
		}
		if (n->looking && rnd(2)) {
			go_on_looking(n);
			return true;
		}
		if (n->reloading && rnd(2)) {
			go_on_reloading(n);
			return true;
		}
		if (n->head != n->tail) {
			deliver(n);
			return true;
		}
		if (n->conf != W.version || n->looking || n->reloading)
			return true;
	}
	return false;
}

static void settle(void)
{
	for (unsigned i = 0; move_one(); i++)
		if (i > 20000)
			fail_msg("it never ends");
}

static void pass(uint64_t ms)
{
	uint64_t end = W.now + ms;

	for (;;) {
		uint64_t first = end;
		struct node *who = NULL;
		struct clu_event ev = { .type = CLU_EV_TIMER };

		for (unsigned i = 1; i <= NODES; i++) {
			uint64_t t = W.n[i].core ? cmand_core_ops.deadline(W.n[i].core) : CLU_NEVER;

			if (t <= first) {
				first = t;
				who = &W.n[i];
			}
		}
		if (!who)
			break;
		W.now = first > W.now ? first : W.now;
		step(who, &ev);
		settle();
	}
	W.now = end;
}

static uint64_t ask(struct node *n, const char *verb, uint64_t version, bool admin)
{
	Hawser__CmandRequest q = HAWSER__CMAND_REQUEST__INIT;
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	uint8_t bytes[64];

	q.verb = (char *)verb;
	q.version = version;
	ev.u.request = (struct clu_request){ .client = ++W.next_client, .admin = admin, .data = bytes };
	ev.u.request.len = hawser__cmand_request__pack(&q, bytes);
	step(n, &ev);
	return W.next_client;
}

/* The state that was answered to this client, "" when nothing was. */
static const char *answered(uint64_t client)
{
	for (unsigned i = 0; i < W.n_answers; i++)
		if (W.answers[i].client == client)
			return W.answers[i].state;
	return "";
}

static const char *why(void)
{
	return W.answers[W.n_answers - 1].why;
}

static void expect(struct node *n, const char *state)
{
	const char *is = answered(ask(n, "status", 0, false));

	if (strcmp(is, state)) {
		struct clu_buf b = CLU_BUF_INIT;

		cmand_dump(n->core, &b);
		fail_msg("%s, not %s: %s\n%s", is, state, why(), clu_buf_text(&b));
	}
}

static void begin(uint64_t seed, unsigned nodes)
{
	memset(&W, 0, sizeof(W));
	W.rng = seed * 2654435761u + 88172645463325252u;
	W.version = 1;
	W.now = 1000;
	for (unsigned i = 1; i <= NODES; i++)
		W.n[i].id = i;
	for (unsigned i = 1; i <= nodes; i++) {
		start_node(&W.n[i]);
		start_daemon(&W.n[i]);
	}
	settle();
}

static void end(void)
{
	for (unsigned i = 1; i <= NODES; i++)
		if (W.n[i].core)
			forget(&W.n[i]);
}

static void update(void)
{
	W.version++;
}

/* ---- stories ---- */

static void test_a_change_reaches_all(void **state)
{
	uint64_t c;

	begin(1, 4);
	expect(&W.n[1], "applied");
	assert_int_equal(W.reloads, 0);
	update();
	c = ask(&W.n[3], "wait", 2, false);
	assert_string_equal(answered(c), "");
	settle();
	assert_string_equal(answered(c), "applied");
	assert_int_equal(W.reloads, 1);
	for (unsigned i = 1; i <= NODES; i++)
		assert_int_equal(W.n[i].runs, 2);
	assert_non_null(strstr(W.n[2].log, "applied"));
	end();
}

static void test_no_reload_without_all_daemons(void **state)
{
	begin(2, 4);
	kill_daemon(&W.n[2]);
	update();
	settle();
	assert_int_equal(W.reloads, 0);
	expect(&W.n[1], "waiting");
	assert_non_null(strstr(why(), "n2 is in the cluster but runs no cmand"));
	start_daemon(&W.n[2]);
	settle();
	assert_int_equal(W.reloads, 1);
	expect(&W.n[1], "applied");
	end();
}

static void test_no_reload_without_quorum(void **state)
{
	begin(3, 2);
	update();
	settle();
	assert_int_equal(W.reloads, 0);
	expect(&W.n[1], "waiting");
	assert_non_null(strstr(why(), "not quorate"));
	start_node(&W.n[3]);
	start_daemon(&W.n[3]);
	settle();
	assert_int_equal(W.n[1].runs, 2);
	expect(&W.n[1], "applied");
	end();
}

static void test_one_held_holds_all(void **state)
{
	uint64_t c;

	begin(4, 3);
	W.n[2].held = 2;
	update();
	c = ask(&W.n[1], "wait", 2, false);
	settle();
	assert_int_equal(W.reloads, 0);
	assert_string_equal(answered(c), "restart");
	expect(&W.n[3], "restart");
	assert_string_equal(why(), "n2: transport: cannot change\n");
	W.n[1].held = W.n[3].held = 3;
	W.n[2].held = 3;
	update();
	settle();
	expect(&W.n[1], "restart");
	assert_string_equal(why(), "all nodes: transport: cannot change\n");
	update();
	settle();
	expect(&W.n[1], "applied");
	assert_int_equal(W.n[1].runs, 4);
	end();
}

static void test_corosync_refuses(void **state)
{
	begin(5, 3);
	W.refused = 2;
	update();
	settle();
	assert_int_equal(W.reloads, 1);
	expect(&W.n[2], "failed");
	assert_non_null(strstr(why(), "refused"));
	/* not again and again by itself, but when somebody asks */
	pass(120000);
	assert_int_equal(W.reloads, 1);
	W.refused = 0;
	assert_string_equal(answered(ask(&W.n[2], "apply", 0, false)), "failed");
	assert_int_equal(W.answers[W.n_answers - 1].error, -EACCES);
	{
		uint64_t c = ask(&W.n[2], "apply", 0, true);

		assert_string_equal(answered(c), "");
		settle();
		assert_string_equal(answered(c), "applied");
	}
	assert_int_equal(W.n[3].runs, 2);
	end();
}

static void test_a_failure_that_passes(void **state)
{
	begin(6, 3);
	W.n[3].fails = 1;
	update();
	settle();
	expect(&W.n[1], "failed");
	assert_string_equal(why(), "n3: disk full\n");
	pass(CMAND_RETRY_MS + 1000);
	settle();
	expect(&W.n[1], "applied");
	assert_int_equal(W.n[2].runs, 2);
	end();
}

/* A node that cannot hear the others looks again and again what they run with; with quorum it has nothing to look for. */
static void test_looks_again_without_quorum(void **state)
{
	begin(10, 2);
	W.n[1].fails = 1;
	pass(CMAND_RETRY_MS + 1000);
	expect(&W.n[1], "failed");
	pass(CMAND_RETRY_MS + 1000);
	expect(&W.n[1], "applied");
	end();
	begin(11, 3);
	W.n[1].fails = 1;
	pass(5 * CMAND_RETRY_MS);
	expect(&W.n[1], "applied");
	assert_int_equal(W.n[1].fails, 1);
	end();
}

/* Who waits is answered within the time, whatever the state; and who went away is not. */
static void test_waiting_has_an_end(void **state)
{
	uint64_t a, b, gone;
	struct clu_event ev = { .type = CLU_EV_CLIENT_GONE };

	begin(7, 3);
	a = ask(&W.n[1], "wait", 9, false);
	gone = ask(&W.n[1], "wait", 9, false);
	ev.u.client = gone;
	step(&W.n[1], &ev);
	pass(CMAND_WAIT_MS - 1);
	assert_string_equal(answered(a), "");
	pass(2);
	assert_string_equal(answered(a), "applied");
	assert_int_equal(W.answers[W.n_answers - 1].version, 1);
	kill_daemon(&W.n[2]);
	b = ask(&W.n[1], "wait", 1, false);
	pass(CMAND_PATIENCE_MS + 1);
	assert_string_equal(answered(b), "waiting");
	assert_string_equal(answered(gone), "");
	end();
}

static void test_strange_requests(void **state)
{
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	struct clu_event m = { .type = CLU_EV_MESSAGE };

	begin(8, 2);
	(void)ask(&W.n[1], "dance", 0, true);
	assert_int_equal(W.answers[W.n_answers - 1].error, -EINVAL);
	ev.u.request = (struct clu_request){ .client = ++W.next_client, .data = "\xff\xff", .len = 2 };
	step(&W.n[1], &ev);
	assert_int_equal(W.answers[W.n_answers - 1].error, -EBADMSG);
	m.u.message = (struct clu_message){ 1, "\xff\xff\xff", 3 };
	step(&W.n[2], &m);
	m.u.message.from = 77;
	step(&W.n[2], &m);
	for (unsigned i = 0; i <= CMAND_MAX_WAITING; i++) {
		W.n_answers = 0;
		(void)ask(&W.n[1], "wait", 9, false);
	}
	assert_int_equal(W.answers[0].error, -EAGAIN);
	end();
}

/* One that comes back with what it had: what the others tried before it came says nothing of it. */
static void test_a_newcomer_with_an_older_file(void **state)
{
	begin(9, 3);
	update();
	settle();
	start_with(&W.n[4], 1);
	start_daemon(&W.n[4]);
	settle();
	expect(&W.n[4], "applied");
	assert_int_equal(W.n[4].runs, 2);
	end();
}

/* One that boots while the others are at it: it was not among those whose corosync read its file, and is not failed for it. */
static void test_a_newcomer_within_a_reload(void **state)
{
	for (unsigned seed = 30; seed < 50; seed++) {
		begin(seed, 3);
		update();
		while (!W.n[1].reloading)
			assert_true(move_one());
		go_on_reloading(&W.n[1]);
		start_with(&W.n[4], 1);
		start_daemon(&W.n[4]);
		settle();
		expect(&W.n[1], "applied");
		assert_int_equal(W.n[4].runs, 2);
		assert_int_equal(W.reloads, 2);
		end();
	}
}

/* The reloader dies before, while, and after it asks: the next one sees to it. */
static void test_the_reloader_dies(void **state)
{
	for (unsigned at = 0; at < 3; at++) {
		begin(20 + at, 4);
		update();
		while (!W.n[1].reloading)
			assert_true(move_one());
		if (at)
			go_on_reloading(&W.n[1]);
		if (at == 2)
			go_on_reloading(&W.n[1]);
		crash(&W.n[1]);
		settle();
		for (unsigned i = 2; i <= NODES; i++)
			assert_int_equal(W.n[i].runs, 2);
		expect(&W.n[2], "applied");
		end();
	}
}

/* ---- by chance ---- */

static void history(uint64_t seed)
{
	begin(seed, 3 + (unsigned)(seed % 2));
	for (unsigned k = 0; k < 40; k++) {
		struct node *n = &W.n[rnd(NODES) + 1];
		unsigned up = 0;

		W.n_answers = 0;
		for (unsigned i = rnd(30); i; i--)
			(void)move_one();
		for (unsigned i = 1; i <= NODES; i++)
			up += W.n[i].up;
		switch (rnd(8)) {
		case 0:
		case 1:
			if (up > NODES / 2)
				update();
			break;
		case 2:
			if (n->core)
				kill_daemon(n);
			break;
		case 3:
			if (n->up)
				crash(n);
			break;
		case 4:
		case 5:
			/* What join brought it may have been overtaken since. */
			if (!n->up)
				start_with(n, W.version - (W.version > 1 && rnd(3) == 0));
			if (!n->core)
				start_daemon(n);
			break;
		case 6:
			n->fails = rnd(2);
			break;
		default:
			if (n->core)
				(void)ask(n, rnd(2) ? "apply" : "wait", W.version, true);
			break;
		}
	}
	for (unsigned i = 1; i <= NODES; i++) {
		W.n[i].fails = 0;
		if (!W.n[i].up)
			start_node(&W.n[i]);
		if (!W.n[i].core)
			start_daemon(&W.n[i]);
	}
	settle();
	W.n_answers = 0;
	pass(3 * CMAND_RETRY_MS);
	W.n_answers = 0;
	expect(&W.n[1], "applied");
	for (unsigned i = 1; i <= NODES; i++)
		if (W.n[i].runs != W.version)
			fail_msg("seed %llu: node %u runs %llu, not %llu", (unsigned long long)seed, i,
				 (unsigned long long)W.n[i].runs, (unsigned long long)W.version);
	end();
}

static void test_histories(void **state)
{
	const char *one = getenv("SEED");

	for (uint64_t seed = one ? strtoull(one, NULL, 10) : 1; seed <= (one ? strtoull(one, NULL, 10) : 3000); seed++) {
		if (one)
			print_message("seed %llu\n", (unsigned long long)seed);
		history(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_reaches_all), cmocka_unit_test(test_no_reload_without_all_daemons),
		cmocka_unit_test(test_no_reload_without_quorum), cmocka_unit_test(test_one_held_holds_all),
		cmocka_unit_test(test_corosync_refuses), cmocka_unit_test(test_a_failure_that_passes),
		cmocka_unit_test(test_looks_again_without_quorum), cmocka_unit_test(test_waiting_has_an_end), cmocka_unit_test(test_strange_requests),
		cmocka_unit_test(test_a_newcomer_with_an_older_file), cmocka_unit_test(test_a_newcomer_within_a_reload),
		cmocka_unit_test(test_the_reloader_dies), cmocka_unit_test(test_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
