/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: the way of one node to the quorum disk breaks. Reads and writes of a file PATH fail while
 * PATH.fail-HOST exists, and hang while PATH.hang-HOST does.
 */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int exists(const char *path, const char *what)
{
	char host[64] = "", name[PATH_MAX + 128];

	gethostname(host, sizeof(host) - 1);
	snprintf(name, sizeof(name), "%s.%s-%s", path, what, host);
	return access(name, F_OK) == 0;
}

/* 0: go on; -1 with errno. */
static int broken(int fd)
{
	const struct timespec pause = { 0, 20000000 };
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	if (!strstr(path, "/hawser-qdisk-"))
		return 0;
	while (exists(path, "hang"))
		nanosleep(&pause, NULL);
	if (!exists(path, "fail"))
		return 0;
	errno = EIO;
	return -1;
}

ssize_t pread(int fd, void *data, size_t len, off_t at)
{
	ssize_t (*next)(int, void *, size_t, off_t) = (ssize_t (*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");

	return broken(fd) < 0 ? -1 : next(fd, data, len, at);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	ssize_t (*next)(int, const void *, size_t, off_t) =
		(ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");

	return broken(fd) < 0 ? -1 : next(fd, data, len, at);
}
