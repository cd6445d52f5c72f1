/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contract between a core (pure state machine) and whoever runs it: the
 * shell (clu_shell.h) in a daemon, the world of the simulator in a test.
 *
 *     core:  step(state, event) -> new state + list of actions
 *
 * A core has no descriptor, clock, log call, exit or global variable. Time and
 * chance come in with events. Actions are data; they are carried out in the
 * order of the list after step() returned. An action that was asked for is not
 * done: only a later event says so.
 *
 * Replicated state changes only on VIEW, MESSAGE and STATE, so that all members
 * that saw the same prefix of the order hold the same state; a local fact
 * (quorum, a child's exit, a peer's word) enters it by being sent.
 *
 * All pointers inside an event are borrowed for the time of the step.
 */
#ifndef CLU_CORE_H
#define CLU_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clu_buf.h"

struct clu_conf;		/* clu_conf.h: one parsed, validated cluster.conf */
struct clu_out;			/* clu_out.h: the list of actions of one step */

#define CLU_MAX_NODES 64	/* members of a group; the suite is made for 2 to 32 */
#define CLU_MAX_SERVICES 1024	/* that rgmanager manages; more in a cluster.conf are refused */

enum clu_event_type {
	CLU_EV_START,		/* first event of all: who we are (u.start) */
	CLU_EV_VIEW,		/* group membership changed (u.view) */
	CLU_EV_QUORUM,		/* quorum or node list changed (u.quorum) */
	CLU_EV_MESSAGE,		/* bytes from a member, in the one total order (u.message) */
	CLU_EV_STATE,		/* the group's snapshot, for a member that joined it (u.state) */
	CLU_EV_REQUEST,		/* an admin request (u.request): answer with exactly one REPLY */
	CLU_EV_CLIENT_GONE,	/* the client of an unanswered request or a session went away (u.client) */
	CLU_EV_CHILD,		/* a program we ran has ended, or could not be started (u.child) */
	CLU_EV_STORED,		/* a STORE action ended (u.stored) */
	CLU_EV_CONFIG,		/* a committed cluster.conf, the first one included (u.config) */
	CLU_EV_PEER,		/* word of a daemon below, or corosync gone (u.peer) */
	CLU_EV_TIMER,		/* the deadline that the core announced has passed */
	CLU_EV_SHUTDOWN,	/* SIGTERM: leave in order, then answer with EXIT */
	CLU_EV_DEVICE,		/* word of what only this daemon has (u.device) */
	CLU_NEVENTS
};

/* How a member left. NODE: its machine or corosync failed; PROCESS: only the daemon ended without leaving. */
enum clu_left { CLU_LEFT_CLEAN, CLU_LEFT_PROCESS, CLU_LEFT_NODE };

struct clu_ring {
	uint32_t rep;		/* node id of the representative */
	uint64_t seq;
};

struct clu_member {
	uint32_t nodeid;
	uint64_t incarnation;	/* of the daemon process: random, new at each start */
	/*
	 * Says something in the `joined` list only. true: joined without state
	 * (daemon newly started). false: came back with state from another side of a split and
	 * was made to drop it (see clu_group.h); its node did things that this side
	 * did not see.
	 */
	bool fresh;
};

struct clu_member_left {
	uint32_t nodeid;
	enum clu_left how;
};

struct clu_view {
	struct clu_ring ring;
	const struct clu_member *members;	/* admitted members, ascending node id; includes ourselves */
	unsigned n_members;
	const struct clu_member *joined;
	unsigned n_joined;
	const struct clu_member_left *left;
	unsigned n_left;
	bool first;		/* we just became a member (no STATE comes when the group is new) */
	bool self_left;		/* our own clean leave has taken place: we are no member any more */
	uint32_t proto;		/* the lowest protocol version all members announce */
};

struct clu_quorum {
	bool quorate;
	struct clu_ring ring;
	const uint32_t *nodes;	/* node ids that are up in the cluster, ascending */
	unsigned n_nodes;
};

struct clu_message {
	uint32_t from;
	const void *data;
	size_t len;
};

