/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cluster in a glass: whole nodes (the very cores of the daemons) in one
 * process and in virtual time, from a seed.
 *
 * One event at a time: the pending event with the lowest time fires, ties go to
 * the one that was put in first. What happens from outside is planned before
 * (sim_plan.h); every choice the world makes comes from its dice. So a seed is a history.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "clu_core.h"
#include "clu_group.h"
#include "clu_out.h"
#include "sim_dice.h"

#define SIM_MAX_NODES 32
#define SIM_MAX_CHILDREN 64
#define SIM_MAX_FAULT_KINDS 48

/* A set of nodes: a bit per index, 1 to SIM_MAX_NODES. */
typedef uint64_t sim_nodes;
#define SIM_BIT(index) ((sim_nodes)1 << (index))

/* SIM_QDISKD runs only where there is a quorum disk (sim_qdisk.h), SIM_CMAND where a plan has it (sim_cmand.h). */
enum sim_daemon_kind { SIM_CCSD, SIM_FENCED, SIM_RGM, SIM_QDISKD, SIM_CMAND, SIM_NDAEMONS };
#define SIM_NGROUPS SIM_QDISKD	/* what befalls one daemon by chance is drawn among those before it */

/* How one kind of daemon is made: the same ops that its main hands to the shell. */
struct sim_daemon_type {
	const struct clu_core_ops *ops;
	void *(*core_new)(void *world, unsigned node);
	void (*core_free)(void *core);
	bool group;		/* joins its group at start */
};

struct sim_event;
struct sim_cmand;
struct sim_qdisk;
struct sim_world;
typedef void sim_fire_fn(struct sim_world *w, struct sim_event *e);

struct sim_event {
	uint64_t at_us, seq;
	sim_fire_fn *fire;
	unsigned node;
	enum sim_daemon_kind daemon;
	uint64_t boot, life;	/* only while the node's boot / the daemon's life is this (0 = always) */
	uint64_t id;
	void *data;
	size_t len;
	int value;
	bool on_time;		/* does not wait for a daemon that hangs */
};

/* A program that a core had run. */
struct sim_child {
	bool used;
	uint64_t id, gen;
	enum sim_daemon_kind daemon;
	uint32_t grace_ms;
	bool killed;
	unsigned victim;	/* fence agents: whom it switches */
	struct sim_res *res;	/* resource agents */
	bool stops;
};

struct sim_daemon {
	bool up;
	uint64_t life;		/* counts starts over all nodes */
	void *core;
	struct clu_group *group;
	bool wants_group;	/* has asked to join, or will at start */
	bool in_group;		/* a process in the transport's group */
	struct clu_out *out;
	bool stepping;
	bool newer;
	bool told_quorate;	/* as its corosync told it last */
	uint64_t told_count;	/* which count that was */
	struct sim_unsent *unsent, **unsent_end;	/* what corosync has refused: kept in its order, as the shell does */
	unsigned n_unsent;
	uint64_t conf_no;	/* the last cluster.conf that it was told */
	uint64_t news_us;	/* one connection's news do not overtake each other: when the last comes */
	struct clu_buf news;	/* kept back until its group has merged (sim_news.h) */
	bool hung;		/* it alone, see sim_hang.h */
	uint64_t hung_until;
	struct sim_input *inputs, **inputs_end;	/* what its group will have to hear then */
	uint64_t timer_seq;
	uint64_t spin_since_us, spins;	/* timers in a row without time passing */
};

#define SIM_MAX_OUTLETS 4

enum sim_switch_state {
	SIM_SWITCH_WORKS,
	SIM_SWITCH_DEAD,	/* answers nobody */
	SIM_SWITCH_SLOW,	/* seconds, but within the agent's deadline */
	SIM_SWITCH_FLAKY,	/* fails as often as it works */
	SIM_SWITCH_LATE,	/* does what it was asked seconds after its agent was given up */
	/* Says off, and the node runs on: nothing can keep S1 then. Only scripts have it. */
	SIM_SWITCH_LIES,
	SIM_NSWITCH_STATES
};

struct sim_outlet {
	char key[64];		/* "ADDRESS/PORT" */
	bool off;
};

