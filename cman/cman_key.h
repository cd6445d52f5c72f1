/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key with which the nodes of one cluster encrypt. It is the same file on every node; never logged. */
#ifndef CMAN_KEY_H
#define CMAN_KEY_H

#include "clu_buf.h"

#define CMAN_KEY_BYTES 256
#define CMAN_KEY_MIN 128	/* corosync's limits */
#define CMAN_KEY_MAX 4096

/* Makes a new key file, 0600, with its folder. -EEXIST: there is one; it is left alone. */
int cman_key_make(const char *path, struct clu_buf *errs);

/* 0 when the file can serve as a key, else negative errno (-ENOENT: absent) and a line in errs. */
int cman_key_check(const char *path, struct clu_buf *errs);

#endif
