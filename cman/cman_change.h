/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What corosync makes of a change of its corosync.conf: takes it over while it
 * runs, or only when it starts anew. Texts as cman_conf_write makes them. Pure.
 */
#ifndef CMAN_CHANGE_H
#define CMAN_CHANGE_H

#include "clu_buf.h"

enum cman_effect {
	CMAN_LIVE,		/* a reload takes it over */
	CMAN_NODE_RESTART,	/* each node takes it over when it leaves and joins again, one after the other */
	CMAN_CLUSTER_RESTART	/* nodes before and after it cannot talk to each other: all leave, then all join */
};

struct cman_change {
	enum cman_effect effect;
	char key[160];		/* "totem.netmtu", "totem.interface.0.mcastport", "nodelist.n1.quorum_votes" */
	char old[80], new[80];	/* "" when it was, or is, not there; cut when longer */
};

/*
 * The differences between two files, in the order of the files (what has gone comes
 * last), those of hawser's own section left out unless they matter to people.
 * Allocates *ret; free it. Returns their number, or -ENOMEM.
 */
int cman_change_list(const char *old, const char *new, struct cman_change **ret);

/*
 * Lines "KEY: OLD -> NEW: ..." for people, of the changes with this effect; each says
 * what is to be done. Returns the greatest effect of all changes, or -ENOMEM.
 */
int cman_change_explain(const char *old, const char *new, enum cman_effect which, struct clu_buf *ret);

#endif
