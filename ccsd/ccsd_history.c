/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccsd_history.h"

#include <errno.h>
#include <stdio.h>

#include "ccsd.pb-c.h"

void ccsd_history_name(uint64_t seq, char ret[CCSD_HISTORY_NAME_MAX])
{
	snprintf(ret, CCSD_HISTORY_NAME_MAX, "%02u", (unsigned)(seq % CCSD_HISTORY_MAX));
}

int ccsd_history_pack(const struct ccsd_history_entry *e, struct clu_buf *ret)
{
	Hawser__CcsdHistory h = HAWSER__CCSD_HISTORY__INIT;
	Hawser__CcsdOrigin origin;
	uint8_t *p;

	ccsd_origin_put(e->doc, &origin);
	h.seq = e->seq;
	h.version = e->doc->version;
	h.digest = e->doc->digest;
	h.origin = &origin;
	h.kept_us = e->kept_us;
	h.document.data = (uint8_t *)e->doc->data;
	h.document.len = e->doc->len;
	p = clu_buf_grow(ret, hawser__ccsd_history__get_packed_size(&h));
	if (!p)
		return -ENOMEM;
	hawser__ccsd_history__pack(&h, p);
	return 0;
}

int ccsd_history_parse(const void *data, size_t len, struct ccsd_history_entry *ret)
{
	Hawser__CcsdHistory *h = hawser__ccsd_history__unpack(NULL, len, data);
	struct ccsd_origin origin;
	int err = 0;

	if (!h)
		return -EBADMSG;
	ret->doc = NULL;
	ret->seq = h->seq;
	ret->kept_us = h->kept_us;
	if (!h->seq || !h->version || !h->document.len || h->document.len > CCSD_DOC_MAX)
		err = -EBADMSG;
	if (!err) {
		ccsd_origin_get(h->origin, &origin);
		ret->doc = ccsd_doc_new(h->document.data, h->document.len, h->version, &origin);
		if (!ret->doc)
			err = -ENOMEM;
		else if (ret->doc->digest != h->digest)
			err = -EBADMSG;
	}
	if (err < 0)
		ret->doc = ccsd_doc_unref(ret->doc);
	hawser__ccsd_history__free_unpacked(h, NULL);
	return err;
}
