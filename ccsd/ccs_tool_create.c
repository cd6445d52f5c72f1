/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ccs_tool create: a skeleton of a file; addnodeids: numbers for nodes of old files that have none.
 *
 * COMPAT: a wrong option or a missing name prints the usage and is no failure; neither runs an update.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_tool.h"
#include "ccs_tool_doc.h"
#include "clu_conf.h"
#include "clu_path.h"
#include "clu_store.h"

#define MAX_NODES 256

/* ---- create ---- */

struct create {
	const char *file, *name, *fence;
	unsigned long nodes;
	bool two_node;
};

static void create_usage(void)
{
	printf("Usage: ccs_tool create [options] CLUSTERNAME\n"
		"  -2                     a cluster of two nodes, one of which is quorate\n"
		"  -n, --nodes=NUM        with NUM nodes, NEEDNAME-01 and so on, to be named\n"
		"  -f, --fence=AGENT      with a fence device fence1 of this agent; ADDARGS marks where its parameters go\n"
		"  -c, --configfile=FILE  the file to make (default: %s); it must not exist\n"
		"  -h, --help             this text\n", clu_path(CLU_PATH_CONF));
}

/* false: the usage was printed. */
static bool create_options(struct create *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "nodes", required_argument, NULL, 'n' }, { "fence", required_argument, NULL, 'f' },
		{ "configfile", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	char *end = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "2n:f:c:h", longs, NULL)) >= 0) {
		switch (c) {
		case '2':
			o->two_node = true;
			break;
		case 'n':
			o->nodes = strtoul(optarg, &end, 10);
			if (*end || !o->nodes || o->nodes > MAX_NODES) {
				create_usage();
				return false;
			}
			break;
		case 'f':
			o->fence = optarg;
			break;
		case 'c':
			o->file = optarg;
			break;
		default:
			create_usage();
			return false;
		}
	}
	if (optind + 1 != argc) {
		create_usage();
		return false;
	}
	o->name = argv[optind];
	return true;
}

static void create_node(const struct create *o, xmlNode *nodes, unsigned long number)
{
	xmlNode *n = ccs_doc_add(nodes, "clusternode"), *method, *device;
	char text[32];

	snprintf(text, sizeof(text), "NEEDNAME-%02lu", number);
	ccs_doc_set(n, "name", text);
	ccs_doc_set(n, "votes", "1");
	snprintf(text, sizeof(text), "%lu", number);
	ccs_doc_set(n, "nodeid", text);
	if (!o->fence)
		return;
	method = ccs_doc_add(ccs_doc_add(n, "fence"), "method");
	ccs_doc_set(method, "name", "single");
	device = ccs_doc_add(method, "device");
	ccs_doc_set(device, "name", "fence1");
	ccs_doc_set(device, "ADDARGS", "");
}

static void create_tree(const struct create *o, struct ccs_doc *d)
{
	xmlNode *root = xmlNewNode(NULL, (const xmlChar *)"cluster"), *section;

	d->xml = xmlNewDoc((const xmlChar *)"1.0");
	xmlDocSetRootElement(d->xml, root);
	ccs_doc_set(root, "name", o->name);
	ccs_doc_set(root, "config_version", "1");
	if (o->two_node) {
		section = ccs_doc_add(root, "cman");
		ccs_doc_set(section, "two_node", "1");
		ccs_doc_set(section, "expected_votes", "1");
	}
	section = ccs_doc_add(root, "clusternodes");
	for (unsigned long i = 1; i <= o->nodes; i++)
		create_node(o, section, i);
	section = ccs_doc_add(root, "fencedevices");
	if (o->fence) {
		section = ccs_doc_add(section, "fencedevice");
		ccs_doc_set(section, "name", "fence1");
		ccs_doc_set(section, "agent", o->fence);
		ccs_doc_set(section, "ADDARGS", "");
	}
	section = ccs_doc_add(root, "rm");
	ccs_doc_add(section, "failoverdomains");
	ccs_doc_add(section, "resources");
}

int ccs_tool_create(int argc, char **argv)
{
	struct create o = { .file = clu_path(CLU_PATH_CONF) };
	struct ccs_doc d = CCS_DOC_INIT;
	struct clu_buf old = CLU_BUF_INIT;
	int r;

	if (!create_options(&o, argc, argv))
		return 0;
	if (o.two_node && o.nodes && o.nodes != 2)
		return ccs_fail("a cluster with -2 has two nodes, not %lu: leave out one of -2 and -n", o.nodes) < 0;
	r = clu_store_read(o.file, CLU_CONF_MAX_BYTES, &old);
	clu_buf_free(&old);
	if (r != -ENOENT)
		return ccs_fail("%s exists already: move it away, or name another file with -c", o.file) < 0;
	create_tree(&o, &d);
	d.in = o.file;
	r = ccs_doc_write(&d, o.file);
	ccs_doc_free(&d);
	return r < 0;
}

