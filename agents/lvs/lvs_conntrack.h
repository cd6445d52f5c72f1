/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forgetting connections to a dead server. With NAT by nf_tables the binding of
 * a connection lives in conntrack: a client that keeps its port (UDP, a resent
 * SYN) would be sent to the dead server for ever. One message, the kernel
 * filters (5.8 and newer; older ones refuse it, and connections time out).
 */
#ifndef LVS_CONNTRACK_H
#define LVS_CONNTRACK_H

#include <netlink/msg.h>

#include "lvs_table.h"

/*
 * The request. A destination or service without a port matches all ports. d ==
 * NULL: all of the service, which must not be one by mark. NULL: no memory.
 */
struct nl_msg *lvs_conntrack_msg(const struct lvs_svc *s, const struct lvs_dest *d);
/* 0 or negative errno. */
int lvs_conntrack_forget(const struct lvs_svc *s, const struct lvs_dest *d);

#endif
