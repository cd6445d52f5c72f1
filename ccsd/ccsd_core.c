/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccsd_core_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAVE_MS 3000
/* A proposal whose proposer does not end it is ended by the lowest member. */
#define OPEN_MS (CCSD_UPDATE_LAST_MS + 1000)

void ccsd_newest_see(struct ccsd_newest *ret, const struct ccsd_history_entry *e)
{
	if (e->seq > ret->seq)
		*ret = (struct ccsd_newest){ e->seq, e->doc->version, e->doc->digest };
}

struct ccsd_core *ccsd_core_new(const struct ccsd_cfg *cfg, const char **why)
{
	struct ccsd_core *c = calloc(1, sizeof(*c));
	struct ccsd_verdict v = { .findings = CLU_BUF_INIT };

	*why = "out of memory";
	if (!c)
		return NULL;
	c->check = cfg->check;
	c->change = cfg->change;
	c->check_ctx = cfg->check_ctx;
	c->conf_path = strdup(cfg->conf_path);
	c->record_path = strdup(cfg->record_path);
	if (cfg->history_path)
		c->history_path = strdup(cfg->history_path);
	if (!c->conf_path || !c->record_path || (cfg->history_path && !c->history_path))
		goto fail;
	c->newest = cfg->newest;
	ccsd_group_reset(c);
	/* A damaged record is as none: this node has then accepted nothing. */
	if (cfg->record && ccsd_record_parse(cfg->record, cfg->record_len, &c->rec_ballot, &c->rec) == -ENOMEM)
		goto fail;
	c->rec_found = c->rec != NULL;
	if (cfg->file) {
		int r = cfg->check(cfg->check_ctx, cfg->file, cfg->file_len, &v);

		c->file = ccsd_doc_new(cfg->file, cfg->file_len, v.version, NULL);
		if (!c->file)
			goto fail;
		/* The record knows where it comes from. */
		if (ccsd_doc_same(c->file, c->rec))
			ccsd_doc_set(&c->file, c->rec);
		/* What the cluster agreed on counts, even if another release than ours found it valid. */
		if (r < 0 && !(r == -EINVAL && ccsd_doc_same(c->file, c->rec))) {
			*why = "not a valid configuration: mend what is listed, or move the file away";
			goto fail;
		}
		if (r == 0)
			ccsd_found_valid(c, c->file, &v);
	}
	clu_buf_free(&v.findings);
	return c;
fail:
	clu_buf_free(&v.findings);
	ccsd_core_free(c);
	return NULL;
}

void ccsd_found_valid(struct ccsd_core *c, struct ccsd_doc *d, const struct ccsd_verdict *v)
{
	ccsd_doc_set(&c->checked, d);
	snprintf(c->checked_cluster, sizeof(c->checked_cluster), "%s", v->cluster);
}

int ccsd_check_doc(struct ccsd_core *c, struct ccsd_doc *d, struct ccsd_verdict *v)
{
	int r;

	if (ccsd_doc_same(d, c->checked)) {
		v->version = d->version;
		snprintf(v->cluster, sizeof(v->cluster), "%s", c->checked_cluster);
		return 0;
	}
	r = c->check(c->check_ctx, d->data, d->len, v);
	if (r == 0 && v->version == d->version)
		ccsd_found_valid(c, d, v);
	return r;
}

void ccsd_core_free(void *core)
{
	struct ccsd_core *c = core;

	if (!c)
		return;
	ccsd_group_reset(c);
	ccsd_doc_unref(c->file);
	ccsd_doc_unref(c->rec);
	ccsd_doc_unref(c->aside);
	ccsd_doc_unref(c->force);
	ccsd_doc_unref(c->store_doc);
	ccsd_doc_unref(c->req.doc);
	ccsd_doc_unref(c->checked);
	free(c->conf_path);
	free(c->record_path);
	free(c->history_path);
	free(c);
}

static void on_start(struct ccsd_core *c, const struct clu_start *s, struct clu_out *out)
{
	c->nodeid = s->nodeid;
	snprintf(c->node_name, sizeof(c->node_name), "%s", s->node_name ? s->node_name : "");
	c->next_tag = s->seed;
	ccsd_put_in_force(c, c->force ? NULL : c->file, "this node's own file", out);
}

