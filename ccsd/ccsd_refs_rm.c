/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rgmanager reads: failover domains, resources, services. */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "ccsd_refs_priv.h"
#include "clu_core.h"

#define SERVICE_NAME_BYTES 63	/* TYPE:NAME, as rgmanager and clustat hold it */
#define DOMAIN_NAME_BYTES 63
#define MAX_CHAIN 64		/* of services that depend on each other */

static bool is_service(const struct clu_node *n)
{
	return !strcmp(clu_node_name(n), "service") || !strcmp(clu_node_name(n), "vm");
}

/* ---- failover domains ---- */

static void check_domain_node(struct ccsd_refs *r, const struct clu_node *d, const struct clu_node *n)
{
	const char *name = clu_node_attr(n, "name"), *priority = clu_node_attr(n, "priority");
	long p = priority ? strtol(priority, NULL, 10) : 0;

	if (name && !ccsd_names_find(r, "clusternode", name))
		ccsd_dangling(r, n, "name", "cluster node", "add a <clusternode> with it or remove this line", r->nodes, "clusternode",
			"name");
	if (priority && ccsd_is_on(d, "ordered") && (p < 1 || p > 100))
		ccsd_found(r->f, CCSD_WARNING, "range", n, "priority", "priority=\"%.20s\" in <failoverdomainnode>: outside of 1 to 100 it "
			"counts as none, the node comes last; correct it", priority);
}

static void check_domains(struct ccsd_refs *r)
{
	const struct clu_node *all = clu_node_child(r->rm, "failoverdomains");

	ccsd_names_unique(r, "failoverdomain", all, "failoverdomain", "name", true);
	for (const struct clu_node *d = clu_node_child(all, "failoverdomain"); d; d = clu_node_next(d, "failoverdomain")) {
		const char *name = ccsd_text(d, "name");
		char scope[64];

		snprintf(scope, sizeof(scope), "node of %p", (const void *)d);
		ccsd_names_unique(r, scope, d, "failoverdomainnode", "name", false);
		if (strlen(name) > DOMAIN_NAME_BYTES)
			ccsd_found(r->f, CCSD_ERROR, "range", d, "name", "name of %zu bytes in <failoverdomain>: rgmanager has room for %d; "
				"shorten it", strlen(name), DOMAIN_NAME_BYTES);
		if (!clu_node_child(d, "failoverdomainnode"))
			ccsd_found(r->f, CCSD_WARNING, "empty-domain", d, NULL, "failover domain \"%.80s\" has no node: %s; add a "
				"<failoverdomainnode>, or remove it", name, ccsd_is_on(d, "restricted") ?
				"its services can run nowhere" : "it means nothing");
		for (const struct clu_node *n = clu_node_child(d, "failoverdomainnode"); n;
		     n = clu_node_next(n, "failoverdomainnode"))
			check_domain_node(r, d, n);
	}
}

static void check_unused_domains(struct ccsd_refs *r)
{
	const struct clu_node *all = clu_node_child(r->rm, "failoverdomains");

	for (const struct clu_node *d = clu_node_child(all, "failoverdomain"); d; d = clu_node_next(d, "failoverdomain")) {
		char folded[256];

		ccsd_fold(ccsd_text(d, "name"), folded, sizeof(folded));
		if (*folded && !ccsd_names_find(r, "used domain", folded))
			ccsd_found(r->f, CCSD_WARNING, "unused", d, "name", "failover domain \"%.80s\": no service has it; give it to one, or "
				"remove it", ccsd_text(d, "name"));
	}
}

/* ---- resources ---- */

/* Without the length of the prefix; two resources with one address are in each other's way whatever it is. */
static bool address_of(const struct clu_node *n, char *host, size_t size)
{
	const char *a = ccsd_text(n, "address"), *slash = strchrnul(a, '/');
	unsigned char bin[16];
	bool v4, v6;

	snprintf(host, size, "%.*s", (size_t)(slash - a) < size ? (int)(slash - a) : 0, a);
	v4 = inet_pton(AF_INET, host, bin) == 1;
	v6 = !v4 && inet_pton(AF_INET6, host, bin) == 1;
	if (v6)
		(void)inet_ntop(AF_INET6, bin, host, (socklen_t)size);
	return (v4 || v6) && (!*slash || (slash[1] && strspn(slash + 1, "0123456789") == strlen(slash + 1) &&
		strtoul(slash + 1, NULL, 10) <= (v4 ? 32u : 128u)));
}

