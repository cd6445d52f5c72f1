/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ccs_test: libccs by hand, for scripts. See ccs_test(8). COMPAT: words, layouts and exit codes of the historical tool;
 * as in its last generation a descriptor is taken but means nothing, since each run connects for itself.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccs.h"

static void usage(FILE *f)
{
	fputs("Usage: ccs_test COMMAND [arguments]\n\nCommands:\n"
		"  connect [force] [block] [CLUSTERNAME]  connect: \"force\" without quorum, \"block\" waits for ccsd\n"
		"  disconnect DESC                        end a connection\n"
		"  get DESC QUERY                         the first match of a query\n"
		"  get_list DESC QUERY                    all matches, one a line\n"
		"  set DESC PATH VALUE                    always fails: use \"ccs_tool update\"\n"
		"\nOptions:\n"
		"  -h, --help     this text\n"
		"  -V, --version  the version\n", f);
}

static int failed(const char *what, int error)
{
	fprintf(stderr, "ccs_%s failed: %s\n", what, strerror(error < 0 ? -error : error));
	return 1;
}

static int connect_as_asked(int argc, char **argv, bool *ret_force, bool *ret_block, const char **ret_name)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "force"))
			*ret_force = true;
		else if (!strcmp(argv[i], "block"))
			*ret_block = true;
		else if (!*ret_name)
			*ret_name = argv[i];
		else
			return -EINVAL;
	}
	return (*ret_block || *ret_name) && !*ret_force ? -EINVAL : 0;
}

static int do_connect(int argc, char **argv)
{
	bool force = false, block = false;
	const char *name = NULL;
	int desc;

	if (connect_as_asked(argc, argv, &force, &block, &name) < 0) {
		fputs("ccs_test: \"block\" and a cluster's name go with \"force\" only: "
			"ccs_test connect force [block] [CLUSTERNAME]\n", stderr);
		return 1;
	}
	if (force)
		puts("Force is set.");
	if (block)
		puts("Blocking is set.");
	if (name)
		printf("Setting cluster name to %s\n", name);
	fflush(stdout);
	desc = force ? ccs_force_connect(name, block) : ccs_connect();
	if (desc < 0)
		return failed("connect", desc);
	printf("Connect successful.\n Connection descriptor = %d\n", desc);
	(void)ccs_disconnect(desc);
	return 0;
}

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

static int do_get(const char *query)
{
	int desc = ccs_force_connect(NULL, 0), r;
	char *value = NULL;

	if (desc < 0)
		return failed("get", desc);
	r = ccs_get(desc, query, &value);
	if (r == 0)
		printf("Get successful.\n Value = <%s>\n", value);
	free(value);
	(void)ccs_disconnect(desc);
	return r < 0 ? failed("get", r) : 0;
}

static int do_get_list(const char *query)
{
	int desc = ccs_force_connect(NULL, 0), r;
	unsigned n = 0;
	char *value;

	if (desc < 0)
		return failed("get_list", desc);
	while ((r = ccs_get_list(desc, query, &value)) == 0) {
		if (!n++)
			puts("Get successful.");
		printf(" Value = <%s>\n", value);
		free(value);
	}
	(void)ccs_disconnect(desc);
	return r == -ENODATA && n ? 0 : failed("get_list", r);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "help";

	if (!strcmp(command, "help") || !strcmp(command, "-h") || !strcmp(command, "--help")) {
		usage(stdout);
		return argc > 1 ? 0 : 1;
	}
	if (!strcmp(command, "-V") || !strcmp(command, "--version")) {
		puts("ccs_test (hawser) " PACKAGE_VERSION);
		return 0;
	}
	/* COMPAT: any XPath, as ccs_tool query. */
	fullxpath = 1;
	if (!strcmp(command, "connect"))
		return do_connect(argc - 2, argv + 2);
	if (argc > 2 && !is_number(argv[2])) {
		fprintf(stderr, "ccs_test: \"%s\" is no descriptor: give the number that \"ccs_test connect\" has shown\n", argv[2]);
		return 1;
	}
	if (argc == 3 && !strcmp(command, "disconnect")) {
		puts("Disconnect successful.");
		return 0;
	}
	if (argc == 4 && !strcmp(command, "get"))
		return do_get(argv[3]);
	if (argc == 4 && !strcmp(command, "get_list"))
		return do_get_list(argv[3]);
	if (argc == 5 && !strcmp(command, "set"))
		return failed("set", ccs_set(0, argv[3], argv[4]));
	usage(stderr);
	return 1;
}
