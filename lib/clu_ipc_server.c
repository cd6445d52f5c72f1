/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "clu_ipc_server.h"

#include <errno.h>
#include <poll.h>
#include <qb/qbdefs.h>
#include <qb/qbipcs.h>
#include <qb/qbloop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clu_ipc.h"
#include "clu_ipc_access.h"
#include "clu_ipc_loop.h"
#include "clu_log.h"

#define MAX_CONNECTIONS 128
#define MAX_OPEN_REQUESTS 16		/* per connection */
#define MAX_QUEUE_MSGS 256		/* per connection, behind the ring that libqb keeps */
#define MAX_QUEUE_BYTES (4u * 1024 * 1024)	/* or two messages of the largest size */
#define MAX_BUFFER (1024u * 1024)	/* of shared memory per ring; libqb takes the larger of a client's and our wish */
#define RETRY_MS 5			/* libqb does not tell when a client has read */
#define NS_PER_MS 1000000ull

struct message {
	struct message *next;
	size_t len;
	char data[];			/* begins with struct clu_ipc_answer */
};

struct open_request {
	uint64_t client, tag;
	bool used;
};

struct conn {
	struct conn *next;
	struct clu_ipc_server *s;
	qb_ipcs_connection_t *qb;
	uint32_t uid, gid;
	int32_t pid;
	bool admin, subscribed;
	bool closed;			/* libqb has told us its end */
	bool dropping;			/* we have asked libqb to end it */
	struct open_request open[MAX_OPEN_REQUESTS];
	struct clu_buf part;		/* pieces of a request that has not come whole yet */
	uint64_t part_tag;
	struct message *queue, **queue_end;
	size_t queue_bytes;
	unsigned queue_msgs;
};

struct clu_ipc_server {
	qb_ipcs_service_t *qb;
	struct clu_ipc_handlers h;
	size_t max;			/* of a whole message, without headers */
	struct conn *list;
	unsigned count;
	uint64_t last_client;
	bool retry_set, ending;
	qb_loop_timer_handle retry;
};

static void flush(struct conn *c);

/* ---- who may do what ---- */

static struct conn *conn_new(struct clu_ipc_server *s, qb_ipcs_connection_t *qb, uid_t uid, gid_t gid, bool admin)
{
	struct conn *c = calloc(1, sizeof(*c));
	struct qb_ipcs_connection_stats_2 *st;

	if (!c)
		return NULL;
	c->s = s;
	c->qb = qb;
	c->uid = uid;
	c->gid = gid;
	c->admin = admin;
	c->queue_end = &c->queue;
	st = qb_ipcs_connection_stats_get_2(qb, QB_FALSE);
	if (st)
		c->pid = st->client_pid;
	free(st);
	c->next = s->list;
	s->list = c;
	s->count++;
	return c;
}

static int32_t on_accept(qb_ipcs_connection_t *qb, uid_t uid, gid_t gid)
{
	struct clu_ipc_server *s = qb_ipcs_connection_service_context_get(qb);
	struct conn *c;
	gid_t ha;
	/* Who runs the daemon could do all with it anyway. */
	bool listed = false, admin = !uid || uid == geteuid();

	if (!admin) {
		listed = clu_ipc_is_listed(uid, &ha);
		admin = ha != (gid_t)-1 && gid == ha;
	}
	if (!admin && !listed) {
		clu_log(CLU_NOTICE, "a connection was refused: uid %u is neither root nor in group " CLU_IPC_GROUP
			"; add the user to that group if this was intended", (unsigned)uid);
		return -EACCES;
	}
	if (qb_ipcs_connection_get_buffer_size(qb) > (int32_t)MAX_BUFFER) {
		clu_log(CLU_WARNING, "a connection was refused: the client wants buffers of %d bytes, more than the %u "
			"that it may have", qb_ipcs_connection_get_buffer_size(qb), MAX_BUFFER);
		return -EMSGSIZE;
	}
	if (s->count >= MAX_CONNECTIONS) {
		clu_log(CLU_WARNING, "a connection was refused: %u clients are connected already; end some of them",
			s->count);
		return -EBUSY;
	}
	c = conn_new(s, qb, uid, gid, admin);
	if (!c)
		return -ENOMEM;
	qb_ipcs_context_set(qb, c);
	return 0;
}

/* ---- towards the client ---- */

