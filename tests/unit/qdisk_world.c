/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qdisk_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct clu_conf *qw_parse(const char *quorumd)
{
	struct clu_buf text = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	clu_buf_printf(&text, "<cluster name=\"a\" config_version=\"1\">%s<clusternodes><clusternode name=\"n1\" nodeid=\"1\"/>"
		"<clusternode name=\"n2\" nodeid=\"2\"/></clusternodes></cluster>", quorumd);
	if (clu_conf_parse(text.data, text.len, "t", &c, &errs) < 0)
		fail_msg("%s", clu_buf_text(&errs));
	clu_buf_free(&text);
	clu_buf_free(&errs);
	return c;
}

void qw_said(struct qw_node *n, uint32_t what, uint64_t id, int result, const void *data, size_t len)
{
	struct clu_event ev = { .type = CLU_EV_DEVICE };

	ev.u.device = (struct clu_device){ what, id, result, data, len };
	qw_step(n, &ev);
}

void qw_ring(struct qw_node *n, uint64_t seq, bool alone)
{
	struct qdisk_ring r = { .ring = { 1, seq }, .n = alone ? 1 : 2, .nodes = { 1, 2 } };

	qw_said(n, QDISK_SAID_RING, 0, 0, &r, sizeof(r));
}

static void act(struct qw_node *n, const struct clu_action *a)
{
	const struct qdisk_write *w = a->u.device.data;

	switch (a->u.device.what) {
	case QDISK_ASK_REGISTER:
		n->registered++;
		qw_said(n, QDISK_SAID_REGISTERED, 0, n->refuses, NULL, 0);
		if (!n->refuses)
			qw_ring(n, 4, false);
		break;
	case QDISK_ASK_UNREGISTER:
		n->unregistered++;
		n->cast = false;
		break;
	case QDISK_ASK_VOTE:
		n->cast = ((const struct qdisk_vote *)a->u.device.data)->cast;
		break;
	case QDISK_ASK_READ:
		if (!n->frozen)
			qw_said(n, QDISK_SAID_READ, a->u.device.id, n->fails, n->fails ? "broken" : (const void *)n->disk,
				n->fails ? 7 : sizeof(n->disk));
		break;
	case QDISK_ASK_WRITE:
		for (unsigned i = 0; !n->frozen && i < a->u.device.len / sizeof(*w); i++) {
			assert_in_range(w[i].block, 1, QDISK_NODES);
			memcpy(n->disk + w[i].block * QDISK_USED, w[i].bytes, QDISK_USED);
		}
		if (!n->frozen)
			qw_said(n, QDISK_SAID_WRITTEN, a->u.device.id, 0, NULL, 0);
		break;
	case QDISK_ASK_PRINT:
		n->prints++;
		break;
	case QDISK_ASK_WATCHDOG:
		n->feeds++;
		break;
	default:
		break;
	}
}

static void add_note(struct qw_node *n, const char *why)
{
	size_t len = strlen(n->notes);

	if (len + strlen(why) + 2 > sizeof(n->notes))
		len = 0;
	snprintf(n->notes + len, sizeof(n->notes) - len, "%s\n", why);
}

void qw_step(struct qw_node *n, struct clu_event *ev)
{
	struct clu_out *out = clu_out_new();

	ev->now_ms = n->now_ms;
	ev->wall_us = n->now_ms * 1000;
	assert_int_equal(qdisk_ops.step(n->q, ev, out), 0);
	for (unsigned i = 0; i < clu_out_count(out); i++) {
		const struct clu_action *a = clu_out_get(out, i);

		if (a->type == CLU_ACT_DEVICE) {
			act(n, a);
		} else if (a->type == CLU_ACT_RUN) {
			n->runs++;
			snprintf(n->program, sizeof(n->program), "%s", a->u.run.argv[0]);
		} else if (a->type == CLU_ACT_STORE) {
			n->stores++;
			n->store_id = a->u.store.id;
		} else if (a->type == CLU_ACT_NOTE) {
			add_note(n, a->u.note.why);
		} else if (a->type == CLU_ACT_FATAL) {
			n->fatal = a->u.fatal.code;
		} else if (a->type == CLU_ACT_EXIT) {
			n->exited = true;
		} else if (a->type == CLU_ACT_KILL_NODE) {
			n->killed = a->u.node.nodeid;
		}
	}
	clu_out_free(out);
}

void qw_advance(struct qw_node *n, uint64_t ms)
{
	uint64_t until = n->now_ms + ms;

	while (qdisk_ops.deadline(n->q) <= until) {
		struct clu_event ev = { .type = CLU_EV_TIMER };

		if (qdisk_ops.deadline(n->q) > n->now_ms)
			n->now_ms = qdisk_ops.deadline(n->q);
		qw_step(n, &ev);
	}
	n->now_ms = until;
}

void qw_give_conf(struct qw_node *n, const char *quorumd)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };

	clu_conf_unref(n->conf);
	n->conf = qw_parse(quorumd);
	ev.u.config.conf = n->conf;
	qw_step(n, &ev);
}

struct qw_node *qw_start_as(uint32_t nodeid, const char *quorumd)
{
	struct clu_event ev = { .type = CLU_EV_START };
	struct qw_node *n = calloc(1, sizeof(*n));

	n->now_ms = 1000;
	n->q = qdisk_new();
	for (uint32_t id = 1; id <= QDISK_NODES; id++) {
		const struct qdisk_status s = { .nodeid = id };

		qdisk_status_pack(&s, n->disk + id * QDISK_USED, QDISK_USED);
	}
	ev.u.start.nodeid = nodeid;
	ev.u.start.node_name = "n1";
	ev.u.start.incarnation = 77;
	qw_step(n, &ev);
	if (quorumd)
		qw_give_conf(n, quorumd);
	return n;
}

struct qw_node *qw_start(const char *quorumd)
{
	return qw_start_as(1, quorumd);
}

void qw_end(struct qw_node *n)
{
	qdisk_free(n->q);
	clu_conf_unref(n->conf);
	free(n);
}

struct qdisk_status qw_block(const struct qw_node *n, uint32_t id)
{
	struct qdisk_status s;

	assert_int_equal(qdisk_status_unpack(n->disk + id * QDISK_USED, QDISK_USED, &s), 0);
	return s;
}

void qw_put_block(struct qw_node *n, const struct qdisk_status *s)
{
	qdisk_status_pack(s, n->disk + s->nodeid * QDISK_USED, QDISK_USED);
}
