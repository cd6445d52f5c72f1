/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Greetings, admission, and the state that goes with it. */
#include "clu_group_priv.h"
#include "clu_planted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "group.pb-c.h"

/* ---- sending ---- */

/* Digest of the numbers of all present, 0 while one is missing. */
static uint64_t numbers_digest(const struct clu_group *g)
{
	uint64_t h = 1;

	for (unsigned i = 0; i < g->n_peers; i++) {
		if (!g->peers[i].number)
			return 0;
		h = group_mix(group_mix(h, g->peers[i].nodeid), g->peers[i].number);
	}
	return group_non_zero(h);
}

/* Says who we are; with the numbers of all others once they are known. */
int group_send_hello(struct clu_group *g)
{
	Hawser__GroupHello h = HAWSER__GROUP_HELLO__INIT;
	uint32_t nodes[CLU_MAX_NODES];
	uint64_t numbers[CLU_MAX_NODES];
	uint8_t bytes[256 + CLU_MAX_NODES * 16];

	h.number = g->number;
	h.incarnation = g->incarnation;
	h.branch = g->branch;
	h.tag = g->tag;
	h.snap_wait = g->waiting ? g->snap_id : 0;
	h.quorate_seq = g->quorate_seq;
	h.weight = g->weight;
	h.used = g->core_has_state;
	h.proto_min = g->proto_min;
	h.proto_max = g->proto_max;
	g->repeated = numbers_digest(g);
	if (g->repeated) {
		for (unsigned i = 0; i < g->n_peers; i++) {
			nodes[i] = g->peers[i].nodeid;
			numbers[i] = g->peers[i].number;
		}
		h.nodes = nodes;
		h.numbers = numbers;
		h.n_nodes = h.n_numbers = g->n_peers;
	}
	return clu_frag_send(g->out, HAWSER__GROUP_KIND__GROUP_HELLO, 0, bytes,
		hawser__group_hello__pack(&h, bytes), true);
}

int clu_group_send(struct clu_group *g, const void *data, size_t len)
{
	uint32_t n = (uint32_t)len;

	if (len > CLU_GROUP_MSG_MAX)
		return -EMSGSIZE;
	if (clu_group_is_admitted(g))
		return clu_frag_send(g->out, HAWSER__GROUP_KIND__GROUP_CORE, g->tag, data, len, false);
	if (g->before.len + len > CLU_GROUP_WAIT_MAX)
		return -ENOBUFS;
	clu_buf_append(&g->before, &n, sizeof(n));
	clu_buf_append(&g->before, data, len);
	return g->before.error;
}

int group_flush_before(struct clu_group *g)
{
	struct clu_buf b = g->before;
	size_t at = 0;
	int r = 0;

	g->before = (struct clu_buf)CLU_BUF_INIT;
	while (at + sizeof(uint32_t) <= b.len && r == 0) {
		uint32_t n;

		memcpy(&n, b.data + at, sizeof(n));
		at += sizeof(n);
		r = clu_frag_send(g->out, HAWSER__GROUP_KIND__GROUP_CORE, g->tag, b.data + at, n, false);
		at += n;
	}
	clu_buf_free(&b);
	return r;
}

/* The lowest synced member hands over the state of this very point. */
int group_give_snapshot(struct clu_group *g)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r;

	for (unsigned i = 0; i < g->n_peers; i++) {
		if (!g->peers[i].admitted || !g->peers[i].synced)
			continue;
		if (g->peers[i].nodeid != g->nodeid)
			return 0;
		break;
	}
	if (g->waiting || !g->tag)
		return 0;
	clu_frag_drop(g->out, HAWSER__GROUP_KIND__GROUP_SNAPSHOT);
	r = g->host.snapshot(g->host.ctx, &b);
	if (r == 0)
		r = b.error;
	if (r == 0)
		r = clu_frag_send(g->out, HAWSER__GROUP_KIND__GROUP_SNAPSHOT, g->snap_id, clu_buf_text(&b),
			b.len, false);
	clu_buf_free(&b);
	return r;
}

