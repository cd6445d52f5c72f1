/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_log.h"
#include "clu_shell_priv.h"

#define RETRY_MIN_MS 1
#define RETRY_MAX_MS 20
#define RING_WAIT_MS 5000	/* corosync tells the ring's id in the same breath as the loss */

struct clu_mcast {
	struct clu_mcast *next;
	size_t len;
	char data[];
};

/*
 * CPG's news in their order. After a loss all is held until the totem confchg
 * brings the ring's id (it follows at once, with no message between).
 */
struct clu_held {
	struct clu_held *next;
	bool is_message;
	uint32_t from;
	size_t len;
	unsigned n_members, n_joined, n_left;
	uint32_t members[CLU_MAX_NODES], joined[CLU_MAX_NODES];
	struct clu_member_left left[CLU_MAX_NODES];
	char data[];
};

static void push(struct clu_shell *s);

/* Everything that corosync refuses for a while is tried again by one timer. */
static void on_retry(void *data)
{
	struct clu_shell *s = data;

	s->cpg.retry.set = false;
	push(s);
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
		push(s);
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

/* ---- out ---- */

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

static void drop_queue(struct clu_shell_cpg *c)
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

/* Join, then messages, then leave: as far as corosync takes them now. */
static void push(struct clu_shell *s)
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
		drop_queue(c);
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
		push(s);
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

/* ---- in ---- */

/* What the group could not take in, or not send on the strength of it. true: there is no going on. */
static bool group_failed(struct clu_shell *s, int r)
{
	if (r == -ENOBUFS) {
		clu_shell_corosync_stuck(s);
	} else if (r == -ENOMEM) {
		clu_log(CLU_CRIT, "the daemon ends: out of memory for the group; free memory on this node");
		clu_shell_end(s, 1);
	}
	return r == -ENOBUFS || r == -ENOMEM;
}

static void hand_on(struct clu_shell *s, const struct clu_held *h)
{
	int r;

	if (s->ended)
		return;
	if (h->is_message) {
		r = clu_group_receive(s->group, h->from, h->data, h->len);
	} else {
		struct clu_group_change change = {
			.ring = s->cpg.ring, .members = h->members, .n_members = h->n_members,
			.joined = h->joined, .n_joined = h->n_joined, .left = h->left, .n_left = h->n_left,
		};

		r = clu_group_confchg(s->group, &change);
	}
	if (!group_failed(s, r) && r < 0)
		clu_log(CLU_WARNING, "%s from node %u was not understood (%s)", h->is_message ? "a message" : "a view",
			h->from, strerror(-r));
}

/* Going on with the old id would make a quorum of before the loss look like one of after it. */
static void on_no_ring(void *data)
{
	struct clu_shell *s = data;

	s->cpg.no_ring.set = false;
	clu_shell_cpg_drain(s);		/* we may have been frozen ourselves */
	if (!s->cpg.held || s->corosync_lost)
		return;
	clu_log(CLU_CRIT, "corosync did not tell the ring of a loss in %d ms: it cannot be trusted and is given up",
		RING_WAIT_MS);
	clu_shell_corosync_lost(s);
}

static void hold(struct clu_shell *s, struct clu_held *h)
{
	if (!s->cpg.held)
		clu_shell_timer_set(s, &s->cpg.no_ring, RING_WAIT_MS, s, on_no_ring);
	*s->cpg.held_end = h;
	s->cpg.held_end = &h->next;
}

static void release(struct clu_shell *s)
{
	clu_shell_timer_drop(s, &s->cpg.no_ring);
	while (s->cpg.held) {
		struct clu_held *h = s->cpg.held;

		s->cpg.held = h->next;
		if (!s->cpg.held)
			s->cpg.held_end = &s->cpg.held;
		hand_on(s, h);
		free(h);
	}
}

static struct clu_shell *shell_of(cpg_handle_t handle)
{
	void *ctx = NULL;

	(void)cpg_context_get(handle, &ctx);
	return ctx;
}

static struct clu_held *held_new(struct clu_shell *s, size_t len)
{
	struct clu_held *h = calloc(1, sizeof(*h) + len);

	if (!h) {
		clu_log(CLU_CRIT, "the daemon ends: out of memory for the group; free memory on this node");
		clu_shell_end(s, 1);
	}
	return h;
}

static void on_deliver(cpg_handle_t handle, const struct cpg_name *name, uint32_t nodeid, uint32_t pid, void *msg,
	size_t len)
{
	struct clu_shell *s = shell_of(handle);
	struct clu_held *h;

	if (s->ended)
		return;
	s->cpg.n_received++;
	if (!s->cpg.held) {
		clu_shell_quorum_first(s);
		if (s->ended)
			return;
		(void)group_failed(s, clu_group_receive(s->group, nodeid, msg, len));
		return;
	}
	h = held_new(s, len);
	if (!h)
		return;
	h->is_message = true;
	h->from = nodeid;
	h->len = len;
	memcpy(h->data, msg, len);
	hold(s, h);
}

/* A node's old and new daemon may both be listed for a moment: a node is a member once. */
static unsigned add_node(uint32_t *list, unsigned n, uint32_t nodeid)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i] == nodeid)
			return n;
	if (n < CLU_MAX_NODES)
		list[n++] = nodeid;
	return n;
}

