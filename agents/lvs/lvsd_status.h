/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to a running lvsd over a local stream socket (mode 0600: root).
 * The client sends one line, "status" or "verify"; the daemon answers one JSON
 * object and closes.
 */
#ifndef LVSD_STATUS_H
#define LVSD_STATUS_H

#include <jansson.h>
#include <qb/qbloop.h>
#include <stdio.h>

#include "clu_buf.h"

#define LVSD_CLIENT_MS 2000

struct lvsd_server;

/* answer: appends the JSON text for the request. 0 or negative errno with why. */
int lvsd_server_new(qb_loop_t *loop, const char *path, void (*answer)(void *ctx, const char *request,
	struct clu_buf *ret), void *ctx, struct lvsd_server **ret, struct clu_buf *why);
struct lvsd_server *lvsd_server_free(struct lvsd_server *s);	/* removes the socket; accepts NULL, returns NULL */

/*
 * Asks, with a limit of LVSD_CLIENT_MS in all. *ret: a new reference. -ECONNREFUSED:
 * none runs; -ETIMEDOUT: it does not answer; -EACCES; -EBADMSG.
 */
int lvsd_ask(const char *path, const char *request, json_t **ret);

/* The answer to "status" for people. */
void lvsd_status_print(FILE *f, const json_t *status);

#endif
