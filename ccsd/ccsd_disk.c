/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings this node's disk to what the group wants, one write at a time: the record
 * first, then a copy of a file that would be lost, then cluster.conf, then the history.
 * What is in force changes when cluster.conf has changed.
 */
#include "ccsd_core_priv.h"
#include "clu_planted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONF_MODE 0640
#define RECORD_MODE 0600
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 30000

static void start(struct ccsd_core *c, enum ccsd_store what, const char *path, const void *data, size_t len,
	uint32_t mode, struct ccsd_doc *doc, uint64_t ballot, struct clu_out *out)
{
	c->storing = what;
	c->store_id++;
	c->store_ballot = ballot;
	ccsd_doc_set(&c->store_doc, doc);
	if (what == CCSD_STORE_RECORD && CLU_PLANTED(CCSD_ACK_BEFORE_DURABLE)) {
		c->storing = CCSD_STORE_NONE;
		c->rec_ballot = ballot;
		ccsd_doc_set(&c->rec, doc);
		ccsd_say_status(c, out);
		c->storing = what;
	}
	clu_out_store(out, c->store_id, path, data, len, mode);
}

static void start_record(struct ccsd_core *c, uint64_t ballot, struct ccsd_doc *doc, struct clu_out *out)
{
	struct clu_buf b = CLU_BUF_INIT;

	if (ccsd_record_pack(ballot, doc, &b) < 0)
		clu_out_fatal(out, 1, "out of memory");
	else
		start(c, CCSD_STORE_RECORD, c->record_path, b.data, b.len, RECORD_MODE, doc, ballot, out);
	if (b.data)
		explicit_bzero(b.data, b.len);
	clu_buf_free(&b);
}

/* `old` would be replaced by a document that is not newer: nobody may lose it by that. */
static bool would_be_lost(const struct ccsd_core *c, const struct ccsd_doc *old, const struct ccsd_doc *new)
{
	return old && !ccsd_doc_same(old, c->aside) && old->version >= ccsd_doc_version(new) && !ccsd_doc_same(old, new);
}

static void start_aside(struct ccsd_core *c, struct ccsd_doc *doc, struct clu_out *out)
{
	struct clu_buf path = CLU_BUF_INIT;

	clu_buf_printf(&path, "%s.unknown-v%llu", c->conf_path, (unsigned long long)doc->version);
	start(c, CCSD_STORE_ASIDE, clu_buf_text(&path), doc->data, doc->len, CONF_MODE, doc, 0, out);
	clu_buf_free(&path);
}

/*
 * A record with another document. What was agreed may stand in the record alone, when cluster.conf could not be written,
 * or not before the node failed: then it is kept aside before.
 */
static void replace_record(struct ccsd_core *c, uint64_t ballot, struct ccsd_doc *doc, struct clu_out *out)
{
	if (!ccsd_doc_same(c->force, c->file) && would_be_lost(c, c->force, doc))
		start_aside(c, c->force, out);
	else if (c->rec_found && !ccsd_doc_same(c->rec, c->file) && would_be_lost(c, c->rec, doc))
		start_aside(c, c->rec, out);
	else
		start_record(c, ballot, doc, out);
}

/* What is agreed does not stand in the history yet. Who is no member has no line. */
static bool is_history_due(const struct ccsd_core *c)
{
	const struct ccsd_doc *d = c->g.line != CCSD_LINE_NONE ? c->g.doc : NULL;

	return c->history_path && d && (d->version != c->newest.version || d->digest != c->newest.digest);
}

/* Whether a write was begun. */
static bool keep_history(struct ccsd_core *c, struct clu_out *out)
{
	struct ccsd_history_entry e = { .seq = c->newest.seq + 1, .kept_us = c->wall_us, .doc = c->g.doc };
	struct clu_buf path = CLU_BUF_INIT, b = CLU_BUF_INIT;
	char name[CCSD_HISTORY_NAME_MAX];

	if (!is_history_due(c) || c->history_retry_ms > c->now_ms)
		return false;
	ccsd_history_name(e.seq, name);
	clu_buf_printf(&path, "%s/%s", c->history_path, name);
	if (ccsd_history_pack(&e, &b) < 0 || path.error)
		clu_out_fatal(out, 1, "out of memory");
	else
		start(c, CCSD_STORE_HISTORY, clu_buf_text(&path), b.data, b.len, CCSD_HISTORY_MODE, c->g.doc, 0, out);
	if (b.data)
		explicit_bzero(b.data, b.len);
	clu_buf_free(&b);
	clu_buf_free(&path);
	return true;
}

