/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip_netlink against the real kernel: two network namespaces of our own, joined
 * by a veth pair (hw0 here, hw1 there). Needs root; skipped with the reason
 * otherwise.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <arpa/inet.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ip_packet.h"

static int ns_here = -1, ns_there = -1;
static char skip_reason[200];
static char why[256];

static int link_set(const char *name, unsigned up, int ns_fd)
{
	struct nl_sock *s = nl_socket_alloc();
	struct rtnl_link *old = NULL, *new = rtnl_link_alloc();
	int r = nl_connect(s, NETLINK_ROUTE);

	if (r == 0)
		r = rtnl_link_get_kernel(s, 0, name, &old);
	if (r == 0) {
		if (ns_fd >= 0)
			rtnl_link_set_ns_fd(new, ns_fd);
		else if (up)
			rtnl_link_set_flags(new, IFF_UP);
		else
			rtnl_link_unset_flags(new, IFF_UP);
		r = rtnl_link_change(s, old, new, 0);
	}
	rtnl_link_put(old);
	rtnl_link_put(new);
	nl_socket_free(s);
	return r;
}

static int make_pair(void)
{
	struct nl_sock *s = nl_socket_alloc();
	int r = nl_connect(s, NETLINK_ROUTE);

	if (r == 0)
		r = rtnl_link_veth_add(s, "hw0", "hw1", getpid());
	nl_socket_free(s);
	return r;
}

