/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the fence domain core: for its own files and their tests only. */
#ifndef FENCED_PRIV_H
#define FENCED_PRIV_H

#include "clu_conf.h"
#include "clu_out.h"
#include "fenced.pb-c.h"
#include "fenced_core.h"
#include "fenced_methods.h"

#define FDOM_MAX_NODES 128	/* nodes ever seen or configured; a fence domain's historical limit */
#define FDOM_TEXT 512
#define FDOM_MAX_PENDING 64
#define FDOM_RETRY_FIRST_MS 1000
#define FDOM_RETRY_MAX_MS 30000
#define FDOM_YIELD_MS 15000	/* an agent has ended by then: TERM, 5 s, KILL */
#define FDOM_HUNG_MS 500	/* what comes this late says that we hung */
#define FDOM_HISTORY_MS 5000	/* for a node that is back to say what it did meanwhile */

enum fdom_vstate { FDOM_V_NONE, FDOM_V_WAITING, FDOM_V_FENCING, FDOM_V_FAILED, FDOM_NVSTATES };
enum fdom_reason {
	FDOM_R_NODE,		/* its machine or corosync failed */
	FDOM_R_PROCESS,		/* only its fenced died */
	FDOM_R_STARTUP,		/* not seen when the domain was created */
	FDOM_R_MERGE,		/* came back from another side of a split with a past of its own */
	FDOM_R_REQUEST,		/* a daemon or operator asked for it */
	FDOM_NREASONS
};
enum fdom_how { FDOM_H_NONE, FDOM_H_AGENT, FDOM_H_MEMBER, FDOM_H_OVERRIDE, FDOM_H_EXTERNAL, FDOM_NHOWS };

struct fdom_victim {
	enum fdom_vstate state;		/* written by fdom_victim_move() only */
	enum fdom_reason reason;
	uint64_t seq;			/* tells one failure of a node from the next */
	bool gone;			/* the whole node left the cluster: a new daemon there means a new start */
	uint32_t fencer;
	uint32_t attempts;
	uint64_t since_us, started_us;	/* for people; the only fields that may differ between members */
	char text[FDOM_TEXT];		/* last failure, or the reason given with the request */
	/* Not replicated. */
	uint64_t due_ms;		/* not before; CLU_NEVER with an unbounded delay */
	uint64_t history_ms;		/* it is back, new or from another side of a split: until then its word is waited for */
	bool joindelay;			/* due_ms comes from post_join_delay, or was lengthened by it */
	bool gone_sent;
	bool kill_sent;			/* by us: it is to be started anew */
	bool begun;			/* we sent START, its outcome is not delivered yet */
};

struct fdom_done {
	enum fdom_how how;
	uint32_t master;
	uint64_t seq;
	uint64_t detected_us, started_us, done_us;
	uint32_t took_ms;
	char agent[128];
};

struct fdom_node {
	uint32_t nodeid;
	uint64_t incarnation;
	bool present;		/* its daemon is in the group */
	bool member;		/* of the domain */
	bool external;		/* fenced by hand while present: answers its coming loss */
	bool standing;		/* its last failure was dealt with, and it was not back since */
	/*
	 * It may run agents that the present state knows nothing of: it was master and was made a
	 * victim though it is alive, or it came from another side of a split. So long as it has not
	 * said that it runs none any more, nobody but it is fenced.
	 */
	bool yields;
	uint64_t yield_ms;	/* not replicated: when the master's patience with that ends */
	struct fdom_victim v;
	struct fdom_done done;
};

/* One victim's agents, on the master only. Local: dies with us, and the next master starts anew. */
struct fdom_run {
	bool used;
	uint32_t nodeid;
	uint64_t victim_seq;
	struct fence_plan *plan;
	unsigned method, step;
	uint64_t child;		/* id of the running program */
	bool killed;		/* we asked for its end */
	bool held;		/* no program runs: the next one waits for our own word, heard in a ring with quorum */
	uint64_t word;		/* token of the START that was said for it and was not heard yet; 0 = none */
	uint64_t said_ms;
	bool heard;		/* ... in the present step */
	bool restoring;		/* the victim is off and reported; outlets are switched on again */
	uint64_t begun_ms, begun_us;
	char log[FDOM_TEXT];	/* what failed so far */
};

struct fdom_pending {
	uint64_t token, client;
};

struct fdom {
	/* Replicated: changes on VIEW, MESSAGE, STATE only. */
	struct fdom_node nodes[FDOM_MAX_NODES];		/* ascending node id */
	unsigned n_nodes;
	uint32_t master;	/* 0 = domain without members */
	uint64_t seq;		/* last number given to a victim or a history entry */
	uint64_t view_no;	/* losses of nodes so far: what was said before one may be wrong behind it */
	/*
	 * The founding of the domain is over: who was missing then has come, or was
	 * fenced. Before that nobody may rely on the domain, and nobody has done
	 * anything in it that another side of a split would have to fear.
	 */
	bool complete;

