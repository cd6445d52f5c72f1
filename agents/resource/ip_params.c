/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ip_params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define NFS_SLEEP_S 10u	/* how long an address of an NFS service rests before it may be taken elsewhere */

typedef const char *(*getter)(const char *name);

static int bad(const char *name, const char *text, const char *reason, char *why, size_t size)
{
	if (size)
		snprintf(why, size, "parameter %s=\"%.60s\": %s; correct it in cluster.conf", name, text,
			reason);
	return -EINVAL;
}

static const char *value(getter get, const char *name)
{
	const char *s = get(name);

	return s && *s ? s : NULL;
}

static int read_bool(getter get, const char *name, bool def, bool *ret, char *why, size_t size)
{
	static const char *const yes[] = { "1", "yes", "on", "true" }, *const no[] = { "0", "no", "off",
		"false" };
	const char *s = value(get, name);

	if (!s) {
		*ret = def;
		return 0;
	}
	for (unsigned i = 0; i < 4; i++) {
		if (strcasecmp(s, yes[i]) == 0 || strcasecmp(s, no[i]) == 0) {
			*ret = strcasecmp(s, yes[i]) == 0;
			return 0;
		}
	}
	return bad(name, s, "is neither 1 nor 0", why, size);
}

static int read_uint(getter get, const char *name, unsigned def, unsigned max, unsigned *ret, char *why,
	size_t size)
{
	const char *s = value(get, name);
	unsigned long v;
	char reason[60], *end;

	if (!s) {
		*ret = def;
		return 0;
	}
	errno = 0;
	v = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || errno || *end || v > max) {
		snprintf(reason, sizeof(reason), "is not a number from 0 to %u", max);
		return bad(name, s, reason, why, size);
	}
	*ret = (unsigned)v;
	return 0;
}

static int read_address(getter get, struct hwip_addr *ret, char *why, size_t size)
{
	const char *address = value(get, "address"), *family = value(get, "family");
	int af = AF_UNSPEC;

	if (!address)
		return bad("address", "", "is missing", why, size);
	if (family && strcmp(family, "inet") == 0)
		af = AF_INET;
	else if (family && strcmp(family, "inet6") == 0)
		af = AF_INET6;
	else if (family && strcmp(family, "auto") != 0)
		return bad("family", family, "is neither inet nor inet6", why, size);
	return hwip_parse(address, af, ret, why, size);
}

int ip_params_read(getter get, struct ip_params *ret, char *why, size_t size)
{
	struct ip_params p = { .only = value(get, "prefer_interface") };
	bool nfslock;
	int r = read_address(get, &p.address, why, size);

	if (r == 0)
		r = read_bool(get, "monitor_link", true, &p.monitor_link, why, size);
	if (r == 0)
		r = read_bool(get, "disable_rdisc", false, &p.disable_rdisc, why, size);
	if (r == 0)
		r = read_bool(get, "nfslock", false, &nfslock, why, size);
	if (r == 0)
		r = read_uint(
			get, "sleeptime", nfslock ? NFS_SLEEP_S : 0, IP_SLEEP_MAX, &p.sleep_s, why, size);
	if (r == 0)
		r = read_uint(get, "duplicate_wait", HWIP_PROBE_MS, IP_DUPLICATE_WAIT_MAX,
			&p.duplicate_wait_ms, why, size);
	if (r == 0 && p.only && strlen(p.only) >= IF_NAMESIZE)
		r = bad("prefer_interface", p.only, "is no possible name of a device", why, size);
	if (r == 0)
		*ret = p;
	return r;
}
