/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking cmand what became of a configuration. */
#ifndef CMAN_OUTCOME_H
#define CMAN_OUTCOME_H

#include <stdint.h>

#include "clu_buf.h"

#define CMAN_OUTCOME_NODES 64

/* Nothing restarts it: what it does for all nodes waits until somebody does. */
#define CMAN_NO_CMAND "cmand does not run on this node: no change of cluster.conf reaches the corosync of any node; start it with \"cmand\""

enum cman_outcome_state {
	CMAN_OUTCOME_APPLIED,	/* corosync runs with it on all nodes */
	CMAN_OUTCOME_APPLYING,	/* under way */
	CMAN_OUTCOME_WAITING,	/* something has to be done first */
	CMAN_OUTCOME_RESTART,	/* corosync cannot take it over while it runs */
	CMAN_OUTCOME_FAILED
};

struct cman_outcome {
	enum cman_outcome_state state;
	char word[16];		/* the same as a word: "applied", ... */
	uint64_t version;	/* in force on this node; 0: none */
	struct clu_buf why;	/* lines for people; with APPLIED: what a new start of a node would still change */
	unsigned n_nodes;
	struct { uint32_t nodeid; uint64_t version; char state[12]; } nodes[CMAN_OUTCOME_NODES];
};

/*
 * verb: "status" (answered within 2 s), "wait" until `version` or a later one is
 * settled, "apply" (all nodes look again; then as wait); the latter two take up to 17 s.
 * 0; or negative errno with the sentence in ret->why: -ECONNREFUSED: cmand does not
 * run here. In any case: cman_outcome_free.
 */
int cman_outcome_ask(const char *verb, uint64_t version, struct cman_outcome *ret);
void cman_outcome_free(struct cman_outcome *o);

#endif
