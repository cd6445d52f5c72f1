/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clu_ipc_server.h"

static void remove_tree(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	DIR *d;

	if (fd < 0) {
		(void)unlinkat(dir, name, 0);
		return;
	}
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		(void)unlinkat(fd, e->d_name, 0);	/* libqb makes no folders in it; "." and ".." are refused */
	closedir(d);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

/* Gone, or a zombie: its parent may be slow to reap it. */
static bool has_ended(pid_t pid)
{
	char path[32], stat[512], *end;
	ssize_t n = -1;
	int fd;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, stat, sizeof(stat) - 1);
		close(fd);
	}
	stat[n > 0 ? n : 0] = '\0';
	end = strrchr(stat, ')');
	return end && end[1] == ' ' && (end[2] == 'Z' || end[2] == 'X');
}

void clu_ipc_sweep(const char *daemon, int32_t pid)
{
	char buffers[32], box[128];
	struct dirent *e;
	DIR *d;

	if (pid <= 1 || !has_ended(pid))
		return;
	d = opendir("/dev/shm");
	if (!d)
		return;
	snprintf(buffers, sizeof(buffers), "qb-%d-", (int)pid);
	snprintf(box, sizeof(box), "qb-%s-%d-blackbox-", daemon, (int)pid);
	while ((e = readdir(d)) != NULL)
		if (!strncmp(e->d_name, buffers, strlen(buffers)) || !strncmp(e->d_name, box, strlen(box)))
			remove_tree(dirfd(d), e->d_name);
	closedir(d);
}
