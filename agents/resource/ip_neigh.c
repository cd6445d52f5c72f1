/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets to and from the neighbours: the announcing and asking part of ip_netlink.h. */
#include "ip_netlink.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ip_packet.h"

#define PROBES 3

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int fail(int error, const struct hwip_addr *a, const struct hwip_link *link, const char *what,
	char *why, size_t size)
{
	char text[HWIP_TEXT_MAX];

	hwip_format(a, text);
	if (size)
		snprintf(why, size, "%s on %s: %s: %s; check the device with \"ip link show %s\"", text,
			link->name, what, strerror(-error), link->name);
	return error;
}

/* Descriptor or negative errno. Nothing is received before bind() when `proto` is 0. */
static int packet_socket(const struct hwip_addr *a, const struct hwip_link *link, bool receive)
{
	uint16_t proto = htons(a->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_ARP);
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_ifindex = link->ifindex,
		.sll_protocol = receive ? proto : 0 };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (receive && bind(fd, (struct sockaddr *)&sll, sizeof(sll)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static void *closer_main(void *arg)
{
	close((int)(intptr_t)arg);
	return NULL;
}

/*
 * Closing a packet socket waits in the kernel until no processor handles a packet
 * any more (about 10 ms): nobody should wait for that on the way to a service.
 */
static void close_behind(int fd)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r == 0) {
		(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		r = pthread_create(&thread, &attr, closer_main, (void *)(intptr_t)fd);
		(void)pthread_attr_destroy(&attr);
	}
	if (r != 0)
		close(fd);
}

static int send_packet(int fd, enum hwip_packet kind, const struct hwip_addr *a, const struct hwip_link *link)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = link->ifindex, .sll_halen = 6,
		.sll_protocol = htons(a->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_ARP) };
	uint8_t packet[HWIP_PACKET_MAX], dest[6];
	size_t len = hwip_packet_build(kind, a, link->hwaddr, packet, dest);

	memcpy(to.sll_addr, dest, 6);
	if (sendto(fd, packet, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

int hwip_announce(const struct hwip_addr *a, const struct hwip_link *link, char *why, size_t size)
{
	int fd, r;

	if (!link->has_arp)
		return 0;
	fd = packet_socket(a, link, false);
	if (fd < 0)
		return fail(fd, a, link, "cannot announce the address", why, size);
	if (a->family == AF_INET6) {
		r = send_packet(fd, HWIP_ND_ANNOUNCE, a, link);
	} else {
		r = send_packet(fd, HWIP_ARP_ANNOUNCE, a, link);
		if (r == 0)
			r = send_packet(fd, HWIP_ARP_REPLY, a, link);
	}
	close_behind(fd);
	return r == 0 ? 0 : fail(r, a, link, "cannot announce the address", why, size);
}

/* Reads what has come. 1: a conflict, by ret_mac; 0: none yet; negative errno. */
static int drain(int fd, const struct hwip_addr *a, const struct hwip_link *link, uint8_t ret_mac[6])
{
	for (;;) {
		uint8_t packet[256];
		struct sockaddr_ll from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (hwip_packet_conflicts(packet, (size_t)n, a, link->hwaddr, from.sll_addr, ret_mac))
			return 1;
	}
}

static int probe_loop(int fd, const struct hwip_addr *a, const struct hwip_link *link, unsigned wait_ms,
	uint8_t ret_mac[6])
{
	enum hwip_packet kind = a->family == AF_INET6 ? HWIP_ND_PROBE : HWIP_ARP_PROBE;
	uint64_t start = now_us(), total = (uint64_t)wait_ms * 1000;
	unsigned sent = 0;

	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		uint64_t passed = now_us() - start, next;
		int r;

		if (sent < PROBES && passed >= sent * total / PROBES) {
			r = send_packet(fd, kind, a, link);
			if (r < 0)
				return r;
			sent++;
		}
		if (passed >= total)
			return 0;
		next = sent < PROBES ? sent * total / PROBES : total;
		next = next > passed ? (next - passed + 999) / 1000 : 0;
		if (poll(&pfd, 1, (int)next) < 0 && errno != EINTR)
			return -errno;
		r = drain(fd, a, link, ret_mac);
		if (r != 0)
			return r;
	}
}

int hwip_probe(
	const struct hwip_addr *a, const struct hwip_link *link, unsigned wait_ms, char *why, size_t size)
{
	char text[HWIP_TEXT_MAX];
	uint8_t mac[6];
	int fd, r;

	if (!link->has_arp || wait_ms == 0)
		return 0;
	fd = packet_socket(a, link, true);
	if (fd < 0)
		return fail(fd, a, link, "cannot ask for duplicates", why, size);
	r = probe_loop(fd, a, link, wait_ms, mac);
	close_behind(fd);
	if (r < 0)
		return fail(r, a, link, "cannot ask for duplicates", why, size);
	if (r == 0)
		return 0;
	hwip_format(a, text);
	if (size)
		snprintf(why, size,
			"%s on %s: another host has this address already (hardware address "
			"%02x:%02x:%02x:%02x:%02x:%02x); find that host and remove the address there",
			text, link->name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return -EADDRINUSE;
}
