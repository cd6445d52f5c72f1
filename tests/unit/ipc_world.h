/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server of an admin socket as a process of its own. The first byte of a request says what it does: on_request(). */
#ifndef IPC_WORLD_H
#define IPC_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <cmocka.h>

#include "clu_client.h"

struct iw_server {
	char name[32];
	pid_t pid;
};

/* Of the servers that start from now on: the user, 0 is who runs the test; the longest message, 0 is the usual. */
extern uid_t iw_server_uid;
extern size_t iw_server_max;

/* Setup and teardown of a test: a server process of its own. */
int iw_start(void **state);
int iw_end(void **state);
/* It gets SIGSTOP. */
void iw_stop(struct iw_server *f);
struct clu_client *iw_connect(struct iw_server *f);
/* Files in shared memory that are this process's. */
unsigned iw_count_shm(pid_t pid);

#define CALL(c, text, ret) clu_client_call(c, text, strlen(text), 10000, ret)

#endif
