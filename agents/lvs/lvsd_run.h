/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The traces of a running lvsd below the run directory: a locked pid file, the
 * socket's name, and a record of what it put into the kernel, by which a later
 * process cleans up after one that was killed.
 */
#ifndef LVSD_RUN_H
#define LVSD_RUN_H

#include <jansson.h>
#include <limits.h>
#include <sys/types.h>

#include "lvs_table.h"

#define LVSD_STOP_MS 10000	/* an lvsd that does not end on SIGTERM within this is killed */

enum lvsd_file { LVSD_PID, LVSD_STATE, LVSD_SOCKET };

/* RUN/lvsd-NAME.pid and so on. 0 or -ENAMETOOLONG. */
int lvsd_run_path(const char *name, enum lvsd_file which, char ret[PATH_MAX]);

/*
 * Takes the lock of this instance; it is held by the returned descriptor, and
 * by children that inherit it. -EWOULDBLOCK: an lvsd of this name runs (its pid
 * in *ret_pid if known, else 0).
 */
int lvsd_run_lock(const char *pidfile, pid_t *ret_pid);
/* Writes the pid into the locked file. */
int lvsd_run_write_pid(int fd, pid_t pid);
/* The pid of the lvsd that holds the lock; -ESRCH: none runs. */
pid_t lvsd_run_holder(const char *pidfile);

/*
 * Ends a running lvsd (SIGTERM, after LVSD_STOP_MS SIGKILL) and waits for its end
 * on a pidfd. 1: ended in order; 2: had to be killed; 0: none ran; negative errno.
 */
int lvsd_run_stop(const char *pidfile, unsigned wait_ms);

/* The record: which director, which services, which addresses. */
int lvsd_state_write(const char *name, const char *director, const struct lvs_table *t, json_t *addresses);
/* -ENOENT: nothing to clean up. *ret_addresses: new reference. */
int lvsd_state_read(const char *name, char ret_director[16], struct lvs_table *ret, json_t **ret_addresses);
void lvsd_state_remove(const char *name);

#endif
