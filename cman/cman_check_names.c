/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and addresses. */
#include "config.h"

#include "cman_check.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "clu_store.h"
#include "cman_name.h"

#define HOSTS "/etc/hosts"
#define HOSTS_MAX (1u << 20)

unsigned cman_check_hosts_line(const char *hosts, const char *name, const char *address)
{
	unsigned number = 0;

	while (*hosts) {
		size_t len = strcspn(hosts, "\n");
		char line[1024], *save = NULL, *word;

		number++;
		snprintf(line, sizeof(line), "%.*s", (int)len, hosts);
		hosts += len + (hosts[len] == '\n');
		line[strcspn(line, "#")] = '\0';
		word = strtok_r(line, " \t\r", &save);
		if (!word || strcmp(word, address))
			continue;
		while ((word = strtok_r(NULL, " \t\r", &save)) != NULL)
			if (!strcasecmp(word, name))
				return number;
	}
	return 0;
}

static bool is_loopback(const char *address)
{
	struct in6_addr a6;
	struct in_addr a4;

	return (inet_pton(AF_INET, address, &a4) == 1 && ntohl(a4.s_addr) >> 24 == 127) ||
	       (inet_pton(AF_INET6, address, &a6) == 1 && IN6_IS_ADDR_LOOPBACK(&a6));
}

/* "127.0.1.1 thishost" is what Debian's installer writes: the node would talk to itself. */
static void explain_loopback(const char *name, const char *address, struct cman_findings *ret)
{
	struct clu_buf hosts = CLU_BUF_INIT;
	char remedy[300];
	unsigned line;

	(void)clu_store_read(HOSTS, HOSTS_MAX, &hosts);
	line = cman_check_hosts_line(clu_buf_text(&hosts), name, address);
	clu_buf_free(&hosts);
	if (line)
		snprintf(remedy, sizeof(remedy), "take \"%.100s\" out of line %u of " HOSTS " (\"%s ...\") and add a line with its "
			 "address in the cluster's network", name, line, address);
	else
		snprintf(remedy, sizeof(remedy), "add a line to " HOSTS " with \"%.100s\" and its address in the cluster's network",
			 name);
	cman_check_add(ret, "names", CMAN_FAULT, remedy, "\"%s\" stands for the loopback address %s: other nodes cannot reach it "
		       "there", name, address);
}

/* The name behind one address of a node: altnames stand in the document, in their order. */
static const char *name_of(const struct cman_plan *p, unsigned node, unsigned link)
{
	const struct clu_node *n = clu_node_path(clu_conf_root(p->conf), "clusternodes/clusternode"), *alt;
	const char *name;

	for (; n; n = clu_node_next(n, "clusternode")) {
		name = clu_node_attr(n, "name");
		if (name && !strcmp(name, p->nodes[node].name))
			break;
	}
	alt = clu_node_child(n, "altname");
	for (unsigned l = 1; alt && l < link; l++)
		alt = clu_node_next(alt, "altname");
	name = link ? clu_node_attr(alt, "name") : p->nodes[node].name;
	return name ? name : "";
}

static bool resolve(struct cman_plan *p, unsigned node, unsigned link, struct cman_findings *ret)
{
	const char *name = name_of(p, node, link);
	char *addr = p->nodes[node].addr[link];

	if (cman_name_resolve(NULL, name, addr, CMAN_ADDR_LEN) < 0) {
		*addr = '\0';
		cman_check_add(ret, "names", CMAN_FAULT, "add it to " HOSTS " on every node",
			       "\"%s\" has no address: neither " HOSTS " nor the name service knows it", name);
		return false;
	}
	if (is_loopback(addr)) {
		explain_loopback(name, addr, ret);
		return false;
	}
	return true;
}

static bool compare(const struct cman_plan *p, unsigned node, unsigned link, struct cman_findings *ret)
{
	const char *addr = p->nodes[node].addr[link];
	bool good = true;

	for (unsigned i = 0; i <= node; i++) {
		for (unsigned l = 0; l < (i == node ? link : p->n_links); l++) {
			if (!*addr || strcmp(p->nodes[i].addr[l], addr))
				continue;
			cman_check_add(ret, "names", CMAN_FAULT, "give each its own address in " HOSTS " on every node",
				       "\"%s\" and \"%s\" stand for one address, %s", name_of(p, i, l), name_of(p, node, link), addr);
			good = false;
		}
	}
	if (*addr && *p->nodes[0].addr[link] && !strchr(addr, ':') != !strchr(p->nodes[0].addr[link], ':')) {
		cman_check_add(ret, "names", CMAN_FAULT, "give all names of a link addresses of one family",
			       "\"%s\" is IPv%d and \"%s\" is IPv%d, on one link", name_of(p, 0, link),
			       strchr(p->nodes[0].addr[link], ':') ? 6 : 4, name_of(p, node, link), strchr(addr, ':') ? 6 : 4);
		good = false;
	}
	return good;
}

static void check_own(const struct cman_plan *p, unsigned link, const struct ifaddrs *list, struct cman_findings *ret)
{
	const char *addr = p->nodes[p->own].addr[link], *name = name_of(p, p->own, link);

	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		char text[INET6_ADDRSTRLEN] = "";

		if (!i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)i->ifa_addr)->sin_addr, text, sizeof(text));
		else if (i->ifa_addr->sa_family == AF_INET6)
			(void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, text, sizeof(text));
		if (strcmp(text, addr))
			continue;
		if (!(i->ifa_flags & IFF_UP))
			cman_check_add(ret, "address", CMAN_FAULT, "bring the interface up", "%s (%s, link %u) is on %s, which is down",
				       addr, name, link, i->ifa_name);
		else if (!(i->ifa_flags & IFF_RUNNING))
			cman_check_add(ret, "address", CMAN_FAULT, "look at the cable and the switch",
				       "%s (%s, link %u) is on %s, which has no carrier", addr, name, link, i->ifa_name);
		else
			cman_check_add(ret, "address", CMAN_FINE, NULL, "%s (%s, link %u) is on %s", addr, name, link, i->ifa_name);
		return;
	}
	cman_check_add(ret, "address", CMAN_FAULT, "give this machine the address, or correct " HOSTS " on every node",
		       "%s (%s, link %u) is on no interface of this machine", addr, name, link);
}

void cman_check_names(struct cman_plan *p, struct cman_findings *ret)
{
	struct ifaddrs *list = NULL;
	unsigned good = 0;

	for (unsigned i = 0; i < p->n_nodes; i++)
		for (unsigned l = 0; l < p->n_links; l++)
			good += resolve(p, i, l, ret) && compare(p, i, l, ret);
	if (good == p->n_nodes * p->n_links)
		cman_check_add(ret, "names", CMAN_FINE, NULL, "each of the %u names stands for an address of its own", good);
	if (getifaddrs(&list) < 0) {
		cman_check_add(ret, "address", CMAN_UNSURE, NULL, "the addresses of this machine cannot be listed");
		return;
	}
	for (unsigned l = 0; l < p->n_links; l++)
		if (*p->nodes[p->own].addr[l] && !is_loopback(p->nodes[p->own].addr[l]))
			check_own(p, l, list, ret);
	freeifaddrs(list);
}
