/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The promises of the architecture (section 3), as code: what they remember of a
 * world, and one function for each. A promise that is broken says so with
 * sim_fail("NAME: ..."), where NAME is S1 to S7 or one of the words below.
 *
 *     same    members that have seen the same prefix of the order hold the same state (section 2, rule 2)
 *     sane    no core says of itself what cannot be
 *     view    a core hears only from members of its view, and views follow from one another (clu_core.h)
 *     bound   nothing grows without bound
 *     proto   a rolling upgrade: a group speaks the lowest version that its members announce, what only newer ones know
 *             is kept and ignored, and no service is stopped by it (section 2, rule 5)
 *     disk    a quorum disk gives its votes to one ring at a time, to nobody whose heuristics fail, and to who is left
 *     spins   no core asks to be woken in the past
 *
 * S4 (locks) belongs to the distributed lock manager and comes with it.
 */
#ifndef SIM_RULES_H
#define SIM_RULES_H

#include "sim_world.h"

#define MAX_RESOURCES 256
#define MAX_REQUESTS 256
#define MAX_VERSIONS 512
#define PREFIXES 1024		/* power of two */
#define SIM_MAX_WAITS 32
#define SIM_MAX_ASKED 32
#define SIM_MAX_OPERATIONS 256
#define SIM_SANE 8

enum { SIM_FAILED_START = 1, SIM_FAILED_STOP = 2, SIM_FAILED_CHECK = 4 };

struct resource {
	char name[128];
	sim_nodes active;
	/*
	 * Nodes that failed while it was active there, and of which nobody can know yet
	 * that it is not active there any more: not fenced, not acknowledged by an
	 * operator, not stopped there by the node's own agents.
	 */
	sim_nodes owed;
	uint64_t owed_us[SIM_MAX_NODES + 1];	/* when the machine that failed was started */
	unsigned fell_with;	/* the node that failed while it was active there, until it is active again; 0 = none */
	unsigned failed;	/* SIM_FAILED_...: agents of it have, at some time */
};

struct request {
	uint64_t client;
	unsigned node;
	enum sim_daemon_kind daemon;
	uint64_t boot, since_us;
	uint64_t ticket;	/* rgmanager: of the operation whose end it waits for; 0: none */
	bool gone;		/* the client has died: an answer is of no use, but two would be wrong */
};

struct committed {
	uint64_t version, hash;
};

/* The end of a node's last fence agent against a victim. */
struct verdict {
	uint64_t at_us, boot;	/* boot: of the victim when the agent began */
	bool success;
};

/* What a member's state was at one point of a ring's order. */
struct prefix {
	uint64_t ring, cursor, hash;
	unsigned node;
	enum sim_daemon_kind daemon;
};

/* Which side of its ring's merge a node's fenced came from, and what was done there. */
struct side {
	uint64_t ring, life;	/* life: of the daemon that was there then */
	unsigned number, of;
	uint32_t own, most;	/* clu_core_ops.weight: its own, and the most of its side */
};

/* What a core last heard of its group. */
struct heard {
	uint64_t life;
	uint64_t since_us;	/* when the view began */
	sim_nodes members, newer;	/* newer: those that announce a version above the core's own */
	bool orderly;		/* the present step is a view whose members come newly started, or go in order */
	unsigned state_from;	/* who handed it the state that the next view belongs to */
	bool state_whole;	/* with the field that only newer ones know */
	/* Of each node: the last two boots (booted_us + 1) whose doings are part of the core's state. */
	uint64_t met[SIM_MAX_NODES + 1][2];
};

/* What operators asked for a service, ever: a bit per sim_clusvcadm_ops[]. */
struct asked {
	char svc[64];
	uint32_t ops;
};

/* An operation of rgmanager whose final word an administrator waits for. */
struct operation {
	unsigned node;
	uint64_t ticket;
};

/* Something that is as it is since then. */
struct waits {
	uint64_t what, since_us;
	uint64_t life;		/* of the daemon that says so: the next one there knows nothing of it */
};

