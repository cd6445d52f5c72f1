/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of cman_tool. */
#ifndef CMAN_ARGS_H
#define CMAN_ARGS_H

#include "cman_join.h"

#define CMAN_MAX_NAMES 64

enum cman_op { CMAN_OP_NONE, CMAN_OP_JOIN, CMAN_OP_LEAVE, CMAN_OP_KILL, CMAN_OP_EXPECTED, CMAN_OP_VOTES, CMAN_OP_NODES,
	CMAN_OP_SERVICES, CMAN_OP_STATUS, CMAN_OP_WAIT, CMAN_OP_VERSION, CMAN_OP_DEBUG, CMAN_OP_KEYGEN, CMAN_OP_RELOAD,
	CMAN_OP_CHECK };

struct cman_args {
	enum cman_op op;
	bool remove, force, json;
	bool reload, no_sync, no_check;	/* version -r, -S, -D */
	int64_t reload_version;		/* of -rN; -1: not given */
	bool wait, quorate;
	int64_t timeout_s;		/* -1: not given */
	const char *names[CMAN_MAX_NAMES];
	unsigned n_names;
	bool addresses, fenced;
	const char *format, *file;
	int64_t debug_mask;		/* -1: not given */
	struct cman_join_opts join;
};

/*
 * Reads the command line. 0; 1: what -h or -V asked for was printed, end with 0;
 * -EINVAL: what is wrong was printed. Texts point into argv.
 */
int cman_args_read(int argc, char **argv, struct cman_args *ret);

#endif
