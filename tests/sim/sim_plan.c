/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_plan.h"

#include <stdlib.h>
#include <string.h>

#include "sim_conf.h"

#define MS 1000u
#define SALT_OF_PLANS 1

void sim_plan_add(struct sim_plan *p, const struct sim_fault *f)
{
	unsigned i = p->n_faults;

	if (p->n_faults == p->cap_faults) {
		p->cap_faults = p->cap_faults ? p->cap_faults * 2 : 32;
		p->fault = realloc(p->fault, p->cap_faults * sizeof(*p->fault));
		if (!p->fault)
			abort();
	}
	while (i && p->fault[i - 1].at_us > f->at_us) {
		p->fault[i] = p->fault[i - 1];
		i--;
	}
	p->fault[i] = *f;
	p->n_faults++;
}

/* Often one upon the other, sometimes with time to settle. */
static uint64_t draw_pause(struct sim_dice *d)
{
	if (sim_dice_chance(d, 500))
		return sim_dice_below(d, 300) * MS;
	return sim_dice_below(d, sim_dice_chance(d, 500) ? 4000 : 60000) * MS;
}

void sim_plan_draw(struct sim_plan *ret, uint64_t seed, unsigned n_nodes, unsigned n_faults)
{
	struct sim_draw d = { .config_version = 1 };
	uint64_t at_us;

	*ret = (struct sim_plan){ .seed = seed };
	sim_dice_seed(&d.dice, seed, SALT_OF_PLANS);
	ret->n_nodes = n_nodes ? n_nodes : 2 + (unsigned)sim_dice_below(&d.dice, 7);
	d.n_nodes = ret->n_nodes;
	if (!n_faults)
		n_faults = (unsigned)sim_dice_below(&d.dice, 20);
	sim_conf_draw(&d.dice, ret->n_nodes, &ret->conf);
	at_us = (5000 + sim_dice_below(&d.dice, 40000)) * MS;
	for (unsigned i = 0; i < n_faults; i++) {
		struct sim_fault f;

		sim_fault_draw(&d, &f);
		f.at_us = at_us;
		sim_plan_add(ret, &f);
		at_us += draw_pause(&d.dice);
	}
	ret->calm_us = at_us;
}

void sim_plan_free(struct sim_plan *p)
{
	clu_buf_free(&p->conf);
	free(p->fault);
	*p = (struct sim_plan){ 0 };
}
