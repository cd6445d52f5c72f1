/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const metadata[] = {
	"<resource-agent name=\"service\"><parameters>"
	"<parameter name=\"name\" primary=\"1\" required=\"1\" unique=\"1\"/><parameter name=\"domain\" reconfig=\"1\"/>"
	"<parameter name=\"autostart\" reconfig=\"1\"/><parameter name=\"recovery\" reconfig=\"1\"/>"
	"<parameter name=\"exclusive\" reconfig=\"1\"/><parameter name=\"depend\"/>"
	"<parameter name=\"nfslock\"><content default=\"0\"/></parameter>"
	"</parameters><actions><action name=\"start\" timeout=\"5\"/><action name=\"stop\" timeout=\"5\"/></actions>"
	"<special tag=\"rgmanager\"><attributes maxinstances=\"1\"/><child type=\"fs\" start=\"2\" stop=\"8\"/>"
	"<child type=\"ip\" start=\"7\" stop=\"2\"/><child type=\"script\" start=\"9\" stop=\"1\"/></special></resource-agent>",
	"<resource-agent name=\"ip\"><parameters><parameter name=\"address\" primary=\"1\" unique=\"1\"/>"
	"<parameter name=\"monitor_link\"><content default=\"1\"/></parameter>"
	"<parameter name=\"nfslock\" inherit=\"service%nfslock\"/></parameters><actions><action name=\"start\" timeout=\"20\"/>"
	"<action name=\"stop\" timeout=\"20\"/><action name=\"status\" interval=\"20\" timeout=\"10\"/>"
	"<action name=\"status\" depth=\"10\" interval=\"60\" timeout=\"20\"/></actions>"
	"<special tag=\"rgmanager\"><attributes maxinstances=\"1\"/></special></resource-agent>",
	"<resource-agent name=\"script\"><parameters><parameter name=\"name\" primary=\"1\" unique=\"1\"/>"
	"<parameter name=\"file\" required=\"1\" unique=\"1\"/><parameter name=\"service_name\" inherit=\"service%name\"/>"
	"</parameters><actions><action name=\"start\" timeout=\"0\"/><action name=\"stop\" timeout=\"0\"/>"
	"<action name=\"status\" interval=\"30s\" timeout=\"0\"/></actions></resource-agent>",
	"<resource-agent name=\"fs\"><parameters><parameter name=\"name\" primary=\"1\"/>"
	"<parameter name=\"mountpoint\" unique=\"1\" required=\"1\"/></parameters><actions><action name=\"start\" timeout=\"900\"/>"
	"<action name=\"stop\" timeout=\"30\"/><action name=\"status\" interval=\"1m\" timeout=\"10\"/>"
	"<action name=\"recover\" timeout=\"5\"/></actions></resource-agent>",
	"<resource-agent name=\"vm\"><parameters><parameter name=\"name\" primary=\"1\"/></parameters><actions>"
	"<action name=\"start\" timeout=\"5\"/><action name=\"stop\" timeout=\"5\"/><action name=\"migrate\" timeout=\"5\"/>"
	"</actions></resource-agent>",
};

static const struct rg_meta *lookup(void *ctx, const char *type, const char **why)
{
	static struct rg_meta *cache[sizeof(metadata) / sizeof(metadata[0])];

	for (unsigned i = 0; i < sizeof(metadata) / sizeof(metadata[0]); i++) {
		struct clu_buf errs = CLU_BUF_INIT;

		if (!cache[i])
			assert_int_equal(rg_meta_parse(metadata[i], strlen(metadata[i]), "/agents/x", &cache[i], &errs), 0);
		clu_buf_free(&errs);
		if (!strcmp(cache[i]->type, type))
			return cache[i];
	}
	*why = "there is no such agent";
	return NULL;
}

struct rg_registry w_registry(void)
{
	return (struct rg_registry){ lookup, NULL };
}

struct world *w_new(const char *conf_text)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->out = clu_out_new();
	w->now_ms = 1000;
	w->next_client = 1;
	w->conf_text = conf_text;
	return w;
}

static void drop_answers(struct world *w)
{
	for (unsigned i = 0; i < w->n_reply; i++)
		if (w->reply[i].a)
			hawser__rg_answer__free_unpacked(w->reply[i].a, NULL);
	w->n_reply = 0;
}

