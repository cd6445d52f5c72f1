/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cluster.conf says of a daemon's log: <logging>, over it its own <logging_daemon>,
 * attribute by attribute; under both what files from before <logging> have,
 * quorumd/@log_level and @log_facility for qdiskd, those of rm for rgmanager. Pure.
 */
#ifndef CLU_LOG_CONF_H
#define CLU_LOG_CONF_H

#include <limits.h>

#include "clu_conf.h"

struct clu_log_conf {
	bool to_syslog, to_logfile;
	int facility;			/* LOG_LOCAL4, ... of syslog.h */
	int syslog_priority, logfile_priority;	/* LOG_EMERG .. LOG_DEBUG: what is less important is not written */
	char logfile[PATH_MAX];		/* "": the daemon's own name in the folder of logs */
};

/*
 * conf may be NULL: nothing is said of it yet. debug: asked for on the command line; what the
 * file says of it, and of the priority of the log file, does not count then. A value that is
 * not known is as if it were not there.
 */
void clu_log_conf_read(const struct clu_conf *conf, const char *daemon, bool debug, struct clu_log_conf *ret);

#endif
