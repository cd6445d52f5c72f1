/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_plan.h"

#include <stdlib.h>
#include <string.h>

#include "sim_conf.h"
#include "sim_cmand.h"
#include "sim_qdisk.h"

#define MS 1000u
#define SALT_OF_PLANS 1

static void *one_more(void *list, unsigned n, unsigned *cap, size_t size)
{
	if (n < *cap)
		return list;
	*cap = *cap ? *cap * 2 : 32;
	list = realloc(list, *cap * size);
	if (!list)
		abort();
	return list;
}

void sim_plan_add(struct sim_plan *p, const struct sim_fault *f)
{
	unsigned i = p->n_faults;

	p->fault = one_more(p->fault, i, &p->cap_faults, sizeof(*f));
	for (; i && p->fault[i - 1].at_us > f->at_us; i--)
		p->fault[i] = p->fault[i - 1];
	p->fault[i] = *f;
	p->n_faults++;
}

static bool is_before(const struct sim_expect *a, const struct sim_expect *b)
{
	return a->at_end != b->at_end ? b->at_end : !a->at_end && a->at_us < b->at_us;
}

void sim_plan_expect(struct sim_plan *p, const struct sim_expect *e)
{
	unsigned i = p->n_expect;

	p->expect = one_more(p->expect, i, &p->cap_expect, sizeof(*e));
	for (; i && is_before(e, &p->expect[i - 1]); i--)
		p->expect[i] = p->expect[i - 1];
	p->expect[i] = *e;
	p->n_expect++;
}

void sim_plan_remove(struct sim_plan *p, unsigned from, unsigned count)
{
	p->n_faults -= count;
	for (unsigned i = from; i < p->n_faults; i++)
		p->fault[i] = p->fault[i + count];
}

void sim_plan_copy(struct sim_plan *ret, const struct sim_plan *p)
{
	*ret = *p;
	ret->conf = (struct clu_buf)CLU_BUF_INIT;
	clu_buf_append(&ret->conf, p->conf.data, p->conf.len);
	ret->fault = NULL;
	ret->expect = NULL;
	ret->n_faults = ret->cap_faults = ret->n_expect = ret->cap_expect = 0;
	for (unsigned i = 0; i < p->n_faults; i++)
		sim_plan_add(ret, &p->fault[i]);
	for (unsigned i = 0; i < p->n_expect; i++)
		sim_plan_expect(ret, &p->expect[i]);
}

/* Often one upon the other, sometimes with time to settle. */
static uint64_t draw_pause(struct sim_dice *d)
{
	if (sim_dice_chance(d, 500))
		return sim_dice_below(d, 300) * MS;
	return sim_dice_below(d, sim_dice_chance(d, 500) ? 4000 : 60000) * MS;
}

void sim_plan_draw(struct sim_plan *ret, uint64_t seed, unsigned n_nodes, unsigned n_faults, unsigned with)
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
	ret->end_us = at_us;
	sim_qdisk_draw(ret, seed, (with & SIM_WITH_QDISK) != 0);
	sim_cmand_draw(ret, seed, (with & SIM_WITH_CMAND) != 0);
}

void sim_plan_free(struct sim_plan *p)
{
	clu_buf_free(&p->conf);
	free(p->fault);
	free(p->expect);
	*p = (struct sim_plan){ 0 };
}
