/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmand_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cw_world cw;

unsigned cw_rnd(unsigned below)
{
	cw.rng ^= cw.rng << 13;
	cw.rng ^= cw.rng >> 7;
	cw.rng ^= cw.rng << 17;
	return (unsigned)(cw.rng >> 11) % below;
}

static struct clu_conf *document(uint64_t version)
{
	struct clu_buf b = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	clu_buf_printf(&b, "<cluster name='a' config_version='%llu'><clusternodes>", (unsigned long long)version);
	for (unsigned i = 1; i <= CW_NODES; i++)
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
	assert_true(cw.n_answers < CW_MAX_ANSWERS);
	for (unsigned i = 0; i < cw.n_answers; i++)
		assert_true(cw.answers[i].client != a->u.reply.client);
	cw.answers[cw.n_answers].client = a->u.reply.client;
	cw.answers[cw.n_answers].error = a->u.reply.error;
	cw.answers[cw.n_answers].version = r->version;
	snprintf(cw.answers[cw.n_answers].state, sizeof(cw.answers[0].state), "%s", r->state);
	snprintf(cw.answers[cw.n_answers].why, sizeof(cw.answers[0].why), "%s", r->why);
	cw.n_answers++;
	hawser__cmand_answer__free_unpacked(r, NULL);
}

static void run(struct cw_node *n, const struct clu_run *r)
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

