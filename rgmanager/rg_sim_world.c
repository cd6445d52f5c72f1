/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster of a cluster.conf in the simulator's engine: its nodes, daemons and votes. */
#include <stdlib.h>
#include <string.h>

#include "ccsd_core.h"
#include "ccsd_vet.h"
#include "fenced_core.h"
#include "rg_core.h"
#include "rg_sim.h"
#include "sim_disk.h"
#include "sim_quorum.h"

#define CONF_PATH "/etc/cluster/cluster.conf"
#define RECORD_PATH "/var/lib/hawser/ccsd.record"

/* Cores are made with the world at hand only: it knows its hooks, they know us. */
static struct rgsim *of_world(void *world)
{
	return ((struct sim_world *)world)->hooks->ctx;
}

/* ---- ccsd: documents are checked as the daemon does ---- */

static void *ccsd_new(void *world, unsigned node)
{
	struct rgsim *s = of_world(world);
	struct ccsd_cfg cfg = { .conf_path = CONF_PATH, .record_path = RECORD_PATH, .check = ccsd_vet_document,
		.change = ccsd_vet_change, .check_ctx = s->schema };
	const char *why;

	cfg.file = sim_file_get(world, node, CONF_PATH, &cfg.file_len);
	if (!cfg.file)
		cfg.file = clu_conf_bytes(s->conf, &cfg.file_len);
	cfg.record = sim_file_get(world, node, RECORD_PATH, &cfg.record_len);
	return ccsd_core_new(&cfg, &why);
}

/* ---- fenced, rgmanager ---- */

static int find_agent(const char *name, const char *prefer, char *ret, unsigned size)
{
	(void)prefer;
	snprintf(ret, size, "%s", name);
	return 0;
}

static void *fenced_new(void *world, unsigned node)
{
	const struct fdom_options opt = { .post_join_delay_s = FDOM_UNSET, .post_fail_delay_s = FDOM_UNSET,
		.find_agent = find_agent };

	(void)world;
	(void)node;
	return fdom_new(&opt);
}

static void fenced_free(void *core)
{
	fdom_free(core);
}

static void *rgm_new(void *world, unsigned node)
{
	const struct rg_options opt = { .registry = { rgsim_lookup, of_world(world) } };

	(void)node;
	return rg_new(&opt);
}

static void rgm_free(void *core)
{
	rg_free(core);
}

static const struct sim_daemon_type ccsd_type = { &ccsd_core_ops, ccsd_new, ccsd_core_free, true };
static const struct sim_daemon_type fenced_type = { &fdom_ops, fenced_new, fenced_free, true };
static const struct sim_daemon_type rgm_type = { &rg_ops, rgm_new, rgm_free, true };

static const struct sim_daemon_type *const types[SIM_NDAEMONS] = {
	[SIM_CCSD] = &ccsd_type,
	[SIM_FENCED] = &fenced_type,
	[SIM_RGM] = &rgm_type,
};

/* ---- nodes and votes ---- */

static int by_nodeid(const void *a, const void *b)
{
	const struct cman_plan_node *x = a, *y = b;

	return x->nodeid < y->nodeid ? -1 : x->nodeid > y->nodeid;
}

uint32_t rgsim_votes_of(const struct rgsim *s, sim_nodes nodes)
{
	uint32_t sum = 0;

	for (unsigned i = 1; i <= s->w->n_nodes; i++)
		if (nodes & SIM_BIT(i))
			sum += s->w->node[i].votes;
	return sum;
}

uint32_t rgsim_votes_needed(const struct rgsim *s)
{
	return s->w->quorum.two_node ? 1 : (s->w->quorum.expected + 2) / 2;
}

const char *rgsim_node_name(const struct rgsim *s, unsigned node)
{
	return s->w->node[node].name;
}

unsigned rgsim_node_find(const struct rgsim *s, const char *name)
{
	for (unsigned i = 1; i <= s->w->n_nodes; i++)
		if (!strcmp(s->w->node[i].name, name))
			return i;
	return 0;
}

void rgsim_node_list(const struct rgsim *s, sim_nodes nodes, struct clu_buf *ret)
{
	bool any = false;

	for (unsigned i = 1; i <= s->w->n_nodes; i++)
		if (nodes & SIM_BIT(i)) {
			clu_buf_printf(ret, "%s%s", any ? ", " : "", rgsim_node_name(s, i));
			any = true;
		}
	if (!any)
		clu_buf_str(ret, "none");
}

void rgsim_world_make(struct rgsim *s)
{
	qsort(s->plan.nodes, s->plan.n_nodes, sizeof(s->plan.nodes[0]), by_nodeid);
	s->w = sim_world_new(1, s->plan.n_nodes, types, NULL);
	s->hooks = (struct sim_hooks){ s, rgsim_note, rgsim_reply, rgsim_run, rgsim_kill, rgsim_reset };
	s->w->hooks = &s->hooks;
	s->w->conf = s->conf;
	s->w->calm = s->w->steady = true;
	s->w->detect_us = (uint64_t)(s->plan.token_ms + s->consensus_ms) * 1000;
	for (unsigned i = 1; i <= s->plan.n_nodes; i++) {
		s->w->node[i].nodeid = s->plan.nodes[i - 1].nodeid;
		snprintf(s->w->node[i].name, sizeof(s->w->node[i].name), "%s", s->plan.nodes[i - 1].name);
	}
	sim_quorum_setup(s->w);
}
