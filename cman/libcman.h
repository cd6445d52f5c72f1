/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcman: membership, votes, quorum, messages and an orderly shutdown, for
 * programs. Names, structures and numbers are the historical ones of libcman.so.3;
 * underneath is corosync 3. Link with -lcman. All of it stands in libcman(3).
 *
 * Handles: cman_init() for questions, notifications and messages,
 * cman_admin_init() for questions and for everything that changes something.
 *
 * Errors: -1 (NULL for a handle) and errno:
 *   ECONNREFUSED  corosync does not run (cman_init, cman_admin_init)
 *   EACCES        corosync does not talk to this user
 *   EAGAIN        corosync has not formed its first ring yet
 *   EHOSTDOWN     corosync has gone: the handle is good for cman_finish() only
 *   ETIMEDOUT     corosync is there but does not answer
 *   EPERM         needs a handle of cman_admin_init()
 *   EINVAL        a wrong argument, or not with an admin handle
 *   ENOSYS        corosync has no such thing, see libcman(3)
 *
 * Deadlines: every call comes back within 2 s, those that ask fenced as well and
 * cman_finish() within 4 s, cman_shutdown() and cman_leave_cluster() within 8 s. Only cman_dispatch() with
 * CMAN_DISPATCH_BLOCKING waits as long as nothing happens.
 *
 * Threads: one thread at a time per handle; several handles may be used at once.
 * Callbacks run inside cman_dispatch(), in its thread, and may call everything
 * but cman_dispatch() and cman_finish(). The library has a thread of its own for
 * corosync, which blocks all signals. After a fork the child may go on with the
 * handle: it connects anew at its next call.
 */
#ifndef LIBCMAN_H
#define LIBCMAN_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/time.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define LIBCMAN_VERSION 3

#define CMAN_MAX_ADDR_LEN sizeof(struct sockaddr_in6)
#define CMAN_MAX_NODENAME_LEN 255
#define MAX_CLUSTER_NAME_LEN 16
#define CMAN_MAX_FENCE_AGENT_NAME_LEN 255

#define CMAN_NODEID_US 0		/* this node */
#define CMAN_NODEID_ALL 0		/* cman_send_data(): every node */
#define CMAN_NODEID_QDISK (-1)		/* the quorum device */

typedef void *cman_handle_t;

/* Why the event callback is called, and what its `arg` is. */
typedef enum {
	CMAN_REASON_PORTCLOSED,		/* the port; on some node nobody listens at it any more */
	CMAN_REASON_STATECHANGE,	/* 1 quorate, 0 not; after every change of members or of quorum */
	CMAN_REASON_PORTOPENED,		/* the port */
	CMAN_REASON_TRY_SHUTDOWN,	/* 0: may this node leave? answer. 1: it leaves in any case */
	CMAN_REASON_CONFIG_UPDATE	/* the version of the configuration that corosync has taken over */
} cman_call_reason_t;

/* cman_leave_cluster(); a node that left has one of the first eight as its reason. */
#define CMAN_LEAVEFLAG_DOWN 0
#define CMAN_LEAVEFLAG_KILLED 1
#define CMAN_LEAVEFLAG_PANIC 2
#define CMAN_LEAVEFLAG_REMOVED 3
#define CMAN_LEAVEFLAG_REJECTED 4
#define CMAN_LEAVEFLAG_INCONSISTENT 5
#define CMAN_LEAVEFLAG_DEAD 6
#define CMAN_LEAVEFLAG_NORESPONSE 7
#define CMAN_LEAVEFLAG_FORCE 0x10

#define CMAN_SHUTDOWN_ANYWAY 1		/* clients are told, not asked */
#define CMAN_SHUTDOWN_REMOVED 2		/* the others expect the votes of this node no more */

/* cman_dispatch(): one of ONE and ALL, the rest may be added. */
#define CMAN_DISPATCH_ONE 0
#define CMAN_DISPATCH_ALL 1
#define CMAN_DISPATCH_BLOCKING 2
#define CMAN_DISPATCH_IGNORE_REPLY 4
#define CMAN_DISPATCH_IGNORE_DATA 8
#define CMAN_DISPATCH_IGNORE_EVENT 16
#define CMAN_DISPATCH_TYPE_MASK 3
#define CMAN_DISPATCH_IGNORE_MASK 46

/* cnx_state, ei_node_state */
#define CMAN_NODESTATE_JOINING 1
#define CMAN_NODESTATE_MEMBER 2
#define CMAN_NODESTATE_DEAD 3
#define CMAN_NODESTATE_LEAVING 4
#define CMAN_NODESTATE_DISALLOWED 5

