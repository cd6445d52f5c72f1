/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log and history of a daemon. A NOTE of a core becomes one log line
 *
 *   SENTENCE | ev=EVENT obj=OBJECT old=FROM new=TO why="..." t=EPOCH.MICROSECONDS key=value ...
 *
 * in LOG/NAME.log and syslog, and an entry of the history ring (last 512). A value
 * with blanks is quoted, " and \ in it are escaped by \. Equal lines are written 5 times
 * in 10 s, the rest is counted. The history joins equal neighbours ("times", "last").
 * One thread. Before clu_log_open() lines go to stderr.
 */
#ifndef CLU_LOG_H
#define CLU_LOG_H

#include "clu_log_conf.h"
#include "clu_out.h"

/*
 * to_stderr: also there (-f, -D). debug: level CLU_DEBUG is written. Negative errno when
 * the file cannot be opened: syslog (and stderr) work all the same.
 */
int clu_log_open(const char *daemon, bool to_stderr, bool debug);
/*
 * What cluster.conf says of it, once that is known and at each change. Negative errno when
 * conf->logfile cannot be opened: the log goes on in the file it had.
 */
int clu_log_set(const struct clu_log_conf *conf);
void clu_log(enum clu_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void clu_log_note(const struct clu_action *note, uint64_t wall_us);
/* The history as a JSON array, oldest first. */
void clu_log_history(struct clu_buf *ret);
/* After the log file was moved away. 0 or negative errno. */
int clu_log_reopen(void);
/*
 * For a daemon, once per process and after its last fork: syslog gets a thread of its
 * own (one that hangs holds up nobody), and libqb's blackbox is switched on: the last
 * lines, debug included, in a file of shared memory that outlives a crash (who starts
 * it sweeps it: clu_ipc_sweep). 0 or negative errno.
 */
int clu_log_daemon(void);
/* Writes the blackbox to a file for qb-blackbox. 0 or negative errno. */
int clu_log_blackbox(const char *path);
void clu_log_close(void);

#endif
