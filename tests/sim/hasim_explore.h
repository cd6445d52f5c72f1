/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many seeds by worker processes. Seeds are dealt out and heard in their order, so
 * what is printed does not depend on the number of workers. A worker that dies or
 * hangs over a seed has failed that seed; another one goes on behind it.
 */
#ifndef HASIM_EXPLORE_H
#define HASIM_EXPLORE_H

#include "sim_history.h"

#define EXPLORE_MAX_JOBS 64

/* One seed's history; 0 when all promises held. */
typedef int explore_run_fn(const void *ctx, uint64_t seed, struct sim_result *ret);

struct explore {
	uint64_t from, to;	/* seeds, both included */
	unsigned jobs;		/* 1 to EXPLORE_MAX_JOBS */
	explore_run_fn *run;
	const void *ctx;
	bool json;		/* the sums as one JSON object; failures go to stderr then */
};

/* 0 when all promises held, 1 when some seed failed, 2 when no worker could be started. */
int hasim_explore(const struct explore *x);

#endif
