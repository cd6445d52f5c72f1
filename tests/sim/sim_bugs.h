/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The planted bugs (clu_planted.h): which promise each one breaks, and what the slip is. */
#ifndef SIM_BUGS_H
#define SIM_BUGS_H

struct sim_bug {
	const char *name;
	unsigned bug;		/* an enum clu_bug, which only hasim_bugs has */
	/*
	 * As it begins sim_fail()'s text; several are parted by blanks. "case": it needs several rare faults in one order,
	 * and is shown by a case that says "red with" it, not by seeds.
	 */
	const char *promise;
	const char *slip;
};

extern const struct sim_bug sim_bugs[];
extern const unsigned sim_n_bugs;

#endif
