/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a plan that breaks a promise to the shortest one that still breaks the same. */
#ifndef SIM_SHRINK_H
#define SIM_SHRINK_H

#include "sim_history.h"

/* What broke, without what differs from run to run: "S1", or the text without its numbers. "" when nothing did. */
void sim_failure_class(const struct sim_result *r, char *ret, size_t size);

/*
 * Takes out as many faults as it can (halves, quarters, ..., single ones), then
 * chance, nodes and time, as long as the plan still fails in the same way.
 * false: it does not fail. *ret_runs: how many histories that took.
 */
bool sim_shrink(const struct sim_plan *p, struct sim_plan *ret, struct sim_result *ret_result, unsigned *ret_runs);

#endif
