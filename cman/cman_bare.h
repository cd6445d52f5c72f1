/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join -X: a corosync.conf without any cluster.conf. As cman had it: the cluster
 * RHCluster, the IPv4 address as node id, expected votes 1, a node that is called
 * Node<id>. cman's nodes then found each other by multicast. corosync 3 forms no ring
 * with nodes that are not in its list (3.1.7 hears them and never gets a token), so
 * here the node is alone, and needs no key.
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
