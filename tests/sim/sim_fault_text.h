/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fault as a line of a script: written and read by its kind's list of arguments. */
#ifndef SIM_FAULT_TEXT_H
#define SIM_FAULT_TEXT_H

#include "sim_faults.h"
#include "sim_words.h"

/* "[on NODE] KIND ARGUMENTS", without time and newline. */
void sim_fault_write(const struct sim_fault *f, unsigned n_nodes, struct clu_buf *ret);
/* Reads the same; all words must be taken. The time is left alone. false: why not, and what to write instead, in *why. */
bool sim_fault_read(struct sim_words *words, unsigned n_nodes, struct sim_fault *ret, struct clu_buf *why);
/* "KIND ARGUMENTS" for a person: "hang NODE SECONDS". */
void sim_fault_usage(unsigned kind, struct clu_buf *ret);

#endif
