/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of `rg_test simulate`. The engine is tests/sim (libsim): whole nodes, in
 * virtual time. Here a person, not chance, says what happens: rg_sim_opts.c reads
 * it, rg_sim_world.c makes the cluster of a cluster.conf, rg_sim_event.c carries
 * events out, rg_sim_agents.c plays fence and resource agents, rg_sim_watch.c turns
 * what the cores say into lines, rg_sim_state.c asks rgmanager who runs what,
 * rg_sim_print.c shows it.
 */
#ifndef RG_SIM_H
#define RG_SIM_H

#include "ccsd_schema.h"
#include "cman_plan.h"
#include "clu_conf.h"
#include "rg_meta.h"
#include "rg_rm.h"
#include "rg_tree.h"
#include "sim_world.h"

/* Exit codes beside 0 (all services run) and 1 (a wrong call, a configuration that cannot be used). */
#define RGSIM_DOWN 2		/* in the end a service is down that should run */
#define RGSIM_BROKEN 3		/* a promise of the suite was broken: a bug */

enum rgsim_kind {
	RGSIM_CRASH, RGSIM_HANG, RGSIM_PARTITION, RGSIM_CUT, RGSIM_HEAL, RGSIM_RETURN, RGSIM_POWER_DEAD, RGSIM_FAIL_START,
	RGSIM_FAIL_STOP, RGSIM_FAIL_STATUS, RGSIM_ENABLE, RGSIM_DISABLE, RGSIM_RELOCATE, RGSIM_UPDATE, RGSIM_ACK,
	RGSIM_NKINDS
};

struct rgsim_event {
	enum rgsim_kind kind;
	uint64_t at_ms;			/* after the cluster has settled */
	const char *written;		/* as on the command line */
	unsigned node;			/* index; 0 = none */
	unsigned side[SIM_MAX_NODES + 1];	/* PARTITION */
	char name[RG_NAME_MAX];		/* service, resource or fence device */
	struct clu_buf document;	/* UPDATE */
};

struct rgsim_opts {
	const char *conf;
	uint64_t fence_ms, start_ms, stop_ms, status_ms, boot_ms, for_ms;
	bool for_given, json, show_start;
	sim_nodes down;
	struct rgsim_event *events;
	unsigned n_events;
};

enum rgsim_what { RGSIM_W_EVENT, RGSIM_W_MEMBERS, RGSIM_W_FENCE, RGSIM_W_DECIDE, RGSIM_W_SERVICE, RGSIM_W_AGENT, RGSIM_W_WAIT,
	RGSIM_W_CONF, RGSIM_W_NODE, RGSIM_NWHATS };

/* One line of the timeline. */
struct rgsim_line {
	uint64_t at_us;
	bool start;			/* of the cluster's start */
	enum rgsim_what what;
	char *node, *object, *text;	/* node: who does it, or says it of itself; "" = nobody alone */
};

struct rgsim_active {
	char service[RG_NAME_MAX], *key;
	sim_nodes on, died;		/* started there; and its status fails */
};

struct rgsim_child {
	bool used;
	unsigned node;
	enum sim_daemon_kind daemon;
	uint64_t id, life, gen;
	unsigned victim;		/* of a fence agent */
};

/* A service as rgmanager tells of it. */
struct rgsim_service {
	char name[RG_NAME_MAX];
	uint32_t state, owner;
	char *why, *wait, *remedy;
};

struct rgsim_status {
	unsigned asked;			/* node that answered, 0 = nobody could */
	bool quorate;
	sim_nodes ready;		/* nodes with a ready rgmanager */
	struct rgsim_service *svc;
	unsigned n;
};

