/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include "clu_path.h"
#include "libcman_port_lock.h"
#include "libcman_priv.h"

int lcm_result(int r)
{
	if (r >= 0)
		return r;
	errno = -r;
	return -1;
}

static int set_port(struct lcm_handle *h, uint8_t port);

/* ---- a handle's life ---- */

static cman_handle_t new_handle(void *privdata, bool admin)
{
	struct lcm_handle *h = calloc(1, sizeof(*h));
	int r = h ? 0 : -ENOMEM;

	if (h) {
		h->privdata = privdata;
		h->admin = admin;
		h->end = &h->first;
		h->port_lock = -1;
		h->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (h->fd < 0)
			r = -errno;
	}
	if (!r)
		r = lcm_engine_attach(h);
	if (!r)
		return h;
	if (h) {
		lcm_engine_detach(h);
		if (h->fd >= 0)
			close(h->fd);
	}
	free(h);
	errno = -r;
	return NULL;
}

cman_handle_t cman_init(void *privdata)
{
	return new_handle(privdata, false);
}

cman_handle_t cman_admin_init(void *privdata)
{
	return new_handle(privdata, true);
}

static void drop_items(struct lcm_handle *h)
{
	while (h->first) {
		struct lcm_item *i = h->first;

		h->first = i->next;
		free(i);
	}
	h->end = &h->first;
	h->n_items = 0;
}

/* We are the child of the process that opened it: everything is asked for anew. */
static int reopen(struct lcm_handle *h)
{
	uint8_t port = h->port;
	int r;

	h->engine = NULL;
	h->asked = h->lost = false;
	h->port = 0;
	drop_items(h);
	r = lcm_engine_attach(h);
	if (!r && h->on_event)
		r = lcm_call(h, lcm_job_notify, NULL, 0);
	if (!r && port)
		r = set_port(h, port);
	if (r < 0) {
		h->lost = true;
		(void)eventfd_write(h->fd, 1);
	}
	return r;
}

struct lcm_handle *lcm_use(cman_handle_t handle)
{
	struct lcm_handle *h = handle;
	int r;

	if (!h) {
		errno = EINVAL;
		return NULL;
	}
	r = h->engine && lcm_engine_is_ours(h->engine) ? 0 : reopen(h);
	if (!r)
		return h;
	errno = -r;
	return NULL;
}

struct lcm_handle *lcm_use_admin(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use(handle);

	if (!h || h->admin)
		return h;
	errno = EPERM;
	return NULL;
}

struct lcm_handle *lcm_use_plain(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use(handle);

	if (!h || !h->admin)
		return h;
	errno = EINVAL;
	return NULL;
}

int cman_finish(cman_handle_t handle)
{
	struct lcm_handle *h = handle;

	if (!h)
		return lcm_result(-EINVAL);
	if (h->dispatching)
		return lcm_result(-EBUSY);
	if (h->engine && lcm_engine_is_ours(h->engine)) {
		if (h->port)
			(void)set_port(h, 0);
		if (h->asked)
			(void)lcm_call(h, lcm_job_no_answer, NULL, 0);
		lcm_engine_detach(h);
	}
	drop_items(h);
	if (h->port_lock >= 0)
		close(h->port_lock);
	close(h->fd);
	free(h);
	return 0;
}

int cman_setprivdata(cman_handle_t handle, void *privdata)
{
	struct lcm_handle *h = handle;

	if (!h)
		return lcm_result(-EINVAL);
	h->privdata = privdata;
	return 0;
}

int cman_getprivdata(cman_handle_t handle, void **privdata)
{
	struct lcm_handle *h = handle;

	if (!h || !privdata)
		return lcm_result(-EINVAL);
	*privdata = h->privdata;
	return 0;
}

/* ---- events ---- */

int cman_start_notification(cman_handle_t handle, cman_callback_t callback)
{
	struct lcm_handle *h = lcm_use_plain(handle);
	int r;

	if (!h)
		return -1;
	if (!callback)
		return lcm_result(-EINVAL);
	/* First the connections: who is not told of a question must not be waited for. */
	r = lcm_call(h, lcm_job_notify, NULL, 0);
	if (!r) {
		lcm_lock(h->engine);
		h->on_event = callback;
		lcm_unlock(h->engine);
	}
	return lcm_result(r);
}

int cman_stop_notification(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use_plain(handle);
	bool asked;

	if (!h)
		return -1;
	lcm_lock(h->engine);
	h->on_event = NULL;
	asked = h->asked;
	lcm_unlock(h->engine);
	return asked ? lcm_result(lcm_call(h, lcm_job_no_answer, NULL, 0)) : 0;
}

int cman_start_confchg(cman_handle_t handle, cman_confchgcallback_t callback)
{
	struct lcm_handle *h = lcm_use_plain(handle);

	if (!h)
		return -1;
	if (!callback)
		return lcm_result(-EINVAL);
	lcm_lock(h->engine);
	h->on_confchg = callback;
	lcm_unlock(h->engine);
	return lcm_result(lcm_call(h, lcm_job_confchg, NULL, 0));
}

int cman_stop_confchg(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use_plain(handle);

	if (!h)
		return -1;
	lcm_lock(h->engine);
	h->on_confchg = NULL;
	lcm_unlock(h->engine);
	return 0;
}

int cman_replyto_shutdown(cman_handle_t handle, int yesno)
{
	struct lcm_handle *h = lcm_use_plain(handle);

	return h ? lcm_result(lcm_call(h, lcm_job_reply, &yesno, sizeof(yesno))) : -1;
}

int cman_get_fd(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use(handle);

	return h ? h->fd : -1;
}

