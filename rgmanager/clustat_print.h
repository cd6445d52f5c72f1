/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clustat shows, in its historical layouts. Pure: a report in, text out. */
#ifndef CLUSTAT_PRINT_H
#define CLUSTAT_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <jansson.h>

#include "clu_buf.h"

#define CLUSTAT_MAX_NODES 128

struct clustat_node {
	uint32_t nodeid;
	const char *name;
	bool online, local, estranged, rgmanager;
};

struct clustat_service {
	const char *name;
	uint32_t state, owner, last_owner, restarts, flags;
	time_t transition;
	const char *why, *wait, *remedy;	/* "" when there is nothing to say */
};

struct clustat_report {
	const char *cluster;
	uint32_t cluster_id;
	uint64_t generation;
	bool quorate;
	bool groupmember;		/* this node's rgmanager takes part */
	const struct clustat_node *nodes;
	unsigned n_nodes;
	const struct clustat_service *services;	/* sorted by name */
	unsigned n_services;
	bool have_services;		/* the daemon answered */
	const char *only_node, *only_service;	/* -m, -s; NULL = all */
	bool long_form;			/* -l */
	bool with_nodes, with_services;
};

void clustat_text(const struct clustat_report *r, time_t now, int cols, struct clu_buf *ret);
void clustat_xml(const struct clustat_report *r, struct clu_buf *ret);
json_t *clustat_json(const struct clustat_report *r);	/* a new reference, NULL when out of memory */

/* Exit code for a report of this kind (rgmanager.md 1.5). */
int clustat_exit(const struct clustat_report *r, bool xml);

#endif
