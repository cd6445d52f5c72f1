/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cutting and joining of group messages (see clu_group.h, "Fragments"). One
 * sender side and one receiver side per group member; pure.
 *
 * Rules: a message of one piece goes out at once. While a message of several
 * pieces is under way, later messages of this sender wait for it, so the order
 * of a sender is kept. A view drops all half messages on every member; the sender,
 * who sees its own pieces come back, starts again if the first one had come.
 */
#ifndef CLU_FRAG_H
#define CLU_FRAG_H

#include "clu_core.h"

struct clu_frag_out;		/* sender */

/* mcast as in struct clu_group_host. frag_max: payload bytes per piece. */
struct clu_frag_out *clu_frag_out_new(size_t frag_max, void (*mcast)(void *ctx, const void *data, size_t len),
	void *ctx);
struct clu_frag_out *clu_frag_out_free(struct clu_frag_out *f);
/*
 * urgent: one piece, does not wait for a message under way. 0, -EMSGSIZE, -ENOMEM; -ENOBUFS when
 * CLU_GROUP_WAIT_MAX bytes wait behind the one under way.
 */
int clu_frag_send(struct clu_frag_out *f, unsigned kind, uint64_t tag, const void *data, size_t len, bool urgent);
/* One of our own pieces came back. */
int clu_frag_echo(struct clu_frag_out *f, uint32_t seq, uint32_t attempt, uint32_t index);
/* A view: starts an interrupted message again. */
int clu_frag_view(struct clu_frag_out *f);
/* Forgets what waits (of the given kind, or all when kind is ~0u), and the message under way if it is of that kind. */
void clu_frag_drop(struct clu_frag_out *f, unsigned kind);

struct clu_frag_in {		/* receiver, one per sender */
	uint32_t seq, attempt, next, count;
	struct clu_buf buf;
	bool active;
};

struct Hawser__GroupFrame;
/* Takes one piece. 1: a whole message is in *ret / *ret_len (borrowed until the next call); 0: not yet, or
 * ignored; negative errno. */
int clu_frag_take(struct clu_frag_in *in, const struct Hawser__GroupFrame *f, const void **ret, size_t *ret_len);
void clu_frag_in_reset(struct clu_frag_in *in);

#endif
