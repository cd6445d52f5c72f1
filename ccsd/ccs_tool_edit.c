/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ccs_tool addnode, delnode, addfence, delfence: change a file.
 *
 * COMPAT: config_version is raised by one, the former file stays as FILE.old, the
 * result is indented XML of mode 0640. If the file was changed in place, the update is
 * run, and its result does not change the exit code. A wrong option or a missing name
 * prints the usage and is no failure.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_tool.h"
#include "ccs_tool_doc.h"
#include "clu_path.h"

struct edit {
	const char *in, *out;
	bool no_ccs, force_ccs;
	const char *nodeid, *votes, *altname, *fence;	/* addnode */
	char **words;					/* what is no option */
	int n_words;
	struct ccs_doc d;
};

/* At most this many k=v behind a name. */
#define MAX_WORDS 256

/* ---- options ---- */

static void usage(const char *command)
{
	bool node = !strcmp(command, "addnode");

	printf("Usage: ccs_tool %s [options] NAME%s%s\n%s"
		"  -c, --configfile=FILE  the file to change (default: %s)\n"
		"  -o, --outputfile=FILE  write to this file, - for the standard output\n"
		"  -C, --no_ccs           do not run \"ccs_tool update\" afterwards\n"
		"  -F, --force_ccs        run it also when the result is in another file\n"
		"  -h, --help             this text\n",
		command, !strcmp(command, "addfence") ? " AGENT" : "", strncmp(command, "add", 3) ? "" : " [parameter=value]...",
		node ? "  -n, --nodeid=N         its number, required\n"
			"  -v, --votes=N          its votes (default: 1)\n"
			"  -a, --altname=NAME     its name on a second network\n"
			"  -f, --fence_type=NAME  the fence device of the list in the file; parameters are for this node\n" : "",
		clu_path(CLU_PATH_CONF));
}