struct sim_power {
	bool no_mains;
	bool bmc_local;		/* its BMC is reached from the node's own side of the network only */
	enum sim_switch_state bmc, strips;	/* the BMC, and the strips that it hangs on */
	struct sim_outlet outlet[SIM_MAX_OUTLETS];
	unsigned n_outlets;
};

#define SIM_ANNOUNCED 16

/* The version that a process has announced to its group. */
struct sim_announced {
	uint64_t incarnation;
	uint32_t proto;
};

struct sim_node {
	unsigned id;		/* 1..n; index too */
	uint32_t nodeid;	/* as cluster.conf has it; ascends with the index */
	char name[256];
	bool power, corosync, hung;
	uint64_t boot;		/* counts starts */
	uint64_t booted_us;	/* the last start */
	uint64_t hung_until;
	int side;		/* network side; nodes with equal sides hear each other */
	struct sim_ring *ring;
	uint64_t cursor;	/* entries of the ring's log that were delivered here */
	bool pumping;		/* a delivery is under way */
	uint64_t slow_until, slow_us;	/* until then all that comes to its daemons is late, by up to so much */
	uint64_t mono_ms;	/* so much its monotonic clock has jumped ahead of the world's */
	int64_t wall_us;	/* how wrong its time of day is */
	bool leaving;		/* its cluster software is being stopped in order: nothing is started again */
	uint64_t leave_until;
	bool newer;		/* daemons that start now are of the newer version (sim_proto.h) */
	struct sim_announced announced[SIM_NDAEMONS][SIM_ANNOUNCED];
	unsigned n_announced[SIM_NDAEMONS];
	uint64_t refused_until;	/* until then its corosync takes no message */
	sim_nodes seen[SIM_NDAEMONS];	/* group members as this node was told */
	/* sim_quorum.c */
	unsigned votes, device_votes;
	bool waits_for_all;	/* wait_for_all is set, and this corosync has not seen all yet */
	bool counted_quorate;	/* by its corosync; the daemons may not know yet */
	uint64_t count_no;	/* of that count; 0: none in this ring */
	struct sim_daemon d[SIM_NDAEMONS];
	struct sim_child child[SIM_MAX_CHILDREN];
	struct sim_file *disk;
	unsigned disk_state;	/* enum sim_disk_state */
	struct sim_power pw;
	unsigned agents;	/* enum sim_agents_state */
	struct sim_res *res;
	bool has_conf;		/* its ccsd has put a document in force */
	void *conf_bytes;
	size_t conf_len;
	uint64_t conf_no;	/* how often it was sent to a daemon: one connection's news do not overtake each other */
	uint64_t join_client;	/* the boot script's request */
	bool left_domain;	/* by an administrator: it joins again when faults are over */
};

/*
 * For a world that a person made up, not chance (`rg_test simulate`): what a core
 * says, and what becomes of the programs it runs. Each may be NULL.
 */
struct sim_hooks {
	void *ctx;
	void (*note)(void *ctx, unsigned node, enum sim_daemon_kind daemon, const struct clu_action *note);
	/* An answer of a daemon, before sim_check hears of it. */
	void (*reply)(void *ctx, unsigned node, enum sim_daemon_kind daemon, const struct clu_action *reply);
	/* Instead of sim_agents.c: a CHILD event has to follow. */
	void (*run)(void *ctx, unsigned node, enum sim_daemon_kind daemon, const struct clu_run *run);
	void (*kill)(void *ctx, unsigned node, enum sim_daemon_kind daemon, uint64_t id);
	/* The watchdog has reset the machine; instead of booting it by and by. */
	void (*reset)(void *ctx, unsigned node);
};

/* The quorum section of corosync.conf. */
struct sim_quorum_rules {
	bool two_node, wait_for_all;
	unsigned expected;
	bool alone;	/* two nodes, or a disk: fewer than half of the nodes may be quorate, one after another */
};

struct sim_stats {
	uint64_t steps, events, messages, fencings, starts, stops, requests, replies, agent_failures;
	uint64_t takeovers;	/* services that became active on another node than the one that failed with them */
	uint64_t commits;	/* versions of cluster.conf that came into force by agreement */
	uint64_t fault[SIM_MAX_FAULT_KINDS];	/* of each kind (sim_faults.h), as many as took place */
};