void w_free(struct world *w)
{
	for (unsigned i = 0; i <= W_NODES; i++)
		rg_free(w->core[i]);
	for (unsigned i = w->q_head; i != w->q_tail; i = (i + 1) % 512)
		free(w->queue[i].data);
	drop_answers(w);
	clu_out_free(w->out);
	clu_buf_free(&w->log);
	free(w);
}

bool w_active(const struct world *w, unsigned node, const char *key)
{
	for (unsigned i = 0; i < w->n_active[node]; i++)
		if (!strcmp(w->active[node][i], key))
			return true;
	return false;
}

static void set_active(struct world *w, unsigned node, const char *key, bool on)
{
	for (unsigned i = 0; i < w->n_active[node] && !on; i++)
		if (!strcmp(w->active[node][i], key)) {
			memcpy(w->active[node][i], w->active[node][--w->n_active[node]], sizeof(w->active[0][0]));
			return;
		}
	if (!on || w_active(w, node, key))
		return;
	snprintf(w->active[node][w->n_active[node]++], 96, "%s", key);
	for (unsigned n = 1; n <= W_NODES; n++)
		if (n != node && w_active(w, n, key))
			fail_msg("S1: %s is active on n%u and n%u\n%s", key, n, node, clu_buf_text(&w->log));
}

static const char *env(const struct clu_run *r, const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; r->env[i]; i++)
		if (!strncmp(r->env[i], name, n) && r->env[i][n] == '=')
			return r->env[i] + n + 1;
	return "";
}

static void on_run(struct world *w, unsigned node, const struct clu_run *r)
{
	struct w_child *c = &w->child[w->n_child++];

	assert_true(w->n_child < 128);
	assert_true(r->deadline_ms > 0);
	*c = (struct w_child){ .id = r->id, .node = node };
	snprintf(c->op, sizeof(c->op), "%s", r->argv[1]);
	snprintf(c->key, sizeof(c->key), "%s", env(r, "OCF_RESOURCE_INSTANCE"));
	snprintf(c->level, sizeof(c->level), "%s", env(r, "OCF_CHECK_LEVEL"));
	clu_buf_printf(&w->log, "n%u %s %s%s%s\n", node, c->op, c->key, strcmp(c->level, "0") ? " depth " : "",
		strcmp(c->level, "0") ? c->level : "");
	/* Adversarial: a start counts from its first instant, whatever becomes of it. */
	if (!strcmp(c->op, "start"))
		set_active(w, node, c->key, true);
}

static void on_reply(struct world *w, const struct clu_action *a)
{
	if (w->n_reply == 64)
		drop_answers(w);
	for (unsigned i = 0; i < w->n_reply; i++)
		if (w->reply[i].client == a->u.reply.client)
			fail_msg("S6: a second answer to one request");
	w->reply[w->n_reply].client = a->u.reply.client;
	w->reply[w->n_reply].error = a->u.reply.error;
	w->reply[w->n_reply++].a = hawser__rg_answer__unpack(NULL, a->u.reply.len, a->u.reply.data);
}

static void on_action(struct world *w, unsigned node, const struct clu_action *a)
{
	switch (a->type) {
	case CLU_ACT_SEND:
		w->queue[w->q_tail].from = node;
		w->queue[w->q_tail].data = malloc(a->u.bytes.len + 1);
		w->queue[w->q_tail].len = a->u.bytes.len;
		memcpy(w->queue[w->q_tail].data, a->u.bytes.data, a->u.bytes.len);
		w->q_tail = (w->q_tail + 1) % 512;
		assert_int_not_equal(w->q_tail, w->q_head);
		break;
	case CLU_ACT_REPLY:
		on_reply(w, a);
		break;
	case CLU_ACT_RUN:
		on_run(w, node, &a->u.run);
		break;
	case CLU_ACT_KILL:
		for (unsigned i = 0; i < w->n_child; i++)
			if (w->child[i].node == node && w->child[i].id == a->u.kill_id)
				w->child[i].killed = true;
		break;
	case CLU_ACT_FENCE:
		w->fence_asked |= 1u << a->u.node.nodeid;
		break;
	case CLU_ACT_LEAVE:
	case CLU_ACT_EXIT:
		w->exited[node] = true;
		break;
	case CLU_ACT_FATAL:
		w->fatal[node] = true;
		break;
	case CLU_ACT_NOTE:
		if (!strcmp(a->u.note.event, "rg.illegal"))
			fail_msg("illegal move of %s: %s -> %s", a->u.note.object, a->u.note.from, a->u.note.to);
		if (a->u.note.level > CLU_DEBUG && !strcmp(a->u.note.event, "rg.state"))
			clu_buf_printf(&w->log, "%s: %s -> %s\n", a->u.note.object, a->u.note.from, a->u.note.to);
		break;
	case CLU_ACT_NOTIFY:
	case CLU_ACT_STORE:
	case CLU_ACT_JOIN:
	case CLU_ACT_KILL_NODE:
	case CLU_ACT_CONFIG:
	case CLU_NACTIONS:
		fail_msg("unexpected action");
	}
}

