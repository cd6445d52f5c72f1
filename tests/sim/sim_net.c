/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_net.h"

#define MS 1000u
#define SECOND_US (1000u * MS)
#define ALONE 1000		/* sides that belong to one node: ALONE + index */

/* ---- more than two sides ---- */

void sim_draw_sides(struct sim_draw *d, struct sim_fault *f)
{
	unsigned sides = 3 + (unsigned)sim_dice_below(&d->dice, 2);

	for (unsigned i = 1; i <= d->n_nodes && i < 32; i++)
		f->num[0] |= sim_dice_below(&d->dice, sides) << 2 * i;
}

bool sim_run_sides(struct sim_world *w, const struct sim_fault *f)
{
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		w->node[i].side = i < 32 ? (int)(f->num[0] >> 2 * i & 3) : 0;
		sim_trace(w, "n%u is on side %d", i, w->node[i].side);
	}
	sim_ring_cut(w);
	return true;
}

/* ---- a node alone, and back ---- */

static bool is_alone(const struct sim_node *n)
{
	return n->side == ALONE + (int)n->id;
}

static void part(struct sim_world *w, unsigned node)
{
	w->node[node].side = ALONE + (int)node;
	sim_ring_stall(w, node);
	sim_ring_reform(w, w->detect_us);
}

static void join_again(struct sim_world *w, unsigned node)
{
	if (!is_alone(&w->node[node]))
		return;
	w->node[node].side = 0;
	sim_trace(w, "n%u has its link back", node);
	sim_ring_reform(w, 1000 + sim_rnd(w, 300 * MS));
}

static void fire_join_again(struct sim_world *w, struct sim_event *e)
{
	join_again(w, e->node);
}

/* ---- one way ---- */

enum { DEAF, MUTE };
const char *const sim_one_way_kinds[] = { "deaf", "mute", NULL };

void sim_draw_one_way(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_below(&d->dice, 2);
	f->num[1] = (2000 + sim_dice_below(&d->dice, 25000)) * MS;
}

/* Who hears the other side tries to take it in. */
static void fire_try(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];
	struct sim_event *again;

	if (!is_alone(n) || w->now_us >= e->id || w->calm)
		return;
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if ((i == e->node) == (e->value == MUTE))
			sim_ring_renew(w, i);
	sim_ring_reform(w, 200 * MS + sim_rnd(w, 800 * MS));
	again = sim_at(w, SECOND_US + sim_rnd(w, 4 * SECOND_US), fire_try, e->node, NULL, 0);
	again->id = e->id;
	again->value = e->value;
}

bool sim_run_one_way(struct sim_world *w, const struct sim_fault *f)
{
	struct sim_node *n = &w->node[f->node];
	struct sim_event *e;

	if (is_alone(n))
		return false;
	sim_trace(w, "n%u is %s for %llu ms", f->node, sim_one_way_kinds[f->num[0]], (unsigned long long)f->num[1] / 1000);
	part(w, f->node);
	e = sim_at(w, w->detect_us + sim_rnd(w, 2 * SECOND_US), fire_try, f->node, NULL, 0);
	e->id = w->now_us + f->num[1];
	e->value = (int)f->num[0];
	(void)sim_at(w, f->num[1], fire_join_again, f->node, NULL, 0);
	return true;
}

/* ---- flapping ---- */

void sim_draw_flap(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = 2 + sim_dice_below(&d->dice, 6);
}

static void fire_flap(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];
	struct sim_event *again;
	uint64_t for_us = (100 + sim_rnd(w, sim_chance(w, 500) ? 900 : 4000)) * MS;

	if (w->calm)
		return;
	if (is_alone(n)) {
		join_again(w, e->node);
	} else if (e->value > 0) {
		sim_trace(w, "n%u loses its link", e->node);
		part(w, e->node);
		e->value--;
	} else {
		return;
	}
	again = sim_at(w, for_us, fire_flap, e->node, NULL, 0);
	again->value = e->value;
}

bool sim_run_flap(struct sim_world *w, const struct sim_fault *f)
{
	struct sim_event *e;

	if (is_alone(&w->node[f->node]))
		return false;
	e = sim_at(w, 1, fire_flap, f->node, NULL, 0);
	e->value = f->num[0] > 20 ? 20 : (int)f->num[0];
	return true;
}

/* ---- late, and refused ---- */

void sim_draw_slow(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = (1000 + sim_dice_below(&d->dice, 8000)) * MS;
	f->num[1] = (5 + sim_dice_below(&d->dice, sim_dice_chance(&d->dice, 300) ? 400 : 40)) * MS;
}

bool sim_run_slow(struct sim_world *w, const struct sim_fault *f)
{
	struct sim_node *n = &w->node[f->node];

	sim_trace(w, "n%u is slow for %llu ms: up to %llu ms late", f->node, (unsigned long long)f->num[0] / 1000,
		(unsigned long long)f->num[1] / 1000);
	n->slow_until = w->now_us + f->num[0];
	n->slow_us = f->num[1];
	return n->power;
}

void sim_draw_refuse(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = (20 + sim_dice_below(&d->dice, sim_dice_chance(&d->dice, 300) ? 10000 : 800)) * MS;
}

bool sim_run_refuse(struct sim_world *w, const struct sim_fault *f)
{
	sim_trace(w, "n%u: corosync takes no message for %llu ms", f->node, (unsigned long long)f->num[0] / 1000);
	w->node[f->node].refused_until = w->now_us + f->num[0];
	return w->node[f->node].power;
}

void sim_calm_net(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		w->node[i].slow_until = 0;
}
