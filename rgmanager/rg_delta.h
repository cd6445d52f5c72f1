/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a new configuration changes in a running service: only changed resources are stopped and started. Pure. */
#ifndef RG_DELTA_H
#define RG_DELTA_H

#include "rg_tree.h"

enum rg_delta_kind {
	RG_SAME,		/* nothing to do; the new tree takes the old one's run state */
	RG_PARTS,		/* steps to take: stops in the old tree, then starts in the new one */
	RG_WHOLE		/* the root itself is another: the service must be restarted */
};

/*
 * Marks both trees and appends the steps of the down phase (old instances) and
 * the up phase (new instances). Instances that stay hand their run state to
 * their new counterparts.
 */
enum rg_delta_kind rg_delta(struct rg_inst *old, struct rg_inst *now, struct rg_plan *ret_down, struct rg_plan *ret_up);

#endif
