/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nodes of the cluster, and the order in which the parts of a document are looked at. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "ccsd_refs_priv.h"
#include "clu_core.h"

#define MAX_LINKS 8		/* of corosync; the node's name is the first */
#define MAX_NAME_BYTES 255

static unsigned count(const struct clu_node *parent, const char *elem)
{
	unsigned n = 0;

	for (const struct clu_node *c = clu_node_child(parent, elem); c; c = clu_node_next(c, elem))
		n++;
	return n;
}

/* nodeid="01" is the number 1 as well. */
static void check_nodeid(struct ccsd_refs *r, const struct clu_node *n)
{
	const struct clu_node *first;
	char number[32];

	snprintf(number, sizeof(number), "%" PRIu64, ccsd_number(n, "nodeid", 0));
	if (!strcmp(number, "0"))
		return;
	first = ccsd_names_add(r, "nodeid", number, n);
	if (first)
		ccsd_found(r->f, CCSD_ERROR, "duplicate", n, "nodeid", "nodeid=\"%.20s\" of node \"%.80s\": node \"%.80s\" in line %d "
			"has the same; give each node a number of its own", ccsd_text(n, "nodeid"), ccsd_text(n, "name"),
			ccsd_text(first, "name"), clu_node_line(first));
	if (r->quorumd && ccsd_number(n, "nodeid", 0) > 16)
		ccsd_found(r->f, CCSD_ERROR, "range", n, "nodeid", "nodeid=\"%.20s\" of node \"%.80s\": the quorum disk has room for the "
			"numbers 1 to 16; give the node one of these, or remove <quorumd>", ccsd_text(n, "nodeid"),
			ccsd_text(n, "name"));
}

static bool is_loopback(const char *name)
{
	struct in6_addr a6;
	struct in_addr a4;

	return !strcmp(name, "localhost") || !strncmp(name, "localhost.", 10) ||
		(inet_pton(AF_INET, name, &a4) == 1 && ntohl(a4.s_addr) >> 24 == 127) ||
		(inet_pton(AF_INET6, name, &a6) == 1 && IN6_IS_ADDR_LOOPBACK(&a6));
}

/* Names of nodes and of their further addresses: each is the way to one node on one link. */
static void check_address(struct ccsd_refs *r, const struct clu_node *node, const struct clu_node *n)
{
	const char *name = clu_node_attr(n, "name");
	const struct clu_node *first, *owner;

	if (!name || !*name)
		return;
	if (strlen(name) > MAX_NAME_BYTES)
		ccsd_found(r->f, CCSD_ERROR, "range", n, "name", "name of %zu bytes in <%s>: at most %d are possible; shorten it",
			strlen(name), clu_node_name(n), MAX_NAME_BYTES);
	if (is_loopback(name))
		ccsd_found(r->f, CCSD_ERROR, "loopback", n, "name", "name=\"%.80s\" in <%s>: it means this machine on every machine: "
			"other nodes cannot reach it; write the name or address in the cluster's network", name, clu_node_name(n));
	first = ccsd_names_add(r, "address", name, n);
	/* Two nodes of one name were told before. */
	if (!first || (!strcmp(clu_node_name(first), "clusternode") && n == node))
		return;
	owner = strcmp(clu_node_name(first), "altname") ? first : clu_node_parent(first);
	ccsd_found(r->f, CCSD_ERROR, "duplicate", n, "name", "name=\"%.80s\" in <%s>: the <%s> in line %d has the same, an address "
		"of node \"%.80s\"; each link needs an address of its own", name, clu_node_name(n), clu_node_name(first),
		clu_node_line(first), ccsd_text(owner, "name"));
}

