/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets with which a host speaks about its addresses, as pure functions
 * over bytes: ARP (RFC 826, 5227) and IPv6 neighbour discovery (RFC 4861). All
 * begin at the network layer (no Ethernet header), as SOCK_DGRAM packet sockets
 * take and give them.
 */
#ifndef IP_PACKET_H
#define IP_PACKET_H

#include "ip_netlink.h"

#define HWIP_PACKET_MAX 72
#define HWIP_ARP_LEN 28
#define HWIP_ND_LEN 72		/* IPv6 header 40, message 24, one option 8 */

enum hwip_packet {
	HWIP_ARP_PROBE,		/* who has a? sender address 0.0.0.0 */
	HWIP_ARP_ANNOUNCE,	/* request: sender and target are a */
	HWIP_ARP_REPLY,		/* the same as a reply */
	HWIP_ND_PROBE,		/* neighbour solicitation from :: */
	HWIP_ND_ANNOUNCE,	/* unsolicited neighbour advertisement, override */
};

/*
 * Builds a packet about a, sent by the 6-byte hardware address mac; the
 * hardware address to send it to goes to ret_dest. Returns its length.
 */
size_t hwip_packet_build(enum hwip_packet kind, const struct hwip_addr *a, const uint8_t mac[6],
	uint8_t ret[HWIP_PACKET_MAX], uint8_t ret_dest[6]);

/*
 * Does this received packet, sent by another than mac, show that somebody else
 * has a, or is just probing for it? Then *ret_mac is that host. Any bytes are
 * allowed as input.
 */
bool hwip_packet_conflicts(const uint8_t *p, size_t len, const struct hwip_addr *a, const uint8_t mac[6],
	const uint8_t from[6], uint8_t ret_mac[6]);

#endif
