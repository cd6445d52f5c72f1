/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmannotifyd's core: which program is run for what, one after the other. Pure.
 *
 * COMPAT: reasons, variables of the environment, and that a node that has just
 * joined hears CONFIG_UPDATE, then STATECHANGE.
 */
#ifndef NOTIFYD_CORE_H
#define NOTIFYD_CORE_H

#include "clu_core.h"

#define NOTIFYD_MAX_WAITING 64		/* while a program runs; then the oldest is left out */
#define NOTIFYD_DEADLINE_MS (30u * 60 * 1000)	/* cman_notify bounds each script by itself */

/* DEVICE: have corosync ask us before it ends in order; it has asked. */
enum { NOTIFYD_ASK_LISTEN = 1 };
enum { NOTIFYD_SAID_LEAVE = 1 };

struct notifyd_cfg {
	const char *program;		/* path; copied */
	bool debug;			/* CMAN_NOTIFICATION_DEBUG=1 for the program */
};

/* NULL without memory. */
struct notifyd *notifyd_new(const struct notifyd_cfg *cfg);
void notifyd_free(void *core);

extern const struct clu_core_ops notifyd_ops;

#endif
