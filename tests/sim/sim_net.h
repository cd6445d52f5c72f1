/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults of the network and of the transport, as corosync shows them (cman.md section 9). */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "sim_faults.h"

/* Three or four sides; num[0]: two bits per node. */
void sim_draw_sides(struct sim_draw *d, struct sim_fault *f);
bool sim_run_sides(struct sim_world *w, const struct sim_fault *f);

/*
 * A node that only hears, or is only heard, for num[1]. Nobody can form a ring with it, so it is alone; but whoever
 * hears the other side takes its words for the wish to form a ring, tries, fails, and has a new ring with the members of
 * before, again and again.
 */
extern const char *const sim_one_way_kinds[];
void sim_draw_one_way(struct sim_draw *d, struct sim_fault *f);
bool sim_run_one_way(struct sim_world *w, const struct sim_fault *f);

/* A node's link that goes and comes num[0] times, for shorter and for longer than the token lasts. */
void sim_draw_flap(struct sim_draw *d, struct sim_fault *f);
bool sim_run_flap(struct sim_world *w, const struct sim_fault *f);

/* For num[0], whatever comes to the node's daemons comes late, each time by up to num[1]. */
void sim_draw_slow(struct sim_draw *d, struct sim_fault *f);
bool sim_run_slow(struct sim_world *w, const struct sim_fault *f);

/* For num[0], the node's corosync takes no message (CS_ERR_TRY_AGAIN): the shell keeps them, in their order. */
void sim_draw_refuse(struct sim_draw *d, struct sim_fault *f);
bool sim_run_refuse(struct sim_world *w, const struct sim_fault *f);

void sim_calm_net(struct sim_world *w);

#endif
