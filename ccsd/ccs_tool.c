/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool: change and list the cluster's configuration. See ccs_tool(8). */
#include "config.h"

#include "ccs_tool.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args, *help;
} commands[] = {
	{ "update", NULL, "[-L] FILE", "spread a new version to all nodes" },	/* takes -verbose */
	{ "upgrade", ccs_tool_upgrade, "LOCATION", "print an archive of GFS 6.0 as cluster.conf" },
	{ "edit", ccs_tool_edit, "[-y]", "change what is in force in an editor, and spread it" },
	{ "diff", ccs_tool_diff, "[--json] [OLD] NEW", "what changes, and what restarts" },
	{ "history", ccs_tool_history, "[--json] [VERSION]", "list the versions kept here, or print one" },
	{ "rollback", ccs_tool_rollback, "[-y] VERSION", "spread a version of the history again" },
	{ "addnode", ccs_tool_nodes, "-n ID NAME [k=v]...", "add a node" },
	{ "delnode", ccs_tool_nodes, "NAME", "remove a node" },
	{ "addfence", ccs_tool_nodes, "NAME AGENT [k=v]...", "add a fence device" },
	{ "delfence", ccs_tool_nodes, "NAME", "remove a fence device" },
	{ "addnodeids", ccs_tool_addnodeids, "[-n ID] [-v]", "give numbers to nodes that have none" },
	{ "create", ccs_tool_create, "[-2] [-n N] CLUSTERNAME", "make a skeleton file" },
	{ "lsnode", ccs_tool_lsnode, "[-v] [-c FILE] [--json]", "list the nodes" },
	{ "lsfence", ccs_tool_lsfence, "[-v] [-c FILE] [--json]", "list the fence devices" },
	{ "addscript", ccs_tool_rm, "NAME PATH", "add a shared resource: a script ..." },
	{ "addip", ccs_tool_rm, "ADDRESS", "... a floating address ..." },
	{ "addfs", ccs_tool_rm, "[-t TYPE] NAME DEV MOUNT", "... a file system" },
	{ "delscript", ccs_tool_rm, "NAME", "remove one that no service uses" },
	{ "delip", ccs_tool_rm, "ADDRESS", "" },
	{ "delfs", ccs_tool_rm, "NAME", "" },
	{ "addservice", ccs_tool_rm, "[-d DOMAIN] ... NAME", "add a service of shared resources" },
	{ "delservice", ccs_tool_rm, "NAME", "remove a service" },
	{ "addfdomain", ccs_tool_rm, "[-p] [-r] NAME NODE...", "add a failover domain" },
	{ "delfdomain", ccs_tool_rm, "NAME", "remove one that no service uses" },
	{ "lsscript", ccs_tool_rmlist, "[-c FILE] [--json]", "list the shared scripts ..." },
	{ "lsip", ccs_tool_rmlist, "[-c FILE] [--json]", "... addresses ..." },
	{ "lsfs", ccs_tool_rmlist, "[-c FILE] [--json]", "... file systems ..." },
	{ "lsservice", ccs_tool_rmlist, "[-c FILE] [--json]", "... the services ..." },
	{ "lsfdomains", ccs_tool_rmlist, "[-c FILE] [--json]", "... and the failover domains" },
	{ "effective", ccs_tool_effective, "[-c FILE] [--json]", "every value in force, and where it comes from" },
	{ "query", ccs_tool_query, "XPATH", "print one value of the configuration in force" },
};

static void usage(FILE *f)
{
	fputs("Usage: ccs_tool [options] COMMAND [arguments]\n\nCommands:\n", f);
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(f, "  %-10s %-24s %s\n", commands[i].name, commands[i].args, commands[i].help);
	fputs("\nOptions:\n"
		"  -verbose      update: say what is done\n"
		"  -L, --lax     behind update: what no program reads is only warned of\n"
		"  -h, --help    this text\n"
		"  -V, --version the version\n", f);
}

int main(int argc, char **argv)
{
	int i = 1;
	bool verbose = false;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-verbose") || !strcmp(argv[i], "--verbose")) {
			verbose = true;
		} else if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			usage(stdout);
			return 0;
		} else if (!strcmp(argv[i], "-V") || !strcmp(argv[i], "--version")) {
			puts("ccs_tool (hawser) " PACKAGE_VERSION);
			return 0;
		} else {
			fprintf(stderr, "ccs_tool: unknown option %s\nTry 'ccs_tool help' for help.\n", argv[i]);
			return 1;
		}
	}
	if (i == argc || !strcmp(argv[i], "help")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[i], "update"))
		return ccs_tool_update(argc - i, argv + i, verbose);
	for (unsigned k = 0; k < sizeof(commands) / sizeof(commands[0]); k++)
		if (commands[k].run && !strcmp(argv[i], commands[k].name))
			return commands[k].run(argc - i, argv + i);
	fprintf(stderr, "Unknown command, %s.\nTry 'ccs_tool help' for help.\n", argv[i]);
	return 1;
}
