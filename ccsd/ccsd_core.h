/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ccsd's core: agreement of all members on one versioned document.
 *
 * On disk each node keeps two things: cluster.conf (the FILE) and the RECORD, the
 * last proposal it accepted with the proposal's ballot. Messages:
 *
 *   STATUS   what is on my disk, and whether I have quorum; said anew after each
 *            view, quorum change and write. A status counts for one ROUND only,
 *            the time between two views.
 *   PROPOSE  a document with a ballot higher than any seen. An update of a user,
 *            or a "sync" that brings members that differ together.
 *   NACK     an update cannot be accepted here; ABORT: it took too long.
 *
 * A proposal is committed at the point of the order where every member's status of
 * this round says: I have quorum, and my record is this proposal. Only then the
 * file is written and the document comes into force. So a committed document is
 * durable in the records of a whole quorate partition, and any later quorate
 * partition has a member that holds it. A partition without quorum commits nothing.
 *
 * "Have quorum" is said only when the nodes of the quorum notice are exactly the
 * members of the view: then the notice is about this view, and no node counts for
 * quorum whose ccsd is not among us.
 *
 * After each round's statuses the group is ESTABLISHED: it knows what is agreed.
 * - If it was established before and went on as one (line KEPT or, after the loss of
 *   members, AFTER_LOSS), its document stands: a joiner takes it, whatever its own.
 * - Else (all newly started, or partitions met): the record with the highest ballot
 *   counts as agreed, since it may have been committed; a file with a higher version
 *   than that beats it. If members differ, the lowest one that holds the document
 *   proposes it as a sync.
 *
 * A node whose own file is replaced although its version is not lower keeps it
 * beside as cluster.conf.unknown-vN.
 *
 * Ballots grow with the ring number of corosync, which every member of a later ring
 * has surpassed; an aborted proposal is overwritten in the records by the document in
 * force under a higher ballot, so it cannot come back.
 *
 * Known limit: in a two-node cluster (two_node=1) both halves have quorum until one is
 * fenced. When they meet, the higher version counts; where both committed one version
 * with two contents, that of the loser is put aside.
 *
 * Each member keeps what is agreed in its history (ccsd_history.h), behind the write of cluster.conf, but before its
 * record may hold something else. A history that cannot be written holds up nothing.
 *
 * On -ENOMEM of a step the state may be half changed: the daemon ends, and what is on
 * disk is consistent.
 */
#ifndef CCSD_CORE_H
#define CCSD_CORE_H

#include "clu_core.h"
#include "ccsd_history.h"

#define CCSD_UPDATE_MS 8000	/* an update that is not committed by then is given up */
#define CCSD_UPDATE_LAST_MS 11000	/* its client has an answer by then, whatever happens */

/* What is to say about one document. */
struct ccsd_verdict {
	uint64_t version;
	char cluster[256];
	struct clu_buf findings;	/* lines "FILE:LINE: what: why; what to do" */
};

/*
 * Function of the bytes and of what is installed on this node. 0; -EINVAL: parsed but not valid, findings say why
 * (version and cluster are set as far as known); -EBADMSG: cannot be parsed; -ENOMEM.
 */
typedef int (*ccsd_check_fn)(void *ctx, const void *data, size_t len, struct ccsd_verdict *ret);

/*
 * May the document `old`, which is in force, become `new` while these nodes are members? Pure as well.
 * 0; -EINVAL with findings.
 */
typedef int (*ccsd_change_fn)(void *ctx, const struct ccsd_doc *old, const struct ccsd_doc *new,
	const uint32_t *members, unsigned n_members, struct clu_buf *findings);

/* The newest entry that was found in the history; all 0: none. */
struct ccsd_newest {
	uint64_t seq, version, digest;
};

/* Takes e if it is newer than *ret. */
void ccsd_newest_see(struct ccsd_newest *ret, const struct ccsd_history_entry *e);

struct ccsd_cfg {
	const char *conf_path;
	const char *record_path;
	const void *file;	/* what was found at the start; NULL: none */
	size_t file_len;
	const void *record;	/* NULL: none */
	size_t record_len;
	ccsd_check_fn check;
	ccsd_change_fn change;
	void *check_ctx;
	const char *history_path;	/* folder; NULL: no history is kept */
	struct ccsd_newest newest;	/* of its entries */
};

struct ccsd_core;

/* Everything is copied. NULL: out of memory, or the file is not valid; *why then says so (static text). */
struct ccsd_core *ccsd_core_new(const struct ccsd_cfg *cfg, const char **why);
void ccsd_core_free(void *core);

extern const struct clu_core_ops ccsd_core_ops;

#endif
