/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ccs_tool_edit.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_tool.h"
#include "clu_path.h"

static void usage(const struct ccs_edit_spec *s)
{
	printf("Usage: ccs_tool %s [options] %s\n%s"
		"  -c, --configfile=FILE  the file to change (default: %s)\n"
		"  -o, --outputfile=FILE  write to this file, - for the standard output\n"
		"  -C, --no_ccs           do not run \"ccs_tool update\" afterwards\n"
		"  -F, --force_ccs        run it also when the result is in another file\n"
		"  -h, --help             this text\n", s->name, s->usage, s->help, clu_path(CLU_PATH_CONF));
}

/* false: the usage was printed. */
static bool options(const struct ccs_edit_spec *s, struct ccs_edit *e, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "configfile", required_argument, NULL, 'c' }, { "outputfile", required_argument, NULL, 'o' },
		{ "no_ccs", no_argument, NULL, 'C' }, { "force_ccs", no_argument, NULL, 'F' },
		{ "nodeid", required_argument, NULL, 'n' }, { "votes", required_argument, NULL, 'v' },
		{ "altname", required_argument, NULL, 'a' }, { "fence_type", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	char letters[64];
	int c;

	snprintf(letters, sizeof(letters), "c:o:CFh%s", s->letters);
	e->in = clu_path(CLU_PATH_CONF);
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) >= 0) {
		if (c == 'c') {
			e->in = optarg;
		} else if (c == 'o') {
			e->out = optarg;
		} else if (c == 'C') {
			e->no_ccs = true;
		} else if (c == 'F') {
			e->force_ccs = true;
		} else if (c != 'h' && c != '?' && strchr(s->letters, c)) {
			e->opt[c - 'a'] = optarg ? optarg : "";
		} else {
			usage(s);
			return false;
		}
	}
	e->words = argv + optind;
	e->n_words = argc - optind;
	if (!e->out)
		e->out = e->in;
	if (e->n_words < s->min_words || e->n_words > s->max_words) {
		usage(s);
		return false;
	}
	return true;
}

static int change(const struct ccs_edit_spec *s, int argc, char **argv)
{
	struct ccs_edit e = { .d = CCS_DOC_INIT };
	bool in_place;
	int r;

	if (!options(s, &e, argc, argv))
		return 0;
	r = ccs_doc_read(&e.d, e.in);
	if (r == 0)
		r = s->what(&e);
	if (r == 0)
		r = ccs_doc_raise_version(&e.d);
	if (r == 0)
		r = ccs_doc_write(&e.d, e.out);
	in_place = !strcmp(e.in, e.out);
	if (r == 0 && ((in_place && !e.no_ccs) || (e.force_ccs && strcmp(e.out, "-") != 0))) {
		puts("running ccs_tool update...");
		(void)ccs_tool_spread(e.out, false, false);
	}
	ccs_doc_free(&e.d);
	return r < 0;
}

int ccs_edit_run(const struct ccs_edit_spec *specs, unsigned n_specs, int argc, char **argv)
{
	for (unsigned i = 0; i < n_specs; i++)
		if (!strcmp(specs[i].name, argv[0]))
			return change(&specs[i], argc, argv);
	return 1;
}
