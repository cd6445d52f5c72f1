/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_machines.h"

#include "sim_agents.h"
#include "sim_conf.h"
#include "sim_disk.h"
#include "sim_power.h"

/* ---- power ---- */

const char *const sim_switch_states[] = {
	[SIM_SWITCH_WORKS] = "works", [SIM_SWITCH_DEAD] = "dead", [SIM_SWITCH_SLOW] = "slow", [SIM_SWITCH_FLAKY] = "flaky",
	[SIM_SWITCH_LATE] = "late", [SIM_SWITCH_LIES] = "lies", NULL
};

/* Not one that lies: no promise could hold. */
void sim_draw_switch(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_chance(&d->dice, 300) ? SIM_SWITCH_WORKS : sim_dice_below(&d->dice, SIM_SWITCH_LIES);
}

bool sim_run_bmc(struct sim_world *w, const struct sim_fault *f)
{
	bool other = w->node[f->node].pw.bmc != f->num[0];

	sim_power_set_bmc(w, f->node, (enum sim_switch_state)f->num[0]);
	return other;
}

bool sim_run_strips(struct sim_world *w, const struct sim_fault *f)
{
	sim_power_set_strips(w, (enum sim_switch_state)f->num[0]);
	return true;
}

bool sim_run_bmc_cut(struct sim_world *w, const struct sim_fault *f)
{
	w->node[f->node].pw.bmc_local = true;
	sim_trace(w, "BMC of n%u is reached from its own side only", f->node);
	return true;
}

void sim_draw_mains_off(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = (500 + sim_dice_below(&d->dice, 60000)) * 1000;
}

static void fire_mains_on(struct sim_world *w, struct sim_event *e)
{
	sim_power_mains(w, e->node, true);
}

bool sim_run_mains_off(struct sim_world *w, const struct sim_fault *f)
{
	if (w->node[f->node].pw.no_mains)
		return false;
	sim_power_mains(w, f->node, false);
	(void)sim_at(w, f->num[0], fire_mains_on, f->node, NULL, 0);
	return true;
}

void sim_calm_power(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		w->node[i].pw.bmc = w->node[i].pw.strips = SIM_SWITCH_WORKS;
		w->node[i].pw.bmc_local = false;
		sim_power_restore(w, i);
	}
}

/* ---- disks ---- */

const char *const sim_disk_states[] = {
	[SIM_DISK_WELL] = "well", [SIM_DISK_FULL] = "full", [SIM_DISK_READ_ONLY] = "read-only",
	[SIM_DISK_FAILING] = "failing", [SIM_DISK_SLOW] = "slow", [SIM_DISK_LYING] = "lying", NULL
};

void sim_draw_disk(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_chance(&d->dice, 300) ? SIM_DISK_WELL : sim_dice_below(&d->dice, SIM_DISK_LYING);
}

bool sim_run_disk(struct sim_world *w, const struct sim_fault *f)
{
	bool other = w->node[f->node].disk_state != f->num[0];

	sim_disk_set(w, f->node, (enum sim_disk_state)f->num[0]);
	return other;
}

void sim_calm_disks(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		sim_disk_set(w, i, SIM_DISK_WELL);
}

/* ---- resource agents ---- */

const char *const sim_agents_states[] = {
	[SIM_AGENTS_WELL] = "well", [SIM_AGENTS_SLOW] = "slow", [SIM_AGENTS_FAILING] = "failing",
	[SIM_AGENTS_STUCK] = "stuck", NULL
};

void sim_draw_agents(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_chance(&d->dice, 300) ? SIM_AGENTS_WELL : sim_dice_below(&d->dice, SIM_NAGENTS_STATES);
}

bool sim_run_agents(struct sim_world *w, const struct sim_fault *f)
{
	bool other = w->node[f->node].agents != f->num[0];

	sim_agents_set(w, f->node, (enum sim_agents_state)f->num[0]);
	return other;
}

void sim_calm_agents(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		sim_agents_set(w, i, SIM_AGENTS_WELL);
}

void sim_draw_resource(struct sim_draw *d, struct sim_fault *f)
{
	sim_conf_some_resource(&d->dice, f->text, sizeof(f->text));
}

bool sim_run_resource_dies(struct sim_world *w, const struct sim_fault *f)
{
	return sim_resource_dies(w, f->text);
}
