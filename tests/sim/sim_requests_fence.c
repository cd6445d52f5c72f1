/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fenced.pb-c.h"
#include "sim_clients.h"
#include "sim_conf.h"
#include "sim_requests.h"
#include "sim_types.h"

const char *const sim_fence_tool_verbs[] = { "info", "join", "leave", NULL };

enum { INFO, JOIN, LEAVE };

void sim_draw_fence_tool(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_chance(&d->dice, 400) ? INFO : sim_dice_chance(&d->dice, 600) ? JOIN : LEAVE;
}

static uint64_t ask(struct sim_world *w, unsigned node, const char *verb, uint32_t nodeid, const char *name)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	uint8_t bytes[sizeof(w->node[0].name) + 64];

	q.verb = (char *)verb;
	q.nodeid = nodeid;
	q.node = (char *)name;
	if (nodeid)
		sim_trace(w, "n%u asks fenced: %s node %u", node, verb, nodeid);
	else
		sim_trace(w, "n%u asks fenced: %s%s%s", node, verb, *name ? " " : "", name);
	return sim_request(w, node, SIM_FENCED, bytes, hawser__fenced_request__pack(&q, bytes));
}

uint64_t sim_ask_fenced(struct sim_world *w, unsigned node, const char *verb, unsigned about)
{
	return ask(w, node, verb, about ? w->node[about].nodeid : 0, "");
}

bool sim_run_fence_tool(struct sim_world *w, const struct sim_fault *f)
{
	if (!w->node[f->node].d[SIM_FENCED].up)
		return false;
	sim_client_may_die(w, f->node, SIM_FENCED, sim_ask_fenced(w, f->node, sim_fence_tool_verbs[f->num[0]], 0));
	/* A join may be refused, so the administrator looks after the node when faults are over, whatever he did since. */
	w->node[f->node].left_domain = w->node[f->node].left_domain || f->num[0] == LEAVE;
	return true;
}

static void fire_ack_ghost(struct sim_world *w, struct sim_event *e)
{
	if (w->node[e->node].d[SIM_FENCED].up)
		(void)ask(w, e->node, "ack", SIM_CONF_GHOST, "");
}

void sim_calm_fence_tool(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes && w->ghost; i++) {
		(void)sim_at(w, 120000000, fire_ack_ghost, i, NULL, 0);
		(void)sim_at(w, 300000000, fire_ack_ghost, i, NULL, 0);
	}
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (w->node[i].left_domain) {
			w->node[i].left_domain = false;
			sim_join_domain(w, i);
		}
}

void sim_draw_about_node(struct sim_draw *d, struct sim_fault *f)
{
	f->node2 = 1 + (unsigned)sim_dice_below(&d->dice, d->n_nodes);
	/* By name or by number. */
	f->num[0] = sim_dice_below(&d->dice, 2);
}

static bool about(struct sim_world *w, const struct sim_fault *f, const char *verb)
{
	if (!w->node[f->node].d[SIM_FENCED].up || !f->node2)
		return false;
	sim_client_may_die(w, f->node, SIM_FENCED, ask(w, f->node, verb, f->num[0] ? 0 : w->node[f->node2].nodeid,
		f->num[0] ? w->node[f->node2].name : ""));
	return true;
}

bool sim_run_fence_node(struct sim_world *w, const struct sim_fault *f)
{
	if (!w->node[f->node].d[SIM_FENCED].up || !f->node2 || f->node2 == f->node)
		return false;
	sim_trace(w, "n%u fence_node n%u", f->node, f->node2);
	sim_node_crash(w, f->node2);
	sim_check_acked(w, f->node2);
	return about(w, f, "external");
}

bool sim_run_fence_ack(struct sim_world *w, const struct sim_fault *f)
{
	if (!f->node2 || (w->node[f->node2].power && !f->num[1]) || !about(w, f, "ack"))
		return false;
	sim_check_acked(w, f->node2);
	return true;
}

bool sim_run_fence_ask(struct sim_world *w, const struct sim_fault *f)
{
	return about(w, f, "victim");
}
