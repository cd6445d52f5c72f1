/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an administrator changes in a cluster.conf. */
#ifndef SIM_CONF_CHANGE_H
#define SIM_CONF_CHANGE_H

#include "clu_buf.h"
#include "sim_dice.h"

/*
 * Appends a part of a document with changes that the seed decides alone: services
 * are left out, come anew or get other resources and policies, a failover domain
 * orders its nodes otherwise, nodes lose one of several fence methods. 0: as it was.
 * true when other nodes than before may be the best ones for a service.
 */
bool sim_conf_change(const char *part, size_t len, uint64_t seed, struct clu_buf *ret);

#endif
