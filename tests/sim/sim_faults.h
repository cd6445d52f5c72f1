/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults, and requests of administrators: all that happens to a cluster from outside. One table of kinds.
 *
 * A kind is added with one entry in sim_fault_kinds[] of sim_faults.c:
 *   1. name: its word in scripts and statistics.   2. weight: how often it is drawn (the table's sum is about 120;
 *      0 = only scripts have it).   3. args: what it takes, in the order in which a script writes it; the generic
 *      writer and reader of sim_fault_text.c know these, so a kind needs no code for them.
 *   4. draw (may be NULL): its arguments by chance, from d->dice and nothing else. `node` is drawn already.
 *   5. run: makes it happen in the world. true when it did (a crash of a node that is off does not); then it is
 *      counted. It may use the world's chance (sim_rnd). It must bear every node, number and text that can be
 *      written in a script, at any time, also when an earlier fault of the plan was removed.
 *   6. calm (may be NULL): ends it, when faults are over: what it broke works again.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "sim_dice.h"
#include "sim_world.h"

struct sim_fault {
	uint64_t at_us;
	unsigned kind;		/* index into sim_fault_kinds */
	unsigned node, node2;	/* 0: none */
	uint64_t num[2];
	char text[64];
};

enum sim_arg {
	SIM_ARG_END,
	SIM_ARG_ON,		/* node, written before the name: "on n1 fence_tool info" */
	SIM_ARG_NODE,		/* node */
	SIM_ARG_NODE2,		/* node2 */
	SIM_ARG_NODE2_OPT,	/* node2, may be absent */
	SIM_ARG_SECONDS,	/* num[0] in microseconds, written in seconds */
	SIM_ARG_SECONDS2,	/* num[1] */
	SIM_ARG_NUMBER,		/* num[0] */
	SIM_ARG_NUMBER2,	/* num[1] */
	SIM_ARG_CHOICE,		/* num[0]: index into the kind's choices, written as that word */
	SIM_ARG_SIDES,		/* num[0]: the nodes of side 1, a bit per node; written "n1,n2 | n3" */
	SIM_ARG_WORD,		/* text, without a blank */
	SIM_ARG_WORD_OPT,	/* text, may be absent */
	SIM_ARG_FLAG		/* num[1]: 1 when the kind's flag word is there */
};

#define SIM_MAX_ARGS 6

/* What the arguments of a plan's faults are drawn from. */
struct sim_draw {
	struct sim_dice dice;
	unsigned n_nodes;
	uint64_t config_version;	/* the last one an administrator took */
};

struct sim_fault_kind {
	const char *name;
	unsigned weight;
	enum sim_arg args[SIM_MAX_ARGS];
	const char *const *choices;	/* for SIM_ARG_CHOICE; ends with NULL */
	const char *flag;		/* for SIM_ARG_FLAG */
	void (*draw)(struct sim_draw *d, struct sim_fault *f);
	bool (*run)(struct sim_world *w, const struct sim_fault *f);
	void (*calm)(struct sim_world *w);
};

extern const char *const sim_daemon_names[];	/* by enum sim_daemon_kind; ends with NULL */
extern const struct sim_fault_kind sim_fault_kinds[];
extern const unsigned sim_n_fault_kinds;

/* A fault by chance, all but its time. */
void sim_fault_draw(struct sim_draw *d, struct sim_fault *ret);
/* Makes it happen now, and counts it. */
void sim_fault_run(struct sim_world *w, const struct sim_fault *f);
/* Faults are over: the network is whole, switches work, whoever is off is switched on by its administrator. */
void sim_faults_calm(struct sim_world *w);
/* The index of a kind by its name; -1 when there is none. */
int sim_fault_kind_find(const char *name);

#endif