/* ---- addnodeids ---- */

struct ids {
	const char *in, *out, *multicast;
	unsigned long first;
	bool verbose;
};

static void ids_usage(void)
{
	printf("Usage: ccs_tool addnodeids [options]\n"
		"  -n, --nodeid=N         the first number (default: 1)\n"
		"  -m, --multicast=ADDR   set the multicast address, for clusters with transport=\"udp\"\n"
		"  -v, --verbose          say which node has got which number\n"
		"  -c, --configfile=FILE  the file to change (default: %s)\n"
		"  -o, --outputfile=FILE  write to this file, - for the standard output\n"
		"  -h, --help             this text\n", clu_path(CLU_PATH_CONF));
}

static bool ids_options(struct ids *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "nodeid", required_argument, NULL, 'n' }, { "multicast", required_argument, NULL, 'm' },
		{ "verbose", no_argument, NULL, 'v' }, { "configfile", required_argument, NULL, 'c' },
		{ "outputfile", required_argument, NULL, 'o' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	char *end = (char *)"";
	int c;

	while ((c = getopt_long(argc, argv, "n:m:vc:o:h", longs, NULL)) >= 0) {
		switch (c) {
		case 'n':
			o->first = strtoul(optarg, &end, 10);
			break;
		case 'm':
			o->multicast = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'c':
			o->in = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		default:
			ids_usage();
			return false;
		}
	}
	if (*end || !o->first || o->first > 4294967295u - MAX_NODES || optind < argc) {
		ids_usage();
		return false;
	}
	if (!o->out)
		o->out = o->in;
	return true;
}

static bool is_used(const xmlNode *nodes, unsigned long id)
{
	for (const xmlNode *n = ccs_doc_child(nodes, "clusternode"); n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && strtoul(ccs_doc_attr(n, "nodeid"), NULL, 10) == id)
			return true;
	return false;
}

static int number_nodes(const struct ids *o, struct ccs_doc *d)
{
	xmlNode *nodes = ccs_doc_section(d, "clusternodes");
	unsigned long next = o->first;
	unsigned count = 0;
	char text[32];

	for (xmlNode *n = ccs_doc_child(nodes, "clusternode"); n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE || strcmp((const char *)n->name, "clusternode") != 0)
			continue;
		if (++count > MAX_NODES)
			return ccs_fail("%s has more than %d nodes: number them by hand", o->in, MAX_NODES);
		if (strtoul(ccs_doc_attr(n, "nodeid"), NULL, 10))
			continue;
		while (is_used(nodes, next))
			next++;
		snprintf(text, sizeof(text), "%lu", next);
		ccs_doc_set(n, "nodeid", text);
		if (o->verbose)
			fprintf(stderr, "Node %s now has id %s\n", ccs_doc_attr(n, "name"), text);
	}
	return 0;
}

/* The historical tool warned always; here only a cluster on multicast has need of an address. */
static void set_multicast(const struct ids *o, struct ccs_doc *d)
{
	xmlNode *root = xmlDocGetRootElement(d->xml), *cman = ccs_doc_child(root, "cman"), *mcast;

	if (o->multicast) {
		cman = ccs_doc_section(d, "cman");
		mcast = ccs_doc_child(cman, "multicast");
		ccs_doc_set(mcast ? mcast : ccs_doc_add(cman, "multicast"), "addr", o->multicast);
	} else if (!strcmp(ccs_doc_attr(cman, "transport"), "udp") && !*ccs_doc_attr(ccs_doc_child(cman, "multicast"), "addr")) {
		fprintf(stderr, "ccs_tool: %s has no multicast address: one is made from the cluster's name; give one with -m if "
			"it must not be that\n", o->in);
	}
}

int ccs_tool_addnodeids(int argc, char **argv)
{
	struct ids o = { .in = clu_path(CLU_PATH_CONF), .first = 1 };
	struct ccs_doc d = CCS_DOC_INIT;
	int r;

	if (!ids_options(&o, argc, argv))
		return 0;
	r = ccs_doc_read(&d, o.in);
	if (r == 0)
		r = number_nodes(&o, &d);
	if (r == 0) {
		set_multicast(&o, &d);
		r = ccs_doc_raise_version(&d);
	}
	if (r == 0)
		r = ccs_doc_write(&d, o.out);
	ccs_doc_free(&d);
	return r < 0;
}