static enum clu_left how_left(uint32_t reason)
{
	return reason == CPG_REASON_LEAVE ? CLU_LEFT_CLEAN : reason == CPG_REASON_PROCDOWN ? CLU_LEFT_PROCESS : CLU_LEFT_NODE;
}

static void on_confchg(cpg_handle_t handle, const struct cpg_name *name,
	const struct cpg_address *members, size_t n_members, const struct cpg_address *left, size_t n_left,
	const struct cpg_address *joined, size_t n_joined)
{
	struct clu_shell *s = shell_of(handle);
	struct clu_held *h;
	bool loss = false;

	if (s->ended)
		return;
	h = held_new(s, 0);
	if (!h)
		return;
	for (size_t i = 0; i < n_members; i++)
		h->n_members = add_node(h->members, h->n_members, members[i].nodeid);
	for (size_t i = 0; i < n_joined; i++) {
		h->n_joined = add_node(h->joined, h->n_joined, joined[i].nodeid);
		if (joined[i].nodeid == s->nodeid)
			s->cpg.joined = true;
	}
	for (size_t i = 0; i < n_left && h->n_left < CLU_MAX_NODES; i++) {
		struct clu_member_left *l = &h->left[h->n_left++];

		*l = (struct clu_member_left){ left[i].nodeid, how_left(left[i].reason) };
		loss = loss || l->how == CLU_LEFT_NODE;
		if (l->nodeid == s->nodeid) {
			s->cpg.joined = s->cpg.join_sent = s->cpg.want_leave = s->cpg.leave_sent = false;
			s->cpg.used = true;
		}
	}
	if (loss || s->cpg.held) {
		hold(s, h);
		return;
	}
	hand_on(s, h);
	free(h);
}

/* Takes over the nodes of a ring; true when one of the last ring is missing in it. */
static bool note_ring_nodes(struct clu_shell *s, uint32_t n, const uint32_t *members)
{
	bool lost = false;

	for (unsigned i = 0; i < s->cpg.n_ring_nodes && !lost; i++) {
		uint32_t k = 0;

		while (k < n && members[k] != s->cpg.ring_nodes[i])
			k++;
		lost = k == n;
	}
	s->cpg.n_ring_nodes = n < CLU_MAX_NODES ? n : CLU_MAX_NODES;
	memcpy(s->cpg.ring_nodes, members, s->cpg.n_ring_nodes * sizeof(members[0]));
	return lost;
}

