/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_faults.h"

#include <string.h>

#include "sim_clients.h"
#include "sim_fault_text.h"
#include "sim_hang.h"
#include "sim_machines.h"
#include "sim_machines_soft.h"
#include "sim_net.h"
#include "sim_power.h"
#include "sim_cmand.h"
#include "sim_qdisk.h"
#include "sim_requests.h"
#include "sim_types.h"

#define MS 1000u
#define SECOND (1000u * MS)

/* ---- single nodes ---- */

static bool run_crash(struct sim_world *w, const struct sim_fault *f)
{
	bool on = w->node[f->node].power;

	sim_node_crash(w, f->node);
	return on;
}

static bool run_boot(struct sim_world *w, const struct sim_fault *f)
{
	bool off = !w->node[f->node].power;

	/* Whoever does that sees to it that the machine has power. */
	sim_power_restore(w, f->node);
	sim_node_boot(w, f->node);
	return off;
}

static void draw_hang(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = (200 + sim_dice_below(&d->dice, 20000)) * MS;
}

static bool run_hang(struct sim_world *w, const struct sim_fault *f)
{
	bool can = w->node[f->node].power && !w->node[f->node].hung;

	sim_node_hang(w, f->node, f->num[0]);
	return can;
}

/* Who fences is hit at the worst moment: with its agent at work, or about to start one. */
static bool run_fencer_hangs(struct sim_world *w, const struct sim_fault *f)
{
	unsigned fencer = sim_types_fencer(w);

	if (fencer)
		sim_node_hang(w, fencer, f->num[0]);
	return fencer != 0;
}

static bool run_corosync_dies(struct sim_world *w, const struct sim_fault *f)
{
	bool can = w->node[f->node].power && w->node[f->node].corosync;

	sim_corosync_dies(w, f->node);
	return can;
}

const char *const sim_daemon_names[] = { "ccsd", "fenced", "rgmanager", "qdiskd", "cmand", NULL };

static void draw_kill(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_chance(&d->dice, 200) ? SIM_RGM : sim_dice_chance(&d->dice, 500) ? SIM_CCSD : SIM_FENCED;
}

static bool run_kill(struct sim_world *w, const struct sim_fault *f)
{
	enum sim_daemon_kind k = (enum sim_daemon_kind)f->num[0];

	if (!w->node[f->node].d[k].up)
		return false;
	sim_trace(w, "n%u: %s is killed", f->node, sim_daemon_names[k]);
	/*
	 * What runs without a manager is ended by the machine's own reset: the daemon's parent process sees to it
	 * (clu_shell_watchdog.c). fenced and ccsd have no such parent: fenced's loss is answered by the others, who have
	 * corosync ended there and fence the node, unless there are none.
	 */
	if (k == SIM_RGM) {
		sim_node_reset(w, f->node);
		return true;
	}
	sim_daemon_kill(w, f->node, k);
	/* ccsd's unit starts it again; fenced's does not (conf/systemd), and a person may take his time. */
	if (k == SIM_FENCED && sim_chance(w, 500))
		sim_daemon_restart_in(w, f->node, k, 10 * SECOND + sim_rnd(w, 120 * (uint64_t)SECOND));
	else
		sim_daemon_restart_later(w, f->node, k);
	return true;
}

static void draw_stop(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_below(&d->dice, SIM_NGROUPS);
}

/* Ended in order, as by "systemctl restart"; or by a node that is shut down, when all of them are. */
static bool run_stop(struct sim_world *w, const struct sim_fault *f)
{
	enum sim_daemon_kind k = (enum sim_daemon_kind)f->num[0];

	if (!w->node[f->node].d[k].up)
		return false;
	sim_trace(w, "n%u: %s is stopped", f->node, sim_daemon_names[k]);
	sim_daemon_stop(w, f->node, k);
	return true;
}

/* ---- the network ---- */

