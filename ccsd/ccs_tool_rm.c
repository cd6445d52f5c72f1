/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool addscript ... delfdomain: resources, services and failover domains, as the last RHCS had them. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ccs_tool.h"
#include "ccs_tool_edit.h"

#define MAX_NODES 64

static xmlNode *below_rm(struct ccs_edit *e, const char *name)
{
	xmlNode *rm = ccs_doc_section(&e->d, "rm"), *n = ccs_doc_child(rm, name);

	return n ? n : ccs_doc_add(rm, name);
}

/* A new element of that name among its siblings; NULL after it has said that there is one. */
static xmlNode *add_named(struct ccs_edit *e, xmlNode *parent, const char *elem, const char *key, const char *value)
{
	xmlNode *n;

	if (ccs_doc_find(parent, elem, key, value)) {
		(void)ccs_fail("%s %s already exists in %s", elem, value, e->in);
		return NULL;
	}
	n = ccs_doc_add(parent, elem);
	ccs_doc_set(n, key, value);
	return n;
}

/* ---- shared resources ---- */

static int add_script(struct ccs_edit *e)
{
	xmlNode *n = add_named(e, below_rm(e, "resources"), "script", "name", e->words[0]);

	if (n)
		ccs_doc_set(n, "file", e->words[1]);
	return n ? 0 : -EEXIST;
}

static int add_ip(struct ccs_edit *e)
{
	xmlNode *n = add_named(e, below_rm(e, "resources"), "ip", "address", e->words[0]);

	if (n)
		ccs_doc_set(n, "monitor_link", "1");
	return n ? 0 : -EEXIST;
}

static int add_fs(struct ccs_edit *e)
{
	xmlNode *n = add_named(e, below_rm(e, "resources"), "fs", "name", e->words[0]);

	if (!n)
		return -EEXIST;
	ccs_doc_set(n, "device", e->words[1]);
	ccs_doc_set(n, "mountpoint", e->words[2]);
	ccs_doc_set(n, "fstype", CCS_OPT(e, 't') ? CCS_OPT(e, 't') : "ext3");
	if (CCS_OPT(e, 'p'))
		ccs_doc_set(n, "options", CCS_OPT(e, 'p'));
	ccs_doc_set(n, "force_fsck", CCS_OPT(e, 'k') ? "1" : "0");
	ccs_doc_set(n, "force_unmount", CCS_OPT(e, 'u') ? "1" : "0");
	ccs_doc_set(n, "self_fence", CCS_OPT(e, 's') ? "1" : "0");
	return 0;
}

/* The service that refers to it, or NULL. */
static const xmlNode *user_of(const xmlNode *n, const char *elem, const char *ref)
{
	for (const xmlNode *k = n ? n->children : NULL; k; k = k->next) {
		if (k->type != XML_ELEMENT_NODE)
			continue;
		if ((!strcmp((const char *)k->name, elem) && !strcmp(ccs_doc_attr(k, "ref"), ref)) || user_of(k, elem, ref))
			return k;
	}
	return NULL;
}

static int drop(struct ccs_edit *e, const char *section, const char *elem, const char *key)
{
	xmlNode *rm = ccs_doc_child(xmlDocGetRootElement(e->d.xml), "rm"), *n;
	const char *name = e->words[0];
	const xmlNode *user;

	n = ccs_doc_find(*section ? ccs_doc_child(rm, section) : rm, elem, key, name);
	if (!n)
		return ccs_fail("%s %s does not exist in %s", elem, name, e->in);
	user = user_of(rm, elem, name);
	if (!strcmp(section, "resources") && user)
		return ccs_fail("%s %s is in use by %s %s: take it out there first", elem, name, (const char *)user->name,
			ccs_doc_attr(user, "name"));
	xmlUnlinkNode(n);
	xmlFreeNode(n);
	return 0;
}

static int del_script(struct ccs_edit *e)
{
	return drop(e, "resources", "script", "name");
}

static int del_ip(struct ccs_edit *e)
{
	return drop(e, "resources", "ip", "address");
}

static int del_fs(struct ccs_edit *e)
{
	return drop(e, "resources", "fs", "name");
}

/* ---- services ---- */

/* A reference to a shared resource, which must exist. */
static int refer(struct ccs_edit *e, xmlNode *parent, const char *elem, const char *key, const char *ref, xmlNode **ret)
{
	xmlNode *n;

	if (!ref)
		return 0;
	if (!ccs_doc_find(below_rm(e, "resources"), elem, key, ref))
		return ccs_fail("%s %s does not exist in %s: add it first with \"ccs_tool add%s\"", elem, ref, e->in, elem);
	n = ccs_doc_add(parent, elem);
	ccs_doc_set(n, "ref", ref);
	if (ret)
		*ret = n;
	return 0;
}

