/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the simulated resource agents say of themselves. */
#ifndef SIM_META_H
#define SIM_META_H

#include "rg_meta.h"

/* An rg_registry's lookup. */
const struct rg_meta *sim_meta_lookup(void *ctx, const char *type, const char **why);
/* Frees what all worlds share. */
void sim_meta_done(void);

#endif