static void drop_job(void *data)
{
	struct conn *c = data;
	qb_ipcs_connection_t *qb = c->qb;

	if (!c->closed)
		qb_ipcs_disconnect(qb);
	qb_ipcs_connection_unref(qb);
}

/* Ends the connection from the loop: libqb must not lose it under its own feet. */
static void drop(struct conn *c, enum clu_level level, const char *why)
{
	if (c->dropping || c->closed)
		return;
	c->dropping = true;
	clu_log(level, "client pid %d was disconnected: %s", (int)c->pid, why);
	qb_ipcs_connection_ref(c->qb);
	if (qb_loop_job_add(NULL, QB_LOOP_MED, c, drop_job) < 0)
		qb_ipcs_connection_unref(c->qb);	/* it stays, deaf: nothing more is queued for it */
}

static void on_retry(void *data)
{
	struct clu_ipc_server *s = data;

	s->retry_set = false;
	for (struct conn *c = s->list; c; c = c->next)
		flush(c);
}

static void pop(struct conn *c)
{
	struct message *m = c->queue;

	c->queue = m->next;
	if (!c->queue)
		c->queue_end = &c->queue;
	c->queue_bytes -= m->len;
	c->queue_msgs--;
	free(m);
}

static void flush(struct conn *c)
{
	struct clu_ipc_server *s = c->s;

	while (c->queue && !c->closed && !c->dropping) {
		ssize_t n = qb_ipcs_event_send(c->qb, c->queue->data, c->queue->len);

		if (n == -EAGAIN || n == -ETIMEDOUT || n == -ENOBUFS)
			break;
		if (n < 0) {
			drop(c, CLU_DEBUG, "it has gone before it read what was sent to it");
			break;
		}
		pop(c);
	}
	if (c->queue && !c->closed && !c->dropping && !s->retry_set && !s->ending &&
	    !qb_loop_timer_add(NULL, QB_LOOP_MED, RETRY_MS * NS_PER_MS, s, on_retry, &s->retry))
		s->retry_set = true;
}

/* One piece behind those that wait. */
static bool queue_piece(struct conn *c, const struct clu_ipc_answer *head, const void *data, size_t len)
{
	struct message *m = malloc(sizeof(*m) + sizeof(*head) + len);

	if (!m) {
		drop(c, CLU_WARNING, "out of memory; free memory on this node");
		return false;
	}
	m->next = NULL;
	m->len = sizeof(*head) + len;
	memcpy(m->data, head, sizeof(*head));
	if (len)
		memcpy(m->data + sizeof(*head), data, len);
	*c->queue_end = m;
	c->queue_end = &m->next;
	c->queue_bytes += m->len;
	c->queue_msgs++;
	return true;
}

static void say(struct conn *c, enum clu_ipc_said what, uint64_t tag, int error, const void *data, size_t len)
{
	struct clu_ipc_answer head = { .hdr = { .id = what, .error = error }, .tag = tag };
	size_t limit = MAX_QUEUE_BYTES > 2 * c->s->max ? MAX_QUEUE_BYTES : 2 * c->s->max, at = 0, piece;

	if (c->closed || c->dropping)
		return;
	if (len > c->s->max) {
		clu_log(CLU_ERR, "a message of %zu bytes for client pid %d is above the bound of %zu bytes", len,
			(int)c->pid, c->s->max);
		head.hdr.error = -EMSGSIZE;
		len = 0;
		if (what != CLU_IPC_ANSWER)
			return;
	}
	if (c->queue_msgs >= MAX_QUEUE_MSGS || c->queue_bytes + len > limit) {
		drop(c, CLU_WARNING, "it does not read what is sent to it; it may connect again when it does");
		return;
	}
	head.whole = (uint32_t)len;
	do {
		piece = len - at < CLU_IPC_PIECE ? len - at : CLU_IPC_PIECE;
		head.hdr.size = (int32_t)(sizeof(head) + piece);
		head.at = (uint32_t)at;
		if (!queue_piece(c, &head, piece ? (const char *)data + at : NULL, piece))
			return;
		at += piece;
	} while (at < len);
	flush(c);
}

void clu_ipc_server_reply(struct clu_ipc_server *s, uint64_t client, int error, const void *data, size_t len)
{
	for (struct conn *c = s->list; c; c = c->next) {
		for (unsigned i = 0; i < MAX_OPEN_REQUESTS; i++) {
			if (!c->open[i].used || c->open[i].client != client)
				continue;
			c->open[i].used = false;
			say(c, CLU_IPC_ANSWER, c->open[i].tag, error, data, len);
			return;
		}
	}
}

