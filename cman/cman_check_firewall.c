/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of this machine's own packet filter, read through libnftables. */
#include "config.h"

#include "cman_check.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <nftables/libnftables.h>

#include "clu_store.h"
#include "cman_nft_walk.h"

#define PART "firewall"

/* The array "nftables" of all rules, a new reference; NULL when they cannot be read. */
static json_t *read_rules(void)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	json_t *root = NULL, *all;

	if (!ctx)
		return NULL;
	nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_JSON);
	if (!nft_ctx_buffer_output(ctx) && !nft_ctx_buffer_error(ctx) && !nft_run_cmd_from_buffer(ctx, "list ruleset"))
		root = json_loads(nft_ctx_get_output_buffer(ctx), 0, NULL);
	nft_ctx_free(ctx);
	all = json_incref(json_object_get(root, "nftables"));
	json_decref(root);
	return all;
}

/* The interface with this address, "" when there is none. */
static void find_dev(const char *addr, char *ret, size_t size)
{
	struct ifaddrs *list = NULL;

	*ret = '\0';
	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *i = list; i && !*ret; i = i->ifa_next) {
		char text[INET6_ADDRSTRLEN] = "";

		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
			(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)i->ifa_addr)->sin_addr, text, sizeof(text));
		else if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6)
			(void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, text, sizeof(text));
		if (!strcmp(text, addr))
			snprintf(ret, size, "%s", i->ifa_name);
	}
	freeifaddrs(list);
}

static void say_dropped(const struct cman_plan *p, unsigned link, unsigned node, const char *hook,
			const struct cman_passage *first, const struct cman_passage *later, struct cman_findings *ret)
{
	unsigned port = p->links[link].port;
	bool in = !strcmp(hook, "input");
	char remedy[300];

	snprintf(remedy, sizeof(remedy), "let it pass: \"nft insert rule inet TABLE CHAIN udp dport %u accept\", or with firewalld "
		 "\"firewall-cmd --permanent --add-service=high-availability\"", port);
	if (!first->sure || (later->dropped && !later->sure))
		cman_check_add(ret, PART, CMAN_UNSURE, remedy, "UDP port %u %s %s may be dropped (%s)", port, in ? "from" : "to",
			       p->nodes[node].name, first->where);
	else if (!later->dropped)
		cman_check_add(ret, PART, CMAN_DOUBT, remedy, "UDP port %u %s %s passes as an answer only (%s): it works as long as both "
			       "sides send", port, in ? "from" : "to", p->nodes[node].name, first->where);
	else
		cman_check_add(ret, PART, CMAN_FAULT, remedy, "UDP port %u %s %s is dropped (%s)", port, in ? "from" : "to",
			       p->nodes[node].name, first->where);
}

/* Whether the exchange with one node passes; adds a finding when not. */
static bool check_way(const json_t *rules, const struct cman_plan *p, unsigned link, unsigned node, const char *hook,
		      struct cman_findings *ret)
{
	const char *own = p->nodes[p->own].addr[link], *other = p->nodes[node].addr[link];
	bool in = !strcmp(hook, "input");
	char dev[64];
	struct cman_packet packet = { .saddr = in ? other : own, .daddr = in ? own : other, .sport = p->links[link].port,
				      .dport = p->links[link].port };
	struct cman_passage first, later;

	find_dev(own, dev, sizeof(dev));
	packet.dev = *dev ? dev : NULL;
	cman_nft_walk(rules, hook, &packet, &first);
	if (!first.dropped && first.sure)
		return true;
	packet.established = true;
	cman_nft_walk(rules, hook, &packet, &later);
	if (first.dropped) {
		say_dropped(p, link, node, hook, &first, &later, ret);
	} else {
		cman_check_add(ret, PART, CMAN_UNSURE, "look at \"nft list ruleset\"", "whether UDP port %u %s %s passes cannot be told: a "
			       "rule asks for more than is known here", p->links[link].port, in ? "from" : "to", p->nodes[node].name);
	}
	return false;
}

static bool has_text(const char *path)
{
	struct clu_buf b = CLU_BUF_INIT;
	bool some = !clu_store_read(path, 65536, &b) && b.len;

	clu_buf_free(&b);
	return some;
}

void cman_check_firewall(const struct cman_plan *p, struct cman_findings *ret)
{
	unsigned begin = ret->n;
	json_t *rules;

	if (geteuid()) {
		cman_check_add(ret, PART, CMAN_UNSURE, "run this as root", "its rules can be read by root only");
		return;
	}
	rules = read_rules();
	if (!rules) {
		cman_check_add(ret, PART, CMAN_UNSURE, NULL, "the rules of nf_tables cannot be read: is the module loaded?");
		return;
	}
	/* One finding per link: a rule for all nodes would say the same of each. */
	for (unsigned l = 0; l < p->n_links; l++)
		for (unsigned i = 0; i < p->n_nodes; i++)
			if (i != p->own && *p->nodes[i].addr[l] && *p->nodes[p->own].addr[l] &&
			    !(check_way(rules, p, l, i, "input", ret) && check_way(rules, p, l, i, "output", ret)))
				break;
	if (ret->n == begin)
		cman_check_add(ret, PART, CMAN_FINE, NULL, "no rule of nf_tables drops what goes between the nodes");
	/* Rules of the old kernel interface stand beside those. */
	if (has_text("/proc/net/ip_tables_names") || has_text("/proc/net/ip6_tables_names"))
		cman_check_add(ret, PART, CMAN_UNSURE, "look at \"iptables-legacy-save\"",
			       "there may be rules of iptables-legacy, which are not looked at");
	json_decref(rules);
}
