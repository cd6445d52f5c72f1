/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libccs: read the cluster's configuration. Link with -lccs.
 *
 * A connection reads the document that is in force on this node. When ccsd puts a
 * newer one in force, the connection changes over at its next query, and a
 * walk with ccs_get_list starts again from its first match.
 *
 * Every function may be called from any thread, also with one descriptor from several; a walk belongs to its
 * descriptor, so threads that walk take one each.
 *
 * Errors: a negative errno is returned, and errno is set as well.
 * Results that are given through a pointer are malloc'd: free() them.
 *
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
 * The first match of the query. An attribute gives its value, an element its
 * text; ".../@*" and ".../child::*" give "name=value".
 */
int ccs_get(int desc, const char *query, char **rtn);
/* The next match with each call; -ENODATA and *rtn NULL behind the last, then from the first again. */
int ccs_get_list(int desc, const char *query, char **rtn);

/* Never possible: -ENOSYS. The configuration is changed with "ccs_tool update". */
int ccs_set(int desc, const char *path, char *val);

/*
 * A working path for queries that do not begin with "/": they are put below it. NULL or "" takes it away.
 * reset_query: a walk begins again with its first match.
 */
int ccs_set_state(int desc, const char *cwp, int reset_query);
/* The working path and the query that was asked last, "" if there is none. */
int ccs_get_state(int desc, char **cwp, char **prevq);

/*
 * The name of the cluster node that `name` means: exact, without its domain, by an altname, or as a name or number of
 * the same address (the resolver is asked for that, with its own time limits). -E2BIG: longer than 128 bytes;
 * -ENODATA: no node.
 */
int ccs_lookup_nodename(int desc, const char *name, char **rtn);

/*
 * Applies the element "logging" and its logging_daemon of this name to the variables; what the configuration says
 * nothing of stays as it is, and so does what is NULL. mode: a sum of 1 (log file) and 2 (syslog). facility and
 * priorities: as in syslog.h. logfile: room for PATH_MAX bytes. If *debug is set already (a command line option),
 * *fileprio becomes LOG_DEBUG and the configured debug and logfile_priority are not looked at.
 */
void ccs_read_logging(int fd, const char *name, int *debug, int *mode, int *facility, int *sysprio, int *fileprio,
	char *logfile);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