static void check_altnames(struct ccsd_refs *r, const struct clu_node *first, const struct clu_node *n)
{
	unsigned here = count(n, "altname"), there = count(first, "altname");

	if (here != there)
		ccsd_found(r->f, CCSD_ERROR, "links", n, NULL, "node \"%.80s\" has %u <altname>, \"%.80s\" in line %d has %u: a link "
			"exists on all nodes or on none; give each node the same number", ccsd_text(n, "name"), here,
			ccsd_text(first, "name"), clu_node_line(first), there);
	if (n == first && here >= MAX_LINKS)
		ccsd_found(r->f, CCSD_ERROR, "links", n, NULL, "node \"%.80s\" has %u <altname>: corosync has at most %d links, the "
			"node's name is the first; remove some", ccsd_text(n, "name"), here, MAX_LINKS);
	for (const struct clu_node *a = clu_node_child(n, "altname"); a; a = clu_node_next(a, "altname"))
		check_address(r, n, a);
}

void ccsd_refs_nodes(struct ccsd_refs *r)
{
	const struct clu_node *first = clu_node_child(r->nodes, "clusternode");

	r->one_vote_each = true;
	ccsd_names_unique(r, "clusternode", r->nodes, "clusternode", "name", false);
	/* All names before any other address: a name is what a node is known by. */
	for (const struct clu_node *n = first; n; n = clu_node_next(n, "clusternode")) {
		uint64_t votes = ccsd_number(n, "votes", 1);

		r->n_votes += votes <= 255 ? (unsigned)votes : 1;
		r->one_vote_each = r->one_vote_each && votes == 1;
		check_nodeid(r, n);
		check_address(r, n, n);
		if (++r->n_nodes == CLU_MAX_NODES + 1)
			ccsd_found(r->f, CCSD_ERROR, "range", n, NULL, "node %u: at most %d nodes are possible; split the cluster",
				CLU_MAX_NODES + 1, CLU_MAX_NODES);
	}
	for (const struct clu_node *n = first; n; n = clu_node_next(n, "clusternode"))
		check_altnames(r, first, n);
	if (r->nodes && !first)
		ccsd_found(r->f, CCSD_ERROR, "no-node", r->nodes, NULL, "<clusternodes> is empty: a cluster needs a node; add a "
			"<clusternode>");
}

/* Weights of the lock manager name nodes as well. */
static void check_lockspaces(struct ccsd_refs *r)
{
	const struct clu_node *dlm = clu_node_child(r->root, "dlm");

	ccsd_names_unique(r, "lockspace", dlm, "lockspace", "name", false);
	for (const struct clu_node *l = clu_node_child(dlm, "lockspace"); l; l = clu_node_next(l, "lockspace"))
		for (const struct clu_node *m = clu_node_child(l, "master"); m; m = clu_node_next(m, "master"))
			if (clu_node_attr(m, "name") && !ccsd_names_find(r, "clusternode", ccsd_text(m, "name")))
				ccsd_dangling(r, m, "name", "cluster node", "add a <clusternode> with it or remove this line", r->nodes,
					"clusternode", "name");
}

void ccsd_check_refs(const struct ccsd_schema *s, const struct clu_conf *conf, bool lax, struct ccsd_findings *f)
{
	const struct clu_node *root = clu_conf_root(conf);
	struct ccsd_refs r = {
		.schema = s, .grammar = ccsd_schema_root(s, clu_node_name(root)), .root = root, .f = f, .lax = lax,
		.cman = clu_node_child(root, "cman"), .totem = clu_node_child(root, "totem"),
		.quorumd = clu_node_child(root, "quorumd"), .nodes = clu_node_child(root, "clusternodes"),
		.devices = clu_node_child(root, "fencedevices"), .rm = clu_node_child(root, "rm"), .names = ccsd_names_new(),
	};

	if (!r.names) {
		f->error = -ENOMEM;
		return;
	}
	ccsd_refs_nodes(&r);
	ccsd_refs_fence(&r);
	ccsd_refs_cman(&r);
	ccsd_refs_times(&r);
	check_lockspaces(&r);
	ccsd_refs_rm(&r);
	ccsd_names_free(r.names);
}
