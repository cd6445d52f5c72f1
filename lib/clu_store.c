/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The folder of path, opened, and the name in it. */
static int open_dir_of(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd;

	*ret_name = slash ? slash + 1 : path;
	if (!**ret_name)
		return -EISDIR;
	if (!slash)
		snprintf(dir, sizeof(dir), ".");
	else if (slash == path)
		snprintf(dir, sizeof(dir), "/");
	else if ((size_t)(slash - path) >= sizeof(dir))
		return -ENAMETOOLONG;
	else
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_temporary(int dir, const char *tmp, const void *data, size_t len, mode_t mode)
{
	int fd, r;

	/* A crash may have left it behind; a new inode also keeps a foreign owner's or wider mode's file out. */
	if (unlinkat(dir, tmp, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, len);
	if (!r && fchmod(fd, mode) < 0)		/* the caller's mode, whatever the umask */
		r = -errno;
	if (!r && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	return r;
}

int clu_store_write(const char *path, const void *data, size_t len, mode_t mode)
{
	char tmp[NAME_MAX + 1];
	const char *name;
	int dir, r;

	dir = open_dir_of(path, &name);
	if (dir < 0)
		return dir;
	r = -ENAMETOOLONG;
	if ((size_t)snprintf(tmp, sizeof(tmp), ".%s.new", name) >= sizeof(tmp))
		goto out;
	r = write_temporary(dir, tmp, data, len, mode);
	if (!r && renameat(dir, tmp, dir, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dir, tmp, 0);
		goto out;
	}
	/* Without this the rename itself may be lost with the power. */
	if (fsync(dir) < 0)
		r = -errno;
out:
	close(dir);
	return r;
}

int clu_store_settle(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), dir, r = 0;
	const char *name;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fsync(fd) < 0)
		r = -errno;
	close(fd);
	dir = open_dir_of(path, &name);
	if (dir < 0)
		return dir;
	if (fsync(dir) < 0 && !r)
		r = -errno;
	close(dir);
	return r;
}

int clu_store_read(const char *path, size_t max, struct clu_buf *ret)
{
	size_t old = ret->len, chunk = 65536;
	int fd, r = 0;
	ssize_t n;
	char *p;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	do {
		p = clu_buf_grow(ret, chunk);
		if (!p) {
			r = -ENOMEM;
			break;
		}
		do
			n = read(fd, p, chunk);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			r = -errno;
		ret->len -= chunk - (n < 0 ? 0 : (size_t)n);
		if (ret->len - old > max)
			r = -EFBIG;
	} while (n > 0 && !r);
	close(fd);
	if (r < 0)
		ret->len = old;
	if (ret->data)
		ret->data[ret->len] = '\0';
	return r;
}
