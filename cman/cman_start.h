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
 * not installed; else -EINVAL with its findings in errs.
 */
int cman_start_validate(struct clu_buf *errs);

/* The last lines of corosync's log, indented, appended to ret. */
void cman_start_log_tail(const char *logfile, struct clu_buf *ret);

#endif
