/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry of installed resource agents: finds an agent, runs `AGENT
 * meta-data` with a deadline, and keeps what it read until the agent's file
 * changes. Used when a configuration is read, never while services move.
 */
#ifndef RG_AGENTS_H
#define RG_AGENTS_H

#include "rg_meta.h"

struct rg_agents;

/* prefer: colon-separated folders that are searched first, or NULL; copied. NULL when out of memory. */
struct rg_agents *rg_agents_new(const char *prefer);
struct rg_agents *rg_agents_free(struct rg_agents *a);	/* accepts NULL, returns NULL */
struct rg_registry rg_agents_registry(struct rg_agents *a);

#endif
