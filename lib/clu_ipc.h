/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes over a daemon's admin socket, below the core's own bytes: shared by
 * clu_ipc_server.c and clu_client.c. Everything the daemon says, answers as well
 * as notifications, takes libqb's event channel: only that one wakes a poll(), so
 * that a deadline and the daemon's end are noticed at once, and an answer may come
 * long after its request.
 *
 * A message longer than a piece travels in pieces, one behind the other: what a client costs in shared memory does
 * not depend on how long a message may be (a cluster.conf may have 4 MiB).
 */
#ifndef CLU_IPC_H
#define CLU_IPC_H

#include <qb/qbipc_common.h>
#include <stdint.h>

#define CLU_IPC_PREFIX "hawser-"
#define CLU_IPC_DEFAULT_MAX (256u * 1024)	/* of a whole message */
#define CLU_IPC_LIMIT (16u * 1024 * 1024)	/* of a whole message: no side believes in more */
#define CLU_IPC_PIECE (64u * 1024)		/* of the core's bytes */
#define CLU_IPC_RING (4 * CLU_IPC_PIECE + 4096u)	/* of shared memory, for each of a client's three rings */

/* hdr.id of a request. libqb keeps negative ids for itself. */
enum clu_ipc_kind {
	CLU_IPC_CORE = 1,	/* bytes for the core */
	CLU_IPC_SUBSCRIBE,
	CLU_IPC_DUMP,
	CLU_IPC_HISTORY,
	CLU_IPC_PING,
};

/* hdr.id of what the daemon says. */
enum clu_ipc_said {
	CLU_IPC_ANSWER = 1,	/* hdr.error: 0 or negative errno */
	CLU_IPC_NOTIFY,
};

struct clu_ipc_request {
	struct qb_ipc_request_header hdr;
	uint64_t tag;		/* chosen by the client, returned in the answer */
	uint32_t whole;		/* length of the whole message, without headers */
	uint32_t at;		/* where in it this piece belongs */
} __attribute__((aligned(8)));

struct clu_ipc_answer {
	struct qb_ipc_response_header hdr;
	uint64_t tag;		/* 0 in a notification */
	uint32_t whole, at;	/* as above */
} __attribute__((aligned(8)));

#endif
