/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floating addresses of an lvs.cf: on their devices, announced, and away again. */
#ifndef LVSD_ADDR_H
#define LVSD_ADDR_H

#include <jansson.h>
#include <qb/qbloop.h>

#include "lvs_conf.h"

#define LVSD_MAX_FLOATS (LVS_MAX_VIRTUALS + 1)

struct lvsd_addrs;

/* logger: a sentence with its level (enum clu_level), said once per event. */
struct lvsd_addrs *lvsd_addrs_new(qb_loop_t *loop, struct clu_buf *why);
struct lvsd_addrs *lvsd_addrs_free(struct lvsd_addrs *a);	/* touches no address; accepts NULL, returns NULL */

/*
 * Which addresses the configuration wants: the virtual addresses of active
 * blocks, each once, and the NAT router address. The count.
 */
unsigned lvsd_floats(const struct lvs_conf *conf, struct lvs_float ret[LVSD_MAX_FLOATS]);

/*
 * Begins to ask the neighbours whether one of the addresses that are not ours
 * yet is in use (threads; LVSD_PROBE_MS). Devices must exist. 0 or negative errno.
 */
int lvsd_addrs_probe_begin(struct lvsd_addrs *a, const struct lvs_conf *conf, struct clu_buf *why);
/* Waits for the answers. -EADDRINUSE with why. */
int lvsd_addrs_probe_end(struct lvsd_addrs *a, struct clu_buf *why);

/*
 * Puts what is wanted and not there on the devices, takes away what was ours and
 * is wanted no more, announces the new ones at once and four times more, a second
 * apart (lvs.md 3.6). 0 or the first negative errno; the rest is done all the same.
 */
int lvsd_addrs_apply(struct lvsd_addrs *a, const struct lvs_conf *conf, struct clu_buf *why);
/* Takes away all that is ours. */
int lvsd_addrs_down(struct lvsd_addrs *a, struct clu_buf *why);

/* Are they on their devices, with a carrier? 0 or negative errno with why. */
int lvsd_addrs_verify(struct lvsd_addrs *a, struct clu_buf *why);

/* Ours, for the state file and status: [{address, device, label}]. */
json_t *lvsd_addrs_json(const struct lvsd_addrs *a);
/* Takes over what an earlier process wrote, so that lvsd_addrs_down() removes it. */
void lvsd_addrs_adopt(struct lvsd_addrs *a, const json_t *list);

#endif
