/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs programs for a libqb loop: own process group, stdin fed from memory,
 * deadline -> TERM -> grace -> KILL of the whole group, last lines of output kept.
 */
#ifndef CLU_CHILD_H
#define CLU_CHILD_H

#include <qb/qbloop.h>

#include "clu_out.h"

struct clu_children;

/* end: called from the loop, once per started child, also for start errors. */
struct clu_children *clu_children_new(qb_loop_t *loop,
	void (*end)(void *ctx, const struct clu_child_end *e), void *ctx);
/* Ends all that still run (KILL) and waits for them. */
struct clu_children *clu_children_free(struct clu_children *c);
void clu_children_run(struct clu_children *c, const struct clu_run *run);
void clu_children_kill(struct clu_children *c, uint64_t id);
unsigned clu_children_count(const struct clu_children *c);

#endif
