/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_frag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clu_group.h"
#include "group.pb-c.h"

struct waiting {
	struct waiting *next;
	unsigned kind;
	uint64_t tag;
	uint32_t seq, attempt, count;
	size_t len;
	uint8_t data[];
};

struct clu_frag_out {
	size_t frag_max;
	void (*mcast)(void *ctx, const void *data, size_t len);
	void *ctx;
	uint32_t seq;
	struct waiting *under_way;	/* several pieces, not all back yet */
	uint32_t echoed;		/* pieces of it that came back */
	struct waiting *head, **tail;
	size_t waits;			/* bytes from head to tail */
};

struct clu_frag_out *clu_frag_out_new(size_t frag_max, void (*mcast)(void *ctx, const void *data, size_t len),
	void *ctx)
{
	struct clu_frag_out *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->frag_max = frag_max;
	f->mcast = mcast;
	f->ctx = ctx;
	f->tail = &f->head;
	return f;
}

struct clu_frag_out *clu_frag_out_free(struct clu_frag_out *f)
{
	if (f) {
		clu_frag_drop(f, ~0u);
		free(f);
	}
	return NULL;
}

static int emit_piece(struct clu_frag_out *f, const struct waiting *w, uint32_t index)
{
	Hawser__GroupFrame frame = HAWSER__GROUP_FRAME__INIT;
	size_t from = (size_t)index * f->frag_max;
	size_t len = w->len - from < f->frag_max ? w->len - from : f->frag_max;
	uint8_t *bytes;
	size_t n;

	frame.kind = (Hawser__GroupKind)w->kind;
	frame.tag = w->tag;
	frame.seq = w->seq;
	frame.attempt = w->attempt;
	frame.index = index;
	frame.count = w->count;
	frame.payload.data = (uint8_t *)w->data + from;
	frame.payload.len = len;
	n = hawser__group_frame__get_packed_size(&frame);
	bytes = malloc(n ? n : 1);
	if (!bytes)
		return -ENOMEM;
	hawser__group_frame__pack(&frame, bytes);
	f->mcast(f->ctx, bytes, n);
	free(bytes);
	return 0;
}

static int emit(struct clu_frag_out *f, const struct waiting *w)
{
	int r = 0;

	for (uint32_t i = 0; i < w->count && r == 0; i++)
		r = emit_piece(f, w, i);
	return r;
}

/* Sends what may go: everything up to and including the next message of several pieces. */
static int pump(struct clu_frag_out *f)
{
	int r = 0;

	while (!f->under_way && f->head && r == 0) {
		struct waiting *w = f->head;

		f->head = w->next;
		if (!f->head)
			f->tail = &f->head;
		w->next = NULL;
		f->waits -= sizeof(*w) + w->len;
		r = emit(f, w);
		if (w->count > 1) {
			f->under_way = w;
			f->echoed = 0;
		} else {
			free(w);
		}
	}
	return r;
}

int clu_frag_send(struct clu_frag_out *f, unsigned kind, uint64_t tag, const void *data, size_t len, bool urgent)
{
	struct waiting *w;
	int r;

	if (len > CLU_GROUP_MSG_MAX || (urgent && len > f->frag_max))
		return -EMSGSIZE;
	if (!urgent && f->waits + sizeof(*w) + len > CLU_GROUP_WAIT_MAX)
		return -ENOBUFS;
	w = malloc(sizeof(*w) + len);
	if (!w)
		return -ENOMEM;
	w->next = NULL;
	w->kind = kind;
	w->tag = tag;
	w->seq = ++f->seq;
	w->attempt = 0;
	w->count = len > f->frag_max ? (uint32_t)((len + f->frag_max - 1) / f->frag_max) : 1;
	w->len = len;
	if (len)
		memcpy(w->data, data, len);
	if (urgent) {
		r = emit(f, w);
		free(w);
		return r;
	}
	*f->tail = w;
	f->tail = &w->next;
	f->waits += sizeof(*w) + len;
	return pump(f);
}

int clu_frag_echo(struct clu_frag_out *f, uint32_t seq, uint32_t attempt, uint32_t index)
{
	struct waiting *w = f->under_way;

	if (!w || w->seq != seq || w->attempt != attempt || index != f->echoed)
		return 0;
	if (++f->echoed < w->count)
		return 0;
	free(w);
	f->under_way = NULL;
	return pump(f);
}

int clu_frag_view(struct clu_frag_out *f)
{
	if (!f->under_way || f->echoed == 0)
		return 0;
	f->under_way->attempt++;
	f->echoed = 0;
	return emit(f, f->under_way);
}

void clu_frag_drop(struct clu_frag_out *f, unsigned kind)
{
	struct waiting **p = &f->head;

	while (*p) {
		struct waiting *w = *p;

		if (kind == ~0u || w->kind == kind) {
			*p = w->next;
			f->waits -= sizeof(*w) + w->len;
			free(w);
		} else {
			p = &w->next;
		}
	}
	f->tail = p;
	if (f->under_way && (kind == ~0u || f->under_way->kind == kind)) {
		free(f->under_way);
		f->under_way = NULL;
		(void)pump(f);
	}
}

void clu_frag_in_reset(struct clu_frag_in *in)
{
	clu_buf_free(&in->buf);
	in->active = false;
}

int clu_frag_take(struct clu_frag_in *in, const struct Hawser__GroupFrame *f, const void **ret, size_t *ret_len)
{
	if (f->count == 0 || f->index >= f->count || f->count > CLU_GROUP_MSG_MAX / 1024)
		return -EBADMSG;
	if (f->count == 1) {
		*ret = f->payload.data;
		*ret_len = f->payload.len;
		return 1;
	}
	if (f->index == 0) {
		clu_frag_in_reset(in);
		in->active = true;
		in->seq = f->seq;
		in->attempt = f->attempt;
		in->count = f->count;
		in->next = 0;
	}
	if (!in->active || in->seq != f->seq || in->attempt != f->attempt || in->count != f->count ||
		in->next != f->index)
		return 0;	/* the rest of a message that a view cut off */
	if (in->buf.len + f->payload.len > CLU_GROUP_MSG_MAX) {
		clu_frag_in_reset(in);
		return -EMSGSIZE;
	}
	clu_buf_append(&in->buf, f->payload.data, f->payload.len);
	if (in->buf.error) {
		clu_frag_in_reset(in);
		return -ENOMEM;
	}
	if (++in->next < in->count)
		return 0;
	in->active = false;
	*ret = clu_buf_text(&in->buf);
	*ret_len = in->buf.len;
	return 1;
}
