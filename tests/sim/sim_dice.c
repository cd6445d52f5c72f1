/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_dice.h"

void sim_dice_seed(struct sim_dice *d, uint64_t seed, uint64_t salt)
{
	d->state = ((seed + 1) * 0x9e3779b97f4a7c15u ^ salt * 0xc2b2ae3d27d4eb4fu) | 1;
	for (int i = 0; i < 8; i++)
		(void)sim_dice_below(d, 0);
}

uint64_t sim_dice_below(struct sim_dice *d, uint64_t below)
{
	uint64_t x = d->state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	d->state = x;
	x = x * 0x2545f4914f6cdd1du;
	return below ? (x >> 16) % below : x;
}

bool sim_dice_chance(struct sim_dice *d, unsigned per_mille)
{
	return sim_dice_below(d, 1000) < per_mille;
}
