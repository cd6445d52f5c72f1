/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weighted round robin as a ring of slots: slot n of every turn leads to one
 * destination, each destination has slots in proportion to its weight, spread
 * evenly. Pure.
 */
#ifndef LVS_WHEEL_H
#define LVS_WHEEL_H

#include "lvs_table.h"

#define LVS_WHEEL_MAX 1024
#define LVS_WHEEL_NONE UINT16_MAX

struct lvs_wheel {
	unsigned size;				/* slots in use; the modulus */
	uint16_t slot[LVS_WHEEL_MAX];		/* index into the service's dests, or LVS_WHEEL_NONE in all */
};

/*
 * The size is 60 or 840 where the weights allow it, so that most changes of
 * weights and servers keep it (and with it the turn). Beyond 1024 the shares are
 * rounded; a server with a weight above 0 keeps at least one slot. Schedulers
 * without weights (rr, dh) give every server with a weight above 0 the same.
 */
void lvs_wheel_build(const struct lvs_svc *s, struct lvs_wheel *ret);

#endif
