/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the lvs.cf parser only. */
#ifndef LVS_CONF_PRIV_H
#define LVS_CONF_PRIV_H

#include "lvs_conf.h"
#include "lvs_lex.h"

#define LVS_MAX_FAULTS 50	/* told at once; a file with more is not an lvs.cf */

struct lvs_parser {
	const char *file;
	struct lvs_conf *conf;
	struct clu_buf *errs, *warns;
	unsigned n_errs;
	unsigned line;
	bool lookup_hosts;
	bool any;
	int error;		/* -ENOMEM */
	struct lvs_virtual *virt;	/* open block, or NULL */
	struct lvs_server *server;	/* open block, or NULL */
	bool failover;		/* the open block is one of fos */
	bool told_active;	/* "active" seen in the open virtual / server */
	bool told_server_active;
};

/* One fault or warning of the current line. */
void lvs_conf_fault(struct lvs_parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lvs_conf_warn(struct lvs_parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A "key = value" statement at the level that is open. */
void lvs_conf_assign(struct lvs_parser *p, const struct lvs_stmt *s);

#endif
