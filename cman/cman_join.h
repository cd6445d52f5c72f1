/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman_tool join: from cluster.conf to a node that is a member. */
#ifndef CMAN_JOIN_H
#define CMAN_JOIN_H

#include "cman_doc.h"

/* Where cluster.conf comes from (-C). ANYWHERE: ccsd's when it runs, else the file. */
enum cman_source { CMAN_FROM_ANYWHERE, CMAN_FROM_CCSD };

struct cman_join_opts {
	struct cman_overrides over;
	const char *node_name;		/* -n, or NULL */
	bool make_key;			/* make an absent key although this node would be quorate alone with it */
	bool wait_member, wait_quorate;	/* -w, -q */
	uint64_t until_ms;		/* on cman_now_ms's clock, or CMAN_FOREVER: for the wait */
	enum cman_source source;
	bool bare;			/* -X: without cluster.conf */
	bool check_only;		/* print corosync.conf on stdout; nothing is written or started */
	enum cman_validate validate;
};

/* Prints what is to be said; the exit code of cman_tool: 0, 1, 2 (time-out). */
int cman_join(const struct cman_join_opts *opts);

#endif