static void draw_partition(struct sim_draw *d, struct sim_fault *f)
{
	for (unsigned i = 1; i <= d->n_nodes; i++)
		f->num[0] |= sim_dice_below(&d->dice, 2) << i;
}

/* A cut of the network; nodes on one side hear each other. Power switches are reached from everywhere. */
static bool run_partition(struct sim_world *w, const struct sim_fault *f)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		w->node[i].side = (int)(f->num[0] >> i & 1);
	sim_ring_cut(w);
	return true;
}

static bool heal(struct sim_world *w)
{
	bool any = false;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		any |= w->node[i].side != 0;
		w->node[i].side = 0;
	}
	if (!any)
		return false;
	sim_trace(w, "the network is whole again");
	sim_ring_reform(w, 300 * MS);
	return true;
}

static bool run_heal(struct sim_world *w, const struct sim_fault *f)
{
	(void)f;
	return heal(w);
}

static void calm_network(struct sim_world *w)
{
	(void)heal(w);
}

/* ---- the table ---- */

const struct sim_fault_kind sim_fault_kinds[] = {
	{ .name = "crash", .weight = 20, .args = { SIM_ARG_NODE }, .run = run_crash },
	{ .name = "boot", .weight = 10, .args = { SIM_ARG_NODE }, .run = run_boot },
	{ .name = "hang", .weight = 10, .args = { SIM_ARG_NODE, SIM_ARG_SECONDS }, .draw = draw_hang, .run = run_hang },
	{ .name = "hang-daemon", .weight = 8, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE, SIM_ARG_SECONDS2 },
		.choices = sim_daemon_names, .draw = sim_draw_hang_daemon, .run = sim_run_hang_daemon },
	{ .name = "fencer-hangs", .weight = 8, .args = { SIM_ARG_SECONDS }, .draw = draw_hang, .run = run_fencer_hangs },
	{ .name = "partition", .weight = 10, .args = { SIM_ARG_SIDES }, .draw = draw_partition, .run = run_partition,
		.calm = calm_network },
	{ .name = "sides", .weight = 4, .args = { SIM_ARG_NUMBER }, .draw = sim_draw_sides, .run = sim_run_sides },
	{ .name = "one-way", .weight = 5, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE, SIM_ARG_SECONDS2 },
		.choices = sim_one_way_kinds, .draw = sim_draw_one_way, .run = sim_run_one_way },
	{ .name = "flap", .weight = 5, .args = { SIM_ARG_NODE, SIM_ARG_NUMBER }, .draw = sim_draw_flap, .run = sim_run_flap },
	{ .name = "slow", .weight = 6, .args = { SIM_ARG_NODE, SIM_ARG_SECONDS, SIM_ARG_SECONDS2 }, .draw = sim_draw_slow,
		.run = sim_run_slow, .calm = sim_calm_net },
	{ .name = "refuse", .weight = 5, .args = { SIM_ARG_NODE, SIM_ARG_SECONDS }, .draw = sim_draw_refuse,
		.run = sim_run_refuse },
	{ .name = "clock", .weight = 3, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE, SIM_ARG_SECONDS2 },
		.choices = sim_clock_ways, .draw = sim_draw_clock, .run = sim_run_clock },
	{ .name = "pause", .weight = 4, .args = { SIM_ARG_NODE, SIM_ARG_SECONDS, SIM_ARG_SECONDS2 }, .draw = sim_draw_pause,
		.run = sim_run_pause },
	{ .name = "leave", .weight = 5, .args = { SIM_ARG_NODE, SIM_ARG_SECONDS }, .draw = sim_draw_leave, .run = sim_run_leave },
	{ .name = "version", .weight = 4, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_versions,
		.draw = sim_draw_version, .run = sim_run_version },
	{ .name = "upgrade", .weight = 4, .args = { SIM_ARG_NODE, SIM_ARG_SECONDS }, .draw = sim_draw_leave,
		.run = sim_run_upgrade },
	{ .name = "heal", .weight = 10, .run = run_heal },
	{ .name = "bmc", .weight = 8, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_switch_states,
		.draw = sim_draw_switch, .run = sim_run_bmc, .calm = sim_calm_power },
	{ .name = "power-strips", .weight = 2, .args = { SIM_ARG_CHOICE }, .choices = sim_switch_states,
		.draw = sim_draw_switch, .run = sim_run_strips },
	{ .name = "bmc-cut", .weight = 2, .args = { SIM_ARG_NODE }, .run = sim_run_bmc_cut },
	{ .name = "mains-off", .weight = 4, .args = { SIM_ARG_NODE, SIM_ARG_SECONDS }, .draw = sim_draw_mains_off,
		.run = sim_run_mains_off },
	{ .name = "disk", .weight = 5, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_disk_states,
		.draw = sim_draw_disk, .run = sim_run_disk, .calm = sim_calm_disks },
	{ .name = "agents", .weight = 5, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_agents_states,
		.draw = sim_draw_agents, .run = sim_run_agents, .calm = sim_calm_agents },
	{ .name = "resource-dies", .weight = 8, .args = { SIM_ARG_WORD }, .draw = sim_draw_resource,
		.run = sim_run_resource_dies },
	{ .name = "kill", .weight = 10, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_daemon_names, .draw = draw_kill,
		.run = run_kill },
	{ .name = "corosync-dies", .weight = 10, .args = { SIM_ARG_NODE }, .run = run_corosync_dies },
	{ .name = "stop", .weight = 6, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_daemon_names,
		.draw = draw_stop, .run = run_stop },
	{ .name = "clusvcadm", .weight = 22,
		.args = { SIM_ARG_ON, SIM_ARG_CHOICE, SIM_ARG_WORD_OPT, SIM_ARG_NODE2_OPT, SIM_ARG_FLAG },
		.choices = sim_clusvcadm_ops, .flag = "by-domain", .draw = sim_draw_clusvcadm, .run = sim_run_clusvcadm,
		.calm = sim_calm_clusvcadm },
	{ .name = "crowd", .weight = 3, .args = { SIM_ARG_NUMBER, SIM_ARG_WORD, SIM_ARG_NUMBER2 },
		.draw = sim_draw_crowd, .run = sim_run_crowd },
	{ .name = "dump", .weight = 2, .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_daemon_names,
		.draw = sim_draw_dump, .run = sim_run_dump },
	{ .name = "clustat", .weight = 2, .args = { SIM_ARG_ON }, .run = sim_run_clustat },
	{ .name = "ccs_tool-update", .weight = 16,
		.args = { SIM_ARG_ON, SIM_ARG_NUMBER, SIM_ARG_NUMBER2, SIM_ARG_WORD_OPT },
		.draw = sim_draw_update, .run = sim_run_update },
	{ .name = "ccs", .weight = 2, .args = { SIM_ARG_ON, SIM_ARG_CHOICE }, .choices = sim_ccs_verbs,
		.draw = sim_draw_ccs, .run = sim_run_ccs },
	{ .name = "fence_tool", .weight = 6, .args = { SIM_ARG_ON, SIM_ARG_CHOICE }, .choices = sim_fence_tool_verbs,
		.draw = sim_draw_fence_tool, .run = sim_run_fence_tool, .calm = sim_calm_fence_tool },
	{ .name = "fence_node", .weight = 2, .args = { SIM_ARG_ON, SIM_ARG_NODE2, SIM_ARG_NUMBER },
		.draw = sim_draw_about_node, .run = sim_run_fence_node },
	{ .name = "fence_ack_manual", .weight = 5, .args = { SIM_ARG_ON, SIM_ARG_NODE2, SIM_ARG_NUMBER, SIM_ARG_FLAG },
		.flag = "blindly",
		.draw = sim_draw_about_node, .run = sim_run_fence_ack },
	{ .name = "fence-ask", .weight = 2, .args = { SIM_ARG_ON, SIM_ARG_NODE2, SIM_ARG_NUMBER },
		.draw = sim_draw_about_node, .run = sim_run_fence_ask },
	{ .name = "bad-request", .weight = 2, .args = { SIM_ARG_ON, SIM_ARG_CHOICE, SIM_ARG_NUMBER2 },
		.choices = sim_daemon_names, .draw = sim_draw_bad, .run = sim_run_bad },
	/* Drawn with the quorum disk itself, for the seeds that have one. */
	{ .name = "qdisk", .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_qdisk_ways, .run = sim_run_qdisk,
		.calm = sim_calm_qdisk },
	{ .name = "qdisk-power", .args = { SIM_ARG_CHOICE }, .choices = sim_qdisk_power, .run = sim_run_qdisk_gone },
	{ .name = "cman", .args = { SIM_ARG_ON, SIM_ARG_CHOICE, SIM_ARG_FLAG }, .choices = sim_cman_verbs, .flag = "unprivileged",
		.run = sim_run_cman },
	{ .name = "router", .args = { SIM_ARG_NODE, SIM_ARG_CHOICE }, .choices = sim_router_states, .run = sim_run_router },
};

