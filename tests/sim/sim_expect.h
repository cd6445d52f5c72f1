/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a script expects: at a time, or when all is over. One table of kinds, as for faults. */
#ifndef SIM_EXPECT_H
#define SIM_EXPECT_H

#include "sim_words.h"
#include "sim_world.h"

struct sim_expect {
	uint64_t at_us;
	bool at_end;		/* when all is over; at_us does not count */
	bool not;
	unsigned kind, line;	/* of the table; of the script */
	unsigned node, node2;	/* node 0: none, node2 0: whichever */
	uint64_t num;
	char text[64], word[24];
};

/* "[not] KIND ARGUMENTS"; false: why not, and what to write instead, in *why. */
bool sim_expect_read(struct sim_words *words, unsigned n_nodes, struct sim_expect *ret, struct clu_buf *why);
void sim_expect_write(const struct sim_expect *e, struct clu_buf *ret);
/* Is it so now? false: what is so instead, in *why. */
bool sim_expect_holds(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why);
/* It expects the break of this promise: "S1" of "S1: ...". */
bool sim_expect_is_broken(const struct sim_expect *e, const char *failure);
/* It expects the break of some promise: looked at when all is over, also after a break. */
bool sim_expect_is_about_failure(const struct sim_expect *e);

#endif
