/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks. A file is written as clu_store_write() does it, in the one thread that a
 * daemon has for it: a temporary file is written and fsynced, then renamed, then the
 * folder is fsynced, and after that the daemon hears of it. Each is an instant of
 * its own, so a daemon, a node or its power can end between any two of them:
 *
 * - before the rename the old file is there, after it the new one, never a mix;
 * - a daemon that dies in between hears nothing, but the new file may be there;
 * - a power cut between the rename and the fsync of the folder leaves the old or the
 *   new file, by chance, unless the kernel has written its journal by itself meanwhile;
 * - a write that fails in its last step (the fsync of the folder) has an error, and
 *   the new file is there nevertheless.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "sim_world.h"

enum sim_disk_state {
	SIM_DISK_WELL,
	SIM_DISK_FULL,		/* ENOSPC */
	SIM_DISK_READ_ONLY,	/* EROFS, as after an error of the file system */
	SIM_DISK_FAILING,	/* EIO now and then, in any step */
	SIM_DISK_SLOW,		/* seconds for each step */
	/*
	 * It says that a file is safe, and loses it at a power cut within the next minute:
	 * outside of what the cluster promises, since one that held a committed document
	 * alone would lose it. What still holds: a node that comes back and meets others
	 * who know better takes what they have. Only scripts have it.
	 */
	SIM_DISK_LYING,
	SIM_NDISK_STATES
};

/* A STORE action of a daemon. */
void sim_disk_store(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_action *a);
/* The node's power is gone: what was not safe yet may be lost. */
void sim_disk_power_lost(struct sim_world *w, unsigned node);
void sim_disk_set(struct sim_world *w, unsigned node, enum sim_disk_state state);
/* A durable file of a node as a daemon that starts finds it; NULL when it has none. */
const void *sim_file_get(const struct sim_world *w, unsigned node, const char *path, size_t *ret_len);
/* The same file as it would be found after a power cut, as far as the disk tells the truth. */
const void *sim_file_safe(const struct sim_world *w, unsigned node, const char *path, size_t *ret_len);
/* As clu_store_settle() does: what a daemon reads at its start is made safe first. */
void sim_disk_settle(struct sim_world *w, unsigned node, const char *path);
void sim_disk_free(struct sim_node *n);

#endif
