/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of rgmanager's core; only rg_*.c and their tests include this. */
#ifndef RG_PRIV_H
#define RG_PRIV_H

#include "clu_out.h"
#include "fenced.pb-c.h"
#include "rg_core.h"
#include "rg_delta.h"
#include "rg_domain.h"
#include "rg_rm.h"
#include "rg_tree.h"
#include "rgmanager.pb-c.h"

#define RG_MAX_NODES CLU_MAX_NODES
#define RG_MAX_TICKETS 256
#define RG_WHY_MAX 200
#define RG_LENIENT UINT32_MAX		/* in `home`: errors of this stop are only worth a warning */
#define RG_OP_BOUND_MS 600000u		/* a request that takes longer is answered "try again" */
#define RG_WAIT_MS 1000u		/* a `wait` is answered within this time */
#define RG_SETTLE_MS 5000u		/* at cluster start: how long members that are not ready yet are waited for */
#define RG_KEEP_MS 10000u		/* at its end: how long an rgmanager waits for the others' disks */
#define RG_ASK_FENCE_MS 15000u		/* a lost node that fenced does not deal with: ask it to */

enum rg_msg_kind {
	RG_M_CONF,		/* a committed cluster.conf */
	RG_M_READY,		/* the sender has stopped everything once and takes part */
	RG_M_QUORUM,		/* yes/no for the view with this number */
	RG_M_FENCED,		/* what fenced says about a node; yes: known since the sender's start, tells nothing new */
	RG_M_OP,		/* an admin request */
	RG_M_RESULT,		/* an operation of the owner has ended (code: enum rg_outcome) */
	RG_M_LEAVING,		/* the sender shuts down; yes: it also stops what it would have left running */
	RG_M_GO,		/* do not wait longer for members that are not ready */
	RG_M_INITED,		/* the sender has stopped a newly configured service once, or could not (failed) */
	RG_M_LEFT,		/* what the sender's disk says that others have left running (rg_left.c) */
	RG_M_KEPT,		/* what this node leaves running stands on the sender's disk */
	RG_NMSGS
};

enum rg_outcome {
	RG_O_STARTED, RG_O_START_FAILED, RG_O_STOPPED, RG_O_STOP_FAILED,
	RG_O_CHECK_FAILED,	/* yes: restart counter exceeded */
	RG_O_PARTIAL, RG_O_WHOLE, RG_O_CONF_RESTART, RG_O_MIGRATED, RG_O_MIGRATE_FAILED, RG_O_RUN_REFUSED,
	RG_NOUTCOMES
};

enum rg_verb {
	RG_V_NONE, RG_V_ENABLE, RG_V_DISABLE, RG_V_STOP, RG_V_RELOCATE, RG_V_RESTART, RG_V_MIGRATE, RG_V_FREEZE,
	RG_V_UNFREEZE, RG_V_CONVALESCE, RG_V_LOCK, RG_V_UNLOCK,
	RG_NVERBS
};

/* What follows when the present stop (or recovery) has ended. */
enum rg_want {
	RG_W_STOPPED, RG_W_DISABLED, RG_W_RESTART, RG_W_RELOCATE, RG_W_RECOVER, RG_W_FRESH, RG_W_REMOVE, RG_W_LATER,
	RG_NWANTS
};

struct rg_node {
	uint32_t nodeid;
	bool present;			/* group member */
	bool ready, leaving;
	unsigned quorum;		/* 0 has not said, 1 no, 2 yes */
	bool confirmed;			/* has said yes since it joined */
	bool lost;
	enum clu_left lost_how;
	uint64_t lost_us;
	bool fenced_here;		/* fenced while it was still a member */
	bool left_behind;		/* its rgmanager ended in order, and frozen services of it run on there */
	bool told;			/* has said what its disk knows (RG_M_LEFT) */
	uint64_t fence_seq;		/* of its newest fencing that was delivered here */
	/* local */
	uint64_t ask_ms;		/* when to ask fenced about it */
	bool kept_said, off_said;	/* RG_M_KEPT for it; that it is off since before we came */
};

struct rg_ids {
	uint32_t id[RG_MAX_NODES];
	unsigned n;
};

enum rg_op_kind { RG_OP_NONE, RG_OP_START, RG_OP_STOP, RG_OP_CHECK, RG_OP_DELTA, RG_OP_SUBTREE, RG_OP_MIGRATE,
	RG_OP_CONVALESCE };

