/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmannotifyd's own connection to corosync: the question that it asks its clients before it ends in order. */
#ifndef NOTIFYD_LEAVE_H
#define NOTIFYD_LEAVE_H

#include "clu_shell.h"

/* Acts on NOTIFYD_ASK_LISTEN, says NOTIFYD_SAID_LEAVE (notifyd_core.h). The answer is yes, at once. */
extern const struct clu_device_ops notifyd_leave_ops;

#endif
