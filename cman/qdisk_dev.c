/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "qdisk_dev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int failed(int r, char *why, size_t size, const char *path, const char *what)
{
	snprintf(why, size, "%.200s: %s (%s)", path, what, strerror(-r));
	return r;
}

/* ---- one device ---- */

static int open_path(const char *path, int flags, struct stat *ret)
{
	int fd = open(path, flags | O_DIRECT | O_SYNC | O_CLOEXEC);

	/* Some file systems know no direct access; between processes of one machine their cache is as good. */
	if (fd < 0 && errno == EINVAL && stat(path, ret) == 0 && S_ISREG(ret->st_mode))
		fd = open(path, flags | O_SYNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, ret) < 0 || (!S_ISBLK(ret->st_mode) && !S_ISREG(ret->st_mode))) {
		close(fd);
		return -ENOTBLK;
	}
	return fd;
}

/* Sizes, memory. The device's content is not looked at. */
static int attach(struct qdisk_dev *d, const char *path, int flags, char *why, size_t size)
{
	struct stat st;
	int fd = open_path(path, flags, &st), sector = 512;
	off_t end;

	if (fd < 0)
		return failed(fd, why, size, path, fd == -EBUSY ? "is in use: it is mounted, or part of another device" :
			"cannot be opened");
	if (S_ISBLK(st.st_mode) && ioctl(fd, BLKSSZGET, &sector) < 0)
		sector = 512;
	*d = (struct qdisk_dev){ .fd = fd, .id = S_ISBLK(st.st_mode) ? st.st_rdev : 0, .sector_bytes = (uint32_t)sector };
	d->block_bytes = d->sector_bytes > QDISK_BLOCK_BYTES ? d->sector_bytes : QDISK_BLOCK_BYTES;
	snprintf(d->path, sizeof(d->path), "%s", path);
	end = lseek(fd, 0, SEEK_END);
	if (sector < 512 || sector > QDISK_BLOCK_MAX || end < (off_t)QDISK_BLOCKS * d->block_bytes) {
		qdisk_dev_close(d);
		return failed(-ENOSPC, why, size, path, "is too small for a quorum disk: it takes 18 blocks of at least 4096 bytes");
	}
	d->buffer = aligned_alloc(d->block_bytes, (size_t)QDISK_BLOCKS * d->block_bytes);
	if (!d->buffer) {
		qdisk_dev_close(d);
		return failed(-ENOMEM, why, size, path, "no memory for its blocks");
	}
	return 0;
}

void qdisk_dev_close(struct qdisk_dev *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->buffer);
	d->fd = -1;
	d->buffer = NULL;
}

