/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fenced on this node knows about the last fencing of each node (cman_tool nodes -f). */
#ifndef CMAN_FENCED_H
#define CMAN_FENCED_H

#include "cman_print.h"

/* Fills up to max entries. 0, or negative errno with the sentence for the user in errs. */
int cman_fenced_last(const struct cman_info *info, struct cman_fence *ret, unsigned max, unsigned *ret_n,
	struct clu_buf *errs);

#endif
