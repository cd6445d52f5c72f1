/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The quorum disk as a core (clu_core.h): who speaks for the disk, which nodes have its
 * votes, who is evicted. It reads and writes blocks of a disk all nodes share; there is
 * no lock on it but what follows from this:
 *
 * - A cycle reads all blocks, decides, writes the own one. Others see a node live when
 *   its block changes, and take it for dead after `dead_ms` of silence.
 * - One node is master. To become it a node writes a bid, and needs, in a read begun
 *   after that write, an ACK to this very bid from every other node that lives and runs;
 *   the bidder with the lowest id goes first. An ACK binds until the bidder has given up
 *   or is dead. So there is one at most, whatever the network does.
 * - The master writes for which ring of corosync's it speaks, and who of it may vote. A
 *   node votes only in that ring, named there, while its own writes get through
 *   (`lease_ms`, see qdisk_conf.c). After a split, that is one side.
 * - A new ring waits for the node's word (votequorum's sync_timeout). It is given when
 *   the master has decided: after a split, a master with heuristics has them run once
 *   more first, so that the side that has lost its network gives the disk away.
 *
 * No group: nodes meet on the disk alone. Events of the shell that it hears besides
 * those of every daemon are CLU_EV_DEVICE; what it wants of disk and corosync is
 * CLU_ACT_DEVICE. The words of both are here.
 */
#ifndef QDISK_CORE_H
#define QDISK_CORE_H

#include "clu_core.h"
#include "qdisk_format.h"

/* CLU_ACT_DEVICE: u.device.what, and what its data is. */
enum qdisk_ask {
	QDISK_ASK_REGISTER,	/* the device's name, a text: SAID_REGISTERED, then SAID_RING at every ring */
	QDISK_ASK_UNREGISTER,	/* the same name: its votes end */
	QDISK_ASK_VOTE,		/* struct qdisk_vote: SAID_VOTED when it did not work */
	QDISK_ASK_READ,		/* struct qdisk_where: SAID_READ, with the same id */
	QDISK_ASK_WRITE,	/* struct qdisk_write, one or more: SAID_WRITTEN, with the same id */
	QDISK_ASK_WATCHDOG,	/* struct qdisk_feed: the machine is well, so long */
	QDISK_ASK_PRINT,	/* a text for standard output */
	QDISK_ASK_SCHEDULE,	/* struct qdisk_schedule: how this process is to be scheduled */
};

/* CLU_EV_DEVICE: u.device.what; result is 0 or negative errno, then data is a reason as text. */
enum qdisk_said {
	QDISK_SAID_REGISTERED,	/* -EACCES: corosync.conf has no device */
	QDISK_SAID_RING,	/* struct qdisk_ring */
	QDISK_SAID_VOTED,	/* -ESTALE: the ring is not the newest any more */
	QDISK_SAID_READ,	/* QDISK_USED bytes of each of the blocks 0 to QDISK_NODES */
	QDISK_SAID_WRITTEN,
};

struct qdisk_vote {
	bool cast;
	struct clu_ring ring;
};

struct qdisk_where {
	char device[256];	/* "" when only the label says it */
	char label[QDISK_LABEL_MAX + 2];	/* "" when only the device does */
};

struct qdisk_write {
	uint32_t block;
	unsigned char bytes[QDISK_USED];
};

struct qdisk_feed {
	char device[256];
	uint32_t timeout_ms;
};

struct qdisk_schedule {
	int scheduler, priority;	/* enum qdisk_scheduler */
};

struct qdisk_ring {
	struct clu_ring ring;
	uint32_t n;
	uint32_t nodes[CLU_MAX_NODES];
};

struct qdisk;

struct qdisk *qdisk_new(void);		/* NULL: out of memory */
void qdisk_free(struct qdisk *q);	/* accepts NULL */

extern const struct clu_core_ops qdisk_ops;

/* For the simulator: what it thinks of itself. */
bool qdisk_is_running(const struct qdisk *q);	/* past its start, with a good score */

#endif