void w_step(struct world *w, unsigned node, struct clu_event *ev)
{
	if (!w->core[node])
		return;
	ev->now_ms = w->now_ms;
	ev->wall_us = w->now_ms * 1000;
	clu_out_reset(w->out);
	assert_int_equal(rg_ops.step(w->core[node], ev, w->out), 0);
	assert_int_equal(clu_out_error(w->out), 0);
	for (unsigned i = 0; i < clu_out_count(w->out); i++)
		on_action(w, node, clu_out_get(w->out, i));
	if (++w->steps > 100000)
		fail_msg("no rest:\n%s", clu_buf_text(&w->log));
}

static bool one_message(struct world *w)
{
	unsigned at = w->q_head;

	if (w->q_head == w->q_tail)
		return false;
	w->q_head = (w->q_head + 1) % 512;
	for (unsigned n = 1; n <= W_NODES && w->alive[w->queue[at].from]; n++)
		if (w->alive[n]) {
			struct clu_event ev = { .type = CLU_EV_MESSAGE };

			ev.u.message.from = w->queue[at].from;
			ev.u.message.data = w->queue[at].data;
			ev.u.message.len = w->queue[at].len;
			w_step(w, n, &ev);
		}
	free(w->queue[at].data);
	return true;
}

static bool fails(const struct world *w, const struct w_child *c)
{
	char text[128];

	snprintf(text, sizeof(text), "%u %s %s", c->node, c->op, c->key);
	for (unsigned i = 0; i < w->n_fails; i++)
		if (!strcmp(w->fails[i], text))
			return true;
	return false;
}

static void end_child(struct world *w, unsigned i)
{
	struct w_child c = w->child[i];
	struct clu_event ev = { .type = CLU_EV_CHILD };
	bool bad = fails(w, &c);

	memmove(&w->child[i], &w->child[i + 1], (--w->n_child - i) * sizeof(w->child[0]));
	ev.u.child.id = c.id;
	ev.u.child.tail = bad ? "told to fail" : "";
	ev.u.child.exit_code = c.killed ? -1 : bad ? 1 : 0;
	ev.u.child.term_signal = c.killed ? 15 : 0;
	if (!strcmp(c.op, "stop") && !bad && !c.killed)
		set_active(w, c.node, c.key, false);
	w_step(w, c.node, &ev);
}

void w_end_children(struct world *w)
{
	bool hold = w->hold_children;

	w->hold_children = false;
	w_run(w);
	w->hold_children = hold;
}

void w_run(struct world *w)
{
	for (bool more = true; more;) {
		more = one_message(w);
		for (unsigned i = 0; i < w->n_child && !more; i++)
			if ((!w->hold_children && !(w->hold_nodes & 1u << w->child[i].node)) || w->child[i].killed) {
				end_child(w, i);
				more = true;
			}
	}
}

static void fence_news(struct world *w, unsigned to)
{
	Hawser__FencedNews news = HAWSER__FENCED_NEWS__INIT;
	Hawser__FencedDone done[W_NODES], *done_list[W_NODES];
	Hawser__FencedVictim vic[W_NODES], *vic_list[W_NODES];
	struct clu_event ev = { .type = CLU_EV_PEER };
	uint8_t bytes[1024];

	news.joined = true;
	news.done = done_list;
	news.victims = vic_list;
	for (unsigned n = 1; n <= W_NODES; n++) {
		if (w->done_seq[n]) {
			hawser__fenced_done__init(&done[n - 1]);
			done[n - 1].nodeid = n;
			done[n - 1].seq = w->done_seq[n];
			done[n - 1].how = w->done_how[n];
			done_list[news.n_done++] = &done[n - 1];
		}
		if (w->victims & 1u << n) {
			hawser__fenced_victim__init(&vic[n - 1]);
			vic[n - 1].nodeid = n;
			vic[n - 1].why = (char *)"its BMC says: wrong password";
			vic[n - 1].remedy = (char *)"fence_ack_manual n1";
			vic_list[news.n_victims++] = &vic[n - 1];
		}
	}
	ev.u.peer.kind = CLU_PEER_FENCED;
	ev.u.peer.up = true;
	ev.u.peer.data = bytes;
	ev.u.peer.len = hawser__fenced_news__pack(&news, bytes);
	w_step(w, to, &ev);
}

