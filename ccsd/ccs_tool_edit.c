/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ccs_tool addnode, delnode, addfence, delfence, create: change a file.
 *
 * COMPAT: config_version is raised by one, the former file stays as FILE.old, the
 * result is indented XML of mode 0640. If the file was changed in place, the update is
 * run, and its result does not change the exit code. A wrong option or a missing name
 * prints the usage and is no failure.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>

#include "ccs_tool.h"
#include "clu_conf.h"
#include "clu_path.h"
#include "clu_store.h"

struct edit {
	const char *in, *out;
	bool no_ccs, force_ccs;
	const char *nodeid, *votes, *altname, *fence;	/* addnode */
	bool two_node;					/* create */
	char **words;					/* what is no option */
	int n_words;
	xmlDoc *doc;
	struct clu_buf before;
};

/* At most this many k=v behind a name. */
#define MAX_WORDS 256

static int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ccs_tool: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	return -EINVAL;
}

/* ---- the document ---- */

static xmlNode *child(const xmlNode *n, const char *name)
{
	for (xmlNode *k = n ? n->children : NULL; k; k = k->next)
		if (k->type == XML_ELEMENT_NODE && !strcmp((const char *)k->name, name))
			return k;
	return NULL;
}

static const char *attr(const xmlNode *n, const char *name)
{
	const xmlAttr *a = n ? xmlHasProp((xmlNode *)n, (const xmlChar *)name) : NULL;

	return a && a->children && a->children->content ? (const char *)a->children->content : "";
}

static xmlNode *find(const xmlNode *parent, const char *elem, const char *key, const char *value)
{
	for (xmlNode *k = child(parent, elem); k; k = k->next)
		if (k->type == XML_ELEMENT_NODE && !strcmp((const char *)k->name, elem) && !strcmp(attr(k, key), value))
			return k;
	return NULL;
}

static xmlNode *add(xmlNode *parent, const char *elem)
{
	return xmlNewChild(parent, NULL, (const xmlChar *)elem, NULL);
}

static void set(xmlNode *n, const char *name, const char *value)
{
	xmlSetProp(n, (const xmlChar *)name, (const xmlChar *)value);
}

/* The section, made if it is missing. */
static xmlNode *section(struct edit *e, const char *name)
{
	xmlNode *root = xmlDocGetRootElement(e->doc), *n = child(root, name);

	return n ? n : add(root, name);
}

static int read_document(struct edit *e)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	int r = clu_conf_load(e->in, &conf, &errs);
	const void *bytes;
	size_t len;

	if (r < 0) {
		fprintf(stderr, "ccs_tool: %s", clu_buf_text(&errs));
		clu_buf_free(&errs);
		return r;
	}
	/* Checked above: no entities in it. Read again without the blanks between elements, to be indented anew. */
	bytes = clu_conf_bytes(conf, &len);
	clu_buf_append(&e->before, bytes, len);
	e->doc = xmlReadMemory(bytes, (int)len, e->in, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
	if (!e->doc || strcmp((const char *)xmlDocGetRootElement(e->doc)->name, "cluster") != 0)
		r = fail("%s is no cluster configuration: it does not start with <cluster>; name another file with -c", e->in);
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	return r;
}

static int raise_version(struct edit *e)
{
	xmlNode *root = xmlDocGetRootElement(e->doc);
	char text[32], *end;
	unsigned long version = strtoul(attr(root, "config_version"), &end, 10);

	if (*end || end == attr(root, "config_version") || version >= 4294967295u)
		return fail("%s: config_version=\"%s\" is no number that can be raised: correct it", e->in,
			attr(root, "config_version"));
	snprintf(text, sizeof(text), "%lu", version + 1);
	set(root, "config_version", text);
	return 0;
}

static int write_document(struct edit *e, const char *file)
{
	xmlBuffer *b = xmlBufferCreate();
	xmlSaveCtxt *save = b ? xmlSaveToBuffer(b, "UTF-8", XML_SAVE_FORMAT) : NULL;
	struct clu_buf old = CLU_BUF_INIT;
	int r = 0;

	if (!save || xmlSaveDoc(save, e->doc) < 0)
		r = -ENOMEM;
	if (save)
		xmlSaveClose(save);
	if (r == 0 && !strcmp(file, "-")) {
		fwrite(xmlBufferContent(b), 1, (size_t)xmlBufferLength(b), stdout);
	} else if (r == 0) {
		clu_buf_printf(&old, "%s.old", file);
		if (e->before.len && !strcmp(file, e->in))
			r = clu_store_write(clu_buf_text(&old), e->before.data, e->before.len, 0640);
		if (r == 0)
			r = clu_store_write(file, xmlBufferContent(b), (size_t)xmlBufferLength(b), 0640);
	}
	if (r < 0)
		(void)fail("%s cannot be written: %s; nothing was changed", file, strerror(-r));
	clu_buf_free(&old);
	xmlBufferFree(b);
	return r;
}

/* ---- options ---- */

