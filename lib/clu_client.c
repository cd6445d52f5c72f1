/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clu_client_priv.h"

/* Notifications that came while an answer was awaited. */
#define MAX_KEPT 4096
#define MAX_KEPT_BYTES (16u * 1024 * 1024)
#define PIECE_RETRY_MS 1	/* the daemon is reading the pieces before it */

/* The piece of a message that begins at `at`. */
static int post_piece(struct clu_client *c, enum clu_ipc_kind kind, uint64_t tag, const void *data, size_t len, size_t at)
{
	struct clu_ipc_request head = { .hdr = { .id = kind }, .tag = tag, .whole = (uint32_t)len, .at = (uint32_t)at };
	size_t piece = len - at < CLU_IPC_PIECE ? len - at : CLU_IPC_PIECE;
	struct iovec iov[2] = { { &head, sizeof(head) }, { piece ? (char *)data + at : NULL, piece } };
	ssize_t n;

	if (c->dead || !c->connected)
		return -EPIPE;
	head.hdr.size = (int32_t)(sizeof(head) + piece);
	n = qb_ipcc_sendv(c->qb, iov, piece ? 2 : 1);
	if (n == -EAGAIN || n == -ETIMEDOUT || n == -ENOBUFS)
		return -EAGAIN;
	if (n < 0) {
		c->dead = n != -EMSGSIZE && n != -EINVAL;
		return c->dead ? -EPIPE : (int)n;
	}
	return 0;
}

static int post(struct clu_client *c, enum clu_ipc_kind kind, const void *data, size_t len, uint64_t *ret_tag)
{
	int r = len > CLU_IPC_PIECE ? -EMSGSIZE : post_piece(c, kind, c->last_tag + 1, data, len, 0);

	if (!r)
		*ret_tag = ++c->last_tag;
	return r;
}

/* All pieces of a message. */
static int post_whole(struct clu_client *c, enum clu_ipc_kind kind, const void *data, size_t len, uint64_t until,
	uint64_t *ret_tag)
{
	size_t at = 0;
	int r;

	if (len > CLU_IPC_LIMIT)
		return -EMSGSIZE;
	*ret_tag = ++c->last_tag;
	do {
		r = post_piece(c, kind, *ret_tag, data, len, at);
		if (r == -EAGAIN) {
			int left = clu_client_left_ms(until), pause = at ? PIECE_RETRY_MS : CLU_CLIENT_RETRY_MS;

			/* The ring is full, maybe of requests that were given up: nobody tells when there is room again. */
			if (!left)
				return -ETIMEDOUT;
			(void)poll(NULL, 0, left < pause ? left : pause);
		} else if (r < 0) {
			return r;
		} else {
			at += CLU_IPC_PIECE;
		}
	} while (r == -EAGAIN || at < len);
	return 0;
}

int clu_client_post(struct clu_client *c, const void *req, size_t len, uint64_t *ret_tag)
{
	return post(c, CLU_IPC_CORE, req, len, ret_tag);
}

int clu_client_post_subscribe(struct clu_client *c, uint64_t *ret_tag)
{
	return post(c, CLU_IPC_SUBSCRIBE, NULL, 0, ret_tag);
}

/*
 * The piece in rx, and what it makes whole: 0. -EAGAIN: more is to come, or it is the rest of one that we do not take.
 * Pieces of one message come one behind the other.
 */
static int take_piece(struct clu_client *c, const struct clu_ipc_answer *head, size_t len, struct clu_client_said *ret)
{
	*ret = (struct clu_client_said){
		.notify = head->hdr.id == CLU_IPC_NOTIFY, .tag = head->tag,
		.error = head->hdr.error > 0 ? -head->hdr.error : head->hdr.error,
		.data = c->rx + sizeof(*head), .len = len,
	};
	if (!head->at)
		clu_buf_free(&c->whole);
	if (head->whole > c->max) {
		ret->error = -EMSGSIZE;
		ret->len = 0;
		return head->at || ret->notify ? -EAGAIN : 0;
	}
	if (!head->at && len == head->whole)
		return 0;
	if (head->at != c->whole.len || !len || len > head->whole - head->at)
		return -EAGAIN;
	clu_buf_append(&c->whole, ret->data, len);
	if (c->whole.error)
		return c->whole.error;
	if (c->whole.len < head->whole)
		return -EAGAIN;
	ret->data = c->whole.data;
	ret->len = c->whole.len;
	return 0;
}

/* One message out of libqb, without waiting. 0, -EAGAIN, -EPIPE, -ENOMEM. */
static int take_new(struct clu_client *c, struct clu_client_said *ret)
{
	struct clu_ipc_answer head;
	ssize_t n;
	int r;

	if (c->dead || !c->connected)
		return -EPIPE;
	do {
		n = qb_ipcc_event_recv(c->qb, c->rx, c->rx_size, 0);
		if (n == -EAGAIN || n == -ETIMEDOUT || n == -ENOMSG)
			return -EAGAIN;
		if (n < (ssize_t)sizeof(head)) {
			c->dead = true;		/* gone, or it speaks nonsense: the same to us */
			return -EPIPE;
		}
		memcpy(&head, c->rx, sizeof(head));
		r = take_piece(c, &head, (size_t)n - sizeof(head), ret);
	} while (r == -EAGAIN);
	return r;
}

