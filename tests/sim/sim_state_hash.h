/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replicated state as one number, to compare what two members hold. */
#ifndef SIM_STATE_HASH_H
#define SIM_STATE_HASH_H

#include "sim_world.h"

/*
 * Of a daemon's snapshot, read as protobuf's fields and without unpacking it: this is done after every other message of the
 * world. Times of day, which are each member's own and for people only, do not count.
 */
uint64_t sim_state_hash(enum sim_daemon_kind daemon, const void *data, size_t len);

#endif
