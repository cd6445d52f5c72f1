/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_faults.h"

#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "sim_types.h"

#define MS 1000u
#define SETTLE_US (240u * 1000 * MS)	/* S7: time after the last fault in which all must be well */

static struct clu_conf *make_conf(struct sim_world *w)
{
	struct clu_buf b = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	clu_buf_printf(&b, "<?xml version=\"1.0\"?>\n<cluster name=\"glass\" config_version=\"1\">\n"
		"<fence_daemon post_join_delay=\"%u\" post_fail_delay=\"%u\"/>\n<clusternodes>\n",
		(unsigned)sim_rnd(w, 8), sim_chance(w, 200) ? (unsigned)sim_rnd(w, 5) : 0);
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		clu_buf_printf(&b, "<clusternode name=\"n%u\" nodeid=\"%u\"><fence>"
			"<method name=\"1\"><device name=\"bmc\" port=\"%u\"/></method>", i, i, i);
		if (sim_chance(w, 300))
			clu_buf_printf(&b, "<method name=\"2\"><device name=\"switch\" port=\"%u\"/></method>", i);
		clu_buf_str(&b, "</fence></clusternode>\n");
	}
	clu_buf_str(&b, "</clusternodes>\n<fencedevices><fencedevice name=\"bmc\" agent=\"fence_sim\"/>"
		"<fencedevice name=\"switch\" agent=\"fence_sim\"/></fencedevices>\n");
	sim_types_rm(w, &b);
	clu_buf_str(&b, "</cluster>\n");
	if (clu_conf_parse(clu_buf_text(&b), b.len, "cluster.conf", &c, &errs) < 0)
		sim_fail(w, "the simulator's own cluster.conf is refused: %s", clu_buf_text(&errs));
	clu_buf_free(&b);
	clu_buf_free(&errs);
	return c;
}

static unsigned any_node(struct sim_world *w)
{
	return 1 + (unsigned)sim_rnd(w, w->n_nodes);
}

/* A cut of the network; nodes on one side hear each other. Power switches are reached from everywhere. */
static void partition(struct sim_world *w)
{
	w->stats.partitions++;
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		w->node[i].side = (int)sim_rnd(w, 2);
		sim_trace(w, "n%u is on side %d", i, w->node[i].side);
	}
	sim_ring_cut(w);
}

static void heal(struct sim_world *w)
{
	bool any = false;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		any |= w->node[i].side != 0;
		w->node[i].side = 0;
	}
	if (!any)
		return;
	w->stats.merges++;
	sim_trace(w, "the network is whole again");
	sim_ring_reform(w, 300 * MS);
}

static void one_fault(struct sim_world *w)
{
	unsigned i = any_node(w);

	switch (sim_rnd(w, 12)) {
	case 0:
	case 1:
		if (w->node[i].power)
			w->stats.crashes++;
		sim_node_crash(w, i);
		break;
	case 2:
		sim_node_boot(w, i);
		break;
	case 3:
		w->stats.hangs++;
		sim_node_hang(w, i, (200 + sim_rnd(w, 20000)) * MS);
		break;
	case 4:
		partition(w);
		break;
	case 5:
		heal(w);
		break;
	case 6:
		w->node[i].bmc_dead = !w->node[i].bmc_dead;
		sim_trace(w, "power switch of n%u is %s", i, w->node[i].bmc_dead ? "dead" : "well");
		break;
	case 7:
		w->stats.daemon_kills++;
		sim_trace(w, "n%u: a daemon is killed", i);
		sim_types_kill_some_daemon(w, i);
		break;
	case 8:
		sim_corosync_dies(w, i);
		break;
	default:
		sim_types_request(w, i);
	}
}

int sim_history_run(const struct sim_history *h, char *why, size_t why_size, struct sim_stats *stats,
	uint64_t *ret_virtual_us)
{
	struct sim_world *w = sim_world_new(h->seed, 2, sim_types, h->trace);
	unsigned n_faults = h->n_faults;
	int r;

	w->n_nodes = h->n_nodes ? h->n_nodes : 2 + (unsigned)sim_rnd(w, 7);
	for (unsigned i = 1; i <= w->n_nodes; i++)
		w->node[i].id = i;
	w->votes_needed = w->n_nodes / 2 + 1;
	if (!n_faults)
		n_faults = (unsigned)sim_rnd(w, 20);
	w->conf = make_conf(w);
	for (unsigned i = 1; i <= w->n_nodes; i++)
		sim_node_boot(w, i);
	(void)sim_run_until(w, (5000 + sim_rnd(w, 40000)) * MS);
	for (unsigned f = 0; f < n_faults && !w->failure[0]; f++) {
		/* Often one upon the other, sometimes with time to settle. */
		uint64_t pause = sim_chance(w, 500) ? sim_rnd(w, 300) : sim_chance(w, 500) ? sim_rnd(w, 4000) :
			sim_rnd(w, 60000);

		one_fault(w);
		(void)sim_run_until(w, w->now_us + pause * MS);
	}
	/* Calm: the network is whole, switches work, whoever is off is switched on by its administrator. */
	w->calm = true;
	heal(w);
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		w->node[i].bmc_dead = false;
		sim_node_boot(w, i);
	}
	(void)sim_run_until(w, w->now_us + SETTLE_US);
	for (unsigned i = 1; i <= w->n_nodes; i++)
		sim_node_boot(w, i);
	(void)sim_run_until(w, w->now_us + SETTLE_US);
	if (!w->failure[0])
		sim_types_check_settled(w);
	r = w->failure[0] != '\0';
	if (why_size)
		snprintf(why, why_size, "%s", w->failure);
	if (stats) {
		const uint64_t *from = (const uint64_t *)&w->stats;
		uint64_t *to = (uint64_t *)stats;

		for (size_t i = 0; i < sizeof(*stats) / sizeof(uint64_t); i++)
			to[i] += from[i];
	}
	if (ret_virtual_us)
		*ret_virtual_us = w->now_us;
	{
		struct clu_conf *c = w->conf;

		sim_world_free(w);
		clu_conf_unref(c);
	}
	return r;
}