static void act(struct cw_node *n, struct clu_out *out)
{
	for (unsigned i = 0; i < clu_out_count(out); i++) {
		const struct clu_action *a = clu_out_get(out, i);
		struct cw_packet *p;

		switch ((int)a->type) {
		case CLU_ACT_SEND:
			p = &n->q[n->tail++ % CW_QUEUE];
			assert_true(n->tail - n->head < CW_QUEUE);
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

void cw_step(struct cw_node *n, struct clu_event *ev)
{
	struct clu_out *out = clu_out_new();

	ev->now_ms = cw.now;
	assert_int_equal(cmand_core_ops.step(n->core, ev, out), 0);
	act(n, out);
	clu_out_free(out);
}

/* ---- what happens to it ---- */

static void child(struct cw_node *n, uint64_t id, int code, const char *tail)
{
	struct clu_event ev = { .type = CLU_EV_CHILD };

	ev.u.child = (struct clu_child_end){ .id = id, .exit_code = code, .tail = tail };
	cw_step(n, &ev);
}

/* The next thing of a running cman_apply look: it writes, then it ends. */
static void go_on_looking(struct cw_node *n)
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

	cw.reloads++;
	for (unsigned i = 1; i <= CW_NODES; i++) {
		struct cw_node *n = &cw.n[i];

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
	for (unsigned i = 1; i <= CW_NODES; i++)
		if (cw.n[i].up && cw.refused != cw.n[i].disk)
			cw.n[i].runs = cw.n[i].disk;
}

void cw_go_on_reloading(struct cw_node *n)
{
	if (!n->asked) {
		n->asked = true;
		reload_all();
		return;
	}
	n->reloading = false;
	child(n, CMAND_CHILD_RELOAD, 0, "");
}

static void deliver(struct cw_node *from)
{
	struct cw_packet p = from->q[from->head++ % CW_QUEUE];
	uint32_t id = from->id;

	for (unsigned i = 1; i <= CW_NODES; i++) {
		struct clu_event ev = { .type = CLU_EV_MESSAGE };

		ev.u.message = (struct clu_message){ id, p.data, p.len };
		if (cw.n[i].core)
			cw_step(&cw.n[i], &ev);
	}
	free(p.data);
}

static void quorum_changed(void)
{
	uint32_t nodes[CW_NODES];
	struct clu_event ev = { .type = CLU_EV_QUORUM };
	unsigned n = 0;

	for (unsigned i = 1; i <= CW_NODES; i++)
		if (cw.n[i].up)
			nodes[n++] = i;
	for (unsigned i = 1; i <= CW_NODES; i++) {
		ev.u.quorum = (struct clu_quorum){ .quorate = n > CW_NODES / 2, .nodes = nodes, .n_nodes = n };
		if (cw.n[i].core)
			cw_step(&cw.n[i], &ev);
	}
}

static void view(uint32_t joined, uint32_t left)
{
	struct clu_member members[CW_NODES], who = { joined, 1, true };
	struct clu_member_left gone = { left, CLU_LEFT_PROCESS };
	unsigned n = 0;

	for (unsigned i = 1; i <= CW_NODES; i++)
		if (cw.n[i].core)
			members[n++] = (struct clu_member){ i, 1, false };
	for (unsigned i = 1; i <= CW_NODES; i++) {
		struct clu_event ev = { .type = CLU_EV_VIEW };

		ev.u.view = (struct clu_view){ .members = members, .n_members = n, .joined = &who, .n_joined = joined != 0,
					       .left = &gone, .n_left = left != 0, .first = i == joined };
		if (cw.n[i].core)
			cw_step(&cw.n[i], &ev);
	}
}

static void give_config(struct cw_node *n)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_conf *c = document(cw.version);

	n->conf = cw.version;
	ev.u.config = (struct clu_config){ c, cw.version };
	cw_step(n, &ev);
	clu_conf_unref(c);
}

void cw_start_daemon(struct cw_node *n)
{
	struct clu_event ev = { .type = CLU_EV_START }, state = { .type = CLU_EV_STATE };
	struct clu_buf snapshot = CLU_BUF_INIT;

	for (unsigned i = 1; i <= CW_NODES && !snapshot.len; i++)
		if (cw.n[i].core)
			assert_int_equal(cmand_snapshot(cw.n[i].core, &snapshot), 0);
	n->core = cmand_core_new("/apply");
	assert_non_null(n->core);
	n->conf = 0;
	ev.u.start = (struct clu_start){ .nodeid = n->id, .node_name = "x" };
	cw_step(n, &ev);
	if (snapshot.len) {
		state.u.state = (struct clu_message){ 1, snapshot.data, snapshot.len };
		cw_step(n, &state);
	}
	clu_buf_free(&snapshot);
	view(n->id, 0);
	quorum_changed();
}

void cw_start_with(struct cw_node *n, uint64_t version)
{
	n->up = true;
	n->runs = n->disk = version;
	quorum_changed();
}

/* Its corosync starts with what its ccsd has: the newest, as join brings it. */
void cw_start_node(struct cw_node *n)
{
	cw_start_with(n, cw.version);
}

static void forget(struct cw_node *n)
{
	while (n->head != n->tail)
		free(n->q[n->head++ % CW_QUEUE].data);
	n->looking = n->reloading = false;
	cmand_core_free(n->core);
	n->core = NULL;
}

void cw_kill_daemon(struct cw_node *n)
{
	forget(n);
	view(0, n->id);
}

void cw_crash(struct cw_node *n)
{
	bool had = n->core;

	if (had)
		forget(n);
	n->up = false;
	if (had)
		view(0, n->id);
	quorum_changed();
}

bool cw_move_one(void)
{
	unsigned first = cw_rnd(CW_NODES);

	for (unsigned k = 0; k < CW_NODES; k++) {
		struct cw_node *n = &cw.n[(first + k) % CW_NODES + 1];

		if (!n->core)
			continue;
		if (n->conf != cw.version && cw_rnd(2)) {
			give_config(n);
			return true;
		}
		if (n->looking && cw_rnd(2)) {
			go_on_looking(n);
			return true;
		}
		if (n->reloading && cw_rnd(2)) {
			cw_go_on_reloading(n);
			return true;
		}
		if (n->head != n->tail) {
			deliver(n);
			return true;
		}
		if (n->conf != cw.version || n->looking || n->reloading)
			return true;
	}
	return false;
}

void cw_settle(void)
{
	for (unsigned i = 0; cw_move_one(); i++)
		if (i > 20000)
			fail_msg("it never ends");
}

void cw_pass(uint64_t ms)
{
	uint64_t end = cw.now + ms;

	for (;;) {
		uint64_t first = end;
		struct cw_node *who = NULL;
		struct clu_event ev = { .type = CLU_EV_TIMER };

		for (unsigned i = 1; i <= CW_NODES; i++) {
			uint64_t t = cw.n[i].core ? cmand_core_ops.deadline(cw.n[i].core) : CLU_NEVER;

			if (t <= first) {
				first = t;
				who = &cw.n[i];
			}
		}
		if (!who)
			break;
		cw.now = first > cw.now ? first : cw.now;
		cw_step(who, &ev);
		cw_settle();
	}
	cw.now = end;
}

uint64_t cw_ask(struct cw_node *n, const char *verb, uint64_t version, bool admin)
{
	Hawser__CmandRequest q = HAWSER__CMAND_REQUEST__INIT;
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	uint8_t bytes[64];

	q.verb = (char *)verb;
	q.version = version;
	ev.u.request = (struct clu_request){ .client = ++cw.next_client, .admin = admin, .data = bytes };
	ev.u.request.len = hawser__cmand_request__pack(&q, bytes);
	cw_step(n, &ev);
	return cw.next_client;
}

/* The state that was answered to this client, "" when nothing was. */
const char *cw_answered(uint64_t client)
{
	for (unsigned i = 0; i < cw.n_answers; i++)
		if (cw.answers[i].client == client)
			return cw.answers[i].state;
	return "";
}

const char *cw_why(void)
{
	return cw.answers[cw.n_answers - 1].why;
}

void cw_expect(struct cw_node *n, const char *state)
{
	const char *is = cw_answered(cw_ask(n, "status", 0, false));

	if (strcmp(is, state)) {
		struct clu_buf b = CLU_BUF_INIT;

		cmand_dump(n->core, &b);
		fail_msg("%s, not %s: %s\n%s", is, state, cw_why(), clu_buf_text(&b));
	}
}

void cw_begin(uint64_t seed, unsigned nodes)
{
	memset(&cw, 0, sizeof(cw));
	cw.rng = seed * 2654435761u + 88172645463325252u;
	cw.version = 1;
	cw.now = 1000;
	for (unsigned i = 1; i <= CW_NODES; i++)
		cw.n[i].id = i;
	for (unsigned i = 1; i <= nodes; i++) {
		cw_start_node(&cw.n[i]);
		cw_start_daemon(&cw.n[i]);
	}
	cw_settle();
}

void cw_end(void)
{
	for (unsigned i = 1; i <= CW_NODES; i++)
		if (cw.n[i].core)
			forget(&cw.n[i]);
}

void cw_update(void)
{
	cw.version++;
}
