/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of ccsd's core, for its own files: core, agree, say, state, disk, request. */
#ifndef CCSD_CORE_PRIV_H
#define CCSD_CORE_PRIV_H

#include "clu_out.h"
#include "ccsd.pb-c.h"
#include "ccsd_core.h"

#define CCSD_WHO_MAX 128
#define CCSD_REASON_MAX 512

enum ccsd_quorum { CCSD_Q_UNKNOWN, CCSD_Q_NO, CCSD_Q_YES };

/* Whether the group's document stands without asking again; see ccsd_core.h. */
enum ccsd_line { CCSD_LINE_NONE, CCSD_LINE_AFTER_LOSS, CCSD_LINE_KEPT };

struct ccsd_status {
	bool have;
	enum ccsd_quorum quorum;
	uint64_t file_version, file_digest;
	uint64_t rec_ballot, rec_version, rec_digest;
};

struct ccsd_prop {
	bool open;
	bool sync;
	uint64_t ballot;
	struct ccsd_doc *doc;
	uint32_t from;
	uint64_t tag;
	char who[CCSD_WHO_MAX];
	uint64_t opened_ms;	/* local: when we saw it */
	bool refused;		/* local: we have said NACK */
};

/* Replicated state: written on VIEW, MESSAGE and STATE only. */
struct ccsd_group {
	uint64_t round;
	bool established;
	enum ccsd_line line;
	uint64_t ballot_max;
	uint64_t doc_ballot;
	struct ccsd_doc *doc;	/* what is agreed; has a meaning while line is not NONE */
	struct ccsd_prop prop;
	struct ccsd_status st[CLU_MAX_NODES];	/* beside members[] */
};

enum ccsd_req_state {
	CCSD_REQ_NONE,
	CCSD_REQ_QUEUED,	/* waits until the group is established */
	CCSD_REQ_SENT,		/* our PROPOSE is on its way or open */
	CCSD_REQ_ABORTING,	/* our ABORT is on its way */
	CCSD_REQ_COMMITTED	/* agreed; our own file is being written */
};

struct ccsd_req {
	enum ccsd_req_state state;
	uint64_t client;
	uint64_t tag;
	uint64_t ballot;
	uint64_t start_ms;
	uint64_t old_version;
	struct ccsd_doc *doc;
	char who[CCSD_WHO_MAX];
};

enum ccsd_store { CCSD_STORE_NONE, CCSD_STORE_RECORD, CCSD_STORE_ASIDE, CCSD_STORE_FILE, CCSD_STORE_HISTORY };

struct ccsd_core {
	char *conf_path, *record_path, *history_path;
	ccsd_check_fn check;
	ccsd_change_fn change;
	void *check_ctx;
	struct ccsd_doc *checked;	/* the last one that was found valid here */
	char checked_cluster[256];

	uint32_t nodeid;
	char node_name[256];
	uint64_t now_ms, wall_us;
	bool leaving;
	uint64_t leave_ms;

	/* group */
	bool member;
	uint32_t members[CLU_MAX_NODES];
	unsigned n_members;
	struct ccsd_group g;
	uint64_t sync_round;	/* round in which we sent a sync */
	bool status_due;	/* a status is owed as soon as the store in flight has ended */
	struct ccsd_status said;
	uint64_t said_round;

	/* quorum notice */
	bool quorum_known, quorate;
	uint32_t q_nodes[CLU_MAX_NODES];
	unsigned n_q_nodes;
	uint64_t ring_seq;

	/* disk */
	struct ccsd_doc *file;
	uint64_t rec_ballot;
	struct ccsd_doc *rec;
	bool rec_found;			/* at the start: nobody here knows what became of it */
	struct ccsd_doc *aside;		/* kept beside already */
	struct ccsd_doc *force;		/* in force on this node */
	char cluster[256];		/* its cluster's name */
	enum ccsd_store storing;
	uint64_t store_id;
	uint64_t store_ballot;
	struct ccsd_doc *store_doc;
	uint64_t retry_ms;		/* 0: no write is waiting to be tried again */
	unsigned store_failures;
	struct ccsd_newest newest;	/* in our history */
	uint64_t history_retry_ms;	/* as above, for the history alone */
	unsigned history_failures;

	uint64_t next_tag;
	struct ccsd_req req;
};

/*
 * ccsd_core.c: the verdict on a document. One that was found valid is not looked through again: an update would be so
 * three times on each node, and with megabytes that takes its time.
 */
int ccsd_check_doc(struct ccsd_core *c, struct ccsd_doc *d, struct ccsd_verdict *v);
void ccsd_found_valid(struct ccsd_core *c, struct ccsd_doc *d, const struct ccsd_verdict *v);

/* ccsd_agree.c: the replicated part */
void ccsd_on_view(struct ccsd_core *c, const struct clu_view *v, struct clu_out *out);
void ccsd_on_message(struct ccsd_core *c, const struct clu_message *m, struct clu_out *out);
void ccsd_group_reset(struct ccsd_core *c);

/* ccsd_state.c: the snapshot */
int ccsd_on_state(struct ccsd_core *c, const struct clu_message *m, struct clu_out *out);
int ccsd_snapshot(const void *core, struct clu_buf *ret);

/* ccsd_say.c: what this node says */
int ccsd_member_index(const struct ccsd_core *c, uint32_t nodeid);	/* -1: no member */
/* Says our status if it differs from the last one said in this round. */
void ccsd_say_status(struct ccsd_core *c, struct clu_out *out);
enum ccsd_quorum ccsd_my_quorum(const struct ccsd_core *c);
void ccsd_send_propose(struct ccsd_core *c, const struct ccsd_doc *doc, bool sync, uint64_t tag,
	const char *who, uint64_t ballot, struct clu_out *out);
void ccsd_send_abort(struct ccsd_core *c, uint64_t ballot, const char *why, struct clu_out *out);
void ccsd_send_nack(struct ccsd_core *c, const char *why, const struct clu_buf *findings, struct clu_out *out);
uint64_t ccsd_next_ballot(const struct ccsd_core *c);
/* Why updates have to wait, for people; "" when they need not. */
void ccsd_waits_for(const struct ccsd_core *c, char ret[CCSD_REASON_MAX]);

/* ccsd_disk.c: brings the disk to what is agreed, one write at a time */
void ccsd_reconcile(struct ccsd_core *c, struct clu_out *out);
/* When it has something to try again; CLU_NEVER: nothing. */
uint64_t ccsd_disk_deadline(const struct ccsd_core *c);
void ccsd_on_stored(struct ccsd_core *c, const struct clu_stored *s, struct clu_out *out);
void ccsd_put_in_force(struct ccsd_core *c, struct ccsd_doc *doc, const char *why, struct clu_out *out);

/* ccsd_request.c: the clients */
void ccsd_on_request(struct ccsd_core *c, const struct clu_request *r, struct clu_out *out);
void ccsd_req_established(struct ccsd_core *c, struct clu_out *out);
void ccsd_req_back_to_queue(struct ccsd_core *c);
void ccsd_req_finish(struct ccsd_core *c, int error, const char *why, char **findings, size_t n_findings,
	struct clu_out *out);
void ccsd_req_in_force(struct ccsd_core *c, struct clu_out *out);
void ccsd_req_timer(struct ccsd_core *c, struct clu_out *out);
uint64_t ccsd_req_deadline(const struct ccsd_core *c);

#endif
