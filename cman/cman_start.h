/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the corosync process, and telling why it did not start. */
#ifndef CMAN_START_H
#define CMAN_START_H

#include "clu_buf.h"

#define CMAN_START_MS 100000	/* as long as cman's own start could take */

/*
 * Starts corosync with this configuration, in a session of its own, and waits
 * until it answers clients (at most CMAN_START_MS; then it is ended). 0, or
 * negative errno with the reason in errs: its own words, the end of its log.
 */
int cman_start(const char *conf, const char *logfile, struct clu_buf *errs);

/*
 * Runs ccs_config_validate on the configuration file. 0: valid, or the program is
 * not installed, or there is only what no program reads, and its findings are in errs;
 * else -EINVAL with its findings in errs.
 */
int cman_start_validate(struct clu_buf *errs);

/* Has corosync look at a configuration without starting. 0, or -EINVAL with what it said in errs. */
int cman_start_test(const char *conf, struct clu_buf *errs);

/* Runs ccs_tool update with this file. 0, or -EINVAL with its words in errs, each line indented. */
int cman_start_update(const char *file, struct clu_buf *errs);

/* What "corosync -v" says, each line indented; nothing when it cannot be run. */
void cman_start_version(struct clu_buf *ret);

/*
 * Starts cmand unless it runs, and waits until it is ready. 0, or negative errno with
 * its own words in errs. One that belongs to a corosync of before must have ended:
 * cman_start_wait_cmand waits for that, at most 5 s.
 */
int cman_start_cmand(struct clu_buf *errs);
void cman_start_wait_cmand(void);

/* The last lines of corosync's log, indented, appended to ret. */
void cman_start_log_tail(const char *logfile, struct clu_buf *ret);

#endif
