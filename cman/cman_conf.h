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

#endif
