/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "ip_packet.h"

static const uint8_t own[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t other[6] = { 2, 0, 0, 0, 0, 2 };

static struct hwip_addr addr(const char *text)
{
	struct hwip_addr a;

	assert_int_equal(hwip_parse(text, AF_UNSPEC, &a, NULL, 0), 0);
	return a;
}

static void parse_and_format_round_trip(void **state)
{
	static const char *const good[] = { "10.0.0.1", "10.0.0.1/24", "127.0.0.1/8", "fd00::1", "fd00::1/64",
		"fe80::1/128", "192.0.2.255/32", "10.0.0.1/0" };
	char text[HWIP_TEXT_MAX];

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct hwip_addr a = addr(good[i]);

		hwip_format(&a, text);
		assert_string_equal(text, good[i]);
	}
}

static void parse_refuses_with_reason(void **state)
{
	static const struct {
		const char *text;
		int family;
		const char *reason;
	} bad[] = {
		{ "", AF_UNSPEC, "empty" },
		{ "/24", AF_UNSPEC, "empty" },
		{ "10.0.0", AF_UNSPEC, "no IP address" },
		{ "10.0.0.1/33", AF_UNSPEC, "0 to 32" },
		{ "10.0.0.1/", AF_UNSPEC, "0 to 32" },
		{ "10.0.0.1/+1", AF_UNSPEC, "0 to 32" },
		{ "10.0.0.1/2x", AF_UNSPEC, "0 to 32" },
		{ "10.0.0.1/99999999999999999999", AF_UNSPEC, "0 to 32" },
		{ "fd00::1/129", AF_UNSPEC, "0 to 128" },
		{ "fd00::g", AF_UNSPEC, "no IP address" },
		{ "224.0.0.1", AF_UNSPEC, "one host" },
		{ "255.255.255.255", AF_UNSPEC, "one host" },
		{ "0.0.0.0", AF_UNSPEC, "one host" },
		{ "::", AF_UNSPEC, "one host" },
		{ "ff02::1", AF_UNSPEC, "one host" },
		{ "10.0.0.1", AF_INET6, "not an IPv6" },
		{ "fd00::1", AF_INET, "not an IPv4" },
		{ "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", AF_UNSPEC, "no IP address" },
	};
	char why[256];
	struct hwip_addr a;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(hwip_parse(bad[i].text, bad[i].family, &a, why, sizeof(why)), -EINVAL);
		if (!strstr(why, bad[i].reason) || !strstr(why, "; write it as"))
			fail_msg("\"%s\" -> \"%s\"", bad[i].text, why);
	}
}

static void same_net_compares_bits(void **state)
{
	struct hwip_addr a = addr("10.1.2.3"), b = addr("10.1.3.3"), c = addr("fd00::1"),
			 d = addr("fd00::ff");

	assert_true(hwip_same_net(&a, &b, 0));
	assert_true(hwip_same_net(&a, &b, 23));
	assert_false(hwip_same_net(&a, &b, 24));
	assert_false(hwip_same_net(&a, &b, 32));
	assert_true(hwip_same_net(&a, &a, 32));
	assert_false(hwip_same_net(&a, &a, 33));
	assert_true(hwip_same_net(&c, &d, 120));
	assert_false(hwip_same_net(&c, &d, 128));
	assert_false(hwip_same_net(&a, &c, 0));
}

static void arp_bytes(void **state)
{
	static const uint8_t probe[HWIP_ARP_LEN] = { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 10, 1, 2, 3 };
	static const uint8_t announce[HWIP_ARP_LEN] = { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 1, 2, 3,
		0, 0, 0, 0, 0, 0, 10, 1, 2, 3 };
	static const uint8_t reply[HWIP_ARP_LEN] = { 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 10, 1, 2, 3,
		255, 255, 255, 255, 255, 255, 10, 1, 2, 3 };
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	struct hwip_addr a = addr("10.1.2.3/24");
	uint8_t p[HWIP_PACKET_MAX], dest[6];

	assert_int_equal(hwip_packet_build(HWIP_ARP_PROBE, &a, own, p, dest), HWIP_ARP_LEN);
	assert_memory_equal(p, probe, HWIP_ARP_LEN);
	assert_memory_equal(dest, all, 6);
	assert_int_equal(hwip_packet_build(HWIP_ARP_ANNOUNCE, &a, own, p, dest), HWIP_ARP_LEN);
	assert_memory_equal(p, announce, HWIP_ARP_LEN);
	assert_int_equal(hwip_packet_build(HWIP_ARP_REPLY, &a, own, p, dest), HWIP_ARP_LEN);
	assert_memory_equal(p, reply, HWIP_ARP_LEN);
}

