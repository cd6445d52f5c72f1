/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <corosync/cmap.h>
#include <corosync/votequorum.h>

#include "cman_call.h"
#include "libcman_priv.h"

#define DEFAULT_TIMEOUT_MS 10000u

struct lcm_qdev {
	struct lcm_engine *e;
	votequorum_handle_t votes;
	bool open;
	char name[CMAN_MAX_NODENAME_LEN + 1];	/* "" = we have registered none */
	uint32_t timeout_ms;
	votequorum_ring_id_t ring;
	bool cast;			/* the last poll said yes ... */
	uint64_t until_ms;		/* ... and that is true until then */
};

struct lcm_qdev *lcm_qdev_new(struct lcm_engine *e)
{
	struct lcm_qdev *q = calloc(1, sizeof(*q));

	if (q)
		q->e = e;
	return q;
}

void lcm_qdev_free(struct lcm_qdev *q)
{
	if (!q)
		return;
	if (q->open) {
		(void)votequorum_finalize(q->votes);
		lcm_line_open(q->e, LCM_VOTES, -1);
	}
	free(q);
}

/*
 * corosync forgets the vote at each change of the ring, and with a device that is alive its whole synchronisation waits
 * for a poll with the new ring. cman kept a vote for quorum_dev_poll: said again from here, at once.
 */
static void on_ring(votequorum_handle_t h, uint64_t ctx, votequorum_ring_id_t ring, uint32_t n, uint32_t *nodes)
{
	struct lcm_qdev *q = (struct lcm_qdev *)(uintptr_t)ctx;

	q->ring = ring;
	if (q->cast)
		(void)votequorum_qdevice_poll(h, q->name, 1, ring);
}

static cs_error_t open_votes(struct lcm_qdev *q)
{
	votequorum_callbacks_t callbacks = { .votequorum_nodelist_notify_fn = on_ring };
	int fd;
	cs_error_t e = votequorum_initialize(&q->votes, &callbacks);

	if (e != CS_OK)
		return e;
	e = votequorum_fd_get(q->votes, &fd);
	if (e == CS_OK)
		e = votequorum_trackstart(q->votes, (uint64_t)(uintptr_t)q, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
	if (e == CS_OK)
		e = votequorum_dispatch(q->votes, CS_DISPATCH_ALL);
	if (e != CS_OK) {
		(void)votequorum_finalize(q->votes);
		return e;
	}
	q->open = true;
	lcm_line_open(q->e, LCM_VOTES, fd);
	return e;
}

/* Without a model in its configuration corosync takes a device, and counts no votes for it. */
static int learn_config(struct lcm_qdev *q)
{
	char *model = NULL;
	cmap_handle_t cmap;
	cs_error_t e = cmap_initialize(&cmap);

	if (e != CS_OK)
		return cman_call_errno(e);
	q->timeout_ms = DEFAULT_TIMEOUT_MS;
	(void)cmap_get_uint32(cmap, "quorum.device.timeout", &q->timeout_ms);
	e = cmap_get_string(cmap, "quorum.device.model", &model);
	free(model);
	(void)cmap_finalize(cmap);
	return e == CS_ERR_NOT_EXIST ? -ENOSYS : cman_call_errno(e);
}

/* Of this node; the votes of the device are those of the configuration. */
static int info_of(struct lcm_qdev *q, struct votequorum_info *v)
{
	cs_error_t e = q->open ? CS_OK : open_votes(q);

	memset(v, 0, sizeof(*v));
	if (e == CS_OK)
		e = votequorum_getinfo(q->votes, 0, v);
	return cman_call_errno(e);
}

static int set_name(struct lcm_qdev *q, const struct lcm_device *d)
{
	cs_error_t e;

	if (!d->update)
		e = votequorum_qdevice_register(q->votes, d->name);
	else if (!*q->name)
		return -ENOENT;
	else
		e = strcmp(q->name, d->name) ? votequorum_qdevice_update(q->votes, q->name, d->name) : CS_OK;
	if (e == CS_ERR_EXIST)
		return -EBUSY;
	if (e == CS_ERR_ACCESS)		/* its configuration has something that excludes a device */
		return -ENOSYS;
	if (e == CS_OK)
		snprintf(q->name, sizeof(q->name), "%s", d->name);
	return cman_call_errno(e);
}

int lcm_job_device(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct lcm_qdev *q = lcm_qdev_of(e);
	const struct lcm_device *d = data;
	struct votequorum_info v;
	int r;

	do {
		r = learn_config(q);
		if (!r)
			r = info_of(q, &v);
		if (!r && d->votes && v.qdevice_votes && (uint32_t)d->votes != v.qdevice_votes)
			return -EINVAL;
		if (!r)
			r = set_name(q, d);
		if (r == -EAGAIN)
			cman_call_pause();
	} while (r == -EAGAIN && cman_now_ms() < until_ms);
	return r;
}

int lcm_job_device_gone(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct lcm_qdev *q = lcm_qdev_of(e);
	struct votequorum_info v;
	int r = info_of(q, &v);

	if (!r && !(v.flags & VOTEQUORUM_INFO_QDEVICE_REGISTERED))
		r = -ENOENT;
	if (!r && v.flags & VOTEQUORUM_INFO_QDEVICE_CAST_VOTE)
		r = -EBUSY;
	if (!r)
		r = cman_call_errno(votequorum_qdevice_unregister(q->votes, v.qdevice_name));
	if (!r) {
		q->cast = false;
		*q->name = '\0';
	}
	return r;
}

static int poll_device(struct lcm_qdev *q, bool cast, uint64_t until_ms)
{
	cs_error_t e;

	/* Another ring than the one we know is refused: its news is on its way. */
	while ((e = votequorum_qdevice_poll(q->votes, q->name, cast, q->ring)) == CS_ERR_MESSAGE_ERROR ||
	       e == CS_ERR_TRY_AGAIN) {
		if (cman_now_ms() >= until_ms)
			return -EAGAIN;
		cman_call_pause();
		e = votequorum_dispatch(q->votes, CS_DISPATCH_ALL);
		if (e != CS_OK && e != CS_ERR_TRY_AGAIN)
			break;
	}
	return cman_call_errno(e);
}

int lcm_job_device_poll(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct lcm_qdev *q = lcm_qdev_of(e);
	const int *available = data;
	int r;

	if (!*q->name)
		return -ENOENT;
	r = poll_device(q, *available, until_ms);
	if (!r) {
		q->cast = *available;
		q->until_ms = cman_now_ms() + q->timeout_ms;
	}
	return r;
}

uint64_t lcm_qdev_deadline(const struct lcm_qdev *q)
{
	return q->cast ? q->until_ms : UINT64_MAX;
}

int lcm_qdev_expire(struct lcm_qdev *q)
{
	q->cast = false;
	return poll_device(q, false, cman_now_ms() + LCM_CALL_MS / 2) == -ENOTCONN ? -ENOTCONN : 0;
}

int lcm_qdev_dispatch(struct lcm_qdev *q)
{
	cs_error_t e = votequorum_dispatch(q->votes, CS_DISPATCH_ALL);

	return e == CS_ERR_TRY_AGAIN ? 0 : cman_call_errno(e);
}
