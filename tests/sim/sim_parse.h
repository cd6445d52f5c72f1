/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parsed documents of a world. A cluster.conf is read only and counted, and the same
 * few go round all nodes and daemons of a history: each distinct one is parsed once.
 */
#ifndef SIM_PARSE_H
#define SIM_PARSE_H

#include "clu_conf.h"
#include "sim_world.h"

/* As clu_conf_parse(); the caller's reference is its own. A document that is refused is parsed anew each time. */
int sim_parse(struct sim_world *w, const void *data, size_t len, struct clu_conf **ret, struct clu_buf *errs);
void sim_parse_free(struct sim_world *w);

#endif
