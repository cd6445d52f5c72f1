/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quorum as corosync's votequorum counts it (cman.md sections 3 and 4), with the very settings that
 * cman_tool writes for the history's cluster.conf: votes of nodes, expected_votes, two_node, wait_for_all.
 * Each node counts for itself, at the moment its ring forms; its daemons are told later, at any pace.
 */
#ifndef SIM_QUORUM_H
#define SIM_QUORUM_H

#include "sim_world.h"

/* Reads the settings from w->conf. */
void sim_quorum_setup(struct sim_world *w);
/* A corosync that has just started: it has seen nobody yet. */
void sim_quorum_node_up(struct sim_world *w, unsigned node);
/* A ring of these nodes has formed: all of them count, and tell their daemons. */
void sim_quorum_ring(struct sim_world *w, sim_nodes members);
/* Would these nodes be quorate with so many votes of a device, if they were a ring and had seen all before? */
bool sim_quorum_would_have(const struct sim_world *w, sim_nodes members, unsigned device);
/* What corosync has said of quorum so far comes in front of a message: the shell sees to it (clu_shell_priv.h). */
void sim_quorum_first(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
/* A daemon that has just connected asks for the present state. */
void sim_quorum_tell(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon);
/* A ring that waited for a quorum disk has its word: these nodes count, with what their devices say. */
void sim_quorum_decided(struct sim_world *w, sim_nodes members);
/* A quorum device of this node casts so many votes, or none: only this node counts them. */
void sim_quorum_device(struct sim_world *w, unsigned node, unsigned votes);

#endif
