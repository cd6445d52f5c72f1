/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for corosync: by its own notifications, with a limit, never hanging on a stopped one. */
#ifndef CMAN_WAIT_H
#define CMAN_WAIT_H

#include <stdint.h>

#define CMAN_FOREVER UINT64_MAX

enum cman_wait_for {
	CMAN_WAIT_READY,	/* it answers clients */
	CMAN_WAIT_MEMBER,	/* this node is in a ring */
	CMAN_WAIT_QUORATE
};

/*
 * until_ms: on cman_now_ms's clock, or CMAN_FOREVER. 0; -ETIMEDOUT: the limit has
 * passed; -ENOTCONN: not running, or ended meanwhile; -EACCES; -EHOSTDOWN: it is
 * there but does not answer at all (stopped).
 */
int cman_wait(enum cman_wait_for what, uint64_t until_ms);

/* The running corosync as a descriptor that becomes readable at its end; negative errno. Close it. */
int cman_wait_open_process(void);
/* Waits for that end. 0 or -ETIMEDOUT. */
int cman_wait_process(int fd, uint64_t until_ms);

#endif
