/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of libcman:
 *
 *   api     handles, dispatch, fork: what runs in the caller's threads
 *   ask     the questions
 *   change  the changes
 *   engine  one thread per process that speaks with corosync, and the jobs given to it
 *   watch   in that thread: members, quorum, configuration, the question before a shutdown
 *   post    in that thread: ports and messages to them
 *   qdev    the quorum device, with a thread of its own
 *
 * corosync's own libraries wait without limit for a corosync that is stopped, so no
 * thread of a caller ever calls them: it gives a job to the engine and waits for its
 * end up to a deadline. All handles of a process share one engine, since a process can
 * be in a process group only once. When corosync goes, the engine ends for good;
 * a handle that is opened later gets a new one. A child after a fork does as well.
 */
#ifndef LIBCMAN_PRIV_H
#define LIBCMAN_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cman_plan.h"
#include "libcman.h"

#define LCM_CALL_MS 1800u
#define LCM_MAX_QUEUED 1024u	/* items a handle keeps for a program that does not dispatch; then it is given up */

enum lcm_kind { LCM_EVENT, LCM_CONFCHG, LCM_DATA };

/* What waits for cman_dispatch(). */
struct lcm_item {
	struct lcm_item *next;
	enum lcm_kind kind;
	int reason, arg;			/* EVENT */
	unsigned n_members, n_left, n_joined;	/* CONFCHG: that many ids follow one another */
	unsigned ids[3 * CMAN_MAX_NODES];
	int nodeid;				/* DATA */
	uint8_t port;
	size_t len;
	char data[CMAN_MAX_DATA_LEN];
};

struct lcm_engine;

/* Everything but what says otherwise is under the engine's lock. */
struct lcm_handle {
	struct lcm_handle *next;	/* of the engine */
	struct lcm_engine *engine;	/* changes only in a child after a fork */
	uint64_t id;			/* never used twice in a process */
	bool admin;
	void *privdata;			/* the caller's threads only */
	bool dispatching;		/* the caller's threads only */
	int fd;				/* eventfd: counts while there is something to dispatch */
	bool lost;			/* corosync has gone */
	cman_callback_t on_event;
	cman_confchgcallback_t on_confchg;
	cman_datacallback_t on_data;	/* the caller's threads only; set while a port is */
	uint8_t port;			/* 0 = not bound */
	int port_lock;			/* descriptor, -1 */
	bool asked;			/* has to answer whether this node may leave */
	struct lcm_item *first, **end;
	unsigned n_items;
};

/* ---- engine ---- */

/* Attaches a new handle to the engine of this process. 0, or negative errno. */
int lcm_engine_attach(struct lcm_handle *h);
/* The other way; closes what it had. The handle may be freed then. */
void lcm_engine_detach(struct lcm_handle *h);

/*
 * Has the engine's thread run fn on a copy of the caller's data and copies it back. The result is fn's: 0 or more, or
 * negative errno; -ETIMEDOUT when it has not come back at the deadline (its work may still happen later), -EHOSTDOWN
 * when corosync has gone, -EAGAIN when it has no ring yet. id: of the handle, which may be gone when fn runs.
 * until_ms: what fn may wait for.
 */
typedef int (*lcm_job_fn)(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms);
int lcm_call(struct lcm_handle *h, lcm_job_fn fn, void *data, size_t len);
/* 1 corosync answers, 0 not yet, -EHOSTDOWN. */
int lcm_engine_is_ready(struct lcm_handle *h);
bool lcm_engine_is_ours(const struct lcm_engine *e);	/* no fork since */

void lcm_lock(struct lcm_engine *e);
void lcm_unlock(struct lcm_engine *e);
/* Under the lock: the handle of that id, or NULL; the first one of all. */
struct lcm_handle *lcm_find(struct lcm_engine *e, uint64_t id);
struct lcm_handle *lcm_first(struct lcm_engine *e);
/* Under the lock: a copy of the item waits for the handle. */
void lcm_push(struct lcm_handle *h, const struct lcm_item *item);
/* Under the lock: keeps the descriptor's state true. */
void lcm_signal(struct lcm_handle *h);

