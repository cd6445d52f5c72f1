/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libccs: read the cluster's configuration. Link with -lccs.
 *
 * A connection reads the document that is in force on this node. When ccsd puts a
 * newer one in force, the connection changes over at its next query, and a
 * walk with ccs_get_list starts again from its first match.
 *
 * Errors: a negative errno is returned, and errno is set as well.
 *   EINVAL        bad query or descriptor number; in full mode also: no match
 *   EBADR         no open connection with this descriptor
 *   ENODATA       no match, or an element without text; at the end of a walk
 *   ECONNREFUSED  ccsd does not run, or (without force) the cluster is not quorate
 *   ENOENT        the cluster has another name than the one asked for
 *   EAGAIN        too many connections; ENAMETOOLONG: the query is too long
 *   EACCES        neither root nor a member of the group haclient
 *   ETIMEDOUT     ccsd is there but does not answer
 */
#ifndef CCS_H
#define CCS_H

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/*
 * 0 (default): paths from the root made of names, name[N], name[@attr="value"],
 * child::*[N], ending in @attr, @*, child::* or an element. 1: any XPath.
 */
extern int fullxpath;

/* A descriptor, 0 or greater. Needs a quorate cluster. */
int ccs_connect(void);
/* The same without quorum. cluster_name: NULL = any. blocking: waits until ccsd answers with a document. */
int ccs_force_connect(const char *cluster_name, int blocking);
int ccs_disconnect(int desc);

/*
 * The first match of the query; the caller frees *rtn. An attribute gives its
 * value, an element its text; ".../@*" and ".../child::*" give "name=value".
 */
int ccs_get(int desc, const char *query, char **rtn);
/* The next match with each call; -ENODATA and *rtn NULL behind the last, then from the first again. */
int ccs_get_list(int desc, const char *query, char **rtn);

/* Never possible: -ENOSYS. The configuration is changed with "ccs_tool update". */
int ccs_set(int desc, const char *path, char *val);

/*
 * The name of the cluster node that `name` means: exact, without its domain, or by
 * an altname. -E2BIG: longer than 128 bytes; -ENODATA: no node.
 */
int ccs_lookup_nodename(int desc, const char *name, char **rtn);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
