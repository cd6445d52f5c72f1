/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the agents of a resource and what is below it from the command line. */
#ifndef RG_TEST_RUN_H
#define RG_TEST_RUN_H

#include "rg_tree.h"

/*
 * op: start, stop or status (the deepest check of each resource). noop: says
 * what would be run. Prints as it goes; returns 0, or an exit code (255; for
 * status 1).
 */
int rg_test_run(struct rg_inst *i, const char *op, bool noop);

#endif
