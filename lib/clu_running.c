/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_running.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "clu_path.h"

bool clu_running(const char *daemon)
{
	char path[PATH_MAX];
	bool held;
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s.pid", clu_path(CLU_PATH_RUN), daemon) >= sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	held = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}
