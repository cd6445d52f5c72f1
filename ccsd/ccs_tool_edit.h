/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of ccs_tool that change a file: their options, and what is the same for all.
 *
 * COMPAT: config_version is raised by one, the former file stays as FILE.old, the
 * result is indented XML of mode 0640. If the file was changed in place, the update is
 * run, and its result does not change the exit code. A wrong option or a missing name
 * prints the usage and is no failure.
 */
#ifndef CCS_TOOL_EDIT_H
#define CCS_TOOL_EDIT_H

#include <stdbool.h>

#include "ccs_tool_doc.h"

struct ccs_edit {
	const char *in, *out;
	bool no_ccs, force_ccs;
	const char *opt[26];	/* by letter: the argument, "" of one without, NULL: not given */
	char **words;		/* what is no option */
	int n_words;
	struct ccs_doc d;
};

#define CCS_OPT(e, letter) ((e)->opt[(letter) - 'a'])

struct ccs_edit_spec {
	const char *name;
	const char *usage;		/* words behind the options */
	int min_words, max_words;
	const char *letters;		/* its own options, as for getopt */
	const char *help;		/* their lines in the usage */
	int (*what)(struct ccs_edit *e);	/* changes the tree. 0, or a negative errno after it has said why */
};

/* The command of that name: its options, the change, the file, the update. The exit code. */
int ccs_edit_run(const struct ccs_edit_spec *specs, unsigned n_specs, int argc, char **argv);

#endif
