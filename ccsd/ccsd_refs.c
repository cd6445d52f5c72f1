/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the schema cannot say: references, doubles, settings that exclude each other. */
#include "ccsd_validate.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct refs {
	const struct ccsd_schema *schema;
	const struct clu_node *root;
	const struct clu_node *rm;
	struct ccsd_findings *f;
};

static const char *text(const struct clu_node *n, const char *attr)
{
	const char *s = clu_node_attr(n, attr);

	return s ? s : "";
}

static bool is_on(const struct clu_node *n, const char *attr)
{
	const char *s = text(n, attr);

	return !strcmp(s, "1") || !strcmp(s, "yes") || !strcmp(s, "on") || !strcmp(s, "true");
}

/* The child `elem` of parent whose attribute has this value; near misses are remembered. */
static const struct clu_node *find(const struct clu_node *parent, const char *elem, const char *attr, const char *value,
	struct ccsd_near *near)
{
	for (const struct clu_node *n = clu_node_child(parent, elem); n; n = clu_node_next(n, elem)) {
		if (!strcmp(text(n, attr), value))
			return n;
		if (near)
			ccsd_near(near, value, text(n, attr));
	}
	return NULL;
}

static void dangling(struct refs *r, const struct clu_node *n, const char *attr, const char *what, const char *remedy,
	const struct ccsd_near *near)
{
	if (near->best)
		ccsd_found(r->f, clu_node_line(n), "%s=\"%.80s\" in <%s>: there is no %s of this name; did you mean \"%.80s\"?",
			attr, text(n, attr), clu_node_name(n), what, near->best);
	else
		ccsd_found(r->f, clu_node_line(n), "%s=\"%.80s\" in <%s>: there is no %s of this name; %s", attr, text(n, attr),
			clu_node_name(n), what, remedy);
}

/* Two children of one kind with the same value. */
static void unique(struct refs *r, const struct clu_node *parent, const char *elem, const char *attr)
{
	for (const struct clu_node *n = clu_node_child(parent, elem); n; n = clu_node_next(n, elem)) {
		const char *value = clu_node_attr(n, attr);
		const struct clu_node *first = value ? find(parent, elem, attr, value, NULL) : NULL;

		if (first && first != n)
			ccsd_found(r->f, clu_node_line(n), "%s=\"%.80s\" in <%s>: the <%s> in line %d has the same; give each its own",
				attr, value, elem, elem, clu_node_line(first));
	}
}

static void nodeids(struct refs *r, const struct clu_node *nodes)
{
	for (const struct clu_node *n = clu_node_child(nodes, "clusternode"); n; n = clu_node_next(n, "clusternode")) {
		unsigned long id = strtoul(text(n, "nodeid"), NULL, 10);

		for (const struct clu_node *m = clu_node_child(nodes, "clusternode"); m != n; m = clu_node_next(m, "clusternode"))
			if (id && strtoul(text(m, "nodeid"), NULL, 10) == id) {
				ccsd_found(r->f, clu_node_line(n), "nodeid=\"%s\" of node \"%.80s\": node \"%.80s\" in line %d has the same; "
					"give each node a number of its own", text(n, "nodeid"), text(n, "name"), text(m, "name"),
					clu_node_line(m));
				break;
			}
	}
}

static void devices(struct refs *r, const struct clu_node *parent)
{
	const struct clu_node *defs = clu_node_child(r->root, "fencedevices");

	for (const struct clu_node *d = clu_node_child(parent, "device"); d; d = clu_node_next(d, "device")) {
		struct ccsd_near near = CCSD_NEAR_INIT;

		if (clu_node_attr(d, "name") && !find(defs, "fencedevice", "name", text(d, "name"), &near))
			dangling(r, d, "name", "fence device", "add a <fencedevice> with it to <fencedevices>", &near);
	}
}

