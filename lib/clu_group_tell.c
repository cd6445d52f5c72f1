/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the core hears, and what is kept until it may hear it. */
#include "clu_group_priv.h"
#include "clu_planted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void group_kept_drop(struct clu_group *g)
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

bool clu_group_merge_is_open(const struct clu_group *g)
{
	for (unsigned i = 0; i < g->n_peers; i++) {
		const struct peer *p = &g->peers[i];

		if (!p->admitted && !p->refused && p->nodeid != g->nodeid && (p->number == 0 || p->branch != 0))
			return true;
	}
	return g->waiting;
}

void group_tell_quorum(struct clu_group *g)
{
	struct clu_event ev = { .type = CLU_EV_QUORUM };

	if (!g->held || (g->quorum.quorate && clu_group_merge_is_open(g) && !CLU_PLANTED(GROUP_QUORUM_IN_MERGE)))
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
	group_tell_quorum(g);
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

int group_keep_message(struct clu_group *g, uint32_t from, const void *data, size_t len)
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

int group_tell_view(struct clu_group *g, const struct clu_member *joined, unsigned n_joined,
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
	g->told_seq = g->ring.seq;
	if (g->waiting)
		return keep_view(g, &ev.u.view);
	g->core_has_state = true;
	g->host.deliver(g->host.ctx, &ev);
	return 0;
}

void group_tell_state(struct clu_group *g, uint32_t from, const void *data, size_t len)
{
	struct clu_event ev = { .type = CLU_EV_STATE };

	ev.u.state = (struct clu_message){ from, data, len };
	/* What the core said while it waited, it said on the strength of the state that it gives up here. */
	if (g->core_has_state)
		clu_buf_free(&g->before);
	g->core_has_state = true;
	g->host.deliver(g->host.ctx, &ev);
}
