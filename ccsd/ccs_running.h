/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration that is in force on this node, from ccsd. */
#ifndef CCS_RUNNING_H
#define CCS_RUNNING_H

#include "clu_buf.h"

/* 0 and the document in ret; a negative errno with a line in why. Quorum is not needed. */
int ccs_running_get(struct clu_buf *ret, struct clu_buf *why);

#endif
