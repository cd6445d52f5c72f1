/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator's stand-in for the shell of the daemons: what it offers to the life of nodes (sim_node.c). That events
 * go in and requests come, and what is asked of a node, stands in sim_world.h.
 */
#ifndef SIM_SHELL_H
#define SIM_SHELL_H

#include "sim_world.h"

/* Sets the daemon's one timer to what its core wants now. */
void sim_arm(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k);
/* As sim_at(); nothing comes of it when the daemon of now has ended. */
struct sim_event *sim_for_daemon(struct sim_world *w, uint64_t in_us, sim_fire_fn *fire, struct sim_node *n,
	enum sim_daemon_kind k, const void *data, size_t len);
/* A document is in force; without bytes the one that the cluster began with. */
void sim_tell_conf(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, uint64_t in_us, const void *data,
	size_t len);
void sim_tell_peer_gone(struct sim_world *w, struct sim_node *n, enum sim_daemon_kind k, uint64_t in_us,
	enum clu_peer_kind peer);
/* The group of a daemon that starts; NULL: out of memory. */
struct clu_group *sim_shell_group(struct sim_world *w, unsigned node, enum sim_daemon_kind k);

#endif
