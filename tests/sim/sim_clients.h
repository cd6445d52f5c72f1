/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients as they are: some die before they have their answer, some come many at once, some ask again at once. */
#ifndef SIM_CLIENTS_H
#define SIM_CLIENTS_H

#include "sim_faults.h"

/* Now and then the client of this request dies while it waits; its daemon hears of that by CLU_EV_CLIENT_GONE. */
void sim_client_may_die(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t client);

/* num[0]: how many clients, on all nodes, want something of one service (text) at once; num[1]: seed of what. */
void sim_draw_crowd(struct sim_draw *d, struct sim_fault *f);
bool sim_run_crowd(struct sim_world *w, const struct sim_fault *f);

#endif
