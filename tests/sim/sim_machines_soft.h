/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What administrators and hosts do to a node's software: clocks, pauses, leaving in order, new versions. */
#ifndef SIM_MACHINES_SOFT_H
#define SIM_MACHINES_SOFT_H

#include "sim_faults.h"

/* The time of day of a node jumps by num[1]. Nothing may be decided from it. */
extern const char *const sim_clock_ways[];
void sim_draw_clock(struct sim_draw *d, struct sim_fault *f);
bool sim_run_clock(struct sim_world *w, const struct sim_fault *f);

/* A virtual machine that is paused for num[0], whose clocks have gone on by num[1] when it goes on. */
void sim_draw_pause(struct sim_draw *d, struct sim_fault *f);
bool sim_run_pause(struct sim_world *w, const struct sim_fault *f);

/*
 * The whole cluster software of a node is stopped in order (rgmanager, fenced, ccsd, corosync: "cman_tool leave"), and
 * started again after num[0].
 */
void sim_draw_leave(struct sim_draw *d, struct sim_fault *f);
bool sim_run_leave(struct sim_world *w, const struct sim_fault *f);

/*
 * Another version is installed on a node: each daemon that starts from now on is of it. Of the newer one the group is
 * spoken to in one more version of the protocol, messages carry a field and there is a message that the older one does not
 * know. upgrade: installs the newer one, and leaves and comes back as above.
 */
extern const char *const sim_versions[];
void sim_draw_version(struct sim_draw *d, struct sim_fault *f);
bool sim_run_version(struct sim_world *w, const struct sim_fault *f);
bool sim_run_upgrade(struct sim_world *w, const struct sim_fault *f);

#endif
