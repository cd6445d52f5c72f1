/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ip_packet.h"

#include <string.h>
#include <sys/socket.h>

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };
enum { ND_SOLICIT = 135, ND_ADVERT = 136 };
enum { OPT_TARGET_LINK = 2 };
#define NEXT_ICMP6 58
#define ND_OVERRIDE 0x20

static size_t build_arp(enum hwip_packet kind, const struct hwip_addr *a, const uint8_t mac[6], uint8_t *p)
{
	static const uint8_t head[6] = { 0, 1, 8, 0, 6, 4 };	/* Ethernet, IPv4, their lengths */

	memset(p, 0, HWIP_ARP_LEN);
	memcpy(p, head, sizeof(head));
	p[7] = kind == HWIP_ARP_REPLY ? ARP_REPLY : ARP_REQUEST;
	memcpy(p + 8, mac, 6);
	if (kind != HWIP_ARP_PROBE)
		memcpy(p + 14, a->bytes, 4);
	if (kind == HWIP_ARP_REPLY)
		memset(p + 18, 0xff, 6);
	memcpy(p + 24, a->bytes, 4);
	return HWIP_ARP_LEN;
}

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

/* RFC 4443 section 2.3: pseudo header (both addresses, length, next header), then the message. */
static uint16_t icmp6_checksum(const uint8_t *packet, size_t msg_len)
{
	uint32_t sum = sum16(packet + 8, 32, (uint32_t)msg_len + NEXT_ICMP6);

	sum = sum16(packet + 40, msg_len, sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t build_nd(enum hwip_packet kind, const struct hwip_addr *a, const uint8_t mac[6], uint8_t *p,
	uint8_t dest[6])
{
	bool probe = kind == HWIP_ND_PROBE;
	size_t msg_len = probe ? 24 : 32;	/* a probe from :: carries no link-layer option */
	uint8_t *msg = p + 40;
	uint16_t sum;

	memset(p, 0, HWIP_ND_LEN);
	p[0] = 0x60;
	p[5] = (uint8_t)msg_len;
	p[6] = NEXT_ICMP6;
	p[7] = 255;		/* neighbours only: a router would have lowered it */
	if (!probe)
		memcpy(p + 8, a->bytes, 16);
	p[24] = 0xff;
	p[25] = 0x02;
	if (probe) {		/* solicited-node group of a */
		p[35] = 1;
		p[36] = 0xff;
		memcpy(p + 37, a->bytes + 13, 3);
	} else {		/* all nodes */
		p[39] = 1;
	}
	dest[0] = dest[1] = 0x33;
	memcpy(dest + 2, p + 36, 4);

	msg[0] = probe ? ND_SOLICIT : ND_ADVERT;
	msg[4] = probe ? 0 : ND_OVERRIDE;
	memcpy(msg + 8, a->bytes, 16);
	if (!probe) {
		msg[24] = OPT_TARGET_LINK;
		msg[25] = 1;	/* in units of 8 bytes */
		memcpy(msg + 26, mac, 6);
	}
	sum = icmp6_checksum(p, msg_len);
	msg[2] = (uint8_t)(sum >> 8);
	msg[3] = (uint8_t)sum;
	return 40 + msg_len;
}

size_t hwip_packet_build(enum hwip_packet kind, const struct hwip_addr *a, const uint8_t mac[6],
	uint8_t ret[HWIP_PACKET_MAX], uint8_t ret_dest[6])
{
	if (kind == HWIP_ND_PROBE || kind == HWIP_ND_ANNOUNCE)
		return build_nd(kind, a, mac, ret, ret_dest);
	memset(ret_dest, 0xff, 6);
	return build_arp(kind, a, mac, ret);
}

static bool arp_conflicts(const uint8_t *p, size_t len, const struct hwip_addr *a, const uint8_t mac[6],
	uint8_t ret_mac[6])
{
	static const uint8_t zero[4];
	bool owns, probes;

	if (len < HWIP_ARP_LEN || p[4] != 6 || p[5] != 4)
		return false;
	if (memcmp(p + 8, mac, 6) == 0)
		return false;
	owns = memcmp(p + 14, a->bytes, 4) == 0;
	probes = p[6] == 0 && p[7] == ARP_REQUEST && memcmp(p + 14, zero, 4) == 0 &&
		memcmp(p + 24, a->bytes, 4) == 0;
	if (owns || probes)
		memcpy(ret_mac, p + 8, 6);
	return owns || probes;
}

static bool nd_conflicts(const uint8_t *p, size_t len, const struct hwip_addr *a, const uint8_t mac[6],
	const uint8_t from[6], uint8_t ret_mac[6])
{
	static const uint8_t unspecified[16];
	const uint8_t *msg = p + 40;
	bool owns, probes;

	if (len < 40 + 24 || p[0] >> 4 != 6 || p[6] != NEXT_ICMP6 || p[7] != 255)
		return false;
	if (memcmp(from, mac, 6) == 0 || memcmp(msg + 8, a->bytes, 16) != 0)
		return false;
	owns = msg[0] == ND_ADVERT;
	probes = msg[0] == ND_SOLICIT && memcmp(p + 8, unspecified, 16) == 0;
	if (owns || probes)
		memcpy(ret_mac, from, 6);
	return owns || probes;
}

bool hwip_packet_conflicts(const uint8_t *p, size_t len, const struct hwip_addr *a, const uint8_t mac[6],
	const uint8_t from[6], uint8_t ret_mac[6])
{
	if (a->family == AF_INET6)
		return nd_conflicts(p, len, a, mac, from, ret_mac);
	return arp_conflicts(p, len, a, mac, ret_mac);
}