static void fence_news_all(struct world *w)
{
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->core[n])
			fence_news(w, n);
}

static void tell_quorum(struct world *w, unsigned to, bool quorate)
{
	struct clu_event ev = { .type = CLU_EV_QUORUM };
	uint32_t up[W_NODES];

	ev.u.quorum.quorate = quorate;
	ev.u.quorum.nodes = up;
	ev.u.quorum.ring.seq = 1;
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			up[ev.u.quorum.n_nodes++] = n;
	w_step(w, to, &ev);
}

void w_quorum(struct world *w, unsigned node, bool quorate)
{
	tell_quorum(w, node, quorate);
}

static void tell_view(struct world *w, unsigned to, unsigned joined, unsigned left, enum clu_left how, bool fresh, bool first)
{
	struct clu_event ev = { .type = CLU_EV_VIEW };
	struct clu_member members[W_NODES], j = { joined, 1, fresh };
	struct clu_member_left l = { left, how };

	ev.u.view.members = members;
	ev.u.view.ring.seq = 1;
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			members[ev.u.view.n_members++] = (struct clu_member){ n, 1, true };
	ev.u.view.joined = &j;
	ev.u.view.n_joined = joined != 0;
	ev.u.view.left = &l;
	ev.u.view.n_left = left != 0;
	ev.u.view.first = first;
	w_step(w, to, &ev);
}

static void give_config(struct world *w, unsigned node)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	if (clu_conf_parse(w->conf_text, strlen(w->conf_text), "cluster.conf", &c, &errs) < 0)
		fail_msg("%s", clu_buf_text(&errs));
	clu_buf_free(&errs);
	ev.u.config.conf = c;
	ev.u.config.version = clu_conf_version(c);
	w_step(w, node, &ev);
	clu_conf_unref(c);
}

void w_boot(struct world *w, unsigned node)
{
	struct rg_options opt = { .registry = w_registry() };
	struct clu_event ev = { .type = CLU_EV_START };
	char name[8];
	unsigned donor = 0;

	w_run(w);
	for (unsigned n = W_NODES; n; n--)
		donor = w->alive[n] ? n : donor;
	w->core[node] = rg_new(&opt);
	w->exited[node] = w->fatal[node] = false;
	snprintf(name, sizeof(name), "n%u", node);
	ev.u.start.nodeid = node;
	ev.u.start.node_name = name;
	ev.u.start.seed = node;
	w_step(w, node, &ev);
	give_config(w, node);
	fence_news(w, node);
	w->alive[node] = true;
	if (donor) {
		struct clu_buf snap = CLU_BUF_INIT;
		struct clu_event st = { .type = CLU_EV_STATE };

		assert_int_equal(rg_ops.snapshot(w->core[donor], &snap), 0);
		st.u.state.from = donor;
		st.u.state.data = snap.data;
		st.u.state.len = snap.len;
		w_step(w, node, &st);
		clu_buf_free(&snap);
	}
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			tell_view(w, n, node, 0, 0, true, n == node);
}

void w_boot_all(struct world *w, unsigned count)
{
	for (unsigned n = 1; n <= count; n++)
		w_boot(w, n);
	for (unsigned n = 1; n <= count; n++)
		tell_quorum(w, n, true);
	w_run(w);
}

static void gone(struct world *w, unsigned node, enum clu_left how)
{
	w->alive[node] = false;
	w->core[node] = rg_free(w->core[node]);
	for (unsigned i = 0; i < w->n_child;) {
		if (w->child[i].node == node)
			memmove(&w->child[i], &w->child[i + 1], (--w->n_child - i) * sizeof(w->child[0]));
		else
			i++;
	}
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			tell_view(w, n, 0, node, how, true, false);
}

/* What it ran goes on until it is fenced. */
void w_crash(struct world *w, unsigned node)
{
	gone(w, node, CLU_LEFT_NODE);
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			tell_quorum(w, n, true);
	w_run(w);
}

void w_process_dies(struct world *w, unsigned node)
{
	gone(w, node, CLU_LEFT_PROCESS);
	w_run(w);
}

