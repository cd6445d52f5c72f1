/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replicated part: rounds, statuses, proposals. The rules are in ccsd_core.h. */
#include "ccsd_core_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int member_index(const struct ccsd_core *c, uint32_t nodeid)
{
	for (unsigned i = 0; i < c->n_members; i++)
		if (c->members[i] == nodeid)
			return (int)i;
	return -1;
}

enum ccsd_quorum ccsd_my_quorum(const struct ccsd_core *c)
{
	if (!c->quorum_known || c->n_q_nodes != c->n_members)
		return CCSD_Q_UNKNOWN;
	if (memcmp(c->q_nodes, c->members, c->n_members * sizeof(c->members[0])) != 0)
		return CCSD_Q_UNKNOWN;
	return c->quorate ? CCSD_Q_YES : CCSD_Q_NO;
}

uint64_t ccsd_next_ballot(const struct ccsd_core *c)
{
	uint64_t ring = c->ring_seq << 16;

	return ring > c->g.ballot_max ? ring : c->g.ballot_max + 1;
}

/* ---- messages out ---- */

static void send(const Hawser__CcsdMessage *m, struct clu_out *out)
{
	clu_out_send_pb(out, &m->base);
}

void ccsd_say_status(struct ccsd_core *c, struct clu_out *out)
{
	Hawser__CcsdMessage m = HAWSER__CCSD_MESSAGE__INIT;
	struct ccsd_status s = { .have = true };

	if (!c->member || c->leaving)
		return;
	if (c->storing) {
		/* What is on disk is not certain while a write runs. */
		c->status_due = true;
		return;
	}
	c->status_due = false;
	s.quorum = ccsd_my_quorum(c);
	s.file_version = ccsd_doc_version(c->file);
	s.file_digest = ccsd_doc_digest(c->file);
	s.rec_ballot = c->rec_ballot;
	s.rec_version = ccsd_doc_version(c->rec);
	s.rec_digest = ccsd_doc_digest(c->rec);
	if (c->said_round == c->g.round && c->said.have && c->said.quorum == s.quorum &&
	    c->said.file_version == s.file_version && c->said.file_digest == s.file_digest &&
	    c->said.rec_ballot == s.rec_ballot)
		return;
	c->said = s;
	c->said_round = c->g.round;
	m.kind = HAWSER__CCSD_KIND__CCSD_STATUS;
	m.round = c->g.round;
	m.quorum = (uint32_t)s.quorum;
	m.file_version = s.file_version;
	m.file_digest = s.file_digest;
	m.rec_ballot = s.rec_ballot;
	m.rec_version = s.rec_version;
	m.rec_digest = s.rec_digest;
	send(&m, out);
}

void ccsd_send_propose(struct ccsd_core *c, const struct ccsd_doc *doc, bool sync, uint64_t tag,
	const char *who, uint64_t ballot, struct clu_out *out)
{
	Hawser__CcsdMessage m = HAWSER__CCSD_MESSAGE__INIT;

	m.kind = HAWSER__CCSD_KIND__CCSD_PROPOSE;
	m.round = c->g.round;
	m.ballot = ballot;
	m.version = ccsd_doc_version(doc);
	if (doc) {
		m.document.data = (uint8_t *)doc->data;
		m.document.len = doc->len;
	}
	m.sync = sync;
	m.tag = tag;
	m.who = (char *)who;
	send(&m, out);
}

void ccsd_send_abort(struct ccsd_core *c, uint64_t ballot, const char *why, struct clu_out *out)
{
	Hawser__CcsdMessage m = HAWSER__CCSD_MESSAGE__INIT;

	m.kind = HAWSER__CCSD_KIND__CCSD_ABORT;
	m.round = c->g.round;
	m.ballot = ballot;
	m.why = (char *)why;
	send(&m, out);
}

void ccsd_send_nack(struct ccsd_core *c, const char *why, const struct clu_buf *findings, struct clu_out *out)
{
	Hawser__CcsdMessage m = HAWSER__CCSD_MESSAGE__INIT;
	char *one = findings ? (char *)clu_buf_text(findings) : NULL;

	c->g.prop.refused = true;
	m.kind = HAWSER__CCSD_KIND__CCSD_NACK;
	m.round = c->g.round;
	m.ballot = c->g.prop.ballot;
	m.why = (char *)why;
	m.findings = &one;
	m.n_findings = one && *one;
	send(&m, out);
}

