/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman_tool reload: a running corosync takes over the configuration in force. */
#ifndef CMAN_RELOAD_H
#define CMAN_RELOAD_H

#include "cman_doc.h"

/*
 * Writes this node's corosync.conf anew and has corosync read it (corosync makes
 * every member read its own file then; a node whose file is still the old one
 * just finds nothing new). Prints what is to be said; returns the exit code.
 */
int cman_reload(enum cman_validate validate);

/* What of a new plan a running corosync cannot take over: lines in ret, none = all. Pure. */
struct cman_info;
void cman_reload_obstacles(const struct cman_info *now, const struct cman_plan *next, struct clu_buf *ret);

#endif
