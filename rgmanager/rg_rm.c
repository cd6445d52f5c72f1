/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_rm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rg_meta.h"

static void finding(struct clu_buf *b, const struct clu_node *n, const char *what, const char *arg, const char *rest)
{
	clu_buf_printf(b, "%s:%d: %s \"%s\"%s\n", clu_node_file(n), clu_node_line(n), what, arg, rest);
}

static unsigned elements(const struct clu_node *n, const char *name)
{
	unsigned k = 0;

	for (const struct clu_node *c = clu_node_child(n, name); c; c = clu_node_next(c, name))
		k++;
	return k;
}

/* A priority counts in ordered domains only; out of bounds it counts as none (0). */
static void read_domain_nodes(const struct clu_conf *conf, const struct clu_node *x, struct rg_domain *d,
	struct clu_buf *findings)
{
	for (const struct clu_node *c = clu_node_child(x, "failoverdomainnode"); c;
		c = clu_node_next(c, "failoverdomainnode")) {
		const char *name = clu_node_attr(c, "name"), *prio = clu_node_attr(c, "priority");
		struct rg_domain_node *n = &d->nodes[d->n_nodes];
		bool twice = false;
		long p;

		if (!name || d->n_nodes == CLU_MAX_NODES)
			continue;
		n->nodeid = clu_conf_node_id(conf, name);
		if (!n->nodeid)
			finding(findings, c, "failover domain node", name, " is no cluster node: add it or correct the name");
		for (unsigned i = 0; i < d->n_nodes && n->nodeid; i++)
			twice = twice || d->nodes[i].nodeid == n->nodeid;
		if (twice) {
			finding(findings, c, "failover domain node", name, " is listed twice: the second one is left out");
			continue;
		}
		p = prio && d->ordered ? strtol(prio, NULL, 10) : 0;
		n->priority = p >= 1 && p <= 100 ? (int)p : 0;
		d->n_nodes++;
	}
}

static int read_domains(struct rg_rm *rm, const struct clu_node *x, struct clu_buf *findings)
{
	const struct clu_node *list = clu_node_child(x, "failoverdomains");
	unsigned n = elements(list, "failoverdomain");

	rm->domains = calloc(n ? n : 1, sizeof(*rm->domains));
	if (!rm->domains)
		return -ENOMEM;
	for (const struct clu_node *c = clu_node_child(list, "failoverdomain"); c; c = clu_node_next(c, "failoverdomain")) {
		const char *name = clu_node_attr(c, "name");
		struct rg_domain *d = &rm->domains[rm->n_domains];

		if (!name || !*name || strlen(name) >= RG_NAME_MAX || rg_rm_domain(rm, name)) {
			finding(findings, c, "failover domain", name ? name : "",
				": its name is missing, too long or there twice; give it a name of its own");
			continue;
		}
		snprintf(d->name, sizeof(d->name), "%s", name);
		d->ordered = rg_meta_yes(clu_node_attr(c, "ordered"));
		d->restricted = rg_meta_yes(clu_node_attr(c, "restricted"));
		d->nofailback = rg_meta_yes(clu_node_attr(c, "nofailback"));
		rm->n_domains++;
		read_domain_nodes(rm->conf, c, d, findings);
	}
	return 0;
}

/* The defining element of a reference: in <resources>, of the same type and name. */
static const struct clu_node *definition(const struct clu_node *x, const struct clu_node *c)
{
	const char *ref = clu_node_attr(c, "ref");
	const struct clu_node *res = clu_node_child(x, "resources");

	if (!ref)
		return c;
	for (const struct clu_node *d = clu_node_child(res, clu_node_name(c)); d; d = clu_node_next(d, clu_node_name(c))) {
		const char *name = clu_node_attr(d, "name");

		if (name && !strcmp(name, ref))
			return d;
	}
	return NULL;
}

static enum rg_recovery read_recovery(const char *v)
{
	if (!v || !strcmp(v, "restart"))
		return RG_RESTART;
	if (!strcmp(v, "relocate"))
		return RG_RELOCATE;
	if (!strcmp(v, "disable"))
		return RG_DISABLE;
	return strstr(v, "disable") ? RG_RESTART_DISABLE : RG_RESTART;
}

/*
 * Historically "yes" was read as a number, 0, and meant off. A word that says
 * yes now means yes.
 */
static bool read_autostart(const char *v)
{
	return !v || rg_meta_yes(v) || !strcasecmp(v, "true") || !strcasecmp(v, "on");
}

static void copy_attr(char *ret, size_t size, const struct clu_node *n, const char *attr)
{
	const char *v = clu_node_attr(n, attr);

	snprintf(ret, size, "%s", v ? v : "");
}

