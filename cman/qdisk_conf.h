/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <quorumd> of cluster.conf: what it says, what follows from it, and what is wrong with
 * it. Read by cman_tool (corosync's votes and times) and by qdiskd, so that both reckon
 * alike. Pure.
 */
#ifndef QDISK_CONF_H
#define QDISK_CONF_H

#include "clu_conf.h"

#define QDISK_MAX_HEURISTICS 10
#define QDISK_MIN_TKO 3

enum qdisk_scheduler { QDISK_SCHED_RR, QDISK_SCHED_FIFO, QDISK_SCHED_OTHER };

/* Texts point into the document. Times in ms. */
struct qdisk_heuristic {
	const char *program;
	uint32_t score, interval_ms, tko;
};

struct qdisk_conf {
	const char *device, *label;	/* NULL when not given; the label wins */
	const char *name;		/* under which corosync shows the device */
	const char *status_file;	/* NULL, a path, or "-": standard output */
	const char *watchdog_device;	/* NULL, or a kernel's watchdog to feed */
	uint32_t votes;
	uint32_t interval_ms;		/* length of a cycle */
	uint32_t tko;			/* cycles without a sign of life until a node is dead */
	uint32_t tko_up;		/* cycles with one until it counts */
	uint32_t upgrade_wait;		/* cycles between a good score and the wish to be master */
	uint32_t master_wait;		/* cycles at least that a wish to be master stands before it comes true */
	uint32_t min_score, max_score;
	bool reboot, paranoid, allow_kill, io_timeout, stop_cman, master_wins;
	uint32_t max_error_cycles;	/* 0: no limit */
	int scheduler, priority;
	struct qdisk_heuristic heuristic[QDISK_MAX_HEURISTICS];
	unsigned n_heuristics;

	/* What follows from that; the reasons stand at qdisk_conf_times() in qdisk_conf.c. */
	uint32_t dead_ms;		/* silence after which a node may be taken over from */
	uint32_t device_timeout_ms;	/* a vote that is not repeated ends after so long: quorum.device.timeout */
	uint32_t lease_ms;		/* from the begin of a cycle whose write is done: so long its node may vote */
	uint32_t sync_timeout_ms;	/* so long a new ring waits for the disk's word: quorum.device.sync_timeout */
};

/*
 * Reads <quorumd> of the document. Returns the number of faults, each with a line
 * "FILE:LINE: what: why; what to do" in errs; what was understood in another way than
 * RHEL did, or will hurt, is a line in warns. -ENOENT: there is no such element.
 */
int qdisk_conf_read(const struct clu_conf *conf, struct qdisk_conf *ret, struct clu_buf *errs, struct clu_buf *warns);

#endif
