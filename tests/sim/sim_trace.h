/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the trace that are more than one format: time, node, who, what, why. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "sim_world.h"

/* What a core notes; without the fields that only a program would read. */
void sim_trace_note(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_action *note);
void sim_trace_ring(struct sim_world *w, uint64_t ring, sim_nodes members);
void sim_trace_answer(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t request, int error);

#endif
