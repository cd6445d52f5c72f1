/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this node says: its messages to the group, and to people what it waits for. */
#include "ccsd_core_priv.h"

#include <stdio.h>
#include <string.h>

int ccsd_member_index(const struct ccsd_core *c, uint32_t nodeid)
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
	Hawser__CcsdOrigin origin;

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
	ccsd_origin_put(doc, &origin);
	m.origin = &origin;
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
		if (ccsd_member_index(c, c->q_nodes[i]) < 0) {
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
