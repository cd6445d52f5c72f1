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

/* Bounded so that request, answer and group message fit their transports. */
#define CCSD_DOC_MAX (1024u * 1024)

struct ccsd_doc {
	unsigned refs;
	uint64_t version;
	uint64_t digest;	/* of the bytes; tells contents apart, never 0 */
	size_t len;
	char data[];		/* NUL behind len */
};

/* NULL when out of memory. The caller owns one reference. */
struct ccsd_doc *ccsd_doc_new(const void *data, size_t len, uint64_t version);
struct ccsd_doc *ccsd_doc_ref(struct ccsd_doc *d);	/* accepts NULL */
struct ccsd_doc *ccsd_doc_unref(struct ccsd_doc *d);	/* accepts NULL, returns NULL */
/* *slot becomes d; the reference it held is dropped. */
void ccsd_doc_set(struct ccsd_doc **slot, struct ccsd_doc *d);

uint64_t ccsd_doc_version(const struct ccsd_doc *d);
uint64_t ccsd_doc_digest(const struct ccsd_doc *d);
bool ccsd_doc_same(const struct ccsd_doc *a, const struct ccsd_doc *b);

/* 64-bit FNV-1a, chained: start with CCSD_HASH_INIT. */
#define CCSD_HASH_INIT 0xcbf29ce484222325u
uint64_t ccsd_hash(uint64_t h, const void *data, size_t len);

/* The record as bytes of its file. 0 or -ENOMEM. */
int ccsd_record_pack(uint64_t ballot, const struct ccsd_doc *doc, struct clu_buf *ret);
/* -EBADMSG when the bytes are no record or damaged; outputs untouched then. *ret_doc may become NULL. */
int ccsd_record_parse(const void *data, size_t len, uint64_t *ret_ballot, struct ccsd_doc **ret_doc);

#endif
