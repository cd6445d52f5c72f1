/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fenced on this node says, for cman_tool. */
#ifndef CMAN_FENCED_H
#define CMAN_FENCED_H

#include "cman_print.h"

/* True when this node is in the fence domain, or when fenced is there but cannot be asked (*ret_error says why). */
bool cman_fenced_is_joined(int *ret_error);

/* What the fence domain waits for: "none", "quorum", "messages", "fencing"; "-" when fenced does not answer. */
void cman_fenced_state(char ret[16]);

/*
 * When and by whom each node was last cut off (cman_tool nodes -f); returns of a
 * node that needed no fencing do not count. Fills up to max entries. 0, or negative errno with the sentence
 * for the user in errs.
 */
int cman_fenced_last(const struct cman_info *info, struct cman_fence *ret, unsigned max, unsigned *ret_n,
	struct clu_buf *errs);

#endif