/* false: the usage was printed. */
static bool options(struct edit *e, int argc, char **argv, int min_words)
{
	static const struct option longs[] = {
		{ "configfile", required_argument, NULL, 'c' }, { "outputfile", required_argument, NULL, 'o' },
		{ "no_ccs", no_argument, NULL, 'C' }, { "force_ccs", no_argument, NULL, 'F' },
		{ "nodeid", required_argument, NULL, 'n' }, { "votes", required_argument, NULL, 'v' },
		{ "altname", required_argument, NULL, 'a' }, { "fence_type", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	bool node = !strcmp(argv[0], "addnode");
	int c;

	e->in = clu_path(CLU_PATH_CONF);
	e->votes = "1";
	while ((c = getopt_long(argc, argv, node ? "c:o:CFn:v:a:f:h" : "c:o:CFh", longs, NULL)) >= 0) {
		if (c == 'h' || c == '?' || (!node && strchr("nvaf", c))) {
			usage(argv[0]);
			return false;
		}
		switch (c) {
		case 'c':
			e->in = optarg;
			break;
		case 'o':
			e->out = optarg;
			break;
		case 'C':
			e->no_ccs = true;
			break;
		case 'F':
			e->force_ccs = true;
			break;
		case 'n':
			e->nodeid = optarg;
			break;
		case 'v':
			e->votes = optarg;
			break;
		case 'a':
			e->altname = optarg;
			break;
		default:
			e->fence = optarg;
			break;
		}
	}
	e->words = argv + optind;
	e->n_words = argc - optind;
	if (!e->out)
		e->out = e->in;
	if (e->n_words < min_words || e->n_words > MAX_WORDS) {
		usage(argv[0]);
		return false;
	}
	return true;
}

/* k=v words onto an element. */
static int set_words(struct edit *e, int from, xmlNode *n)
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

static int add_node(struct edit *e)
{
	xmlNode *nodes = ccs_doc_section(&e->d, "clusternodes"), *n;
	const char *name = e->words[0];

	if (ccs_doc_find(nodes, "clusternode", "name", name))
		return ccs_fail("node %s already exists in %s", name, e->in);
	if (!e->nodeid)
		return ccs_fail("nodeid not specified: add -n with a number that no other node has");
	if (!number(e->nodeid, 1, 4294967295u))
		return ccs_fail("nodeid %s is no whole number from 1 on: correct it", e->nodeid);
	if (!number(e->votes, 0, 255))
		return ccs_fail("votes %s is no whole number from 0 to 255: correct it", e->votes);
	for (n = ccs_doc_child(nodes, "clusternode"); n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && strtoul(ccs_doc_attr(n, "nodeid"), NULL, 10) == strtoul(e->nodeid, NULL, 10))
			return ccs_fail("nodeid %s is in use by node %s: take another", e->nodeid, ccs_doc_attr(n, "name"));
	if (e->fence && !ccs_doc_find(ccs_doc_section(&e->d, "fencedevices"), "fencedevice", "name", e->fence))
		return ccs_fail("fence type %s not known: add it first with \"ccs_tool addfence\"", e->fence);
	if (!e->fence && e->n_words > 1)
		return ccs_fail("\"%s\" is for a fence device: name it with -f", e->words[1]);
	n = ccs_doc_add(nodes, "clusternode");
	ccs_doc_set(n, "name", name);
	ccs_doc_set(n, "votes", e->votes);
	ccs_doc_set(n, "nodeid", e->nodeid);
	if (e->altname)
		ccs_doc_set(ccs_doc_add(n, "altname"), "name", e->altname);
	if (e->fence) {
		xmlNode *method = ccs_doc_add(ccs_doc_add(n, "fence"), "method"), *device = ccs_doc_add(method, "device");

		ccs_doc_set(method, "name", "single");
		ccs_doc_set(device, "name", e->fence);
		return set_words(e, 1, device);
	}
	return 0;
}

static int add_fence(struct edit *e)
{
	xmlNode *devices = ccs_doc_section(&e->d, "fencedevices"), *n;

	if (ccs_doc_find(devices, "fencedevice", "name", e->words[0]))
		return ccs_fail("fence type %s already exists in %s", e->words[0], e->in);
	n = ccs_doc_add(devices, "fencedevice");
	ccs_doc_set(n, "name", e->words[0]);
	ccs_doc_set(n, "agent", e->words[1]);
	return set_words(e, 2, n);
}

static int delete(struct edit *e, const char *parent, const char *elem, const char *what)
{
	xmlNode *n = ccs_doc_find(ccs_doc_child(xmlDocGetRootElement(e->d.xml), parent), elem, "name", e->words[0]);

	if (!n)
		return ccs_fail("%s %s does not exist in %s", what, e->words[0], e->in);
	xmlUnlinkNode(n);
	xmlFreeNode(n);
	return 0;
}

static int del_node(struct edit *e)
{
	return delete(e, "clusternodes", "clusternode", "node");
}

static int del_fence(struct edit *e)
{
	return delete(e, "fencedevices", "fencedevice", "fence type");
}

static int change(int argc, char **argv, int min_words, int (*what)(struct edit *e))
{
	struct edit e = { .d = CCS_DOC_INIT };
	bool in_place;
	int r;

	if (!options(&e, argc, argv, min_words))
		return 0;
	r = ccs_doc_read(&e.d, e.in);
	if (r == 0)
		r = what(&e);
	if (r == 0)
		r = ccs_doc_raise_version(&e.d);
	if (r == 0)
		r = ccs_doc_write(&e.d, e.out);
	in_place = !strcmp(e.in, e.out);
	if (r == 0 && ((in_place && !e.no_ccs) || (e.force_ccs && strcmp(e.out, "-") != 0))) {
		puts("running ccs_tool update...");
		(void)ccs_tool_spread(e.out, false);
	}
	ccs_doc_free(&e.d);
	return r < 0;
}

int ccs_tool_addnode(int argc, char **argv)
{
	return change(argc, argv, 1, add_node);
}

int ccs_tool_delnode(int argc, char **argv)
{
	return change(argc, argv, 1, del_node);
}

int ccs_tool_addfence(int argc, char **argv)
{
	return change(argc, argv, 2, add_fence);
}

int ccs_tool_delfence(int argc, char **argv)
{
	return change(argc, argv, 1, del_fence);
}
