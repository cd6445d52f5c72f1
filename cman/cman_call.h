/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounded calls into corosync's client libraries. Those block without limit when
 * corosync is stopped (SIGSTOP) or hangs; here a call runs in a thread of its own
 * and is given up at its deadline.
 */
#ifndef CMAN_CALL_H
#define CMAN_CALL_H

#include <stdint.h>

#include "clu_buf.h"

#define CMAN_CALL_MS 1800	/* a tool says within 2 s that it cannot have an answer */

/*
 * Runs fn(arg). 0 when it returned in time; -ETIMEDOUT when not: the thread is
 * then left behind and goes on using arg, which must never be freed (a tool ends
 * soon). -EAGAIN when no thread could be made.
 */
int cman_call(void (*fn)(void *arg), void *arg, uint32_t deadline_ms);

/* Monotonic clock in milliseconds. */
uint64_t cman_now_ms(void);

/*
 * For fn: corosync answers TRY_AGAIN until its first ring is formed, and gives
 * nothing to wait on; this is the pause before the next try.
 */
void cman_call_pause(void);

/* A cs_error_t as negative errno: the ones that the tool tells apart, else -EIO. */
int cman_call_errno(int cs_error);

/* What failed, why, what to do: one or two lines for a failed connection to corosync, "cman_tool: " in front. */
void cman_call_explain(int error, struct clu_buf *ret);

#endif
