/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan as a text file. Lines; '#' begins a comment:
 *
 *   nodes N                      2 to 32, named n1, n2, ...; before all that names nodes
 *   seed N                       of the world's dice: delays, agents' luck (1)
 *   no-luck                      nothing fails by chance, all takes the time it mostly takes
 *   cmand                        cmand runs on every node
 *   off NODE ...                 not switched on at the start
 *   conf FILE                    cluster.conf, beside the script; or here, between "conf" and "end"
 *   at SECONDS WHAT              a fault or a command: sim_faults.c
 *   expect [at SECONDS] [not] WHAT   sim_expect.c; before what happens at that time; without one: when all is over
 *   until SECONDS                the end; or:
 *   calm SECONDS                 from here on all works again, then all must be settled
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "sim_plan.h"

/* 0, or -EBADMSG, -errno of the file: then "FILE:LINE: what: why; what to do" lines in errs, and *ret is empty. */
int sim_script_read(const char *path, struct sim_plan *ret, struct clu_buf *errs);
/* A script that gives the same plan again. `comment` ("" for none) comes first, a '#' before each of its lines. */
void sim_script_write(const struct sim_plan *p, const char *comment, struct clu_buf *ret);

#endif
