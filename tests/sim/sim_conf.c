/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_conf.h"

#include <stdio.h>

static void draw_nodes(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret)
{
	clu_buf_str(ret, "<clusternodes>\n");
	for (unsigned i = 1; i <= n_nodes; i++) {
		clu_buf_printf(ret, "<clusternode name=\"n%u\" nodeid=\"%u\"><fence>"
			"<method name=\"1\"><device name=\"bmc\" port=\"%u\"/></method>", i, i, i);
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
	unsigned post_join = (unsigned)sim_dice_below(d, 8);
	unsigned post_fail = sim_dice_chance(d, 200) ? (unsigned)sim_dice_below(d, 5) : 0;

	clu_buf_printf(ret, "<?xml version=\"1.0\"?>\n<cluster name=\"glass\" config_version=\"1\">\n"
		"<fence_daemon post_join_delay=\"%u\" post_fail_delay=\"%u\"/>\n", post_join, post_fail);
	draw_nodes(d, n_nodes, ret);
	draw_rm(d, n_nodes, ret);
	clu_buf_str(ret, "</cluster>\n");
}

void sim_conf_some_service(struct sim_dice *d, char *ret, size_t size)
{
	unsigned i = (unsigned)sim_dice_below(d, SIM_CONF_SERVICES);

	snprintf(ret, size, "s%u", sim_dice_chance(d, 20) ? 9 : i);
}
