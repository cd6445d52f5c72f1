/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that daemons run: fence agents (sim_power.h) and resource agents.
 * Adversarial where the contract allows it: a start is active from its first
 * instant as a rule, a stop until its last; one that failed may have done its work,
 * all of it or half; one that is given up ends at once, or not before KILL; what it
 * has begun may come to its end later, unless a stop that went well, or the node's
 * power, comes first.
 */
#ifndef SIM_AGENTS_H
#define SIM_AGENTS_H

#include "sim_world.h"

/* How resource agents of a node are. */
enum sim_agents_state {
	SIM_AGENTS_WELL,
	SIM_AGENTS_SLOW,	/* seconds, sometimes beyond the deadline */
	SIM_AGENTS_FAILING,	/* every fourth start, stop or status */
	SIM_AGENTS_STUCK,	/* hang, and do not heed TERM */
	SIM_NAGENTS_STATES
};

/* How a program will end. */
struct sim_ending {
	int exit_code, term_signal, start_error;
	bool timed_out;
	uint32_t ran_ms;
	unsigned victim;	/* fence agents */
	bool is_outlet;
	uint64_t victim_boot;	/* when it began */
	uint64_t gen;
	char resource[128];	/* resource agents */
	unsigned migrate_to;	/* the resource moves to this node when this ends well */
	bool goes_down;		/* the resource is inactive when this ends */
	bool is_over;		/* it has ended while its daemon hung, and is told only now */
	bool has_cut;		/* fence agents, when they have ended: the victim lost its power by it */
};

void sim_agents_set(struct sim_world *w, unsigned node, enum sim_agents_state state);
/* Given up at at_us (of its own time) by TERM; KILL follows after the grace when it does not heed that. */
void sim_ended_by_signal(struct sim_world *w, uint32_t grace_ms, struct sim_ending *end, uint64_t *ret_took_us,
	uint64_t at_us);
/* A resource ends without anybody having asked: its next status has to find it. false when it runs nowhere. */
bool sim_resource_dies(struct sim_world *w, const char *resource);
/* Does this program run, and has nobody ended it? */
bool sim_program_runs(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t id);
void sim_agents_free(struct sim_node *n);

#endif
