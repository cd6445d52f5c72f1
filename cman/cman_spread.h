/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman_tool version -r: the cluster.conf of this node, edited by hand, for the whole cluster. */
#ifndef CMAN_SPREAD_H
#define CMAN_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

/* COMPAT: exit codes of the third generation's tool. */
enum { CMAN_SPREAD_NO_VERSION = 253, CMAN_SPREAD_NOT_NEWER = 254, CMAN_SPREAD_REFUSED = 255 };

/*
 * Has ccsd spread the file, and waits until corosync on all nodes has taken it over.
 * version: what the file must have, or -1. no_sync: all nodes hold it already; only the
 * latter. Prints; returns the exit code: 0, one of the above, or 1.
 */
int cman_spread(int64_t version, bool no_sync);

#endif
