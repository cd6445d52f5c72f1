/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who listens at which port of libcman, on all nodes. Pure. Every process that
 * uses ports is a member of one process group and says which ports it has, after
 * each change and whenever somebody joins; so a member knows all as soon as it has
 * heard every process that was there before it.
 */
#ifndef LIBCMAN_PORTS_H
#define LIBCMAN_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#define LCM_PORT_BYTES 32
#define LCM_MAX_PEERS 128	/* corosync's limit for one group */

struct lcm_peer {
	uint32_t nodeid, pid;
	bool heard;		/* has said which ports it has */
	bool old;		/* was there before us: what it had then is no news */
	uint8_t ports[LCM_PORT_BYTES];
};

struct lcm_ports {
	unsigned n_peers;
	struct lcm_peer peers[LCM_MAX_PEERS];
	bool first;		/* a view has come */
	/* News: somewhere a port was opened that was closed on that node, or the other way. */
	void (*tell)(void *ctx, bool opened, uint8_t port);
	void *ctx;
};

/* A member of the group, for lcm_ports_view(). */
struct lcm_process {
	uint32_t nodeid, pid;
};

void lcm_ports_init(struct lcm_ports *p, void (*tell)(void *ctx, bool opened, uint8_t port), void *ctx);
/* The members of the group now. */
void lcm_ports_view(struct lcm_ports *p, const struct lcm_process *members, unsigned n);
/* A member has said which ports it has. One that is no member is not heard. */
void lcm_ports_state(struct lcm_ports *p, uint32_t nodeid, uint32_t pid, const uint8_t ports[LCM_PORT_BYTES]);
/* 1, 0, or -EAGAIN while a process of that node has not been heard yet. */
int lcm_ports_is_open(const struct lcm_ports *p, uint32_t nodeid, uint8_t port);

bool lcm_port_is_set(const uint8_t ports[LCM_PORT_BYTES], uint8_t port);
void lcm_port_set(uint8_t ports[LCM_PORT_BYTES], uint8_t port, bool on);

#endif
