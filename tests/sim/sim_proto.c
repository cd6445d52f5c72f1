/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_proto.h"

uint32_t sim_proto_max(const struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	return w->type[k]->ops->proto_max + (w->node[node].d[k].newer ? 1 : 0);
}

void sim_proto_announced(struct sim_world *w, unsigned node, enum sim_daemon_kind k, uint64_t incarnation)
{
	struct sim_node *n = &w->node[node];

	n->announced[k][n->n_announced[k]++ % SIM_ANNOUNCED] = (struct sim_announced){ incarnation, sim_proto_max(w, node, k) };
}

/* Field 1000 as a number, in protobuf's encoding; field 1 is the kind in every message of a daemon. */
void sim_proto_field(struct clu_buf *b)
{
	clu_buf_append(b, "\xc0\x3e\x01", 3);
}

void sim_proto_unknown(struct clu_buf *b)
{
	clu_buf_append(b, "\x08\xe7\x07", 3);
	sim_proto_field(b);
}

static uint32_t proto_of(const struct sim_world *w, enum sim_daemon_kind k, const struct clu_member *m)
{
	const struct sim_node *n = &w->node[sim_node_index(w, m->nodeid)];

	for (unsigned i = 0; i < SIM_ANNOUNCED; i++)
		if (n->announced[k][i].incarnation == m->incarnation)
			return n->announced[k][i].proto;
	return 0;
}

void sim_promise_proto(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_view *v)
{
	uint32_t lowest = UINT32_MAX;

	for (unsigned i = 0; i < v->n_members; i++) {
		uint32_t proto = proto_of(w, k, &v->members[i]);

		/* Of a process of long ago nothing is known here any more. */
		if (!proto)
			return;
		if (proto < lowest)
			lowest = proto;
	}
	if (v->n_members && v->proto != lowest)
		sim_fail(w, "proto: %s of node %u is told version %u, and its members announce %u", w->type[k]->ops->name, node,
			v->proto, lowest);
}
