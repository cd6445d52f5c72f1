/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other members put on the wire, into a group of two that has formed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clu_group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct loop {
	struct clu_group *g;
	struct { uint8_t data[4096]; size_t len; } q[64];
	unsigned head, tail;
};

static void deliver(void *ctx, struct clu_event *ev)
{
	(void)ctx;
	(void)ev;
}

static void mcast(void *ctx, const void *data, size_t len)
{
	struct loop *l = ctx;

	if (len <= sizeof(l->q[0].data) && l->tail - l->head < 64) {
		memcpy(l->q[l->tail % 64].data, data, len);
		l->q[l->tail++ % 64].len = len;
	}
}

static int snapshot(void *ctx, struct clu_buf *ret)
{
	(void)ctx;
	clu_buf_str(ret, "state");
	return 0;
}

static void refused(void *ctx, const char *why)
{
	(void)ctx;
	(void)why;
}

static void drain(struct loop *l)
{
	while (l->head != l->tail) {
		unsigned i = l->head++ % 64;

		(void)clu_group_receive(l->g, 1, l->q[i].data, l->q[i].len);
	}
}

/* The input is cut into frames by a length byte each; they come from node 2, which never greeted in earnest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct loop l;
	struct clu_group_host host = { deliver, mcast, snapshot, refused, &l };
	uint32_t one[] = { 1 }, both[] = { 1, 2 }, two[] = { 2 };
	struct clu_group_change alone = { .members = one, .n_members = 1, .joined = one, .n_joined = 1 };
	struct clu_group_change pair = { .members = both, .n_members = 2, .joined = two, .n_joined = 1 };

	memset(&l, 0, sizeof(l));
	l.g = clu_group_new(&host, 1, 42, 1, 1);
	if (!l.g)
		return 0;
	(void)clu_group_confchg(l.g, &alone);
	drain(&l);
	(void)clu_group_confchg(l.g, &pair);
	drain(&l);
	for (size_t at = 0; at < size;) {
		size_t n = data[at++];

		if (n > size - at)
			n = size - at;
		(void)clu_group_receive(l.g, 2, data + at, n);
		drain(&l);
		at += n;
	}
	clu_group_free(l.g);
	return 0;
}
