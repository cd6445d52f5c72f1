/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reserve(struct clu_buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;
	char *p;

	if (b->error)
		return b->error;
	if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
		return b->error = -ENOMEM;
	if (b->len + more + 1 <= b->cap)
		return 0;
	while (cap < b->len + more + 1)
		cap *= 2;
	p = realloc(b->data, cap);
	if (!p)
		return b->error = -ENOMEM;
	b->data = p;
	b->cap = cap;
	return 0;
}

void *clu_buf_grow(struct clu_buf *b, size_t len)
{
	char *p;

	if (reserve(b, len) < 0)
		return NULL;
	p = b->data + b->len;
	b->len += len;
	b->data[b->len] = '\0';
	return p;
}

void clu_buf_append(struct clu_buf *b, const void *data, size_t len)
{
	void *p = clu_buf_grow(b, len);

	if (p && len)
		memcpy(p, data, len);
}

void clu_buf_str(struct clu_buf *b, const char *s)
{
	clu_buf_append(b, s, strlen(s));
}

void clu_buf_vprintf(struct clu_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	/* Mostly there is room, and once is enough. */
	if (reserve(b, 0) < 0)
		return;
	room = b->cap - b->len;
	va_copy(again, ap);
	n = vsnprintf(b->data + b->len, room, fmt, again);
	va_end(again);
	if (n >= 0 && (size_t)n >= room && reserve(b, (size_t)n) == 0)
		n = vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	if (n < 0 || b->error) {
		/* What fitted of it is no part of the text. */
		b->data[b->len] = '\0';
		b->error = -ENOMEM;
		return;
	}
	b->len += (size_t)n;
}

void clu_buf_printf(struct clu_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	clu_buf_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *clu_buf_text(const struct clu_buf *b)
{
	return b->data ? b->data : "";
}

void clu_buf_free(struct clu_buf *b)
{
	free(b->data);
	*b = (struct clu_buf)CLU_BUF_INIT;
}
