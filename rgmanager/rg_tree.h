/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resource tree of one service: references resolved, defaults and inherited
 * parameters filled in, children in the order that rgmanager.md 7 demands. Pure;
 * a tree owns all its text and borrows only the agents' metadata.
 */
#ifndef RG_TREE_H
#define RG_TREE_H

#include "rg_meta.h"
#include "rg_rm.h"

#define RG_MAX_DEPTH 24		/* levels of nesting */
#define RG_MAX_CHECKS 8		/* status actions (depths) of one resource */

enum rg_inst_state { RG_I_STOPPED, RG_I_STARTED, RG_I_FAILED, RG_I_DISABLED };
enum rg_independent { RG_DEPENDENT, RG_INDEPENDENT, RG_NON_CRITICAL };

/* Counts events inside a time window: tested first, then counted. */
struct rg_window {
	uint32_t max, expire_s;	/* max 0 = no window; expire_s 0 = nothing is forgotten */
	uint64_t stamp_ms[16];
	unsigned n;
};

struct rg_value {
	char *name;
	char *value;		/* after inheritance; NULL = none */
	bool own;		/* given on the element or by default, not inherited */
};

struct rg_inst {
	const struct rg_meta *meta;
	struct rg_inst *parent, *child, *next;	/* children in tree order */
	char *key;		/* TYPE:FIRST-PARAMETER: identity, and what agents and people see */
	struct rg_value *values;	/* one per parameter of meta, in its order */
	struct rg_meta_action *actions;	/* metadata with the overrides of <action> */
	unsigned n_actions;
	bool is_inline;
	enum rg_independent independent;
	bool enforce_timeouts;
	struct rg_window failures, restarts;

	/* Run state on this node. */
	enum rg_inst_state state;
	uint64_t check_ms[RG_MAX_CHECKS];	/* last end of each check, in the order of `actions`; 0 = never */

	/* Marks of a comparison (rg_delta.h). */
	bool need_stop, need_start, reconfig;
};

/*
 * The tree of the service whose policy is p. Faults of single elements are
 * appended to findings and the element left out with what is below it; siblings
 * stay. 0; -ENOENT when the root itself cannot be built (its agent is not
 * installed, for instance): the reason is in findings; -ENOMEM.
 */
int rg_tree_build(const struct rg_policy *p, const struct rg_registry *reg,
	struct rg_inst **ret, struct clu_buf *findings);
struct rg_inst *rg_tree_free(struct rg_inst *root);	/* accepts NULL, returns NULL */

/* Next in document order (parent first), NULL at the end; root bounds the walk. */
struct rg_inst *rg_inst_walk(struct rg_inst *root, struct rg_inst *i);

const char *rg_inst_value(const struct rg_inst *i, const char *param);

/* The status actions of an instance ("monitor" for plain OCF agents): index into actions, at most RG_MAX_CHECKS. */
unsigned rg_inst_checks(const struct rg_inst *i, unsigned *ret_index);

/* Index of the action, -1 when the agent does not have it (it then counts as done). */
int rg_inst_action(const struct rg_inst *i, const char *name);

bool rg_window_exceeded(struct rg_window *w, uint64_t now_ms);
void rg_window_add(struct rg_window *w, uint64_t now_ms);

/* The tree as text, in rg_test's shape. */
void rg_tree_print(const struct rg_inst *root, struct clu_buf *ret);

/* ---- rg_plan.c: order of operations (rgmanager.md 8) ---- */

enum rg_step_kind { RG_STEP_START, RG_STEP_STOP, RG_STEP_CHECK, RG_STEP_RECONFIG, RG_STEP_RECOVER, RG_STEP_MIGRATE };

struct rg_step {
	struct rg_inst *inst;
	enum rg_step_kind kind;
	int action;		/* index into inst->actions */
	unsigned check;		/* CHECK: which of the instance's checks */
};

struct rg_plan {
	struct rg_step *steps;
	unsigned n, cap;
	int error;		/* 0 or -ENOMEM */
};

/* Appends what starts / stops the instance with all that is below it. */
void rg_plan_start(struct rg_plan *p, struct rg_inst *i);
void rg_plan_stop(struct rg_plan *p, struct rg_inst *i);
/* All instances in start order, for checks. */
void rg_plan_order(struct rg_plan *p, struct rg_inst *i);
void rg_plan_add(struct rg_plan *p, struct rg_inst *i, enum rg_step_kind kind, const char *action);
void rg_plan_free(struct rg_plan *p);
const char *rg_step_name(enum rg_step_kind kind);

#endif