static void on_totem_confchg(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t n, const uint32_t *members)
{
	struct clu_shell *s = shell_of(handle);
	bool lost = note_ring_nodes(s, n, members);

	s->cpg.ring = (struct clu_ring){ ring.nodeid, ring.seq };
	release(s);
	if (lost && s->group && !s->ended)
		(void)group_failed(s, clu_group_ring(s->group, &s->cpg.ring));
}

void clu_shell_cpg_drain(struct clu_shell *s)
{
	cs_error_t e;

	if (!s->cpg.open || s->corosync_lost)
		return;
	e = cpg_dispatch(s->cpg.handle, CS_DISPATCH_ALL);
	if (e != CS_OK && e != CS_ERR_TRY_AGAIN)
		clu_shell_corosync_lost(s);
	else
		clu_shell_peers_merged(s);
	clu_shell_quorum_late(s);
}

static int on_readable(int32_t fd, int32_t revents, void *data)
{
	struct clu_shell *s = data;

	clu_shell_cpg_drain(s);
	if (revents & (POLLHUP | POLLERR | POLLNVAL))
		clu_shell_corosync_lost(s);
	return 0;
}

/* ---- life ---- */

cs_error_t clu_shell_cpg_open(struct clu_shell *s, uint32_t *ret_nodeid)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1, .cpg_deliver_fn = on_deliver, .cpg_confchg_fn = on_confchg,
		.cpg_totem_confchg_fn = on_totem_confchg, .flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	unsigned int nodeid = 0;
	cs_error_t e;

	s->cpg.queue_end = &s->cpg.queue;
	s->cpg.held_end = &s->cpg.held;
	s->cpg.n_ring_nodes = 0;
	e = cpg_model_initialize(&s->cpg.handle, CPG_MODEL_V1, (cpg_model_data_t *)&model, s);
	if (e != CS_OK)
		return e;
	e = cpg_local_get(s->cpg.handle, &nodeid);
	if (e == CS_OK)
		e = cpg_fd_get(s->cpg.handle, &s->cpg.fd);
	if (e == CS_OK && qb_loop_poll_add(s->loop, QB_LOOP_HIGH, s->cpg.fd, POLLIN, s, on_readable) < 0)
		e = CS_ERR_NO_MEMORY;
	if (e != CS_OK) {
		(void)cpg_finalize(s->cpg.handle);
		return e;
	}
	s->cpg.open = true;
	*ret_nodeid = nodeid;
	return CS_OK;
}

void clu_shell_cpg_close(struct clu_shell *s)
{
	clu_shell_timer_drop(s, &s->cpg.retry);
	clu_shell_timer_drop(s, &s->cpg.no_ring);
	drop_queue(&s->cpg);
	while (s->cpg.held) {
		struct clu_held *h = s->cpg.held;

		s->cpg.held = h->next;
		free(h);
	}
	s->cpg.held_end = &s->cpg.held;
	if (s->cpg.open) {
		(void)qb_loop_poll_del(s->loop, s->cpg.fd);
		(void)cpg_finalize(s->cpg.handle);
	}
	s->cpg.open = s->cpg.joined = s->cpg.join_sent = s->cpg.used = false;
	s->cpg.want_join = s->cpg.want_leave = s->cpg.leave_sent = false;
}

void clu_shell_cpg_join(struct clu_shell *s)
{
	if (!s->cpg.open || s->cpg.joined || s->cpg.join_sent)
		return;
	s->cpg.want_join = true;
	push(s);
}

void clu_shell_cpg_leave(struct clu_shell *s)
{
	struct clu_event ev = { .type = CLU_EV_VIEW };

	if (s->cpg.open && !s->corosync_lost && (s->cpg.joined || s->cpg.join_sent)) {
		s->cpg.want_leave = true;
		push(s);
		return;
	}
	/* Never joined: there is nothing that corosync could confirm. */
	s->cpg.want_join = false;
	ev.u.view.self_left = true;
	clu_shell_feed(s, &ev);
}
