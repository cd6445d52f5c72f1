/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passwords from a file or a program. */
#ifndef FENCE_SECRET_H
#define FENCE_SECRET_H

#include "clu_buf.h"

#define FENCE_SECRET_MAX 256	/* bytes without the newline */

/*
 * The first line of the file. A file that others than its owner may read is
 * refused. 0 and a malloc'd text; else negative errno and the reason in why.
 */
int fence_secret_file(const char *path, char **ret, struct clu_buf *why);

/*
 * The first line that the command prints: a path and arguments, separated by
 * blanks; no shell. Its stderr is ours. It has deadline_ms for all, then its
 * process group is killed. As above; also when it ends with another code than 0.
 */
int fence_secret_script(const char *command, unsigned deadline_ms, char **ret, struct clu_buf *why);

#endif
