/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients of ccsd: get, status, update. Each request gets exactly one answer. */
#include "ccsd_core_priv.h"
#include "clu_planted.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void answer(struct ccsd_core *c, uint64_t client, int error, const char *why, struct clu_out *out)
{
	Hawser__CcsdAnswer a = HAWSER__CCSD_ANSWER__INIT;

	a.version = ccsd_doc_version(c->force);
	a.quorate = c->quorate;
	a.why = (char *)why;
	clu_out_reply_pb(out, client, error, &a.base);
}

static void get(struct ccsd_core *c, const struct clu_request *r, const Hawser__CcsdRequest *q, struct clu_out *out)
{
	Hawser__CcsdAnswer a = HAWSER__CCSD_ANSWER__INIT;

	if (!r->admin) {
		answer(c, r->client, -EACCES, "only root and members of the group haclient may read cluster.conf: it holds "
			"passwords", out);
		return;
	}
	if (!c->quorate && !q->force) {
		answer(c, r->client, -ECONNREFUSED, "the cluster is not quorate: ask with force for this node's own "
			"file, or wait for quorum", out);
		return;
	}
	if (!c->force) {
		answer(c, r->client, -ENODATA, "this node has no cluster.conf: put one into place and start ccsd again, or "
			"join the cluster", out);
		return;
	}
	a.version = c->force->version;
	if (q->known != c->force->version) {
		a.document.data = (uint8_t *)c->force->data;
		a.document.len = c->force->len;
	}
	a.cluster = c->cluster;
	a.quorate = c->quorate;
	clu_out_reply_pb(out, r->client, 0, &a.base);
}

static void status(struct ccsd_core *c, const struct clu_request *r, struct clu_out *out)
{
	Hawser__CcsdAnswer a = HAWSER__CCSD_ANSWER__INIT;
	char wait[CCSD_REASON_MAX], state[CCSD_REASON_MAX + 32];

	ccsd_waits_for(c, wait);
	if (!c->member)
		snprintf(state, sizeof(state), "alone: %s", wait);
	else if (wait[0])
		snprintf(state, sizeof(state), "waiting: %s", wait);
	else
		snprintf(state, sizeof(state), "agreed");
	a.version = ccsd_doc_version(c->force);
	a.cluster = c->cluster;
	a.quorate = c->quorate;
	a.state = state;
	if (c->g.prop.open)
		a.under_way = ccsd_doc_version(c->g.prop.doc);
	clu_out_reply_pb(out, r->client, 0, &a.base);
}

static void forget(struct ccsd_core *c)
{
	c->req.doc = ccsd_doc_unref(c->req.doc);
	memset(&c->req, 0, sizeof(c->req));
}

void ccsd_req_finish(struct ccsd_core *c, int error, const char *why, char **findings, size_t n_findings,
	struct clu_out *out)
{
	Hawser__CcsdAnswer a = HAWSER__CCSD_ANSWER__INIT;

	if (c->req.state == CCSD_REQ_NONE)
		return;
	a.version = error ? ccsd_doc_version(c->force) : ccsd_doc_version(c->req.doc);
	a.old_version = c->req.old_version;
	a.quorate = c->quorate;
	a.why = (char *)why;
	a.findings = findings;
	a.n_findings = n_findings;
	clu_out_reply_pb(out, c->req.client, error, &a.base);
	if (!CLU_PLANTED(CCSD_TWO_ANSWERS))
		forget(c);
}

void ccsd_req_back_to_queue(struct ccsd_core *c)
{
	if (c->req.state == CCSD_REQ_SENT || c->req.state == CCSD_REQ_ABORTING)
		c->req.state = CLU_PLANTED(CCSD_REQUEST_FORGOTTEN) ? CCSD_REQ_NONE : CCSD_REQ_QUEUED;
}

void ccsd_req_in_force(struct ccsd_core *c, struct clu_out *out)
{
	if (c->req.state == CCSD_REQ_COMMITTED)
		ccsd_req_finish(c, 0, "", NULL, 0, out);
}