/* One operation on this node's agents: a list of steps, one program at a time. */
struct rg_op {
	enum rg_op_kind kind;
	uint64_t txn;			/* of the transition that asked for it; 0 = nobody waits for the result */
	struct rg_plan plan;
	unsigned at;
	uint64_t child;			/* id of the program that runs, 0 = none */
	bool abort;			/* ended at the next end of a program */
	bool init;			/* the stop before taking part */
	bool failed;
	bool recovering;		/* CHECK: the program that runs is `recover` */
	unsigned n_down;		/* DELTA, SUBTREE: so many steps are stops */
	char why[RG_WHY_MAX];
	char target[64];		/* MIGRATE */
	uint64_t begun_ms;
};

/* What this node knows and does by itself about a service. */
struct rg_local {
	struct rg_inst *tree;		/* by which it was started */
	struct rg_inst *next;		/* of the configuration in force, when that is another */
	char fault[RG_WHY_MAX];		/* why there is no tree */
	bool fresh_tree;		/* `next` has not been compared yet */
	bool rebuild;			/* a configuration came while an operation used the trees */
	bool active;			/* may be running here: from a start's begin to a stop that went well */
	bool inited;			/* was stopped here once */
	bool init_failed;		/* ... or that failed: it may be active here */
	bool stop_failed;
	bool inherited;			/* frozen, runs on from this daemon's former life */
	bool last_try;			/* this node shuts down, and has begun to stop it once more */
	uint64_t done_txn;		/* the result of this transition's operation has been sent */
	uint64_t failed_txn;		/* all were told that it failed: nothing more is done about it here */
	struct rg_op op;
	struct rg_window restarts;
	uint64_t lost_ms, fenced_ms, decided_ms;	/* stages of the failover under way */
};

struct rg_svc {
	char name[RG_NAME_MAX];
	/* replicated */
	enum rg_state state;
	uint32_t owner, last_owner;
	uint32_t restarts;
	uint64_t transition_us;		/* 0 = none ever: fresh */
	uint32_t flags;
	uint64_t txn;			/* grows with every transition */
	enum rg_want want;
	uint32_t target;		/* where a relocation shall go, 0 = anywhere */
	uint32_t moving;		/* where a migration takes it whose end is not known: it may be active there; 0 = none */
	uint32_t home;			/* RELOCATE: where it came from: the last resort */
	struct rg_ids tried;
	uint32_t req_node, req_asked;	/* who asked; the node that clusvcadm named */
	uint64_t req_ticket;
	enum rg_verb req_verb;
	bool armed;			/* stopped, and to be considered for a start */
	bool gone;			/* not in cluster.conf any more */
	struct rg_ids init_wait;	/* members that have not stopped it once yet */
	/* Nodes where it may be active: of a failed one, and of one that is known from disks only (noted). */
	struct rg_ids left_at;
	bool noted;
	struct rg_ids late;		/* nodes that got ready while it could not be moved: asked again when it can */
	char why[RG_WHY_MAX];
	struct rg_local local;
};

struct rg_ticket {
	uint64_t ticket, client;	/* client: waits for an answer right now, 0 = none */
	uint64_t deadline_ms, wait_until_ms;
	char svc[RG_NAME_MAX];
	bool done;
	int code;
	uint32_t owner;
	char why[RG_WHY_MAX];
};

struct rg_stats {
	uint64_t stale_results, ignored, bad_messages;
};

/* The note on this node's disk (rg_left.c): `text` is what it shall hold. Generations: 0 is what was found there. */
struct rg_keeper {
	struct clu_buf text;
	bool any;			/* text names a service */
	bool said;			/* told the group what it held before */
	bool storing;
	uint64_t gen, storing_gen, stored_gen, store_id;
	uint64_t retry_ms;		/* after a write that failed; 0: none has */
	unsigned failures;
};

