/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for cmand's core: one side, one total order; a node is a corosync (what it runs with), a disk (what it would
 * read) and a cmand. It looks after every reload that all nodes had the same file and nobody wrote.
 */
#ifndef CMAND_WORLD_H
#define CMAND_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmand_core_priv.h"

#define CW_NODES 4
#define CW_QUEUE 512
#define CW_MAX_ANSWERS 64

struct cw_packet { char *data; size_t len; };

struct cw_node {
	uint32_t id;
	bool up;			/* corosync */
	struct cmand_core *core;	/* NULL: no cmand */
	uint64_t runs, disk;		/* versions */
	uint64_t conf;			/* CONFIG event it had last */
	bool looking, written, tried;	/* cman_apply look */
	uint64_t look_version;
	bool reloading, asked, reload_ok;
	uint64_t held;			/* its corosync cannot take over this version */
	uint64_t fails;			/* so many looks fail */
	struct cw_packet q[CW_QUEUE];
	unsigned head, tail;
	char log[4096];
};

extern struct cw_world {
	struct cw_node n[CW_NODES + 1];
	uint64_t version, now, rng, next_client, refused;	/* refused: corosync keeps the former one instead */
	unsigned reloads;
	struct { uint64_t client; int error; char state[16]; char why[512]; uint64_t version; } answers[CW_MAX_ANSWERS];
	unsigned n_answers;
} cw;

unsigned cw_rnd(unsigned below);
void cw_step(struct cw_node *n, struct clu_event *ev);
void cw_go_on_reloading(struct cw_node *n);
void cw_start_daemon(struct cw_node *n);
void cw_start_with(struct cw_node *n, uint64_t version);
/* Its corosync starts with what its ccsd has: the newest, as join brings it. */
void cw_start_node(struct cw_node *n);
void cw_kill_daemon(struct cw_node *n);
void cw_crash(struct cw_node *n);
bool cw_move_one(void);
void cw_settle(void);
void cw_pass(uint64_t ms);
uint64_t cw_ask(struct cw_node *n, const char *verb, uint64_t version, bool admin);
/* The state that was answered to this client, "" when nothing was. */
const char *cw_answered(uint64_t client);
const char *cw_why(void);
void cw_expect(struct cw_node *n, const char *state);
void cw_begin(uint64_t seed, unsigned nodes);
void cw_end(void);
void cw_update(void);

#endif
