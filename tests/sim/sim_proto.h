/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two versions of the daemons in one group: what a newer one says, and which version a group must speak. */
#ifndef SIM_PROTO_H
#define SIM_PROTO_H

#include "sim_world.h"

/* What a daemon that starts now announces as its highest version. */
uint32_t sim_proto_max(const struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
/* It has told the group who it is: remembered for the promises (sim_promise_version.c). */
void sim_proto_announced(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t incarnation);
/* Appends the field that only the newer version knows to a message, or to a state. */
void sim_proto_field(struct clu_buf *b);
/* A message of a kind that only the newer version knows. */
void sim_proto_unknown(struct clu_buf *b);
bool sim_proto_is_unknown(const void *data, size_t len);
/* How many of the bytes an older daemon would have said. */
size_t sim_proto_without_field(const void *data, size_t len);

#endif
