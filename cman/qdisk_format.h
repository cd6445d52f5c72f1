/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The quorum disk as bytes (qdisk.5). Block 0 says whose disk it is; block N, 1 to 16,
 * belongs to the node with id N, which writes nothing else. One block is one write, so
 * a reader sees the old or the new one; what a power failure or a bad disk has made of
 * a block is told by its checksums. All numbers are little-endian. Pure.
 *
 * Layout, states and numbers as the quorum disk of RHEL 5 and 6 had them (cman.md 6.1);
 * behind the old status stand fields of ours: the ring.
 */
#ifndef QDISK_FORMAT_H
#define QDISK_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QDISK_NODES 16			/* node ids 1 to 16 */
#define QDISK_BLOCKS 18			/* header, 16 nodes, one spare */
#define QDISK_BLOCK_BYTES 4096		/* or the sector size, when that is larger */
#define QDISK_BLOCK_MAX 65536
#define QDISK_USED 512			/* bytes of a block that are used, the rest is 0 */
#define QDISK_LABEL_MAX 118		/* bytes of a label */
#define QDISK_HOST_MAX 127

#define QDISK_MAGIC 0xeb7a62c2u		/* of the header's payload, as `mkqdisk -L` shows it */
#define QDISK_OLD_MAGIC 0x39119fcdu	/* of an older product: recognized, not used */

enum qdisk_state {
	QDISK_NONE = 0,			/* no qdiskd, or one whose heuristics failed */
	QDISK_EVICTED = 1,		/* written by the master into the block of a node that stopped writing */
	QDISK_INIT = 2,			/* looks on, takes part in nothing yet */
	QDISK_RUN = 5,
	QDISK_MASTER = 6,
	QDISK_EXIT = 7			/* a master that goes: another one may be chosen */
};

enum qdisk_msg { QDISK_MSG_NONE, QDISK_MSG_BID, QDISK_MSG_ACK, QDISK_MSG_NACK };

#define QDISK_FLAG_WAITS 1u		/* runs, and does not want to be master yet */

struct qdisk_header {
	uint32_t magic;
	uint64_t created_s;
	char host[QDISK_HOST_MAX + 1];	/* where it was made */
	char label[QDISK_LABEL_MAX + 2];
	uint32_t block_bytes, sector_bytes;
};

struct qdisk_status {
	uint32_t writer;		/* node id of who wrote it: the node itself, or the master that evicted it */
	uint32_t nodeid;
	uint64_t view;			/* counts a writer's writes: another number is a sign of life */
	uint64_t time_s;		/* for people */
	uint32_t state;			/* enum qdisk_state */
	uint32_t flags;
	uint32_t score, max_score;
	uint64_t average_us, last_us;	/* how long its cycles take */
	uint64_t incarnation;		/* of its qdiskd: new at each start */
	uint32_t msg, seq, arg;		/* enum qdisk_msg; of the bid; node id of the bidder */
	uint64_t mask;			/* nodes that it sees on the disk, a bit per id, node 1 is bit 0 */
	uint64_t master_mask;		/* a master: nodes that may vote ... */
	uint32_t ring_rep;		/* ... in this ring of corosync's; of others the ring they are in */
	uint64_t ring_seq;
	uint32_t dead_ms;		/* after so long a silence it counts as dead; 0: of a writer that did not say it */
};

#define QDISK_BIT(nodeid) ((uint64_t)1 << ((nodeid) - 1))

/* Fills a block of `size` bytes (at least QDISK_USED). */
void qdisk_header_pack(const struct qdisk_header *h, void *block, size_t size);
void qdisk_status_pack(const struct qdisk_status *s, void *block, size_t size);

/* 0; -ENOENT: nothing of the kind there (or never written); -EBADMSG: a checksum or a number is wrong. */
int qdisk_header_unpack(const void *block, size_t size, struct qdisk_header *ret);
int qdisk_status_unpack(const void *block, size_t size, struct qdisk_status *ret);

/* "Running"; "?" for a number that is none. */
const char *qdisk_state_name(uint32_t state);
/* 1 to QDISK_LABEL_MAX printable bytes without a blank at an end. */
bool qdisk_label_is_good(const char *label);

#endif
