/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_out.h"

#include <errno.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies live in chunks that never move, so that actions may point into them. */
struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(16) char mem[];
};

struct clu_out {
	struct clu_action *act;
	unsigned n, cap;
	struct chunk *chunks;
	int error;
};

#define CHUNK_BYTES 8192

struct clu_out *clu_out_new(void)
{
	return calloc(1, sizeof(struct clu_out));
}

struct clu_out *clu_out_free(struct clu_out *out)
{
	if (!out)
		return NULL;
	for (struct chunk *c = out->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(out->act);
	free(out);
	return NULL;
}

void clu_out_reset(struct clu_out *out)
{
	/* One ordinary chunk is kept for the next step; inputs may have held secrets, so it is wiped. */
	struct chunk *keep = NULL;

	for (struct chunk *c = out->chunks, *next; c; c = next) {
		next = c->next;
		explicit_bzero(c->mem, c->used);
		if (!keep && c->size == CHUNK_BYTES)
			keep = c;
		else
			free(c);
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	out->chunks = keep;
	out->n = 0;
	out->error = 0;
}

int clu_out_error(const struct clu_out *out)
{
	return out->error;
}

unsigned clu_out_count(const struct clu_out *out)
{
	return out->n;
}

const struct clu_action *clu_out_get(const struct clu_out *out, unsigned i)
{
	return i < out->n ? &out->act[i] : NULL;
}

static void *room(struct clu_out *out, size_t len)
{
	struct chunk *c = out->chunks;
	size_t want = (len + 15) & ~(size_t)15;
	void *p;

	if (out->error)
		return NULL;
	if (!c || c->size - c->used < want) {
		size_t size = want > CHUNK_BYTES ? want : CHUNK_BYTES;

		c = malloc(sizeof(*c) + size);
		if (!c) {
			out->error = -ENOMEM;
			return NULL;
		}
		c->size = size;
		c->used = 0;
		c->next = out->chunks;
		out->chunks = c;
	}
	p = c->mem + c->used;
	c->used += want;
	return p;
}

/* len bytes of data, with a NUL behind them. */
static const void *copy(struct clu_out *out, const void *data, size_t len)
{
	char *p = room(out, len + 1);

	if (!p)
		return NULL;
	if (len)
		memcpy(p, data, len);
	p[len] = '\0';
	return p;
}

static const char *copy_str(struct clu_out *out, const char *s)
{
	return copy(out, s ? s : "", s ? strlen(s) : 0);
}

static const char *const *copy_vec(struct clu_out *out, const char *const *v)
{
	size_t n = 0;
	const char **p;

	while (v && v[n])
		n++;
	p = room(out, (n + 1) * sizeof(*p));
	if (!p)
		return NULL;
	for (size_t i = 0; i < n; i++)
		p[i] = copy_str(out, v[i]);
	p[n] = NULL;
	return p;
}

static struct clu_action *add(struct clu_out *out, enum clu_action_type type)
{
	struct clu_action *a;

	if (out->error)
		return NULL;
	if (out->n == out->cap) {
		unsigned cap = out->cap ? out->cap * 2 : 16;

		a = realloc(out->act, cap * sizeof(*a));
		if (!a) {
			out->error = -ENOMEM;
			return NULL;
		}
		out->act = a;
		out->cap = cap;
	}
	a = &out->act[out->n++];
	memset(a, 0, sizeof(*a));
	a->type = type;
	return a;
}

static void add_bytes(struct clu_out *out, enum clu_action_type type, const void *data, size_t len)
{
	struct clu_action *a = add(out, type);

	if (!a)
		return;
	a->u.bytes.data = copy(out, data, len);
	a->u.bytes.len = len;
}

void clu_out_send(struct clu_out *out, const void *data, size_t len)
{
	add_bytes(out, CLU_ACT_SEND, data, len);
}

void clu_out_notify(struct clu_out *out, const void *data, size_t len)
{
	add_bytes(out, CLU_ACT_NOTIFY, data, len);
}

void clu_out_config(struct clu_out *out, const void *data, size_t len)
{
	add_bytes(out, CLU_ACT_CONFIG, data, len);
}

void clu_out_reply(struct clu_out *out, uint64_t client, int32_t error, const void *data, size_t len)
{
	struct clu_action *a = add(out, CLU_ACT_REPLY);

	if (!a)
		return;
	a->u.reply.client = client;
	a->u.reply.error = error;
	a->u.reply.data = copy(out, data, len);
	a->u.reply.len = len;
}

void clu_out_run(struct clu_out *out, const struct clu_run *run)
{
	struct clu_action *a = add(out, CLU_ACT_RUN);

	if (!a)
		return;
	a->u.run = *run;
	a->u.run.argv = copy_vec(out, run->argv);
	a->u.run.env = copy_vec(out, run->env);
	a->u.run.input = copy(out, run->input, run->input_len);
}

void clu_out_kill(struct clu_out *out, uint64_t id)
{
	struct clu_action *a = add(out, CLU_ACT_KILL);

	if (a)
		a->u.kill_id = id;
}

void clu_out_store(struct clu_out *out, uint64_t id, const char *path, const void *data, size_t len,
	uint32_t mode)
{
	struct clu_action *a = add(out, CLU_ACT_STORE);

	if (!a)
		return;
	a->u.store.id = id;
	a->u.store.path = copy_str(out, path);
	a->u.store.data = copy(out, data, len);
	a->u.store.len = len;
	a->u.store.mode = mode;
}

void clu_out_note(struct clu_out *out, enum clu_level level, const char *event, const char *object,
	const char *from, const char *to, const char *why, const char *fields_fmt, ...)
{
	struct clu_action *a = add(out, CLU_ACT_NOTE);
	char fields[1024] = "";

	if (!a)
		return;
	if (fields_fmt) {
		va_list ap;

		va_start(ap, fields_fmt);
		vsnprintf(fields, sizeof(fields), fields_fmt, ap);
		va_end(ap);
	}
	a->u.note.level = level;
	a->u.note.event = copy_str(out, event);
	a->u.note.object = copy_str(out, object);
	a->u.note.from = copy_str(out, from);
	a->u.note.to = copy_str(out, to);
	a->u.note.why = copy_str(out, why);
	a->u.note.fields = copy_str(out, fields);
}

static void add_node(struct clu_out *out, enum clu_action_type type, uint32_t nodeid, const char *why)
{
	struct clu_action *a = add(out, type);

	if (!a)
		return;
	a->u.node.nodeid = nodeid;
	a->u.node.why = copy_str(out, why);
}

void clu_out_fence(struct clu_out *out, uint32_t nodeid, const char *why)
{
	add_node(out, CLU_ACT_FENCE, nodeid, why);
}

void clu_out_kill_node(struct clu_out *out, uint32_t nodeid, const char *why)
{
	add_node(out, CLU_ACT_KILL_NODE, nodeid, why);
}

void clu_out_join(struct clu_out *out)
{
	(void)add(out, CLU_ACT_JOIN);
}

void clu_out_leave(struct clu_out *out)
{
	(void)add(out, CLU_ACT_LEAVE);
}

void clu_out_exit(struct clu_out *out)
{
	(void)add(out, CLU_ACT_EXIT);
}

void clu_out_device(struct clu_out *out, uint32_t what, uint64_t id, const void *data, size_t len)
{
	struct clu_action *a = add(out, CLU_ACT_DEVICE);

	if (!a)
		return;
	a->u.device.what = what;
	a->u.device.id = id;
	a->u.device.data = copy(out, data, len);
	a->u.device.len = len;
}

void clu_out_fatal(struct clu_out *out, int32_t code, const char *why)
{
	struct clu_action *a = add(out, CLU_ACT_FATAL);

	if (!a)
		return;
	a->u.fatal.code = code;
	a->u.fatal.why = copy_str(out, why);
}

static const void *pack(struct clu_out *out, const struct ProtobufCMessage *m, size_t *ret_len)
{
	uint8_t *p;

	*ret_len = m ? protobuf_c_message_get_packed_size(m) : 0;
	p = room(out, *ret_len + 1);
	if (p && m)
		protobuf_c_message_pack(m, p);
	return p;
}

void clu_out_send_pb(struct clu_out *out, const struct ProtobufCMessage *m)
{
	struct clu_action *a = add(out, CLU_ACT_SEND);

	if (a)
		a->u.bytes.data = pack(out, m, &a->u.bytes.len);
}

void clu_out_notify_pb(struct clu_out *out, const struct ProtobufCMessage *m)
{
	struct clu_action *a = add(out, CLU_ACT_NOTIFY);

	if (a)
		a->u.bytes.data = pack(out, m, &a->u.bytes.len);
}

void clu_out_reply_pb(struct clu_out *out, uint64_t client, int32_t error, const struct ProtobufCMessage *m)
{
	struct clu_action *a = add(out, CLU_ACT_REPLY);

	if (!a)
		return;
	a->u.reply.client = client;
	a->u.reply.error = error;
	a->u.reply.data = pack(out, m, &a->u.reply.len);
}