uint64_t ccsd_disk_deadline(const struct ccsd_core *c)
{
	uint64_t t = c->member && c->retry_ms ? c->retry_ms : CLU_NEVER;

	/* The end of the write that is under way brings us here again. */
	if (c->storing)
		return CLU_NEVER;
	return c->history_retry_ms && c->history_retry_ms < t && is_history_due(c) ? c->history_retry_ms : t;
}

void ccsd_reconcile(struct ccsd_core *c, struct clu_out *out)
{
	const struct ccsd_group *g = &c->g;
	bool line = g->line != CCSD_LINE_NONE, record_ok;
	bool propose = g->prop.open && !g->prop.refused && g->prop.ballot > c->rec_ballot;

	if (c->storing || !c->member)
		return;
	if (c->history_retry_ms <= c->now_ms)
		c->history_retry_ms = 0;
	if (c->retry_ms > c->now_ms) {
		(void)keep_history(c, out);
		return;
	}
	c->retry_ms = 0;
	if (propose || (line && g->doc_ballot > c->rec_ballot)) {
		if (keep_history(c, out))
			return;
		if (propose)
			replace_record(c, g->prop.ballot, g->prop.doc, out);
		else
			replace_record(c, g->doc_ballot, g->doc, out);
		return;
	}
	record_ok = c->rec_ballot == g->doc_ballot || (g->prop.open && c->rec_ballot == g->prop.ballot);
	if (!line || !g->doc || !record_ok)
		return;
	if (ccsd_doc_same(c->file, g->doc)) {
		/* What was in force instead may never have come to the file. */
		ccsd_put_in_force(c, c->file, "agreed by the cluster", out);
		ccsd_req_in_force(c, out);
		(void)keep_history(c, out);
		return;
	}
	if (would_be_lost(c, c->file, g->doc))
		start_aside(c, c->file, out);
	else
		start(c, CCSD_STORE_FILE, c->conf_path, g->doc->data, g->doc->len, CONF_MODE, g->doc, 0, out);
}

void ccsd_put_in_force(struct ccsd_core *c, struct ccsd_doc *doc, const char *why, struct clu_out *out)
{
	Hawser__CcsdNews news = HAWSER__CCSD_NEWS__INIT;
	struct ccsd_verdict v = { .findings = CLU_BUF_INIT };
	char from[32], to[32];

	if (!doc || ccsd_doc_same(doc, c->force))
		return;
	(void)ccsd_check_doc(c, doc, &v);
	snprintf(c->cluster, sizeof(c->cluster), "%s", v.cluster);
	clu_buf_free(&v.findings);
	snprintf(from, sizeof(from), "%llu", (unsigned long long)ccsd_doc_version(c->force));
	snprintf(to, sizeof(to), "%llu", (unsigned long long)doc->version);
	clu_out_note(out, CLU_NOTICE, "conf.version", "cluster.conf", from, to, why, "digest=%016llx bytes=%zu",
		(unsigned long long)doc->digest, doc->len);
	ccsd_doc_set(&c->force, doc);
	clu_out_config(out, doc->data, doc->len);
	news.version = doc->version;
	news.document.data = (uint8_t *)doc->data;
	news.document.len = doc->len;
	clu_out_notify_pb(out, &news.base);
}

