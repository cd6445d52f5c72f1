/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of lvsd only. */
#ifndef LVSD_H
#define LVSD_H

#include <stdbool.h>

#include "clu_buf.h"

#define LVSD_DEFAULT_CONF "/etc/sysconfig/ha/lvs.cf"
#define LVSD_DEFAULT_NAME "lvs"

/* Exit codes; frozen, see lvsd.8. */
enum lvsd_exit {
	LVSD_OK = 0,
	LVSD_FAILED = 1,
	LVSD_USAGE = 2,
	LVSD_NOT_RUNNING = 3
};

struct lvsd_opts {
	const char *conf_file;		/* absolute */
	const char *name;		/* of the instance */
	const char *director;		/* "auto", "ipvs", "nft" */
	const char *pidfile;
	bool is_inline;
	bool to_stderr;			/* log there too */
	bool debug;
};

/*
 * Loads and checks the file as a start would, without touching anything. Errors
 * and warnings are appended. 0 or negative errno. *ret: free with lvs_conf_free().
 */
struct lvs_conf;
int lvsd_load(const struct lvsd_opts *o, struct lvs_conf **ret, struct clu_buf *errs, struct clu_buf *warns);

/*
 * The daemon, from start to SIGTERM. ready is called once, when table and
 * addresses are in place. Returns an exit code; errors before ready are on stderr.
 */
int lvsd_run(const struct lvsd_opts *o, void (*ready)(void *ctx), void *ctx);

/* Takes away what an lvsd that was killed has left. 0 or negative errno with why. */
int lvsd_clean(const struct lvsd_opts *o, struct clu_buf *why);

#endif
