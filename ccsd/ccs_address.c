/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cluster nodes by their addresses: the last step of ccs_lookup_nodename(). */
#include "config.h"

#include "ccs_query.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static struct addrinfo *resolve(const char *name)
{
	/* One socket type: each address comes once. */
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *list = NULL;

	if (getaddrinfo(name, NULL, &hints, &list) == 0)
		return list;
	hints.ai_flags = 0;
	return getaddrinfo(name, NULL, &hints, &list) == 0 ? list : NULL;
}

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return !memcmp(&((const struct sockaddr_in *)a)->sin_addr, &((const struct sockaddr_in *)b)->sin_addr,
			sizeof(struct in_addr));
	return a->sa_family == AF_INET6 && !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		&((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr));
}

static bool has_one_of(const char *name, const struct addrinfo *wanted)
{
	struct addrinfo *own = name ? resolve(name) : NULL;
	bool found = false;

	for (const struct addrinfo *a = own; a; a = a->ai_next)
		for (const struct addrinfo *w = wanted; w && !found; w = w->ai_next)
			found = same_address(a->ai_addr, w->ai_addr);
	if (own)
		freeaddrinfo(own);
	return found;
}

const char *ccs_query_address(const struct clu_conf *conf, const char *name)
{
	const struct clu_node *nodes = clu_node_path(clu_conf_root(conf), "clusternodes");
	struct addrinfo *wanted = resolve(name);
	const char *found = NULL;

	for (const struct clu_node *n = wanted ? clu_node_child(nodes, "clusternode") : NULL; n && !found;
	     n = clu_node_next(n, "clusternode")) {
		const char *own = clu_node_attr(n, "name");

		if (own && has_one_of(own, wanted))
			found = own;
		for (const struct clu_node *a = clu_node_child(n, "altname"); own && a && !found; a = clu_node_next(a, "altname"))
			if (has_one_of(clu_node_attr(a, "name"), wanted))
				found = own;
	}
	if (wanted)
		freeaddrinfo(wanted);
	return found;
}
