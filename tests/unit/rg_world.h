/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for rgmanager's core: several cores on one total order, agents
 * that succeed unless told otherwise, a clock that stands still unless moved. S1
 * is looked at after every start of an agent.
 */
#ifndef RG_WORLD_H
#define RG_WORLD_H

#include "rg_priv.h"

#define W_NODES 5

/* Pieces of a cluster.conf: three nodes, domains "d", "nofb" and "only2", one service. */
#define HEAD(version) "<cluster name=\"alpha\" config_version=\"" version "\"><clusternodes>" \
	"<clusternode name=\"n1\" nodeid=\"1\"><fence><method name=\"a\"><device name=\"x\"/></method></fence></clusternode>" \
	"<clusternode name=\"n2\" nodeid=\"2\"><fence><method name=\"a\"><device name=\"x\"/></method></fence></clusternode>" \
	"<clusternode name=\"n3\" nodeid=\"3\"><fence><method name=\"a\"><device name=\"x\"/></method></fence></clusternode>" \
	"</clusternodes><rm>"
#define DOMAINS "<failoverdomains><failoverdomain name=\"d\" ordered=\"1\">" \
	"<failoverdomainnode name=\"n1\" priority=\"1\"/><failoverdomainnode name=\"n2\" priority=\"2\"/>" \
	"<failoverdomainnode name=\"n3\" priority=\"3\"/></failoverdomain>" \
	"<failoverdomain name=\"nofb\" ordered=\"1\" nofailback=\"1\"><failoverdomainnode name=\"n1\" priority=\"1\"/>" \
	"<failoverdomainnode name=\"n2\" priority=\"2\"/></failoverdomain>" \
	"<failoverdomain name=\"only2\" restricted=\"1\"><failoverdomainnode name=\"n2\"/></failoverdomain></failoverdomains>"
#define TAIL "</rm></cluster>"
#define WEB "service:web"
#define RES "<ip address=\"10.0.0.1\"/><script name=\"web\" file=\"/w\"/>"
#define ONE(attrs) HEAD("1") DOMAINS "<service name=\"web\" " attrs ">" RES "</service>" TAIL

/* A program that a core has had run. */
struct w_child {
	uint64_t id;
	unsigned node;
	char op[16], key[96], level[8];
	bool killed;
};

struct world {
	struct rg *core[W_NODES + 1];
	struct clu_out *out;
	struct { uint32_t from; void *data; size_t len; } queue[512];
	unsigned q_head, q_tail;
	struct w_child child[128];
	unsigned n_child;
	bool hold_children;		/* programs do not end by themselves */
	uint32_t hold_nodes;		/* ... on these nodes, a bit each */
	char fails[16][96];
	unsigned n_fails;
	char active[W_NODES + 1][32][96];
	unsigned n_active[W_NODES + 1];
	struct clu_buf left[W_NODES + 1];	/* the note on each node's disk */
	struct { bool under_way; uint64_t id; struct clu_buf text; } store[W_NODES + 1];
	uint32_t hold_disks, full_disks;	/* a bit per node: writes do not end, or fail */
	bool no_init_stop;		/* cores that start from now on run with -N */
	bool alive[W_NODES + 1];	/* runs and is a group member */
	uint64_t fence_seq, done_seq[W_NODES + 1];
	char done_how[W_NODES + 1][16];
	uint32_t victims;		/* a bit per node */
	bool outside;			/* fenced is not in the domain yet */
	uint32_t strangers;		/* a bit per node: no member of the fence domain */
	uint32_t back;			/* a bit per node: fenced, and has been back since */
	uint64_t now_ms;
	uint32_t fence_asked;
	bool exited[W_NODES + 1], fatal[W_NODES + 1];
	struct { uint64_t client; Hawser__RgAnswer *a; int error; unsigned count; } reply[64];
	unsigned n_reply;
	uint64_t next_client;
	struct clu_buf log;		/* "node op key" lines, and notes of state */
	unsigned steps;
	const char *conf_text;
};

/* The agents of this world: service, ip, script, fs, vm. */
struct rg_registry w_registry(void);

struct world *w_new(const char *conf_text);
void w_free(struct world *w);

/* Boots a node: START, configuration, quorum of the nodes that are up, VIEW; then all comes to rest. */
void w_boot(struct world *w, unsigned node);
void w_up(struct world *w, unsigned node);	/* boots, has quorum, and all that follows */
void w_boot_all(struct world *w, unsigned n);
/* The node is gone; the others hear of it (VIEW, quorum). */
void w_crash(struct world *w, unsigned node);
void w_process_dies(struct world *w, unsigned node);
void w_ends(struct world *w, unsigned node);		/* SIGTERM: its rgmanager ends in order; what it left running stays */
void w_fenced(struct world *w, unsigned node, const char *how);	/* fenced says so to all */
void w_victim(struct world *w, unsigned node);		/* fenced waits to fence it */
void w_quorum(struct world *w, unsigned node, bool quorate);
void w_config(struct world *w, const char *conf_text);
/* "2 start ip:a": on node 2 the start of ip:a fails from now on. */
void w_fail(struct world *w, const char *what);
void w_unfail(struct world *w);
void w_time(struct world *w, uint64_t ms);		/* moves the clock; TIMER where due */
void w_run(struct world *w);				/* until nothing is pending */
uint64_t w_op(struct world *w, unsigned node, const char *op, const char *svc, unsigned target);
int w_result(struct world *w, uint64_t client);		/* code of the op once done; fails the test if it is not */
bool w_pending(struct world *w, uint64_t client);
void w_step(struct world *w, unsigned node, struct clu_event *ev);
struct rg_svc *w_svc(struct world *w, unsigned node, const char *name);
bool w_active(const struct world *w, unsigned node, const char *key);
void w_end_children(struct world *w);
/* All live members hold the same replicated state. */
void w_same(struct world *w);

/* The service's state and owner as every live member holds them; all members hold the same. */
void w_expect(struct world *w, const char *svc, enum rg_state state, uint32_t owner);
struct world *w_frozen(unsigned nodes);	/* all members run, and web is frozen on n1 */
/* Does the note on this node's disk have this line? */
bool w_noted(const struct world *w, unsigned node, const char *line);
void w_note(struct world *w, unsigned node, const char *text);	/* puts it there */
bool w_logged(const struct world *w, const char *text);
void w_log_reset(struct world *w);
/* A message as if `from` had sent it. */
void w_say(struct world *w, uint32_t from, Hawser__RgMessage *m);

#endif
