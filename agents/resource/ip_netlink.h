/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating addresses: put an IPv4 or IPv6 address on a network device, take it
 * away, look for it, tell the neighbours, and ask them whether they have it.
 * Shared by the resource agent "ip" and by lvsd (library libhwip.la; add
 * -I$(srcdir)/agents/resource to your CPPFLAGS and $(NL_LIBS) to your LDADD).
 *
 * All functions act on the network namespace of the calling thread at the time
 * of hwip_open() (netlink) or of the call (hwip_announce, hwip_probe). Nothing is
 * cached: each call asks the kernel. No call blocks, hwip_probe() excepted.
 *
 * Errors: 0 or negative errno; `why` (size bytes, may be NULL with size 0) then
 * holds the sentence "what: why; what to do" without the program's name.
 */
#ifndef IP_NETLINK_H
#define IP_NETLINK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HWIP_TEXT_MAX 64	/* "ADDRESS/PREFIX" and NUL */
#define HWIP_NO_PREFIX 255u
#define HWIP_HWADDR_MAX 8

/* How long to listen for a holder of an address on a LAN: hosts answer ARP in well under a millisecond. */
#define HWIP_PROBE_MS 30

struct hwip_addr {
	int family;		/* AF_INET or AF_INET6 */
	uint8_t bytes[16];	/* network byte order; 4 or 16 of them used */
	unsigned prefix;	/* 0..32 / 0..128, or HWIP_NO_PREFIX when the text had none */
};

/*
 * "10.0.0.1", "10.0.0.1/24", "fd00::1/64". family: AF_UNSPEC, or the one that is
 * demanded. -EINVAL; also for an address no host can own (multicast, 0.0.0.0, ::).
 */
int hwip_parse(const char *text, int family, struct hwip_addr *ret, char *why, size_t size);
/* With "/PREFIX" when it has one. Always terminated. */
void hwip_format(const struct hwip_addr *a, char ret[HWIP_TEXT_MAX]);
/* Same address; prefixes are not compared. */
bool hwip_addr_equal(const struct hwip_addr *a, const struct hwip_addr *b);
/* Are a and b in one network of `prefix` bits? Families must be equal, prefix in range. */
bool hwip_same_net(const struct hwip_addr *a, const struct hwip_addr *b, unsigned prefix);

struct hwip_link {
	int ifindex;
	char name[IF_NAMESIZE];
	bool up;		/* administratively up */
	bool running;		/* has a carrier: IFF_RUNNING and operstate up or unknown */
	bool has_arp;		/* Ethernet with neighbours to tell; false for lo, tun and the like */
	uint8_t hwaddr[HWIP_HWADDR_MAX];
	unsigned hwaddr_len;
};

struct hwip;

/* One netlink socket; use it from one thread. -EPERM etc. */
int hwip_open(struct hwip **ret, char *why, size_t size);
struct hwip *hwip_close(struct hwip *h);	/* accepts NULL, returns NULL */

/* The device by name (or by index, when name is NULL). -ENODEV. */
int hwip_link_get(
	struct hwip *h, const char *name, int ifindex, struct hwip_link *ret, char *why, size_t size);

/*
 * The device that has the address now, and with which prefix (both may be NULL).
 * -EADDRNOTAVAIL: none has it; -EADDRINUSE: one has it, but the kernel found
 * another holder (IPv6 duplicate address detection) and does not use it.
 */
int hwip_find(struct hwip *h, const struct hwip_addr *a, struct hwip_link *ret, unsigned *ret_prefix,
	char *why, size_t size);

struct hwip_choice {
	const char *only;	/* consider only this device; NULL = all */
	bool need_carrier;
};

/*
 * Where does the address belong? The device that is up (and has a carrier, if
 * asked for) and already has an address of the same network: by that address's
 * own prefix, or by a's when it has one. The longest such prefix wins, then the
 * lowest index. *ret_prefix: a's prefix, else the found one. -ENODEV; -ENOLINK
 * when only need_carrier stood against a device.
 */
int hwip_choose(struct hwip *h, const struct hwip_addr *a, const struct hwip_choice *c,
	struct hwip_link *ret, unsigned *ret_prefix, char *why, size_t size);

/*
 * Puts a (its prefix must be set) on the device. label: IPv4 alias name
 * ("eth0:1", below 16 characters) or NULL. IPv6 comes without the kernel's
 * duplicate address detection (usable at once; use hwip_probe() before). The
 * address is on that device already, with whatever prefix: 0. -EADDRINUSE: it is
 * on another device of this machine, or duplicate; -EPERM, -ENODEV, ...
 */
int hwip_add(
	struct hwip *h, const struct hwip_addr *a, int ifindex, const char *label, char *why, size_t size);

/* Takes it away from the device (ifindex 0: from all), with whatever prefix. Not there: 0. */
int hwip_del(struct hwip *h, const struct hwip_addr *a, int ifindex, char *why, size_t size);

/*
 * Tells the neighbours where the address is now: an ARP announcement (RFC 5227
 * section 3; as request and, for devices that heed only that, as reply), or an
 * unsolicited neighbour advertisement with the override flag (RFC 4861 section
 * 7.2.6) to all nodes. Sent once: for the repetition that the RFCs ask for, call
 * it again after a second or two. Link without neighbours: 0, nothing sent.
 * -ENETDOWN and what else sendto(2) says.
 */
int hwip_announce(const struct hwip_addr *a, const struct hwip_link *link, char *why, size_t size);

/*
 * Does another host on the link have the address? Three ARP probes (RFC 5227
 * section 2.1.1) or neighbour solicitations (RFC 4862 section 5.4) spread over
 * wait_ms, which is also the time listened: BLOCKS so long when nobody answers.
 * The address must not be on this machine yet. 0: no answer (or wait_ms 0, or a
 * link without neighbours: not asked); -EADDRINUSE: `why` names the holder's
 * hardware address.
 */
int hwip_probe(
	const struct hwip_addr *a, const struct hwip_link *link, unsigned wait_ms, char *why, size_t size);

#endif
