/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of GFS 6.0, which was before cluster.conf: an archive of files with
 * sections "name { key = value }", in a file or at the begin of a device. Pure.
 */
#ifndef CCS_OLD_H
#define CCS_OLD_H

#include "clu_buf.h"

#define CCS_OLD_MAX_BYTES (4u * 1024 * 1024)
#define CCS_OLD_MAGIC 0x122473u
#define CCS_OLD_BLOCK 16384u		/* of a device before the first archive */

/* A key with its values, or a section with its keys. */
struct ccs_old {
	struct ccs_old *next, *child;
	char *key;
	char **values;
	unsigned n_values;
};

/*
 * Where the archive lies in a device whose first bytes these are: 0 and offset and length, or -EINVAL: it begins
 * otherwise; -EFBIG.
 */
int ccs_old_device(const void *head, size_t len, uint64_t *ret_offset, uint64_t *ret_len);

/*
 * The sections of one file of the archive ("cluster.ccs"). 0; -ENOENT: not in it; -EINVAL with "NAME:LINE: ..." in
 * why; -ENOMEM. The caller owns *ret.
 */
int ccs_old_parse(const struct clu_buf *archive, const char *name, struct ccs_old **ret, struct clu_buf *why);
void ccs_old_free(struct ccs_old *o);

/* Among siblings, by key; NULL. */
const struct ccs_old *ccs_old_find(const struct ccs_old *list, const char *key);

#endif
