/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A quorum disk as a device: found, opened, read, written, made. Past the page cache
 * (O_DIRECT) and to the medium (O_SYNC), a whole block at a time. All calls block, and
 * hang as long as the device does: a daemon makes them in a thread of their own.
 */
#ifndef QDISK_DEV_H
#define QDISK_DEV_H

#include <limits.h>
#include <sys/types.h>

#include "qdisk_format.h"

#define QDISK_MAX_NAMES 16

struct qdisk_dev {
	int fd;			/* -1: not open */
	dev_t id;		/* of a block device; 0: a regular file */
	char path[PATH_MAX];
	uint32_t sector_bytes, block_bytes;
	struct qdisk_header header;
	unsigned char *buffer;	/* aligned; QDISK_BLOCKS blocks */
};

#define QDISK_DEV_INIT { .fd = -1 }

/*
 * Opens the quorum disk at a path, or with a label ("" or NULL: not given; the label
 * wins). A regular file may stand for a device. 0, or negative errno with what failed
 * and why in why: -ENOENT no such disk, -ENODATA no quorum disk, -ENOSPC too small,
 * -EMEDIUMTYPE made for another sector size, -ENOTUNIQ several disks have the label.
 */
int qdisk_dev_open(struct qdisk_dev *d, const char *device, const char *label, char *why, size_t size);
void qdisk_dev_close(struct qdisk_dev *d);

/* The first QDISK_USED bytes of the blocks 0 to QDISK_NODES. -EIO also when the header is not that of the open any more. */
int qdisk_dev_read(struct qdisk_dev *d, unsigned char *ret, char *why, size_t size);
/* One block, from its first QDISK_USED bytes. */
int qdisk_dev_write(struct qdisk_dev *d, uint32_t block, const unsigned char *bytes, char *why, size_t size);

/*
 * Makes a device a quorum disk, of all nodes in state None. said(ctx, node) before each
 * status block. A device that is mounted or part of another one is refused (-EBUSY).
 */
int qdisk_dev_make(const char *path, const char *label, const char *host, uint64_t now_s,
	void (*said)(void *ctx, uint32_t nodeid), void *ctx, char *why, size_t size);

/* One quorum disk that was found; all paths that lead to it, the kernel's name first. d is closed after the call. */
typedef void qdisk_found(void *ctx, struct qdisk_dev *d, char names[][PATH_MAX], unsigned n_names);
/* Looks at all block devices of the kernel but those that are part of another one. label NULL: every quorum disk. */
int qdisk_dev_scan(const char *label, qdisk_found *found, void *ctx);
/* The same for one path, which may be a regular file. Errors as qdisk_dev_open(). */
int qdisk_dev_look(const char *path, qdisk_found *found, void *ctx, char *why, size_t size);

#endif
