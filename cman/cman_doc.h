/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From cluster.conf to the corosync.conf file of this node: what join and reload share. */
#ifndef CMAN_DOC_H
#define CMAN_DOC_H

#include "cman_plan.h"

/* What becomes of a file that ccs_config_validate does not like. A document from ccsd has been checked. */
enum cman_validate { CMAN_VALIDATE_NONE, CMAN_VALIDATE_WARN, CMAN_VALIDATE_FAIL };

/*
 * The document in force: ccsd's when it runs, else the file. Findings in errs;
 * those that only warn are printed. *ret is counted, see clu_conf_unref.
 */
int cman_doc_get(struct clu_conf **ret, enum cman_validate validate, struct clu_buf *errs);

/* The version that ccsd holds now, 0 when it does not run or does not answer within half a second. */
uint64_t cman_doc_version(void);

/*
 * The plan for this machine (node_name: see cman_name_own) and the text of its
 * corosync.conf. What was left out or understood otherwise is said in warns. 0 or
 * negative errno with findings in errs.
 */
int cman_doc_plan(const struct clu_conf *conf, const char *node_name, const struct cman_overrides *over,
	struct cman_plan *plan, struct clu_buf *text, struct clu_buf *warns, struct clu_buf *errs);

/* The same for the node that runs here now, with what it was joined with on the command line. */
struct cman_info;
int cman_doc_plan_running(const struct cman_info *info, const struct clu_conf *conf, struct cman_plan *plan,
	struct clu_buf *text, struct clu_buf *warns, struct clu_buf *errs);

/* In RUN, beside corosync.conf: what the running corosync was started with, and what it has read last. */
#define CMAN_DOC_STARTED "corosync.conf.started"
#define CMAN_DOC_RUNNING "corosync.conf.running"

/*
 * Writes RUN/corosync.conf durably, with the folders it needs; its path in ret.
 * starts: corosync is about to be started with it, so the other two become the same.
 */
int cman_doc_write(const struct cman_plan *plan, const struct clu_buf *text, bool starts, char *ret, size_t size,
	struct clu_buf *errs);

/* Prints the lines on stderr, "cman_tool: " before each that is not indented. */
void cman_doc_print(const struct clu_buf *lines);

#endif