static bool is_ignored(const struct lcm_item *i, int flags)
{
	return flags & (i->kind == LCM_DATA ? CMAN_DISPATCH_IGNORE_DATA : CMAN_DISPATCH_IGNORE_EVENT);
}

/* The first item that is not to be left alone, out of the queue; NULL. */
static struct lcm_item *take_item(struct lcm_handle *h, int flags, bool *ret_lost)
{
	struct lcm_item **p = &h->first, *found;

	lcm_lock(h->engine);
	while (*p && is_ignored(*p, flags))
		p = &(*p)->next;
	found = *p;
	if (found) {
		*p = found->next;
		if (!found->next)
			h->end = p;
		h->n_items--;
	}
	*ret_lost = h->lost;
	lcm_signal(h);
	lcm_unlock(h->engine);
	return found;
}

static void call_back(struct lcm_handle *h, struct lcm_item *i)
{
	unsigned *ids = i->ids;

	h->dispatching = true;
	switch (i->kind) {
	case LCM_EVENT:
		if (h->on_event)
			h->on_event(h, h->privdata, i->reason, i->arg);
		break;
	case LCM_CONFCHG:
		if (h->on_confchg)
			h->on_confchg(h, h->privdata, ids, (int)i->n_members, ids + i->n_members, (int)i->n_left,
				      ids + i->n_members + i->n_left, (int)i->n_joined);
		break;
	case LCM_DATA:
		if (h->on_data)
			h->on_data(h, h->privdata, i->data, (int)i->len, i->port, i->nodeid);
		break;
	}
	h->dispatching = false;
}

int cman_dispatch(cman_handle_t handle, int flags)
{
	struct lcm_handle *h = lcm_use(handle);
	int done = 0;

	if (!h)
		return -1;
	if (h->dispatching)
		return lcm_result(-EBUSY);
	for (;;) {
		bool lost;
		struct lcm_item *i = take_item(h, flags, &lost);

		if (i) {
			call_back(h, i);
			free(i);
			done++;
			if (!(flags & CMAN_DISPATCH_ALL))
				return done;
		} else if (done || (!lost && !(flags & CMAN_DISPATCH_BLOCKING))) {
			return done;
		} else if (lost) {
			return lcm_result(-EHOSTDOWN);
		} else {
			struct pollfd p = { .fd = h->fd, .events = POLLIN };

			/* What is ignored keeps the descriptor readable; then there is nothing to wait on. */
			if (poll(&p, 1, -1) > 0 && flags & (CMAN_DISPATCH_IGNORE_DATA | CMAN_DISPATCH_IGNORE_EVENT))
				(void)poll(NULL, 0, 20);
		}
	}
}

/* ---- ports ---- */

/* 0 closes. */
static int set_port(struct lcm_handle *h, uint8_t port)
{
	int fd = -1, r;

	if (port) {
		fd = lcm_port_lock(port);
		if (fd < 0)
			return fd;
	}
	lcm_lock(h->engine);
	h->port = port;
	if (fd >= 0)
		h->port_lock = fd;
	lcm_unlock(h->engine);
	r = lcm_call(h, lcm_job_ports, NULL, 0);
	/* Closed last: whoever binds it next must not be heard of before all know that we have not got it any more. */
	if (!port && h->port_lock >= 0) {
		close(h->port_lock);
		h->port_lock = -1;
	}
	return r;
}

int cman_start_recv_data(cman_handle_t handle, cman_datacallback_t callback, uint8_t port)
{
	struct lcm_handle *h = lcm_use_plain(handle);
	int r;

	if (!h)
		return -1;
	if (!callback || !port || h->port)
		return lcm_result(-EINVAL);
	h->on_data = callback;
	r = set_port(h, port);
	if (r < 0) {
		h->on_data = NULL;
		if (h->port)
			(void)set_port(h, 0);
	}
	return lcm_result(r);
}

int cman_end_recv_data(cman_handle_t handle)
{
	struct lcm_handle *h = lcm_use_plain(handle);

	if (!h)
		return -1;
	if (!h->port)
		return lcm_result(-EINVAL);
	h->on_data = NULL;
	return lcm_result(set_port(h, 0));
}

int cman_send_data(cman_handle_t handle, const void *buf, int len, int flags, uint8_t port, int nodeid)
{
	struct lcm_handle *h = lcm_use_plain(handle);
	struct lcm_letter l = { .to_port = port, .to_node = (uint32_t)nodeid };

	(void)flags;	/* COMPAT: there has never been one that does something */
	if (!h)
		return -1;
	if (len < 0 || len > CMAN_MAX_DATA_LEN || (len && !buf) || !port || nodeid < 0)
		return lcm_result(-EINVAL);
	l.from_port = h->port;
	l.len = (size_t)len;
	if (len)
		memcpy(l.data, buf, l.len);
	return lcm_result(lcm_call(h, lcm_job_send, &l, sizeof(l)));
}

/* ---- barriers ---- */

static int no_barriers(cman_handle_t handle)
{
	return lcm_use_plain(handle) ? lcm_result(-ENOSYS) : -1;
}

int cman_barrier_register(cman_handle_t handle, const char *name, int flags, int nodes)
{
	return no_barriers(handle);
}

int cman_barrier_change(cman_handle_t handle, const char *name, int flags, int arg)
{
	return no_barriers(handle);
}

int cman_barrier_wait(cman_handle_t handle, const char *name)
{
	return no_barriers(handle);
}

int cman_barrier_delete(cman_handle_t handle, const char *name)
{
	return no_barriers(handle);
}
