/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The group, outwards: what waits until corosync takes it; and what the group wants of the daemon. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_log.h"
#include "clu_shell_priv.h"

#define RETRY_MIN_MS 1
#define RETRY_MAX_MS 20

struct clu_mcast {
	struct clu_mcast *next;
	size_t len;
	char data[];
};

/* Everything that corosync refuses for a while is tried again by one timer. */
static void on_retry(void *data)
{
	struct clu_shell *s = data;

	s->cpg.retry.set = false;
	clu_shell_cpg_push(s);
}

static void on_reopen(void *data)
{
	struct clu_shell *s = data;
	uint32_t nodeid;
	cs_error_t e;

	s->cpg.retry.set = false;
	clu_shell_cpg_close(s);
	e = clu_shell_cpg_open(s, &nodeid);
	if (e == CS_OK) {
		s->cpg.want_join = true;
		clu_shell_cpg_push(s);
	} else if (e == CS_ERR_TRY_AGAIN) {
		clu_shell_timer_set(s, &s->cpg.retry, RETRY_MAX_MS, s, on_reopen);
	} else {
		clu_shell_corosync_lost(s);
	}
}

static void retry_later(struct clu_shell *s)
{
	struct clu_shell_cpg *c = &s->cpg;

	c->n_blocked++;
	if (c->retry.set)
		return;
	c->backoff_ms = !c->backoff_ms ? RETRY_MIN_MS : c->backoff_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : c->backoff_ms * 2;
	clu_shell_timer_set(s, &c->retry, c->backoff_ms, s, on_retry);
}

static bool is_dead(cs_error_t e)
{
	return e == CS_ERR_LIBRARY || e == CS_ERR_BAD_HANDLE;
}

static void group_name(struct clu_shell *s, struct cpg_name *ret)
{
	int n = snprintf(ret->value, sizeof(ret->value), "hawser:%s", s->d->ops->name);

	ret->length = (uint32_t)n;
}

static cs_error_t push_messages(struct clu_shell *s)
{
	struct clu_shell_cpg *c = &s->cpg;

	while (c->queue) {
		struct clu_mcast *m = c->queue;
		struct iovec iov = { m->data, m->len };
		cs_error_t e = cpg_mcast_joined(c->handle, CPG_TYPE_AGREED, &iov, 1);

		if (e != CS_OK)
			return e;
		c->backoff_ms = 0;
		c->n_sent++;
		c->queue = m->next;
		if (!c->queue)
			c->queue_end = &c->queue;
		c->n_queue--;
		c->queue_bytes -= sizeof(*m) + m->len;
		free(m);
	}
	return CS_OK;
}

void clu_shell_cpg_drop_queue(struct clu_shell_cpg *c)
{
	while (c->queue) {
		struct clu_mcast *m = c->queue;

		c->queue = m->next;
		free(m);
	}
	c->queue_end = &c->queue;
	c->n_queue = 0;
	c->queue_bytes = 0;
}

void clu_shell_cpg_push(struct clu_shell *s)
{
	struct clu_shell_cpg *c = &s->cpg;
	struct cpg_name name;
	cs_error_t e = CS_OK;

	if (!c->open || s->corosync_lost)
		return;
	if (c->want_join && c->used) {
		/* corosync lets nobody join with a handle that has left; we may be inside its callback. */
		clu_shell_timer_set(s, &c->retry, 0, s, on_reopen);
		return;
	}
	group_name(s, &name);
	if (c->want_join) {
		e = cpg_join(c->handle, &name);
		if (e == CS_OK) {
			c->want_join = false;
			c->join_sent = true;
		}
	}
	if (!c->want_join)
		e = push_messages(s);
	if (e == CS_OK && !c->queue && c->want_leave && !c->leave_sent) {
		e = cpg_leave(c->handle, &name);
		c->leave_sent = e == CS_OK;
	}
	if (e == CS_OK)
		return;
	if (is_dead(e)) {
		clu_shell_corosync_lost(s);
	} else if (e == CS_ERR_NOT_EXIST) {
		/* Not a member (any more): nobody waits for these. */
		clu_shell_cpg_drop_queue(c);
	} else {
		if (e != CS_ERR_TRY_AGAIN)
			clu_log(CLU_WARNING, "corosync refuses the group's messages (%s); tried again", clu_shell_cs_text(e));
		retry_later(s);
	}
}

static void host_mcast(void *ctx, const void *data, size_t len)
{
	struct clu_shell *s = ctx;
	struct clu_mcast *m;

	if (s->corosync_lost)
		return;
	if (s->cpg.queue_bytes + sizeof(*m) + len > CLU_GROUP_WAIT_MAX) {
		clu_shell_corosync_stuck(s);
		return;
	}
	m = malloc(sizeof(*m) + len);
	if (!m) {
		clu_log(CLU_CRIT, "the daemon ends: out of memory for a message to the group; free memory on this node");
		clu_shell_end(s, 1);
		return;
	}
	m->next = NULL;
	m->len = len;
	memcpy(m->data, data, len);
	*s->cpg.queue_end = m;
	s->cpg.queue_end = &m->next;
	s->cpg.queue_bytes += sizeof(*m) + len;
	if (++s->cpg.n_queue > s->cpg.max_queue)
		s->cpg.max_queue = s->cpg.n_queue;
	/* While corosync is blocked the timer goes on with the queue; the order stays. */
	if (!s->cpg.retry.set)
		clu_shell_cpg_push(s);
}

static void host_deliver(void *ctx, struct clu_event *ev)
{
	struct clu_shell *s = ctx;

	if (ev->type != CLU_EV_QUORUM || (s->d->want & CLU_WANT_QUORUM))
		clu_shell_feed(s, ev);
}

static int host_snapshot(void *ctx, struct clu_buf *ret)
{
	struct clu_shell *s = ctx;

	return s->d->ops->snapshot ? s->d->ops->snapshot(s->core, ret) : 0;
}

static void host_refused(void *ctx, const char *why)
{
	struct clu_shell *s = ctx;

	clu_log(CLU_CRIT, "the daemon ends: the group does not take it (%s); install the same version on all nodes", why);
	clu_shell_end(s, 1);
}

int clu_shell_group_new(struct clu_shell *s)
{
	const struct clu_group_host host = { host_deliver, host_mcast, host_snapshot, host_refused, s };

	s->group = clu_group_new(&host, s->nodeid, s->incarnation, s->d->ops->proto_min, s->d->ops->proto_max);
	return s->group ? 0 : -ENOMEM;
}
