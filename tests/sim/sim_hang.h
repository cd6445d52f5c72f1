/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon that hangs alone (SIGSTOP, a full pipe, memory that is swapped out) on a node that is well: its corosync
 * goes on, its programs too, and all that comes for it waits in its descriptors.
 */
#ifndef SIM_HANG_H
#define SIM_HANG_H

#include "sim_faults.h"

/* What corosync says to the group of a daemon: now, or when it wakes. */
void sim_group_confchg(struct sim_daemon *d, const struct clu_group_change *c);
void sim_group_receive(struct sim_daemon *d, uint32_t from, const void *data, size_t len);
void sim_group_ring(struct sim_daemon *d, const struct clu_ring *ring);
/* What waits for it will not come any more: the daemon, or its corosync, has ended. */
void sim_hang_forget(struct sim_daemon *d);

void sim_draw_hang_daemon(struct sim_draw *d, struct sim_fault *f);
bool sim_run_hang_daemon(struct sim_world *w, const struct sim_fault *f);

#endif
