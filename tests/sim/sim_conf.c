/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_conf.h"

#include <stdio.h>

#include "sim_world.h"

/* Two nodes mostly go on alone (two_node); more of them may differ in votes, or wait for each other at the start. */
static void draw_cman(struct sim_dice *d, unsigned n_nodes, unsigned *votes, struct clu_buf *ret)
{
	bool two = n_nodes == 2 && sim_dice_chance(d, 650), differ = !two && n_nodes > 2 && sim_dice_chance(d, 250);
	bool wait = sim_dice_chance(d, 200), more = !two && !wait && sim_dice_chance(d, 70);
	unsigned sum = 0;

	for (unsigned i = 1; i <= n_nodes; i++) {
		unsigned by_chance = (unsigned)sim_dice_below(d, 4);

		votes[i] = differ && i > 1 ? by_chance : 1;
		sum += votes[i];
	}
	clu_buf_str(ret, "<cman");
	if (two)
		clu_buf_str(ret, " two_node=\"1\" expected_votes=\"1\"");
	else if (more && sum > 2)	/* else all of them together were not enough */
		clu_buf_printf(ret, " expected_votes=\"%u\"", sum + 1);
	if (wait)
		clu_buf_str(ret, " wait_for_all=\"1\"");
	clu_buf_str(ret, "/>\n");
}

static void draw_nodes(struct sim_dice *d, unsigned n_nodes, const unsigned *votes, struct clu_buf *ret)
{
	clu_buf_str(ret, "<clusternodes>\n");
	for (unsigned i = 1; i <= n_nodes; i++) {
		clu_buf_printf(ret, "<clusternode name=\"n%u\" nodeid=\"%u\" votes=\"%u\"><fence>"
			"<method name=\"1\"><device name=\"bmc\" port=\"%u\"/></method>", i, i, votes[i], i);
		if (sim_dice_chance(d, 300))
			clu_buf_printf(ret, "<method name=\"2\"><device name=\"switch\" port=\"%u\"/></method>", i);
		clu_buf_str(ret, "</fence></clusternode>\n");
	}
	clu_buf_str(ret, "</clusternodes>\n<fencedevices><fencedevice name=\"bmc\" agent=\"fence_sim\"/>"
		"<fencedevice name=\"switch\" agent=\"fence_sim\"/></fencedevices>\n");
}

static void draw_rm(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret)
{
	static const char *const recovery[] = { "relocate", "restart", "disable", "relocate" };
	unsigned ordered = (unsigned)sim_dice_below(d, 2), restricted = (unsigned)sim_dice_below(d, 2);

	clu_buf_str(ret, "<rm><failoverdomains>\n");
	clu_buf_printf(ret, "<failoverdomain name=\"some\" ordered=\"%u\" restricted=\"%u\" nofailback=\"%u\">\n",
		ordered, restricted, (unsigned)sim_dice_below(d, 2));
	for (unsigned i = 1; i <= n_nodes; i++)
		if (i == 1 || sim_dice_chance(d, 600))
			clu_buf_printf(ret, "<failoverdomainnode name=\"n%u\" priority=\"%u\"/>\n", i,
				1 + (unsigned)sim_dice_below(d, 3));
	clu_buf_str(ret, "</failoverdomain></failoverdomains>\n");
	for (unsigned i = 0; i < SIM_CONF_SERVICES; i++) {
		bool autostart = sim_dice_chance(d, 900), domain = sim_dice_chance(d, 500);
		bool exclusive = sim_dice_chance(d, 100);

		clu_buf_printf(ret, "<service name=\"s%u\" autostart=\"%d\" recovery=\"%s\"%s%s>"
			"<script name=\"a%u\" file=\"/x\"/><script name=\"b%u\" file=\"/y\"/></service>\n", i, autostart,
			recovery[sim_dice_below(d, 4)], domain ? " domain=\"some\"" : "",
			exclusive ? " exclusive=\"1\"" : "", i, i);
	}
	clu_buf_str(ret, "</rm>\n");
}

void sim_conf_draw(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret)
{
	unsigned votes[SIM_MAX_NODES + 1];
	unsigned post_join = (unsigned)sim_dice_below(d, 8);
	unsigned post_fail = sim_dice_chance(d, 200) ? (unsigned)sim_dice_below(d, 5) : 0;

	clu_buf_printf(ret, "<?xml version=\"1.0\"?>\n<cluster name=\"glass\" config_version=\"1\">\n"
		"<fence_daemon post_join_delay=\"%u\" post_fail_delay=\"%u\"/>\n", post_join, post_fail);
	draw_cman(d, n_nodes, votes, ret);
	draw_nodes(d, n_nodes, votes, ret);
	draw_rm(d, n_nodes, ret);
	clu_buf_str(ret, "</cluster>\n");
}

void sim_conf_some_service(struct sim_dice *d, char *ret, size_t size)
{
	unsigned i = (unsigned)sim_dice_below(d, SIM_CONF_SERVICES);

	snprintf(ret, size, "s%u", sim_dice_chance(d, 20) ? 9 : i);
}