/* A correct checksum makes the one's complement sum over pseudo header and message 0xffff. */
static uint32_t icmp6_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = (uint32_t)(len - 40) + 58;

	for (size_t i = 8; i < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void nd_bytes(void **state)
{
	static const uint8_t solicited_mac[6] = { 0x33, 0x33, 0xff, 0xab, 0xcd, 0xef };
	static const uint8_t solicited[16] = { 0xff,
		2, [11] = 1, [12] = 0xff, [13] = 0xab, [14] = 0xcd, [15] = 0xef };
	static const uint8_t all_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const uint8_t zero[16];
	struct hwip_addr a = addr("fd00::12ab:cdef");
	uint8_t p[HWIP_PACKET_MAX], dest[6];
	size_t len = hwip_packet_build(HWIP_ND_PROBE, &a, own, p, dest);

	assert_int_equal(len, 64);
	assert_int_equal(p[5], 24);
	assert_int_equal(p[7], 255);
	assert_memory_equal(p + 8, zero, 16);
	assert_memory_equal(p + 24, solicited, 16);
	assert_memory_equal(dest, solicited_mac, 6);
	assert_int_equal(p[40], 135);
	assert_memory_equal(p + 48, a.bytes, 16);
	assert_int_equal(icmp6_sum(p, len), 0xffff);

	len = hwip_packet_build(HWIP_ND_ANNOUNCE, &a, own, p, dest);
	assert_int_equal(len, 72);
	assert_memory_equal(dest, all_mac, 6);
	assert_memory_equal(p + 8, a.bytes, 16);
	assert_int_equal(p[40], 136);
	assert_int_equal(p[44], 0x20);
	assert_int_equal(p[64], 2);
	assert_int_equal(p[65], 1);
	assert_memory_equal(p + 66, own, 6);
	assert_int_equal(icmp6_sum(p, len), 0xffff);
}

static void conflicts_are_seen_and_nothing_else(void **state)
{
	struct hwip_addr a = addr("10.1.2.3"), b = addr("10.1.2.4"), a6 = addr("fd00::1"),
			 b6 = addr("fd00::2");
	static const struct {
		enum hwip_packet kind;
		bool v6;
	} kinds[] = { { HWIP_ARP_PROBE, false }, { HWIP_ARP_ANNOUNCE, false }, { HWIP_ARP_REPLY, false },
		{ HWIP_ND_PROBE, true }, { HWIP_ND_ANNOUNCE, true } };
	uint8_t p[HWIP_PACKET_MAX], dest[6], mac[6];

	for (unsigned i = 0; i < 5; i++) {
		const struct hwip_addr *mine = kinds[i].v6 ? &a6 : &a, *another = kinds[i].v6 ? &b6 : &b;
		size_t len = hwip_packet_build(kinds[i].kind, mine, other, p, dest);

		memset(mac, 0, 6);
		assert_true(hwip_packet_conflicts(p, len, mine, own, other, mac));
		assert_memory_equal(mac, other, 6);
		assert_false(hwip_packet_conflicts(p, len, another, own, other, mac));
		for (size_t n = 0; n < (kinds[i].v6 ? 64 : len); n++)
			assert_false(hwip_packet_conflicts(p, n, mine, own, other, mac));
		len = hwip_packet_build(kinds[i].kind, mine, own, p, dest);
		assert_false(hwip_packet_conflicts(p, len, mine, own, own, mac));
	}
}

/* Somebody who resolves the address does not own it. */
static void plain_question_is_no_conflict(void **state)
{
	struct hwip_addr a = addr("10.1.2.3");
	uint8_t p[HWIP_PACKET_MAX], dest[6], mac[6];
	size_t len = hwip_packet_build(HWIP_ARP_PROBE, &a, other, p, dest);

	p[14] = 10;
	p[17] = 9;
	assert_false(hwip_packet_conflicts(p, len, &a, own, other, mac));
}

/* Only a neighbour can send with the full hop limit. */
static void routed_packet_is_no_conflict(void **state)
{
	struct hwip_addr a = addr("fd00::1");
	uint8_t p[HWIP_PACKET_MAX], dest[6], mac[6];
	size_t len = hwip_packet_build(HWIP_ND_ANNOUNCE, &a, other, p, dest);

	assert_true(hwip_packet_conflicts(p, len, &a, own, other, mac));
	p[7] = 64;
	assert_false(hwip_packet_conflicts(p, len, &a, own, other, mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_and_format_round_trip),
		cmocka_unit_test(parse_refuses_with_reason),
		cmocka_unit_test(same_net_compares_bits),
		cmocka_unit_test(arp_bytes),
		cmocka_unit_test(nd_bytes),
		cmocka_unit_test(conflicts_are_seen_and_nothing_else),
		cmocka_unit_test(plain_question_is_no_conflict),
		cmocka_unit_test(routed_packet_is_no_conflict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
