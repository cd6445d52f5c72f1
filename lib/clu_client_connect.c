/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clu_client_priv.h"

static int watch(struct clu_client *c, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/* What libqb and the kernel say, in the words of our header. */
static int connect_error(int e)
{
	switch (e < 0 ? -e : e) {
	case ENOENT:
	case ECONNREFUSED:
		return -ECONNREFUSED;
	case ENOTCONN:
	case EPIPE:
	case ECONNRESET:
		return -EPIPE;
	case 0:
		return -EIO;
	default:
		return e < 0 ? e : -e;
	}
}

int clu_client_begin(const char *daemon, size_t max_msg, struct clu_client **ret)
{
	struct clu_client *c;
	char name[64];
	int r;

	if (max_msg > CLU_IPC_LIMIT)
		return -EMSGSIZE;
	if ((size_t)snprintf(name, sizeof(name), CLU_IPC_PREFIX "%s", daemon) >= sizeof(name))
		return -ENAMETOOLONG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->max = max_msg ? max_msg : CLU_IPC_LIMIT;
	c->kept_end = &c->kept;
	c->sock = c->wake = -1;
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	r = -errno;
	if (c->epoll < 0 || c->wake < 0)
		goto fail;
	errno = 0;
	c->qb = qb_ipcc_connect_async(name, CLU_IPC_RING, &c->sock);
	if (!c->qb) {
		/* EAGAIN: so many wait at its socket that no further one may. */
		r = errno == EAGAIN ? -EAGAIN : connect_error(errno);
		goto fail;
	}
	r = watch(c, c->wake);
	if (!r)
		r = watch(c, c->sock);
	if (r < 0)
		goto fail;
	*ret = c;
	return 0;
fail:
	clu_client_close(c);
	return r;
}

/*
 * Any user may listen at a free name; only root's (or our own) word counts. Asked
 * from the kernel, not from what came over the socket.
 */
static int check_peer(const struct clu_client *c)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(c->sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	return cred.uid && cred.uid != geteuid() ? -EPERM : 0;
}

int clu_client_proceed(struct clu_client *c)
{
	struct pollfd p = { .fd = c->sock, .events = POLLIN };
	int32_t fd, size;
	int r;

	if (c->connected)
		return 0;
	if (c->dead)
		return -EPIPE;
	r = check_peer(c);
	if (r < 0)
		return r;
	if (poll(&p, 1, 0) <= 0)
		return -EAGAIN;
	r = qb_ipcc_connect_continue(c->qb);
	if (r) {
		/* libqb has closed the descriptor and freed its part. */
		c->qb = NULL;
		c->sock = -1;
		c->dead = true;
		return connect_error(r);
	}
	c->connected = true;
	r = qb_ipcc_fd_get(c->qb, &fd);
	if (r < 0)
		return r;
	if (fd != c->sock) {
		c->sock = fd;
		r = watch(c, fd);
		if (r < 0)
			return r;
	}
	size = qb_ipcc_get_buffer_size(c->qb);
	if (size < (int32_t)CLU_IPC_RING || (uint32_t)size > CLU_IPC_LIMIT)
		return -EMSGSIZE;
	c->rx_size = (size_t)size;
	c->rx = malloc(c->rx_size);
	return c->rx ? 0 : -ENOMEM;
}

int clu_client_connect(const char *daemon, uint32_t deadline_ms, size_t max_msg, struct clu_client **ret)
{
	uint64_t until = clu_client_mono_ms() + deadline_ms;
	struct clu_client *c;
	int r;

	while ((r = clu_client_begin(daemon, max_msg, &c)) == -EAGAIN) {
		int left = clu_client_left_ms(until);

		if (!left)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, left < CLU_CLIENT_RETRY_MS ? left : CLU_CLIENT_RETRY_MS);
	}
	if (r < 0)
		return r;
	while ((r = clu_client_proceed(c)) == -EAGAIN) {
		struct pollfd p = { .fd = c->sock, .events = POLLIN };
		int left = clu_client_left_ms(until);

		if (!left) {
			r = -ETIMEDOUT;
			break;
		}
		(void)poll(&p, 1, left);
	}
	if (r < 0) {
		clu_client_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct clu_client *clu_client_close(struct clu_client *c)
{
	if (!c)
		return NULL;
	if (c->qb && !c->connected) {
		/* libqb gives up a half-made connection only when its other half has gone. */
		(void)shutdown(c->sock, SHUT_RDWR);
		if (!qb_ipcc_connect_continue(c->qb))
			qb_ipcc_disconnect(c->qb);
	} else if (c->qb) {
		qb_ipcc_disconnect(c->qb);
	}
	if (c->epoll >= 0)
		close(c->epoll);
	if (c->wake >= 0)
		close(c->wake);
	while (c->kept) {
		struct kept *k = c->kept;

		c->kept = k->next;
		free(k);
	}
	free(c->told);
	clu_buf_free(&c->whole);
	free(c->rx);
	free(c);
	return NULL;
}
