/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The list of actions that one step of a core yields. Every function copies what
 * it is given. A failed allocation is remembered: clu_out_error() tells, and the
 * runner treats the whole step as failed.
 */
#ifndef CLU_OUT_H
#define CLU_OUT_H

#include "clu_core.h"

enum clu_action_type {
	CLU_ACT_SEND,		/* ordered multicast to the group, ourselves included */
	CLU_ACT_REPLY,		/* answer to one request */
	CLU_ACT_NOTIFY,		/* to every subscriber of this daemon on this node */
	CLU_ACT_RUN,		/* start a program */
	CLU_ACT_KILL,		/* end a program started by RUN: TERM, grace, KILL; its CHILD event still comes */
	CLU_ACT_STORE,		/* write a file durably; STORED tells the end */
	CLU_ACT_NOTE,		/* a transition: log line + history entry */
	CLU_ACT_JOIN,		/* join the group (only daemons whose shell does not join by itself) */
	CLU_ACT_LEAVE,		/* leave the group in order; VIEW with self_left confirms */
	CLU_ACT_FENCE,		/* ask fenced to make node u.nodeid a victim (with a reason) */
	CLU_ACT_KILL_NODE,	/* have corosync on node u.nodeid ended by the cluster (corosync_cfg_kill_node) */
	CLU_ACT_CONFIG,		/* ccsd only: this document is the one in force now */
	CLU_ACT_DEVICE,		/* to what only this daemon has (u.device, see CLU_EV_DEVICE) */
	CLU_ACT_FATAL,		/* the daemon cannot go on: exit with this code and reason */
	CLU_ACT_EXIT,		/* orderly end after SHUTDOWN */
	CLU_NACTIONS
};

enum clu_level { CLU_DEBUG, CLU_INFO, CLU_NOTICE, CLU_WARNING, CLU_ERR, CLU_CRIT };

/*
 * A code for FATAL: what this daemon ran cannot be stopped any more and must not
 * go on. A daemon with CLU_WANT_WATCHDOG or CLU_WANT_RESET (clu_shell.h) has its machine reset.
 */
#define CLU_FATAL_RESET 70

/* One program to run. Strings are copied; env and argv end with NULL. */
struct clu_run {
	uint64_t id;		/* chosen by the core, not in use by another running child */
	const char *const *argv;	/* argv[0] is a path */
	const char *const *env;	/* "NAME=value", added to a small fixed environment (PATH, LC_ALL=C) */
	const void *input;	/* fed to stdin, then closed; may hold secrets: never logged */
	size_t input_len;
	uint32_t deadline_ms;	/* from the start; 0 is not allowed */
	uint32_t grace_ms;	/* between TERM and KILL; 0 = 5000 */
};

/* A transition, said once, with its reason. */
struct clu_note {
	enum clu_level level;
	const char *event;	/* stable dotted name: "fdom.victim", "rg.state" */
	const char *object;	/* what changed: node or service name */
	const char *from, *to;	/* old and new state, may be "" */
	const char *why;	/* reason for people */
	const char *fields;	/* further "key=value key=value", may be NULL */
};

struct clu_action {
	enum clu_action_type type;
	union {
		struct { const void *data; size_t len; } bytes;			/* SEND, NOTIFY, CONFIG */
		struct { uint64_t client; int32_t error; const void *data; size_t len; } reply;
		struct clu_run run;
		uint64_t kill_id;
		struct { uint64_t id; const char *path; const void *data; size_t len; uint32_t mode; } store;
		struct { enum clu_level level; const char *event, *object, *from, *to, *why, *fields; } note;
		struct { uint32_t nodeid; const char *why; } node;		/* FENCE, KILL_NODE */
		struct { uint32_t what; uint64_t id; const void *data; size_t len; } device;
		struct { int32_t code; const char *why; } fatal;
	} u;
};

struct clu_out *clu_out_new(void);
struct clu_out *clu_out_free(struct clu_out *out);	/* accepts NULL, returns NULL */
void clu_out_reset(struct clu_out *out);		/* empty again, memory kept */
int clu_out_error(const struct clu_out *out);		/* 0 or -ENOMEM */
unsigned clu_out_count(const struct clu_out *out);
const struct clu_action *clu_out_get(const struct clu_out *out, unsigned i);

void clu_out_send(struct clu_out *out, const void *data, size_t len);
/* error: 0 or negative errno for the client library; data: the encoded answer, may be empty. */
void clu_out_reply(struct clu_out *out, uint64_t client, int32_t error, const void *data, size_t len);
void clu_out_notify(struct clu_out *out, const void *data, size_t len);
void clu_out_run(struct clu_out *out, const struct clu_run *run);
void clu_out_kill(struct clu_out *out, uint64_t id);
void clu_out_store(struct clu_out *out, uint64_t id, const char *path, const void *data, size_t len,
	uint32_t mode);
void clu_out_note(struct clu_out *out, enum clu_level level, const char *event, const char *object,
	const char *from, const char *to, const char *why, const char *fields_fmt, ...)
	__attribute__((format(printf, 8, 9)));
void clu_out_join(struct clu_out *out);
void clu_out_leave(struct clu_out *out);
void clu_out_fence(struct clu_out *out, uint32_t nodeid, const char *why);
void clu_out_kill_node(struct clu_out *out, uint32_t nodeid, const char *why);
void clu_out_config(struct clu_out *out, const void *data, size_t len);
void clu_out_device(struct clu_out *out, uint32_t what, uint64_t id, const void *data, size_t len);
void clu_out_fatal(struct clu_out *out, int32_t code, const char *why);
void clu_out_exit(struct clu_out *out);

/* Packs a protobuf-c message and sends / replies / notifies it. */
struct ProtobufCMessage;
void clu_out_send_pb(struct clu_out *out, const struct ProtobufCMessage *m);
void clu_out_reply_pb(struct clu_out *out, uint64_t client, int32_t error, const struct ProtobufCMessage *m);
void clu_out_notify_pb(struct clu_out *out, const struct ProtobufCMessage *m);

#endif
