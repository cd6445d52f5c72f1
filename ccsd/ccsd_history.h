/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history: the last CCSD_HISTORY_MAX documents that were agreed on, one file each
 * in a folder of every node (clu_path STATE/history). Files are named by their place in
 * a ring, so that the history is bounded without anything being deleted. ccsd's core
 * writes them with STORE; ccs_tool reads them, also while no daemon runs.
 */
#ifndef CCSD_HISTORY_H
#define CCSD_HISTORY_H

#include "ccsd_doc.h"

#define CCSD_HISTORY_MAX 64
#define CCSD_HISTORY_FOLDER "history"		/* below the state folder */
#define CCSD_HISTORY_NAME_MAX 8
#define CCSD_HISTORY_MODE 0600

struct ccsd_history_entry {
	uint64_t seq;		/* from 1, without gaps on one node */
	uint64_t kept_us;	/* time of day at which this node kept it */
	struct ccsd_doc *doc;	/* borrowed */
};

/* Pure: name of an entry's file, and its bytes. 0 or -ENOMEM; parse: -EBADMSG when they are none or damaged. */
void ccsd_history_name(uint64_t seq, char ret[CCSD_HISTORY_NAME_MAX]);
int ccsd_history_pack(const struct ccsd_history_entry *e, struct clu_buf *ret);
/* ret->doc: one reference, the caller's. */
int ccsd_history_parse(const void *data, size_t len, struct ccsd_history_entry *ret);

/*
 * ccsd_history_read.c: hands every entry found in the folder to `entry`, in the order of file names, not of seq; the
 * document lives only for the call unless it takes a reference. A damaged file is left out. Returns how many files were
 * damaged, or a negative errno: -ENOENT when there is no folder, -EACCES, -ENOMEM.
 */
int ccsd_history_each(const char *folder, void (*entry)(void *ctx, const struct ccsd_history_entry *e), void *ctx);

#endif