static int read_blocks(struct qdisk_dev *d, size_t bytes, char *why, size_t size)
{
	ssize_t n;

	do
		n = pread(d->fd, d->buffer, bytes, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failed(-errno, why, size, d->path, "cannot be read");
	return (size_t)n == bytes ? 0 : failed(-EIO, why, size, d->path, "has become shorter");
}

static int check_header(struct qdisk_dev *d, char *why, size_t size)
{
	int r = read_blocks(d, d->block_bytes, why, size);

	if (r < 0)
		return r;
	if (qdisk_header_unpack(d->buffer, d->block_bytes, &d->header) < 0)
		return failed(-ENODATA, why, size, d->path, "is no quorum disk: 'mkqdisk -c DEVICE -l LABEL' makes one");
	if (d->header.sector_bytes && d->header.sector_bytes != d->sector_bytes)
		return failed(-EMEDIUMTYPE, why, size, d->path, "was made for another sector size; make it again here");
	return 0;
}

int qdisk_dev_read(struct qdisk_dev *d, unsigned char *ret, char *why, size_t size)
{
	struct qdisk_header now;
	int r = read_blocks(d, (size_t)(QDISK_NODES + 1) * d->block_bytes, why, size);

	if (r < 0)
		return r;
	if (qdisk_header_unpack(d->buffer, d->block_bytes, &now) < 0 || now.created_s != d->header.created_s ||
		strcmp(now.label, d->header.label) != 0)
		return failed(-EIO, why, size, d->path, "is not the quorum disk any more that it was; was it made anew?");
	for (unsigned i = 0; i <= QDISK_NODES; i++)
		memcpy(ret + (size_t)i * QDISK_USED, d->buffer + (size_t)i * d->block_bytes, QDISK_USED);
	return 0;
}

int qdisk_dev_write(struct qdisk_dev *d, uint32_t block, const unsigned char *bytes, char *why, size_t size)
{
	ssize_t n;

	memset(d->buffer, 0, d->block_bytes);
	memcpy(d->buffer, bytes, QDISK_USED);
	do
		n = pwrite(d->fd, d->buffer, d->block_bytes, (off_t)block * d->block_bytes);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failed(-errno, why, size, d->path, "cannot be written");
	return (size_t)n == d->block_bytes ? 0 : failed(-EIO, why, size, d->path, "takes no whole block");
}

int qdisk_dev_make(const char *path, const char *label, const char *host, uint64_t now_s,
	void (*said)(void *ctx, uint32_t nodeid), void *ctx, char *why, size_t size)
{
	struct qdisk_dev d = QDISK_DEV_INIT;
	unsigned char bytes[QDISK_USED];
	struct stat st;
	int r = attach(&d, path, O_RDWR | (stat(path, &st) == 0 && S_ISBLK(st.st_mode) ? O_EXCL : 0), why, size);

	if (r < 0)
		return r;
	/* The header last: half a quorum disk is none. */
	memset(bytes, 0, sizeof(bytes));
	r = qdisk_dev_write(&d, 0, bytes, why, size);
	for (uint32_t id = 1; r == 0 && id <= QDISK_NODES; id++) {
		struct qdisk_status s = { .nodeid = id, .state = QDISK_NONE, .time_s = now_s };

		said(ctx, id);
		qdisk_status_pack(&s, bytes, sizeof(bytes));
		r = qdisk_dev_write(&d, id, bytes, why, size);
	}
	if (r == 0) {
		struct qdisk_header h = { .magic = QDISK_MAGIC, .created_s = now_s, .block_bytes = d.block_bytes,
			.sector_bytes = d.sector_bytes };

		snprintf(h.host, sizeof(h.host), "%s", host);
		snprintf(h.label, sizeof(h.label), "%s", label);
		qdisk_header_pack(&h, bytes, sizeof(bytes));
		r = qdisk_dev_write(&d, 0, bytes, why, size);
	}
	qdisk_dev_close(&d);
	return r;
}

/* ---- all devices ---- */

/* Part of another device: that one is to be used. */
static bool has_holders(const char *name)
{
	char path[PATH_MAX];
	struct dirent *e;
	bool any = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/block/%s/holders", name);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		any |= e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return any;
}

/* The links of one folder that lead to the device. */
static void add_links(const char *folder, dev_t id, char names[][PATH_MAX], unsigned *n)
{
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && *n < QDISK_MAX_NAMES && (e = readdir(dir))) {
		char path[PATH_MAX];
		struct stat st;

		if (e->d_name[0] == '.' || (size_t)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) >= sizeof(path))
			continue;
		if (stat(path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == id)
			snprintf(names[(*n)++], PATH_MAX, "%s", path);
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static unsigned all_names(const struct qdisk_dev *d, char names[][PATH_MAX])
{
	static const char *const folders[] = { "/dev/disk/by-id", "/dev/disk/by-path", "/dev/disk/by-uuid",
		"/dev/disk/by-label", "/dev/disk/by-partuuid", "/dev/disk/by-partlabel", "/dev/mapper" };
	unsigned n = 1;

	snprintf(names[0], PATH_MAX, "%s", d->path);
	if (!d->id)
		return n;
	for (unsigned i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		add_links(folders[i], d->id, names, &n);
	qsort(names + 1, n - 1, PATH_MAX, by_name);
	return n;
}

static int look_at_path(const char *path, const char *label, qdisk_found *found, void *ctx, char *why, size_t size)
{
	static char names[QDISK_MAX_NAMES][PATH_MAX];
	struct qdisk_dev d = QDISK_DEV_INIT;
	int r = attach(&d, path, O_RDONLY, why, size);

	if (r == 0)
		r = check_header(&d, why, size);
	if (r == 0 && (!label || strcmp(label, d.header.label) == 0))
		found(ctx, &d, names, all_names(&d, names));
	qdisk_dev_close(&d);
	return r;
}

int qdisk_dev_look(const char *path, qdisk_found *found, void *ctx, char *why, size_t size)
{
	return look_at_path(path, NULL, found, ctx, why, size);
}

static void look_at(const char *name, const char *label, qdisk_found *found, void *ctx)
{
	char path[PATH_MAX], why[400];

	if (strncmp(name, "md", 2) == 0 || has_holders(name) ||
		(size_t)snprintf(path, sizeof(path), "/dev/%s", name) >= sizeof(path))
		return;
	/* sysfs writes '!' for the '/' of a name. */
	for (char *p = path + 5; *p; p++)
		if (*p == '!')
			*p = '/';
	/* What is no quorum disk, or cannot be looked at, is none of ours. */
	(void)look_at_path(path, label, found, ctx, why, sizeof(why));
}

int qdisk_dev_scan(const char *label, qdisk_found *found, void *ctx)
{
	struct dirent **list;
	int n = scandir("/sys/class/block", &list, NULL, alphasort);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.')
			look_at(list[i]->d_name, label, found, ctx);
		free(list[i]);
	}
	free(list);
	return 0;
}

struct search {
	char path[PATH_MAX];
	struct qdisk_header header;
	unsigned count;
};

/* Several paths to one disk show the same header. */
static void take_path(void *ctx, struct qdisk_dev *d, char names[][PATH_MAX], unsigned n_names)
{
	struct search *s = ctx;

	(void)names;
	(void)n_names;
	if (s->count && d->header.created_s == s->header.created_s && strcmp(d->header.host, s->header.host) == 0)
		return;
	if (!s->count++) {
		snprintf(s->path, sizeof(s->path), "%s", d->path);
		s->header = d->header;
	}
}

int qdisk_dev_open(struct qdisk_dev *d, const char *device, const char *label, char *why, size_t size)
{
	struct search s = { .count = 0 };
	int r;

	if (label && *label) {
		r = qdisk_dev_scan(label, take_path, &s);
		if (r < 0)
			return failed(r, why, size, "/sys/class/block", "cannot be read");
		if (!s.count)
			return failed(-ENOENT, why, size, label, "no block device has this label; 'mkqdisk -L' lists those with one");
		if (s.count > 1)
			return failed(-ENOTUNIQ, why, size, label, "several disks have this label; give one of them another");
		device = s.path;
	}
	if (!device || !*device)
		return failed(-ENOENT, why, size, "quorumd", "neither a label nor a device is given");
	r = attach(d, device, O_RDWR, why, size);
	if (r < 0)
		return r;
	r = check_header(d, why, size);
	if (r < 0)
		qdisk_dev_close(d);
	return r;
}
