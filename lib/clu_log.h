/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log and history of a daemon. A NOTE of a core becomes one log line
 *
 *   SENTENCE | ev=EVENT obj=OBJECT old=FROM new=TO why="..." t=EPOCH.MICROSECONDS key=value ...
 *
 * in LOG/NAME.log and syslog, and an entry of the history ring (last 512).
 */
#ifndef CLU_LOG_H
#define CLU_LOG_H

#include "clu_out.h"

/* to_stderr: also there (-f, -D). debug: level CLU_DEBUG is written. */
int clu_log_open(const char *daemon, bool to_stderr, bool debug);
void clu_log(enum clu_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void clu_log_note(const struct clu_action *note, uint64_t wall_us);
/* The history as a JSON array, oldest first. */
void clu_log_history(struct clu_buf *ret);
void clu_log_close(void);

#endif
