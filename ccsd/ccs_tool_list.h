/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the list commands of ccs_tool share. */
#ifndef CCS_TOOL_LIST_H
#define CCS_TOOL_LIST_H

#include <jansson.h>
#include <stdbool.h>

#include "clu_conf.h"

struct ccs_list_opts {
	const char *file;
	bool verbose, json;
};

/* false: the usage was printed. COMPAT: a wrong option is no failure. */
bool ccs_list_options(int argc, char **argv, struct ccs_list_opts *ret);
/* An attribute, or what stands for a missing one. */
int ccs_list_number(const struct clu_node *n, const char *attr, int otherwise);
const char *ccs_list_text(const struct clu_node *n, const char *attr);
/* All attributes but the ones named; passwords as ***. */
json_t *ccs_list_properties(const struct clu_node *n, const char *const *but);
/* COMPAT: the lines above the list. */
void ccs_list_header(const struct clu_conf *conf);
/* Prints the model and frees it. */
void ccs_list_json(json_t *model);

#endif
