/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A check's connection: TCP connect, or a connected UDP socket. */
#include "config.h"

#include "lvs_check_priv.h"

#include <errno.h>
#include <string.h>

static int32_t on_connected(int32_t fd, int32_t revents, void *data)
{
	struct lvs_check *k = data;
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		lvs_check_result(k, false, "connect: %s", strerror(error));
		return 0;
	}
	(void)qb_loop_poll_del(k->owner->loop, fd);
	if (!k->spec.has_send && !k->spec.has_expect)
		lvs_check_result(k, true, "connected in %llu ms", (unsigned long long)lvs_check_ms(k));
	else
		lvs_check_expect_begin(k);
	return 0;
}

void lvs_check_connect_begin(struct lvs_check *k)
{
	struct sockaddr_storage to;
	socklen_t len = lvs_addr_sockaddr(&k->addr, k->port, &to);
	int fd = socket(k->addr.family, (k->spec.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		lvs_check_result(k, false, "socket: %s", strerror(errno));
		return;
	}
	if (connect(fd, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS) {
		int error = errno;

		k->fd = fd;
		lvs_check_result(k, false, "connect: %s", strerror(error));
		return;
	}
	k->fd = fd;
	lvs_check_arm(k, "connection");
	if (!k->done && qb_loop_poll_add(k->owner->loop, QB_LOOP_MED, fd, POLLOUT, k, on_connected) < 0)
		lvs_check_result(k, false, "cannot be watched: out of memory");
}
