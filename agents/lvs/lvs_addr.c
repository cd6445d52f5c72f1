/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lvs_addr_parse(const char *text, struct lvs_addr *ret)
{
	struct lvs_addr a = { 0 };

	if (inet_pton(AF_INET, text, a.a) == 1)
		a.family = AF_INET;
	else if (inet_pton(AF_INET6, text, a.a) == 1)
		a.family = AF_INET6;
	else
		return -EINVAL;
	*ret = a;
	return 0;
}

int lvs_addr_parse_mask(const char *text, unsigned max_prefix, unsigned *ret_prefix)
{
	struct lvs_addr a;
	unsigned prefix = 0;
	uint32_t bits;

	if (strchr(text, '.')) {
		if (lvs_addr_parse(text, &a) < 0 || a.family != AF_INET || max_prefix < 32)
			return -EINVAL;
		bits = (uint32_t)a.a[0] << 24 | (uint32_t)a.a[1] << 16 | (uint32_t)a.a[2] << 8 | a.a[3];
		while (prefix < 32 && (bits & (UINT32_C(1) << (31 - prefix))))
			prefix++;
		/* A mask with a hole is not a mask. */
		if (prefix < 32 && (bits << prefix) != 0)
			return -EINVAL;
	} else {
		const char *p = *text == '/' ? text + 1 : text;
		char *end;
		unsigned long n;

		if (*p < '0' || *p > '9')
			return -EINVAL;
		n = strtoul(p, &end, 10);
		if (*end || n > max_prefix)
			return -EINVAL;
		prefix = (unsigned)n;
	}
	*ret_prefix = prefix;
	return 0;
}

const char *lvs_addr_text(const struct lvs_addr *a, char buf[LVS_ADDR_TEXT])
{
	if (a->family == AF_UNSPEC || !inet_ntop(a->family, a->a, buf, LVS_ADDR_TEXT))
		snprintf(buf, LVS_ADDR_TEXT, "-");
	return buf;
}

const char *lvs_addr_port_text(const struct lvs_addr *a, uint16_t port, char buf[LVS_ADDR_TEXT])
{
	char text[LVS_ADDR_TEXT];

	snprintf(buf, LVS_ADDR_TEXT, a->family == AF_INET6 ? "[%.45s]:%u" : "%.45s:%u", lvs_addr_text(a, text), port);
	return buf;
}

int lvs_addr_cmp(const struct lvs_addr *a, const struct lvs_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->a, b->a, sizeof(a->a));
}

bool lvs_addr_is_any(const struct lvs_addr *a)
{
	static const uint8_t none[16];

	return a->family == AF_UNSPEC || !memcmp(a->a, none, sizeof(none));
}

struct lvs_addr lvs_addr_masked(const struct lvs_addr *a, unsigned prefix)
{
	struct lvs_addr m = *a;

	for (unsigned i = 0; i < sizeof(m.a); i++) {
		unsigned keep = prefix > i * 8 ? prefix - i * 8 : 0;

		m.a[i] &= keep >= 8 ? 0xff : (uint8_t)(0xff00 >> keep);
	}
	return m;
}

socklen_t lvs_addr_sockaddr(const struct lvs_addr *a, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (a->family == AF_INET6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a->a, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, a->a, 4);
	return sizeof(*in);
}