static int keep(struct clu_client *c, const struct clu_client_said *m)
{
	struct kept *k;

	if (c->n_kept >= MAX_KEPT || c->kept_bytes + m->len > MAX_KEPT_BYTES)
		return -ENOBUFS;
	k = malloc(sizeof(*k) + m->len);
	if (!k)
		return -ENOMEM;
	k->next = NULL;
	k->len = m->len;
	memcpy(k->data, m->data, m->len);
	*c->kept_end = k;
	c->kept_end = &k->next;
	c->n_kept++;
	c->kept_bytes += m->len;
	(void)eventfd_write(c->wake, 1);
	return 0;
}

/* The oldest kept notification, which lives as long as a new one does. */
static bool take_kept(struct clu_client *c, struct clu_client_said *ret)
{
	struct kept *k = c->kept;
	eventfd_t one;

	if (!k)
		return false;
	c->kept = k->next;
	if (!c->kept)
		c->kept_end = &c->kept;
	c->n_kept--;
	c->kept_bytes -= k->len;
	(void)eventfd_read(c->wake, &one);
	free(c->told);
	c->told = k;
	*ret = (struct clu_client_said){ .notify = true, .data = k->data, .len = k->len };
	return true;
}

int clu_client_take(struct clu_client *c, struct clu_client_said *ret)
{
	return take_kept(c, ret) ? 0 : take_new(c, ret);
}

/* Waits for something to read. 0 or -ETIMEDOUT. */
static int wait_readable(struct clu_client *c, uint64_t until)
{
	struct pollfd p = { .fd = c->sock, .events = POLLIN };
	int left = clu_client_left_ms(until);

	if (!left)
		return -ETIMEDOUT;
	(void)poll(&p, 1, left);
	return 0;
}

static int call(struct clu_client *c, enum clu_ipc_kind kind, const void *req, size_t len, uint64_t until,
	struct clu_buf *ret)
{
	struct clu_client_said m;
	uint64_t tag;
	int r;

	r = post_whole(c, kind, req, len, until, &tag);
	while (!r) {
		r = take_new(c, &m);
		if (r == -EAGAIN) {
			r = wait_readable(c, until);
			continue;
		}
		if (r < 0)
			break;
		if (m.notify) {
			r = keep(c, &m);
		} else if (m.tag == tag) {
			if (ret)
				clu_buf_append(ret, m.data, m.len);
			return ret && ret->error ? ret->error : m.error;
		}
		/* else the late answer to a call that was given up */
	}
	return r;
}

int clu_client_call(struct clu_client *c, const void *req, size_t len, uint32_t deadline_ms, struct clu_buf *ret)
{
	return call(c, CLU_IPC_CORE, req, len, clu_client_mono_ms() + deadline_ms, ret);
}

int clu_client_subscribe(struct clu_client *c, uint32_t deadline_ms)
{
	return call(c, CLU_IPC_SUBSCRIBE, NULL, 0, clu_client_mono_ms() + deadline_ms, NULL);
}

int clu_client_fd(struct clu_client *c)
{
	return c->epoll;
}

int clu_client_next(struct clu_client *c, uint32_t deadline_ms, struct clu_buf *ret)
{
	uint64_t until = clu_client_mono_ms() + deadline_ms;
	struct clu_client_said m;
	int r;

	for (;;) {
		r = clu_client_take(c, &m);
		if (!r && m.notify) {
			clu_buf_append(ret, m.data, m.len);
			return ret->error;
		}
		if (r == -EAGAIN)
			r = wait_readable(c, until);
		if (r < 0)
			return r;
	}
}

/* ---- at one go ---- */

static int once(const char *daemon, enum clu_ipc_kind kind, const void *req, size_t len, uint32_t deadline_ms,
	struct clu_buf *ret)
{
	uint64_t until = clu_client_mono_ms() + deadline_ms;
	struct clu_client *c;
	int r;

	r = clu_client_connect(daemon, deadline_ms, 0, &c);
	if (r < 0)
		return r;
	r = call(c, kind, req, len, until, ret);
	clu_client_close(c);
	return r;
}

int clu_client_once(const char *daemon, const void *req, size_t len, uint32_t deadline_ms, struct clu_buf *ret)
{
	return once(daemon, CLU_IPC_CORE, req, len, deadline_ms, ret);
}

int clu_client_dump(const char *daemon, uint32_t deadline_ms, struct clu_buf *ret)
{
	return once(daemon, CLU_IPC_DUMP, NULL, 0, deadline_ms, ret);
}

int clu_client_history(const char *daemon, uint32_t deadline_ms, struct clu_buf *ret)
{
	return once(daemon, CLU_IPC_HISTORY, NULL, 0, deadline_ms, ret);
}

int clu_client_once_pb(const char *daemon, const struct ProtobufCMessage *req, uint32_t deadline_ms,
	const struct ProtobufCMessageDescriptor *desc, struct ProtobufCMessage **ret)
{
	size_t len = protobuf_c_message_get_packed_size(req);
	struct clu_buf answer = CLU_BUF_INIT;
	uint8_t *bytes = malloc(len ? len : 1);
	int r;

	*ret = NULL;
	if (!bytes)
		return -ENOMEM;
	protobuf_c_message_pack(req, bytes);
	r = clu_client_once(daemon, bytes, len, deadline_ms, &answer);
	/* An error may have an answer beside it: the reason. */
	if (!r || answer.len) {
		*ret = protobuf_c_message_unpack(desc, NULL, answer.len, (const uint8_t *)clu_buf_text(&answer));
		if (!*ret && !r)
			r = -EBADMSG;
	}
	clu_buf_free(&answer);
	free(bytes);
	return r;
}
