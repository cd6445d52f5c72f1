/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a ruleset of nf_tables does with one UDP packet, as far as that can be read
 * from it: named sets, marks, limits and the matches of old iptables are not looked
 * into, and make the answer unsure. Pure.
 */
#ifndef CMAN_NFT_WALK_H
#define CMAN_NFT_WALK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct cman_packet {
	const char *saddr, *daddr;	/* numeric, both IPv4 or both IPv6 */
	unsigned sport, dport;
	const char *dev;		/* interface it comes in or goes out by; NULL: not known */
	bool established;		/* belongs to a known exchange; else it is the first of a new one */
};

struct cman_passage {
	bool dropped;
	bool sure;			/* no rule on the way was beyond us */
	char where[200];		/* dropped: the rule or policy, "table inet filter, chain input, rule 7" */
};

/*
 * ruleset: the array "nftables" that "nft -j list ruleset" prints. hook: "input" (with
 * prerouting before it) or "output" (with postrouting behind it).
 */
void cman_nft_walk(const json_t *ruleset, const char *hook, const struct cman_packet *p, struct cman_passage *ret);

#endif