struct rgsim {
	struct rgsim_opts opt;
	struct clu_conf *conf;
	struct ccsd_schema *schema;	/* NULL: not installed */
	struct cman_plan plan;
	struct rg_rm *rm;
	const struct rg_registry *installed;
	struct rg_meta **made;		/* agents that are not installed here */
	unsigned n_made;
	struct clu_buf assumed;		/* lines */
	struct sim_world *w;
	struct sim_hooks hooks;
	uint32_t consensus_ms;
	/* run state */
	uint64_t zero_us;		/* when the events begin */
	bool settled;
	struct rgsim_line *lines;
	unsigned n_lines;
	struct rgsim_active *active;
	unsigned n_active;
	struct rgsim_child *children;
	unsigned n_children;
	struct { unsigned node; char device[RG_NAME_MAX]; } dead[256];	/* power devices that do not answer */
	unsigned n_dead;
	struct { enum rgsim_kind kind; char name[RG_NAME_MAX]; unsigned node; } fail[256];
	unsigned n_fail;
	sim_nodes broken;		/* machines that do not come back by themselves */
	unsigned attempts[SIM_MAX_NODES + 1];	/* to fence that node, since it was last fenced */
	/* what was seen last */
	struct { bool power, hung, corosync; bool asleep; uint64_t ring, count_no; sim_nodes members; } was[SIM_MAX_NODES + 1];
	struct { uint64_t ring; sim_nodes members; bool quorate; } said_quorum[SIM_MAX_NODES + 1];
	unsigned n_said_quorum;
	struct { char service[RG_NAME_MAX], to[24]; uint64_t txn, at_us; } told[1024];	/* moves of services; a ring */
	unsigned n_told;
	bool decide_is_news;
	struct rgsim_status *asking;	/* an answer is waited for */
	uint64_t asking_client;
	struct { uint64_t client, ticket; unsigned node; char text[300]; bool used, told; } ask[64];
	unsigned n_ask;
	struct { char service[RG_NAME_MAX]; char *text; unsigned looks; } *waits;	/* looks: seconds since it is so */
	unsigned n_waits;
	struct { char service[RG_NAME_MAX]; char *why; } *reasons;	/* of the last placement */
	unsigned n_reasons;
	struct rgsim_status before, after;
	sim_nodes not_off;		/* an operator said they were, and they were not */
	struct clu_buf twice;		/* services that were active twice by that */
	struct clu_buf victims;		/* in the end: who is still to be fenced, and the command that ends it */
};

/* Without memory there is nothing to simulate. */
void *rgsim_must(void *p);

/* rg_sim_opts.c. 0; 1: the exit code, said why; -1: help was shown. */
int rgsim_opts_read(struct rgsim *s, int argc, char **argv);
void rgsim_usage(FILE *f);

/* rg_sim_conf.c: 0 or the exit code, said why. */
int rgsim_conf_load(struct rgsim *s);
const struct rg_meta *rgsim_lookup(void *ctx, const char *type, const char **why);

/* rg_sim_world.c */
void rgsim_world_make(struct rgsim *s);
const char *rgsim_node_name(const struct rgsim *s, unsigned node);
unsigned rgsim_node_find(const struct rgsim *s, const char *name);
/* "n1, n2" */
void rgsim_node_list(const struct rgsim *s, sim_nodes nodes, struct clu_buf *ret);
uint32_t rgsim_votes_of(const struct rgsim *s, sim_nodes nodes);
uint32_t rgsim_votes_needed(const struct rgsim *s);

/* rg_sim_event.c */
void rgsim_event_run(struct rgsim *s, const struct rgsim_event *e);
/* Its machine starts once more after the boot time, unless it is broken. */
void rgsim_boot_later(struct rgsim *s, unsigned node);

/* rg_sim_agents.c: hooks of the world */
void rgsim_run(void *ctx, unsigned node, enum sim_daemon_kind daemon, const struct clu_run *run);
void rgsim_kill(void *ctx, unsigned node, enum sim_daemon_kind daemon, uint64_t id);
/* What ran there is gone with the machine, and what was seen of it is forgotten. */
void rgsim_node_is_off(struct rgsim *s, unsigned node);
/* The process behind a resource (or all of a service's) dies where it runs. */
bool rgsim_resource_dies(struct rgsim *s, const char *name, unsigned node);

/* rg_sim_watch.c */
void rgsim_say(struct rgsim *s, enum rgsim_what what, unsigned node, const char *object, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void rgsim_note(void *ctx, unsigned node, enum sim_daemon_kind daemon, const struct clu_action *note);
void rgsim_reset(void *ctx, unsigned node);
/* Looks at the world after every step. */
void rgsim_watch(struct rgsim *s);
const char *rgsim_reason(const struct rgsim *s, const char *service);

/* rg_sim_state.c */
void rgsim_reply(void *ctx, unsigned node, enum sim_daemon_kind daemon, const struct clu_action *reply);
/* Runs the world until then, watching; false when a promise was broken. */
bool rgsim_run_until(struct rgsim *s, uint64_t at_us);
void rgsim_ask_status(struct rgsim *s, struct rgsim_status *ret);
void rgsim_ask_victims(struct rgsim *s);
void rgsim_status_free(struct rgsim_status *st);
/* The member to ask: the lowest of the quorate ones, else the lowest that is up; 0 when all is dark. */
unsigned rgsim_spokesman(const struct rgsim *s);
/* To be called every second: says what services wait for, once it has lasted. */
void rgsim_look_at_waits(struct rgsim *s);

/* rg_sim_print.c */
void rgsim_print_before(const struct rgsim *s);	/* when it has settled */
int rgsim_print(struct rgsim *s);	/* in the end; returns the exit code */

#endif