#define CMAN_EXTRA_FLAG_2NODE 1
#define CMAN_EXTRA_FLAG_ERROR 2
#define CMAN_EXTRA_FLAG_SHUTDOWN 4
#define CMAN_EXTRA_FLAG_DISALLOWED 8
#define CMAN_EXTRA_FLAG_DIRTY 16
#define CMAN_EXTRA_FLAG_DISALLOWED_ENABLED 32

#define CMAN_DEBUGLOG_NONE 0
#define CMAN_DEBUGLOG_BARRIER 2
#define CMAN_DEBUGLOG_MEMBERSHIP 4
#define CMAN_DEBUGLOG_DAEMON 8
#define CMAN_DEBUGLOG_AIS 16

typedef struct cman_node_address {
	int cna_addrlen;			/* 0: not known */
	char cna_address[CMAN_MAX_ADDR_LEN];	/* a struct sockaddr_in or sockaddr_in6; only family and address */
} cman_node_address_t;

typedef struct cman_node {
	int cn_nodeid;
	cman_node_address_t cn_address;		/* the first one */
	char cn_name[CMAN_MAX_NODENAME_LEN + 1];
	int cn_member;				/* 1 or 0 */
	int cn_incarnation;			/* how often corosync here has seen it join */
	struct timeval cn_jointime;		/* 0 when unknown; known for this node */
} cman_node_t;

typedef struct cman_node_extra {
	int cnx_nodeid;
	int cnx_state;
	int cnx_votes;
	int cnx_expected_votes;
	int cnx_leave_reason;			/* always CMAN_LEAVEFLAG_DOWN: corosync keeps none */
} cman_node_extra_t;

typedef struct cman_version {
	unsigned int cv_major;
	unsigned int cv_minor;
	unsigned int cv_patch;
	unsigned int cv_config;			/* version of the configuration */
} cman_version_t;

typedef struct cman_cluster {
	char ci_name[MAX_CLUSTER_NAME_LEN + 1];
	uint16_t ci_number;
	uint32_t ci_generation;			/* of the ring */
} cman_cluster_t;

typedef struct cman_extra_info {
	int ei_node_state;
	int ei_flags;				/* CMAN_EXTRA_FLAG_... */
	int ei_node_votes;
	int ei_total_votes;
	int ei_expected_votes;
	int ei_quorum;
	int ei_members;
	char ei_ports[32];			/* bit N % 8 of byte N / 8: port N is bound on this node */
	int ei_num_addresses;
	/*
	 * 2 * ei_num_addresses structs sockaddr_storage: multicast addresses (family 0 without multicast), then
	 * this node's own
	 */
	char ei_addresses[1];
} cman_extra_info_t;

typedef struct cman_qdev_info {
	char qi_name[CMAN_MAX_NODENAME_LEN + 1];
	int qi_state;				/* CMAN_NODESTATE_MEMBER while it is alive, else CMAN_NODESTATE_DEAD */
	int qi_votes;
} cman_qdev_info_t;

typedef void (*cman_callback_t)(cman_handle_t handle, void *privdata, int reason, int arg);
/* port: the one that the sender is bound to, 0 for none. */
typedef void (*cman_datacallback_t)(cman_handle_t handle, void *privdata, char *buf, int len, uint8_t port,
	int nodeid);
typedef void (*cman_confchgcallback_t)(cman_handle_t handle, void *privdata, unsigned int *member_list,
	int member_list_entries, unsigned int *left_list, int left_list_entries, unsigned int *joined_list,
	int joined_list_entries);

/* ---- handles ---- */

cman_handle_t cman_init(void *privdata);
cman_handle_t cman_admin_init(void *privdata);
/* Closes the port and the descriptor; an open question about a shutdown counts as answered with yes. */
int cman_finish(cman_handle_t handle);
int cman_setprivdata(cman_handle_t handle, void *privdata);
int cman_getprivdata(cman_handle_t handle, void **privdata);

/* ---- events; not for admin handles ---- */

/* Who has asked for notifications is asked before this node leaves, and must answer: silence is a no. */
int cman_start_notification(cman_handle_t handle, cman_callback_t callback);
int cman_stop_notification(cman_handle_t handle);
/* Every change of members with who came and who left; the first call tells the present ones. */
int cman_start_confchg(cman_handle_t handle, cman_confchgcallback_t callback);
int cman_stop_confchg(cman_handle_t handle);
/* ENOENT: there is no question open for this handle. */
int cman_replyto_shutdown(cman_handle_t handle, int yesno);

/* Readable when there is something to dispatch, and when corosync has gone. Stays the same. Never read it. */
int cman_get_fd(cman_handle_t handle);
/* > 0 something was dispatched, 0 nothing was there. What is ignored stays in the queue. */
int cman_dispatch(cman_handle_t handle, int flags);

/* ---- questions ---- */

