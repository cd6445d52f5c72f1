/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running corosync takes over a cluster.conf: this node's part. Used by cmand's helper and by cman_tool reload. */
#ifndef CMAN_TAKE_H
#define CMAN_TAKE_H

#include "clu_conf.h"

enum cman_take {
	CMAN_TAKE_RUNNING,	/* corosync runs with it; lines: what a new start of this node would change */
	CMAN_TAKE_STAGED,	/* corosync.conf is written, durable, and tried out; corosync is to read it now */
	CMAN_TAKE_HELD		/* corosync cannot take it over while it runs; lines say why; the file is as it was */
};

/*
 * Compares the document with what corosync has read and writes its file when they
 * differ. Values of the command line of join stay in force. May be repeated at any
 * time; after a crash it finds out anew. An enum cman_take, or negative errno with
 * the reason in lines.
 */
int cman_take_look(const struct clu_conf *conf, struct clu_buf *lines);

/* Has corosync read its file, on all nodes. 0, or negative errno with the reason in lines. */
int cman_take_reload(struct clu_buf *lines);

/* Why corosync did not take over what it was asked to: the end of its log, in lines. */
void cman_take_refused(const struct clu_conf *conf, struct clu_buf *lines);

#endif
