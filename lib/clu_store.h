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

/* 0 or negative errno; on error the old file stands. Leftover temporary files of a crash are replaced. */
int clu_store_write(const char *path, const void *data, size_t len, mode_t mode);
/* Appends the content to ret; at most max bytes (-EFBIG). */
int clu_store_read(const char *path, size_t max, struct clu_buf *ret);

#endif