/* ---- what is waited for ---- */

void ccsd_waits_for(const struct ccsd_core *c, char ret[CCSD_REASON_MAX])
{
	size_t at = 0;
	const char *what = "what it has on disk";

	ret[0] = '\0';
	if (!c->member) {
		snprintf(ret, CCSD_REASON_MAX, "this node is not a member of the cluster: corosync is not running or "
			"is still joining; start it with \"cman_tool join\"");
		return;
	}
	if (!c->quorum_known || !c->quorate) {
		snprintf(ret, CCSD_REASON_MAX, "the cluster is not quorate: wait for more nodes to join, or see "
			"\"cman_tool status\"");
		return;
	}
	for (unsigned i = 0; i < c->n_q_nodes; i++)
		if (member_index(c, c->q_nodes[i]) < 0) {
			snprintf(ret, CCSD_REASON_MAX, "node %u is in the cluster but no ccsd answers on it: start ccsd "
				"there", c->q_nodes[i]);
			return;
		}
	if (c->g.established && !c->g.prop.open)
		return;
	if (c->g.prop.open)
		what = c->g.prop.sync ? "to take the agreed version" : "to accept the update";
	for (unsigned i = 0; i < c->n_members && at < CCSD_REASON_MAX - 16; i++) {
		const struct ccsd_status *s = &c->g.st[i];

		if (!s->have || s->quorum != CCSD_Q_YES || (c->g.prop.open && s->rec_ballot != c->g.prop.ballot))
			at += (size_t)snprintf(ret + at, CCSD_REASON_MAX - at, "%s%u", at ? ", " : "waiting for node ",
				c->members[i]);
	}
	if (at && at < CCSD_REASON_MAX)
		snprintf(ret + at, CCSD_REASON_MAX - at, " %s; if that lasts, look at ccsd there",
			c->g.prop.open ? what : "to say what it has on disk");
	else
		snprintf(ret, CCSD_REASON_MAX, "the members are agreeing on the newest version; try again in a moment");
}

/* ---- moves of the agreement ---- */

static void close_prop(struct ccsd_core *c)
{
	c->g.prop.doc = ccsd_doc_unref(c->g.prop.doc);
	memset(&c->g.prop, 0, sizeof(c->g.prop));
	c->sync_round = 0;
}

static void establish(struct ccsd_core *c, const char *why, struct clu_out *out)
{
	if (!c->g.established)
		clu_out_note(out, CLU_INFO, "conf.agreed", "cluster.conf", "open", "agreed", why,
			"version=%llu members=%u", (unsigned long long)ccsd_doc_version(c->g.doc), c->n_members);
	c->g.established = true;
	c->g.line = CCSD_LINE_KEPT;
	ccsd_reconcile(c, out);
	ccsd_req_established(c, out);
}

static void commit(struct ccsd_core *c, struct clu_out *out)
{
	struct ccsd_prop *p = &c->g.prop;
	char why[CCSD_REASON_MAX];

	snprintf(why, sizeof(why), p->sync ? "accepted by all %u members, to bring them together (%s)" :
		"accepted by all %u members; proposed by %s", c->n_members, p->who);
	ccsd_doc_set(&c->g.doc, p->doc);
	c->g.doc_ballot = p->ballot;
	close_prop(c);
	establish(c, why, out);
}

/*
 * The record of the aborted document may be on some disks: it is overwritten by
 * the document in force under a higher ballot, so that no later round revives it.
 */
static void abort_prop(struct ccsd_core *c, const char *why, struct clu_out *out)
{
	clu_out_note(out, CLU_WARNING, "conf.refused", "cluster.conf", "proposed", "refused", why,
		"version=%llu from=%u", (unsigned long long)ccsd_doc_version(c->g.prop.doc), c->g.prop.from);
	c->g.doc_ballot = ++c->g.ballot_max;
	close_prop(c);
	ccsd_reconcile(c, out);
}

