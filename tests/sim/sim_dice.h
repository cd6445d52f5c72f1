/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers by chance from a seed; the same everywhere. A plan and the world that runs it each have dice of their own. */
#ifndef SIM_DICE_H
#define SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct sim_dice {
	uint64_t state;
};

/* Dice with different salts are independent under one seed. */
void sim_dice_seed(struct sim_dice *d, uint64_t seed, uint64_t salt);
/* 0 to below - 1, or any number when below is 0. */
uint64_t sim_dice_below(struct sim_dice *d, uint64_t below);
bool sim_dice_chance(struct sim_dice *d, unsigned per_mille);

#endif
