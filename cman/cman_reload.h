/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman_tool reload: a running corosync takes over the configuration in force. */
#ifndef CMAN_RELOAD_H
#define CMAN_RELOAD_H

#include "cman_doc.h"

/*
 * With ccsd and cmand: has all nodes look anew and waits for what comes of it. Without
 * them: writes this node's corosync.conf and has corosync read it (it makes every
 * member read its own file then; where that is still the old one nothing changes).
 * Prints what is to be said; returns the exit code.
 */
int cman_reload(enum cman_validate validate);

#endif
