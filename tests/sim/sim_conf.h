/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster.conf of a history by chance, and what administrators make of one. */
#ifndef SIM_CONF_H
#define SIM_CONF_H

#include <stddef.h>

#include "clu_buf.h"
#include "sim_dice.h"

#define SIM_CONF_SERVICES 4	/* s0 to s3 are in every document that is drawn; updates may bring one more */
#define SIM_CONF_GHOST 40	/* node id of a machine that is in cluster.conf and was never built */

void sim_conf_draw(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret);
/* sim_conf_rm.c: its <rm>. */
void sim_conf_draw_rm(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret);
/* A service to ask for: "s0", or with its type "vm:v0"; now and then one that does not exist. */
void sim_conf_some_service(struct sim_dice *d, char *ret, size_t size);

/* A resource, as the simulator's agents call it: "script:a10@s1". Not every document has it. */
void sim_conf_some_resource(struct sim_dice *d, char *ret, size_t size);

/*
 * sim_conf_change.c: the document again, with another version and with what a salt
 * changes in it: services and resources that go, come, or have other attributes; a
 * node that is added, a fence method that is left out; delays. Works on any document
 * that has one element on a line, and leaves alone what it does not know. false when
 * it is but for its version as it was.
 */
bool sim_conf_change(const char *doc, size_t len, uint64_t version, uint64_t salt, struct clu_buf *ret);

#endif
