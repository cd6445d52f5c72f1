/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "group_world.h"

#include <stdlib.h>
#include <string.h>

uint64_t gw_rnd(struct gw_world *w)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return w->rng;
}

static uint64_t chain_add(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static void on_deliver(void *ctx, struct clu_event *ev)
{
	struct gw_node *n = ctx;

	switch ((int)ev->type) {
	case CLU_EV_STATE:
		n->states++;
		if (ev->u.state.len == 0) {
			n->chain = n->messages = 0;
		} else {
			assert_int_equal(ev->u.state.len, 16 + 200000);
			memcpy(&n->chain, ev->u.state.data, 8);
			memcpy(&n->messages, (const char *)ev->u.state.data + 8, 8);
		}
		break;
	case CLU_EV_VIEW:
		n->views++;
		n->view_ring = ev->u.view.ring;
		n->n_members = ev->u.view.n_members;
		n->in = !ev->u.view.self_left;
		for (unsigned i = 0; i < ev->u.view.n_members; i++) {
			n->members[i] = ev->u.view.members[i].nodeid;
			n->chain = chain_add(n->chain, &ev->u.view.members[i].nodeid, 4);
		}
		for (unsigned i = 0; i < ev->u.view.n_joined; i++) {
			n->chain = chain_add(n->chain, &ev->u.view.joined[i].incarnation, 8);
			n->chain = chain_add(n->chain, &ev->u.view.joined[i].fresh, 1);
			if (ev->u.view.joined[i].nodeid == n->id)
				n->self_fresh = ev->u.view.joined[i].fresh;
		}
		n->chain = chain_add(n->chain, &ev->u.view.proto, 4);
		break;
	case CLU_EV_QUORUM:
		n->quorate = ev->u.quorum.quorate;
		break;
	case CLU_EV_MESSAGE:
		n->chain = chain_add(n->chain, ev->u.message.data, ev->u.message.len);
		n->messages++;
		break;
	default:
		fail();
	}
}

static void on_mcast(void *ctx, const void *data, size_t len)
{
	struct gw_node *n = ctx;
	struct gw_packet *p = &n->q[n->q_tail++ % GW_QUEUE];

	assert_true(n->q_tail - n->q_head < GW_QUEUE);
	p->from = n->id;
	p->data = malloc(len);
	p->len = len;
	memcpy(p->data, data, len);
}

static int on_snapshot(void *ctx, struct clu_buf *ret)
{
	struct gw_node *n = ctx;

	clu_buf_append(ret, &n->chain, 8);
	clu_buf_append(ret, &n->messages, 8);
	/* Larger than one piece, so that views can cut it. */
	memset(clu_buf_grow(ret, 200000), 7, 200000);
	return 0;
}

static void on_refused(void *ctx, const char *why)
{
	(void)ctx;
	fail_msg("refused: %s", why);
}

static void deliver_one(struct gw_world *w, struct gw_node *from)
{
	struct gw_packet p = from->q[from->q_head++ % GW_QUEUE];

	for (unsigned i = 1; i <= GW_NODES; i++)
		if (w->n[i].up && w->n[i].side == from->side)
			assert_int_equal(clu_group_receive(w->n[i].g, p.from, p.data, p.len), 0);
	free(p.data);
}

void gw_deliver_some(struct gw_world *w, unsigned steps)
{
	for (unsigned s = 0; s < steps; s++) {
		struct gw_node *from = &w->n[1 + gw_rnd(w) % GW_NODES];

		if (from->up && from->q_head != from->q_tail)
			deliver_one(w, from);
	}
}

void gw_deliver_all(struct gw_world *w)
{
	bool any = true;

	for (unsigned long rounds = 0; any; rounds++) {
		any = false;
		assert_true(rounds < 100000);
		for (unsigned i = 1; i <= GW_NODES; i++)
			if (w->n[i].up && w->n[i].q_head != w->n[i].q_tail) {
				any = true;
				deliver_one(w, &w->n[i]);
			}
	}
}

void gw_change(struct gw_world *w, int side, const bool *joined, const bool *left, enum clu_left how)
{
	uint32_t members[GW_NODES], j[GW_NODES];
	struct clu_member_left l[GW_NODES];
	struct clu_group_change c = { .members = members, .joined = j, .left = l };

	c.ring.seq = ++w->ring;
	for (unsigned i = 1; i <= GW_NODES; i++) {
		if (w->n[i].up && w->n[i].side == side)
			members[c.n_members++] = i;
		if (joined && joined[i])
			j[c.n_joined++] = i;
		if (left && left[i])
			l[c.n_left++] = (struct clu_member_left){ i, how };
	}
	for (unsigned i = 1; i <= GW_NODES; i++)
		if (w->n[i].up && w->n[i].side == side)
			assert_int_equal(clu_group_confchg(w->n[i].g, &c), 0);
}

void gw_start(struct gw_world *w, unsigned i)
{
	struct gw_node *n = &w->n[i];
	struct clu_group_host host = { on_deliver, on_mcast, on_snapshot, on_refused, n };
	bool joined[GW_NODES + 1] = { false };

	n->id = i;
	n->up = true;
	n->side = 0;
	n->chain = n->messages = n->states = 0;
	n->in = false;
	n->g = clu_group_new(&host, i, gw_rnd(w) | 1, 1, 3);
	joined[i] = true;
	gw_change(w, n->side, joined, NULL, CLU_LEFT_NODE);
}

void gw_drop_node(struct gw_world *w, unsigned i)
{
	struct gw_node *n = &w->n[i];

	while (n->q_head != n->q_tail)
		free(n->q[n->q_head++ % GW_QUEUE].data);
	n->g = clu_group_free(n->g);
	n->up = false;
}

void gw_crash(struct gw_world *w, unsigned i)
{
	struct gw_node *n = &w->n[i];
	bool left[GW_NODES + 1] = { false };
	unsigned keep = (unsigned)(gw_rnd(w) % (n->q_tail - n->q_head + 1));

	/* What some survivor has of it, all survivors get before the view. */
	while (keep--)
		deliver_one(w, n);
	gw_drop_node(w, i);
	left[i] = true;
	gw_change(w, n->side, NULL, left, gw_rnd(w) & 1 ? CLU_LEFT_NODE : CLU_LEFT_PROCESS);
}

void gw_tell_quorum(struct gw_world *w, unsigned i, bool quorate)
{
	struct clu_quorum q = { .quorate = quorate };

	q.ring.seq = w->ring;
	assert_int_equal(clu_group_quorum(w->n[i].g, &q), 0);
}

void gw_split(struct gw_world *w)
{
	bool gone[GW_NODES + 1] = { false }, stay[GW_NODES + 1] = { false };

	for (unsigned i = 1; i <= GW_NODES; i++) {
		bool away = gw_rnd(w) & 1;

		if (w->n[i].side == 0 && away)
			w->n[i].side = 1;
		gone[i] = w->n[i].up && away;
		stay[i] = w->n[i].up && !away;
	}
	for (unsigned i = 1; i <= GW_NODES; i++)
		if (w->n[i].up)
			gw_tell_quorum(w, i, false);
	gw_change(w, 0, NULL, gone, CLU_LEFT_NODE);
	gw_change(w, 1, NULL, stay, CLU_LEFT_NODE);
	for (unsigned i = 1; i <= GW_NODES; i++) {
		unsigned mates = 0;

		for (unsigned k = 1; k <= GW_NODES; k++)
			mates += w->n[k].up && w->n[k].side == w->n[i].side;
		if (w->n[i].up)
			gw_tell_quorum(w, i, mates > GW_NODES / 2);
	}
}

void gw_merge(struct gw_world *w)
{
	bool here[GW_NODES + 1] = { false }, there[GW_NODES + 1] = { false };

	for (unsigned i = 1; i <= GW_NODES; i++) {
		here[i] = w->n[i].up && w->n[i].side == 0;
		there[i] = w->n[i].up && w->n[i].side == 1;
	}
	/* Each side gets the other as joined, one by one as the transport does, before any message. */
	for (unsigned i = 1; i <= GW_NODES; i++) {
		uint32_t members[GW_NODES], j;
		struct clu_group_change c = { .members = members, .joined = &j, .n_joined = 1 };
		const bool *other = here[i] ? there : here;

		if (!w->n[i].up)
			continue;
		for (unsigned k = 1; k <= GW_NODES; k++)
			if (w->n[k].up && w->n[k].side == w->n[i].side)
				members[c.n_members++] = k;
		for (unsigned k = 1; k <= GW_NODES; k++) {
			if (!other[k])
				continue;
			members[c.n_members++] = k;
			j = k;
			assert_int_equal(clu_group_confchg(w->n[i].g, &c), 0);
		}
	}
	for (unsigned i = 1; i <= GW_NODES; i++)
		w->n[i].side = 0;
}

bool gw_is_split(const struct gw_world *w)
{
	for (unsigned i = 1; i <= GW_NODES; i++)
		if (w->n[i].up && w->n[i].side)
			return true;
	return false;
}

void gw_say(struct gw_world *w, unsigned i)
{
	size_t len = gw_rnd(w) % 8 == 0 ? 150000 : 20;
	uint8_t *data = malloc(len);

	for (size_t k = 0; k < len; k += 8)
		memcpy(data + k, &(uint64_t){ gw_rnd(w) }, len - k < 8 ? len - k : 8);
	assert_int_equal(clu_group_send(w->n[i].g, data, len), 0);
	free(data);
}