static void on_quorum(struct ccsd_core *c, const struct clu_quorum *q, struct clu_out *out)
{
	c->quorum_known = true;
	c->quorate = q->quorate;
	c->ring_seq = q->ring.seq;
	c->n_q_nodes = 0;
	for (unsigned i = 0; i < q->n_nodes && i < CLU_MAX_NODES; i++)
		c->q_nodes[c->n_q_nodes++] = q->nodes[i];
	ccsd_say_status(c, out);
}

static void on_corosync_gone(struct ccsd_core *c, struct clu_out *out)
{
	ccsd_group_reset(c);
	c->quorum_known = false;
	c->quorate = false;
	c->n_q_nodes = 0;
	if (c->req.state == CCSD_REQ_QUEUED)
		ccsd_req_finish(c, -ECONNRESET, "corosync has ended on this node: start it with \"cman_tool join\" and "
			"repeat", NULL, 0, out);
	else
		ccsd_req_finish(c, -ECONNRESET, "corosync has ended on this node; whether the update took place is not "
			"known: compare the version when it is back", NULL, 0, out);
	if (c->leaving)
		clu_out_exit(out);
}

static void on_shutdown(struct ccsd_core *c, struct clu_out *out)
{
	if (c->leaving)
		return;
	ccsd_req_finish(c, -ESHUTDOWN, "ccsd is ending on this node: repeat the update on another node", NULL, 0, out);
	c->leaving = true;
	c->leave_ms = c->now_ms + LEAVE_MS;
	if (c->member)
		clu_out_leave(out);
	else
		clu_out_exit(out);
}

static void on_timer(struct ccsd_core *c, struct clu_out *out)
{
	const struct ccsd_prop *p = &c->g.prop;

	if (c->leaving && c->now_ms >= c->leave_ms) {
		c->leave_ms = CLU_NEVER;
		clu_out_exit(out);
		return;
	}
	ccsd_req_timer(c, out);
	if (c->now_ms >= ccsd_disk_deadline(c))
		ccsd_reconcile(c, out);
	if (p->open && !p->sync && c->now_ms >= p->opened_ms + OPEN_MS && c->n_members && c->members[0] == c->nodeid) {
		char wait[CCSD_REASON_MAX];

		ccsd_waits_for(c, wait);
		ccsd_send_abort(c, p->ballot, wait, out);
		c->g.prop.opened_ms = c->now_ms;
	}
}

static int ccsd_step(void *core, const struct clu_event *ev, struct clu_out *out)
{
	struct ccsd_core *c = core;
	int err = 0;

	c->now_ms = ev->now_ms;
	c->wall_us = ev->wall_us;
	switch (ev->type) {
	case CLU_EV_START:
		on_start(c, &ev->u.start, out);
		break;
	case CLU_EV_VIEW:
		ccsd_on_view(c, &ev->u.view, out);
		if (ev->u.view.self_left && c->leaving)
			clu_out_exit(out);
		break;
	case CLU_EV_QUORUM:
		on_quorum(c, &ev->u.quorum, out);
		break;
	case CLU_EV_MESSAGE:
		ccsd_on_message(c, &ev->u.message, out);
		break;
	case CLU_EV_STATE:
		err = ccsd_on_state(c, &ev->u.state, out);
		break;
	case CLU_EV_REQUEST:
		ccsd_on_request(c, &ev->u.request, out);
		break;
	case CLU_EV_CLIENT_GONE:
		/* The update goes on; nobody waits for the answer any more. */
		if (c->req.state != CCSD_REQ_NONE && c->req.client == ev->u.client) {
			c->req.doc = ccsd_doc_unref(c->req.doc);
			memset(&c->req, 0, sizeof(c->req));
		}
		break;
	case CLU_EV_STORED:
		ccsd_on_stored(c, &ev->u.stored, out);
		break;
	case CLU_EV_PEER:
		if (ev->u.peer.kind == CLU_PEER_COROSYNC && !ev->u.peer.up)
			on_corosync_gone(c, out);
		break;
	case CLU_EV_TIMER:
		on_timer(c, out);
		break;
	case CLU_EV_SHUTDOWN:
		on_shutdown(c, out);
		break;
	case CLU_EV_CHILD:	/* runs nothing */
	case CLU_EV_CONFIG:	/* is where it comes from */
	case CLU_EV_DEVICE:
	case CLU_NEVENTS:
	default:
		break;
	}
	return err ? err : clu_out_error(out);
}

