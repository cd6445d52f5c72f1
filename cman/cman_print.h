/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outputs of cman_tool status, nodes and version. Pure: layouts are contracts, blanks at line ends included. */
#ifndef CMAN_PRINT_H
#define CMAN_PRINT_H

#include <jansson.h>

#include "cman_info.h"

/* COMPAT: what cman of the third generation answered. */
#define CMAN_COMPAT_VERSION "6.2.0"

void cman_print_status(const struct cman_info *info, struct clu_buf *ret);
json_t *cman_json_status(const struct cman_info *info);		/* a new reference, NULL without memory */

/* When and how fenced last fenced a node, for -f. */
struct cman_fence { uint32_t nodeid; time_t when; char by[64]; };

struct cman_nodes_opts {
	bool addresses;			/* -a */
	const struct cman_fence *fenced;/* -f; NULL = not asked for */
	unsigned n_fenced;
	const char *const *names;	/* -n: only these */
	unsigned n_names;
	const char *format;		/* -F list, or NULL */
};

/* 0, or -EINVAL for a word in the -F list that is not known (appended to ret), -ENOENT for an unknown name. */
int cman_print_nodes(const struct cman_info *info, const struct cman_nodes_opts *opts, struct clu_buf *ret);
json_t *cman_json_nodes(const struct cman_info *info, const struct cman_nodes_opts *opts);

void cman_print_version(const struct cman_info *info, struct clu_buf *ret);

#endif