void clu_ipc_server_notify(struct clu_ipc_server *s, const void *data, size_t len)
{
	for (struct conn *c = s->list; c; c = c->next)
		if (c->subscribed)
			say(c, CLU_IPC_NOTIFY, 0, 0, data, len);
}

/* ---- from the client ---- */

static void answer_text(struct conn *c, uint64_t tag, void (*make)(void *ctx, struct clu_buf *ret))
{
	struct clu_buf b = CLU_BUF_INIT;
	make(c->s->h.ctx, &b);
	/* A text that is too long is of more use cut than refused. */
	say(c, CLU_IPC_ANSWER, tag, b.error, b.data, b.len < c->s->max ? b.len : c->s->max);
	clu_buf_free(&b);
}

/* own: `data` is our own copy; else it lies in the shared memory, and the client could change it under the core's eyes. */
static void core_request(struct conn *c, uint64_t tag, const char *data, size_t len, bool own)
{
	struct clu_ipc_server *s = c->s;
	struct clu_request req = { .uid = c->uid, .gid = c->gid, .pid = c->pid, .admin = c->admin, .len = len };
	char *copy = NULL;
	unsigned i;

	for (i = 0; i < MAX_OPEN_REQUESTS && c->open[i].used; i++)
		;
	if (i == MAX_OPEN_REQUESTS) {
		say(c, CLU_IPC_ANSWER, tag, -EBUSY, NULL, 0);
		return;
	}
	if (!own) {
		copy = malloc(len ? len : 1);
		if (!copy) {
			say(c, CLU_IPC_ANSWER, tag, -ENOMEM, NULL, 0);
			return;
		}
		memcpy(copy, data, len);
	}
	c->open[i] = (struct open_request){ .client = ++s->last_client, .tag = tag, .used = true };
	req.client = s->last_client;
	req.data = copy ? copy : data;
	s->h.request(s->h.ctx, &req);
	free(copy);
}

/* One piece of a request. What goes on with nothing is the rest of one that was given up or refused: ignored. */
static void core_piece(struct conn *c, const struct clu_ipc_request *head, const char *data, size_t len)
{
	struct clu_buf whole;

	if (!head->at)
		clu_buf_free(&c->part);
	if (!head->at && len == head->whole) {
		core_request(c, head->tag, data, len, false);
		return;
	}
	if (head->at ? head->at != c->part.len || head->tag != c->part_tag || !len || len > head->whole - head->at : !len)
		return;
	c->part_tag = head->tag;
	clu_buf_append(&c->part, data, len);
	if (c->part.error) {
		clu_buf_free(&c->part);
		say(c, CLU_IPC_ANSWER, head->tag, -ENOMEM, NULL, 0);
	} else if (c->part.len == head->whole) {
		whole = c->part;
		c->part = (struct clu_buf)CLU_BUF_INIT;
		core_request(c, head->tag, whole.data, whole.len, true);
		clu_buf_free(&whole);
	}
}

static int32_t on_message(qb_ipcs_connection_t *qb, void *data, size_t size)
{
	struct conn *c = qb_ipcs_context_get(qb);
	struct clu_ipc_request head;

	if (!c || c->dropping || c->s->ending)
		return 0;
	/* `size` is the client's word. Inside the bound it stays inside the mapping, which is twice the ring. */
	if (size < sizeof(head) || size > sizeof(head) + CLU_IPC_PIECE) {
		drop(c, CLU_WARNING, "it sent a request of a wrong size");
		return 0;
	}
	memcpy(&head, data, sizeof(head));
	if (head.whole > c->s->max) {
		if (!head.at)
			say(c, CLU_IPC_ANSWER, head.tag, -EMSGSIZE, NULL, 0);
		return 0;
	}
	switch (head.hdr.id) {
	case CLU_IPC_CORE:
		core_piece(c, &head, (const char *)data + sizeof(head), size - sizeof(head));
		break;
	case CLU_IPC_SUBSCRIBE:
		c->subscribed = true;
		say(c, CLU_IPC_ANSWER, head.tag, 0, NULL, 0);
		break;
	case CLU_IPC_DUMP:
		answer_text(c, head.tag, c->s->h.dump);
		break;
	case CLU_IPC_HISTORY:
		answer_text(c, head.tag, c->s->h.history);
		break;
	case CLU_IPC_PING:
		say(c, CLU_IPC_ANSWER, head.tag, 0, NULL, 0);
		break;
	default:
		say(c, CLU_IPC_ANSWER, head.tag, -EOPNOTSUPP, NULL, 0);
	}
	return 0;
}

