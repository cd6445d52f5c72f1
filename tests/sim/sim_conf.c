/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_conf.h"

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

/* What a person gets wrong: fenced goes on to the next method. */
static const char *const broken[] = {
	"<method name=\"unknown\"><device name=\"nowhere\" port=\"1\"/></method>\n",
	"<method name=\"empty\"/>\n",
	"<method name=\"no agent\"><device name=\"agentless\" port=\"1\"/></method>\n",
	"<method name=\"not installed\"><device name=\"absent\" port=\"1\"/></method>\n",
	"<method name=\"two lines\"><device name=\"bmc\" port=\"1&#10;2\"/></method>\n",
	"<method><device port=\"1\"/></method>\n",
};

/*
 * Most nodes have a BMC; some hang on a power strip as well, or on two, for two power
 * supplies, or on strips alone. Methods on one line each: an update may leave one out.
 */
static void draw_methods(struct sim_dice *d, unsigned i, bool off, bool delay, struct clu_buf *ret)
{
	unsigned how = (unsigned)sim_dice_below(d, 100), after = 5 + (unsigned)sim_dice_below(d, 5);

	if (sim_dice_chance(d, 100))
		clu_buf_str(ret, broken[sim_dice_below(d, sizeof(broken) / sizeof(broken[0]))]);
	if (how < 90) {
		clu_buf_printf(ret, "<method name=\"bmc\"><device name=\"bmc\" port=\"%u\"%s%s", i, off ? " action=\"off\"" : "",
			sim_dice_chance(d, 100) ? " agent_timeout=\"20\"" : sim_dice_chance(d, 50) ? " agent_timeout=\"soon\"" : "");
		if (delay)
			clu_buf_printf(ret, " delay=\"%u\"", after);
		clu_buf_str(ret, "/></method>\n");
	}
	if (how >= 60 && how < 80)
		clu_buf_printf(ret, "<method name=\"strip\"><device name=\"left\" port=\"%u\"/></method>\n", i);
	if (how >= 80)
		clu_buf_printf(ret, "<method name=\"strips\"><device name=\"left\" port=\"%u\"/>"
			"<device name=\"right\" port=\"%u\"/></method>\n", i, i);
}

static void draw_nodes(struct sim_dice *d, unsigned n_nodes, const unsigned *votes, struct clu_buf *ret)
{
	/* Whoever fences later in a cluster of two loses the race. */
	bool delay = n_nodes == 2 && sim_dice_chance(d, 300);
	/*
	 * One that is switched off and not on again waits for its administrator. If the others
	 * have no quorum without it, they fence it at the moment when it brings them quorum,
	 * again and again: so only one of three or more.
	 */
	bool off = n_nodes > 2 && sim_dice_chance(d, 200);

	clu_buf_str(ret, "<clusternodes>\n");
	for (unsigned i = 1; i <= n_nodes; i++) {
		clu_buf_printf(ret, "<clusternode name=\"n%u\" nodeid=\"%u\" votes=\"%u\"><fence>\n", i, i, votes[i]);
		draw_methods(d, i, off && i == 1, delay && i == 1, ret);
		clu_buf_str(ret, "</fence></clusternode>\n");
	}
	clu_buf_str(ret, "</clusternodes>\n<fencedevices>\n<fencedevice name=\"bmc\" agent=\"fence_ipmilan\"/>\n"
		"<fencedevice name=\"agentless\"/>\n<fencedevice name=\"absent\" agent=\"fence_absent\" agent_timeout=\"9\"/>\n"
		"<fencedevice name=\"left\" agent=\"fence_apc\" ipaddr=\"left\"/>\n"
		"<fencedevice name=\"right\" agent=\"fence_apc\" ipaddr=\"right\"/>\n</fencedevices>\n");
}

void sim_conf_draw(struct sim_dice *d, unsigned n_nodes, struct clu_buf *ret)
{
	unsigned votes[SIM_MAX_NODES + 1];
	unsigned post_join = (unsigned)sim_dice_below(d, 8);
	unsigned post_fail = sim_dice_chance(d, 200) ? (unsigned)sim_dice_below(d, 5) : 0;

	clu_buf_printf(ret, "<?xml version=\"1.0\"?>\n<cluster name=\"glass\" config_version=\"1\">\n"
		"<fence_daemon post_join_delay=\"%u\" post_fail_delay=\"%u\"", post_join, post_fail);
	/* Every machine that exists has a fence method: none is left out by skip_undefined. */
	if (sim_dice_chance(d, 150))
		clu_buf_str(ret, " skip_undefined=\"1\"");
	if (sim_dice_chance(d, 150))
		clu_buf_printf(ret, " agent_timeout=\"%s\"", sim_dice_chance(d, 700) ? "30" : "soon");
	if (sim_dice_chance(d, 50))
		clu_buf_str(ret, " agent_path=\"/opt/fence\"");
	clu_buf_str(ret, "/>\n");
	draw_cman(d, n_nodes, votes, ret);
	draw_nodes(d, n_nodes, votes, ret);
	sim_conf_draw_rm(d, n_nodes, ret);
	clu_buf_str(ret, "</cluster>\n");
}