static void usage(const char *command)
{
	bool node = !strcmp(command, "addnode");

	if (!strcmp(command, "create")) {
		printf("Usage: ccs_tool create [-2] [-c FILE] CLUSTERNAME\n"
			"  -2                     a cluster of two nodes, one of which is quorate\n"
			"  -c, --configfile=FILE  the file to make (default: %s); it must not exist\n", clu_path(CLU_PATH_CONF));
		return;
	}
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
	bool node = !strcmp(argv[0], "addnode"), create = !strcmp(argv[0], "create");
	int c;

	e->in = clu_path(CLU_PATH_CONF);
	e->votes = "1";
	while ((c = getopt_long(argc, argv, node ? "c:o:CFn:v:a:f:h" : create ? "2c:h" : "c:o:CFh", longs, NULL)) >= 0) {
		if (c == 'h' || c == '?' || (!node && strchr("nvaf", c)) || (create && strchr("oCF", c))) {
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
		case 'f':
			e->fence = optarg;
			break;
		default:
			e->two_node = true;
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
			return fail("\"%s\" is not of the form parameter=value: correct it", e->words[i]);
		memcpy(name, e->words[i], len);
		name[len] = '\0';
		if (!strcmp(name, "name"))
			return fail("name= cannot be given as a parameter: it is the name itself");
		if (xmlValidateNCName((const xmlChar *)name, 0) != 0)
			return fail("\"%s\" cannot be the name of a parameter: correct it", name);
		set(n, name, e->words[i] + len + 1);
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
	xmlNode *nodes = section(e, "clusternodes"), *n;
	const char *name = e->words[0];

	if (find(nodes, "clusternode", "name", name))
		return fail("node %s already exists in %s", name, e->in);
	if (!e->nodeid)
		return fail("nodeid not specified: add -n with a number that no other node has");
	if (!number(e->nodeid, 1, 4294967295u))
		return fail("nodeid %s is no whole number from 1 on: correct it", e->nodeid);
	if (!number(e->votes, 0, 255))
		return fail("votes %s is no whole number from 0 to 255: correct it", e->votes);
	for (n = child(nodes, "clusternode"); n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && strtoul(attr(n, "nodeid"), NULL, 10) == strtoul(e->nodeid, NULL, 10))
			return fail("nodeid %s is in use by node %s: take another", e->nodeid, attr(n, "name"));
	if (e->fence && !find(section(e, "fencedevices"), "fencedevice", "name", e->fence))
		return fail("fence type %s not known: add it first with \"ccs_tool addfence\"", e->fence);
	if (!e->fence && e->n_words > 1)
		return fail("\"%s\" is for a fence device: name it with -f", e->words[1]);
	n = add(nodes, "clusternode");
	set(n, "name", name);
	set(n, "votes", e->votes);
	set(n, "nodeid", e->nodeid);
	if (e->altname)
		set(add(n, "altname"), "name", e->altname);
	if (e->fence) {
		xmlNode *method = add(add(n, "fence"), "method"), *device = add(method, "device");

		set(method, "name", "single");
		set(device, "name", e->fence);
		return set_words(e, 1, device);
	}
	return 0;
}

static int add_fence(struct edit *e)
{
	xmlNode *devices = section(e, "fencedevices"), *n;

	if (find(devices, "fencedevice", "name", e->words[0]))
		return fail("fence type %s already exists in %s", e->words[0], e->in);
	n = add(devices, "fencedevice");
	set(n, "name", e->words[0]);
	set(n, "agent", e->words[1]);
	return set_words(e, 2, n);
}

static int delete(struct edit *e, const char *parent, const char *elem, const char *what)
{
	xmlNode *n = find(child(xmlDocGetRootElement(e->doc), parent), elem, "name", e->words[0]);

	if (!n)
		return fail("%s %s does not exist in %s", what, e->words[0], e->in);
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

static void done(struct edit *e)
{
	if (e->doc)
		xmlFreeDoc(e->doc);
	clu_buf_free(&e->before);
}

static int change(int argc, char **argv, int min_words, int (*what)(struct edit *e))
{
	struct edit e = { .before = CLU_BUF_INIT };
	bool in_place;
	int r;

	if (!options(&e, argc, argv, min_words))
		return 0;
	r = read_document(&e);
	if (r == 0)
		r = what(&e);
	if (r == 0)
		r = raise_version(&e);
	if (r == 0)
		r = write_document(&e, e.out);
	in_place = !strcmp(e.in, e.out);
	if (r == 0 && ((in_place && !e.no_ccs) || (e.force_ccs && strcmp(e.out, "-") != 0))) {
		puts("running ccs_tool update...");
		(void)ccs_tool_spread(e.out, false);
	}
	done(&e);
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

int ccs_tool_create(int argc, char **argv)
{
	struct edit e = { .before = CLU_BUF_INIT };
	struct clu_buf old = CLU_BUF_INIT;
	xmlNode *root, *rm;
	int r;

	if (!options(&e, argc, argv, 1))
		return 0;
	if (clu_store_read(e.in, CLU_CONF_MAX_BYTES, &old) != -ENOENT) {
		clu_buf_free(&old);
		return fail("%s exists already: move it away, or name another file with -c", e.in) < 0;
	}
	e.doc = xmlNewDoc((const xmlChar *)"1.0");
	root = xmlNewNode(NULL, (const xmlChar *)"cluster");
	xmlDocSetRootElement(e.doc, root);
	set(root, "name", e.words[0]);
	set(root, "config_version", "1");
	if (e.two_node) {
		xmlNode *cman = add(root, "cman");

		set(cman, "two_node", "1");
		set(cman, "expected_votes", "1");
	}
	add(root, "clusternodes");
	add(root, "fencedevices");
	rm = add(root, "rm");
	add(rm, "failoverdomains");
	add(rm, "resources");
	r = write_document(&e, e.in);
	done(&e);
	return r < 0;
}
