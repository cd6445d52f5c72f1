/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to the cluster because a person says so. */
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "fenced.pb-c.h"
#include "rg_sim.h"
#include "rgmanager.pb-c.h"

#define FOR_EVER_US (UINT64_C(1000000) * 100000000)
#define HEALED_US 300000

static void fire_boot(struct sim_world *w, struct sim_event *e)
{
	struct rgsim *s = w->hooks->ctx;

	if (!(s->broken & SIM_BIT(e->node)))
		sim_node_boot(w, e->node);
}

void rgsim_boot_later(struct rgsim *s, unsigned node)
{
	struct sim_event *e = sim_at(s->w, s->opt.boot_ms * 1000, fire_boot, node, NULL, 0);

	/* Void when it was switched off again meanwhile. */
	e->boot = s->w->node[node].boot;
}

static void crash(struct rgsim *s, unsigned node)
{
	if (!s->w->node[node].power) {
		rgsim_say(s, RGSIM_W_EVENT, 0, rgsim_node_name(s, node), "it is off already");
		return;
	}
	rgsim_say(s, RGSIM_W_EVENT, 0, rgsim_node_name(s, node), "its machine fails");
	s->broken |= SIM_BIT(node);
	sim_node_crash(s->w, node);
	rgsim_node_is_off(s, node);
}

static void hang(struct rgsim *s, const struct rgsim_event *e)
{
	double seconds = *e->name ? strtod(e->name, NULL) : 0;

	if (!s->w->node[e->node].power || s->w->node[e->node].hung) {
		rgsim_say(s, RGSIM_W_EVENT, 0, rgsim_node_name(s, e->node), "it does not run, so it cannot hang");
		return;
	}
	rgsim_say(s, RGSIM_W_EVENT, 0, rgsim_node_name(s, e->node), *e->name ? "it stands still for %s s" : "it stands still%s",
		e->name);
	sim_node_hang(s->w, e->node, *e->name ? (uint64_t)(seconds * 1e6 + 0.5) : FOR_EVER_US);
}

static void partition(struct rgsim *s, const struct rgsim_event *e)
{
	struct clu_buf b = CLU_BUF_INIT;
	bool any = false;

	for (unsigned i = 1; i <= s->w->n_nodes; i++)
		s->w->node[i].side = (int)e->side[i];
	for (unsigned side = 0; side <= s->w->n_nodes; side++) {
		sim_nodes on = 0;

		for (unsigned i = 1; i <= s->w->n_nodes; i++)
			if (e->side[i] == side)
				on |= SIM_BIT(i);
		if (!on)
			continue;
		clu_buf_str(&b, any ? " | " : "");
		any = true;
		rgsim_node_list(s, on, &b);
	}
	rgsim_say(s, RGSIM_W_EVENT, 0, "network", "it falls apart: %s", clu_buf_text(&b));
	clu_buf_free(&b);
	sim_ring_cut(s->w);
}

static void cut(struct rgsim *s, unsigned node)
{
	rgsim_say(s, RGSIM_W_EVENT, 0, rgsim_node_name(s, node), "its network fails");
	s->w->node[node].side = (int)(SIM_MAX_NODES + node);
	sim_ring_cut(s->w);
}

static void heal(struct rgsim *s)
{
	rgsim_say(s, RGSIM_W_EVENT, 0, "network", "it is whole again");
	for (unsigned i = 1; i <= s->w->n_nodes; i++)
		s->w->node[i].side = 0;
	sim_ring_reform(s->w, HEALED_US);
}

static void power_dead(struct rgsim *s, const struct rgsim_event *e)
{
	if (s->n_dead == sizeof(s->dead) / sizeof(s->dead[0]))
		return;
	s->dead[s->n_dead].node = e->node;
	snprintf(s->dead[s->n_dead++].device, sizeof(s->dead[0].device), "%s", e->name);
	rgsim_say(s, RGSIM_W_EVENT, 0, rgsim_node_name(s, e->node), *e->name ? "its fence device %s does not answer any more" :
		"its fence devices do not answer any more%s", e->name);
}

static void failing(struct rgsim *s, const struct rgsim_event *e)
{
	const char *where = e->node ? rgsim_node_name(s, e->node) : "";

	if (e->kind == RGSIM_FAIL_STATUS) {
		if (!rgsim_resource_dies(s, e->name, e->node))
			rgsim_say(s, RGSIM_W_EVENT, 0, e->name, "it does not run%s%s, so it cannot die", e->node ? " on " : "", where);
		return;
	}
	if (s->n_fail == sizeof(s->fail) / sizeof(s->fail[0]))
		return;
	s->fail[s->n_fail].kind = e->kind;
	s->fail[s->n_fail].node = e->node;
	snprintf(s->fail[s->n_fail++].name, sizeof(s->fail[0].name), "%s", e->name);
	rgsim_say(s, RGSIM_W_EVENT, 0, e->name, "from now on its %s fails%s%s", e->kind == RGSIM_FAIL_START ? "start" : "stop",
		e->node ? " on " : "", where);
}

/* ---- administrators' commands, given on the member that speaks for the cluster ---- */

