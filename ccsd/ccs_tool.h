/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of ccs_tool. Each gets argv from its own name on and returns the exit code. */
#ifndef CCS_TOOL_H
#define CCS_TOOL_H

#include <stdbool.h>

int ccs_tool_update(int argc, char **argv);	/* also called after an edit */
int ccs_tool_query(int argc, char **argv);
int ccs_tool_lsnode(int argc, char **argv);
int ccs_tool_lsfence(int argc, char **argv);
int ccs_tool_addnode(int argc, char **argv);
int ccs_tool_delnode(int argc, char **argv);
int ccs_tool_addfence(int argc, char **argv);
int ccs_tool_delfence(int argc, char **argv);
int ccs_tool_create(int argc, char **argv);

/* Spreads a file; prints the outcome. 0 or 1. */
int ccs_tool_spread(const char *file, bool verbose);

#endif
