/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_world.h"

#include <errno.h>
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
	for (unsigned i = 0; i <= W_NODES; i++) {
		clu_buf_free(&w->left[i]);
		clu_buf_free(&w->store[i].text);
	}
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
	case CLU_ACT_STORE:
		assert_false(w->store[node].under_way);
		w->store[node].under_way = true;
		w->store[node].id = a->u.store.id;
		clu_buf_free(&w->store[node].text);
		clu_buf_append(&w->store[node].text, a->u.store.data, a->u.store.len);
		break;
	case CLU_ACT_NOTIFY:
	case CLU_ACT_JOIN:
	case CLU_ACT_KILL_NODE:
	case CLU_ACT_CONFIG:
	case CLU_ACT_DEVICE:
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

static bool one_store(struct world *w)
{
	for (unsigned n = 1; n <= W_NODES; n++) {
		struct clu_event ev = { .type = CLU_EV_STORED };

		if (!w->store[n].under_way || w->hold_disks & 1u << n)
			continue;
		w->store[n].under_way = false;
		ev.u.stored.id = w->store[n].id;
		if (w->full_disks & 1u << n)
			ev.u.stored.result = -ENOSPC;
		else
			w_note(w, n, clu_buf_text(&w->store[n].text));
		w_step(w, n, &ev);
		return true;
	}
	return false;
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
		more = more || one_store(w);
	}
}