static void check_ip(struct ccsd_refs *r, const struct clu_node *n)
{
	char host[INET6_ADDRSTRLEN + 1];
	const struct clu_node *first;

	if (!clu_node_attr(n, "address"))
		return;
	if (!address_of(n, host, sizeof(host))) {
		ccsd_found(r->f, CCSD_ERROR, "address", n, "address", "address=\"%.80s\" in <ip>: this is no IPv4 or IPv6 address; write it "
			"like 10.0.0.100 or 10.0.0.100/24", ccsd_text(n, "address"));
		return;
	}
	first = ccsd_names_add(r, "ip address", host, n);
	if (first)
		ccsd_found(r->f, CCSD_ERROR, "duplicate", n, "address", "address=\"%.80s\" in <ip>: the <ip> in line %d has the same; one "
			"address can be in one place only: define it once in <resources>, and refer to it", ccsd_text(n, "address"),
			clu_node_line(first));
	first = ccsd_names_find(r, "address", host);
	if (first)
		ccsd_found(r->f, CCSD_ERROR, "duplicate", n, "address", "address=\"%.80s\" in <ip>: it is the address of a node (line %d), "
			"which would lose it when the service moves; use another one", ccsd_text(n, "address"), clu_node_line(first));
}

/* Attributes of which two resources of a type cannot have the same value: a mount point, a device. */
static void check_unique(struct ccsd_refs *r, const struct clu_node *n, const struct ccsd_elem *e)
{
	const char *list = ccsd_elem_unique(e);

	while (list && *list) {
		size_t len = strcspn(list, " ");
		char name[64], scope[160];
		const struct ccsd_attr *a;
		const struct clu_node *first;

		snprintf(name, sizeof(name), "%.*s", (int)len, list);
		snprintf(scope, sizeof(scope), "%.60s/@%s", clu_node_name(n), name);
		list += len + (list[len] == ' ');
		a = ccsd_elem_attr(e, name);
		if (!a || !strcmp(name, ccsd_elem_primary(e)) || !ccsd_text(n, name)[0])
			continue;
		first = ccsd_names_add(r, scope, ccsd_text(n, name), n);
		if (first)
			ccsd_found(r->f, CCSD_WARNING, "duplicate", n, a->name, "%s=\"%.80s\" in <%s>: the <%s> in line %d has the same; if both "
				"run at once they are in each other's way: define it once in <resources>, and refer to it", name,
				ccsd_text(n, name), clu_node_name(n), clu_node_name(n), clu_node_line(first));
	}
}

static void check_agent(struct ccsd_refs *r, const struct clu_node *n)
{
	const char *type = clu_node_name(n);

	/* Each type once: folders are looked through. */
	if (!ccsd_schema_asks(r->schema) || ccsd_names_add(r, "resource agent", type, n) ||
	    ccsd_schema_installed(r->schema, "resource", type, NULL))
		return;
	ccsd_found(r->f, CCSD_WARNING, "no-agent", n, NULL, "<%s>: no resource agent of this type is installed here, so this node "
		"cannot run it; install it on every node, in /usr/share/cluster for instance", type);
}

/* A reference in a service, to a definition in <resources>. */
static void check_ref(struct ccsd_refs *r, const struct clu_node *n, const struct ccsd_elem *e)
{
	const char *ref = ccsd_text(n, "ref");
	char what[96], scope[128];
	const struct clu_node *first;

	snprintf(what, sizeof(what), "<%.60s> resource", clu_node_name(n));
	if (!ccsd_names_find(r, what, ref)) {
		ccsd_dangling(r, n, "ref", what, "define it in <resources>", clu_node_child(r->rm, "resources"), clu_node_name(n),
			ccsd_elem_primary(e));
		return;
	}
	snprintf(scope, sizeof(scope), "used %s", what);
	first = ccsd_names_add(r, scope, ref, n);
	if (first && ccsd_elem_once(e))
		ccsd_found(r->f, CCSD_WARNING, "used-twice", n, "ref", "ref=\"%.80s\" in <%s>: it stands in line %d already; such a "
			"resource runs in one place only, and is left out here; remove one of them", ref, clu_node_name(n),
			clu_node_line(first));
}

