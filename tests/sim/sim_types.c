/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_types.h"

#include <stdlib.h>
#include <string.h>

#include "fenced.pb-c.h"
#include "fenced_core.h"

/* ---- fenced ---- */

static int find_agent(const char *name, const char *prefer, char *ret, unsigned size)
{
	(void)prefer;
	snprintf(ret, size, "/sim/fence/%s", name);
	return 0;
}

static void *fenced_new(void *world, unsigned node)
{
	struct fdom_options opt = {
		.post_join_delay_s = FDOM_UNSET,
		.post_fail_delay_s = FDOM_UNSET,
		.find_agent = find_agent,
	};

	(void)world;
	(void)node;
	return fdom_new(&opt);
}

static void fenced_free(void *core)
{
	fdom_free(core);
}

static const struct sim_daemon_type fenced_type = { &fdom_ops, fenced_new, fenced_free, true };

const struct sim_daemon_type *const sim_types[SIM_NDAEMONS] = {
	[SIM_FENCED] = &fenced_type,
};

void sim_types_rm(struct sim_world *w, struct clu_buf *ret)
{
	(void)w;
	(void)ret;
}

static uint64_t ask_fenced(struct sim_world *w, unsigned node, const char *verb, unsigned about)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	uint8_t bytes[64];

	q.verb = (char *)verb;
	q.nodeid = about;
	sim_trace(w, "n%u fence_tool %s %u", node, verb, about);
	return sim_request(w, node, SIM_FENCED, bytes, hawser__fenced_request__pack(&q, bytes));
}

/* The boot script's "fence_tool join". */
static void fire_join(struct sim_world *w, struct sim_event *e)
{
	if (w->node[e->node].d[SIM_FENCED].up)
		w->node[e->node].join_client = ask_fenced(w, e->node, "join", 0);
}

static void join_in(struct sim_world *w, unsigned node, uint64_t in_us)
{
	struct sim_event *e = sim_at(w, in_us, fire_join, node, NULL, 0);

	e->boot = w->node[node].boot;
	e->daemon = SIM_FENCED;
	e->life = w->node[node].d[SIM_FENCED].life;
}

void sim_types_daemon_started(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	if (k == SIM_FENCED)
		join_in(w, node, 1000);
}

void sim_types_answered(struct sim_world *w, unsigned node, uint64_t client, int error)
{
	if (client == w->node[node].join_client && error < 0)
		join_in(w, node, 300000);
}

void sim_types_request(struct sim_world *w, unsigned node)
{
	if (w->node[node].d[SIM_FENCED].up)
		(void)ask_fenced(w, node, "info", 0);
}

void sim_types_kill_some_daemon(struct sim_world *w, unsigned node)
{
	sim_daemon_kill(w, node, SIM_FENCED);
	sim_daemon_restart_later(w, node, SIM_FENCED);
}

void sim_types_check_settled(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct sim_node *n = &w->node[i];
		struct clu_buf b = CLU_BUF_INIT;

		if (!n->power || !n->corosync || !n->d[SIM_FENCED].up) {
			sim_fail(w, "S7: node %u is not back: power %d corosync %d fenced %d", i, n->power, n->corosync,
				n->d[SIM_FENCED].up);
			return;
		}
		if (!clu_group_is_admitted(n->d[SIM_FENCED].group))
			sim_fail(w, "S7: fenced of node %u is not admitted to its group", i);
		fdom_ops.dump(n->d[SIM_FENCED].core, &b);
		if (strstr(clu_buf_text(&b), "\nvictim "))
			sim_fail(w, "S7: node %u still has a victim:\n%s", i, clu_buf_text(&b));
		clu_buf_free(&b);
	}
}
