/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may read at a daemon's admin socket. */
#ifndef CLU_IPC_ACCESS_H
#define CLU_IPC_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

#define CLU_IPC_GROUP "haclient"

/*
 * Whether /etc/group lists the user in haclient; *ret_gid: the number of that group, -1: there is none. The files alone,
 * not the name service: a directory server that hangs must not hold up the daemon.
 */
bool clu_ipc_is_listed(uid_t uid, gid_t *ret_gid);

#endif