static int32_t on_closed(qb_ipcs_connection_t *qb)
{
	struct conn *c = qb_ipcs_context_get(qb);

	if (!c || c->closed)
		return 0;
	c->closed = true;
	for (unsigned i = 0; i < MAX_OPEN_REQUESTS; i++) {
		if (!c->open[i].used)
			continue;
		c->open[i].used = false;
		if (!c->s->ending)
			c->s->h.gone(c->s->h.ctx, c->open[i].client);
	}
	return 0;
}

static void on_destroyed(qb_ipcs_connection_t *qb)
{
	struct conn *c = qb_ipcs_context_get(qb), **p;

	if (!c)
		return;
	for (p = &c->s->list; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	c->s->count--;
	while (c->queue)
		pop(c);
	clu_buf_free(&c->part);
	free(c);
}

/* ---- life ---- */

int clu_ipc_server_new(const char *daemon, size_t max, const struct clu_ipc_handlers *h,
	struct clu_ipc_server **ret)
{
	static struct qb_ipcs_service_handlers handlers = {
		.connection_accept = on_accept, .msg_process = on_message,
		.connection_closed = on_closed, .connection_destroyed = on_destroyed,
	};
	struct clu_ipc_server *s = calloc(1, sizeof(*s));
	char name[64];
	int r;

	if (!s)
		return -ENOMEM;
	if (max > CLU_IPC_LIMIT) {
		free(s);
		return -EMSGSIZE;
	}
	s->h = *h;
	s->max = max ? max : CLU_IPC_DEFAULT_MAX;
	snprintf(name, sizeof(name), CLU_IPC_PREFIX "%s", daemon);
	s->qb = qb_ipcs_create(name, 0, QB_IPC_SHM, &handlers);
	if (!s->qb) {
		free(s);
		return -ENOMEM;
	}
	qb_ipcs_service_context_set(s->qb, s);
	qb_ipcs_poll_handlers_set(s->qb, &clu_ipc_loop);
	qb_ipcs_enforce_buffer_size(s->qb, CLU_IPC_RING);
	r = qb_ipcs_run(s->qb);
	if (r < 0) {
		free(s);	/* libqb has freed its own part */
		return r;
	}
	*ret = s;
	return 0;
}

/* Whether some client still has to fetch something. */
static bool is_pending(struct clu_ipc_server *s)
{
	bool pending = false;

	for (struct conn *c = s->list; c; c = c->next) {
		struct qb_ipcs_connection_stats_2 *st;

		if (c->closed || c->dropping)
			continue;
		flush(c);
		st = qb_ipcs_connection_stats_get_2(c->qb, QB_FALSE);
		pending = pending || c->queue || (st && st->event_q_length);
		free(st);
	}
	return pending;
}

struct clu_ipc_server *clu_ipc_server_free(struct clu_ipc_server *s, unsigned wait_ms)
{
	if (!s)
		return NULL;
	s->ending = true;
	if (s->retry_set)
		(void)qb_loop_timer_del(NULL, s->retry);
	for (struct conn *c = s->list; c; c = c->next) {
		for (unsigned i = 0; i < MAX_OPEN_REQUESTS; i++) {
			if (!c->open[i].used)
				continue;
			c->open[i].used = false;
			say(c, CLU_IPC_ANSWER, c->open[i].tag, -ESHUTDOWN, NULL, 0);
		}
	}
	/* A client finds nothing in a connection whose other end has gone: let it fetch the last word first. */
	for (unsigned ms = 0; ms < wait_ms && is_pending(s); ms += RETRY_MS)
		(void)poll(NULL, 0, RETRY_MS);
	for (struct conn *c = s->list, *next; c; c = next) {
		bool dropping = c->dropping, closed = c->closed;
		qb_ipcs_connection_t *qb = c->qb;

		next = c->next;
		if (!closed)
			qb_ipcs_disconnect(qb);
		if (dropping && !qb_loop_job_del(NULL, QB_LOOP_MED, c, drop_job))
			qb_ipcs_connection_unref(qb);
	}
	qb_ipcs_destroy(s->qb);
	free(s);
	return NULL;
}
