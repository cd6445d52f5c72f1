/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join -X: a corosync.conf without any cluster.conf. As cman had it: the cluster
 * RHCluster, the IPv4 address as node id, expected votes 1, nodes that are called
 * Node<id> and find each other by multicast. There is no list of nodes and, since
 * only knet encrypts in corosync 3, no key. Each node is quorate alone.
 */
#ifndef CMAN_BARE_H
#define CMAN_BARE_H

#include "cman_plan.h"

#define CMAN_BARE_NAME "RHCluster"

/*
 * The text for a node with this IPv4 address, and what join needs to know of it in
 * *plan (cluster_name, logfile, transport, expected_votes; no nodes). Values of the
 * command line count. Returns the number of faults, each with a line in errs. Pure.
 */
int cman_bare_write(const char *addr, const struct cman_overrides *over, const char *logfile, struct cman_plan *plan,
	struct clu_buf *ret, struct clu_buf *errs, struct clu_buf *warns);

#endif