int cman_get_node_count(cman_handle_t handle);
int cman_get_subsys_count(cman_handle_t handle);	/* connections of programs to corosync */
/* All nodes, and first of all the quorum device while it is alive (node id 0). E2BIG: more than maxnodes. */
int cman_get_nodes(cman_handle_t handle, int maxnodes, int *retnodes, cman_node_t *nodes);
int cman_get_disallowed_nodes(cman_handle_t handle, int maxnodes, int *retnodes, cman_node_t *nodes);	/* none */
/* By name, where cn_name is not empty, else by number. ENOENT. */
int cman_get_node(cman_handle_t handle, int nodeid, cman_node_t *node);
int cman_get_node_extra(cman_handle_t handle, int nodeid, cman_node_extra_t *node);
/* *num_addrs is how many there are, also when that is more than maxaddrs. */
int cman_get_node_addrs(cman_handle_t handle, int nodeid, int maxaddrs, int *num_addrs,
	struct cman_node_address *addrs);
int cman_is_active(cman_handle_t handle);		/* 1: the first ring is formed */
/* 1, 0; EBUSY: not known yet, ask again; ENOTCONN: that node is no member; ENOENT: no such node. */
int cman_is_listening(cman_handle_t handle, int nodeid, uint8_t port);
int cman_is_quorate(cman_handle_t handle);
int cman_get_version(cman_handle_t handle, cman_version_t *version);
int cman_get_cluster(cman_handle_t handle, cman_cluster_t *clinfo);
/* maxlen: bytes at info. As many addresses as fit. */
int cman_get_extra_info(cman_handle_t handle, cman_extra_info_t *info, int maxlen);
/* agent: at least CMAN_MAX_FENCE_AGENT_NAME_LEN + 1 bytes. Asks fenced; ENOENT: nothing known of this node. */
int cman_get_fenceinfo(cman_handle_t handle, int nodeid, uint64_t *fence_time, int *fenced, char *agent);

/* ---- changes; admin handles only ---- */

/* 0 when cv_config is the version in force or 0; ENOSYS else: a configuration is changed with ccs_tool(8). */
int cman_set_version(cman_handle_t handle, const cman_version_t *version);
int cman_leave_cluster(cman_handle_t handle, int reason);	/* as cman_shutdown() */
/* EINVAL: the quorum would be under half or above all of the votes. */
int cman_set_votes(cman_handle_t handle, int votes, int nodeid);
int cman_set_expected_votes(cman_handle_t handle, int expected_votes);
int cman_kill_node(cman_handle_t handle, int nodeid);		/* EINVAL: no member */
int cman_node_fenced(cman_handle_t handle, int nodeid, uint64_t fence_time, char *agent);	/* tells fenced */
/* Ends corosync on this node. EBUSY: a client said no or nothing, or fenced or rgmanager needs it. EALREADY. */
int cman_shutdown(cman_handle_t handle, int flags);
int cman_set_dirty(cman_handle_t handle);
int cman_set_debuglog(cman_handle_t handle, int subsystems);	/* 0: off; else corosync's debug messages */

/* ---- messages; not for admin handles ---- */

#define CMAN_MAX_DATA_LEN 1500
/* To who is bound to `port` on the node, or on all nodes, this one included. In one order for all receivers. */
int cman_send_data(cman_handle_t handle, const void *buf, int len, int flags, uint8_t port, int nodeid);
/* One port per handle, 1 to 255. EADDRINUSE: bound on this node by somebody else. */
int cman_start_recv_data(cman_handle_t handle, cman_datacallback_t callback, uint8_t port);
int cman_end_recv_data(cman_handle_t handle);

/* ---- barriers: ENOSYS ---- */

int cman_barrier_register(cman_handle_t handle, const char *name, int flags, int nodes);
int cman_barrier_change(cman_handle_t handle, const char *name, int flags, int arg);
int cman_barrier_wait(cman_handle_t handle, const char *name);
int cman_barrier_delete(cman_handle_t handle, const char *name);

/* ---- quorum device; admin handles only, but for the last ---- */

/*
 * votes must be those of the configuration (<quorumd votes="N"/>) or 0: corosync takes them from there only. EBUSY:
 * another one is registered; EALREADY: a node has this name; ENOSYS: the configuration has no quorum device.
 */
int cman_register_quorum_device(cman_handle_t handle, char *name, int votes);
int cman_unregister_quorum_device(cman_handle_t handle);	/* EBUSY: its votes count: poll with 0 first */
int cman_update_quorum_device(cman_handle_t handle, char *name, int votes);
/* 1: its votes count until quorum_dev_poll has passed; the vote outlives changes of members meanwhile. 0: no more. */
int cman_poll_quorum_device(cman_handle_t handle, int isavailable);
int cman_get_quorum_device(cman_handle_t handle, struct cman_qdev_info *info);	/* ENOENT: none */

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
