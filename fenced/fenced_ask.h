/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the fenced of this node, for the tools and libfenced. */
#ifndef FENCED_ASK_H
#define FENCED_ASK_H

#include "clu_buf.h"
#include "clu_client.h"
#include "fenced.pb-c.h"

/*
 * One request and its answer. verb and nodes as in fenced.proto; node (a name)
 * counts where nodeid is 0; deadline_ms covers connecting too. Returns 0 and the
 * news (free with hawser__fenced_news__free_unpacked(news, NULL)), or a negative
 * errno with a sentence "fenced: what: why; what to do" appended to errs (may be
 * NULL). *ret may be NULL when only the result matters.
 */
int fenced_ask(const char *verb, const char *node, uint32_t nodeid, uint32_t deadline_ms,
	Hawser__FencedNews **ret, struct clu_buf *errs);

/* The same over a connection that is open. */
int fenced_ask_on(struct clu_client *c, const char *verb, const char *node, uint32_t nodeid, uint32_t deadline_ms,
	Hawser__FencedNews **ret, struct clu_buf *errs);

#endif