static void in(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static struct hwip *open_handle(void)
{
	struct hwip *h = NULL;

	assert_int_equal(hwip_open(&h, why, sizeof(why)), 0);
	return h;
}

static struct hwip_addr addr(const char *text)
{
	struct hwip_addr a;

	assert_int_equal(hwip_parse(text, AF_UNSPEC, &a, why, sizeof(why)), 0);
	return a;
}

static struct hwip_link dev(const char *name)
{
	struct hwip *h = open_handle();
	struct hwip_link l = { 0 };

	assert_int_equal(hwip_link_get(h, name, 0, &l, why, sizeof(why)), 0);
	hwip_close(h);
	return l;
}

static void put(const char *device, const char *text)
{
	struct hwip *h = open_handle();
	struct hwip_addr a = addr(text);

	if (hwip_add(h, &a, dev(device).ifindex, NULL, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	hwip_close(h);
}

static void drop(const char *text)
{
	struct hwip *h = open_handle();
	struct hwip_addr a = addr(text);

	assert_int_equal(hwip_del(h, &a, 0, why, sizeof(why)), 0);
	hwip_close(h);
}

static int group_setup(void **state)
{
	if (unshare(CLONE_NEWNET) < 0) {
		snprintf(skip_reason, sizeof(skip_reason), "no network namespace of our own: %s",
			strerror(errno));
		return 0;
	}
	ns_there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	ns_here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (make_pair() < 0) {
		snprintf(skip_reason, sizeof(skip_reason), "the kernel gives no veth device");
		return 0;
	}
	if (link_set("hw1", 0, ns_there) < 0 || link_set("hw0", 1, -1) < 0 || link_set("lo", 1, -1) < 0)
		return -1;
	put("hw0", "10.99.0.1/24");
	put("hw0", "fd99::1/64");
	in(ns_there);
	if (link_set("hw1", 1, -1) < 0)
		return -1;
	put("hw1", "10.99.0.2/24");
	put("hw1", "fd99::2/64");
	in(ns_here);
	return 0;
}

static void needs_namespaces(void)
{
	if (skip_reason[0]) {
		print_message("skipped: %s\n", skip_reason);
		skip();
	}
}

static void one_round(const char *text, const char *device, unsigned prefix)
{
	struct hwip *h = open_handle();
	struct hwip_choice any = { .need_carrier = true };
	struct hwip_addr a = addr(text);
	struct hwip_link l = { 0 };
	unsigned p = 0;

	assert_int_equal(hwip_find(h, &a, NULL, NULL, why, sizeof(why)), -EADDRNOTAVAIL);
	if (hwip_choose(h, &a, &any, &l, &p, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	assert_string_equal(l.name, device);
	assert_int_equal(p, prefix);
	a.prefix = p;
	assert_int_equal(hwip_probe(&a, &l, 5, why, sizeof(why)), 0);
	assert_int_equal(hwip_add(h, &a, l.ifindex, NULL, why, sizeof(why)), 0);
	assert_int_equal(hwip_add(h, &a, l.ifindex, NULL, why, sizeof(why)), 0);
	assert_int_equal(hwip_find(h, &a, &l, &p, why, sizeof(why)), 0);
	assert_string_equal(l.name, device);
	assert_int_equal(p, prefix);
	assert_int_equal(hwip_announce(&a, &l, why, sizeof(why)), 0);
	assert_int_equal(hwip_del(h, &a, l.ifindex, why, sizeof(why)), 0);
	assert_int_equal(hwip_del(h, &a, 0, why, sizeof(why)), 0);
	assert_int_equal(hwip_find(h, &a, NULL, NULL, why, sizeof(why)), -EADDRNOTAVAIL);
	hwip_close(h);
}

static void addresses_come_and_go(void **state)
{
	needs_namespaces();
	one_round("10.99.0.50", "hw0", 24);
	one_round("10.99.0.50/32", "hw0", 32);
	one_round("10.99.0.50/16", "hw0", 16);
	one_round("fd99::50", "hw0", 64);
	one_round("fd99::50/128", "hw0", 128);
	one_round("127.0.0.9", "lo", 8);
}

/* Whether the wider network is listed before or behind it. */
static void the_most_specific_network_wins(void **state)
{
	needs_namespaces();
	put("lo", "10.99.128.1/16");
	one_round("10.99.0.50", "hw0", 24);
	one_round("10.99.1.50", "lo", 16);
	drop("10.99.128.1");
	put("hw0", "10.99.128.1/16");
	one_round("10.99.0.50", "hw0", 24);
	drop("10.99.128.1");
}

/* A service address that is usable at once: no tentative time. */
static void ipv6_can_be_bound_at_once(void **state)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct hwip_addr a;
	int fd;

	needs_namespaces();
	a = addr("fd99::51/64");
	put("hw0", "fd99::51/64");
	memcpy(&sin6.sin6_addr, a.bytes, 16);
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)), 0);
	close(fd);
	drop("fd99::51");
}

static void refusals_say_why(void **state)
{
	struct hwip_choice any = { .only = NULL }, only_lo = { .only = "lo" };
	struct hwip_addr a, b, bare;
	struct hwip_link l;
	struct hwip *h;
	unsigned p;

	needs_namespaces();
	h = open_handle();
	a = addr("10.98.0.1/24");
	assert_int_equal(hwip_choose(h, &a, &any, &l, &p, why, sizeof(why)), -ENODEV);
	assert_non_null(strstr(why, "no device of this machine"));
	b = addr("10.99.0.50");
	assert_int_equal(hwip_choose(h, &b, &only_lo, &l, &p, why, sizeof(why)), -ENODEV);
	assert_non_null(strstr(why, "lo has no address of its network"));
	bare = addr("10.99.0.50");
	assert_int_equal(hwip_add(h, &bare, dev("hw0").ifindex, NULL, why, sizeof(why)), -EINVAL);
	bare.prefix = 24;
	assert_int_equal(hwip_add(h, &bare, 9999, NULL, why, sizeof(why)), -ENODEV);
	assert_int_equal(
		hwip_add(h, &bare, dev("hw0").ifindex, "hw0:muchtoolonglabel", why, sizeof(why)), -EINVAL);
	assert_int_equal(hwip_link_get(h, "nosuch", 0, &l, why, sizeof(why)), -ENODEV);
	put("lo", "10.99.0.60/32");
	a = addr("10.99.0.60/24");
	assert_int_equal(hwip_add(h, &a, dev("hw0").ifindex, NULL, why, sizeof(why)), -EADDRINUSE);
	assert_non_null(strstr(why, "is on device lo"));
	drop("10.99.0.60");
	hwip_close(h);
}

static void duplicate_is_found(void **state)
{
	static const char *const theirs[] = { "10.99.0.2", "fd99::2" };
	struct hwip_link l;

	needs_namespaces();
	l = dev("hw0");
	for (unsigned i = 0; i < 2; i++) {
		struct hwip_addr a = addr(theirs[i]);

		assert_int_equal(hwip_probe(&a, &l, 0, why, sizeof(why)), 0);
		assert_int_equal(hwip_probe(&a, &l, 5000, why, sizeof(why)), -EADDRINUSE);
		assert_non_null(strstr(why, "another host has this address"));
	}
}

/* What the other end of the wire hears of an announcement. */
static void announcement_is_heard(void **state)
{
	static const char *const ours[] = { "10.99.0.70", "fd99::70" };
	static const uint8_t stranger[6] = { 2, 9, 9, 9, 9, 9 };
	struct hwip_link l;

	needs_namespaces();
	l = dev("hw0");
	for (unsigned i = 0; i < 2; i++) {
		struct hwip_addr a = addr(ours[i]);
		struct sockaddr_ll sll = { .sll_family = AF_PACKET,
			.sll_protocol = htons(a.family == AF_INET6 ? ETH_P_IPV6 : ETH_P_ARP) };
		bool heard = false;
		int fd;

		in(ns_there);
		sll.sll_ifindex = dev("hw1").ifindex;
		fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fd, (struct sockaddr *)&sll, sizeof(sll)), 0);
		in(ns_here);
		assert_int_equal(hwip_announce(&a, &l, why, sizeof(why)), 0);
		while (!heard) {
			struct pollfd pfd = { .fd = fd, .events = POLLIN };
			struct sockaddr_ll from = { 0 };
			socklen_t from_len = sizeof(from);
			uint8_t p[256], mac[6];
			ssize_t n;

			assert_int_equal(poll(&pfd, 1, 5000), 1);
			n = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len);
			assert_true(n > 0);
			heard = hwip_packet_conflicts(p, (size_t)n, &a, stranger, from.sll_addr, mac) &&
				memcmp(mac, l.hwaddr, 6) == 0;
		}
		close(fd);
	}
}

static void link_state_follows_the_other_end(void **state)
{
	struct hwip_choice with_link = { .need_carrier = true }, without = { .need_carrier = false };
	struct hwip_addr a;
	struct hwip_link l;
	struct hwip *h;
	unsigned p;

	needs_namespaces();
	a = addr("10.99.0.50");
	h = open_handle();
	assert_true(dev("hw0").running);
	in(ns_there);
	assert_int_equal(link_set("hw1", 0, -1), 0);
	in(ns_here);
	assert_true(dev("hw0").up);
	assert_false(dev("hw0").running);
	assert_int_equal(hwip_choose(h, &a, &with_link, &l, &p, why, sizeof(why)), -ENOLINK);
	assert_int_equal(hwip_choose(h, &a, &without, &l, &p, why, sizeof(why)), 0);
	assert_int_equal(link_set("hw0", 0, -1), 0);
	assert_int_equal(hwip_choose(h, &a, &without, &l, &p, why, sizeof(why)), -ENETDOWN);
	hwip_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_and_go),
		cmocka_unit_test(the_most_specific_network_wins),
		cmocka_unit_test(ipv6_can_be_bound_at_once),
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(duplicate_is_found),
		cmocka_unit_test(announcement_is_heard),
		cmocka_unit_test(link_state_follows_the_other_end),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
