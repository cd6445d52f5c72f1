/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Administrators' commands as kinds of faults: drawn when a plan is made, sent to a node's daemon when it is run. */
#ifndef SIM_REQUESTS_H
#define SIM_REQUESTS_H

#include "sim_faults.h"

extern const char *const sim_clusvcadm_ops[];
void sim_draw_clusvcadm(struct sim_draw *d, struct sim_fault *f);
bool sim_run_clusvcadm(struct sim_world *w, const struct sim_fault *f);

/* num[0]: the new version; num[1]: what makes this document another one; text: "" or "invalid". */
void sim_draw_update(struct sim_draw *d, struct sim_fault *f);
bool sim_run_update(struct sim_world *w, const struct sim_fault *f);

extern const char *const sim_fence_tool_verbs[];
void sim_draw_fence_tool(struct sim_draw *d, struct sim_fault *f);
bool sim_run_fence_tool(struct sim_world *w, const struct sim_fault *f);
/* A request to fenced about a node (0: none). Returns the client id. */
uint64_t sim_ask_fenced(struct sim_world *w, unsigned node, const char *verb, unsigned about);

#endif
