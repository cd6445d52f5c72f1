/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several ccsd cores over the real group layer and a small transport with CPG's promises. One world at a time: W. */
#ifndef CCSD_WORLD_H
#define CCSD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ccsd_core.h"
#include "clu_group.h"
#include "clu_out.h"

#define N 5
#define QUEUE 4096
#define MAX_VERSION 4096

struct bytes {
	char *data;
	size_t len;
};

struct node {
	uint32_t id;
	bool up;			/* ccsd runs */
	bool cs;			/* corosync runs */
	int side;
	struct ccsd_core *core;
	struct clu_group *g;
	struct clu_out *out;
	struct bytes q[QUEUE];		/* sent, not yet delivered */
	unsigned q_head, q_tail;
	bool q_due, q_quorate;		/* a quorum notice is on its way */
	uint32_t q_nodes[N];
	unsigned q_n;
	uint64_t q_ring;
	bool store_busy, store_fails, history_fails;
	uint64_t store_id;
	char store_what;		/* f, r, a, h */
	unsigned store_slot;
	struct bytes store_data;
	/* the disk */
	struct bytes file, record, aside, kept[CCSD_HISTORY_MAX];
	char aside_path[64];
	/* what it says */
	uint64_t force_version, force_digest;
	unsigned news, fatals, exits;
};

struct world {
	struct node n[N + 1];
	unsigned nodes;			/* in the configuration: for quorum */
	uint64_t rng, ring, now;
	uint64_t by_version[MAX_VERSION];	/* digest that was in force */
	uint64_t max_force;
	uint64_t next_client;
	/* last answer, and how many there were for each client */
	unsigned asked, answered, dropped;
	int error;
	uint64_t version;
	char why[1024];
	char findings[1024];
	uint64_t acked;
	bool by_hand;			/* files put into place by hand may clash: do not check versions */
	struct bytes document;
};

extern struct world *W;

/* By chance, from W->rng. */
uint64_t cw_rnd(void);
/* A copy, NUL-terminated; what was there is freed. */
void cw_set(struct bytes *b, const void *data, size_t len);
void cw_clear(struct bytes *b);
/* "VERSION CLUSTER FAULTY-ON TEXT": FAULTY-ON is 0 (valid), 9 (nowhere valid) or a node id. */
int cw_check(void *ctx, const void *data, size_t len, struct ccsd_verdict *ret);
/* FAULTY-ON 8: no change to it is allowed from version 1. */
int cw_change_check(void *ctx, const struct ccsd_doc *old, const struct ccsd_doc *new, const uint32_t *members,
	unsigned n_members, struct clu_buf *findings);
/* One event for its core, and all that it asks for. */
void cw_step(struct node *n, struct clu_event *ev);
/* The next message, quorum notice, end of a write of a node. */
void cw_deliver_one(struct node *from);
void cw_deliver_quorum(struct node *n);
void cw_finish_store(struct node *n);
/* Quorum notices for a side: they come at some later moment, before or after the view they belong to. */
void cw_quorum_changed(int side);
/* One ring change for a side. */
void cw_change(int side, const bool *joined, const bool *left, enum clu_left how);
/* A node and its ccsd: begin, end without a trace, be lost to the others, crash. */
void cw_start(unsigned i);
void cw_drop_node(unsigned i);
void cw_lose(unsigned i, enum clu_left how);
void cw_crash(unsigned i);
/* Nodes of side 0 go to the sides given. */
void cw_split(const int *to);
/* Side b comes to side a. */
void cw_merge_two(int a, int b);
bool cw_is_split(void);
/* All sides become one. */
void cw_merge(void);
/* Things by chance, one after the other. */
void cw_move_some(unsigned steps);
/* Until nothing moves. Messages only: writes and quorum notices too unless they are held. */
void cw_settle(void);
/* The clock goes on, with TIMER where one is due. */
void cw_pass_time(uint64_t ms);
/* Requests of operators, and a file put into place without them. */
void cw_ask(unsigned i, const char *verb, const char *text, bool admin);
void cw_update(unsigned i, const char *text);
void cw_put_file(unsigned i, const char *text);
/* Setup and teardown of cmocka: a world of three configured nodes that hold version 1. */
int cw_new_world(void **state);
int cw_end_world(void **state);
void cw_start_three(void);
/* The history of a node as "VERSION/WHO/NODE ..." from the oldest on, in a static buffer. */
const char *cw_history(unsigned i);
/* All that run have this version in force, and this file. */
void cw_all_have(uint64_t version, const char *file);

#endif
