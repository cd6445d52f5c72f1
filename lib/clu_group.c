/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words used here. present: in the transport's member list. admitted: a member
 * for the core. stateful: admitted before this round, by the winning branch.
 * synced: admitted and in possession of the state. round: the time from a view
 * with a newcomer to the point where all have repeated the numbers of all.
 *
 * Every member of one branch computes branch, admission ids and the synced set
 * from the same events in the same order, so all agree without asking.
 */
#include "clu_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clu_frag.h"
#include "group.pb-c.h"

struct peer {
	uint32_t nodeid;
	bool admitted, synced, refused;
	uint64_t tag;		/* its admission: its core messages carry it */
	struct clu_frag_in in;
	/* its HELLO in the present view */
	uint64_t number;	/* 0: none yet */
	uint64_t said;		/* digest of the (node, number) list it repeated, 0: none */
	uint64_t incarnation, branch, hello_tag, snap_wait;
	uint64_t quorate_seq;
	uint32_t weight;
	uint32_t proto_min, proto_max;
};

/* An event that waits for the snapshot before it. */
struct kept {
	struct kept *next;
	enum clu_event_type type;
	uint32_t from;
	void *data;
	size_t len;
	struct clu_view view;
	struct clu_member *members, *joined;
	struct clu_member_left *left;
};

struct clu_group {
	struct clu_group_host host;
	uint32_t nodeid;
	uint64_t incarnation;
	uint32_t proto_min, proto_max;
	bool quorate;
	uint32_t weight;		/* of our core's state */
	uint64_t quorate_seq;		/* last ring in which our branch was quorate */
	bool held;			/* the quorum news below waits for the end of a merge */
	struct clu_quorum quorum;
	uint32_t quorum_nodes[CLU_MAX_NODES];

	struct peer peers[CLU_MAX_NODES];	/* present ones, ascending node id */
	unsigned n_peers;
	uint64_t number, n_views;	/* our number for this view */
	uint64_t repeated;		/* digest of the list we sent last in this view */
	struct clu_ring ring;
	bool round;

	uint64_t branch;		/* 0: no state */
	uint64_t tag;			/* own admission */
	uint64_t snap_id;		/* snapshot that is under way to unsynced members, 0: none */
	uint64_t last_snap;		/* id of the last snapshot that was delivered */
	bool waiting;			/* we wait for snap_id */
	bool core_has_state;		/* the core has had VIEW(first) or STATE */
	struct kept *kept, **kept_tail;
	size_t kept_bytes;

	struct clu_frag_out *out;
	struct clu_buf before;		/* core messages from before the admission: u32 length + bytes each */
	uint64_t bad;			/* malformed or foreign frames, for the dump */
};

#define KEPT_MAX_BYTES (64u * 1024 * 1024)

static uint64_t mix(uint64_t h, uint64_t v)
{
	/* splitmix64's finalizer over the running value: equal inputs give equal ids on all members. */
	h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
	return h ^ (h >> 31);
}

static uint64_t non_zero(uint64_t h)
{
	return h ? h : 1;
}

static struct peer *peer_find(struct clu_group *g, uint32_t nodeid)
{
	for (unsigned i = 0; i < g->n_peers; i++)
		if (g->peers[i].nodeid == nodeid)
			return &g->peers[i];
	return NULL;
}

static void peer_remove(struct clu_group *g, struct peer *p)
{
	unsigned i = (unsigned)(p - g->peers);

	clu_frag_in_reset(&p->in);
	memmove(p, p + 1, (g->n_peers - i - 1) * sizeof(*p));
	g->n_peers--;
}

static int peer_add(struct clu_group *g, uint32_t nodeid)
{
	unsigned i = 0;

	if (g->n_peers == CLU_MAX_NODES)
		return -E2BIG;
	while (i < g->n_peers && g->peers[i].nodeid < nodeid)
		i++;
	memmove(&g->peers[i + 1], &g->peers[i], (g->n_peers - i) * sizeof(g->peers[0]));
	memset(&g->peers[i], 0, sizeof(g->peers[i]));
	g->peers[i].nodeid = nodeid;
	g->n_peers++;
	return 0;
}

