/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replicated part: rounds, statuses, proposals. The rules are in ccsd_core.h. */
#include "ccsd_core_priv.h"
#include "clu_planted.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

		if (!s->have || (s->quorum != CCSD_Q_YES && !CLU_PLANTED(CCSD_NO_QUORUM)))
			return;
		all_hold = (all_hold || CLU_PLANTED(CCSD_ONE_ACK_MISSING)) && s->rec_ballot == c->g.prop.ballot;
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
		return "the document is empty or larger than " CCSD_DOC_MAX_TEXT;
	*retry = true;
	if (m->ballot <= c->g.ballot_max || m->ballot == UINT64_MAX)
		return "another proposal came first; try again";
	if (m->sync)
		return m->round != c->g.round || c->g.established ? "no longer needed" : NULL;
	if (!c->g.established)
		return "the membership of the cluster has just changed; try again";
	*retry = false;
	if (m->version <= ccsd_doc_version(c->g.doc) && !CLU_PLANTED(CCSD_OLDER_ACCEPTED))
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
	r = ccsd_check_doc(c, p->doc, &v);
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
	struct ccsd_origin origin;

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
		ccsd_origin_get(m->origin, &origin);
		p->doc = ccsd_doc_new(m->document.data, m->document.len, m->version, &origin);
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
	int from = ccsd_member_index(c, msg->from);

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
