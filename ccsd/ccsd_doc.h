/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One document as bytes with a version, shared by reference count, and the
 * durable record of the last accepted proposal. NULL stands for "no document":
 * version 0, digest 0.
 */
#ifndef CCSD_DOC_H
#define CCSD_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clu_buf.h"
#include "clu_conf.h"

/* The one bound of a cluster.conf; request, answer, group message and record are made to hold it. */
#define CCSD_DOC_MAX CLU_CONF_MAX_BYTES
#define CCSD_DOC_MAX_TEXT CLU_CONF_MAX_TEXT

#define CCSD_NAME_MAX 64

/* Where a document comes from: for people. It goes with the document, and tells no documents apart. */
struct ccsd_origin {
	char who[CCSD_NAME_MAX];	/* "": not known */
	char node[CCSD_NAME_MAX];
	uint64_t when_us;		/* by the clock of that node */
};

struct ccsd_doc {
	unsigned refs;
	uint64_t version;
	uint64_t digest;	/* of the bytes; tells contents apart, never 0 */
	struct ccsd_origin origin;
	size_t len;
	char data[];		/* NUL behind len */
};

/* NULL when out of memory. The caller owns one reference. origin: NULL = not known. */
struct ccsd_doc *ccsd_doc_new(const void *data, size_t len, uint64_t version, const struct ccsd_origin *origin);
struct ccsd_doc *ccsd_doc_ref(struct ccsd_doc *d);	/* accepts NULL */
struct ccsd_doc *ccsd_doc_unref(struct ccsd_doc *d);	/* accepts NULL, returns NULL */
/* *slot becomes d; the reference it held is dropped. */
void ccsd_doc_set(struct ccsd_doc **slot, struct ccsd_doc *d);

uint64_t ccsd_doc_version(const struct ccsd_doc *d);
uint64_t ccsd_doc_digest(const struct ccsd_doc *d);
bool ccsd_doc_same(const struct ccsd_doc *a, const struct ccsd_doc *b);

/* The origin in a message, and out of one: cut to size, without control characters. NULL: not known. */
struct Hawser__CcsdOrigin;
void ccsd_origin_put(const struct ccsd_doc *d, struct Hawser__CcsdOrigin *ret);
void ccsd_origin_get(const struct Hawser__CcsdOrigin *m, struct ccsd_origin *ret);

/* 64-bit FNV-1a, chained: start with CCSD_HASH_INIT. */
#define CCSD_HASH_INIT 0xcbf29ce484222325u
uint64_t ccsd_hash(uint64_t h, const void *data, size_t len);

/* The record as bytes of its file. 0 or -ENOMEM. */
int ccsd_record_pack(uint64_t ballot, const struct ccsd_doc *doc, struct clu_buf *ret);
/* -EBADMSG when the bytes are no record or damaged; outputs untouched then. *ret_doc may become NULL. */
int ccsd_record_parse(const void *data, size_t len, uint64_t *ret_ballot, struct ccsd_doc **ret_doc);

#endif