/* ---- admission ---- */

struct branch_count {
	uint64_t branch;
	unsigned members;
	uint64_t quorate_seq;
	uint32_t weight, lowest;
};

/* Which side of a merge keeps its state (see clu_group.h, "Merge"); 0 when nobody has state. */
static uint64_t winning_branch(const struct clu_group *g)
{
	struct branch_count c[CLU_MAX_NODES];
	unsigned n = 0, best = 0;

	for (unsigned i = 0; i < g->n_peers; i++) {
		const struct peer *p = &g->peers[i];
		unsigned k = 0;

		if (p->branch == 0 || p->refused)
			continue;
		while (k < n && c[k].branch != p->branch)
			k++;
		if (k == n)
			c[n++] = (struct branch_count){ p->branch, 0, 0, 0, p->nodeid };
		c[k].members++;
		if (p->quorate_seq > c[k].quorate_seq)
			c[k].quorate_seq = p->quorate_seq;
		if (p->weight > c[k].weight)
			c[k].weight = p->weight;
	}
	if (n == 0)
		return 0;
	for (unsigned k = 1; k < n; k++) {
		if (c[k].weight != c[best].weight ? (c[k].weight > c[best].weight) != CLU_PLANTED(GROUP_LIGHTER_WINS) :
			c[k].quorate_seq != c[best].quorate_seq ? c[k].quorate_seq > c[best].quorate_seq :
			c[k].members != c[best].members ?
			c[k].members > c[best].members : c[k].lowest < c[best].lowest)
			best = k;
	}
	return c[best].branch;
}

/* Marks newcomers whose protocol range does not meet that of those already taken in. Lowest ids first. */
static void refuse_strangers(struct clu_group *g, uint64_t winner)
{
	uint32_t lo = 0, hi = UINT32_MAX;

	for (int pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < g->n_peers; i++) {
			struct peer *p = &g->peers[i];
			bool old = winner && p->branch == winner;

			if (old != (pass == 0))
				continue;
			p->refused = p->proto_min > hi || p->proto_max < lo;
			if (p->refused)
				continue;
			if (p->proto_min > lo)
				lo = p->proto_min;
			if (p->proto_max < hi)
				hi = p->proto_max;
		}
	}
}

static int admit(struct clu_group *g)
{
	struct clu_member joined[CLU_MAX_NODES];
	uint64_t winner = winning_branch(g), id;
	unsigned n_joined = 0;
	bool self_new = false;
	struct peer *self;
	int r = 0;

	g->round = false;
	if (CLU_PLANTED(GROUP_BOTH_KEEP_STATE) && g->branch)
		winner = g->branch;
	if (g->quorate)
		g->quorate_seq = g->quorum.ring.seq;
	refuse_strangers(g, winner);
	self = group_peer_find(g, g->nodeid);
	if (self->refused) {
		g->host.refused(g->host.ctx, "no protocol version in common with the group");
		return 0;
	}
	id = winner;
	for (unsigned i = 0; i < g->n_peers; i++)
		id = group_mix(id, g->peers[i].refused ? 0 : g->peers[i].number);
	id = group_non_zero(id);

	for (unsigned i = 0; i < g->n_peers; i++) {
		struct peer *p = &g->peers[i];
		bool old = winner && p->branch == winner;

		if (p->refused)
			continue;
		if (old) {
			/* What we did not see ourselves, its HELLO and the snapshots since tell. */
			if (!p->admitted) {
				p->tag = p->hello_tag;
				p->synced = p->snap_wait == 0 || p->snap_wait == g->last_snap;
			}
			p->admitted = true;
			continue;
		}
		joined[n_joined++] = (struct clu_member){ p->nodeid, p->incarnation, !p->used };
		p->admitted = true;
		p->tag = id;
		p->synced = winner == 0;
		self_new |= p == self;
	}
	if (n_joined == 0)
		return 0;
	if (winner == 0) {
		g->branch = id;
		g->tag = id;
		if (g->core_has_state)
			group_tell_state(g, g->nodeid, "", 0);
		r = group_tell_view(g, joined, n_joined, NULL, 0, true);
		return r < 0 ? r : group_flush_before(g);
	}
	g->snap_id = id;
	if (self_new) {
		/* What we had in mind to say belongs to the state we now give up. */
		if (g->branch) {
			clu_frag_drop(g->out, HAWSER__GROUP_KIND__GROUP_CORE);
			clu_buf_free(&g->before);
		}
		g->tag = id;
		g->waiting = true;
	}
	if (g->waiting) {
		group_kept_drop(g);
	} else if (!CLU_PLANTED(GROUP_SNAPSHOT_TOO_LATE)) {
		r = group_give_snapshot(g);
	}
	g->branch = group_non_zero(group_mix(winner, id));
	if (r == 0)
		r = group_tell_view(g, joined, n_joined, NULL, 0, false);
	if (CLU_PLANTED(GROUP_SNAPSHOT_TOO_LATE) && !g->waiting)
		r = group_give_snapshot(g);
	return r;
}