/*
 * The connections that stay open: the engine polls them, but for the quorum device's. A part opens its own and says so;
 * the descriptor is closed in the child after a fork. From the thread that has the connection.
 */
enum lcm_line { LCM_QUORUM, LCM_CMAP, LCM_CFG, LCM_CPG, LCM_VOTES, LCM_NLINES };
void lcm_line_open(struct lcm_engine *e, enum lcm_line line, int fd);	/* fd -1: closed */
/* corosync has gone; the engine ends after the present step. */
void lcm_lost(struct lcm_engine *e);
struct lcm_watch *lcm_watch_of(struct lcm_engine *e);
struct lcm_post *lcm_post_of(struct lcm_engine *e);
struct lcm_qdev *lcm_qdev_of(struct lcm_engine *e);

/* ---- watch ---- */

struct lcm_watch *lcm_watch_new(struct lcm_engine *e);
void lcm_watch_free(struct lcm_watch *w);		/* closes its connections too */
/* The connection that every engine has. 0, -EAGAIN, or negative errno. */
int lcm_watch_connect(struct lcm_watch *w);
/* Dispatches QUORUM, CMAP or CFG. 0 or negative errno. */
int lcm_watch_dispatch(struct lcm_watch *w, enum lcm_line line);
uint32_t lcm_watch_own_id(struct lcm_watch *w);		/* 0 when not known yet */
/* No data. Opens what notifications need. */
int lcm_job_notify(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms);
/* No data. Tells the handle the present members. */
int lcm_job_confchg(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms);
/* data: int, yes or no. */
int lcm_job_reply(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms);
/* A handle that had not answered is leaving or wants no notifications any more: it has nothing against it. */
int lcm_job_no_answer(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms);

/* ---- post ---- */

struct lcm_post *lcm_post_new(struct lcm_engine *e);
void lcm_post_free(struct lcm_post *p);
/* Takes what has come, and says what is to be said; a corosync that cannot take it now is tried again later. */
int lcm_post_dispatch(struct lcm_post *p);
bool lcm_post_is_behind(const struct lcm_post *p);
/* Is a member of the group from then on. */
int lcm_post_join(struct lcm_post *p, uint64_t until_ms);

struct lcm_letter {
	uint8_t from_port, to_port;
	uint32_t to_node;
	size_t len;
	char data[CMAN_MAX_DATA_LEN];
};
int lcm_job_send(struct lcm_engine *e, uint64_t id, void *letter, uint64_t until_ms);
/* No data: the handle's port was set or taken away; comes back when all have been told. */
int lcm_job_ports(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms);
struct lcm_listening { uint32_t nodeid; uint8_t port; };
int lcm_job_listening(struct lcm_engine *e, uint64_t id, void *listening, uint64_t until_ms);

/* ---- qdev ---- */

struct lcm_qdev *lcm_qdev_new(struct lcm_engine *e);
void lcm_qdev_free(struct lcm_qdev *q);
struct lcm_device { char name[CMAN_MAX_NODENAME_LEN + 1]; int votes; bool update; };
int lcm_job_device(struct lcm_engine *e, uint64_t id, void *device, uint64_t until_ms);
int lcm_job_device_gone(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms);
int lcm_job_device_poll(struct lcm_engine *e, uint64_t id, void *available, uint64_t until_ms);

/* ---- api ---- */

/* The handle behind what a program gave, ready for use in this process. NULL and errno. */
struct lcm_handle *lcm_use(cman_handle_t handle);
/* The same for a call that only one kind of handle has. */
struct lcm_handle *lcm_use_admin(cman_handle_t handle);
struct lcm_handle *lcm_use_plain(cman_handle_t handle);
/* -1 and errno for a negative errno, else the value. */
int lcm_result(int r);

#endif
