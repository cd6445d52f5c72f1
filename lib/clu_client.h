/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client side of a daemon's admin socket (libqb IPC "hawser-NAME"). Every
 * call keeps its deadline, also against a daemon that is stopped (SIGSTOP), and
 * says why when it cannot answer. One thread per connection.
 */
#ifndef CLU_CLIENT_H
#define CLU_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clu_buf.h"

#define CLU_CLIENT_DEADLINE_MS 2000

struct clu_client;

/*
 * -ECONNREFUSED: not running; -EACCES: not root nor in group haclient;
 * -EPERM: who listens there is neither root nor we ourselves, so it is not the daemon;
 * -EBUSY: the daemon has as many clients as it takes;
 * -ETIMEDOUT: the daemon is there but does not answer (stopped or overloaded).
 * max_msg: longest answer or notification that is taken (a longer answer: -EMSGSIZE, a longer notification is left
 * out), 0 = whatever a daemon may say (16 MiB). A request may be as long as the daemon allows.
 */
int clu_client_connect(const char *daemon, uint32_t deadline_ms, size_t max_msg, struct clu_client **ret);
struct clu_client *clu_client_close(struct clu_client *c);	/* accepts NULL, returns NULL */

/*
 * One request to the core and its answer. ret is filled (appended) with the
 * answer's bytes; the return is the core's error (0 or negative errno), or
 * -ETIMEDOUT, -EPIPE (daemon ended), -EMSGSIZE.
 */
int clu_client_call(struct clu_client *c, const void *req, size_t len, uint32_t deadline_ms,
	struct clu_buf *ret);

/* Connect, call, close. */
int clu_client_once(const char *daemon, const void *req, size_t len, uint32_t deadline_ms, struct clu_buf *ret);

/* As above with protobuf-c messages; *ret is unpacked with `desc` (free with protobuf_c_message_free_unpacked). */
struct ProtobufCMessage;
struct ProtobufCMessageDescriptor;
int clu_client_once_pb(const char *daemon, const struct ProtobufCMessage *req, uint32_t deadline_ms,
	const struct ProtobufCMessageDescriptor *desc, struct ProtobufCMessage **ret);

/* Asks for notifications from now on. */
int clu_client_subscribe(struct clu_client *c, uint32_t deadline_ms);
/* Readable when a notification waits (or the daemon ended). Fit for poll and epoll; never changes. */
int clu_client_fd(struct clu_client *c);
/* Waits up to deadline_ms (0 = do not wait) for one notification. 0, -ETIMEDOUT, -EPIPE. */
int clu_client_next(struct clu_client *c, uint32_t deadline_ms, struct clu_buf *ret);

/*
 * The same without ever waiting, for a program with a loop of its own. begin: 0, or as
 * clu_client_connect; then proceed whenever clu_client_fd() is readable, until it
 * is not -EAGAIN. After that post requests and take what has come.
 */
int clu_client_begin(const char *daemon, size_t max_msg, struct clu_client **ret);
int clu_client_proceed(struct clu_client *c);	/* 0 connected, -EAGAIN, or as clu_client_connect */

struct clu_client_said {
	bool notify;		/* a notification, else the answer to the request of this tag */
	uint64_t tag;
	int error;
	const void *data;	/* valid until the next call with this client */
	size_t len;
};

/* A request to the core, at most 64 KiB; 0, -EAGAIN (the daemon has not read the earlier ones), -EMSGSIZE, -EPIPE. */
int clu_client_post(struct clu_client *c, const void *req, size_t len, uint64_t *ret_tag);
int clu_client_post_subscribe(struct clu_client *c, uint64_t *ret_tag);
/* 0, -EAGAIN (nothing there), -EPIPE (daemon ended). */
int clu_client_take(struct clu_client *c, struct clu_client_said *ret);

/* Services of the shell itself, the same for all daemons; text or JSON lines appended to ret. */
int clu_client_dump(const char *daemon, uint32_t deadline_ms, struct clu_buf *ret);	/* the core's dump */
int clu_client_history(const char *daemon, uint32_t deadline_ms, struct clu_buf *ret);	/* JSON array of notes */

/*
 * The three-part sentence for a failed call: "fenced: not running on this node
 * (no answer on its socket); start it as root: ..." appended to ret.
 */
void clu_client_explain(const char *daemon, int error, struct clu_buf *ret);

#endif
