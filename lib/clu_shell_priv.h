/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the shell: what its parts (clu_shell_*.c) know of each other.
 *
 *   opts      the command line
 *   main      one instance, background, watchdog process, signals, start and end
 *   run       feeds events to the core, carries out its actions, keeps its one timer
 *   corosync  connects to corosync, notices its end, asks it who we are
 *   cpg       the group: messages and views, joining and leaving; cpg_out: what is sent
 *   quorum    quorum and node list
 *   peers     connections to ccsd and fenced
 *   worker    the thread for everything that may block: files, corosync's kill_node
 *
 * One thread runs all but the worker's jobs. The core is never entered again before
 * its step's actions are carried out: an event that arises meanwhile is queued.
 */
#ifndef CLU_SHELL_PRIV_H
#define CLU_SHELL_PRIV_H

#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <qb/qbloop.h>

#include "clu_child.h"
#include "clu_conf.h"
#include "clu_group.h"
#include "clu_ipc_server.h"
#include "clu_shell.h"

#define CLU_SHELL_NS_PER_MS 1000000ull

struct clu_queued_event;	/* clu_shell_run.c */
struct clu_mcast;		/* clu_shell_cpg_out.c */
struct clu_held;		/* clu_shell_cpg.c */
struct clu_shell_peer;		/* clu_shell_peers.c */
struct clu_worker;		/* clu_shell_worker.c */

struct clu_shell_timer {
	qb_loop_timer_handle handle;
	bool set;
};

/* The connection to CPG. */
struct clu_shell_cpg {
	cpg_handle_t handle;
	int fd;
	bool open;
	bool want_join, join_sent, joined;	/* asked for; taken by corosync; our own confchg has come */
	bool want_leave, leave_sent;
	bool used;			/* has left: good for no further join */
	struct clu_mcast *queue, **queue_end;	/* not yet taken by corosync */
	unsigned n_queue, max_queue;
	size_t queue_bytes;
	uint64_t n_sent, n_blocked, n_received;
	unsigned backoff_ms;
	struct clu_shell_timer retry;
	struct clu_ring ring;		/* of the last totem confchg */
	uint32_t ring_nodes[CLU_MAX_NODES];	/* who was in it */
	unsigned n_ring_nodes;
	struct clu_held *held, **held_end;	/* behind a loss whose ring id is not known yet */
	struct clu_shell_timer no_ring;
};

struct clu_shell_quorum {
	quorum_handle_t handle;
	int fd;
	bool open;
	bool early;		/* asked for in front of a message */
	bool kept;		/* `later` waits until the group's news of its ring have come */
	struct clu_quorum later;
	uint32_t later_nodes[CLU_MAX_NODES];
};

struct clu_shell {
	const struct clu_daemon *d;
	void *core, *device;
	qb_loop_t *loop;
	bool foreground, debug, no_watchdog;

	/* run */
	struct clu_out *out;
	bool stepping;
	bool ended;			/* no more events */
	bool shutting_down;		/* the core was told */
	int code;
	struct clu_queued_event *queue, **queue_end;
	uint64_t deadline;
	struct clu_shell_timer timer;
	uint64_t n_events[CLU_NEVENTS];

	struct clu_children *children;
	struct clu_ipc_server *ipc;
	struct clu_worker *worker;
	struct clu_conf *conf;		/* the last one delivered */

	/* corosync */
	struct clu_group *group;
	struct clu_shell_cpg cpg;
	struct clu_shell_quorum quorum;
	bool corosync_lost;		/* noticed, not yet dealt with */
	struct clu_shell_timer reconnect;
	uint32_t nodeid;
	char node_name[256];
	uint64_t incarnation;

	struct clu_shell_peer *ccsd, *fenced;

	struct clu_shell_timer alive;	/* when the service manager is told next that the loop goes round */
	uint64_t alive_ms;
};

/* ---- opts ---- */

/* 0, or negative errno: end with *ret_exit; all has been said. */
int clu_shell_opts(struct clu_shell *s, int argc, char **argv, int *ret_exit);

/* ---- run ---- */

