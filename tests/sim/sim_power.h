/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power, and the fence agents that switch it. A node has a feed from the mains; it
 * hangs on the outlets that its fence methods name, if they name any: fence_apc,
 * fence_wti and their like switch an outlet, and a node is off when all of its
 * outlets are. Every other agent speaks to the node's own BMC, which switches the
 * machine and lives on the same feed: without mains, or with all outlets off, it
 * does not answer, and only something else can tell that the node is off.
 */
#ifndef SIM_POWER_H
#define SIM_POWER_H

#include "sim_world.h"

struct sim_ending;

/* Which outlets the nodes hang on: as the world's cluster.conf says in the beginning. */
void sim_power_wire(struct sim_world *w);
bool sim_power_has_feed(const struct sim_node *n);
void sim_power_mains(struct sim_world *w, unsigned node, bool on);
void sim_power_set_bmc(struct sim_world *w, unsigned node, enum sim_switch_state state);
void sim_power_set_strips(struct sim_world *w, enum sim_switch_state state);
/* An administrator sees to it that a node has power: outlets are on, mains are back. */
void sim_power_restore(struct sim_world *w, unsigned node);
/* Runs a fence agent. Returns its victim, 0 when it has none. */
unsigned sim_power_agent(struct sim_world *w, unsigned node, const struct clu_run *run, struct sim_ending *end,
	uint64_t *ret_took_us);

#endif
