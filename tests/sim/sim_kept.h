/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The histories of ccsd on the disks of the nodes. */
#ifndef SIM_KEPT_H
#define SIM_KEPT_H

#include "ccsd_core.h"
#include "sim_rules.h"

#define SIM_KEPT_FOLDER "/var/lib/hawser/history"

/* Adds what is found on the disk of a node to *ret. */
void sim_kept_newest(const struct sim_world *w, unsigned node, struct ccsd_newest *ret);
/* Does an entry hold this document? */
bool sim_kept_has(const struct sim_world *w, unsigned node, const struct committed *c);
/* As a daemon does that starts: what it reads is made safe first. */
void sim_kept_settle(struct sim_world *w, unsigned node);

#endif
