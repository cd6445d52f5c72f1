/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster.conf of a history by chance. */
#ifndef SIM_CONF_H
#define SIM_CONF_H

#include "clu_buf.h"
#include "sim_dice.h"

#define SIM_CONF_SERVICES 4	/* s0 to s3 */

/* A service to ask for: "s0", or with its type "vm:v0"; now and then one that does not exist. */
void sim_conf_some_service(struct sim_dice *d, char *ret, size_t size);
void sim_conf_draw(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret);

#endif