/* e: what the schema says of n; NULL for a resource of this site alone. shared: a definition in <resources>. */
static void check_resource(struct ccsd_refs *r, const struct clu_node *n, const struct ccsd_elem *e, bool shared)
{
	const char *primary = e ? ccsd_elem_primary(e) : NULL;

	if (!primary)
		return;
	check_agent(r, n);
	if (clu_node_attr(n, "ref") && !shared)
		check_ref(r, n, e);
	else if (!clu_node_attr(n, primary) && !clu_node_attr(n, "ref"))
		ccsd_found(r->f, CCSD_ERROR, "no-name", n, NULL, "<%s> has neither %s nor ref: nothing tells which one is meant; add "
			"%s%s", clu_node_name(n), primary, primary, shared ? "" : ", or ref to one of <resources>");
	else
		check_unique(r, n, e);
	if (!strcmp(clu_node_name(n), "ip"))
		check_ip(r, n);
	for (const struct clu_node *k = clu_node_child(n, NULL); k; k = clu_node_next(k, NULL))
		check_resource(r, k, ccsd_elem_child(e, clu_node_name(k)), shared);
}

static void check_definitions(struct ccsd_refs *r, const struct ccsd_elem *grammar)
{
	const struct clu_node *resources = clu_node_child(r->rm, "resources");

	for (const struct clu_node *n = clu_node_child(resources, NULL); n; n = clu_node_next(n, NULL)) {
		const struct ccsd_elem *e = ccsd_elem_child(grammar, clu_node_name(n));
		const char *primary = e ? ccsd_elem_primary(e) : NULL, *name = primary ? clu_node_attr(n, primary) : NULL;
		const struct clu_node *first;
		char what[96];

		snprintf(what, sizeof(what), "<%.60s> resource", clu_node_name(n));
		first = name ? ccsd_names_add(r, what, name, n) : NULL;
		/* Addresses are compared as such. */
		if (first && strcmp(clu_node_name(n), "ip") != 0)
			ccsd_found(r->f, CCSD_ERROR, "duplicate", n, primary, "%s=\"%.80s\" in <%s>: the <%s> in line %d has the same; give "
				"each its own", primary, name, clu_node_name(n), clu_node_name(n), clu_node_line(first));
		check_resource(r, n, e, true);
	}
}

static void check_unused(struct ccsd_refs *r, const struct ccsd_elem *grammar)
{
	const struct clu_node *resources = clu_node_child(r->rm, "resources");

	for (const struct clu_node *n = clu_node_child(resources, NULL); n; n = clu_node_next(n, NULL)) {
		const struct ccsd_elem *e = ccsd_elem_child(grammar, clu_node_name(n));
		const char *primary = e ? ccsd_elem_primary(e) : NULL, *name = primary ? clu_node_attr(n, primary) : NULL;
		char scope[128];

		snprintf(scope, sizeof(scope), "used <%.60s> resource", clu_node_name(n));
		if (name && !ccsd_names_find(r, scope, name))
			ccsd_found(r->f, CCSD_WARNING, "unused", n, primary, "<%s> \"%.80s\": no service refers to it, so it runs nowhere; add "
				"<%s ref=\"%.80s\"/> to one, or remove it", clu_node_name(n), name, clu_node_name(n), name);
	}
}

/* ---- services ---- */

