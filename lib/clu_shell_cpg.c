/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The group, inwards: messages and views from corosync; joining and leaving. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clu_log.h"
#include "clu_shell_priv.h"

#define RING_WAIT_MS 5000	/* corosync tells the ring's id in the same breath as the loss */

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
	clu_shell_cpg_drop_queue(&s->cpg);
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
	clu_shell_cpg_push(s);
}

void clu_shell_cpg_leave(struct clu_shell *s)
{
	struct clu_event ev = { .type = CLU_EV_VIEW };

	if (s->cpg.open && !s->corosync_lost && (s->cpg.joined || s->cpg.join_sent)) {
		s->cpg.want_leave = true;
		clu_shell_cpg_push(s);
		return;
	}
	/* Never joined: there is nothing that corosync could confirm. */
	s->cpg.want_join = false;
	ev.u.view.self_left = true;
	clu_shell_feed(s, &ev);
}