static uint64_t ccsd_deadline(const void *core)
{
	const struct ccsd_core *c = core;
	uint64_t t = ccsd_req_deadline(c);

	if (ccsd_disk_deadline(c) < t)
		t = ccsd_disk_deadline(c);
	/* Only who gives a proposal up has to wake for it, or the others would spin until its word comes. */
	if (c->g.prop.open && !c->g.prop.sync && c->n_members && c->members[0] == c->nodeid &&
		c->g.prop.opened_ms + OPEN_MS < t)
		t = c->g.prop.opened_ms + OPEN_MS;
	if (c->leaving && c->leave_ms < t)
		t = c->leave_ms;
	return t;
}

/*
 * Where both halves were quorate (two_node), the newer version must not give way to the other half's only because
 * that has come to quorum later, by a restart.
 */
static uint32_t ccsd_weight(const void *core)
{
	const struct ccsd_core *c = core;
	uint64_t version = ccsd_doc_version(c->g.doc);

	return version < UINT32_MAX ? (uint32_t)version : UINT32_MAX;
}

static void dump_doc(struct clu_buf *ret, const char *what, const struct ccsd_doc *d, uint64_t ballot)
{
	if (d)
		clu_buf_printf(ret, "%s version %llu digest %016llx bytes %zu ballot %llu\n", what,
			(unsigned long long)d->version, (unsigned long long)d->digest, d->len, (unsigned long long)ballot);
	else
		clu_buf_printf(ret, "%s none ballot %llu\n", what, (unsigned long long)ballot);
}

static void ccsd_dump(const void *core, struct clu_buf *ret)
{
	static const char *const lines[] = { "none", "after-loss", "kept" };
	static const char *const quorum[] = { "unknown", "no", "yes" };
	static const char *const reqs[] = { "none", "queued", "sent", "aborting", "committed" };
	const struct ccsd_core *c = core;
	char wait[CCSD_REASON_MAX];

	ccsd_waits_for(c, wait);
	clu_buf_printf(ret, "node %u member %d quorate %d established %d line %s round %016llx ballot_max %llu\n",
		c->nodeid, c->member, c->quorate, c->g.established, lines[c->g.line], (unsigned long long)c->g.round,
		(unsigned long long)c->g.ballot_max);
	clu_buf_printf(ret, "waits %s\n", wait[0] ? wait : "-");
	dump_doc(ret, "in-force", c->force, 0);
	dump_doc(ret, "file", c->file, 0);
	dump_doc(ret, "record", c->rec, c->rec_ballot);
	dump_doc(ret, "agreed", c->g.doc, c->g.doc_ballot);
	if (c->g.prop.open) {
		dump_doc(ret, c->g.prop.sync ? "sync" : "update", c->g.prop.doc, c->g.prop.ballot);
		clu_buf_printf(ret, "proposer %u refused %d\n", c->g.prop.from, c->g.prop.refused);
	}
	clu_buf_printf(ret, "history seq %llu version %llu digest %016llx failures %u\n", (unsigned long long)c->newest.seq,
		(unsigned long long)c->newest.version, (unsigned long long)c->newest.digest, c->history_failures);
	clu_buf_printf(ret, "request %s storing %d failures %u\n", reqs[c->req.state], c->storing, c->store_failures);
	for (unsigned i = 0; i < c->n_members; i++) {
		const struct ccsd_status *s = &c->g.st[i];

		clu_buf_printf(ret, "member %u said %d quorum %s file %llu/%016llx record %llu/%016llx ballot %llu\n",
			c->members[i], s->have, quorum[s->quorum], (unsigned long long)s->file_version,
			(unsigned long long)s->file_digest, (unsigned long long)s->rec_version,
			(unsigned long long)s->rec_digest, (unsigned long long)s->rec_ballot);
	}
}

const struct clu_core_ops ccsd_core_ops = {
	.name = "ccsd",
	.proto_min = 1,
	.proto_max = 1,
	.step = ccsd_step,
	.deadline = ccsd_deadline,
	.snapshot = ccsd_snapshot,
	.weight = ccsd_weight,
	.dump = ccsd_dump,
};