	/* Local facts. */
	struct fdom_options opt;
	uint32_t self;
	uint64_t origin;	/* another one with each start and each state that was taken from a member */
	bool admitted;
	struct clu_ring view_ring, quorum_ring;
	bool quorate;
	uint32_t up[CLU_MAX_NODES];	/* nodes up in the cluster, from QUORUM */
	unsigned n_up;
	bool up_known;
	bool want_member;	/* an operator joined this node */
	bool join_due;		/* JOIN goes out as soon as it is known who is up */
	uint64_t join_token;
	bool stateful;		/* has been a member of a complete domain with quorum */
	bool yield_sent;
	bool leaving;		/* LEAVE is due as soon as no agent of ours runs */
	bool leave_sent;
	bool shutdown;
	uint64_t leave_token;
	struct clu_conf *conf;
	int64_t post_join_s, post_fail_s;
	uint32_t agent_timeout_s;
	const char *agent_path;	/* in conf */
	bool clean_start, skip_undefined;
	struct fdom_run runs[FDOM_MAX_NODES];
	uint64_t next_child, next_token;
	bool alone;		/* conf lets a node be quorate without any other */
	uint64_t distrust_until_ms;	/* we hung: nobody counts as silent before; where `alone`, no agent begins */
	bool overtaken;			/* ... for so long that none of ours may go on */
	struct fdom_pending pending[FDOM_MAX_PENDING];
	uint64_t ignored;	/* messages and requests that meant nothing in their state */

	/* Of the present step. */
	struct clu_out *out;
	uint64_t now_ms, wall_us;
	bool changed;
	int error;
};

/* fenced_core.c */
const char *fdom_name(const struct fdom *d, uint32_t nodeid);	/* static ring of buffers for unknown ids */
struct fdom_node *fdom_find(struct fdom *d, uint32_t nodeid);	/* NULL when not known */
struct fdom_node *fdom_get(struct fdom *d, uint32_t nodeid);	/* made if needed: moves the others; NULL = full */
bool fdom_is_member(const struct fdom *d);			/* this node, of the domain */
bool fdom_is_master(const struct fdom *d);
bool fdom_gate(const struct fdom *d);				/* quorate, by a quorum not older than the view */
void fdom_send(struct fdom *d, Hawser__FdomMessage *m);
uint32_t fdom_resolve(const struct fdom *d, const char *name);	/* node id of a full or short name, 0 = unknown */

/* fenced_victims.c */
extern const char *const fdom_vstate_names[FDOM_NVSTATES];
extern const char *const fdom_reason_names[FDOM_NREASONS];
extern const char *const fdom_how_names[FDOM_NHOWS];
unsigned fdom_victim_count(const struct fdom *d);
/* n: no victim yet. */
void fdom_victim_add(struct fdom *d, struct fdom_node *n, enum fdom_reason reason, const char *text);
void fdom_victim_move(struct fdom *d, struct fdom_node *n, enum fdom_vstate to, const char *why);
/* Ends a victim, or (not a victim) only notes the fencing; done.seq is given here. */
void fdom_victim_release(struct fdom *d, struct fdom_node *n, struct fdom_done *done);
uint64_t fdom_victim_due(const struct fdom_victim *v);
void fdom_delay_restart(struct fdom *d);	/* a node came: waiting victims get post_join_delay anew */
void fdom_delay_begin(struct fdom *d, struct fdom_node *n, bool join);
uint64_t fdom_retry_pause(uint32_t attempts);

/* fenced_view.c */
void fdom_on_view(struct fdom *d, const struct clu_view *v);
void fdom_on_state(struct fdom *d, const struct clu_message *m);
int fdom_snapshot(const void *core, struct clu_buf *ret);
void fdom_master_update(struct fdom *d);
/* Has this node to see to it that this one, whose past cannot be undone, is started anew? */
bool fdom_is_killer(const struct fdom *d, uint32_t nodeid);
/* A domain whose daemons are all of victims, and alive: one has the others started anew. */
void fdom_victims_only(struct fdom *d);

/* fenced_yield.c */
void fdom_yield_begin(struct fdom *d, struct fdom_node *n);	/* it has to say that it runs no agent */
void fdom_yield_end(struct fdom *d, struct fdom_node *n);
uint32_t fdom_yielding(const struct fdom *d, const struct fdom_node *n);	/* one besides n that has not said it; 0 = none */
void fdom_yield_progress(struct fdom *d);
uint64_t fdom_yield_due(const struct fdom *d, const struct fdom_node *n);	/* when the master gives n up */

/* fenced_apply.c */
void fdom_on_message(struct fdom *d, const struct clu_message *m);

/* fenced_run.c */
void fdom_on_child(struct fdom *d, const struct clu_child_end *c);
void fdom_runs_check(struct fdom *d);	/* ends what may not go on */
void fdom_runs_start(struct fdom *d);	/* begins what is due */
void fdom_runs_free(struct fdom *d);
bool fdom_runs_any(const struct fdom *d);
void fdom_run_heard(struct fdom *d, uint64_t word);	/* our own START came back in the order */
struct fdom_run *fdom_run_of(struct fdom *d, uint32_t nodeid);

/* fenced_request.c */
void fdom_on_request(struct fdom *d, const struct clu_request *r);
void fdom_client_gone(struct fdom *d, uint64_t client);
void fdom_answer(struct fdom *d, uint64_t token, int error, const char *why);	/* 0 = nobody asked */
void fdom_answer_all(struct fdom *d, int error, const char *why);	/* what was sent will not come back */
void fdom_send_join(struct fdom *d, uint64_t token);	/* when it is known who is up: now or later */
void fdom_join_progress(struct fdom *d);
void fdom_join_drop(struct fdom *d);

/* fenced_news.c */
void fdom_news_notify(struct fdom *d);
void fdom_news_reply(struct fdom *d, uint64_t client, int error, const char *why);
void fdom_dump(const void *core, struct clu_buf *ret);

#endif
