/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which ports of libcman are bound on this node: each by a lock on RUN/cman-port-N.pid, which the kernel takes away with its
 * process. For libcman, and for the line "Ports Bound" of cman_tool.
 */
#ifndef LIBCMAN_PORT_LOCK_H
#define LIBCMAN_PORT_LOCK_H

#include <stdint.h>

/* A descriptor that holds the port until it is closed, or -EADDRINUSE, or another negative errno. */
int lcm_port_lock(uint8_t port);

/* Bit N % 8 of byte N / 8: port N is bound. Port 0 is cman's own, and always so. */
void lcm_ports_bound(uint8_t ret[32]);

#endif