/* The document of the group when nothing is established: see ccsd_core.h. Index of a holder, or -1: none. */
static int choose(const struct ccsd_core *c, uint64_t *ret_version, uint64_t *ret_digest, uint64_t *ret_ballot)
{
	int agreed = -1, file = -1;
	const struct ccsd_status *st = c->g.st;

	for (unsigned i = 0; i < c->n_members; i++)
		if (st[i].rec_ballot && (agreed < 0 || st[i].rec_ballot > st[agreed].rec_ballot))
			agreed = (int)i;
	for (unsigned i = 0; i < c->n_members; i++)
		if (st[i].file_version && (file < 0 || st[i].file_version > st[file].file_version))
			file = (int)i;
	*ret_ballot = 0;
	if (file >= 0 && (agreed < 0 || st[file].file_version > st[agreed].rec_version)) {
		*ret_version = st[file].file_version;
		*ret_digest = st[file].file_digest;
		/* It is the agreed one of its node if the record says so. */
		if (st[file].rec_digest == *ret_digest && st[file].rec_version == *ret_version)
			*ret_ballot = st[file].rec_ballot;
		return file;
	}
	if (agreed < 0)
		return -1;
	*ret_version = st[agreed].rec_version;
	*ret_digest = st[agreed].rec_digest;
	*ret_ballot = st[agreed].rec_ballot;
	return agreed;
}

static struct ccsd_doc *find_doc(const struct ccsd_core *c, uint64_t version, uint64_t digest)
{
	struct ccsd_doc *have[] = { c->rec, c->file, c->g.doc, c->force };

	for (unsigned i = 0; i < sizeof(have) / sizeof(have[0]); i++)
		if (ccsd_doc_version(have[i]) == version && ccsd_doc_digest(have[i]) == digest)
			return have[i];
	return NULL;
}

static void want_sync(struct ccsd_core *c, uint32_t holder, struct ccsd_doc *doc, const char *who,
	struct clu_out *out)
{
	if (holder != c->nodeid || c->sync_round == c->g.round)
		return;
	c->sync_round = c->g.round;
	ccsd_send_propose(c, doc, true, 0, who, ccsd_next_ballot(c), out);
}

static void evaluate_line(struct ccsd_core *c, struct clu_out *out)
{
	for (unsigned i = 0; i < c->n_members; i++)
		if (c->g.st[i].rec_ballot > c->g.doc_ballot) {
			want_sync(c, c->members[0], c->g.doc, "a member had accepted a proposal that was given up", out);
			return;
		}
	establish(c, "the members went on as one", out);
}

static void evaluate_new(struct ccsd_core *c, struct clu_out *out)
{
	uint64_t version = 0, digest = 0, ballot = 0;
	int holder = choose(c, &version, &digest, &ballot);
	bool same = true;

	for (unsigned i = 0; i < c->n_members; i++) {
		const struct ccsd_status *s = &c->g.st[i];

		same = same && s->file_version == version && s->file_digest == digest && s->rec_ballot == ballot &&
			(!ballot || (s->rec_version == version && s->rec_digest == digest));
	}
	if (same) {
		ccsd_doc_set(&c->g.doc, version ? find_doc(c, version, digest) : NULL);
		c->g.doc_ballot = ballot;
		establish(c, "all members hold the same version", out);
		return;
	}
	for (unsigned i = 0; holder > 0 && i < (unsigned)holder; i++)
		if ((c->g.st[i].rec_version == version && c->g.st[i].rec_digest == digest) ||
		    (c->g.st[i].file_version == version && c->g.st[i].file_digest == digest))
			holder = (int)i;
	if (holder >= 0)
		want_sync(c, c->members[holder], find_doc(c, version, digest), "the newest of the members", out);
}

/* Looks at the statuses of the round: the one place where something becomes agreed. */
static void evaluate(struct ccsd_core *c, struct clu_out *out)
{
	bool all_hold = true, overtaken = false;

	for (unsigned i = 0; i < c->n_members; i++) {
		const struct ccsd_status *s = &c->g.st[i];

		if (!s->have || s->quorum != CCSD_Q_YES)
			return;
		all_hold = all_hold && s->rec_ballot == c->g.prop.ballot;
		overtaken = overtaken || s->rec_ballot > c->g.prop.ballot;
	}
	if (c->g.prop.open && overtaken) {
		/* A joiner has accepted a later one; it can never accept this. The update may be tried anew. */
		if (c->g.prop.sync)
			close_prop(c);
		else
			abort_prop(c, "a member that joined had accepted a later proposal", out);
		ccsd_req_back_to_queue(c);
	}
	if (c->g.prop.open) {
		if (all_hold)
			commit(c, out);
	} else if (!c->g.established) {
		if (c->g.line != CCSD_LINE_NONE)
			evaluate_line(c, out);
		else
			evaluate_new(c, out);
	}
}

