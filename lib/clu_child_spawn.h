/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program with its own process group, and pipes to its standard descriptors; clu_child.h looks after it from then on. */
#ifndef CLU_CHILD_SPAWN_H
#define CLU_CHILD_SPAWN_H

#include <sys/types.h>

#include "clu_out.h"

struct clu_spawned {
	pid_t pid;
	int in_fd;	/* -1: it reads from /dev/null */
	int out_fd;	/* stdout and stderr */
	int err_fd;	/* an int comes here, errno, when it could not be executed; else the end of the file */
};

/* 0 or negative errno. */
int clu_child_spawn(const struct clu_run *run, struct clu_spawned *ret);

#endif
