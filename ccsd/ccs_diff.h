/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two configurations, and what a running cluster does about it:
 * the rules of ccs.md 2.10 and of our own daemons. Pure.
 *
 * Elements of one kind are told apart by what they are named by (name, ref, address, ...), not by their place.
 */
#ifndef CCS_DIFF_H
#define CCS_DIFF_H

#include "clu_conf.h"

enum ccs_effect {
	CCS_NONE,	/* nobody reads it */
	CCS_LIVE,	/* taken over at once */
	CCS_SERVICE,	/* that service, or parts of it, are stopped and started */
	CCS_DAEMON,	/* when that daemon is started again */
	CCS_CLUSTER,	/* when the whole cluster is started again */
	CCS_NEFFECTS
};

struct ccs_change {
	char kind;		/* '+' new, '-' gone, '~' another value */
	char *path;		/* as for people: /cluster/rm/service[web]/@domain */
	char *was, *is;		/* values; passwords as ***; NULL for elements */
	enum ccs_effect effect;
	char *who;		/* daemon; or services "service:web service:db" */
};

struct ccs_diff {
	struct ccs_change *list;
	unsigned n;
	int error;		/* 0 or -ENOMEM: the list is not complete */
};

void ccs_diff_make(const struct clu_conf *old, const struct clu_conf *new, struct ccs_diff *ret);
void ccs_diff_free(struct ccs_diff *d);

/*
 * ccs_diff_rules.c: what a change of `attr` of an element means, NULL: of the element itself. elements: its path by
 * names, "cluster/rm/service". *who: the daemon, static; for CCS_SERVICE not set. knet: links may change while it runs.
 */
enum ccs_effect ccs_diff_rule(const char *elements, const char *attr, bool knet, const char **ret_who);

/* The attribute that an element is named by, as it stands, or NULL. */
const char *ccs_diff_key(const struct clu_node *n);

/* A value for the screen: passwords are nobody's business there. */
const char *ccs_shown(const char *attr, const char *value);

#endif
