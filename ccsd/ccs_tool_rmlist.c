/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool lsscript, lsip, lsfs, lsservice, lsfdomains. COMPAT: layouts as they have always been; ccs.md 5.2. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_tool.h"
#include "ccs_tool_list.h"

static bool is_on(const struct clu_node *n, const char *attr)
{
	const char *s = ccs_list_text(n, attr);

	return !strcmp(s, "1") || !strcmp(s, "yes") || !strcmp(s, "on") || !strcmp(s, "true");
}

static void script_row(const struct clu_node *n)
{
	printf("%-16s %s\n", ccs_list_text(n, "name"), ccs_list_text(n, "file"));
}

static void ip_row(const struct clu_node *n)
{
	puts(ccs_list_text(n, "address"));
}

static void fs_row(const struct clu_node *n)
{
	printf("%-16.16s %-5.5s %c%c%c %-19.19s %s\n", ccs_list_text(n, "name"), ccs_list_text(n, "fstype"),
		is_on(n, "force_fsck") ? 'F' : ' ', is_on(n, "force_unmount") ? 'U' : ' ', is_on(n, "self_fence") ? 'S' : ' ',
		ccs_list_text(n, "device"), ccs_list_text(n, "mountpoint"));
}

static void service_row(const struct clu_node *n)
{
	printf("%-32s       %3d       %3d %s\n", ccs_list_text(n, "name"), ccs_list_number(n, "autostart", 1),
		ccs_list_number(n, "exclusive", 0), ccs_list_text(n, "recovery"));
}

static void domain_row(const struct clu_node *n)
{
	const char *comma = "";

	printf("%-16.16s %c%c ", ccs_list_text(n, "name"), is_on(n, "ordered") ? 'O' : ' ', is_on(n, "restricted") ? 'R' : ' ');
	for (const struct clu_node *m = clu_node_child(n, "failoverdomainnode"); m; m = clu_node_next(m, "failoverdomainnode")) {
		printf("%s%s", comma, ccs_list_text(m, "name"));
		comma = ",";
	}
	putchar('\n');
}

static const struct list {
	const char *name;
	const char *section, *elem;	/* where its elements stand below rm */
	const char *heading;
	void (*row)(const struct clu_node *n);
	bool with_header;
} lists[] = {
	{ "lsscript", "resources", "script", "Name             Path", script_row, false },
	{ "lsip", "resources", "ip", "IP", ip_row, false },
	{ "lsfs", "resources", "fs", "Name             Type  FUS Device              Mountpoint", fs_row, false },
	{ "lsservice", NULL, "service", "Name                             Autostart Exclusive Recovery", service_row, true },
	{ "lsfdomains", "failoverdomains", "failoverdomain", "Name             OR Nodes", domain_row, false },
};

/* The attributes, and for a domain its nodes in their order. */
static json_t *model_of(const struct clu_node *n)
{
	static const char *const none[] = { NULL };
	json_t *model = ccs_list_properties(n, none), *nodes = json_array();

	for (const struct clu_node *m = clu_node_child(n, "failoverdomainnode"); m; m = clu_node_next(m, "failoverdomainnode"))
		json_array_append_new(nodes, ccs_list_properties(m, none));
	if (json_array_size(nodes))
		json_object_set(model, "nodes", nodes);
	json_decref(nodes);
	return model;
}

int ccs_tool_rmlist(int argc, char **argv)
{
	const struct list *l = lists;
	struct ccs_list_opts o = { 0 };
	struct clu_conf *conf = NULL;
	const struct clu_node *at;
	json_t *rows = NULL;

	while (strcmp(l->name, argv[0]) != 0)
		l++;
	if (!ccs_list_options(argc, argv, &o))
		return 0;
	if (ccs_tool_load(o.file, &conf) < 0)
		return 1;
	at = clu_node_child(clu_conf_root(conf), "rm");
	if (l->section)
		at = clu_node_child(at, l->section);
	if (o.json)
		rows = json_array();
	if (!o.json && l->with_header)
		ccs_list_header(conf);
	if (!o.json)
		puts(l->heading);
	for (const struct clu_node *n = clu_node_child(at, l->elem); n; n = clu_node_next(n, l->elem)) {
		if (o.json)
			json_array_append_new(rows, model_of(n));
		else
			l->row(n);
	}
	if (o.json)
		ccs_list_json(json_pack("{s:o}", l->name + 2, rows));
	clu_conf_unref(conf);
	return 0;
}
