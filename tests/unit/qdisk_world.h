/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One node with its quorum disk: all that qdiskd's core asks for is answered at once. */
#ifndef QDISK_WORLD_H
#define QDISK_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clu_conf.h"
#include "clu_out.h"
#include "qdisk_core.h"

struct qw_node {
	struct qdisk *q;
	struct clu_out *out;
	struct clu_conf *conf;
	uint64_t now_ms;
	unsigned char disk[(QDISK_NODES + 1) * QDISK_USED];
	bool frozen;		/* reads and writes are not answered */
	int fails;		/* negative errno of reads */
	int refuses;		/* negative errno of the device's registration */
	bool cast, exited;
	int fatal;		/* its code, 0 none */
	unsigned runs, unregistered;
	char program[256];	/* of the last run */
	unsigned registered, prints, feeds, stores;
	uint64_t store_id;	/* of the last one, which has not ended */
	uint32_t killed;
	char notes[8192];	/* why, a line each; begins anew when it is full */
};

/* A cluster.conf of two nodes with this in it. */
struct clu_conf *qw_parse(const char *quorumd);

/* A qdiskd that was given its cluster.conf; the disk is empty. */
#define QW_PLAIN "<quorumd label=\"q\" interval=\"1\" tko=\"4\" votes=\"1\"/>"
struct qw_node *qw_start(const char *quorumd);
/* NULL: it has none yet. */
struct qw_node *qw_start_as(uint32_t nodeid, const char *quorumd);
void qw_end(struct qw_node *n);
void qw_give_conf(struct qw_node *n, const char *quorumd);
void qw_step(struct qw_node *n, struct clu_event *ev);
/* Its timers, up to then. */
void qw_advance(struct qw_node *n, uint64_t ms);
/* Of disk and corosync. */
void qw_said(struct qw_node *n, uint32_t what, uint64_t id, int result, const void *data, size_t len);
void qw_ring(struct qw_node *n, uint64_t seq, bool alone);

struct qdisk_status qw_block(const struct qw_node *n, uint32_t id);
void qw_put_block(struct qw_node *n, const struct qdisk_status *s);

#endif