static void check_nodes(struct refs *r)
{
	const struct clu_node *nodes = clu_node_child(r->root, "clusternodes");
	const struct clu_node *cman = clu_node_child(r->root, "cman");
	unsigned count = 0, votes = 0;
	bool one_each = true;

	unique(r, nodes, "clusternode", "name");
	nodeids(r, nodes);
	for (const struct clu_node *n = clu_node_child(nodes, "clusternode"); n; n = clu_node_next(n, "clusternode")) {
		const struct clu_node *fence = clu_node_child(n, "fence");
		const char *v = clu_node_attr(n, "votes");

		count++;
		votes += v ? (unsigned)strtoul(v, NULL, 10) : 1;
		one_each = one_each && (!v || !strcmp(v, "1"));
		unique(r, fence, "method", "name");
		for (const struct clu_node *m = clu_node_child(fence, "method"); m; m = clu_node_next(m, "method")) {
			if (!clu_node_child(m, "device"))
				ccsd_found(r->f, clu_node_line(m), "method \"%.80s\" of node \"%.80s\": it has no device, so it cannot succeed; "
					"add a <device> or remove the method", text(m, "name"), text(n, "name"));
			devices(r, m);
		}
		devices(r, clu_node_child(n, "unfence"));
	}
	if (nodes && !count)
		ccsd_found(r->f, clu_node_line(nodes), "<clusternodes> is empty: a cluster needs a node; add a <clusternode>");
	if (nodes && is_on(cman, "two_node")) {
		if (count != 2 || !one_each)
			ccsd_found(r->f, clu_node_line(cman), "two_node=\"%s\" in <cman>: it needs exactly two nodes with one vote each, "
				"and there are %u with %u votes; remove it or correct the nodes", text(cman, "two_node"), count, votes);
		if (strcmp(text(cman, "expected_votes"), "1") != 0)
			ccsd_found(r->f, clu_node_line(cman), "two_node=\"%s\" in <cman>: it works only together with expected_votes=\"1\"; "
				"add that", text(cman, "two_node"));
	}
}

static void check_totem(struct refs *r)
{
	const struct clu_node *t = clu_node_child(r->root, "totem");
	const struct clu_node *q = clu_node_child(r->root, "quorumd");
	unsigned heuristics = 0;

	if (clu_node_attr(t, "token") && clu_node_attr(t, "join") &&
	    strtoul(text(t, "join"), NULL, 10) >= strtoul(text(t, "token"), NULL, 10))
		ccsd_found(r->f, clu_node_line(t), "join=\"%s\" in <totem>: it must be less than token (%s ms); lower it or raise "
			"token", text(t, "join"), text(t, "token"));
	for (const struct clu_node *h = clu_node_child(q, "heuristic"); h; h = clu_node_next(h, "heuristic"))
		if (++heuristics == 11)
			ccsd_found(r->f, clu_node_line(h), "eleventh <heuristic>: at most ten are run; remove some");
}

static void check_domains(struct refs *r)
{
	const struct clu_node *nodes = clu_node_child(r->root, "clusternodes");
	const struct clu_node *all = clu_node_child(r->rm, "failoverdomains");

	unique(r, all, "failoverdomain", "name");
	for (const struct clu_node *d = clu_node_child(all, "failoverdomain"); d; d = clu_node_next(d, "failoverdomain")) {
		unique(r, d, "failoverdomainnode", "name");
		for (const struct clu_node *n = clu_node_child(d, "failoverdomainnode"); n;
		     n = clu_node_next(n, "failoverdomainnode")) {
			struct ccsd_near near = CCSD_NEAR_INIT;

			if (clu_node_attr(n, "name") && !find(nodes, "clusternode", "name", text(n, "name"), &near))
				dangling(r, n, "name", "cluster node", "add a <clusternode> with it or remove this line", &near);
		}
	}
}

static void check_address(struct refs *r, const struct clu_node *n)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *a = clu_node_attr(n, "address"), *slash = a ? strchr(a, '/') : NULL;
	size_t len = slash ? (size_t)(slash - a) : a ? strlen(a) : 0;
	unsigned char bin[16];
	bool v4, v6, ok;

	if (!a)
		return;
	snprintf(host, sizeof(host), "%.*s", len < sizeof(host) ? (int)len : 0, a);
	v4 = inet_pton(AF_INET, host, bin) == 1;
	v6 = inet_pton(AF_INET6, host, bin) == 1;
	ok = (v4 || v6) && (!slash || (slash[1] && strspn(slash + 1, "0123456789") == strlen(slash + 1) &&
		strtoul(slash + 1, NULL, 10) <= (v4 ? 32u : 128u)));
	if (!ok)
		ccsd_found(r->f, clu_node_line(n), "address=\"%.80s\" in <ip>: this is no IPv4 or IPv6 address; write it like "
			"10.0.0.100 or 10.0.0.100/24", a);
}

