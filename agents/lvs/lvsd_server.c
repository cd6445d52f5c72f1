/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's side of lvsd_status.h. */
#include "config.h"

#include "lvsd_status.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_CLIENTS 32
#define REQUEST_MAX 64

struct client {
	struct client *next;
	struct lvsd_server *server;
	int fd;
	char request[REQUEST_MAX];
	size_t got;
	struct clu_buf answer;
	size_t sent;
	qb_loop_timer_handle timer;
	bool timing;
};

struct lvsd_server {
	qb_loop_t *loop;
	int fd;
	char *path;
	void (*answer)(void *ctx, const char *request, struct clu_buf *ret);
	void *ctx;
	struct client *list;
	unsigned n;
};

static void drop(struct client *c)
{
	struct client **p = &c->server->list;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	c->server->n--;
	if (c->timing)
		(void)qb_loop_timer_del(c->server->loop, c->timer);
	(void)qb_loop_poll_del(c->server->loop, c->fd);
	close(c->fd);
	clu_buf_free(&c->answer);
	free(c);
}

static void on_limit(void *data)
{
	struct client *c = data;

	c->timing = false;
	drop(c);
}

static int32_t on_writable(int32_t fd, int32_t revents, void *data)
{
	struct client *c = data;
	ssize_t n = send(fd, c->answer.data + c->sent, c->answer.len - c->sent, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0)
		c->sent += (size_t)n;
	if (n <= 0 || c->sent == c->answer.len)
		drop(c);
	return 0;
}

static int32_t on_readable(int32_t fd, int32_t revents, void *data)
{
	struct client *c = data;
	ssize_t n = recv(fd, c->request + c->got, sizeof(c->request) - 1 - c->got, 0);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		drop(c);
		return 0;
	}
	c->got += (size_t)n;
	c->request[c->got] = '\0';
	end = strchr(c->request, '\n');
	if (!end) {
		if (c->got == sizeof(c->request) - 1)
			drop(c);
		return 0;
	}
	*end = '\0';
	c->server->answer(c->server->ctx, c->request, &c->answer);
	if (c->answer.error || !c->answer.len ||
		qb_loop_poll_mod(c->server->loop, QB_LOOP_LOW, fd, POLLOUT, c, on_writable) < 0)
		drop(c);
	return 0;
}

static int32_t on_connection(int32_t fd, int32_t revents, void *data)
{
	struct lvsd_server *s = data;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c;

	if (peer < 0)
		return 0;
	c = s->n < MAX_CLIENTS ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		close(peer);
		return 0;
	}
	c->server = s;
	c->fd = peer;
	c->next = s->list;
	s->list = c;
	s->n++;
	c->timing = !qb_loop_timer_add(s->loop, QB_LOOP_LOW, LVSD_CLIENT_MS * UINT64_C(1000000), c, on_limit, &c->timer);
	if (!c->timing || qb_loop_poll_add(s->loop, QB_LOOP_LOW, peer, POLLIN, c, on_readable) < 0)
		drop(c);
	return 0;
}

int lvsd_server_new(qb_loop_t *loop, const char *path, void (*answer)(void *ctx, const char *request,
	struct clu_buf *ret), void *ctx, struct lvsd_server **ret, struct clu_buf *why)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct lvsd_server *s = calloc(1, sizeof(*s));
	mode_t mask;
	int r = 0;

	if (!s || !(s->path = strdup(path)) || strlen(path) >= sizeof(to.sun_path)) {
		r = s && s->path ? -ENAMETOOLONG : -ENOMEM;
		if (s)
			free(s->path);
		free(s);
		return r;
	}
	s->loop = loop;
	s->answer = answer;
	s->ctx = ctx;
	memcpy(to.sun_path, path, strlen(path) + 1);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Ours by the lock of the pid file: a socket that is there was left by a killed process. */
	(void)unlink(path);
	mask = umask(0177);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(s->fd, 16) < 0)
		r = -errno;
	umask(mask);
	if (!r)
		r = qb_loop_poll_add(loop, QB_LOOP_LOW, s->fd, POLLIN, s, on_connection);
	if (r < 0) {
		clu_buf_printf(why, "socket %s: %s; check that its folder can be written\n", path, strerror(-r));
		if (s->fd >= 0)
			close(s->fd);
		free(s->path);
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct lvsd_server *lvsd_server_free(struct lvsd_server *s)
{
	if (!s)
		return NULL;
	while (s->list)
		drop(s->list);
	(void)qb_loop_poll_del(s->loop, s->fd);
	close(s->fd);
	(void)unlink(s->path);
	free(s->path);
	free(s);
	return NULL;
}
