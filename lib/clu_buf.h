/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing byte buffer that remembers its first failure, so that a chain of appends is checked once. */
#ifndef CLU_BUF_H
#define CLU_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct clu_buf {
	char *data;		/* always NUL-terminated behind len once anything was appended; NULL when empty */
	size_t len;
	size_t cap;
	int error;		/* 0, or -ENOMEM since some append; data is then incomplete */
};

#define CLU_BUF_INIT { NULL, 0, 0, 0 }

void clu_buf_append(struct clu_buf *b, const void *data, size_t len);
void clu_buf_str(struct clu_buf *b, const char *s);
void clu_buf_printf(struct clu_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void clu_buf_vprintf(struct clu_buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* len bytes of room at the end for the caller to fill, counted as appended; NULL after -ENOMEM. */
void *clu_buf_grow(struct clu_buf *b, size_t len);

/* The text so far; "" when empty. Valid until the next append. */
const char *clu_buf_text(const struct clu_buf *b);

/* Frees the memory and makes the buffer empty and usable again. */
void clu_buf_free(struct clu_buf *b);

#endif
