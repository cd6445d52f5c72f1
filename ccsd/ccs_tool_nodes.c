/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool addnode, delnode, addfence, delfence. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_tool.h"
#include "ccs_tool_edit.h"

/* At most this many words: k=v behind a name. */
#define MAX_WORDS 256

/* k=v words onto an element. */
static int set_words(struct ccs_edit *e, int from, xmlNode *n)
{
	for (int i = from; i < e->n_words; i++) {
		char name[128];
		size_t len = strcspn(e->words[i], "=");

		if (!e->words[i][len] || !len || len >= sizeof(name))
			return ccs_fail("\"%s\" is not of the form parameter=value: correct it", e->words[i]);
		memcpy(name, e->words[i], len);
		name[len] = '\0';
		if (!strcmp(name, "name"))
			return ccs_fail("name= cannot be given as a parameter: it is the name itself");
		if (xmlValidateNCName((const xmlChar *)name, 0) != 0)
			return ccs_fail("\"%s\" cannot be the name of a parameter: correct it", name);
		ccs_doc_set(n, name, e->words[i] + len + 1);
	}
	return 0;
}

static bool number(const char *s, unsigned long min, unsigned long max)
{
	return *s && strspn(s, "0123456789") == strlen(s) && strlen(s) <= 10 && strtoul(s, NULL, 10) >= min &&
		strtoul(s, NULL, 10) <= max;
}

/* ---- commands ---- */

static int add_node(struct ccs_edit *e)
{
	xmlNode *nodes = ccs_doc_section(&e->d, "clusternodes"), *n;
	const char *name = e->words[0], *nodeid = CCS_OPT(e, 'n'), *fence = CCS_OPT(e, 'f');
	const char *votes = CCS_OPT(e, 'v') ? CCS_OPT(e, 'v') : "1";

	if (ccs_doc_find(nodes, "clusternode", "name", name))
		return ccs_fail("node %s already exists in %s", name, e->in);
	if (!nodeid)
		return ccs_fail("nodeid not specified: add -n with a number that no other node has");
	if (!number(nodeid, 1, 4294967295u))
		return ccs_fail("nodeid %s is no whole number from 1 on: correct it", nodeid);
	if (!number(votes, 0, 255))
		return ccs_fail("votes %s is no whole number from 0 to 255: correct it", votes);
	for (n = ccs_doc_child(nodes, "clusternode"); n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && strtoul(ccs_doc_attr(n, "nodeid"), NULL, 10) == strtoul(nodeid, NULL, 10))
			return ccs_fail("nodeid %s is in use by node %s: take another", nodeid, ccs_doc_attr(n, "name"));
	if (fence && !ccs_doc_find(ccs_doc_section(&e->d, "fencedevices"), "fencedevice", "name", fence))
		return ccs_fail("fence type %s not known: add it first with \"ccs_tool addfence\"", fence);
	if (!fence && e->n_words > 1)
		return ccs_fail("\"%s\" is for a fence device: name it with -f", e->words[1]);
	n = ccs_doc_add(nodes, "clusternode");
	ccs_doc_set(n, "name", name);
	ccs_doc_set(n, "votes", votes);
	ccs_doc_set(n, "nodeid", nodeid);
	if (CCS_OPT(e, 'a'))
		ccs_doc_set(ccs_doc_add(n, "altname"), "name", CCS_OPT(e, 'a'));
	if (fence) {
		xmlNode *method = ccs_doc_add(ccs_doc_add(n, "fence"), "method"), *device = ccs_doc_add(method, "device");

		ccs_doc_set(method, "name", "single");
		ccs_doc_set(device, "name", fence);
		return set_words(e, 1, device);
	}
	return 0;
}

static int add_fence(struct ccs_edit *e)
{
	xmlNode *devices = ccs_doc_section(&e->d, "fencedevices"), *n;

	if (ccs_doc_find(devices, "fencedevice", "name", e->words[0]))
		return ccs_fail("fence type %s already exists in %s", e->words[0], e->in);
	n = ccs_doc_add(devices, "fencedevice");
	ccs_doc_set(n, "name", e->words[0]);
	ccs_doc_set(n, "agent", e->words[1]);
	return set_words(e, 2, n);
}

static int delete(struct ccs_edit *e, const char *parent, const char *elem, const char *what)
{
	xmlNode *n = ccs_doc_find(ccs_doc_child(xmlDocGetRootElement(e->d.xml), parent), elem, "name", e->words[0]);

	if (!n)
		return ccs_fail("%s %s does not exist in %s", what, e->words[0], e->in);
	xmlUnlinkNode(n);
	xmlFreeNode(n);
	return 0;
}

static int del_node(struct ccs_edit *e)
{
	return delete(e, "clusternodes", "clusternode", "node");
}

static int del_fence(struct ccs_edit *e)
{
	return delete(e, "fencedevices", "fencedevice", "fence type");
}

static const struct ccs_edit_spec specs[] = {
	{ "addnode", "NAME [parameter=value]...", 1, MAX_WORDS, "n:v:a:f:",
		"  -n, --nodeid=N         its number, required\n"
		"  -v, --votes=N          its votes (default: 1)\n"
		"  -a, --altname=NAME     its name on a second network\n"
		"  -f, --fence_type=NAME  the fence device of the list in the file; parameters are for this node\n", add_node },
	{ "delnode", "NAME", 1, MAX_WORDS, "", "", del_node },
	{ "addfence", "NAME AGENT [parameter=value]...", 2, MAX_WORDS, "", "", add_fence },
	{ "delfence", "NAME", 1, MAX_WORDS, "", "", del_fence },
};

int ccs_tool_nodes(int argc, char **argv)
{
	return ccs_edit_run(specs, sizeof(specs) / sizeof(specs[0]), argc, argv);
}