int group_on_hello(struct clu_group *g, struct peer *p, const void *data, size_t len)
{
	Hawser__GroupHello *h = hawser__group_hello__unpack(NULL, len, data);
	uint64_t digest;

	if (h && !g->round) {
		hawser__group_hello__free_unpacked(h, NULL);
		return 0;
	}
	if (!h || h->n_nodes != h->n_numbers || h->n_nodes > CLU_MAX_NODES || h->number == 0) {
		g->bad++;
		if (h)
			hawser__group_hello__free_unpacked(h, NULL);
		return 0;
	}
	p->number = h->number;
	p->incarnation = h->incarnation;
	p->branch = h->branch;
	p->hello_tag = h->tag;
	p->snap_wait = h->snap_wait;
	p->quorate_seq = h->quorate_seq;
	p->weight = h->weight;
	p->used = h->used;
	p->proto_min = h->proto_min;
	p->proto_max = h->proto_max;
	p->said = h->n_nodes ? 1 : 0;
	for (size_t i = 0; i < h->n_nodes; i++)
		p->said = group_mix(group_mix(p->said, h->nodes[i]), h->numbers[i]);
	hawser__group_hello__free_unpacked(h, NULL);
	digest = numbers_digest(g);
	if (!digest || group_peer_find(g, g->nodeid)->number != g->number)
		return 0;
	if (digest != g->repeated || CLU_PLANTED(GROUP_GREETS_FOR_EVER))
		return group_send_hello(g);
	for (unsigned i = 0; i < g->n_peers && !CLU_PLANTED(GROUP_OLD_GREETING); i++)
		if (group_non_zero(g->peers[i].said) != digest || !g->peers[i].said)
			return 0;
	return admit(g);
}

int group_on_snapshot(struct clu_group *g, uint32_t from, uint64_t id, const void *data, size_t len)
{
	struct kept *list;
	int r = 0;

	g->last_snap = id;
	if (id != g->snap_id || !g->snap_id)
		return 0;
	g->snap_id = 0;
	for (unsigned i = 0; i < g->n_peers; i++)
		if (g->peers[i].admitted)
			g->peers[i].synced = true;
	if (!g->waiting)
		return 0;
	g->waiting = false;
	group_tell_state(g, from, data, len);
	list = g->kept;
	g->kept = NULL;
	g->kept_tail = &g->kept;
	g->kept_bytes = 0;
	for (struct kept *k = list; k; k = k->next) {
		struct clu_event ev = { .type = k->type };

		if (k->type == CLU_EV_VIEW)
			ev.u.view = k->view;
		else
			ev.u.message = (struct clu_message){ k->from, k->data, k->len };
		g->host.deliver(g->host.ctx, &ev);
	}
	g->kept = list;
	group_kept_drop(g);
	r = group_flush_before(g);
	return r;
}
