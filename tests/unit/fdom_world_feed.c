/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fence domain's small world: an event for a core, and what it wants done. */
#include "fdom_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t victim_in(const char *input)
{
	const char *p = strstr(input, "nodename=n");

	assert_non_null(p);
	return (uint32_t)atoi(p + strlen("nodename=n"));
}

static const char *field(const char *fields, const char *key, char *ret, size_t size)
{
	const char *p = fields ? strstr(fields, key) : NULL;

	snprintf(ret, size, "%.*s", p ? (int)strcspn(p + strlen(key), " ") : 0, p ? p + strlen(key) : "");
	return ret;
}

/* S2: nothing is reported as fenced without an agent's success or somebody's word. */
static void check_note(struct fw_node *n, const struct clu_action *a)
{
	char how[32], id[16];

	if (strcmp(a->u.note.event, "fdom.fenced"))
		return;
	field(a->u.note.fields, "nodeid=", id, sizeof(id));
	field(a->u.note.fields, "how=", how, sizeof(how));
	if (strcmp(how, "member"))
		assert_true(n->w->succeeded[atoi(id)] > 0);
}

void fw_child_event(struct fw_world *w, struct fw_node *n, struct fw_child *c, int exit_code, int sig,
	const char *tail)
{
	struct clu_event ev = { .type = CLU_EV_CHILD };

	assert_true(c->alive);
	c->alive = false;
	if (exit_code == 0 && !strstr(c->input, "action=on"))
		w->succeeded[c->victim]++;
	ev.u.child = (struct clu_child_end){ .id = c->id, .exit_code = sig ? -1 : exit_code, .term_signal = sig,
		.tail = tail };
	fw_event(w, n->id, &ev);
}

static void on_run(struct fw_node *n, const struct clu_run *run)
{
	struct fw_child *c = &n->child[n->n_child++];

	assert_true(n->n_child < FW_CHILDREN);

	assert_true(run->deadline_ms > 0);
	*c = (struct fw_child){ .id = run->id, .alive = true };
	snprintf(c->agent, sizeof(c->agent), "%s", run->argv[0]);
	snprintf(c->input, sizeof(c->input), "%.*s", (int)run->input_len, (const char *)run->input);
	c->victim = victim_in(c->input);
	assert_null(run->argv[1]);	/* secrets are on stdin only */
}

static void carry_out(struct fw_node *n, const struct clu_action *a)
{
	switch (a->type) {
	case CLU_ACT_SEND:
		assert_int_equal(clu_group_send(n->g, a->u.bytes.data, a->u.bytes.len), 0);
		break;
	case CLU_ACT_REPLY:
		n->replied = a->u.reply.client;
		n->reply_error = a->u.reply.error;
		/* fallthrough */
	case CLU_ACT_NOTIFY:
		if (n->news)
			hawser__fenced_news__free_unpacked(n->news, NULL);
		n->news = a->type == CLU_ACT_REPLY ?
			hawser__fenced_news__unpack(NULL, a->u.reply.len, a->u.reply.data) :
			hawser__fenced_news__unpack(NULL, a->u.bytes.len, a->u.bytes.data);
		assert_non_null(n->news);
		if (a->type == CLU_ACT_REPLY)
			snprintf(n->reply_why, sizeof(n->reply_why), "%s", n->news->why);
		break;
	case CLU_ACT_RUN:
		on_run(n, &a->u.run);
		break;
	case CLU_ACT_KILL:
		for (unsigned i = 0; i < n->n_child; i++)
			if (n->child[i].id == a->u.kill_id)
				n->child[i].killed = true;
		break;
	case CLU_ACT_NOTE:
		check_note(n, a);
		n->notes_len += (size_t)snprintf(n->notes + n->notes_len, sizeof(n->notes) - n->notes_len,
			"%s %s %s>%s %s | %s\n", a->u.note.event, a->u.note.object, a->u.note.from, a->u.note.to,
			a->u.note.why, a->u.note.fields ? a->u.note.fields : "");
		if (n->notes_len > sizeof(n->notes) - 4096)
			n->notes_len = 0;
		break;
	case CLU_ACT_KILL_NODE:
		n->killed_node = a->u.node.nodeid;
		break;
	case CLU_ACT_LEAVE:
		n->w->how[n->id] = CLU_LEFT_CLEAN;
		n->exited = true;
		break;
	case CLU_ACT_FATAL:
		n->fatal = true;
		break;
	case CLU_ACT_EXIT:
		n->exited = true;
		break;
	case CLU_ACT_STORE:
	case CLU_ACT_JOIN:
	case CLU_ACT_FENCE:
	case CLU_ACT_CONFIG:
	case CLU_ACT_DEVICE:
	case CLU_NACTIONS:
		fail();
	}
}

void fw_feed(struct fw_node *n, struct clu_event *ev)
{
	struct clu_out *out = clu_out_new();

	ev->now_ms = n->w->now_ms;
	ev->wall_us = 1000000000000u + n->w->now_ms * 1000;
	assert_int_equal(fdom_ops.step(n->d, ev, out), 0);
	assert_int_equal(clu_out_error(out), 0);
	for (unsigned i = 0; i < clu_out_count(out); i++)
		carry_out(n, clu_out_get(out, i));
	clu_out_free(out);
	if (n->g)
		clu_group_weight(n->g, fdom_ops.weight(n->d));
}

void fw_event(struct fw_world *w, uint32_t id, struct clu_event *ev)
{
	if (w->n[id].daemon)
		fw_feed(&w->n[id], ev);
}
