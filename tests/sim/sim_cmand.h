/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmand in a history: some plans have it. Each node's corosync runs with some version of the configuration, and its file
 * holds one; a new cluster.conf is written by cman_apply, which takes its time and may fail, and one request to one
 * corosync makes those of its whole ring read their files.
 *
 * Some versions a corosync cannot take over while it runs (HELD), some it refuses though the file is well.
 */
#ifndef SIM_CMAND_H
#define SIM_CMAND_H

#include "sim_faults.h"
#include "sim_world.h"

extern const struct sim_daemon_type sim_cmand_type;

void sim_cmand_setup(struct sim_world *w);
void sim_cmand_free(struct sim_world *w);
/* A corosync that has just started has read what cman_tool wrote from this node's cluster.conf. */
void sim_cmand_node_up(struct sim_world *w, unsigned node);
/* Its programs. */
void sim_cmand_run(struct sim_world *w, unsigned node, const struct clu_run *run);
void sim_cmand_kill(struct sim_world *w, unsigned node, uint64_t id);

/* What the promises look at, of one node. */
struct sim_cmand_look {
	uint64_t runs, file;	/* versions: corosync's, and its file's */
	uint64_t writes;	/* the version that a program is about to write; 0: none */
	bool busy;		/* a program is under way */
};
void sim_cmand_look(const struct sim_world *w, unsigned node, struct sim_cmand_look *ret);
/* Nobody runs with this one: it is refused, or cannot be taken over. */
bool sim_cmand_is_odd(const struct sim_world *w, uint64_t version);

/* sim_promise_cman.c: the instant in which corosync reads its files, asked by this node; and when all is over. */
void sim_promise_cman_one_file(struct sim_world *w, unsigned by);
void sim_promise_cman_at_rest(struct sim_world *w);

/* For some seeds, from dice of its own: what befalls cmand, and updates of cluster.conf. */
struct sim_plan;
void sim_cmand_draw(struct sim_plan *p, uint64_t seed, bool always);

/* The administrator's "cman_tool status", "wait" and "reload"; sim_cmand_draw() draws it. */
extern const char *const sim_cman_verbs[];
bool sim_run_cman(struct sim_world *w, const struct sim_fault *f);

#endif