struct sim_world {
	uint64_t seed;
	struct sim_dice dice;
	uint64_t now_us;
	uint64_t seq, lives, boots, rings;
	struct sim_event **heap;
	unsigned n_heap, cap_heap;
	struct sim_event *spare;	/* a list by their data: used again */
	unsigned n_nodes;
	struct sim_node node[SIM_MAX_NODES + 1];
	const struct sim_daemon_type *type[SIM_NDAEMONS];
	FILE *trace;
	char failure[16384];	/* "" while all promises hold */
	struct sim_stats stats;
	void *rules;		/* sim_check.c: what is active where, open requests */
	void *rings_made;	/* sim_ring_form.c */
	struct sim_parsed *parsed;	/* sim_parse.c */
	struct clu_conf *conf;	/* the cluster.conf all nodes begin with; owned by the caller */
	sim_nodes fenced_by[SIM_MAX_NODES + 1];	/* per victim: whose agents said that they switched it */
	struct sim_quorum_rules quorum;
	struct sim_qdisk *qdisk;	/* NULL: none */
	struct sim_cmand *cmand;	/* NULL: no cmand runs */
	bool ghost;		/* a machine was configured that does not exist: acknowledged when faults are over */
	bool locked;		/* an administrator has locked the services: unlocked when faults are over */
	bool rm_changed;	/* by a cluster.conf that somebody proposed: services and where they may run */
	bool calm;		/* no more faults */
	bool steady;		/* no luck: every number by chance is the middle one, nothing happens by chance */
	uint64_t detect_us;	/* token + consensus: how long a loss goes unnoticed */
	const struct sim_hooks *hooks;	/* NULL: chance decides */
};

struct sim_world *sim_world_new(uint64_t seed, unsigned n_nodes, const struct sim_daemon_type *const *types,
	FILE *trace);
struct sim_world *sim_world_free(struct sim_world *w);

/* Which node has this id in cluster.conf; 0 when none. */
unsigned sim_node_index(const struct sim_world *w, uint32_t nodeid);

/* A number by chance: 0 to below - 1, or any when below is 0. */
uint64_t sim_rnd(struct sim_world *w, uint64_t below);
bool sim_chance(struct sim_world *w, unsigned per_mille);
/* When something comes to the node's daemons: usually within `below`, and later while the node is slow. */
uint64_t sim_soon(struct sim_world *w, const struct sim_node *n, uint64_t below);

/* Puts an event in; data is copied. Returns it for further fields. */
struct sim_event *sim_at(struct sim_world *w, uint64_t in_us, sim_fire_fn *fire, unsigned node, const void *data,
	size_t len);
/* Fires the next event. false when nothing is pending or a promise was broken. */
bool sim_step(struct sim_world *w);
/* Runs until the virtual time; false when a promise was broken. */
bool sim_run_until(struct sim_world *w, uint64_t at_us);