int clu_shell_run_init(struct clu_shell *s);
void clu_shell_run_fini(struct clu_shell *s);
/* Gives an event to the core (or queues a copy while it steps) and carries out what it wants. */
void clu_shell_feed(struct clu_shell *s, struct clu_event *ev);
/* Ends the loop with this exit code; the first call counts. */
void clu_shell_end(struct clu_shell *s, int code);
void clu_shell_dump(struct clu_shell *s, struct clu_buf *ret);		/* the core's */
void clu_shell_dump_self(struct clu_shell *s, struct clu_buf *ret);	/* the group's and our own */
void clu_shell_timer_set(struct clu_shell *s, struct clu_shell_timer *t, uint64_t ms, void *data,
	qb_loop_timer_dispatch_fn fn);
void clu_shell_timer_drop(struct clu_shell *s, struct clu_shell_timer *t);
uint64_t clu_shell_now_ms(void);
/* Random bytes; never fails. */
uint64_t clu_shell_random(void);

/* ---- corosync ---- */

bool clu_shell_wants_corosync(const struct clu_shell *s);
/*
 * Start: connects, learns node id and name, and feeds START. Without
 * CLU_WANT_NO_COROSYNC it waits up to 10 s for a corosync that is starting, and
 * fails with the reason in why.
 */
int clu_shell_corosync_start(struct clu_shell *s, struct clu_buf *why);
/* Called by whoever notices its end; the rest happens from the loop. */
void clu_shell_corosync_lost(struct clu_shell *s);
/*
 * More waits to be sent than CLU_GROUP_WAIT_MAX: corosync takes nothing, or far too little. No message may be left
 * out, so it is given up, as if it had ended: the core brings to a safe end what it does, and the other nodes
 * see this daemon go.
 */
void clu_shell_corosync_stuck(struct clu_shell *s);
void clu_shell_corosync_close(struct clu_shell *s);
const char *clu_shell_cs_text(cs_error_t e);

/* ---- cpg ---- */

/* CS_OK, or what corosync said. */
cs_error_t clu_shell_cpg_open(struct clu_shell *s, uint32_t *ret_nodeid);
void clu_shell_cpg_close(struct clu_shell *s);
void clu_shell_cpg_join(struct clu_shell *s);
void clu_shell_cpg_leave(struct clu_shell *s);
/* Handles all events that wait now. */
void clu_shell_cpg_drain(struct clu_shell *s);
/* The group on this node id (clu_group_host over CPG). */
int clu_shell_group_new(struct clu_shell *s);
/* Join, then messages, then leave: as far as corosync takes them now. */
void clu_shell_cpg_push(struct clu_shell *s);
void clu_shell_cpg_drop_queue(struct clu_shell_cpg *c);

/* ---- quorum ---- */

cs_error_t clu_shell_quorum_open(struct clu_shell *s);
void clu_shell_quorum_close(struct clu_shell *s);
/*
 * Called in front of each message of the group: what corosync said of quorum before it is told before it. A message of
 * our own that comes back is then known to come back with the quorum that was told last.
 */
void clu_shell_quorum_first(struct clu_shell *s);
/* The group's news have all been told: so can be what was kept of their ring's quorum. */
void clu_shell_quorum_late(struct clu_shell *s);

/* ---- peers ---- */

int clu_shell_peers_init(struct clu_shell *s);
void clu_shell_peers_fini(struct clu_shell *s);
void clu_shell_peers_merged(struct clu_shell *s);	/* group news were handled: what waited for a merge may go on */
void clu_shell_fence(struct clu_shell *s, uint32_t nodeid, const char *why);
/* A document is in force. */
int clu_shell_config(struct clu_shell *s, const void *data, size_t len, bool deliver);

/* ---- worker ---- */

int clu_shell_worker_init(struct clu_shell *s);
/* Carries out what is queued, then ends the thread; waits 5 s at most. */
void clu_shell_worker_fini(struct clu_shell *s);
/* Both are kept in order. The end of a store comes as STORED event if tell is set. */
int clu_shell_store(struct clu_shell *s, uint64_t id, const char *path, const void *data, size_t len,
	uint32_t mode, bool tell);
int clu_shell_kill_node(struct clu_shell *s, uint32_t nodeid, const char *why);

/* ---- watchdog ---- */

/*
 * Splits off the daemon: returns 0 in the new process; in the old one it waits
 * for the daemon's end and exits as it did, or resets the machine. *ret_armed: write one byte
 * to it when a sudden end shall reset the machine.
 */
int clu_shell_watchdog(const char *name, int *ret_armed);
/* Resets the machine; comes back when it cannot, with everything said. */
void clu_shell_reset(const char *name);

#endif