void w_fenced(struct world *w, unsigned node, const char *how)
{
	w->n_active[node] = 0;
	w->done_seq[node] = ++w->fence_seq;
	snprintf(w->done_how[node], sizeof(w->done_how[0]), "%s", how);
	w->victims &= ~(1u << node);
	fence_news_all(w);
	w_run(w);
}

void w_victim(struct world *w, unsigned node)
{
	w->victims |= 1u << node;
	fence_news_all(w);
	w_run(w);
}

void w_config(struct world *w, const char *conf_text)
{
	w->conf_text = conf_text;
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			give_config(w, n);
	w_run(w);
}

void w_fail(struct world *w, const char *what)
{
	snprintf(w->fails[w->n_fails++], 96, "%s", what);
}

void w_unfail(struct world *w)
{
	w->n_fails = 0;
}

void w_time(struct world *w, uint64_t ms)
{
	uint64_t end = w->now_ms + ms;

	while (w->now_ms < end) {
		uint64_t next = end;

		for (unsigned n = 1; n <= W_NODES; n++)
			if (w->core[n] && rg_ops.deadline(w->core[n]) < next)
				next = rg_ops.deadline(w->core[n]);
		w->now_ms = next > w->now_ms ? next : w->now_ms + 1;
		for (unsigned n = 1; n <= W_NODES; n++)
			if (w->core[n] && rg_ops.deadline(w->core[n]) <= w->now_ms) {
				struct clu_event ev = { .type = CLU_EV_TIMER };

				w_step(w, n, &ev);
			}
		w_run(w);
	}
}

static int request(struct world *w, unsigned node, const Hawser__RgRequest *q, uint64_t client)
{
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	uint8_t bytes[256];

	ev.u.request.client = client;
	ev.u.request.admin = true;
	ev.u.request.data = bytes;
	ev.u.request.len = hawser__rg_request__pack(q, bytes);
	w_step(w, node, &ev);
	for (unsigned i = w->n_reply; i--;)
		if (w->reply[i].client == client)
			return (int)i;
	return -1;
}

/* The handle is the ticket with the node in the top byte, or the code of an immediate refusal. */
uint64_t w_op(struct world *w, unsigned node, const char *op, const char *svc, unsigned target)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	int at;

	q.verb = (char *)"op";
	q.op = (char *)op;
	q.svc = (char *)svc;
	q.target = target;
	at = request(w, node, &q, w->next_client++);
	assert_true(at >= 0);
	if (w->reply[at].a->done)
		return (uint64_t)(uint32_t)(-w->reply[at].a->code) | 1ull << 63;
	w_run(w);
	return w->reply[at].a->ticket | (uint64_t)node << 56;
}

static const Hawser__RgAnswer *ask(struct world *w, uint64_t handle)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	uint64_t client = w->next_client++;
	int at;

	q.verb = (char *)"wait";
	q.ticket = handle & 0xffffffffffffffull;
	at = request(w, handle >> 56 & 0x7f, &q, client);
	if (at < 0)
		w_time(w, RG_WAIT_MS);
	for (unsigned i = w->n_reply; i--;)
		if (w->reply[i].client == client)
			return w->reply[i].a;
	fail_msg("S6: a wait was not answered");
	return NULL;
}

int w_result(struct world *w, uint64_t handle)
{
	const Hawser__RgAnswer *a;

	if (handle >> 63)
		return -(int)(uint32_t)handle;
	a = ask(w, handle);
	if (!a->done)
		fail_msg("the operation has not ended:\n%s", clu_buf_text(&w->log));
	return a->code;
}

bool w_pending(struct world *w, uint64_t handle)
{
	return !(handle >> 63) && !ask(w, handle)->done;
}

struct rg_svc *w_svc(struct world *w, unsigned node, const char *name)
{
	struct rg_svc *s = rg_svc_find(w->core[node], name);

	if (!s)
		fail_msg("n%u does not know %s", node, name);
	return s;
}

void w_same(struct world *w)
{
	struct clu_buf first = CLU_BUF_INIT;

	for (unsigned n = 1; n <= W_NODES; n++) {
		struct clu_buf b = CLU_BUF_INIT;

		if (!w->alive[n])
			continue;
		assert_int_equal(rg_ops.snapshot(w->core[n], &b), 0);
		if (!first.len) {
			first = b;
			continue;
		}
		if (first.len != b.len || memcmp(first.data, b.data, b.len) != 0)
			fail_msg("n%u holds other state", n);
		clu_buf_free(&b);
	}
	clu_buf_free(&first);
}