/* A promise was broken: remembered with the first reason. */
void sim_fail(struct sim_world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sim_trace(struct sim_world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* sim_ring.c, sim_ring_form.c: the transport with corosync's promises and no more. */
void sim_ring_node_up(struct sim_world *w, unsigned node);
void sim_ring_node_lost(struct sim_world *w, unsigned node);	/* noticed after the token time */
void sim_ring_node_leaves(struct sim_world *w, unsigned node);	/* noticed at once */
void sim_ring_cut(struct sim_world *w);	/* sides have changed: noticed after the token time */
void sim_ring_stall(struct sim_world *w, unsigned node);	/* the token is lost; ends with a reform */
void sim_ring_renew(struct sim_world *w, unsigned node);	/* the next reform gives a new ring, be it with the same members */
void sim_ring_reform(struct sim_world *w, uint64_t in_us);
/* The node's corosync takes messages again. */
void sim_ring_unrefused(struct sim_world *w, unsigned node);
/* false: the token is lost, and its end is not noticed yet. */
bool sim_ring_stands(const struct sim_node *n);
/* A daemon has ended: what it had not sent went with it. */
void sim_ring_forget(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
void sim_ring_join(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
void sim_ring_leave(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, enum clu_left how);
void sim_ring_send(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const void *data, size_t len);
/* 0 while the node is in no ring. */
uint64_t sim_ring_id(const struct sim_node *n);
/* The members of the node's ring that have not gone on to another one. */
sim_nodes sim_ring_left(const struct sim_world *w, unsigned node);
/* Who was in it when it formed. */
sim_nodes sim_ring_members(const struct sim_node *n);
void sim_ring_free(struct sim_world *w);

/* sim_node.c: life of a node, and of the daemons on it. */
void sim_node_boot(struct sim_world *w, unsigned node);
void sim_node_crash(struct sim_world *w, unsigned node);	/* power gone */
void sim_node_reset(struct sim_world *w, unsigned node);	/* without a sync; it comes up again by itself */
void sim_node_hang(struct sim_world *w, unsigned node, uint64_t for_us);
void sim_corosync_dies(struct sim_world *w, unsigned node);
/* In order, when its daemons have ended; and back with all of them. */
void sim_corosync_leaves(struct sim_world *w, unsigned node);
void sim_corosync_starts(struct sim_world *w, unsigned node);
/* The monotonic clock of a node jumps ahead, as after a pause of its virtual machine. */
void sim_clock_ahead(struct sim_world *w, unsigned node, uint64_t ms);
void sim_daemon_start(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
void sim_daemon_kill(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
/* SIGTERM: it ends in order, when it can. */
void sim_daemon_stop(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
void sim_daemon_restart_in(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t in_us);
/* As a service manager, or a person who is at hand. */
void sim_daemon_restart_later(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);

/* sim_shell.c: events in, actions out. */
void sim_deliver(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, struct clu_event *ev);
/* An admin request to a daemon of a node; its answer goes to sim_check. Returns the client id. */
uint64_t sim_request(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const void *data, size_t len);
/* The same by somebody who may only read, when admin is false. */
uint64_t sim_request_as(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, bool admin, const void *data,
	size_t len);

/* sim_agents.c: what programs do to the world. */
void sim_run_program(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_run *run);
void sim_kill_program(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t id);

/* sim_check.c: what the promises (sim_rules.h) are told. */
void sim_check_new(struct sim_world *w);
void sim_check_free(struct sim_world *w);
void sim_check_step(struct sim_world *w);	/* after every single step */
bool sim_resource_active(struct sim_world *w, unsigned node, const char *name);
void sim_check_resource(struct sim_world *w, unsigned node, const char *name, bool active);
/* A start of it begins; it is active at once, or later. */
void sim_check_start(struct sim_world *w, unsigned node, const char *name, uint64_t child);
void sim_check_agent_failed(struct sim_world *w, const char *name, const char *op);
void sim_check_node_off(struct sim_world *w, unsigned node);
void sim_check_request(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t client);
/* The request waits for the end of an operation of rgmanager's. */
void sim_check_waits_for(struct sim_world *w, uint64_t client, uint64_t ticket);
/* The client dies. true when it had no answer yet. */
bool sim_check_client_gone(struct sim_world *w, uint64_t client);
bool sim_check_is_gone(struct sim_world *w, uint64_t client);
void sim_check_reply(struct sim_world *w, uint64_t client, int error);
/* An operator asks for something: an index into sim_clusvcadm_ops[] (sim_requests.h). */
void sim_check_asked(struct sim_world *w, const char *svc, unsigned op);
/* An administrator waits for the end of an operation, or does so no more. */
void sim_check_operation(struct sim_world *w, unsigned node, uint64_t ticket, bool open);
void sim_check_rest(struct sim_world *w);	/* faults have been over for a while */
void sim_check_daemon_dead(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
void sim_check_fence_begin(struct sim_world *w, unsigned by, unsigned victim);
void sim_check_fence_end(struct sim_world *w, unsigned by, unsigned victim, bool success);
void sim_check_acked(struct sim_world *w, unsigned node);	/* an operator said that it is off */
/* A core asked for a message to its group; a core is about to hear this; bytes go out; an entry was delivered. */
void sim_check_sent(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const void *data, size_t len);
void sim_check_heard(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_event *ev);
void sim_check_unsent(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, unsigned n);
/* A ring forms of so many sides. */
void sim_check_merge(struct sim_world *w, uint64_t ring, const sim_nodes *side, unsigned n_sides);
void sim_check_noted(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_action *note);
void sim_check_multicast(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, size_t len);
void sim_check_delivered(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
/* The document every node holds in the end is the last one that was committed. */
void sim_check_newest(struct sim_world *w, const void *data, size_t len);
void sim_check_commit(struct sim_world *w, unsigned node, const void *data, size_t len);

#endif
