/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the semantic check share. Each looks at one part of the document. */
#ifndef CCSD_REFS_PRIV_H
#define CCSD_REFS_PRIV_H

#include <stdint.h>
#include <string.h>

#include "ccsd_refs.h"

/* An index over names: documents have thousands of them, and each is looked for. Names and nodes stay the caller's. */
struct ccsd_names;

struct ccsd_refs {
	const struct ccsd_schema *schema;
	const struct ccsd_elem *grammar;	/* of root */
	const struct clu_node *root, *cman, *totem, *quorumd, *nodes, *devices, *rm;
	struct ccsd_findings *f;
	bool lax;
	struct ccsd_names *names;		/* of clusternodes ("clusternode"), fence devices ("fencedevice"), ... */
	unsigned n_nodes, n_votes;
	unsigned n_unlisted;			/* parameters of fence agents that the schema does not know */
	bool one_vote_each;
};

/* ccsd_refs_names.c */
struct ccsd_names *ccsd_names_new(void);			/* NULL: out of memory */
void ccsd_names_free(struct ccsd_names *names);			/* accepts NULL */
/* The element that has this name in this scope already, or NULL: then n has it from now on. */
const struct clu_node *ccsd_names_add(struct ccsd_refs *r, const char *scope, const char *name, const struct clu_node *n);
const struct clu_node *ccsd_names_find(const struct ccsd_refs *r, const char *scope, const char *name);
/*
 * Puts the children `elem` of parent into the index by this attribute, and tells of two with the same. fold: case does
 * not tell them apart. The name in the index is then in lower case.
 */
void ccsd_names_unique(struct ccsd_refs *r, const char *scope, const struct clu_node *parent, const char *elem,
	const char *attr, bool fold);
/* The name in the lower case of ASCII, cut to size. */
void ccsd_fold(const char *name, char *ret, size_t size);
/* attr of n is the name of a child `elem` of parent, and there is none; the nearest one is named. */
void ccsd_dangling(struct ccsd_refs *r, const struct clu_node *n, const char *attr, const char *what, const char *remedy,
	const struct clu_node *parent, const char *elem, const char *elem_attr);

/* The value, "" when absent. */
static inline const char *ccsd_text(const struct clu_node *n, const char *attr)
{
	const char *s = clu_node_attr(n, attr);

	return s ? s : "";
}

/* A flag as clu_opt reads it. */
bool ccsd_is_on(const struct clu_node *n, const char *attr);
/* Decimal digits; `def` when absent or anything else (that was told before). */
uint64_t ccsd_number(const struct clu_node *n, const char *attr, uint64_t def);

/* One part each; nodes first: it fills names and counts. */
void ccsd_refs_nodes(struct ccsd_refs *r);	/* clusternodes, clusternode, altname */
void ccsd_refs_fence(struct ccsd_refs *r);	/* fencedevices, fence, unfence */
void ccsd_refs_cman(struct ccsd_refs *r);	/* what corosync will not take, or takes in another way */
void ccsd_refs_times(struct ccsd_refs *r);	/* token, quorum disk, watchdog */
void ccsd_refs_rm(struct ccsd_refs *r);		/* failover domains, resources, services */

#endif