static uint64_t retry_at(const struct ccsd_core *c, unsigned failures)
{
	uint64_t pause = RETRY_MIN_MS;

	for (unsigned i = 0; i < failures && pause < RETRY_MAX_MS; i++)
		pause *= 2;
	return c->now_ms + (pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
}

static void history_failed(struct ccsd_core *c, int error, struct clu_out *out)
{
	char why[CCSD_REASON_MAX];

	c->history_retry_ms = CLU_PLANTED(CCSD_HISTORY_GIVEN_UP) ? CLU_NEVER : retry_at(c, c->history_failures++);
	snprintf(why, sizeof(why), "version %llu is agreed, but cannot be kept in the history: %s; make room or mend the "
		"folder, it is tried again", (unsigned long long)ccsd_doc_version(c->store_doc), strerror(-error));
	clu_out_note(out, CLU_WARNING, "conf.history_failed", c->history_path, "", "failed", why, "error=%d again_ms=%llu",
		error, (unsigned long long)(c->history_retry_ms - c->now_ms));
}

static void store_failed(struct ccsd_core *c, enum ccsd_store what, int error, struct clu_out *out)
{
	static const char *const names[] = { "", "record", "copy of the former file", "cluster.conf" };
	char why[CCSD_REASON_MAX];

	c->retry_ms = retry_at(c, c->store_failures++);
	snprintf(why, sizeof(why), "cannot write the %s: %s; make room or mend the file system, it is tried again",
		names[what], strerror(-error));
	clu_out_note(out, CLU_ERR, "conf.store_failed", what == CCSD_STORE_RECORD ? c->record_path : c->conf_path, "",
		"failed", why, "error=%d again_ms=%llu", error, (unsigned long long)(c->retry_ms - c->now_ms));
	if (what == CCSD_STORE_RECORD && c->g.prop.open && !c->g.prop.sync && !c->g.prop.refused &&
	    c->store_ballot == c->g.prop.ballot)
		ccsd_send_nack(c, why, NULL, out);
	if (what == CCSD_STORE_FILE && c->g.line != CCSD_LINE_NONE && ccsd_doc_same(c->store_doc, c->g.doc)) {
		/* Agreed, and durable in the record: the cluster's document counts here as well. */
		ccsd_put_in_force(c, c->g.doc, "agreed, but the file could not be written", out);
		ccsd_req_in_force(c, out);
	}
}

void ccsd_on_stored(struct ccsd_core *c, const struct clu_stored *s, struct clu_out *out)
{
	enum ccsd_store what = c->storing;

	if (!what || s->id != c->store_id)
		return;
	c->storing = CCSD_STORE_NONE;
	if (s->result < 0 && what == CCSD_STORE_HISTORY) {
		history_failed(c, s->result, out);
	} else if (s->result < 0) {
		store_failed(c, what, s->result, out);
	} else if (what == CCSD_STORE_HISTORY) {
		c->history_failures = 0;
		c->newest = (struct ccsd_newest){ c->newest.seq + 1, c->store_doc->version, c->store_doc->digest };
	} else {
		c->store_failures = 0;
		switch (what) {
		case CCSD_STORE_RECORD:
			c->rec_ballot = c->store_ballot;
			ccsd_doc_set(&c->rec, c->store_doc);
			c->rec_found = false;
			break;
		case CCSD_STORE_ASIDE:
			ccsd_doc_set(&c->aside, c->store_doc);
			clu_out_note(out, CLU_WARNING, "conf.aside", c->conf_path, "", "kept aside",
				"this node's file is not the one the cluster agreed on; it is kept beside as "
				"cluster.conf.unknown-vN: compare, and update with a higher config_version if it is wanted",
				"version=%llu", (unsigned long long)ccsd_doc_version(c->store_doc));
			break;
		case CCSD_STORE_FILE:
			ccsd_doc_set(&c->file, c->store_doc);
			ccsd_put_in_force(c, c->file, "agreed by the cluster", out);
			ccsd_req_in_force(c, out);
			break;
		case CCSD_STORE_HISTORY:
		case CCSD_STORE_NONE:
		default:
			break;
		}
		if (what != CCSD_STORE_ASIDE)
			c->status_due = true;
	}
	c->store_doc = ccsd_doc_unref(c->store_doc);
	if (c->status_due)
		ccsd_say_status(c, out);
	ccsd_reconcile(c, out);
}
