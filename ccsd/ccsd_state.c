/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replicated state as bytes, for a member that joins. */
#include "ccsd_core_priv.h"
#include "clu_planted.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct ccsd_doc *state_doc(const ProtobufCBinaryData *b, uint64_t version, const Hawser__CcsdOrigin *from,
	int *err)
{
	struct ccsd_origin origin;
	struct ccsd_doc *d;

	if (!version && !b->len)
		return NULL;
	if (!version || !b->len || b->len > CCSD_DOC_MAX) {
		*err = -EBADMSG;
		return NULL;
	}
	ccsd_origin_get(from, &origin);
	d = ccsd_doc_new(b->data, b->len, version, &origin);
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
	g->doc = state_doc(&s->doc, s->doc_version, s->doc_origin, &err);
	g->prop.open = s->prop_open;
	g->prop.sync = s->prop_sync;
	g->prop.ballot = s->prop_ballot;
	g->prop.doc = state_doc(&s->prop_doc, s->prop_version, s->prop_origin, &err);
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
	Hawser__CcsdOrigin doc_origin, prop_origin;
	uint8_t *p;

	s.round = g->round;
	s.established = g->established;
	s.line = (uint32_t)g->line;
	s.ballot_max = g->ballot_max;
	s.doc_ballot = CLU_PLANTED(CCSD_LOST_SNAPSHOT_ENTRY) ? 0 : g->doc_ballot;
	put_doc(g->doc, &s.doc, &s.doc_version);
	s.prop_open = g->prop.open;
	s.prop_sync = g->prop.sync;
	s.prop_ballot = g->prop.ballot;
	put_doc(g->prop.doc, &s.prop_doc, &s.prop_version);
	s.prop_from = g->prop.from;
	s.prop_tag = g->prop.tag;
	s.prop_who = (char *)g->prop.who;
	ccsd_origin_put(g->doc, &doc_origin);
	ccsd_origin_put(g->prop.doc, &prop_origin);
	s.doc_origin = &doc_origin;
	s.prop_origin = &prop_origin;
	p = clu_buf_grow(ret, hawser__ccsd_state__get_packed_size(&s));
	if (!p)
		return -ENOMEM;
	hawser__ccsd_state__pack(&s, p);
	return 0;
}
