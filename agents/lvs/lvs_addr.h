/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IPv4 or IPv6 address as a value. Pure: no resolver, no socket. */
#ifndef LVS_ADDR_H
#define LVS_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define LVS_ADDR_TEXT 64	/* room for the longest text of an address, with its port */

struct lvs_addr {
	int family;		/* AF_INET, AF_INET6; AF_UNSPEC = none */
	uint8_t a[16];		/* network order; 4 bytes used for AF_INET, the rest is zero */
};

/* "10.0.0.1" or "fd00::1". 0 or -EINVAL (ret then untouched). */
int lvs_addr_parse(const char *text, struct lvs_addr *ret);
/* An IPv4 netmask ("255.255.255.0") or a prefix length ("24", "/64") as a prefix length. 0 or -EINVAL. */
int lvs_addr_parse_mask(const char *text, unsigned max_prefix, unsigned *ret_prefix);
/* Text of the address, "-" for none. Returns buf. */
const char *lvs_addr_text(const struct lvs_addr *a, char buf[LVS_ADDR_TEXT]);
/* "10.0.0.1:80", "[fd00::1]:80". Returns buf. */
const char *lvs_addr_port_text(const struct lvs_addr *a, uint16_t port, char buf[LVS_ADDR_TEXT]);
int lvs_addr_cmp(const struct lvs_addr *a, const struct lvs_addr *b);
bool lvs_addr_is_any(const struct lvs_addr *a);	/* none, 0.0.0.0 or :: */
/* a with all bits behind the prefix cleared. */
struct lvs_addr lvs_addr_masked(const struct lvs_addr *a, unsigned prefix);
/* Fills a socket address; returns its length. */
socklen_t lvs_addr_sockaddr(const struct lvs_addr *a, uint16_t port, struct sockaddr_storage *ret);

#endif
