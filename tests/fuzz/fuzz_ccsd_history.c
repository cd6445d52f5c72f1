/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ccsd finds on its disk: a file of the history, and the record. What is taken for one can be written and read again
 * as the same. A document of which one byte was changed is refused.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd_history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_come_back(const struct ccsd_history_entry *e)
{
	struct clu_buf b = CLU_BUF_INIT;
	struct ccsd_history_entry again;

	if (ccsd_history_pack(e, &b) < 0 || ccsd_history_parse(b.data, b.len, &again) < 0)
		abort();
	if (again.seq != e->seq || again.kept_us != e->kept_us || !ccsd_doc_same(again.doc, e->doc) ||
	    strcmp(again.doc->origin.who, e->doc->origin.who) || strcmp(again.doc->origin.node, e->doc->origin.node) ||
	    again.doc->origin.when_us != e->doc->origin.when_us)
		abort();
	ccsd_doc_unref(again.doc);
	clu_buf_free(&b);
}

static void read_entry(const uint8_t *data, size_t size)
{
	struct ccsd_history_entry e;

	if (ccsd_history_parse(data, size, &e) < 0)
		return;
	if (!e.seq || !e.doc->version || !e.doc->len || e.doc->data[e.doc->len])
		abort();
	must_come_back(&e);
	ccsd_doc_unref(e.doc);
}

static void read_record(const uint8_t *data, size_t size)
{
	struct ccsd_doc *doc = NULL, *again = NULL;
	uint64_t ballot, second;
	struct clu_buf b = CLU_BUF_INIT;

	if (ccsd_record_parse(data, size, &ballot, &doc) < 0)
		return;
	if (ccsd_record_pack(ballot, doc, &b) < 0 || ccsd_record_parse(b.data, b.len, &second, &again) < 0 || second != ballot ||
	    !ccsd_doc_same(doc, again))
		abort();
	ccsd_doc_unref(doc);
	ccsd_doc_unref(again);
	clu_buf_free(&b);
}

/* The input as a document: packed, and one byte of it changed. What people read beside the document is not guarded. */
static void damage(const uint8_t *data, size_t size)
{
	struct ccsd_origin origin = { .who = "root", .node = "n1", .when_us = 1 };
	struct ccsd_history_entry e = { .seq = 7, .kept_us = 9 }, back;
	struct clu_buf b = CLU_BUF_INIT;
	char *document;

	e.doc = ccsd_doc_new(data + 4, size - 4, 3, &origin);
	if (!e.doc || ccsd_history_pack(&e, &b) < 0)
		abort();
	document = memmem(b.data, b.len, e.doc->data, e.doc->len);
	if (!document)
		abort();
	if (e.doc->len >= 64) {
		document[((size_t)data[0] << 8 | data[1]) % e.doc->len] ^= (char)(data[2] ? data[2] : 1);
		if (ccsd_history_parse(b.data, b.len, &back) == 0)
			abort();
	}
	clu_buf_free(&b);
	ccsd_doc_unref(e.doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_entry(data, size);
	read_record(data, size);
	if (size > 4)
		damage(data, size);
	return 0;
}
