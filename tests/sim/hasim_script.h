/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hasim and hasim_bugs do with scripts. Each returns an exit status: 0 well, 1 something failed, 2 asked wrongly. */
#ifndef HASIM_SCRIPT_H
#define HASIM_SCRIPT_H

#include "sim_plan.h"

/* output NULL: standard output. */
int hasim_write_script(const struct sim_plan *p, const char *comment, const char *output);
/* Says "FILE: all as expected", or what is not. */
int hasim_run_script(const char *path, FILE *trace);
/* Of a seed, or of a script by its name. 1 when a shorter script that fails the same way was written. */
int hasim_shrink(const char *what, unsigned n_nodes, unsigned n_faults, unsigned with, const char *output);

#endif
