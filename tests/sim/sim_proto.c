/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_proto.h"

#include <string.h>

/* Field 1000 as a number, in protobuf's encoding. */
#define FIELD "\xc0\x3e\x01"
#define FIELD_LEN (sizeof(FIELD) - 1)

uint32_t sim_proto_max(const struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	return w->type[k]->ops->proto_max + (w->node[node].d[k].newer ? 1 : 0);
}

void sim_proto_announced(struct sim_world *w, unsigned node, enum sim_daemon_kind k, uint64_t incarnation)
{
	struct sim_node *n = &w->node[node];

	n->announced[k][n->n_announced[k]++ % SIM_ANNOUNCED] = (struct sim_announced){ incarnation, sim_proto_max(w, node, k) };
}

void sim_proto_field(struct clu_buf *b)
{
	clu_buf_append(b, FIELD, FIELD_LEN);
}

void sim_proto_unknown(struct clu_buf *b)
{
	/* Field 1 is the kind in every message of a daemon. */
	clu_buf_append(b, "\x08\xe7\x07", 3);
	sim_proto_field(b);
}

bool sim_proto_is_unknown(const void *data, size_t len)
{
	struct clu_buf b = CLU_BUF_INIT;
	bool is;

	sim_proto_unknown(&b);
	is = b.len == len && memcmp(b.data, data, len) == 0;
	clu_buf_free(&b);
	return is;
}

size_t sim_proto_without_field(const void *data, size_t len)
{
	return len >= FIELD_LEN && memcmp((const char *)data + len - FIELD_LEN, FIELD, FIELD_LEN) == 0 ? len - FIELD_LEN : len;
}
