/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a client: clu_client_connect.c makes and ends it, clu_client.c talks with it. */
#ifndef CLU_CLIENT_PRIV_H
#define CLU_CLIENT_PRIV_H

#include <qb/qbdefs.h>
#include <qb/qbipcc.h>
#include <stdint.h>
#include <time.h>

#include "clu_client.h"
#include "clu_ipc.h"

#define CLU_CLIENT_RETRY_MS 10

struct kept {
	struct kept *next;
	size_t len;
	char data[];
};

struct clu_client {
	qb_ipcc_connection_t *qb;
	bool connected;		/* the handshake is over */
	int sock;		/* of the handshake, later the one that tells of events and of the daemon's end */
	int epoll;		/* readable when sock or wake is */
	int wake;		/* counts the kept notifications */
	size_t max;		/* of a whole message */
	size_t rx_size;
	char *rx;
	struct clu_buf whole;	/* pieces of a message that has not come whole yet, or the last whole one */
	uint64_t last_tag;
	bool dead;
	struct kept *kept, **kept_end;
	struct kept *told;	/* the one that was taken last */
	unsigned n_kept;
	size_t kept_bytes;
};

static inline uint64_t clu_client_mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static inline int clu_client_left_ms(uint64_t until)
{
	uint64_t now = clu_client_mono_ms();

	return now >= until ? 0 : until - now > INT32_MAX ? INT32_MAX : (int)(until - now);
}

#endif
