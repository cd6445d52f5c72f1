/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan run to its end: faults, then calm, then the question whether all is well. */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "sim_plan.h"

struct sim_result {
	char why[1024];		/* "" when all promises held, or when the one broke that was expected to */
	struct clu_buf unmet;	/* "LINE: what was expected and what is so instead", a line each; the caller frees it */
	struct sim_stats stats;
	uint64_t virtual_us, node_us;	/* node_us: of all nodes together */
};

/* 0 when all promises held and all that was expected came about, else 1. trace may be NULL. */
int sim_history_run(const struct sim_plan *p, FILE *trace, struct sim_result *ret);
void sim_stats_add(struct sim_stats *to, const struct sim_stats *from);

#endif
