/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_group_priv.h"
#include "clu_planted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "group.pb-c.h"

struct peer *group_peer_find(struct clu_group *g, uint32_t nodeid)
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
	group_kept_drop(g);
	if (g->out)
		clu_frag_drop(g->out, ~0u);
	clu_buf_free(&g->before);
	g->incarnation = incarnation;
	g->number = g->repeated = g->branch = g->tag = g->snap_id = g->last_snap = 0;
	g->round = g->waiting = g->core_has_state = false;
	g->quorate_seq = g->told_seq = 0;
}

bool clu_group_is_admitted(const struct clu_group *g)
{
	return g->tag != 0 && !g->waiting;
}

int clu_group_receive(struct clu_group *g, uint32_t from, const void *data, size_t len)
{
	struct peer *p = group_peer_find(g, from);
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
			r = group_on_hello(g, p, whole, whole_len);
			break;
		case HAWSER__GROUP_KIND__GROUP_SNAPSHOT:
			r = group_on_snapshot(g, from, f->tag, whole, whole_len);
			break;
		case HAWSER__GROUP_KIND__GROUP_CORE:
			r = 0;
			if ((!p->admitted || p->tag != f->tag || !g->tag) && !CLU_PLANTED(GROUP_MESSAGE_BEFORE_VIEW)) {
				g->bad++;
			} else if (g->waiting && !CLU_PLANTED(GROUP_MESSAGE_BEFORE_STATE)) {
				r = group_keep_message(g, from, whole, whole_len);
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
	group_tell_quorum(g);
	return r < 0 ? r : 0;
}

/* ---- views ---- */

/* Members without state are left alone with nobody who could give it: they begin anew. */
static void start_over(struct clu_group *g)
{
	group_kept_drop(g);
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
		struct peer *p = group_peer_find(g, c->left[i].nodeid);

		if (!p)
			continue;
		if (p->admitted)
			left[n_left++] = c->left[i];
		peer_remove(g, p);
	}
	if (n_left == 0 || !g->tag)
		return 0;
	for (unsigned i = 0; i < n_left && !CLU_PLANTED(GROUP_SPLIT_FORGOTTEN); i++)
		g->branch = group_non_zero(group_mix(g->branch, left[i].nodeid));
	for (unsigned i = 0; i < g->n_peers && !CLU_PLANTED(GROUP_SPLIT_FORGOTTEN); i++)
		if (g->peers[i].admitted)
			g->branch = group_mix(g->branch, g->peers[i].nodeid);
	g->branch = group_non_zero(g->branch);
	if (g->snap_id) {
		if (!anyone_synced(g)) {
			start_over(g);
			return 0;
		}
		/* The old snapshot may have died with its giver: a new one, from before this loss. */
		g->snap_id = group_non_zero(group_mix(g->snap_id, g->branch));
		if (g->waiting) {
			group_kept_drop(g);
		} else {
			int r = group_give_snapshot(g);

			if (r < 0)
				return r;
		}
	}
	return group_tell_view(g, NULL, 0, left, n_left, false);
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
	group_tell_quorum(g);
}

/*
 * "Quorate" that was held back for a newcomer must not come out at the moment when the newcomer's node is lost: it
 * tells of a ring that is gone, and whoever hears it would not know, since a newcomer's loss is no view for the core.
 */
static void drop_old_quorum(struct clu_group *g, const struct clu_group_change *c)
{
	for (unsigned i = 0; i < c->n_left; i++)
		if (c->left[i].how == CLU_LEFT_NODE && g->quorum.quorate && g->quorum.ring.seq < c->ring.seq)
			g->held = false;
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
	drop_old_quorum(g, c);
	r = on_left(g, c);
	if (r < 0)
		return r;
	/* Our first view lists everyone as a member but only ourselves as joined. */
	for (unsigned i = 0; i < c->n_members; i++) {
		if (!group_peer_find(g, c->members[i])) {
			r = peer_add(g, c->members[i]);
			if (r < 0)
				return r;
		}
	}
	g->number = group_non_zero(group_mix(g->incarnation, ++g->n_views));
	for (unsigned i = 0; i < g->n_peers; i++) {
		g->peers[i].number = 0;
		g->peers[i].said = 0;
		if (c->n_joined)
			g->peers[i].refused = false;
	}
	g->round = anyone_new(g);
	if (g->round) {
		r = group_send_hello(g);
		if (r < 0)
			return r;
	}
	r = clu_frag_view(g->out);
	group_tell_quorum(g);
	return r;
}

int clu_group_ring(struct clu_group *g, const struct clu_ring *ring)
{
	g->ring = *ring;
	if (!g->tag || g->told_seq >= ring->seq)
		return 0;
	return group_tell_view(g, NULL, 0, NULL, 0, false);
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
