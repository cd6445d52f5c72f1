/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of corosync.conf from a plan. Pure. */
#ifndef CMAN_CONF_H
#define CMAN_CONF_H

#include "cman_plan.h"

/*
 * Appends the file to ret. totem's attributes go through with their names and
 * values; one that corosync 3 does not know is left out with a line in warns, a
 * value that is no value is a fault with a line in errs. Returns the number of
 * faults.
 */
int cman_conf_write(const struct cman_plan *p, struct clu_buf *ret, struct clu_buf *errs, struct clu_buf *warns);

/* A file of ours, complete and unchanged: its digest fits its content. The digest in ret_digest. */
bool cman_conf_is_whole(const char *text, char ret_digest[20]);

/*
 * The value of a key that stands in a section at the top of such a file, e.g.
 * "hawser", "digest". False, and "" in ret (size bytes), when it is not there.
 */
bool cman_conf_value(const char *text, const char *section, const char *key, char *ret, size_t size);

#endif
