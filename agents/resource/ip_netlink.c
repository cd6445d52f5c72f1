/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ip_netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <net/if_arp.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct hwip {
	struct nl_sock *sock;
};

static int errno_of(int nle)
{
	static const struct {
		int nle, error;
	} map[] = {
		{ NLE_EXIST, EEXIST },
		{ NLE_NOADDR, EADDRNOTAVAIL },
		{ NLE_OBJ_NOTFOUND, ENOENT },
		{ NLE_PERM, EPERM },
		{ NLE_NOACCESS, EACCES },
		{ NLE_NODEV, ENODEV },
		{ NLE_NOMEM, ENOMEM },
		{ NLE_INVAL, EINVAL },
		{ NLE_BUSY, EBUSY },
		{ NLE_RANGE, ERANGE },
		{ NLE_AF_NOSUPPORT, EAFNOSUPPORT },
		{ NLE_OPNOTSUPP, EOPNOTSUPP },
		{ NLE_INTR, EINTR },
		{ NLE_AGAIN, EAGAIN },
	};

	if (nle < 0)
		nle = -nle;
	for (unsigned i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].nle == nle)
			return -map[i].error;
	return -EIO;
}

static int fail(int error, char *why, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int fail(int error, char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	if (size) {
		va_start(ap, fmt);
		vsnprintf(why, size, fmt, ap);
		va_end(ap);
	}
	return error;
}

static const char *next_step(int error)
{
	if (error == -EPERM || error == -EACCES)
		return "run it as root (CAP_NET_ADMIN is needed)";
	return "see \"ip address show\" and the kernel's log";
}

int hwip_open(struct hwip **ret, char *why, size_t size)
{
	struct hwip *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return fail(-ENOMEM, why, size, "netlink: out of memory; free some");
	h->sock = nl_socket_alloc();
	r = h->sock ? nl_connect(h->sock, NETLINK_ROUTE) : -NLE_NOMEM;
	if (r < 0) {
		hwip_close(h);
		return fail(errno_of(r), why, size, "netlink: cannot open a route socket: %s; %s",
			nl_geterror(r), next_step(errno_of(r)));
	}
	*ret = h;
	return 0;
}

struct hwip *hwip_close(struct hwip *h)
{
	if (h)
		nl_socket_free(h->sock);
	free(h);
	return NULL;
}

static void link_fill(struct rtnl_link *l, struct hwip_link *ret)
{
	unsigned flags = rtnl_link_get_flags(l);
	unsigned oper = rtnl_link_get_operstate(l);
	struct nl_addr *hw = rtnl_link_get_addr(l);
	unsigned len = hw ? nl_addr_get_len(hw) : 0;

	memset(ret, 0, sizeof(*ret));
	ret->ifindex = rtnl_link_get_ifindex(l);
	snprintf(ret->name, sizeof(ret->name), "%s", rtnl_link_get_name(l));
	ret->up = flags & IFF_UP;
	ret->running = ret->up && (flags & IFF_RUNNING) && (oper == IF_OPER_UP || oper == IF_OPER_UNKNOWN);
	if (len > 0 && len <= sizeof(ret->hwaddr)) {
		memcpy(ret->hwaddr, nl_addr_get_binary_addr(hw), len);
		ret->hwaddr_len = len;
	}
	ret->has_arp =
		rtnl_link_get_arptype(l) == ARPHRD_ETHER && len == 6 && !(flags & (IFF_NOARP | IFF_LOOPBACK));
}

int hwip_link_get(
	struct hwip *h, const char *name, int ifindex, struct hwip_link *ret, char *why, size_t size)
{
	struct rtnl_link *l = NULL;
	int r;

	if (name && (!*name || strlen(name) >= IF_NAMESIZE))
		return fail(-ENODEV, why, size,
			"device \"%.60s\": no such name is possible; see \"ip link show\"", name);
	r = rtnl_link_get_kernel(h->sock, name ? 0 : ifindex, name, &l);
	if (r < 0) {
		r = r == -NLE_OBJ_NOTFOUND ? -ENODEV : errno_of(r);
		if (name)
			return fail(r, why, size, "device %s: %s; see \"ip link show\"", name, strerror(-r));
		return fail(
			r, why, size, "device number %d: %s; see \"ip link show\"", ifindex, strerror(-r));
	}
	link_fill(l, ret);
	rtnl_link_put(l);
	return 0;
}

static bool addr_fill(struct rtnl_addr *ra, struct hwip_addr *ret)
{
	struct nl_addr *local = rtnl_addr_get_local(ra);
	int family = rtnl_addr_get_family(ra);
	unsigned len = family == AF_INET6 ? 16 : 4;

	if (!local || (family != AF_INET && family != AF_INET6) || nl_addr_get_len(local) != len)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->family = family;
	memcpy(ret->bytes, nl_addr_get_binary_addr(local), len);
	ret->prefix = (unsigned)rtnl_addr_get_prefixlen(ra);
	return true;
}

static int addresses(struct hwip *h, struct nl_cache **ret, char *why, size_t size)
{
	int r = rtnl_addr_alloc_cache(h->sock, ret);

	if (r < 0)
		return fail(errno_of(r), why, size, "addresses: cannot list them: %s; %s", nl_geterror(r),
			next_step(errno_of(r)));
	return 0;
}

/* The next entry of the cache behind `from` (NULL: the first) that is a, on ifindex unless 0. */
static struct rtnl_addr *next_match(struct nl_cache *cache, struct nl_object *from, const struct hwip_addr *a,
	int ifindex)
{
	struct nl_object *o = from ? nl_cache_get_next(from) : nl_cache_get_first(cache);

	for (; o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *ra = (struct rtnl_addr *)o;
		struct hwip_addr have;

		if (ifindex && rtnl_addr_get_ifindex(ra) != ifindex)
			continue;
		if (addr_fill(ra, &have) && hwip_addr_equal(&have, a))
			return ra;
	}
	return NULL;
}

static int duplicate(const char *text, const char *device, char *why, size_t size)
{
	return fail(-EADDRINUSE, why, size,
		"%s on %s: the kernel found another host with this address and does not use it; "
		"remove it there, then stop and start it here", text, device);
}

int hwip_find(struct hwip *h, const struct hwip_addr *a, struct hwip_link *ret, unsigned *ret_prefix,
	char *why, size_t size)
{
	char text[HWIP_TEXT_MAX];
	struct nl_cache *cache;
	struct hwip_link link;
	struct rtnl_addr *ra;
	unsigned flags = 0, prefix = 0;
	int ifindex = 0, r;

	r = addresses(h, &cache, why, size);
	if (r < 0)
		return r;
	ra = next_match(cache, NULL, a, 0);
	if (ra) {
		ifindex = rtnl_addr_get_ifindex(ra);
		flags = rtnl_addr_get_flags(ra);
		prefix = (unsigned)rtnl_addr_get_prefixlen(ra);
	}
	nl_cache_free(cache);

	hwip_format(a, text);
	if (!ra)
		return fail(-EADDRNOTAVAIL, why, size, "%s: is on no device of this machine; start it first",
			text);
	r = hwip_link_get(h, NULL, ifindex, &link, why, size);
	if (r < 0)
		return r;
	if (flags & IFA_F_DADFAILED)
		return duplicate(text, link.name, why, size);
	if (ret)
		*ret = link;
	if (ret_prefix)
		*ret_prefix = prefix;
	return 0;
}

/* By which prefix does `have` share a network with a? 0 = by none. */
static unsigned shared_prefix(const struct hwip_addr *have, const struct hwip_addr *a)
{
	unsigned host = a->family == AF_INET6 ? 128 : 32;

	if (have->family != a->family || hwip_addr_equal(have, a))
		return 0;
	/* A host route's address says nothing about the network around it. */
	if (have->prefix > 0 && have->prefix < host && hwip_same_net(have, a, have->prefix))
		return have->prefix;
	if (a->prefix != HWIP_NO_PREFIX && a->prefix > 0 && hwip_same_net(have, a, a->prefix))
		return a->prefix;
	return 0;
}

struct candidate {
	struct hwip_link link;
	unsigned prefix;
	bool down, no_carrier;	/* a device was passed over for this */
};

/* Looks at one address of the machine; keeps its device in `best` when that is better. */
static void consider(struct hwip *h, struct rtnl_addr *ra, const struct hwip_addr *a,
	const struct hwip_choice *c, struct candidate *best)
{
	int ifindex = rtnl_addr_get_ifindex(ra);
	struct hwip_addr have;
	struct hwip_link link;
	unsigned prefix;

	if (!addr_fill(ra, &have))
		return;
	prefix = shared_prefix(&have, a);
	if (prefix == 0 || prefix < best->prefix || (prefix == best->prefix && ifindex >= best->link.ifindex))
		return;
	if (hwip_link_get(h, NULL, ifindex, &link, NULL, 0) < 0)
		return;		/* gone since the list was read */
	if (c->only && strcmp(c->only, link.name) != 0)
		return;
	if (!link.up) {
		best->down = true;
		return;
	}
	if (c->need_carrier && !link.running) {
		best->no_carrier = true;
		return;
	}
	best->link = link;
	best->prefix = prefix;
}

int hwip_choose(struct hwip *h, const struct hwip_addr *a, const struct hwip_choice *c, struct hwip_link *ret,
	unsigned *ret_prefix, char *why, size_t size)
{
	struct candidate best = { .prefix = 0 };
	char text[HWIP_TEXT_MAX];
	struct nl_cache *cache;
	int r;

	r = addresses(h, &cache, why, size);
	if (r < 0)
		return r;
	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
		consider(h, (struct rtnl_addr *)o, a, c, &best);
	nl_cache_free(cache);

	hwip_format(a, text);
	if (best.prefix) {
		*ret = best.link;
		*ret_prefix = a->prefix != HWIP_NO_PREFIX ? a->prefix : best.prefix;
		return 0;
	}
	if (best.no_carrier)
		return fail(-ENOLINK, why, size,
			"%s: the device of its network has no link; check cable and switch, or set "
			"monitor_link=\"0\"",
			text);
	if (best.down)
		return fail(-ENETDOWN, why, size,
			"%s: the device of its network is down; bring it up with \"ip link set DEVICE up\"",
			text);
	if (c->only)
		return fail(-ENODEV, why, size,
			"%s: %s has no address of its network; give %s one, or choose another device", text,
			c->only, c->only);
	return fail(-ENODEV, why, size,
		"%s: no device of this machine has an address of its network; configure one, or correct the "
		"address",
		text);
}

static struct rtnl_addr *addr_make(const struct hwip_addr *a, int ifindex, const char *label)
{
	struct rtnl_addr *ra = rtnl_addr_alloc();
	struct nl_addr *na = nl_addr_build(a->family, a->bytes, a->family == AF_INET6 ? 16 : 4);
	int r = ra && na ? 0 : -NLE_NOMEM;

	if (r == 0) {
		nl_addr_set_prefixlen(na, (int)a->prefix);
		rtnl_addr_set_ifindex(ra, ifindex);
		r = rtnl_addr_set_local(ra, na);
	}
	if (r == 0 && a->family == AF_INET && a->bytes[0] == 127)
		rtnl_addr_set_scope(ra, RT_SCOPE_HOST);
	if (r == 0 && a->family == AF_INET && label)
		r = rtnl_addr_set_label(ra, label);
	if (r == 0 && a->family == AF_INET6)
		rtnl_addr_set_flags(ra, IFA_F_NODAD);
	nl_addr_put(na);
	if (r == 0)
		return ra;
	rtnl_addr_put(ra);
	return NULL;
}

/* 1: the device has it and it is good; 0: no device has it. */
static int already(struct hwip *h, const struct hwip_addr *a, int ifindex, char *why, size_t size)
{
	char text[HWIP_TEXT_MAX];
	struct hwip_link link;
	int r = hwip_find(h, a, &link, NULL, why, size);

	if (r == -EADDRNOTAVAIL)
		return 0;
	if (r < 0)
		return r;
	if (link.ifindex == ifindex)
		return 1;
	hwip_format(a, text);
	return fail(-EADDRINUSE, why, size,
		"%s: is on device %s already; remove it there first (\"ip address del\")", text, link.name);
}

int hwip_add(
	struct hwip *h, const struct hwip_addr *a, int ifindex, const char *label, char *why, size_t size)
{
	char text[HWIP_TEXT_MAX];
	struct rtnl_addr *ra;
	int r;

	hwip_format(a, text);
	if (a->prefix > (a->family == AF_INET6 ? 128u : 32u))
		return fail(
			-EINVAL, why, size, "%s: has no prefix length; write it behind the address", text);
	if (label && (!*label || strlen(label) >= IF_NAMESIZE))
		return fail(-EINVAL, why, size,
			"%s: label \"%.60s\" must have 1 to 15 characters; shorten it", text, label);
	r = already(h, a, ifindex, why, size);
	if (r != 0)
		return r < 0 ? r : 0;
	ra = addr_make(a, ifindex, label);
	if (!ra)
		return fail(-ENOMEM, why, size, "%s: out of memory; free some", text);
	r = rtnl_addr_add(h->sock, ra, NLM_F_EXCL);
	rtnl_addr_put(ra);
	if (r == 0 || r == -NLE_EXIST)
		return 0;
	return fail(errno_of(r), why, size, "%s: cannot add it to device number %d: %s; %s", text, ifindex,
		nl_geterror(r), next_step(errno_of(r)));
}

int hwip_del(struct hwip *h, const struct hwip_addr *a, int ifindex, char *why, size_t size)
{
	char text[HWIP_TEXT_MAX];
	struct nl_cache *cache;
	struct rtnl_addr *ra;
	int r;

	r = addresses(h, &cache, why, size);
	if (r < 0)
		return r;
	for (ra = next_match(cache, NULL, a, ifindex); ra;
		ra = next_match(cache, (struct nl_object *)ra, a, ifindex)) {
		r = rtnl_addr_delete(h->sock, ra, 0);
		if (r == -NLE_NOADDR || r == -NLE_NODEV)
			r = 0;	/* gone since the list was read */
		if (r < 0)
			break;
	}
	nl_cache_free(cache);
	if (r == 0)
		return 0;
	hwip_format(a, text);
	return fail(errno_of(r), why, size, "%s: cannot remove it: %s; %s", text, nl_geterror(r),
		next_step(errno_of(r)));
}
