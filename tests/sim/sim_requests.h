/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Administrators' commands as kinds of faults: drawn when a plan is made, sent to a node's daemon when it is run. */
#ifndef SIM_REQUESTS_H
#define SIM_REQUESTS_H

#include "sim_faults.h"

/* ---- sim_requests.c: rgmanager ---- */

/* num[0]: which operation; text: the service, "TYPE:" before it if it is none of type service; node2: the target. */
extern const char *const sim_clusvcadm_ops[];
void sim_draw_clusvcadm(struct sim_draw *d, struct sim_fault *f);
bool sim_run_clusvcadm(struct sim_world *w, const struct sim_fault *f);
/* What was locked is unlocked. */
void sim_calm_clusvcadm(struct sim_world *w);
/* SIGUSR1, which writes a daemon's state as text; num[0]: which daemon. */
void sim_draw_dump(struct sim_draw *d, struct sim_fault *f);
bool sim_run_dump(struct sim_world *w, const struct sim_fault *f);
bool sim_run_clustat(struct sim_world *w, const struct sim_fault *f);
/* clusvcadm asks on until its operation has ended; to be called with each answer of a daemon. */
void sim_requests_answered(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, int error, const void *data,
	size_t len);

/* ---- sim_requests_ccs.c: ccsd ---- */

/*
 * num[0]: the new version; num[1]: what makes this document another one (0: nothing but the version); text: "", or what
 * is wrong with it, or "race": another node gets another document under this number at once, or "crash": this node loses
 * its power while the others are asked.
 */
void sim_draw_update(struct sim_draw *d, struct sim_fault *f);
bool sim_run_update(struct sim_world *w, const struct sim_fault *f);
extern const char *const sim_ccs_verbs[];
void sim_draw_ccs(struct sim_draw *d, struct sim_fault *f);
bool sim_run_ccs(struct sim_world *w, const struct sim_fault *f);

/* ---- sim_requests_fence.c: fenced ---- */

extern const char *const sim_fence_tool_verbs[];
void sim_draw_fence_tool(struct sim_draw *d, struct sim_fault *f);
bool sim_run_fence_tool(struct sim_world *w, const struct sim_fault *f);
/* An administrator who left the domain joins it again, and says that a machine that does not exist is off. */
void sim_calm_fence_tool(struct sim_world *w);
/* node2: about whom. */
void sim_draw_about_node(struct sim_draw *d, struct sim_fault *f);
/* fence_node: switches node2 off itself, then tells fenced. */
bool sim_run_fence_node(struct sim_world *w, const struct sim_fault *f);
/* fence_ack_manual: by somebody who has looked whether the node is off; num[1]: who has not (only in scripts). */
bool sim_run_fence_ack(struct sim_world *w, const struct sim_fault *f);
/* What another daemon or an operator may ask for at any time: to fence the node. */
bool sim_run_fence_ask(struct sim_world *w, const struct sim_fault *f);
/* A request to fenced about a node (0: none). Returns the client id. */
uint64_t sim_ask_fenced(struct sim_world *w, unsigned node, const char *verb, unsigned about);

/* ---- sim_requests_bad.c: clients that are wrong ---- */

/* num[0]: which daemon; num[1]: seed of what it gets. */
void sim_draw_bad(struct sim_draw *d, struct sim_fault *f);
bool sim_run_bad(struct sim_world *w, const struct sim_fault *f);

#endif
