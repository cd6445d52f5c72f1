/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs programs for a libqb loop: own process group, stdin fed from memory,
 * deadline -> TERM -> grace -> KILL of the whole group, last lines of output kept.
 */
#ifndef CLU_CHILD_H
#define CLU_CHILD_H

#include <qb/qbloop.h>

#include "clu_out.h"

struct clu_children;

/*
 * end: called from the loop, once per started child, also for start errors. It
 * may run and kill further children. It comes when the direct child has been
 * reaped, even if a grandchild still holds the pipe; grandchildren live on, unless
 * a deadline or clu_children_kill ended the group. A daemon that dies takes its
 * direct children with it. SIGPIPE is ignored from here on.
 */
struct clu_children *clu_children_new(qb_loop_t *loop,
	void (*end)(void *ctx, const struct clu_child_end *e), void *ctx);
/* Ends all that still run (KILL) and waits for them, at most 5 s; no end is told. NULL is accepted; returns NULL. */
struct clu_children *clu_children_free(struct clu_children *c);
/* The environment is PATH, LC_ALL=C, the HAWSER_ variables of the daemon, then run->env. */
void clu_children_run(struct clu_children *c, const struct clu_run *run);
/* TERM to the group, grace, KILL. Nothing happens for an unknown id. */
void clu_children_kill(struct clu_children *c, uint64_t id);
unsigned clu_children_count(const struct clu_children *c);

#endif
