/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of cmand's core, for its own files: core, agree, say. */
#ifndef CMAND_CORE_PRIV_H
#define CMAND_CORE_PRIV_H

#include "clu_conf.h"
#include "clu_out.h"
#include "cmand.pb-c.h"
#include "cmand_core.h"

#define CMAND_WHY_MAX 1024
#define CMAND_MAX_WAITING 64

struct cmand_node {
	uint32_t nodeid;
	Hawser__CmandState state;
	uint64_t version;
	char why[CMAND_WHY_MAX];
};

/* Replicated state: written on VIEW, MESSAGE and STATE only. */
struct cmand_group {
	struct cmand_node nodes[CLU_MAX_NODES];	/* the members, ascending */
	unsigned n;
	uint64_t reload;		/* number of the one that is open; 0: none */
	uint32_t reload_from;
	uint64_t reload_version;
	bool reload_missed;		/* somebody has come since it began, whose corosync may have read an older file */
	uint64_t reloads;
	uint64_t tried;			/* corosync was asked to take over this version, and said yes */
};

struct cmand_waiting {
	uint64_t client;		/* 0: free */
	uint64_t version;
	bool again;			/* its AGAIN has not come back yet */
	uint64_t since_ms;
};

/* Ids of children. */
enum { CMAND_CHILD_LOOK = 1, CMAND_CHILD_RELOAD = 2, CMAND_CHILD_ANSWER = 3 };

struct cmand_core {
	char *apply;
	struct cmand_group g;

	/* local */
	uint32_t nodeid;
	bool member;
	uint64_t now_ms;
	bool leaving;
	uint64_t leave_ms;
	bool quorum_known, quorate;
	uint32_t q_nodes[CLU_MAX_NODES];
	unsigned n_q_nodes;
	struct clu_conf *conf;		/* in force */
	uint64_t version;
	bool look_due;			/* something may have changed since the last look began */
	bool look_said;			/* our LOOK is on its way */
	bool look_allowed;		/* it has come back; the program was not started yet */
	bool looking;			/* the program runs */
	uint64_t look_version;
	uint64_t retry_ms;		/* 0: none is due */
	bool go_said;			/* our GO is on its way */
	bool reloading;			/* our reload runs */
	uint64_t reload_number;
	uint64_t reload_next;		/* to be run when the present one has ended; 0: none */
	bool answering;			/* the answerer runs ... */
	bool answer_end;		/* ... and was told to end, for a new document */
	char noted[CMAND_WHY_MAX];	/* what the log has of the present state */
	struct cmand_waiting waiting[CMAND_MAX_WAITING];
};

/* cmand_agree.c: the replicated part, and what it makes this node do */
void cmand_on_view(struct cmand_core *c, const struct clu_view *v, struct clu_out *out);
void cmand_on_message(struct cmand_core *c, const struct clu_message *m, struct clu_out *out);
int cmand_on_state(struct cmand_core *c, const struct clu_message *m, struct clu_out *out);
int cmand_snapshot(const void *core, struct clu_buf *ret);
/* What is known of each node, for a message: c->g.n of `nodes`, `list` pointing at them. Their texts stay the core's. */
void cmand_pack_nodes(const struct cmand_core *c, Hawser__CmandNode *nodes, Hawser__CmandNode **list);
void cmand_group_reset(struct cmand_core *c);
/* Takes the next step that is possible now. */
void cmand_progress(struct cmand_core *c, struct clu_out *out);
void cmand_look_ended(struct cmand_core *c, const struct clu_child_end *e, struct clu_out *out);
void cmand_reload_ended(struct cmand_core *c, const struct clu_child_end *e, struct clu_out *out);

/* cmand_say.c: what people hear of it */
enum cmand_sum { CMAND_APPLIED, CMAND_APPLYING, CMAND_WAITING, CMAND_RESTART, CMAND_BROKEN };
/* The state of the whole, with its reason in lines (appended). */
enum cmand_sum cmand_sum_up(const struct cmand_core *c, struct clu_buf *why);
void cmand_on_request(struct cmand_core *c, const struct clu_request *r, struct clu_out *out);
/* Answers those who wait if there is something to say; notes a new state. */
void cmand_tell(struct cmand_core *c, struct clu_out *out);
uint64_t cmand_tell_deadline(const struct cmand_core *c);
void cmand_client_gone(struct cmand_core *c, uint64_t client);
void cmand_dump(const void *core, struct clu_buf *ret);

#endif