/* ---- events ---- */

static void on_status(struct ccsd_core *c, unsigned from, const Hawser__CcsdMessage *m, struct clu_out *out)
{
	struct ccsd_status *s = &c->g.st[from];

	if (m->round != c->g.round || m->quorum > CCSD_Q_YES)
		return;
	s->have = true;
	s->quorum = (enum ccsd_quorum)m->quorum;
	s->file_version = m->file_version;
	s->file_digest = m->file_digest;
	s->rec_ballot = m->rec_ballot;
	s->rec_version = m->rec_version;
	s->rec_digest = m->rec_digest;
	if (m->rec_ballot > c->g.ballot_max)
		c->g.ballot_max = m->rec_ballot;
	if (s->quorum == CCSD_Q_NO) {
		/* Others may have quorum now and agree on something we shall not hear of. */
		c->g.established = false;
		c->g.line = CCSD_LINE_NONE;
		if (c->g.prop.open) {
			close_prop(c);
			ccsd_req_back_to_queue(c);
		}
	}
	evaluate(c, out);
}

/* NULL when the proposal may open, else why not. *retry: the same may be tried again. */
static const char *propose_refusal(const struct ccsd_core *c, const Hawser__CcsdMessage *m, bool *retry)
{
	*retry = false;
	if (c->g.prop.open)
		return "another update is under way: wait until it is done, raise config_version above it and repeat";
	if (m->document.len > CCSD_DOC_MAX || !m->version != !m->document.len)
		return "the document is empty or larger than 1 MiB";
	*retry = true;
	if (m->ballot <= c->g.ballot_max || m->ballot == UINT64_MAX)
		return "another proposal came first; try again";
	if (m->sync)
		return m->round != c->g.round || c->g.established ? "no longer needed" : NULL;
	if (!c->g.established)
		return "the membership of the cluster has just changed; try again";
	*retry = false;
	if (m->version <= ccsd_doc_version(c->g.doc))
		return "another update with this or a higher config_version came first: raise config_version and repeat";
	return NULL;
}

static void check_here(struct ccsd_core *c, struct clu_out *out)
{
	const struct ccsd_prop *p = &c->g.prop;
	struct ccsd_verdict v = { .findings = CLU_BUF_INIT };
	int r;

	if (p->sync || p->refused || !p->doc)
		return;
	r = c->check(c->check_ctx, p->doc->data, p->doc->len, &v);
	if (r < 0)
		ccsd_send_nack(c, "the document is not valid there", &v.findings, out);
	else if (v.version != p->doc->version)
		ccsd_send_nack(c, "config_version is read differently there; do all nodes run the same release?", NULL, out);
	else if (c->g.doc && c->change(c->check_ctx, c->g.doc, p->doc, c->members, c->n_members, &v.findings) < 0)
		ccsd_send_nack(c, "a running cluster cannot be changed in this way", &v.findings, out);
	clu_buf_free(&v.findings);
}

static void on_propose(struct ccsd_core *c, uint32_t from, const Hawser__CcsdMessage *m, struct clu_out *out)
{
	bool retry, mine = from == c->nodeid && !m->sync && c->req.state == CCSD_REQ_SENT && m->tag == c->req.tag;
	const char *why = propose_refusal(c, m, &retry);
	struct ccsd_prop *p = &c->g.prop;

	if (why && m->sync) {
		if (from == c->nodeid && m->round == c->g.round) {
			c->sync_round = 0;
			evaluate(c, out);
		}
		return;
	}
	if (why) {
		if (mine && retry) {
			ccsd_req_back_to_queue(c);
			ccsd_req_established(c, out);
		} else if (mine) {
			ccsd_req_finish(c, -EBUSY, why, NULL, 0, out);
		}
		return;
	}
	if (m->version) {
		p->doc = ccsd_doc_new(m->document.data, m->document.len, m->version);
		if (!p->doc) {
			clu_out_fatal(out, 1, "out of memory");
			return;
		}
	}
	c->g.ballot_max = m->ballot;
	p->open = true;
	p->sync = m->sync;
	p->ballot = m->ballot;
	p->from = from;
	p->tag = m->tag;
	p->opened_ms = c->now_ms;
	snprintf(p->who, sizeof(p->who), "%s", m->who);
	clu_out_note(out, CLU_INFO, "conf.proposed", "cluster.conf", "", "proposed", p->who,
		"version=%llu ballot=%llu from=%u", (unsigned long long)m->version, (unsigned long long)m->ballot, from);
	check_here(c, out);
	ccsd_reconcile(c, out);
}

