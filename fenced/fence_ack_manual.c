/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fence_ack_manual: an operator's word that a victim is off. Any member takes it, at any time. */
#include "config.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fenced_ask.h"

static const struct option longopts[] = {
	{ "node", required_argument, NULL, 'n' },
	{ "override", no_argument, NULL, 'O' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *f)
{
	fprintf(f, "Usage: fence_ack_manual [-O] [-q] [-n] NODE\n\n"
		"Tells the fence domain that NODE, which waits to be fenced, is switched off.\n\n"
		"  -n, --node NODE    the same as NODE alone\n"
		"  -O, --override     do not ask for confirmation\n"
		"  -q, --quiet        print nothing but errors\n"
		"  -h, --help         this text\n"
		"  -V, --version      version\n");
}

static bool confirmed(const char *node)
{
	char answer[64] = "";

	printf("Confirm that node %s is switched off, or reset and not running any service.\n"
		"If it is still running, shared data will be damaged.\n\n"
		"Continue [NO/absolutely]? ", node);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		answer[0] = '\0';
	answer[strcspn(answer, "\r\n")] = '\0';
	return !strcmp(answer, "absolutely");
}

int main(int argc, char **argv)
{
	struct clu_buf errs = CLU_BUF_INIT;
	bool ask = true, quiet = false;
	const char *node = NULL;
	int c, r;

	while ((c = getopt_long(argc, argv, "n:OqhV", longopts, NULL)) != -1) {
		switch (c) {
		case 'n':
			node = optarg;
			break;
		case 'O':
			ask = false;
			break;
		case 'q':
			quiet = true;
			break;
		case 'V':
			printf("fence_ack_manual (hawser) %s\n", PACKAGE_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 1;	/* -h has always ended with 1 */
		default:
			usage(stderr);
			return 1;
		}
	}
	if (!node && optind < argc)
		node = argv[optind++];
	if (!node || optind < argc) {
		usage(stderr);
		return 1;
	}
	if (ask && !confirmed(node)) {
		printf("Aborted.\n");
		return 1;
	}
	r = fenced_ask("ack", node, 0, CLU_CLIENT_DEADLINE_MS, NULL, &errs);
	if (r < 0) {
		fprintf(stderr, "fence_ack_manual: %s\n", clu_buf_text(&errs));
		clu_buf_free(&errs);
		return 1;
	}
	if (!quiet)
		printf("Done\n");
	return 0;
}
