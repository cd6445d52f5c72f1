/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as values: the pure part of ip_netlink.h. */
#include "ip_netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad(const char *text, const char *reason, char *why, size_t size)
{
	if (size)
		snprintf(why, size, "address \"%.60s\": %s; write it as 192.0.2.10/24 or 2001:db8::10/64",
			text, reason);
	return -EINVAL;
}

static bool parse_prefix(const char *s, unsigned max, unsigned *ret)
{
	char *end;
	unsigned long v;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	v = strtoul(s, &end, 10);
	if (errno || *end || v > max)
		return false;
	*ret = (unsigned)v;
	return true;
}

static bool is_ownable(const struct hwip_addr *a)
{
	static const uint8_t zero[16];

	if (memcmp(a->bytes, zero, a->family == AF_INET6 ? 16 : 4) == 0)
		return false;
	if (a->family == AF_INET6)
		return a->bytes[0] != 0xff;
	return a->bytes[0] != 0 && a->bytes[0] < 224;
}

int hwip_parse(const char *text, int family, struct hwip_addr *ret, char *why, size_t size)
{
	struct hwip_addr a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET, .prefix = HWIP_NO_PREFIX };
	const char *slash = strchr(text, '/');
	char host[INET6_ADDRSTRLEN];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len == 0)
		return bad(text, "is empty", why, size);
	if (len >= sizeof(host))
		return bad(text, "is no IP address", why, size);
	memcpy(host, text, len);
	host[len] = '\0';
	if (family != AF_UNSPEC && family != a.family)
		return bad(text, family == AF_INET6 ? "is not an IPv6 address" : "is not an IPv4 address",
			why, size);
	if (inet_pton(a.family, host, a.bytes) != 1)
		return bad(text, "is no IP address", why, size);
	if (slash && !parse_prefix(slash + 1, a.family == AF_INET6 ? 128 : 32, &a.prefix))
		return bad(text, a.family == AF_INET6 ? "the prefix length is not a number from 0 to 128" :
			"the prefix length is not a number from 0 to 32", why, size);
	if (!is_ownable(&a))
		return bad(text, "is not an address that one host can have", why, size);
	*ret = a;
	return 0;
}

void hwip_format(const struct hwip_addr *a, char ret[HWIP_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN];

	if (!inet_ntop(a->family, a->bytes, host, sizeof(host)))
		snprintf(host, sizeof(host), "?");
	if (a->prefix == HWIP_NO_PREFIX)
		snprintf(ret, HWIP_TEXT_MAX, "%s", host);
	else
		snprintf(ret, HWIP_TEXT_MAX, "%s/%u", host, a->prefix);
}

bool hwip_addr_equal(const struct hwip_addr *a, const struct hwip_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == AF_INET6 ? 16 : 4) == 0;
}

bool hwip_same_net(const struct hwip_addr *a, const struct hwip_addr *b, unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (a->family != b->family || prefix > (a->family == AF_INET6 ? 128u : 32u))
		return false;
	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 || (a->bytes[whole] & mask) == (b->bytes[whole] & mask);
}
