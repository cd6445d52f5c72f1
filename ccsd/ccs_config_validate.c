/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_config_validate: is this cluster.conf valid? See ccs_config_validate(8). */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_path.h"
#include "clu_store.h"
#include "ccsd_validate.h"

/* COMPAT: what the historical script gave: that of xmllint, and 255 for the rest. */
enum { EXIT_VALID = 0, EXIT_INVALID = 3, EXIT_OTHER = 255 };

static void usage(FILE *f)
{
	fputs("Usage: ccs_config_validate [options]\n"
		"Checks a cluster.conf and says everything that is wrong with it.\n\n"
		"  -f, --file=FILE     the file to check (default: the one of this node)\n"
		"  -s, --schema=FILE   use this schema in place of the installed one\n"
		"  -q, --quiet         print nothing, only set the exit code\n"
		"  -h, --help          this text\n"
		"  -V, --version       the version\n\n"
		"Exit code: 0 valid, 3 not valid, 255 could not be checked.\n", f);
}

static int validate(const char *file, const char *schema_file, bool quiet)
{
	struct clu_buf data = CLU_BUF_INIT, findings = CLU_BUF_INIT;
	struct ccsd_schema *schema = NULL;
	int exit_code = EXIT_OTHER, r = ccsd_schema_load(schema_file, &schema, &findings);

	if (r == 0) {
		ccsd_schema_agents(schema, ccsd_agent_installed);
		r = clu_store_read(file, CLU_CONF_MAX_BYTES, &data);
		if (r < 0)
			clu_buf_printf(&findings, "%s: cannot be read: %s; name another file with -f\n", file, strerror(-r));
	}
	if (r == 0) {
		r = ccsd_validate(schema, data.data, data.len, file, NULL, &findings);
		if (r == 0)
			exit_code = EXIT_VALID;
		else if (r == -EINVAL || r == -EBADMSG || r == -EMSGSIZE)
			exit_code = EXIT_INVALID;
	}
	if (!quiet) {
		fputs(clu_buf_text(&findings), stderr);
		if (exit_code != EXIT_OTHER)
			puts(exit_code == EXIT_VALID ? "Configuration validates" : "Configuration fails to validate");
	}
	ccsd_schema_free(schema);
	clu_buf_free(&data);
	clu_buf_free(&findings);
	return exit_code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' }, { "schema", required_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 }
	};
	const char *file = clu_path(CLU_PATH_CONF);
	struct clu_buf schema = CLU_BUF_INIT;
	bool quiet = false;
	int c, r;

	clu_buf_printf(&schema, "%s/cluster.rng", clu_path(CLU_PATH_DATA));
	while ((c = getopt_long(argc, argv, "f:s:qhV", options, NULL)) >= 0) {
		switch (c) {
		case 'f':
			file = optarg;
			break;
		case 's':
			clu_buf_free(&schema);
			clu_buf_str(&schema, optarg);
			break;
		case 'q':
			quiet = true;
			break;
		case 'h':
			usage(stdout);
			clu_buf_free(&schema);
			return 0;
		case 'V':
			puts("ccs_config_validate (hawser) " PACKAGE_VERSION);
			clu_buf_free(&schema);
			return 0;
		default:
			usage(stderr);
			clu_buf_free(&schema);
			return EXIT_OTHER;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ccs_config_validate: argument \"%s\" not understood: files are named with -f; see --help\n",
			argv[optind]);
		clu_buf_free(&schema);
		return EXIT_OTHER;
	}
	r = validate(file, clu_buf_text(&schema), quiet);
	clu_buf_free(&schema);
	return r;
}