static void out_mcast(void *ctx, const void *data, size_t len)
{
	struct clu_group *g = ctx;

	g->host.mcast(g->host.ctx, data, len);
}

struct clu_group *clu_group_new(const struct clu_group_host *host, uint32_t nodeid, uint64_t incarnation,
	uint32_t proto_min, uint32_t proto_max)
{
	struct clu_group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->host = *host;
	g->nodeid = nodeid;
	g->incarnation = incarnation;
	g->proto_min = proto_min;
	g->proto_max = proto_max;
	g->kept_tail = &g->kept;
	g->out = clu_frag_out_new(CLU_GROUP_FRAG_MAX, out_mcast, g);
	if (!g->out)
		return clu_group_free(g);
	return g;
}

static void kept_drop(struct clu_group *g)
{
	for (struct kept *k = g->kept, *next; k; k = next) {
		next = k->next;
		free(k->data);
		free(k->members);
		free(k->joined);
		free(k->left);
		free(k);
	}
	g->kept = NULL;
	g->kept_tail = &g->kept;
	g->kept_bytes = 0;
}

struct clu_group *clu_group_free(struct clu_group *g)
{
	if (!g)
		return NULL;
	clu_group_reset(g, 0);
	clu_frag_out_free(g->out);
	free(g);
	return NULL;
}

void clu_group_reset(struct clu_group *g, uint64_t incarnation)
{
	while (g->n_peers)
		peer_remove(g, &g->peers[g->n_peers - 1]);
	kept_drop(g);
	if (g->out)
		clu_frag_drop(g->out, ~0u);
	clu_buf_free(&g->before);
	g->incarnation = incarnation;
	g->number = g->repeated = g->branch = g->tag = g->snap_id = g->last_snap = 0;
	g->round = g->waiting = g->core_has_state = false;
	g->quorate_seq = 0;
}

bool clu_group_is_admitted(const struct clu_group *g)
{
	return g->tag != 0 && !g->waiting;
}

bool clu_group_merge_is_open(const struct clu_group *g)
{
	for (unsigned i = 0; i < g->n_peers; i++) {
		const struct peer *p = &g->peers[i];

		if (!p->admitted && !p->refused && p->nodeid != g->nodeid && (p->number == 0 || p->branch != 0))
			return true;
	}
	return g->waiting;
}

static void tell_quorum(struct clu_group *g)
{
	struct clu_event ev = { .type = CLU_EV_QUORUM };

	if (!g->held || (g->quorum.quorate && clu_group_merge_is_open(g)))
		return;
	g->held = false;
	ev.u.quorum = g->quorum;
	g->host.deliver(g->host.ctx, &ev);
}

void clu_group_weight(struct clu_group *g, uint32_t weight)
{
	g->weight = weight;
}

int clu_group_quorum(struct clu_group *g, const struct clu_quorum *q)
{
	if (q->n_nodes > CLU_MAX_NODES)
		return -E2BIG;
	g->quorate = q->quorate;
	g->quorum = *q;
	g->quorum.nodes = g->quorum_nodes;
	if (q->n_nodes)
		memcpy(g->quorum_nodes, q->nodes, q->n_nodes * sizeof(*q->nodes));
	g->held = true;
	/* During a round the news may be about a merged ring: it is not our branch's own quorum. */
	if (q->quorate && !g->round)
		g->quorate_seq = q->ring.seq;
	tell_quorum(g);
	return 0;
}

/* ---- events for the core ---- */

static void *dup_array(const void *src, unsigned n, size_t size)
{
	void *p = malloc(n ? n * size : 1);

	if (p && n)
		memcpy(p, src, n * size);
	return p;
}

