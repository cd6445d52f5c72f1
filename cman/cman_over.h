/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a node was joined with on the command line, as one line of text: kept in
 * corosync.conf, and so in corosync's map, so that a later change of cluster.conf
 * does not lose it. Pure.
 */
#ifndef CMAN_OVER_H
#define CMAN_OVER_H

#include "cman_plan.h"

/* True when at least one value is given. */
bool cman_over_any(const struct cman_overrides *o);

/*
 * The options as join takes them, "-v 3 -p 5500", "" when none is given. 0, or
 * -EINVAL: a value has a blank or a sign that cannot stand in corosync.conf, or all
 * are too long together.
 */
int cman_over_pack(const struct cman_overrides *o, char ret[CMAN_OVER_TEXT]);

/*
 * The other way round. The values point into `text`, which is cut into words. 0,
 * or -EINVAL with *ret as if nothing had been given.
 */
int cman_over_unpack(char *text, struct cman_overrides *ret);

#endif
