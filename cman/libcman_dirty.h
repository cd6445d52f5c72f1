/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "This node has state": said once by a program (cman_set_dirty), true as long as this corosync runs. Kept in a key of
 * corosync's own map, which lives exactly that long.
 */
#ifndef LIBCMAN_DIRTY_H
#define LIBCMAN_DIRTY_H

#include <stdbool.h>
#include <stdint.h>

#define LCM_DIRTY_KEY "hawser.have_state"

/* cmap: a cmap_handle_t. Both speak with corosync, without a limit where it is stopped. set: 0 or negative errno. */
bool lcm_dirty_is_set(uint64_t cmap);
int lcm_dirty_set(void);

#endif