static int keep_view(struct clu_group *g, const struct clu_view *v)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->type = CLU_EV_VIEW;
	k->view = *v;
	k->view.first = g->kept == NULL;
	k->view.members = k->members = dup_array(v->members, v->n_members, sizeof(*v->members));
	k->view.joined = k->joined = dup_array(v->joined, v->n_joined, sizeof(*v->joined));
	k->view.left = k->left = dup_array(v->left, v->n_left, sizeof(*v->left));
	*g->kept_tail = k;
	g->kept_tail = &k->next;
	return k->members && k->joined && k->left ? 0 : -ENOMEM;
}

static int keep_message(struct clu_group *g, uint32_t from, const void *data, size_t len)
{
	struct kept *k;

	if (g->kept_bytes + len > KEPT_MAX_BYTES)
		return -ENOMEM;
	k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	k->type = CLU_EV_MESSAGE;
	k->from = from;
	k->data = dup_array(data, 1, len);
	k->len = len;
	*g->kept_tail = k;
	g->kept_tail = &k->next;
	g->kept_bytes += len;
	return k->data ? 0 : -ENOMEM;
}

/* The lowest version that all admitted members announce. */
static uint32_t group_proto(const struct clu_group *g)
{
	uint32_t proto = g->proto_max;

	for (unsigned i = 0; i < g->n_peers; i++)
		if (g->peers[i].admitted && g->peers[i].proto_max < proto)
			proto = g->peers[i].proto_max;
	return proto;
}

static int tell_view(struct clu_group *g, const struct clu_member *joined, unsigned n_joined,
	const struct clu_member_left *left, unsigned n_left, bool first)
{
	struct clu_member members[CLU_MAX_NODES];
	struct clu_event ev = { .type = CLU_EV_VIEW };
	unsigned n = 0;

	for (unsigned i = 0; i < g->n_peers; i++) {
		const struct peer *p = &g->peers[i];

		if (p->admitted)
			members[n++] = (struct clu_member){ p->nodeid, p->incarnation, false };
	}
	ev.u.view = (struct clu_view){
		.ring = g->ring,
		.members = members,
		.n_members = n,
		.joined = joined,
		.n_joined = n_joined,
		.left = left,
		.n_left = n_left,
		.first = first,
		.proto = group_proto(g),
	};
	if (g->waiting)
		return keep_view(g, &ev.u.view);
	g->core_has_state = true;
	g->host.deliver(g->host.ctx, &ev);
	return 0;
}

static void tell_state(struct clu_group *g, uint32_t from, const void *data, size_t len)
{
	struct clu_event ev = { .type = CLU_EV_STATE };

	ev.u.state = (struct clu_message){ from, data, len };
	g->core_has_state = true;
	g->host.deliver(g->host.ctx, &ev);
}

/* ---- sending ---- */

/* Digest of the numbers of all present, 0 while one is missing. */
static uint64_t numbers_digest(const struct clu_group *g)
{
	uint64_t h = 1;

	for (unsigned i = 0; i < g->n_peers; i++) {
		if (!g->peers[i].number)
			return 0;
		h = mix(mix(h, g->peers[i].nodeid), g->peers[i].number);
	}
	return non_zero(h);
}

/* Says who we are; with the numbers of all others once they are known. */
static int send_hello(struct clu_group *g)
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
	if (g->before.len + len > KEPT_MAX_BYTES)
		return -ENOMEM;
	clu_buf_append(&g->before, &n, sizeof(n));
	clu_buf_append(&g->before, data, len);
	return g->before.error;
}

static int flush_before(struct clu_group *g)
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
static int give_snapshot(struct clu_group *g)
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
		if (c[k].weight != c[best].weight ? c[k].weight > c[best].weight :
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
	if (g->quorate)
		g->quorate_seq = g->quorum.ring.seq;
	refuse_strangers(g, winner);
	self = peer_find(g, g->nodeid);
	if (self->refused) {
		g->host.refused(g->host.ctx, "no protocol version in common with the group");
		return 0;
	}
	id = winner;
	for (unsigned i = 0; i < g->n_peers; i++)
		id = mix(id, g->peers[i].refused ? 0 : g->peers[i].number);
	id = non_zero(id);

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
		joined[n_joined++] = (struct clu_member){ p->nodeid, p->incarnation, p->branch == 0 };
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
			tell_state(g, g->nodeid, "", 0);
		r = tell_view(g, joined, n_joined, NULL, 0, true);
		return r < 0 ? r : flush_before(g);
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
		kept_drop(g);
	} else {
		r = give_snapshot(g);
	}
	g->branch = non_zero(mix(winner, id));
	return r < 0 ? r : tell_view(g, joined, n_joined, NULL, 0, false);
}

