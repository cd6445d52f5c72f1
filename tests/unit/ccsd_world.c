/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cores, what they ask for, and their disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "ccsd_world.h"

struct world *W;

static void act(struct node *n);

uint64_t cw_rnd(void)
{
	W->rng ^= W->rng << 13;
	W->rng ^= W->rng >> 7;
	W->rng ^= W->rng << 17;
	return W->rng;
}

void cw_set(struct bytes *b, const void *data, size_t len)
{
	char *copy = malloc(len + 1);

	memcpy(copy, data, len);
	copy[len] = '\0';
	free(b->data);
	b->data = copy;
	b->len = len;
}

void cw_clear(struct bytes *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
}

/* "VERSION CLUSTER FAULTY-ON TEXT": FAULTY-ON is 0 (valid), 9 (nowhere valid) or a node id. */
int cw_check(void *ctx, const void *data, size_t len, struct ccsd_verdict *ret)
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
int cw_change_check(void *ctx, const struct ccsd_doc *old, const struct ccsd_doc *new, const uint32_t *members,
	unsigned n_members, struct clu_buf *findings)
{
	if (old->version != 1 || !strstr(new->data, " alpha 8 "))
		return 0;
	clu_buf_printf(findings, "cluster.conf:1: %u members\n", n_members);
	return -EINVAL;
}

void cw_step(struct node *n, struct clu_event *ev)
{
	struct clu_out *out = clu_out_new();

	ev->now_ms = W->now;
	ev->wall_us = W->now * 1000 + n->id;
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

	assert_true(cw_check(&(struct node){ .id = 0 }, data, len, &v) != -EBADMSG);
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
		cw_set(&W->document, r->document.data, r->document.len);
	else
		cw_clear(&W->document);
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
			n->store_what = strstr(a->u.store.path, "unknown") ? 'a' : strstr(a->u.store.path, "record") ? 'r' :
				sscanf(a->u.store.path, "history/%u", &n->store_slot) == 1 ? 'h' : 'f';
			if (n->store_what == 'a')
				snprintf(n->aside_path, sizeof(n->aside_path), "%s", a->u.store.path);
			cw_set(&n->store_data, a->u.store.data, a->u.store.len);
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
	cw_step(ctx, ev);
}

static void on_mcast(void *ctx, const void *data, size_t len)
{
	struct node *n = ctx;
	struct bytes *p = &n->q[n->q_tail++ % QUEUE];

	assert_true(n->q_tail - n->q_head < QUEUE);
	*p = (struct bytes){ NULL, 0 };
	cw_set(p, data, len);
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

void cw_deliver_one(struct node *from)
{
	struct bytes p = from->q[from->q_head++ % QUEUE];

	for (unsigned i = 1; i <= N; i++)
		if (W->n[i].up && W->n[i].side == from->side)
			assert_int_equal(clu_group_receive(W->n[i].g, from->id, p.data, p.len), 0);
	free(p.data);
}

void cw_deliver_quorum(struct node *n)
{
	struct clu_quorum q = { .quorate = n->q_quorate, .nodes = n->q_nodes, .n_nodes = n->q_n };

	q.ring.seq = n->q_ring;
	n->q_due = false;
	assert_int_equal(clu_group_quorum(n->g, &q), 0);
}

static void apply_store(struct node *n)
{
	struct bytes *to = n->store_what == 'f' ? &n->file : n->store_what == 'r' ? &n->record :
		n->store_what == 'h' ? &n->kept[n->store_slot] : &n->aside;

	cw_set(to, n->store_data.data, n->store_data.len);
}

void cw_finish_store(struct node *n)
{
	struct clu_event ev = { .type = CLU_EV_STORED };
	bool fails = n->store_what == 'h' ? n->history_fails : n->store_fails;

	ev.u.stored.id = n->store_id;
	ev.u.stored.result = fails ? -ENOSPC : 0;
	if (!fails)
		apply_store(n);
	n->store_busy = false;
	cw_step(n, &ev);
}

void cw_start(unsigned i)
{
	struct node *n = &W->n[i];
	struct clu_group_host host = { on_deliver, on_mcast, on_snapshot, on_refused, n };
	struct ccsd_cfg cfg = { .conf_path = "cluster.conf", .record_path = "record", .file = n->file.data,
		.file_len = n->file.len, .record = n->record.data, .record_len = n->record.len, .check = cw_check,
		.change = cw_change_check, .check_ctx = n, .history_path = "history" };
	struct clu_event ev = { .type = CLU_EV_START };
	bool joined[N + 1] = { false };
	const char *why = NULL;

	for (unsigned k = 0; k < CCSD_HISTORY_MAX; k++) {
		struct ccsd_history_entry e;

		if (!n->kept[k].data)
			continue;
		assert_int_equal(ccsd_history_parse(n->kept[k].data, n->kept[k].len, &e), 0);
		ccsd_newest_see(&cfg.newest, &e);
		ccsd_doc_unref(e.doc);
	}
	n->id = i;
	n->core = ccsd_core_new(&cfg, &why);
	if (!n->core) {
		/* Agreed without this node, and not valid here: it is moved away as the message says. */
		cw_clear(&n->file);
		cfg.file = NULL;
		n->core = ccsd_core_new(&cfg, &why);
	}
	assert_non_null(n->core);
	n->up = n->cs = true;
	n->store_busy = n->store_fails = n->q_due = false;
	n->force_version = n->force_digest = 0;
	n->g = clu_group_new(&host, i, cw_rnd() | 1, 1, 1);
	ev.u.start.nodeid = i;
	ev.u.start.node_name = "node";
	ev.u.start.seed = cw_rnd();
	cw_step(n, &ev);
	joined[i] = true;
	cw_change(n->side, joined, NULL, CLU_LEFT_NODE);
}

const char *cw_history(unsigned i)
{
	static char text[4096];
	const struct bytes *kept = W->n[i].kept;
	size_t at = 0;

	text[0] = '\0';
	for (uint64_t seq = 1; seq < 4 * CCSD_HISTORY_MAX; seq++) {
		const struct bytes *b = &kept[seq % CCSD_HISTORY_MAX];
		struct ccsd_history_entry e;

		if (!b->data || ccsd_history_parse(b->data, b->len, &e) < 0)
			continue;
		if (e.seq == seq)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%llu/%s/%s", at ? " " : "",
				(unsigned long long)e.doc->version, e.doc->origin.who, e.doc->origin.node);
		ccsd_doc_unref(e.doc);
	}
	return text;
}

void cw_drop_node(unsigned i)
{
	struct node *n = &W->n[i];

	while (n->q_head != n->q_tail)
		free(n->q[n->q_head++ % QUEUE].data);
	/* A write that was under way may have come through. */
	if (n->store_busy && cw_rnd() % 2)
		apply_store(n);
	cw_clear(&n->store_data);
	n->g = n->g ? clu_group_free(n->g) : NULL;
	ccsd_core_free(n->core);
	n->core = NULL;
	n->up = false;
}
