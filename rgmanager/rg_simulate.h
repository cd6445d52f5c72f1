/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `rg_test simulate`: what would happen to the services of a cluster.conf, from the very cores of the daemons. */
#ifndef RG_SIMULATE_H
#define RG_SIMULATE_H

#include "rg_meta.h"

/* argv[0] is the word "simulate". Returns the exit code. */
int rg_simulate(int argc, char **argv, const struct rg_registry *agents);

#endif