struct rules {
	struct resource res[MAX_RESOURCES];
	unsigned n_res;
	struct request req[MAX_REQUESTS];
	unsigned n_req;
	struct committed ver[MAX_VERSIONS];
	unsigned n_ver;
	sim_nodes fencing[SIM_MAX_NODES + 1];	/* per victim: nodes that run an agent against it */
	uint64_t victim_boot[SIM_MAX_NODES + 1][SIM_MAX_NODES + 1];	/* [by][victim]: when the agent began */
	struct verdict verdict[SIM_MAX_NODES + 1][SIM_MAX_NODES + 1];	/* [by][victim] */
	struct prefix prefix[PREFIXES];
	struct side side[SIM_MAX_NODES + 1];
	struct heard heard[SIM_MAX_NODES + 1][SIM_NDAEMONS];
	uint64_t second[SIM_MAX_NODES + 1][SIM_NDAEMONS];	/* in which messages are counted */
	unsigned sent[SIM_MAX_NODES + 1][SIM_NDAEMONS];
	struct asked asked[SIM_MAX_ASKED];
	unsigned n_asked;
	struct operation op[SIM_MAX_OPERATIONS];
	unsigned n_ops;
	uint64_t next_look_us;
	struct waits victim_waits[SIM_MAX_NODES + 1][SIM_MAX_NODES + 1];
	struct waits svc_waits[SIM_MAX_NODES + 1][SIM_MAX_WAITS];
	struct waits conf_waits[SIM_MAX_NODES + 1];
	uint64_t n_newer_said;
	uint64_t sane[SIM_NDAEMONS][SIM_SANE];	/* hashes of states that were looked at lately */
	struct waits disk_waits;
	uint64_t next_disk_us;
};

/* sim_promise_active.c */
void sim_promise_s1_once(struct sim_world *w, const struct resource *s);
void sim_promise_s2_not_before_fenced(struct sim_world *w, const struct resource *s, unsigned on);
void sim_promise_s2_word_is_true(struct sim_world *w, unsigned by, unsigned victim);
void sim_promise_s2_off_is_off(struct sim_world *w, unsigned by, unsigned victim);
void sim_promise_s1_quorum_first(struct sim_world *w, const struct resource *s, unsigned on);

/* sim_promise_fence.c */
void sim_promise_s3_not_itself(struct sim_world *w, unsigned by, unsigned victim);
void sim_promise_s3_quorum_first(struct sim_world *w, unsigned by, unsigned victim);
void sim_promise_s3_one_at_a_time(struct sim_world *w, unsigned by, unsigned victim);

/* sim_promise_conf.c */
void sim_promise_s5_one_content(struct sim_world *w, unsigned node, const struct committed *c);
void sim_promise_s5_on_a_majority(struct sim_world *w, unsigned node, const struct committed *c);
void sim_promise_s5_by_all_members(struct sim_world *w, unsigned node, const struct committed *c);
void sim_promise_s5_not_lost(struct sim_world *w, const struct committed *held);
void sim_promise_s5_in_history(struct sim_world *w, const struct committed *held);
struct committed sim_document(const void *data, size_t len);

/* sim_promise_request.c */
void sim_promise_s6_in_time(struct sim_world *w);
void sim_promise_s6_one_answer(struct sim_world *w, uint64_t client, bool known);

/* sim_promise_rest.c: when all faults have been over for a while. */
void sim_promises_at_rest(struct sim_world *w);
void sim_promise_s7_frozen_stays(struct sim_world *w, unsigned node, uint64_t child);
void sim_promise_s7_no_failback(struct sim_world *w, unsigned node, const char *svc);

/* sim_promise_wait.c: now and then. */
void sim_promises_of_waiting(struct sim_world *w);

/* sim_promise_version.c */
void sim_promise_proto_heard(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_event *ev);
void sim_promise_proto_view(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_view *v);
void sim_promise_upgrade_stops_nothing(struct sim_world *w, unsigned node, const struct clu_action *note);

/* sim_promise_disk.c: after every step, and at rest. */
void sim_promises_of_disk(struct sim_world *w);
void sim_promise_disk_at_rest(struct sim_world *w);

/* sim_promise_same.c */
void sim_promise_same_state(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
void sim_promise_view(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_event *ev);
void sim_promise_bound_unsent(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, unsigned n);
void sim_promise_bound_world(struct sim_world *w);
void sim_promise_heavier_stays(struct sim_world *w, unsigned node, uint32_t from);
void sim_promise_bound(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, size_t len);

#endif