/*
 * After the loss of a member an update that all who are left have accepted may
 * have been committed by the lost one, who may have seen a status that none of us
 * saw: it can only go forward. One that somebody here has not accepted cannot.
 */
static bool may_be_committed(const struct ccsd_core *c)
{
	if (c->g.line != CCSD_LINE_AFTER_LOSS)
		return false;
	for (unsigned i = 0; i < c->n_members; i++)
		if (c->g.st[i].have && c->g.st[i].rec_ballot != c->g.prop.ballot)
			return false;
	return true;
}

static void on_nack(struct ccsd_core *c, uint32_t from, const Hawser__CcsdMessage *m, struct clu_out *out)
{
	const struct ccsd_prop *p = &c->g.prop;
	char why[CCSD_REASON_MAX];
	bool abort = m->kind == HAWSER__CCSD_KIND__CCSD_ABORT;
	bool mine;

	/* A sync is never given up: what it carries may be committed already. */
	if (!p->open || p->sync || p->ballot != m->ballot)
		return;
	/* An ABORT that a view overtook was said without knowing who may have committed since. */
	if (abort && (m->round != c->g.round || may_be_committed(c)))
		return;
	if (abort)
		snprintf(why, sizeof(why), "%s", m->why);
	else
		snprintf(why, sizeof(why), "refused by node %u: %s", from, m->why);
	mine = p->from == c->nodeid && c->req.state != CCSD_REQ_NONE && p->tag == c->req.tag;
	abort_prop(c, why, out);
	if (mine)
		ccsd_req_finish(c, abort ? -ETIMEDOUT : -EINVAL, why, m->findings, m->n_findings, out);
}

void ccsd_on_message(struct ccsd_core *c, const struct clu_message *msg, struct clu_out *out)
{
	Hawser__CcsdMessage *m;
	int from = member_index(c, msg->from);

	if (from < 0)
		return;
	m = hawser__ccsd_message__unpack(NULL, msg->len, msg->data);
	if (!m)
		return;
	switch (m->kind) {
	case HAWSER__CCSD_KIND__CCSD_STATUS:
		on_status(c, (unsigned)from, m, out);
		break;
	case HAWSER__CCSD_KIND__CCSD_PROPOSE:
		on_propose(c, msg->from, m, out);
		break;
	case HAWSER__CCSD_KIND__CCSD_NACK:
	case HAWSER__CCSD_KIND__CCSD_ABORT:
		on_nack(c, msg->from, m, out);
		break;
	case _HAWSER__CCSD_KIND_IS_INT_SIZE:
	default:
		break;
	}
	hawser__ccsd_message__free_unpacked(m, NULL);
}

static enum ccsd_line line_after(const struct ccsd_group *g, const struct clu_view *v)
{
	bool lost = false;

	for (unsigned i = 0; i < v->n_left; i++)
		lost = lost || v->left[i].how == CLU_LEFT_NODE;
	if (lost && v->n_joined)
		return CCSD_LINE_NONE;
	if (lost)
		return g->line == CCSD_LINE_NONE ? CCSD_LINE_NONE : CCSD_LINE_AFTER_LOSS;
	if (v->n_joined && g->line == CCSD_LINE_AFTER_LOSS)
		return CCSD_LINE_NONE;
	return g->line;
}

void ccsd_on_view(struct ccsd_core *c, const struct clu_view *v, struct clu_out *out)
{
	struct ccsd_group *g = &c->g;

	if (v->self_left) {
		ccsd_group_reset(c);
		return;
	}
	g->line = line_after(g, v);
	g->established = false;
	c->member = true;
	c->n_members = 0;
	for (unsigned i = 0; i < v->n_members && i < CLU_MAX_NODES; i++)
		c->members[c->n_members++] = v->members[i].nodeid;
	memset(g->st, 0, sizeof(g->st));
	for (unsigned i = 0; i < c->n_members; i++)
		g->round = ccsd_hash(g->round, &c->members[i], sizeof(c->members[i]));
	if (g->line == CCSD_LINE_NONE && g->prop.open) {
		/* It lives on in the records; the next round finds it there. */
		close_prop(c);
		ccsd_req_back_to_queue(c);
	}
	if (v->first && g->prop.open) {
		g->prop.opened_ms = c->now_ms;
		check_here(c, out);
	}
	ccsd_reconcile(c, out);
	ccsd_say_status(c, out);
}

