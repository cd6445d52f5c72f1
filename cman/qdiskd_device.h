/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What qdiskd has beside the shell, in two parts that know nothing of each other:
 *
 *   disk    a thread for reads and writes, so that a disk that hangs holds up nothing
 *   votes   the connection to corosync's votequorum, in the loop
 */
#ifndef QDISKD_DEVICE_H
#define QDISKD_DEVICE_H

#include <qb/qbloop.h>

#include "clu_shell.h"
#include "qdisk_core.h"

struct qdiskd_disk;
struct qdiskd_votes;

/* NULL: no thread, or out of memory. */
struct qdiskd_disk *qdiskd_disk_new(struct clu_shell *s, qb_loop_t *loop);
void qdiskd_disk_free(struct qdiskd_disk *d);	/* waits a second for the thread, then leaves it behind */
/* One at a time; SAID_READ or SAID_WRITTEN follows, when the disk comes back. */
void qdiskd_disk_read(struct qdiskd_disk *d, uint64_t id, const struct qdisk_where *where);
void qdiskd_disk_write(struct qdiskd_disk *d, uint64_t id, const struct qdisk_write *w, unsigned n);
/* How the thread is scheduled. 0 or negative errno. */
int qdiskd_disk_schedule(struct qdiskd_disk *d, int policy, int priority);

struct qdiskd_votes *qdiskd_votes_new(struct clu_shell *s, qb_loop_t *loop);
void qdiskd_votes_free(struct qdiskd_votes *v);
void qdiskd_votes_register(struct qdiskd_votes *v, const char *name);
void qdiskd_votes_unregister(struct qdiskd_votes *v);
void qdiskd_votes_poll(struct qdiskd_votes *v, const struct qdisk_vote *vote);

#endif
