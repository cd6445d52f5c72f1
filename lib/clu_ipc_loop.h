/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libqb's IPC server on libqb's default loop: its callbacks know no context, so there is one loop. */
#ifndef CLU_IPC_LOOP_H
#define CLU_IPC_LOOP_H

#include <qb/qbdefs.h>
#include <qb/qbipcs.h>
#include <qb/qbloop.h>

/* For qb_ipcs_poll_handlers_set(). */
extern struct qb_ipcs_poll_handlers clu_ipc_loop;

#endif