static void read_policy(struct rg_rm *rm, const struct clu_node *x, const struct clu_node *c, struct clu_buf *findings)
{
	const struct clu_node *d = definition(x, c);
	struct rg_policy *p = &rm->policies[rm->n_policies];
	const char *name = clu_node_attr(d, "name"), *v;

	if (d && !name && !clu_node_attr_at(d, 0, &v, &name))
		name = NULL;
	if (!name || !*name) {
		finding(findings, c, "service", clu_node_attr(c, "ref") ? clu_node_attr(c, "ref") : "",
			": has no name, or refers to nothing in <resources>; it is left out");
		return;
	}
	if (strlen(clu_node_name(c)) + 1 + strlen(name) >= RG_NAME_MAX) {
		finding(findings, c, "service", name, ": name longer than 63 characters with its type; it is left out");
		return;
	}
	snprintf(p->name, sizeof(p->name), "%s:%s", clu_node_name(c), name);
	for (unsigned i = 0; i < rm->n_policies; i++)
		if (!strcmp(rm->policies[i].name, p->name)) {
			finding(findings, c, "service", name, " is there twice: the second one is left out");
			return;
		}
	copy_attr(p->domain, sizeof(p->domain), d, "domain");
	if (*p->domain && !rg_rm_domain(rm, p->domain))
		finding(findings, c, "failover domain", p->domain, " does not exist: the service may run everywhere");
	copy_attr(p->depend, sizeof(p->depend), d, "depend");
	v = clu_node_attr(d, "depend_mode");
	p->depend_soft = v && !strcmp(v, "soft");
	p->autostart = read_autostart(clu_node_attr(d, "autostart"));
	p->exclusive = rg_meta_yes(clu_node_attr(d, "exclusive"));
	p->recovery = read_recovery(clu_node_attr(d, "recovery"));
	p->max_restarts = rg_meta_seconds(clu_node_attr(d, "max_restarts"));
	p->restart_expire_s = rg_meta_seconds(clu_node_attr(d, "restart_expire_time"));
	v = clu_node_attr(d, "priority");
	p->priority = v ? (int)strtol(v, NULL, 10) : 0;
	p->xml = c;
	rm->n_policies++;
}

static bool is_service(const struct clu_node *c)
{
	static const char *const not_services[] = { "failoverdomains", "resources", "resource-defaults", "events" };

	for (unsigned i = 0; i < sizeof(not_services) / sizeof(not_services[0]); i++)
		if (!strcmp(clu_node_name(c), not_services[i]))
			return false;
	return true;
}

static int read_policies(struct rg_rm *rm, const struct clu_node *x, struct clu_buf *findings)
{
	unsigned n = elements(x, NULL);

	rm->policies = calloc(n ? n : 1, sizeof(*rm->policies));
	if (!rm->policies)
		return -ENOMEM;
	for (const struct clu_node *c = clu_node_child(x, NULL); c; c = clu_node_next(c, NULL))
		if (is_service(c) && rm->n_policies < RG_MAX_SERVICES)
			read_policy(rm, x, c, findings);
	/* By priority; stable, so that equal ones keep the order of the document. */
	for (unsigned i = 1; i < rm->n_policies; i++) {
		struct rg_policy p = rm->policies[i];
		unsigned k = i;

		for (; k && rm->policies[k - 1].priority > p.priority; k--)
			rm->policies[k] = rm->policies[k - 1];
		rm->policies[k] = p;
	}
	return 0;
}

int rg_rm_read(struct clu_conf *conf, struct rg_rm **ret, struct clu_buf *findings)
{
	const struct clu_node *x = clu_node_child(clu_conf_root(conf), "rm");
	struct rg_rm *rm = calloc(1, sizeof(*rm));

	if (!rm)
		return -ENOMEM;
	rm->conf = clu_conf_ref(conf);
	if (read_domains(rm, x, findings) < 0 || read_policies(rm, x, findings) < 0) {
		rg_rm_free(rm);
		return -ENOMEM;
	}
	*ret = rm;
	return 0;
}

struct rg_rm *rg_rm_free(struct rg_rm *rm)
{
	if (!rm)
		return NULL;
	free(rm->policies);
	free(rm->domains);
	clu_conf_unref(rm->conf);
	free(rm);
	return NULL;
}

const struct rg_policy *rg_rm_policy(const struct rg_rm *rm, const char *name)
{
	for (unsigned i = 0; rm && i < rm->n_policies; i++)
		if (!strcmp(rm->policies[i].name, name))
			return &rm->policies[i];
	return NULL;
}

const struct rg_domain *rg_rm_domain(const struct rg_rm *rm, const char *name)
{
	for (unsigned i = 0; i < rm->n_domains; i++)
		if (!strcasecmp(rm->domains[i].name, name))
			return &rm->domains[i];
	return NULL;
}

/* Any of its methods: one without a device does not speak for the others. */
static bool has_device(const struct clu_node *node)
{
	for (const struct clu_node *f = clu_node_child(node, "fence"); f; f = clu_node_next(f, "fence"))
		for (const struct clu_node *m = clu_node_child(f, "method"); m; m = clu_node_next(m, "method"))
			if (clu_node_child(m, "device"))
				return true;
	return false;
}

bool rg_rm_has_fencing(const struct rg_rm *rm, uint32_t nodeid)
{
	struct clu_conf_node nodes[CLU_MAX_NODES];
	unsigned n = clu_conf_nodes(rm->conf, nodes, CLU_MAX_NODES);

	for (unsigned i = 0; i < n; i++)
		if (nodes[i].nodeid == nodeid && has_device(nodes[i].xml))
			return true;
	return false;
}
