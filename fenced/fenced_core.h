/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fence domain as a pure replicated state machine (architecture.md S2, S3).
 *
 * The daemons of all nodes are one group; membership of the domain is
 * replicated state on top of it, changed by JOIN and LEAVE messages. A domain
 * member that is lost becomes a victim on every member. One member, the master,
 * runs its fence agents; what came of it is sent, and only the delivery of that
 * message (or of an operator's word, or the victim's return as a newly started
 * daemon) releases the victim.
 *
 * Master: the lowest node id of the domain. While there are victims it stays
 * who it is as long as it is a member, so that a joining node never starts an
 * agent beside one that already runs.
 *
 * Files: fenced_core.c (events), fenced_view.c (membership, snapshot),
 * fenced_apply.c (messages), fenced_victims.c, fenced_run.c (agents), fenced_yield.c,
 * fenced_request.c, fenced_news.c, fenced_methods.c (cluster.conf -> what to
 * run; shared with fence_node).
 */
#ifndef FENCED_CORE_H
#define FENCED_CORE_H

#include "clu_core.h"

#define FDOM_UNSET INT64_MIN

/* From the command line; what is unset comes from cluster.conf, then from the defaults. */
struct fdom_options {
	bool clean_start;		/* no startup fencing */
	bool skip_undefined;		/* no startup fencing of nodes without a method */
	int64_t post_join_delay_s;	/* FDOM_UNSET, -1 = for ever */
	int64_t post_fail_delay_s;
	/*
	 * Finds the program of an agent, as clu_path_agent("fence", ...) does. The
	 * one question a core asks outside of its events, so that argv[0] is final;
	 * a test answers it from a table.
	 */
	int (*find_agent)(const char *name, const char *prefer, char *ret, unsigned size);
};

struct fdom;

/* Copies the options. NULL when out of memory. */
struct fdom *fdom_new(const struct fdom_options *opt);
struct fdom *fdom_free(struct fdom *d);		/* accepts NULL, returns NULL */

extern const struct clu_core_ops fdom_ops;

#endif
