/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The admin socket of a daemon: libqb IPC service "hawser-NAME" in the default
 * qb_loop. uid 0, the daemon's own user, and processes whose effective group is
 * haclient may do everything; users that the group database lists in haclient may read; all
 * others are refused. Bounds: 128 connections, 16 unanswered requests per
 * connection, and a queue per connection; who goes above gets -EBUSY, or, when he
 * does not read what was sent to him, loses the connection. Nothing here blocks.
 */
#ifndef CLU_IPC_SERVER_H
#define CLU_IPC_SERVER_H

#include "clu_core.h"

struct clu_ipc_server;

struct clu_ipc_handlers {
	/* A request for the core: `client` is new for every request. Answer with exactly one clu_ipc_server_reply. */
	void (*request)(void *ctx, const struct clu_request *req);
	/* The client of an unanswered request went away: no reply is wanted any more. */
	void (*gone)(void *ctx, uint64_t client);
	void (*dump)(void *ctx, struct clu_buf *ret);
	void (*history)(void *ctx, struct clu_buf *ret);
	void *ctx;
};

/*
 * max: largest request or answer, 0 = 256 KiB, at most CLU_IPC_LIMIT; one that is longer than a piece is cut and put
 * together here (clu_ipc.h). One service per process (libqb's
 * poll callbacks know no context). 0 or negative errno (-EADDRINUSE: another
 * process has the name).
 */
int clu_ipc_server_new(const char *daemon, size_t max, const struct clu_ipc_handlers *h,
	struct clu_ipc_server **ret);

/* An answer above the bound becomes -EMSGSIZE; an unknown client is ignored (it has gone). */
void clu_ipc_server_reply(struct clu_ipc_server *s, uint64_t client, int error, const void *data, size_t len);
void clu_ipc_server_notify(struct clu_ipc_server *s, const void *data, size_t len);

/*
 * Answers what is open with -ESHUTDOWN, gives clients up to wait_ms to read what
 * was sent to them, closes all. No handler is called. NULL is accepted; returns NULL.
 */
struct clu_ipc_server *clu_ipc_server_free(struct clu_ipc_server *s, unsigned wait_ms);

/*
 * Removes what a killed instance of this daemon left in /dev/shm: libqb's buffers
 * for its clients, and its blackbox. Nothing happens while a process of that number
 * runs (another program may have got it).
 */
void clu_ipc_sweep(const char *daemon, int32_t pid);

#endif
