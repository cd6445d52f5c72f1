/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of cman_tool services: the groups of daemons that this node takes part in. Pure. */
#ifndef CMAN_SERVICES_H
#define CMAN_SERVICES_H

#include <jansson.h>

#include "cman_info.h"

/*
 * fence_state: of the fence domain, for the column "state"; the other groups know no
 * such thing ("-"). COMPAT: the layout of group_tool: a heading, and per group a line
 * "type level name id state" with the members in brackets below it.
 */
void cman_print_services(const struct cman_info *info, const char *fence_state, struct clu_buf *ret);
json_t *cman_json_services(const struct cman_info *info, const char *fence_state);

#endif