const unsigned sim_n_fault_kinds = sizeof(sim_fault_kinds) / sizeof(sim_fault_kinds[0]);

_Static_assert(sizeof(sim_fault_kinds) / sizeof(sim_fault_kinds[0]) <= SIM_MAX_FAULT_KINDS, "statistics count each kind");

/* Whether a script names a node of it: else it has none. */
static bool takes_node(const struct sim_fault_kind *k)
{
	for (unsigned i = 0; i < SIM_MAX_ARGS; i++)
		if (k->args[i] == SIM_ARG_NODE || k->args[i] == SIM_ARG_ON)
			return true;
	return false;
}

void sim_fault_draw(struct sim_draw *d, struct sim_fault *ret)
{
	unsigned sum = 0, at;

	for (unsigned i = 0; i < sim_n_fault_kinds; i++)
		sum += sim_fault_kinds[i].weight;
	at = (unsigned)sim_dice_below(&d->dice, sum);
	*ret = (struct sim_fault){ 0 };
	while (at >= sim_fault_kinds[ret->kind].weight)
		at -= sim_fault_kinds[ret->kind++].weight;
	if (takes_node(&sim_fault_kinds[ret->kind]))
		ret->node = 1 + (unsigned)sim_dice_below(&d->dice, d->n_nodes);
	if (sim_fault_kinds[ret->kind].draw)
		sim_fault_kinds[ret->kind].draw(d, ret);
}

static void trace(struct sim_world *w, const struct sim_fault *f)
{
	struct clu_buf line = CLU_BUF_INIT;

	if (!w->trace)
		return;
	sim_fault_write(f, w->n_nodes, &line);
	sim_trace(w, "---- %s", clu_buf_text(&line));
	clu_buf_free(&line);
}

void sim_fault_run(struct sim_world *w, const struct sim_fault *f)
{
	trace(w, f);
	if (f->node <= w->n_nodes && f->node2 <= w->n_nodes && sim_fault_kinds[f->kind].run(w, f))
		w->stats.fault[f->kind]++;
}

void sim_faults_calm(struct sim_world *w)
{
	for (unsigned i = 0; i < sim_n_fault_kinds; i++)
		if (sim_fault_kinds[i].calm)
			sim_fault_kinds[i].calm(w);
	for (unsigned i = 1; i <= w->n_nodes; i++)
		sim_node_boot(w, i);
}

int sim_fault_kind_find(const char *name)
{
	for (unsigned i = 0; i < sim_n_fault_kinds; i++)
		if (strcmp(sim_fault_kinds[i].name, name) == 0)
			return (int)i;
	return -1;
}