/* Something is established: what of our own update? */
void ccsd_req_established(struct ccsd_core *c, struct clu_out *out)
{
	struct ccsd_req *q = &c->req;

	if (q->state == CCSD_REQ_NONE || q->state == CCSD_REQ_COMMITTED || !c->g.established)
		return;
	if (ccsd_doc_same(q->doc, c->g.doc)) {
		q->state = CCSD_REQ_COMMITTED;
		if (ccsd_doc_same(c->force, q->doc))
			ccsd_req_in_force(c, out);
		return;
	}
	if (q->state != CCSD_REQ_QUEUED || c->now_ms >= q->start_ms + CCSD_UPDATE_MS)
		return;
	if (q->doc->version <= ccsd_doc_version(c->g.doc) && !CLU_PLANTED(CCSD_OLDER_ACCEPTED)) {
		ccsd_req_finish(c, -EBUSY, "another update with this or a higher config_version came first: raise "
			"config_version and repeat", NULL, 0, out);
		return;
	}
	q->state = CCSD_REQ_SENT;
	q->tag = ++c->next_tag;
	q->ballot = ccsd_next_ballot(c);
	ccsd_send_propose(c, q->doc, false, q->tag, q->who, q->ballot, out);
}

uint64_t ccsd_req_deadline(const struct ccsd_core *c)
{
	switch (c->req.state) {
	case CCSD_REQ_QUEUED:
	case CCSD_REQ_SENT:
		return c->req.start_ms + CCSD_UPDATE_MS;
	case CCSD_REQ_ABORTING:
	case CCSD_REQ_COMMITTED:
		return c->req.start_ms + CCSD_UPDATE_LAST_MS;
	case CCSD_REQ_NONE:
	default:
		return CLU_NEVER;
	}
}

void ccsd_req_timer(struct ccsd_core *c, struct clu_out *out)
{
	char wait[CCSD_REASON_MAX];

	if (c->now_ms < ccsd_req_deadline(c))
		return;
	ccsd_waits_for(c, wait);
	switch (c->req.state) {
	case CCSD_REQ_QUEUED:
		ccsd_req_finish(c, -ETIMEDOUT, wait[0] ? wait : "the members did not agree in time; try again", NULL, 0,
			out);
		break;
	case CCSD_REQ_SENT:
		ccsd_send_abort(c, c->req.ballot, wait[0] ? wait : "not accepted by all members in time", out);
		c->req.state = CCSD_REQ_ABORTING;
		break;
	case CCSD_REQ_ABORTING:
		ccsd_req_finish(c, -ETIMEDOUT, "the cluster does not answer; whether the update took place is not known: "
			"compare the version when it answers again", NULL, 0, out);
		break;
	case CCSD_REQ_COMMITTED:
		ccsd_req_finish(c, 0, "agreed by all members, but this node has not written its own file yet: see its log",
			NULL, 0, out);
		break;
	case CCSD_REQ_NONE:
	default:
		break;
	}
}

static void refuse(struct ccsd_core *c, const struct clu_request *r, int error, const char *why,
	const struct clu_buf *findings, struct clu_out *out)
{
	Hawser__CcsdAnswer a = HAWSER__CCSD_ANSWER__INIT;
	char *one = findings ? (char *)clu_buf_text(findings) : NULL;

	a.version = ccsd_doc_version(c->force);
	a.quorate = c->quorate;
	a.why = (char *)why;
	a.findings = &one;
	a.n_findings = one && *one;
	clu_out_reply_pb(out, r->client, error, &a.base);
}

static void update(struct ccsd_core *c, const struct clu_request *r, const Hawser__CcsdRequest *q,
	struct clu_out *out)
{
	struct ccsd_verdict v = { .findings = CLU_BUF_INIT };
	char wait[CCSD_REASON_MAX], why[CCSD_REASON_MAX];
	Hawser__CcsdOrigin from = HAWSER__CCSD_ORIGIN__INIT;
	struct ccsd_origin origin;
	struct ccsd_doc *doc;
	int err;

