/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of ccs_tool. Each gets argv from its own name on and returns the exit code. */
#ifndef CCS_TOOL_H
#define CCS_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "clu_conf.h"

int ccs_tool_update(int argc, char **argv, bool verbose);
int ccs_tool_query(int argc, char **argv);
int ccs_tool_lsnode(int argc, char **argv);
int ccs_tool_lsfence(int argc, char **argv);
int ccs_tool_nodes(int argc, char **argv);	/* addnode, delnode, addfence, delfence */
int ccs_tool_rm(int argc, char **argv);		/* addscript ... delfdomain */
int ccs_tool_rmlist(int argc, char **argv);	/* lsscript ... lsfdomains */
int ccs_tool_addnodeids(int argc, char **argv);
int ccs_tool_create(int argc, char **argv);
int ccs_tool_upgrade(int argc, char **argv);
int ccs_tool_diff(int argc, char **argv);
int ccs_tool_history(int argc, char **argv);
int ccs_tool_rollback(int argc, char **argv);
int ccs_tool_effective(int argc, char **argv);
int ccs_tool_edit(int argc, char **argv);

/* ccs_tool_update.c. Spreads a file; prints the outcome. 0 or 1. lax: as in ccs_tool_check. */
int ccs_tool_spread(const char *file, bool verbose, bool lax);
/*
 * The parts of it: what a document's findings are, with the name that its user knows it by; and the proposal. Both
 * print what is wrong. 0 or a negative errno. note: what the history shows behind the user's name, NULL: nothing.
 * What no program reads is refused, unless the document in force (NULL: none) has it as well, or with lax.
 */
int ccs_tool_check(const void *data, size_t len, const char *file, const struct clu_conf *in_force, bool lax);
int ccs_tool_propose(const void *data, size_t len, const char *file, const char *note);
/* The document in force on this node, from ccsd, else the file. Prints what is wrong. */
int ccs_tool_in_force(struct clu_conf **ret);
int ccs_tool_load(const char *file, struct clu_conf **ret);	/* the same of a file */

/* ccs_tool_diff.c. What b changes, and what restarts. 0 or -ENOMEM. */
int ccs_tool_print_diff(const struct clu_conf *a, const struct clu_conf *b);

/* ccs_tool_change.c. */
struct ccs_tool_change {
	const void *data;	/* gets the number behind the one in force, unless it has a higher one */
	size_t len;
	const char *file;	/* its name in messages */
	const char *note;	/* as in ccs_tool_propose */
	bool yes;		/* without a question */
};

/* Validates, shows what changes, asks, spreads. 0, 1: the user does not want to, or a negative errno; it is said. */
int ccs_tool_change(const struct ccs_tool_change *c);
/* One line from the standard input that begins with y or Y. The end of the input is no. */
bool ccs_tool_ask(const char *question);

#endif
