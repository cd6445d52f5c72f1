/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_config_dump: prints the configuration. See ccs_config_dump(8). */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ccs_running.h"
#include "clu_conf.h"
#include "clu_path.h"

/* COMPAT: exit codes of the historical tool. */
enum { EXIT_BAD_OPTION = 1, EXIT_OTHER = 255 };

static void usage(FILE *f)
{
	fputs("Usage: ccs_config_dump [options]\n"
		"Prints the configuration of this node's file.\n\n"
		"  -r, --running   the one that is in force, from ccsd\n"
		"  -h, --help      this text\n"
		"  -V, --version   the version\n", f);
}

static int print(const void *data, size_t len)
{
	const char *text = data;

	if (fwrite(data, 1, len, stdout) != len || (len && text[len - 1] != '\n' && putchar('\n') < 0) ||
	    fflush(stdout) != 0) {
		fprintf(stderr, "ccs_config_dump: the output could not be written: %s; make room\n", strerror(errno));
		return EXIT_OTHER;
	}
	return 0;
}

static int dump_file(void)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	const void *data;
	size_t len;
	int r = EXIT_OTHER;

	if (clu_conf_load(clu_path(CLU_PATH_CONF), &conf, &errs) < 0) {
		fprintf(stderr, "ccs_config_dump: %s", clu_buf_text(&errs));
	} else {
		data = clu_conf_bytes(conf, &len);
		r = print(data, len);
	}
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	return r;
}

static int dump_running(void)
{
	struct clu_buf document = CLU_BUF_INIT, why = CLU_BUF_INIT;
	int exit_code = EXIT_OTHER;

	if (ccs_running_get(&document, &why) == 0)
		exit_code = print(document.data, document.len);
	else
		fprintf(stderr, "ccs_config_dump: %s", clu_buf_text(&why));
	clu_buf_free(&document);
	clu_buf_free(&why);
	return exit_code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "running", no_argument, NULL, 'r' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 }
	};
	bool running = false;
	int c;

	while ((c = getopt_long(argc, argv, "rhV", options, NULL)) >= 0) {
		switch (c) {
		case 'r':
			running = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			puts("ccs_config_dump (hawser) " PACKAGE_VERSION);
			return 0;
		default:
			usage(stderr);
			return EXIT_BAD_OPTION;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_BAD_OPTION;
	}
	return running ? dump_running() : dump_file();
}
