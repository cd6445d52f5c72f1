/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of one line of a script, and what a word can mean. */
#ifndef SIM_WORDS_H
#define SIM_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "clu_buf.h"

#define SIM_MAX_WORDS 40
#define SIM_MAX_TIME_US (1000000 * UINT64_C(1000000))		/* a moment of a history */
#define SIM_MAX_SPAN_US (1000000000 * UINT64_C(1000000))	/* any length of time */

struct sim_words {
	const char *w[SIM_MAX_WORDS + 1];	/* ends with NULL */
	unsigned n, at;		/* how many; the next to be taken */
};

/* Cuts the line into words, in place; what follows a '#' at a word's start is left out. false: too many. */
bool sim_words_cut(struct sim_words *ret, char *line);
/* The next word, or NULL at the end. */
const char *sim_words_take(struct sim_words *w);
/* Takes the next word if it is this one. */
bool sim_words_skip(struct sim_words *w, const char *word);

/* Whole words only; false leaves *ret alone. */
bool sim_read_number(const char *word, uint64_t *ret);
/* Seconds with up to six decimals, into microseconds; at most SIM_MAX_SPAN_US. */
bool sim_read_seconds(const char *word, uint64_t *ret_us);
/* "n1" to "nN". */
bool sim_read_node(const char *word, unsigned n_nodes, unsigned *ret);

void sim_write_seconds(uint64_t us, struct clu_buf *ret);

#endif
