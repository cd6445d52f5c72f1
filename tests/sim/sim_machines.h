/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power, disks and agents that are not well: as kinds of faults. */
#ifndef SIM_MACHINES_H
#define SIM_MACHINES_H

#include "sim_faults.h"

extern const char *const sim_switch_states[], *const sim_disk_states[], *const sim_agents_states[];

void sim_draw_switch(struct sim_draw *d, struct sim_fault *f);
bool sim_run_bmc(struct sim_world *w, const struct sim_fault *f);
bool sim_run_strips(struct sim_world *w, const struct sim_fault *f);
/* From now on a node's BMC is reached from the node's own side of the network only. */
bool sim_run_bmc_cut(struct sim_world *w, const struct sim_fault *f);
/* num[0]: for how long */
void sim_draw_mains_off(struct sim_draw *d, struct sim_fault *f);
bool sim_run_mains_off(struct sim_world *w, const struct sim_fault *f);
void sim_calm_power(struct sim_world *w);

void sim_draw_disk(struct sim_draw *d, struct sim_fault *f);
bool sim_run_disk(struct sim_world *w, const struct sim_fault *f);
void sim_calm_disks(struct sim_world *w);

void sim_draw_agents(struct sim_draw *d, struct sim_fault *f);
bool sim_run_agents(struct sim_world *w, const struct sim_fault *f);
void sim_calm_agents(struct sim_world *w);
/* text: a resource as cluster.conf has it, "script:a0" */
void sim_draw_resource(struct sim_draw *d, struct sim_fault *f);
bool sim_run_resource_dies(struct sim_world *w, const struct sim_fault *f);

#endif
