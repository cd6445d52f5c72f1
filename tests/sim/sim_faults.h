/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One history from a seed: a cluster, faults of all kinds for a while, then calm, then the question whether all is well. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "sim_world.h"

struct sim_history {
	uint64_t seed;
	unsigned n_nodes;	/* 0: by the seed, 2 to 8 */
	unsigned n_faults;	/* 0: by the seed */
	FILE *trace;
};

/* 0 when all promises held; else 1 and the reason. Adds to stats. */
int sim_history_run(const struct sim_history *h, char *why, size_t why_size, struct sim_stats *stats,
	uint64_t *ret_virtual_us);

#endif