static unsigned asked_node(struct rgsim *s, enum sim_daemon_kind k, const char *command)
{
	unsigned node = rgsim_spokesman(s);

	if (node && s->w->node[node].d[k].up)
		return node;
	rgsim_say(s, RGSIM_W_EVENT, 0, "", "\"%s\": no node is up that could be asked", command);
	return 0;
}

static void remember(struct rgsim *s, uint64_t client, unsigned node, const char *command)
{
	if (s->n_ask == sizeof(s->ask) / sizeof(s->ask[0]))
		s->n_ask = 0;
	s->ask[s->n_ask].client = client;
	s->ask[s->n_ask].ticket = 0;
	s->ask[s->n_ask].node = node;
	s->ask[s->n_ask].used = true;
	s->ask[s->n_ask].told = false;
	snprintf(s->ask[s->n_ask++].text, sizeof(s->ask[0].text), "%s", command);
	rgsim_say(s, RGSIM_W_EVENT, node, "", "an operator runs \"%s\" on %s", command, rgsim_node_name(s, node));
}

static void clusvcadm(struct rgsim *s, const struct rgsim_event *e)
{
	static const struct { enum rgsim_kind kind; const char *letter, *op; } ops[] = {
		{ RGSIM_ENABLE, "-e", "enable" }, { RGSIM_DISABLE, "-d", "disable" }, { RGSIM_RELOCATE, "-r", "relocate" },
	};
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	char command[400];
	uint8_t bytes[256];
	unsigned i = 0, node;

	while (ops[i].kind != e->kind)
		i++;
	snprintf(command, sizeof(command), "clusvcadm %s %s%s%s", ops[i].letter, e->name, e->node ? " -m " : "",
		e->node ? rgsim_node_name(s, e->node) : "");
	node = asked_node(s, SIM_RGM, command);
	if (!node)
		return;
	q.verb = (char *)"op";
	q.op = (char *)ops[i].op;
	q.svc = (char *)e->name;
	q.target = e->node ? s->w->node[e->node].nodeid : 0;
	remember(s, sim_request(s->w, node, SIM_RGM, bytes, hawser__rg_request__pack(&q, bytes)), node, command);
}

static void update(struct rgsim *s, const struct rgsim_event *e)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	struct clu_buf bytes = CLU_BUF_INIT;
	char command[400];
	unsigned node;

	snprintf(command, sizeof(command), "ccs_tool update %s", e->written);
	node = asked_node(s, SIM_CCSD, command);
	if (!node)
		return;
	q.verb = (char *)"update";
	q.document.data = (uint8_t *)e->document.data;
	q.document.len = e->document.len;
	q.who = (char *)"an operator";
	hawser__ccsd_request__pack(&q, rgsim_must(clu_buf_grow(&bytes, hawser__ccsd_request__get_packed_size(&q))));
	remember(s, sim_request(s->w, node, SIM_CCSD, bytes.data, bytes.len), node, command);
	clu_buf_free(&bytes);
}

static void ack(struct rgsim *s, unsigned about)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	uint8_t bytes[64];
	char command[400];
	unsigned node;

	snprintf(command, sizeof(command), "fence_ack_manual %s", rgsim_node_name(s, about));
	node = asked_node(s, SIM_FENCED, command);
	if (!node)
		return;
	if (s->w->node[about].power) {
		rgsim_say(s, RGSIM_W_EVENT, 0, rgsim_node_name(s, about), "it is not off: what the operator says is wrong");
		s->not_off |= SIM_BIT(about);
	}
	q.verb = (char *)"ack";
	q.nodeid = s->w->node[about].nodeid;
	remember(s, sim_request(s->w, node, SIM_FENCED, bytes, hawser__fenced_request__pack(&q, bytes)), node, command);
	sim_check_acked(s->w, about);
}

void rgsim_event_run(struct rgsim *s, const struct rgsim_event *e)
{
	switch (e->kind) {
	case RGSIM_CRASH:
		crash(s, e->node);
		break;
	case RGSIM_HANG:
		hang(s, e);
		break;
	case RGSIM_PARTITION:
		partition(s, e);
		break;
	case RGSIM_CUT:
		cut(s, e->node);
		break;
	case RGSIM_HEAL:
		heal(s);
		break;
	case RGSIM_RETURN:
		s->broken &= ~SIM_BIT(e->node);
		rgsim_say(s, RGSIM_W_EVENT, 0, rgsim_node_name(s, e->node), s->w->node[e->node].power ? "it is up already" :
			"it is switched on");
		sim_node_boot(s->w, e->node);
		break;
	case RGSIM_POWER_DEAD:
		power_dead(s, e);
		break;
	case RGSIM_FAIL_START:
	case RGSIM_FAIL_STOP:
	case RGSIM_FAIL_STATUS:
		failing(s, e);
		break;
	case RGSIM_ENABLE:
	case RGSIM_DISABLE:
	case RGSIM_RELOCATE:
		clusvcadm(s, e);
		break;
	case RGSIM_UPDATE:
		update(s, e);
		break;
	case RGSIM_ACK:
		ack(s, e->node);
		break;
	case RGSIM_NKINDS:
		break;
	}
}