static int add_service(struct ccs_edit *e)
{
	xmlNode *domains = below_rm(e, "failoverdomains"), *n, *inner;
	const char *domain = CCS_OPT(e, 'd');
	int r;

	if (domain && !ccs_doc_find(domains, "failoverdomain", "name", domain))
		return ccs_fail("failover domain %s does not exist in %s: add it first with \"ccs_tool addfdomain\"", domain, e->in);
	n = add_named(e, ccs_doc_section(&e->d, "rm"), "service", "name", e->words[0]);
	if (!n)
		return -EEXIST;
	ccs_doc_set(n, "autostart", CCS_OPT(e, 'a') ? CCS_OPT(e, 'a') : "1");
	if (domain)
		ccs_doc_set(n, "domain", domain);
	ccs_doc_set(n, "exclusive", CCS_OPT(e, 'x') ? CCS_OPT(e, 'x') : "0");
	ccs_doc_set(n, "recovery", CCS_OPT(e, 'r') ? CCS_OPT(e, 'r') : "relocate");
	/* What uses a file system stands in it: it is started after it and stopped before. */
	inner = n;
	r = refer(e, n, "fs", "name", CCS_OPT(e, 'f'), &inner);
	if (r == 0)
		r = refer(e, inner, "ip", "address", CCS_OPT(e, 'i'), NULL);
	if (r == 0)
		r = refer(e, inner, "script", "name", CCS_OPT(e, 's'), NULL);
	return r;
}

static int del_service(struct ccs_edit *e)
{
	return drop(e, "", "service", "name");
}

/* ---- failover domains ---- */

static int add_domain(struct ccs_edit *e)
{
	const xmlNode *nodes = ccs_doc_section(&e->d, "clusternodes");
	xmlNode *n = add_named(e, below_rm(e, "failoverdomains"), "failoverdomain", "name", e->words[0]);
	char priority[16];

	if (!n)
		return -EEXIST;
	ccs_doc_set(n, "ordered", CCS_OPT(e, 'p') ? "1" : "0");
	ccs_doc_set(n, "restricted", CCS_OPT(e, 'r') ? "1" : "0");
	for (int i = 1; i < e->n_words; i++) {
		xmlNode *member;

		if (!ccs_doc_find(nodes, "clusternode", "name", e->words[i]))
			return ccs_fail("node %s does not exist in %s", e->words[i], e->in);
		member = add_named(e, n, "failoverdomainnode", "name", e->words[i]);
		if (!member)
			return -EEXIST;
		snprintf(priority, sizeof(priority), "%d", i);
		ccs_doc_set(member, "priority", priority);
	}
	return 0;
}

static int del_domain(struct ccs_edit *e)
{
	const xmlNode *rm = ccs_doc_child(xmlDocGetRootElement(e->d.xml), "rm");

	for (const xmlNode *k = rm ? rm->children : NULL; k; k = k->next)
		if (k->type == XML_ELEMENT_NODE && !strcmp(ccs_doc_attr(k, "domain"), e->words[0]))
			return ccs_fail("failover domain %s is in use by %s %s: take it out there first", e->words[0],
				(const char *)k->name, ccs_doc_attr(k, "name"));
	return drop(e, "failoverdomains", "failoverdomain", "name");
}

static const struct ccs_edit_spec specs[] = {
	{ "addscript", "NAME PATH", 2, 2, "", "", add_script },
	{ "delscript", "NAME", 1, 1, "", "", del_script },
	{ "addip", "ADDRESS", 1, 1, "", "", add_ip },
	{ "delip", "ADDRESS", 1, 1, "", "", del_ip },
	{ "addfs", "NAME DEVICE MOUNTPOINT", 3, 3, "t:p:kus",
		"  -t TYPE                its type (default: ext3)\n"
		"  -p OPTIONS             options of the mount\n"
		"  -k                     check it before each mount\n"
		"  -u                     end who uses it when it is unmounted\n"
		"  -s                     reset the machine when it cannot be unmounted\n", add_fs },
	{ "delfs", "NAME", 1, 1, "", "", del_fs },
	{ "addservice", "NAME", 1, 1, "a:d:x:r:f:s:i:",
		"  -a 0|1                 start it by itself (default: 1)\n"
		"  -d DOMAIN              its failover domain\n"
		"  -x 0|1                 alone on its node (default: 0)\n"
		"  -r POLICY              restart, relocate (default) or disable\n"
		"  -f FS, -i ADDRESS, -s SCRIPT\n"
		"                         resources of the file; the others stand in the file system\n", add_service },
	{ "delservice", "NAME", 1, 1, "", "", del_service },
	{ "addfdomain", "NAME NODE...", 2, MAX_NODES + 1, "pr",
		"  -p                     the nodes are in the order of preference\n"
		"  -r                     only on these nodes\n", add_domain },
	{ "delfdomain", "NAME", 1, 1, "", "", del_domain },
};

int ccs_tool_rm(int argc, char **argv)
{
	return ccs_edit_run(specs, sizeof(specs) / sizeof(specs[0]), argc, argv);
}
