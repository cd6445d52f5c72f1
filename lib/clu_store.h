/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Durable files: written to a temporary file beside it, fsynced, renamed, folder
 * fsynced. After a crash at any instant the old or the new content is there.
 */
#ifndef CLU_STORE_H
#define CLU_STORE_H

#include <stddef.h>
#include <sys/types.h>

#include "clu_buf.h"

/*
 * 0 or negative errno. On error the old file stands; only when the last step fails, the fsync of the folder, the new one
 * is there, whole, but may be lost with the power. Leftover temporary files of a crash are replaced.
 */
int clu_store_write(const char *path, const void *data, size_t len, mode_t mode);
/* Appends the content to ret; at most max bytes (-EFBIG). */
int clu_store_read(const char *path, size_t max, struct clu_buf *ret);
/*
 * Makes durable what is found under the path. To be called before a daemon relies on what it reads at its start: one
 * that was killed between the rename and the fsync of the folder has left a file that the power may still take away.
 * 0 (also when there is no such file) or negative errno.
 */
int clu_store_settle(const char *path);

#endif
