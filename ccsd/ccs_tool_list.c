/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool lsnode and lsfence. COMPAT: layouts as they have always been; ccs.md 5.2. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_diff.h"
#include "ccs_tool.h"
#include "ccs_tool_list.h"
#include "clu_conf.h"
#include "clu_path.h"
#include "clu_table.h"

bool ccs_list_options(int argc, char **argv, struct ccs_list_opts *ret)
{
	static const struct option longs[] = {
		{ "configfile", required_argument, NULL, 'c' }, { "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	int c;

	ret->file = clu_path(CLU_PATH_CONF);
	while ((c = getopt_long(argc, argv, "c:vh", longs, NULL)) >= 0) {
		switch (c) {
		case 'c':
			ret->file = optarg;
			break;
		case 'v':
			ret->verbose = true;
			break;
		case 'j':
			ret->json = true;
			break;
		default:
			printf("Usage: ccs_tool %s [-v] [-c FILE] [--json]\n"
				"  -c, --configfile=FILE  the file to read (default: %s)\n"
				"  -v, --verbose          all properties\n"
				"      --json             as JSON, with all properties\n"
				"  -h, --help             this text\n", argv[0], clu_path(CLU_PATH_CONF));
			return false;
		}
	}
	return true;
}

static bool listed(const char *name, const char *const *names)
{
	while (*names)
		if (!strcmp(*names++, name))
			return true;
	return false;
}

/* " k=v k=v" of all attributes but the ones named. */
static void print_properties(const struct clu_node *n, const char *const *but)
{
	const char *name, *value;

	for (unsigned i = 0; clu_node_attr_at(n, i, &name, &value); i++)
		if (!listed(name, but))
			printf(" %s=%s", name, ccs_shown(name, value));
	putchar('\n');
}

json_t *ccs_list_properties(const struct clu_node *n, const char *const *but)
{
	json_t *o = json_object();
	const char *name, *value;

	for (unsigned i = 0; clu_node_attr_at(n, i, &name, &value); i++)
		if (!listed(name, but))
			json_object_set_new(o, name, json_string(ccs_shown(name, value)));
	return o;
}

int ccs_list_number(const struct clu_node *n, const char *attr, int otherwise)
{
	const char *s = clu_node_attr(n, attr);

	return s ? atoi(s) : otherwise;
}

const char *ccs_list_text(const struct clu_node *n, const char *attr)
{
	const char *s = clu_node_attr(n, attr);

	return s ? s : "";
}

void ccs_list_header(const struct clu_conf *conf)
{
	printf("\nCluster name: %s, config_version: %s\n\n", clu_conf_cluster_name(conf),
		ccs_list_text(clu_conf_root(conf), "config_version"));
}

static const char *const node_own[] = { "name", "votes", "nodeid", NULL };
static const char *const device_own[] = { "name", "agent", NULL };
static const char *const only_name[] = { "name", NULL };

static const struct clu_node *first_device(const struct clu_node *node)
{
	return clu_node_path(node, "fence/method/device");
}

static void print_node(const struct clu_conf *conf, const struct clu_node *n, bool verbose)
{
	const struct clu_node *dev = first_device(n);

	printf("%-32s %3d  %3d    %s\n", ccs_list_text(n, "name"), ccs_list_number(n, "votes", 1), ccs_list_number(n, "nodeid", 0),
		ccs_list_text(dev, "name"));
	if (!verbose)
		return;
	for (const struct clu_node *a = clu_node_child(n, "altname"); a; a = clu_node_next(a, "altname")) {
		printf(" altname name=%s", ccs_list_text(a, "name"));
		print_properties(a, only_name);
	}
	printf("  Node properties: ");
	print_properties(n, node_own);
	for (const struct clu_node *d = clu_node_path(clu_conf_root(conf), "fencedevices/fencedevice"); d && dev;
	     d = clu_node_next(d, "fencedevice"))
		if (!strcmp(ccs_list_text(d, "name"), ccs_list_text(dev, "name"))) {
			printf("  Fence properties: ");
			print_properties(d, device_own);
		}
}

static json_t *json_node(const struct clu_node *n)
{
	json_t *methods = json_array(), *alts = json_array();
	const struct clu_node *fence = clu_node_child(n, "fence");

	for (const struct clu_node *a = clu_node_child(n, "altname"); a; a = clu_node_next(a, "altname"))
		json_array_append_new(alts, json_string(ccs_list_text(a, "name")));
	for (const struct clu_node *m = clu_node_child(fence, "method"); m; m = clu_node_next(m, "method")) {
		json_t *devices = json_array();

		for (const struct clu_node *d = clu_node_child(m, "device"); d; d = clu_node_next(d, "device"))
			json_array_append_new(devices, json_pack("{s:s, s:o}", "name", ccs_list_text(d, "name"), "properties",
				ccs_list_properties(d, only_name)));
		json_array_append_new(methods, json_pack("{s:s, s:o}", "name", ccs_list_text(m, "name"), "devices", devices));
	}
	return json_pack("{s:s, s:i, s:i, s:o, s:o, s:o}", "name", ccs_list_text(n, "name"), "votes", ccs_list_number(n, "votes", 1), "nodeid",
		ccs_list_number(n, "nodeid", 0), "altnames", alts, "methods", methods, "properties", ccs_list_properties(n, node_own));
}

void ccs_list_json(json_t *model)
{
	clu_json_print(stdout, model);
	json_decref(model);
}

int ccs_tool_lsnode(int argc, char **argv)
{
	struct ccs_list_opts o = { 0 };
	const struct clu_node *root, *mcast;
	struct clu_conf *conf = NULL;
	json_t *rows = NULL;

	if (!ccs_list_options(argc, argv, &o))
		return 0;
	if (ccs_tool_load(o.file, &conf) < 0)
		return 1;
	root = clu_conf_root(conf);
	mcast = clu_node_path(root, "cman/multicast");
	if (o.json) {
		rows = json_array();
	} else {
		ccs_list_header(conf);
		if (clu_node_attr(mcast, "addr"))
			printf("Multicast address for cluster: %s\n\n", ccs_list_text(mcast, "addr"));
		puts("Nodename                        Votes Nodeid Fencetype");
	}
	for (const struct clu_node *n = clu_node_path(root, "clusternodes/clusternode"); n;
	     n = clu_node_next(n, "clusternode")) {
		if (o.json)
			json_array_append_new(rows, json_node(n));
		else
			print_node(conf, n, o.verbose);
	}
	if (o.json)
		ccs_list_json(json_pack("{s:s, s:I, s:o}", "cluster", clu_conf_cluster_name(conf), "config_version",
			(json_int_t)clu_conf_version(conf), "nodes", rows));
	clu_conf_unref(conf);
	return 0;
}

int ccs_tool_lsfence(int argc, char **argv)
{
	struct ccs_list_opts o = { 0 };
	struct clu_conf *conf = NULL;
	json_t *rows = NULL;

	if (!ccs_list_options(argc, argv, &o))
		return 0;
	if (ccs_tool_load(o.file, &conf) < 0)
		return 1;
	if (o.json)
		rows = json_array();
	else
		puts("Name             Agent");
	for (const struct clu_node *d = clu_node_path(clu_conf_root(conf), "fencedevices/fencedevice"); d;
	     d = clu_node_next(d, "fencedevice")) {
		if (o.json) {
			json_array_append_new(rows, json_pack("{s:s, s:s, s:o}", "name", ccs_list_text(d, "name"), "agent", ccs_list_text(d, "agent"),
				"properties", ccs_list_properties(d, device_own)));
			continue;
		}
		printf("%-16s %s\n", ccs_list_text(d, "name"), ccs_list_text(d, "agent"));
		if (o.verbose) {
			printf("  Properties: ");
			print_properties(d, device_own);
		}
	}
	if (o.json)
		ccs_list_json(json_pack("{s:o}", "fencedevices", rows));
	clu_conf_unref(conf);
	return 0;
}
