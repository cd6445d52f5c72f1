/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a resource agent is called: its environment and its deadline (rgmanager.md 6.3, 6.4). Pure. */
#ifndef RG_AGENT_ENV_H
#define RG_AGENT_ENV_H

#include "rg_tree.h"

struct rg_agent_env {
	char **list;		/* "NAME=value", ends with NULL */
	unsigned n, cap;
	bool nomem;
};

/* others: other instances of the same resource that are started on this node. 0 or -ENOMEM (nothing to free then). */
int rg_agent_env_fill(struct rg_agent_env *e, const struct rg_inst *i, const struct rg_meta_action *a, unsigned others);
const char *const *rg_agent_env_list(const struct rg_agent_env *e);
void rg_agent_env_done(struct rg_agent_env *e);

/*
 * With __enforce_timeouts the agent's own number counts. Otherwise that number
 * is a hint by which nobody was ever measured: it is stretched, and there is an
 * end all the same.
 */
uint32_t rg_agent_deadline_ms(const struct rg_inst *i, const struct rg_meta_action *a, bool check);

#endif
