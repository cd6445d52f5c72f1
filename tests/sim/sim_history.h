/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan run to its end: faults, then calm, then the question whether all is well. */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "sim_plan.h"

struct sim_result {
	char why[1024];		/* "" when all promises held */
	struct sim_stats stats;
	uint64_t virtual_us, node_us;	/* node_us: of all nodes together */
};

/* 0 when all promises held, else 1. trace may be NULL. */
int sim_history_run(const struct sim_plan *p, FILE *trace, struct sim_result *ret);
void sim_stats_add(struct sim_stats *to, const struct sim_stats *from);

#endif
