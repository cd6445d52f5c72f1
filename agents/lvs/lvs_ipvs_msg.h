/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the generic netlink family IPVS: the attributes of services and
 * destinations to and from our values (lvs.md 9.1). No socket: a message is
 * built into, and read from, memory.
 */
#ifndef LVS_IPVS_MSG_H
#define LVS_IPVS_MSG_H

#include <netlink/msg.h>

#include "lvs_table.h"

#define LVS_IPVS_VERSION 1

/*
 * A whole request. cmd: IPVS_CMD_*. full: all attributes of the service (NEW,
 * SET), else its identity. d: NULL, or the destination; identity only for
 * IPVS_CMD_DEL_DEST. flags: NLM_F_*. NULL: no memory.
 */
struct nl_msg *lvs_ipvs_msg(int family_id, uint8_t cmd, int flags, const struct lvs_svc *s, bool full,
	const struct lvs_dest *d);
/* IPVS_CMD_SET_CONFIG; 0 = leave that one. */
struct nl_msg *lvs_ipvs_timeouts_msg(int family_id, unsigned tcp_s, unsigned tcpfin_s, unsigned udp_s);

/*
 * An answer to GET_SERVICE: fills ret (without destinations). A scheduler that
 * lvs.cf does not know reads as LVS_NSCHEDS. 0 or -EBADMSG.
 */
int lvs_ipvs_read_svc(const struct nlmsghdr *h, struct lvs_svc *ret);
/* An answer to GET_DEST, of a service of this family. connections may be NULL. 0 or -EBADMSG. */
int lvs_ipvs_read_dest(const struct nlmsghdr *h, int family, struct lvs_dest *ret, uint64_t *connections);

#endif
