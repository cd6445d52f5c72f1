/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for the fence domain's core: several nodes with the real group
 * layer over a transport with CPG's promises, virtual time, and agents that end
 * when and how the test says. After every event it checks what must always hold.
 */
#ifndef FDOM_WORLD_H
#define FDOM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clu_group.h"
#include "fenced_priv.h"

#define FW_NODES 5
#define FW_CHILDREN 256

enum fw_agent { FW_HANG, FW_OK, FW_FAIL };	/* what every newly started agent does at the next pump */

struct fw_child {
	uint64_t id;
	char agent[64];
	char input[512];
	uint32_t victim;
	bool alive, killed;
};

struct fw_packet {
	uint32_t from;
	int side;
	void *data;
	size_t len;
	struct fw_packet *next;
};

struct fw_node {
	struct fw_world *w;
	uint32_t id;
	bool up;		/* the machine with corosync */
	bool daemon;		/* fenced */
	int side;
	uint64_t incarnation;
	struct clu_group *g;
	struct fdom *d;
	bool said_quorate;
	uint32_t seen[FW_NODES];	/* members of the last confchg */
	unsigned n_seen;
	struct fw_child child[FW_CHILDREN];
	unsigned n_child;
	char notes[65536];
	size_t notes_len;
	/* Last reply and last news. */
	uint64_t replied;
	int reply_error;
	char reply_why[256];
	Hawser__FencedNews *news;
	uint32_t killed_node;
	bool fatal, exited;
};

struct fw_world {
	struct fw_node n[FW_NODES + 1];		/* by node id, 1.. */
	unsigned count;
	uint64_t now_ms, ring, next_client, next_incarnation;
	enum clu_left how[FW_NODES + 1];	/* how a node that vanishes now is reported */
	unsigned votes_needed;
	enum fw_agent agent;
	bool quorum_first;			/* QUORUM before VIEW at a change */
	bool no_quorum_event;			/* hold QUORUM back */
	struct clu_conf *conf;
	struct fdom_options opt;
	struct fw_packet *head, **tail;
	unsigned succeeded[FW_NODES + 1];	/* agents, acks, external words per victim */
	bool lax;				/* two-node clusters: both sides may fence */
	bool stubborn;				/* agents go on when they are told to end */
	bool power;				/* an agent that succeeds really switches the machine off */
	bool changed;				/* ... and the membership change of that is still to come */
};

void fw_init(struct fw_world *w, unsigned nodes, const char *fence_daemon_attrs);
void fw_done(struct fw_world *w);

void fw_pump(struct fw_world *w);			/* until nothing is under way */
void fw_advance(struct fw_world *w, uint64_t ms);	/* timers included */
void fw_start(struct fw_world *w, uint32_t id);		/* machine and daemon */
void fw_start_daemon(struct fw_world *w, uint32_t id);
void fw_crash(struct fw_world *w, uint32_t id);
void fw_kill_daemon(struct fw_world *w, uint32_t id);
void fw_side(struct fw_world *w, uint32_t id, int side);	/* several, then fw_change() */
void fw_change(struct fw_world *w);			/* new membership everywhere, events, pump */
void fw_quorum(struct fw_world *w);			/* QUORUM events for the present state */
void fw_all_join(struct fw_world *w);			/* start and join every node */
/* A domain of three nodes. attrs: of fence_daemon; the usual delays: */
#define FW_DEFAULTS "post_join_delay='6' post_fail_delay='0'"
void fw_three(struct fw_world *w, const char *attrs);

int fw_ask(struct fw_world *w, uint32_t id, const char *verb, uint32_t about, bool admin);	/* reply's error */
void fw_event(struct fw_world *w, uint32_t id, struct clu_event *ev);
void fw_feed(struct fw_node *n, struct clu_event *ev);	/* the same, of a daemon that is known to run */
/* An agent of the node ends. */
void fw_child_event(struct fw_world *w, struct fw_node *n, struct fw_child *c, int exit_code, int sig, const char *tail);
struct fw_child *fw_child(struct fw_world *w, uint32_t id, uint32_t victim);	/* running agent or NULL */
void fw_child_end(struct fw_world *w, uint32_t id, uint32_t victim, int exit_code, const char *tail);
unsigned fw_started(const struct fw_world *w, uint32_t id, uint32_t victim);	/* agents ever run there for it */
const Hawser__FencedVictim *fw_victim(struct fw_world *w, uint32_t id, uint32_t victim);	/* as told by id */
const Hawser__FencedDone *fw_last(struct fw_world *w, uint32_t id, uint32_t victim);
bool fw_noted(const struct fw_world *w, uint32_t id, const char *text);

#endif