	if (!r->admin) {
		refuse(c, r, -EACCES, "only root and members of the group haclient may change cluster.conf", NULL, out);
		return;
	}
	if (!q->document.len || q->document.len > CCSD_DOC_MAX) {
		refuse(c, r, -EFBIG, "the document is empty or larger than " CCSD_DOC_MAX_TEXT, NULL, out);
		return;
	}
	err = c->check(c->check_ctx, q->document.data, q->document.len, &v);
	if (err < 0) {
		refuse(c, r, err, "the document is not valid: mend what is listed and repeat", &v.findings, out);
	} else if (c->force && strcmp(c->cluster, v.cluster) != 0) {
		snprintf(why, sizeof(why), "the document is for the cluster \"%.64s\", which is not this one: the name of a "
			"running cluster cannot change", v.cluster);
		refuse(c, r, -EINVAL, why, NULL, out);
	} else if (v.version <= ccsd_doc_version(c->force) && !CLU_PLANTED(CCSD_OLDER_ACCEPTED)) {
		snprintf(why, sizeof(why), "config_version %llu is not newer than %llu, which is in force: raise "
			"config_version and repeat", (unsigned long long)v.version,
			(unsigned long long)ccsd_doc_version(c->force));
		refuse(c, r, -EINVAL, why, NULL, out);
	} else if (!c->member || (!c->quorate && !CLU_PLANTED(CCSD_NO_QUORUM)) || c->leaving) {
		ccsd_waits_for(c, wait);
		refuse(c, r, c->member ? -EPERM : -ENOTCONN, c->leaving ? "ccsd is ending on this node" : wait, NULL, out);
	} else if (c->req.state != CCSD_REQ_NONE || c->g.prop.open) {
		refuse(c, r, -EBUSY, "another update is under way: wait until it is done, raise config_version above it and "
			"repeat", NULL, out);
	} else {
		from.who = q->who[0] ? q->who : (char *)"unknown user";
		from.node = c->node_name;
		from.when_us = c->wall_us;
		ccsd_origin_get(&from, &origin);
		doc = ccsd_doc_new(q->document.data, q->document.len, v.version, &origin);
		if (doc)
			ccsd_found_valid(c, doc, &v);
		if (doc && c->force && c->change(c->check_ctx, c->force, doc, c->members, c->n_members, &v.findings) < 0) {
			refuse(c, r, -EINVAL, "a running cluster cannot be changed in this way", &v.findings, out);
			ccsd_doc_unref(doc);
		} else if (doc) {
			c->req.state = CCSD_REQ_QUEUED;
			c->req.client = r->client;
			c->req.start_ms = c->now_ms;
			c->req.old_version = ccsd_doc_version(c->force);
			c->req.doc = doc;
			snprintf(c->req.who, sizeof(c->req.who), "%.60s on %.60s", origin.who, origin.node);
			ccsd_req_established(c, out);
		} else {
			refuse(c, r, -ENOMEM, "out of memory", NULL, out);
		}
	}
	clu_buf_free(&v.findings);
}

void ccsd_on_request(struct ccsd_core *c, const struct clu_request *r, struct clu_out *out)
{
	Hawser__CcsdRequest *q = hawser__ccsd_request__unpack(NULL, r->len, r->data);

	if (!q)
		answer(c, r->client, -EBADMSG, "the request could not be read: are tool and daemon of one release?", out);
	else if (!strcmp(q->verb, "get"))
		get(c, r, q, out);
	else if (!strcmp(q->verb, "status"))
		status(c, r, out);
	else if (!strcmp(q->verb, "update"))
		update(c, r, q, out);
	else
		answer(c, r->client, -EINVAL, "unknown request: are tool and daemon of one release?", out);
	if (q)
		hawser__ccsd_request__free_unpacked(q, NULL);
}