static int on_hello(struct clu_group *g, struct peer *p, const void *data, size_t len)
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
	p->proto_min = h->proto_min;
	p->proto_max = h->proto_max;
	p->said = h->n_nodes ? 1 : 0;
	for (size_t i = 0; i < h->n_nodes; i++)
		p->said = mix(mix(p->said, h->nodes[i]), h->numbers[i]);
	hawser__group_hello__free_unpacked(h, NULL);
	digest = numbers_digest(g);
	if (!digest || peer_find(g, g->nodeid)->number != g->number)
		return 0;
	if (digest != g->repeated)
		return send_hello(g);
	for (unsigned i = 0; i < g->n_peers; i++)
		if (non_zero(g->peers[i].said) != digest || !g->peers[i].said)
			return 0;
	return admit(g);
}

static int on_snapshot(struct clu_group *g, uint32_t from, uint64_t id, const void *data, size_t len)
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
	tell_state(g, from, data, len);
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
	kept_drop(g);
	r = flush_before(g);
	return r;
}

int clu_group_receive(struct clu_group *g, uint32_t from, const void *data, size_t len)
{
	struct peer *p = peer_find(g, from);
	Hawser__GroupFrame *f;
	const void *whole;
	size_t whole_len;
	int r;

	if (!p)
		return 0;	/* a sender that is in no view of ours */
	f = hawser__group_frame__unpack(NULL, len, data);
	if (!f) {
		g->bad++;
		return 0;
	}
	r = clu_frag_take(&p->in, f, &whole, &whole_len);
	if (r == -EBADMSG || r == -EMSGSIZE) {
		g->bad++;
		r = 0;
	} else if (r == 1) {
		switch (f->kind) {
		case HAWSER__GROUP_KIND__GROUP_HELLO:
			r = on_hello(g, p, whole, whole_len);
			break;
		case HAWSER__GROUP_KIND__GROUP_SNAPSHOT:
			r = on_snapshot(g, from, f->tag, whole, whole_len);
			break;
		case HAWSER__GROUP_KIND__GROUP_CORE:
			r = 0;
			if (!p->admitted || p->tag != f->tag || !g->tag) {
				g->bad++;
			} else if (g->waiting) {
				r = keep_message(g, from, whole, whole_len);
			} else {
				struct clu_event ev = { .type = CLU_EV_MESSAGE };

				ev.u.message = (struct clu_message){ from, whole, whole_len };
				g->host.deliver(g->host.ctx, &ev);
			}
			break;
		case _HAWSER__GROUP_KIND_IS_INT_SIZE:
		default:
			g->bad++;
			r = 0;
			break;
		}
	}
	if (r == 0 && from == g->nodeid)
		r = clu_frag_echo(g->out, f->seq, f->attempt, f->index);
	hawser__group_frame__free_unpacked(f, NULL);
	tell_quorum(g);
	return r < 0 ? r : 0;
}

/* ---- views ---- */

/* Members without state are left alone with nobody who could give it: they begin anew. */
static void start_over(struct clu_group *g)
{
	kept_drop(g);
	g->branch = g->tag = g->snap_id = 0;
	g->waiting = false;
	for (unsigned i = 0; i < g->n_peers; i++)
		g->peers[i].admitted = g->peers[i].synced = false;
}

static bool anyone_synced(const struct clu_group *g)
{
	for (unsigned i = 0; i < g->n_peers; i++)
		if (g->peers[i].admitted && g->peers[i].synced)
			return true;
	return false;
}

static bool anyone_new(const struct clu_group *g)
{
	for (unsigned i = 0; i < g->n_peers; i++)
		if (!g->peers[i].admitted && !g->peers[i].refused)
			return true;
	return false;
}

