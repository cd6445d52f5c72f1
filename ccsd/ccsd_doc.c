/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccsd_doc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"

uint64_t ccsd_hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		h ^= p[i];
		h *= 0x100000001b3u;
	}
	return h;
}

void ccsd_origin_put(const struct ccsd_doc *d, Hawser__CcsdOrigin *ret)
{
	hawser__ccsd_origin__init(ret);
	if (!d)
		return;
	ret->who = (char *)d->origin.who;
	ret->node = (char *)d->origin.node;
	ret->when_us = d->origin.when_us;
}

static void copy_name(const char *from, char ret[CCSD_NAME_MAX])
{
	snprintf(ret, CCSD_NAME_MAX, "%s", from);
	for (char *p = ret; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

void ccsd_origin_get(const Hawser__CcsdOrigin *m, struct ccsd_origin *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!m)
		return;
	copy_name(m->who, ret->who);
	copy_name(m->node, ret->node);
	ret->when_us = m->when_us;
}

struct ccsd_doc *ccsd_doc_new(const void *data, size_t len, uint64_t version, const struct ccsd_origin *origin)
{
	struct ccsd_doc *d = malloc(sizeof(*d) + len + 1);

	if (!d)
		return NULL;
	d->refs = 1;
	d->version = version;
	d->digest = ccsd_hash(CCSD_HASH_INIT, data, len);
	if (!d->digest)
		d->digest = 1;
	d->origin = origin ? *origin : (struct ccsd_origin){ .who = "" };
	d->len = len;
	if (len)
		memcpy(d->data, data, len);
	d->data[len] = '\0';
	return d;
}

struct ccsd_doc *ccsd_doc_ref(struct ccsd_doc *d)
{
	if (d)
		d->refs++;
	return d;
}

struct ccsd_doc *ccsd_doc_unref(struct ccsd_doc *d)
{
	if (d && --d->refs == 0) {
		explicit_bzero(d->data, d->len);	/* holds passwords of fence devices */
		free(d);
	}
	return NULL;
}

void ccsd_doc_set(struct ccsd_doc **slot, struct ccsd_doc *d)
{
	struct ccsd_doc *old = *slot;

	*slot = ccsd_doc_ref(d);
	ccsd_doc_unref(old);
}

uint64_t ccsd_doc_version(const struct ccsd_doc *d)
{
	return d ? d->version : 0;
}

uint64_t ccsd_doc_digest(const struct ccsd_doc *d)
{
	return d ? d->digest : 0;
}

bool ccsd_doc_same(const struct ccsd_doc *a, const struct ccsd_doc *b)
{
	return a == b || (a && b && a->version == b->version && a->len == b->len &&
		memcmp(a->data, b->data, a->len) == 0);
}

int ccsd_record_pack(uint64_t ballot, const struct ccsd_doc *doc, struct clu_buf *ret)
{
	Hawser__CcsdRecord r = HAWSER__CCSD_RECORD__INIT;
	Hawser__CcsdOrigin origin;
	uint8_t *p;

	r.ballot = ballot;
	r.version = ccsd_doc_version(doc);
	r.digest = ccsd_doc_digest(doc);
	if (doc) {
		r.document.data = (uint8_t *)doc->data;
		r.document.len = doc->len;
		ccsd_origin_put(doc, &origin);
		r.origin = &origin;
	}
	p = clu_buf_grow(ret, hawser__ccsd_record__get_packed_size(&r));
	if (!p)
		return -ENOMEM;
	hawser__ccsd_record__pack(&r, p);
	return 0;
}

int ccsd_record_parse(const void *data, size_t len, uint64_t *ret_ballot, struct ccsd_doc **ret_doc)
{
	Hawser__CcsdRecord *r = hawser__ccsd_record__unpack(NULL, len, data);
	struct ccsd_origin origin;
	struct ccsd_doc *d = NULL;
	int err = 0;

	if (!r)
		return -EBADMSG;
	if (r->document.len > CCSD_DOC_MAX || !r->ballot || !r->version != !r->document.len)
		err = -EBADMSG;
	if (!err && r->version) {
		ccsd_origin_get(r->origin, &origin);
		d = ccsd_doc_new(r->document.data, r->document.len, r->version, &origin);
		if (!d)
			err = -ENOMEM;
	}
	if (!err && ccsd_doc_digest(d) != r->digest)
		err = -EBADMSG;
	if (err < 0) {
		ccsd_doc_unref(d);
	} else {
		*ret_ballot = r->ballot;
		*ret_doc = d;
	}
	hawser__ccsd_record__free_unpacked(r, NULL);
	return err;
}