/* depend="TYPE:NAME", or NAME of a service. */
static const struct clu_node *depends_on(const struct ccsd_refs *r, const struct clu_node *n)
{
	const char *depend = ccsd_text(n, "depend"), *colon = strchr(depend, ':');
	char type[16];

	snprintf(type, sizeof(type), "%.*s", colon ? (int)(colon - depend < 15 ? colon - depend : 15) : 7,
		colon ? depend : "service");
	return ccsd_names_find(r, !strcmp(type, "vm") ? "top vm" : "top service", colon ? colon + 1 : depend);
}

static void check_depend(struct ccsd_refs *r, const struct clu_node *n)
{
	const struct clu_node *on = depends_on(r, n);
	unsigned steps = 0;

	if (!ccsd_text(n, "depend")[0])
		return;
	if (!on) {
		struct ccsd_near near = CCSD_NEAR_INIT;
		const char *colon = strchr(ccsd_text(n, "depend"), ':');
		unsigned looked = 0;

		for (const struct clu_node *c = clu_node_child(r->rm, NULL); c && looked++ < CLU_MAX_SERVICES; c = clu_node_next(c, NULL))
			if (is_service(c))
				ccsd_near(&near, colon ? colon + 1 : ccsd_text(n, "depend"), ccsd_text(c, "name"));
		ccsd_found(r->f, CCSD_ERROR, "dangling", n, "depend", "depend=\"%.80s\" in <%s>: there is no service of this name; %s%.80s%s",
			ccsd_text(n, "depend"), clu_node_name(n), near.best ? "did you mean \"" : "write it as service:NAME or vm:NAME, or "
			"remove the attribute", near.best ? near.best : "", near.best ? "\"?" : "");
		return;
	}
	for (const struct clu_node *k = on; k && steps++ < MAX_CHAIN; k = depends_on(r, k))
		if (k == n) {
			ccsd_found(r->f, CCSD_ERROR, "depend-loop", n, "depend", "depend=\"%.80s\" in <%s>: %s, so that it could never start; "
				"remove one of the attributes", ccsd_text(n, "depend"), clu_node_name(n),
				on == n ? "it waits for itself" : "the services wait for each other");
			return;
		}
}

static void check_service(struct ccsd_refs *r, const struct clu_node *n)
{
	const char *name = ccsd_text(n, "name"), *domain = ccsd_text(n, "domain");
	char folded[256];

	if (strlen(clu_node_name(n)) + 1 + strlen(name) > SERVICE_NAME_BYTES)
		ccsd_found(r->f, CCSD_ERROR, "range", n, "name", "name of %zu bytes in <%s>: rgmanager has room for %d with the type; "
			"shorten it", strlen(name), clu_node_name(n), SERVICE_NAME_BYTES);
	ccsd_fold(domain, folded, sizeof(folded));
	if (*domain && !ccsd_names_find(r, "failoverdomain", folded))
		ccsd_dangling(r, n, "domain", "failover domain", "add a <failoverdomain> with it or remove the attribute",
			clu_node_child(r->rm, "failoverdomains"), "failoverdomain", "name");
	else if (*domain)
		(void)ccsd_names_add(r, "used domain", folded, n);
	check_depend(r, n);
}

void ccsd_refs_rm(struct ccsd_refs *r)
{
	const struct ccsd_elem *rm = ccsd_elem_child(r->grammar, "rm"), *any = ccsd_elem_child(rm, "resources");
	unsigned n_services = 0;

	check_domains(r);
	ccsd_names_unique(r, "top service", r->rm, "service", "name", false);
	ccsd_names_unique(r, "top vm", r->rm, "vm", "name", false);
	check_definitions(r, any);
	for (const struct clu_node *n = clu_node_child(r->rm, NULL); n; n = clu_node_next(n, NULL))
		if (is_service(n)) {
			if (++n_services == CLU_MAX_SERVICES + 1)
				ccsd_found(r->f, CCSD_ERROR, "range", n, NULL, "service %u: rgmanager manages at most %d; put some of them "
					"together", CLU_MAX_SERVICES + 1, CLU_MAX_SERVICES);
			check_service(r, n);
			check_resource(r, n, ccsd_elem_child(rm, clu_node_name(n)), false);
		}
	check_unused(r, any);
	check_unused_domains(r);
}