/* e: what the schema says of n; NULL inside of unknown elements. */
static void check_resource(struct refs *r, const struct clu_node *n, const struct ccsd_elem *e, bool shared)
{
	const struct clu_node *resources = clu_node_child(r->rm, "resources");
	const char *primary = e ? ccsd_elem_primary(e) : NULL;

	if (!primary)
		return;
	if (clu_node_attr(n, "ref")) {
		struct ccsd_near near = CCSD_NEAR_INIT;
		char what[64];

		snprintf(what, sizeof(what), "<%.40s> resource", clu_node_name(n));
		if (!find(resources, clu_node_name(n), primary, text(n, "ref"), &near))
			dangling(r, n, "ref", what, "define it in <resources>", &near);
	} else if (!clu_node_attr(n, primary)) {
		ccsd_found(r->f, clu_node_line(n), "<%s> has neither %s nor ref: nothing tells which one is meant; add %s%s",
			clu_node_name(n), primary, primary, shared ? "" : ", or ref to one of <resources>");
	}
	if (!strcmp(clu_node_name(n), "ip"))
		check_address(r, n);
	for (const struct clu_node *k = clu_node_child(n, NULL); k; k = clu_node_next(k, NULL))
		check_resource(r, k, ccsd_elem_child(e, clu_node_name(k)), shared);
}

static void check_group(struct refs *r, const struct clu_node *n)
{
	const struct clu_node *domains = clu_node_child(r->rm, "failoverdomains");
	const char *depend = clu_node_attr(n, "depend");
	struct ccsd_near near = CCSD_NEAR_INIT, dnear = CCSD_NEAR_INIT;

	if (text(n, "domain")[0] && !find(domains, "failoverdomain", "name", text(n, "domain"), &near))
		dangling(r, n, "domain", "failover domain", "add a <failoverdomain> with it or remove the attribute", &near);
	if (depend && *depend) {
		const char *colon = strchr(depend, ':'), *name = colon ? colon + 1 : depend;

		if (!find(r->rm, "service", "name", name, &dnear) && !find(r->rm, "vm", "name", name, &dnear))
			dangling(r, n, "depend", "service", "add it or remove the attribute", &dnear);
	}
}

static void check_rm(struct refs *r)
{
	const struct ccsd_elem *root = ccsd_schema_root(r->schema, clu_node_name(r->root));
	const struct ccsd_elem *rm = ccsd_elem_child(root, "rm");
	const struct ccsd_elem *any = ccsd_elem_child(rm, "resources");
	const struct clu_node *resources = clu_node_child(r->rm, "resources");

	check_domains(r);
	unique(r, r->rm, "service", "name");
	unique(r, r->rm, "vm", "name");
	for (const struct clu_node *n = clu_node_child(resources, NULL); n; n = clu_node_next(n, NULL)) {
		const struct ccsd_elem *e = ccsd_elem_child(any, clu_node_name(n));
		const struct clu_node *first;

		check_resource(r, n, e, true);
		if (!e || !ccsd_elem_primary(e) || !clu_node_attr(n, ccsd_elem_primary(e)))
			continue;
		first = find(resources, clu_node_name(n), ccsd_elem_primary(e), text(n, ccsd_elem_primary(e)), NULL);
		if (first != n)
			ccsd_found(r->f, clu_node_line(n), "%s=\"%.80s\" in <%s>: the <%s> in line %d has the same; give each its own",
				ccsd_elem_primary(e), text(n, ccsd_elem_primary(e)), clu_node_name(n), clu_node_name(n),
				clu_node_line(first));
	}
	for (const struct clu_node *n = clu_node_child(r->rm, NULL); n; n = clu_node_next(n, NULL))
		if (!strcmp(clu_node_name(n), "service") || !strcmp(clu_node_name(n), "vm")) {
			check_group(r, n);
			check_resource(r, n, ccsd_elem_child(rm, clu_node_name(n)), false);
		}
}

void ccsd_check_refs(const struct ccsd_schema *s, const struct clu_conf *conf, struct ccsd_findings *f)
{
	const struct clu_node *root = clu_conf_root(conf);
	struct refs r = { s, root, clu_node_child(root, "rm"), f };

	unique(&r, clu_node_child(root, "fencedevices"), "fencedevice", "name");
	check_nodes(&r);
	check_totem(&r);
	check_rm(&r);
}