struct rg {
	struct rg_options opt;
	/* replicated */
	uint64_t version;		/* of the configuration in force, 0 = none */
	struct rg_rm *rm;
	struct rg_node nodes[RG_MAX_NODES];
	unsigned n_nodes;
	struct rg_svc **svcs;
	unsigned n_svcs;
	uint64_t view_no;
	bool quorate;			/* the last that was said; see rg_may_start */
	bool locked, go;
	/* local */
	uint32_t self;
	char self_name[256];
	uint64_t seed;
	bool admitted;
	bool corosync_gone, shutdown, leave_asked, exiting;
	bool quorum_known, local_quorate;
	struct clu_ring quorum_ring;
	struct rg_ids up;		/* nodes that corosync knows as up */
	struct rg_ids quorum_waits;	/* lost nodes that the quorum service has not dropped yet */
	struct clu_ring loss_ring;
	uint64_t said_quorum_view;	/* view_no + 1 for which we have spoken */
	bool said_quorate;
	struct clu_conf *conf;		/* newest committed one that we know */
	uint64_t conf_sent;
	bool ready_sent, init_done;
	bool fence_heard;		/* its first word has been passed on */
	uint64_t fence_origin;		/* of the state that word was about */
	/* Newest fencing of a node that we have told the others: not in nodes[], where they do not have it yet. */
	struct { uint32_t nodeid; uint64_t seq; } fence_said[RG_MAX_NODES];
	unsigned n_fence_said;
	Hawser__FencedNews *fence;	/* newest word */
	const char *told_wait;		/* why this node does not take part yet, as it was noted */
	uint64_t go_since_ms;
	struct rg_keeper left;
	struct rg_ids kept;		/* members whose disks hold what we leave running */
	uint64_t keep_by_ms;		/* 0: nobody is waited for yet */
	bool stop_asked;		/* nobody wrote it down: told all that it is stopped */
	uint64_t next_child, next_ticket;
	struct rg_ticket tickets[RG_MAX_TICKETS];
	unsigned n_tickets;
	struct rg_stats stats;
	/* of the step under way */
	struct clu_out *out;
	uint64_t now_ms, wall_us;
	int error;
};

/* rg_core.c */
struct rg_node *rg_node_find(struct rg *rg, uint32_t nodeid);
struct rg_node *rg_node_get(struct rg *rg, uint32_t nodeid);	/* made if new; NULL when the table is full */
const char *rg_node_name(const struct rg *rg, uint32_t nodeid);
bool rg_takes_part(const struct rg_node *n);	/* services may run there */
bool rg_is_lowest(const struct rg *rg);		/* of the members: speaks for all, where one must */
bool rg_any_lost(const struct rg *rg);
bool rg_may_start(const struct rg *rg);		/* quorum confirmed in this view, nobody unfenced, not locked */
void rg_send(struct rg *rg, Hawser__RgMessage *m);
void rg_note_node(struct rg *rg, enum clu_level level, const char *event, uint32_t nodeid, const char *from, const char *to,
	const char *why);
bool rg_ids_has(const struct rg_ids *s, uint32_t id);
void rg_ids_add(struct rg_ids *s, uint32_t id);
void rg_ids_del(struct rg_ids *s, uint32_t id);

/* rg_svc.c */
struct rg_svc *rg_svc_find(struct rg *rg, const char *name);
struct rg_svc *rg_svc_add(struct rg *rg, const char *name);
void rg_svc_drop(struct rg *rg, struct rg_svc *s);
void rg_svc_reset(struct rg_svc *s);		/* all that is replicated, as of a new one; what is local stays */
bool rg_state_active(enum rg_state s);		/* starting, started, stopping, recoverable */
/*
 * The one writer of a service's state. A node in `owner` stays owner in active states; in others
 * the old owner becomes last_owner.
 */