static int on_left(struct clu_group *g, const struct clu_group_change *c)
{
	struct clu_member_left left[CLU_MAX_NODES];
	unsigned n_left = 0;

	for (unsigned i = 0; i < c->n_left; i++) {
		struct peer *p = peer_find(g, c->left[i].nodeid);

		if (!p)
			continue;
		if (p->admitted)
			left[n_left++] = c->left[i];
		peer_remove(g, p);
	}
	if (n_left == 0 || !g->tag)
		return 0;
	for (unsigned i = 0; i < n_left; i++)
		g->branch = non_zero(mix(g->branch, left[i].nodeid));
	for (unsigned i = 0; i < g->n_peers; i++)
		if (g->peers[i].admitted)
			g->branch = mix(g->branch, g->peers[i].nodeid);
	g->branch = non_zero(g->branch);
	if (g->snap_id) {
		if (!anyone_synced(g)) {
			start_over(g);
			return 0;
		}
		/* The old snapshot may have died with its giver: a new one, from before this loss. */
		g->snap_id = non_zero(mix(g->snap_id, g->branch));
		if (g->waiting) {
			kept_drop(g);
		} else {
			int r = give_snapshot(g);

			if (r < 0)
				return r;
		}
	}
	return tell_view(g, NULL, 0, left, n_left, false);
}

static void self_left(struct clu_group *g, enum clu_left how)
{
	struct clu_event ev = { .type = CLU_EV_VIEW };
	struct clu_member_left left = { g->nodeid, how };

	ev.u.view.ring = g->ring;
	ev.u.view.left = &left;
	ev.u.view.n_left = 1;
	ev.u.view.self_left = true;
	ev.u.view.proto = g->proto_max;
	clu_group_reset(g, g->incarnation);
	g->host.deliver(g->host.ctx, &ev);
	tell_quorum(g);
}

int clu_group_confchg(struct clu_group *g, const struct clu_group_change *c)
{
	int r;

	g->ring = c->ring;
	for (unsigned i = 0; i < c->n_left; i++) {
		if (c->left[i].nodeid == g->nodeid) {
			self_left(g, c->left[i].how);
			return 0;
		}
	}
	for (unsigned i = 0; i < g->n_peers; i++)
		clu_frag_in_reset(&g->peers[i].in);
	r = on_left(g, c);
	if (r < 0)
		return r;
	/* Our first view lists everyone as a member but only ourselves as joined. */
	for (unsigned i = 0; i < c->n_members; i++) {
		if (!peer_find(g, c->members[i])) {
			r = peer_add(g, c->members[i]);
			if (r < 0)
				return r;
		}
	}
	g->number = non_zero(mix(g->incarnation, ++g->n_views));
	for (unsigned i = 0; i < g->n_peers; i++) {
		g->peers[i].number = 0;
		g->peers[i].said = 0;
		if (c->n_joined)
			g->peers[i].refused = false;
	}
	g->round = anyone_new(g);
	if (g->round) {
		r = send_hello(g);
		if (r < 0)
			return r;
	}
	r = clu_frag_view(g->out);
	tell_quorum(g);
	return r;
}

void clu_group_dump(const struct clu_group *g, struct clu_buf *ret)
{
	clu_buf_printf(ret, "group node %u branch %016llx admission %016llx %s%s%s ignored %llu\n", g->nodeid,
		(unsigned long long)g->branch, (unsigned long long)g->tag,
		!g->tag ? "not admitted" : g->waiting ? "waits for the state" : "has state",
		g->round ? ", waits for a greeting of newcomers" : "", g->snap_id ? ", state under way" : "",
		(unsigned long long)g->bad);
	for (unsigned i = 0; i < g->n_peers; i++) {
		const struct peer *p = &g->peers[i];

		clu_buf_printf(ret, "group member %u%s%s%s%s\n", p->nodeid,
			p->admitted ? " admitted" : "", p->synced ? " synced" : "", p->said ? " greeted" : "",
			p->refused ? " refused" : "");
	}
}