void ccsd_group_reset(struct ccsd_core *c)
{
	close_prop(c);
	c->g.doc = ccsd_doc_unref(c->g.doc);
	memset(&c->g, 0, sizeof(c->g));
	c->g.round = CCSD_HASH_INIT;
	c->member = false;
	c->n_members = 0;
	c->sync_round = 0;
	c->said.have = false;
	c->status_due = false;
}

static struct ccsd_doc *state_doc(const ProtobufCBinaryData *b, uint64_t version, int *err)
{
	struct ccsd_doc *d;

	if (!version && !b->len)
		return NULL;
	if (!version || !b->len || b->len > CCSD_DOC_MAX) {
		*err = -EBADMSG;
		return NULL;
	}
	d = ccsd_doc_new(b->data, b->len, version);
	if (!d)
		*err = -ENOMEM;
	return d;
}

int ccsd_on_state(struct ccsd_core *c, const struct clu_message *m, struct clu_out *out)
{
	Hawser__CcsdState *s;
	struct ccsd_group *g = &c->g;
	int err = 0;

	ccsd_group_reset(c);
	ccsd_req_back_to_queue(c);
	if (!m->len)
		return 0;
	s = hawser__ccsd_state__unpack(NULL, m->len, m->data);
	if (!s || s->line > CCSD_LINE_KEPT) {
		clu_out_fatal(out, 1, "the cluster's state could not be read: do all nodes run the same release?");
		hawser__ccsd_state__free_unpacked(s, NULL);
		return 0;
	}
	g->round = s->round;
	g->established = s->established;
	g->line = (enum ccsd_line)s->line;
	g->ballot_max = s->ballot_max;
	g->doc_ballot = s->doc_ballot;
	g->doc = state_doc(&s->doc, s->doc_version, &err);
	g->prop.open = s->prop_open;
	g->prop.sync = s->prop_sync;
	g->prop.ballot = s->prop_ballot;
	g->prop.doc = state_doc(&s->prop_doc, s->prop_version, &err);
	g->prop.from = s->prop_from;
	g->prop.tag = s->prop_tag;
	snprintf(g->prop.who, sizeof(g->prop.who), "%s", s->prop_who);
	hawser__ccsd_state__free_unpacked(s, NULL);
	if (err == -EBADMSG) {
		clu_out_fatal(out, 1, "the cluster's state could not be read: do all nodes run the same release?");
		return 0;
	}
	return err;
}

static void put_doc(const struct ccsd_doc *d, ProtobufCBinaryData *ret, uint64_t *ret_version)
{
	if (!d)
		return;
	ret->data = (uint8_t *)d->data;
	ret->len = d->len;
	*ret_version = d->version;
}

int ccsd_snapshot(const void *core, struct clu_buf *ret)
{
	const struct ccsd_core *c = core;
	const struct ccsd_group *g = &c->g;
	Hawser__CcsdState s = HAWSER__CCSD_STATE__INIT;
	uint8_t *p;

	s.round = g->round;
	s.established = g->established;
	s.line = (uint32_t)g->line;
	s.ballot_max = g->ballot_max;
	s.doc_ballot = g->doc_ballot;
	put_doc(g->doc, &s.doc, &s.doc_version);
	s.prop_open = g->prop.open;
	s.prop_sync = g->prop.sync;
	s.prop_ballot = g->prop.ballot;
	put_doc(g->prop.doc, &s.prop_doc, &s.prop_version);
	s.prop_from = g->prop.from;
	s.prop_tag = g->prop.tag;
	s.prop_who = (char *)g->prop.who;
	p = clu_buf_grow(ret, hawser__ccsd_state__get_packed_size(&s));
	if (!p)
		return -ENOMEM;
	hawser__ccsd_state__pack(&s, p);
	return 0;
}