void rg_svc_set(struct rg *rg, struct rg_svc *s, enum rg_state state, uint32_t owner, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void rg_svc_stop(struct rg *rg, struct rg_svc *s, enum rg_state state, enum rg_want want, const char *why);
void rg_svc_fresh(struct rg *rg, struct rg_svc *s, const char *why);
/* Ends the request that waits on the service, if there is one. */
void rg_svc_answer(struct rg *rg, struct rg_svc *s, int code, const char *why);
/* What a service waits for, and the command that ends it; false when for nothing. */
bool rg_svc_waits(struct rg *rg, const struct rg_svc *s, struct clu_buf *wait, struct clu_buf *remedy);

/* rg_eval.c */
void rg_evaluate(struct rg *rg);
void rg_arm_all(struct rg *rg);
void rg_failback(struct rg *rg, uint32_t nodeid);
/* Where it would be placed now and why (may be NULL); why_not tells about the nodes that do not fit. */
uint32_t rg_choose(struct rg *rg, const struct rg_svc *s, struct clu_buf *why, struct clu_buf *why_not);
enum rg_rating rg_rate(struct rg *rg, const struct rg_svc *s, uint32_t nodeid, enum rg_why_not *why);
bool rg_depend_met(struct rg *rg, const struct rg_svc *s);
/* Where a migration may have taken it, it is stopped as well before anything else. true when that was begun. */
bool rg_svc_follow(struct rg *rg, struct rg_svc *s);
/* Next step of a service whose stop (or failed start) has ended well. */
void rg_svc_next(struct rg *rg, struct rg_svc *s);

/* rg_apply.c */
void rg_apply(struct rg *rg, uint32_t from, const Hawser__RgMessage *m);
/* rg_view.c */
void rg_on_view(struct rg *rg, const struct clu_view *v);
void rg_on_quorum(struct rg *rg, const struct clu_quorum *q);
void rg_on_fenced(struct rg *rg, const struct clu_peer *p);
void rg_say_fenced(struct rg *rg);
/* A node has said that everything is stopped there: the loss of its services is settled, fenced or not. */
void rg_came_back_stopped(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m);
void rg_apply_quorum(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m);
void rg_apply_fenced(struct rg *rg, const Hawser__RgMessage *m);
void rg_say_quorum(struct rg *rg);
void rg_ask_fence_due(struct rg *rg);
/* rg_leave.c */
/* Frozen, and not on its way: it is left running also where rgmanager ends in order. */
bool rg_is_left_alone(const struct rg_svc *s);
bool rg_nothing_here(struct rg *rg);		/* all is stopped that has to be before this daemon ends */
void rg_apply_leaving(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m);
void rg_say_leaving(struct rg *rg);
uint64_t rg_leave_deadline(const struct rg *rg);
/* rg_left.c */
void rg_left_act(struct rg *rg);		/* says what the disk holds, brings the disk up to date */
void rg_left_stored(struct rg *rg, const struct clu_stored *st);
uint64_t rg_left_deadline(const struct rg *rg);
bool rg_left_by(const struct rg *rg, uint32_t nodeid);	/* would others have to write down something of this node? */
bool rg_noted_at(const struct rg *rg, uint32_t nodeid);	/* is a service known from disks only that may be active there? */
bool rg_all_told(const struct rg *rg);
void rg_apply_left(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m);
/* Nothing is left at the node, but for what it inherits itself (m, may be NULL). */
void rg_left_over(struct rg *rg, const struct rg_node *n, const Hawser__RgMessage *m);
/* rg_view.c */
/* The last member leaves: what only it knows is handed on to fenced, which the next rgmanager of the cluster asks. */
void rg_ask_fence_last(struct rg *rg);
uint64_t rg_ask_fence_deadline(const struct rg *rg);
/* rg_conf.c */
void rg_on_config(struct rg *rg, const struct clu_config *c);
void rg_say_conf(struct rg *rg);
void rg_apply_conf(struct rg *rg, uint64_t version, const void *data, size_t len);
void rg_tree_renew(struct rg *rg, struct rg_svc *s);	/* reads the service's tree from the document in force */
/* rg_request.c */
void rg_on_request(struct rg *rg, const struct clu_request *q);
void rg_on_client_gone(struct rg *rg, uint64_t client);
void rg_apply_op(struct rg *rg, uint32_t from, const Hawser__RgMessage *m);
void rg_tickets_due(struct rg *rg);
uint64_t rg_tickets_deadline(const struct rg *rg);
void rg_ticket_end(struct rg *rg, uint64_t ticket, int code, uint32_t owner, const char *why);
void rg_tickets_abort(struct rg *rg, int code, const char *why);
/* rg_local.c */
void rg_local_act(struct rg *rg);		/* brings this node's operations in line with the state */
void rg_local_ended(struct rg *rg, struct rg_svc *s);
uint64_t rg_local_deadline(const struct rg *rg);
/* rg_op.c */
void rg_op_begin(struct rg *rg, struct rg_svc *s, enum rg_op_kind kind, uint64_t txn);
void rg_op_run(struct rg *rg, struct rg_svc *s);
void rg_op_end(struct rg *rg, struct rg_svc *s);
void rg_op_abort(struct rg *rg, struct rg_svc *s);
void rg_on_child(struct rg *rg, const struct clu_child_end *e);
/* rg_check.c */
uint64_t rg_check_deadline(const struct rg_svc *s);
bool rg_check_plan(struct rg *rg, struct rg_svc *s);
void rg_check_failed(struct rg *rg, struct rg_svc *s, struct rg_inst *i);
/* rg_msg.c */
int rg_snapshot(const void *core, struct clu_buf *ret);
int rg_load(struct rg *rg, const void *data, size_t len);
/* rg_dump.c */
void rg_dump(const void *core, struct clu_buf *ret);
void rg_status(struct rg *rg, uint64_t client);

#endif
