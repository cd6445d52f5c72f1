/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the simulator knows of the single daemons: how their cores are made, asked, and judged at rest. */
#ifndef SIM_TYPES_H
#define SIM_TYPES_H

#include "sim_world.h"

extern const struct sim_daemon_type *const sim_types[SIM_NDAEMONS];

/* What the boot script does behind a daemon's start. */
void sim_types_daemon_started(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
/* "fence_tool join" until it has worked. */
void sim_join_domain(struct sim_world *w, unsigned node);
/* The answer to a request; the boot script repeats what came too early. */
void sim_types_answered(struct sim_world *w, unsigned node, uint64_t client, int error);
/* The newest version that a node's disk holds, as file or as record. */
uint64_t sim_types_file_version(const struct sim_world *w, unsigned node);	/* of cluster.conf as it is there */
uint64_t sim_types_disk_version(const struct sim_world *w, unsigned node);
/* The node that fences now, or will: the master of a fence domain with victims. 0: nobody. */
unsigned sim_types_fencer(const struct sim_world *w);
/* Some fenced is at the methods of this node, be it between two agents of them. */
bool sim_types_runs_against(const struct sim_world *w, unsigned node);
/* Frees what all worlds share. */
void sim_types_done(void);
/* S7, after calm: nobody waits for anything. */
void sim_types_check_settled(struct sim_world *w);

#endif
