/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_name.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <sys/utsname.h>

#include "cman_plan.h"

static const char *find_exact(const struct clu_conf_node *nodes, unsigned n, const char *name, size_t len)
{
	for (unsigned i = 0; i < n; i++)
		if (strlen(nodes[i].name) == len && !memcmp(nodes[i].name, name, len))
			return nodes[i].name;
	return NULL;
}

const char *cman_name_match(const struct clu_conf *conf, const char *host)
{
	struct clu_conf_node nodes[CMAN_MAX_NODES];
	unsigned n = clu_conf_nodes(conf, nodes, CMAN_MAX_NODES);
	size_t len = strcspn(host, ".");
	const char *found;

	if (!len)
		return NULL;
	found = find_exact(nodes, n, host, strlen(host));
	if (!found)
		found = find_exact(nodes, n, host, len);
	for (unsigned i = 0; !found && i < n; i++)
		if (strcspn(nodes[i].name, ".") == len && !memcmp(nodes[i].name, host, len))
			found = nodes[i].name;
	return found;
}

static socklen_t address_len(const struct sockaddr *sa)
{
	return sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static bool is_same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr, &((const struct sockaddr_in6 *)b)->sin6_addr,
		       sizeof(struct in6_addr));
}

static bool is_usable(const struct ifaddrs *i)
{
	return i->ifa_addr && !(i->ifa_flags & IFF_LOOPBACK) &&
	       (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6);
}

static const char *match_local_address(const struct clu_conf *conf, const struct ifaddrs *list)
{
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		char host[NI_MAXHOST];
		const char *found;

		if (!is_usable(i))
			continue;
		if (!getnameinfo(i->ifa_addr, address_len(i->ifa_addr), host, sizeof(host), NULL, 0, NI_NAMEREQD)) {
			found = cman_name_match(conf, host);
			if (found)
				return found;
		}
		/* As a number: cut at no dot, so compared whole. */
		if (!getnameinfo(i->ifa_addr, address_len(i->ifa_addr), host, sizeof(host), NULL, 0, NI_NUMERICHOST)) {
			struct clu_conf_node nodes[CMAN_MAX_NODES];
			unsigned n = clu_conf_nodes(conf, nodes, CMAN_MAX_NODES);

			found = find_exact(nodes, n, host, strlen(host));
			if (found)
				return found;
		}
	}
	return NULL;
}

static bool is_local(const char *name, const struct ifaddrs *list)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found = NULL;
	bool hit = false;

	if (!name || getaddrinfo(name, NULL, &hints, &found))
		return false;
	for (const struct addrinfo *a = found; a && !hit; a = a->ai_next)
		for (const struct ifaddrs *i = list; i && !hit; i = i->ifa_next)
			hit = is_usable(i) && is_same_address(a->ai_addr, i->ifa_addr);
	freeaddrinfo(found);
	return hit;
}

static const char *match_resolved(const struct clu_conf *conf, const struct ifaddrs *list)
{
	struct clu_conf_node nodes[CMAN_MAX_NODES];
	unsigned n = clu_conf_nodes(conf, nodes, CMAN_MAX_NODES);

	for (unsigned i = 0; i < n; i++) {
		const struct clu_node *alt = clu_node_child(nodes[i].xml, "altname");

		if (*nodes[i].name && is_local(nodes[i].name, list))
			return nodes[i].name;
		for (; alt; alt = clu_node_next(alt, "altname"))
			if (is_local(clu_node_attr(alt, "name"), list))
				return nodes[i].name;
	}
	return NULL;
}

const char *cman_name_own(const struct clu_conf *conf, const char *given, struct clu_buf *why)
{
	struct clu_conf_node nodes[CMAN_MAX_NODES];
	struct ifaddrs *list = NULL;
	const char *found;
	struct utsname u;

	if (given) {
		found = find_exact(nodes, clu_conf_nodes(conf, nodes, CMAN_MAX_NODES), given, strlen(given));
		if (!found)
			clu_buf_printf(why,
				       "node name \"%s\" is not among the cluster nodes: -n must give one of them; "
				       "correct -n or add the node to cluster.conf\n",
				       given);
		return found;
	}
	if (uname(&u) < 0)
		u.nodename[0] = '\0';
	found = cman_name_match(conf, u.nodename);
	if (!found && !getifaddrs(&list)) {
		found = match_local_address(conf, list);
		if (!found)
			found = match_resolved(conf, list);
		freeifaddrs(list);
	}
	if (!found)
		clu_buf_printf(
			why,
			"no cluster node is this machine: neither its host name \"%s\" nor one of its addresses "
			"belongs to a clusternode; add the node to cluster.conf, or say which one it is with -n "
			"NAME\n",
			u.nodename);
	return found;
}

int cman_name_resolve(void *ctx, const char *name, char *ret, size_t size)
{
	const int families[] = { AF_INET, AF_INET6 };

	(void)ctx;
	for (unsigned i = 0; i < 2; i++) {
		const struct addrinfo hints = { .ai_family = families[i], .ai_socktype = SOCK_DGRAM };
		struct addrinfo *found = NULL;
		int r;

		if (getaddrinfo(name, NULL, &hints, &found))
			continue;
		r = getnameinfo(found->ai_addr, found->ai_addrlen, ret, (socklen_t)size, NULL, 0, NI_NUMERICHOST);
		freeaddrinfo(found);
		if (!r)
			return 0;
	}
	return -ENOENT;
}

int cman_name_local(const char *given, char *ret, size_t size)
{
	struct ifaddrs *list = NULL;
	struct utsname u = { .nodename = "" };
	int r = -ENOENT;

	if (!given)
		(void)uname(&u);
	if (getifaddrs(&list) < 0)
		return -ENOENT;
	for (int pass = 0; pass < 2 && r < 0; pass++) {
		char wanted[NI_MAXHOST] = "";
		const char *name = given ? given : u.nodename;

		if (!pass && cman_name_resolve(NULL, name, wanted, sizeof(wanted)) < 0)
			continue;
		for (const struct ifaddrs *i = list; i && r < 0 && (!pass || !given); i = i->ifa_next) {
			if (!is_usable(i) || i->ifa_addr->sa_family != AF_INET ||
			    getnameinfo(i->ifa_addr, address_len(i->ifa_addr), ret, (socklen_t)size, NULL, 0, NI_NUMERICHOST) ||
			    (!pass && strcmp(ret, wanted)))
				continue;
			r = 0;
		}
	}
	freeifaddrs(list);
	return r;
}