struct clu_request {
	uint64_t client;	/* never used twice */
	uint32_t uid, gid;
	int32_t pid;
	bool admin;		/* uid 0 or group haclient: may change things; others only read */
	const void *data;
	size_t len;
};

struct clu_child_end {
	uint64_t id;		/* as given to clu_out_run */
	int32_t exit_code;	/* >= 0 when it exited by itself, else -1 */
	int32_t term_signal;	/* > 0 when a signal ended it, else 0 */
	bool timed_out;		/* its deadline passed; the whole process group was ended */
	int32_t start_error;	/* negative errno when it could not be started, else 0 */
	uint32_t ran_ms;
	const char *tail;	/* last lines of stdout+stderr, NUL-terminated, printable, may be "" */
};

struct clu_stored {
	uint64_t id;
	int32_t result;		/* 0 when durable on disk, else negative errno: the old file stands, or the new one, not durable */
};

struct clu_config {
	const struct clu_conf *conf;
	uint64_t version;
};

enum clu_peer_kind {
	CLU_PEER_COROSYNC,	/* up false: corosync has gone; we are no member of anything */
	CLU_PEER_FENCED,	/* fence domain news: data is an encoded FencedNews (proto/fenced.proto) */
	CLU_PEER_CCSD,		/* up/down of the ccsd connection */
	CLU_NPEERS
};

struct clu_peer {
	enum clu_peer_kind kind;
	bool up;
	const void *data;
	size_t len;
};

/*
 * A daemon's own descriptor or thread, beside what all have (clu_shell.h: struct clu_device_ops). What the numbers
 * mean, and what the data is, stands in the header of its core.
 */
struct clu_device {
	uint32_t what;
	uint64_t id;
	int32_t result;
	const void *data;
	size_t len;
};

struct clu_start {
	uint32_t nodeid;	/* 0 when not known yet (no corosync): a second START follows then */
	const char *node_name;	/* as in cluster.conf, or the host's name */
	uint64_t incarnation;
	uint64_t seed;		/* for choices by chance inside the core */
};

struct clu_event {
	enum clu_event_type type;
	uint64_t now_ms;	/* monotonic; the only clock a core knows */
	uint64_t wall_us;	/* time of day in microseconds: for records shown to people, never for decisions */
	union {
		struct clu_start start;
		struct clu_view view;
		struct clu_quorum quorum;
		struct clu_message message;
		struct clu_message state;	/* .from = member that made the snapshot */
		struct clu_request request;
		uint64_t client;
		struct clu_child_end child;
		struct clu_stored stored;
		struct clu_config config;
		struct clu_peer peer;
		struct clu_device device;
	} u;
};

#define CLU_NEVER UINT64_MAX

struct clu_core_ops {
	const char *name;	/* daemon: log prefix, group "hawser:NAME", IPC name "hawser-NAME" */
	uint32_t proto_min, proto_max;

	/*
	 * Appends the actions to out. Returns 0, or negative errno (out of memory)
	 * with the state unchanged; whoever runs the core then stops the daemon.
	 */
	int (*step)(void *core, const struct clu_event *ev, struct clu_out *out);

	/* Absolute now_ms at which a TIMER event is wanted next, or CLU_NEVER. Asked after each step. */
	uint64_t (*deadline)(const void *core);

	/*
	 * The replicated state as bytes, for a member that joins. Called at one
	 * point of the order on the member that hands it over; the joiner gets it
	 * in STATE, and the messages behind that point after it.
	 */
	int (*snapshot)(const void *core, struct clu_buf *ret);

	/*
	 * What the replicated state weighs when two sides of a split meet: 0 as long as
	 * nothing was done on the strength of it. The heavier side keeps its state.
	 * Optional: NULL weighs 0.
	 */
	uint32_t (*weight)(const void *core);

	/* Everything as text: for people, bug reports and `--load`. */
	void (*dump)(const void *core, struct clu_buf *ret);
};

/* Name of an event type, for logs and traces. */
const char *clu_event_name(enum clu_event_type type);

#endif
