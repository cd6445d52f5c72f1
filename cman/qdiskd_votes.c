/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <corosync/votequorum.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_log.h"
#include "qdiskd_device.h"

struct qdiskd_votes {
	struct clu_shell *s;
	qb_loop_t *loop;
	votequorum_handle_t handle;
	int fd;
	bool open, lost;
	char name[VOTEQUORUM_QDEVICE_MAX_NAME_LEN];
};

static struct qdiskd_votes *the_votes;	/* its callbacks carry no pointer that fits all */

static void say(struct qdiskd_votes *v, uint32_t what, int result, const char *why)
{
	struct clu_device d = { .what = what, .result = result, .data = why, .len = why ? strlen(why) + 1 : 0 };

	clu_shell_device_said(v->s, &d);
}

static int errno_of(cs_error_t e)
{
	switch ((int)e) {
	case CS_OK:
		return 0;
	case CS_ERR_ACCESS:
		return -EACCES;
	case CS_ERR_TRY_AGAIN:
		return -EAGAIN;
	case CS_ERR_EXIST:
		return -EEXIST;
	case CS_ERR_MESSAGE_ERROR:
		return -ESTALE;
	default:
		return -EIO;
	}
}

static void on_nodelist(votequorum_handle_t h, uint64_t ctx, votequorum_ring_id_t ring, uint32_t n, uint32_t nodes[])
{
	struct qdisk_ring r;
	struct clu_device d = { .what = QDISK_SAID_RING, .data = &r, .len = sizeof(r) };

	memset(&r, 0, sizeof(r));
	r.ring = (struct clu_ring){ ring.nodeid, ring.seq };
	r.n = n < CLU_MAX_NODES ? n : CLU_MAX_NODES;
	memcpy(r.nodes, nodes, r.n * sizeof(nodes[0]));
	if (the_votes)
		clu_shell_device_said(the_votes->s, &d);
}

static void shut(struct qdiskd_votes *v)
{
	if (!v->open)
		return;
	(void)qb_loop_poll_del(v->loop, v->fd);
	(void)votequorum_finalize(v->handle);
	v->open = false;
}

static int on_readable(int32_t fd, int32_t revents, void *data)
{
	struct qdiskd_votes *v = data;
	cs_error_t e = votequorum_dispatch(v->handle, CS_DISPATCH_ALL);

	/* Of corosync's end the shell tells the core. */
	if ((e != CS_OK && e != CS_ERR_TRY_AGAIN) || revents & (POLLHUP | POLLERR | POLLNVAL)) {
		v->lost = true;
		shut(v);
	}
	return 0;
}

static cs_error_t connect_it(struct qdiskd_votes *v)
{
	votequorum_callbacks_t calls = { .votequorum_nodelist_notify_fn = on_nodelist };
	cs_error_t e = votequorum_initialize(&v->handle, &calls);

	if (e != CS_OK)
		return e;
	e = votequorum_fd_get(v->handle, &v->fd);
	if (e == CS_OK && qb_loop_poll_add(v->loop, QB_LOOP_HIGH, v->fd, POLLIN, v, on_readable) < 0)
		e = CS_ERR_NO_MEMORY;
	if (e != CS_OK) {
		(void)votequorum_finalize(v->handle);
		return e;
	}
	v->open = true;
	return CS_OK;
}

void qdiskd_votes_register(struct qdiskd_votes *v, const char *name)
{
	struct votequorum_info info;
	char why[400];
	cs_error_t e = v->open ? CS_OK : connect_it(v);

	snprintf(v->name, sizeof(v->name), "%s", name);
	if (e == CS_OK)
		e = votequorum_qdevice_register(v->handle, v->name);
	if (e == CS_ERR_EXIST) {
		memset(&info, 0, sizeof(info));
		(void)votequorum_getinfo(v->handle, 0, &info);
		snprintf(why, sizeof(why), "corosync has another quorum device, \"%.100s\": end the program it belongs to",
			info.qdevice_name);
	} else {
		snprintf(why, sizeof(why), "corosync did not take the quorum device (error %d)", (int)e);
	}
	say(v, QDISK_SAID_REGISTERED, errno_of(e), e == CS_OK ? NULL : why);
	/* From here on every ring is heard of, the present one first. */
	if (e == CS_OK && votequorum_trackstart(v->handle, 0, CS_TRACK_CURRENT | CS_TRACK_CHANGES) != CS_OK)
		clu_log(CLU_ERR, "corosync does not tell its rings: no vote can be cast; start qdiskd again");
}

void qdiskd_votes_unregister(struct qdiskd_votes *v)
{
	cs_error_t e = v->open ? votequorum_qdevice_unregister(v->handle, v->name) : CS_OK;

	if (e != CS_OK)
		clu_log(CLU_WARNING, "the quorum device could not be taken from corosync (error %d): its votes end by themselves",
			(int)e);
}

void qdiskd_votes_poll(struct qdiskd_votes *v, const struct qdisk_vote *vote)
{
	votequorum_ring_id_t ring = { .nodeid = vote->ring.rep, .seq = vote->ring.seq };
	char why[160];
	cs_error_t e;

	if (!v->open)
		return;
	e = votequorum_qdevice_poll(v->handle, v->name, vote->cast, ring);
	if (e == CS_OK)
		return;
	snprintf(why, sizeof(why), "corosync did not take the vote (error %d)", (int)e);
	say(v, QDISK_SAID_VOTED, errno_of(e), why);
}

struct qdiskd_votes *qdiskd_votes_new(struct clu_shell *s, qb_loop_t *loop)
{
	struct qdiskd_votes *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->s = s;
	v->loop = loop;
	the_votes = v;
	return v;
}

void qdiskd_votes_free(struct qdiskd_votes *v)
{
	shut(v);
	the_votes = NULL;
	free(v);
}
