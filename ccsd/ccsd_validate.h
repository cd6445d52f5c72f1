/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this a cluster.conf that every daemon can work with? The schema first, then
 * what a schema cannot say: names that refer to nothing, numbers given twice,
 * settings that exclude each other. All findings at once, in the order of lines:
 *
 *     FILE:LINE: WHAT: WHY; WHAT TO DO
 *
 * A function of the bytes, the schema, and of which resource agents are installed here: a resource
 * that the schema does not know passes if its agent is (ccsd_schema_agents()).
 */
#ifndef CCSD_VALIDATE_H
#define CCSD_VALIDATE_H

#include "ccsd_schema.h"
#include "clu_conf.h"

#define CCSD_MAX_FINDINGS 100

/*
 * 0: valid, *ret is the document (the caller owns it). -EINVAL: not valid, findings
 * appended, *ret is the document as well. -EBADMSG, -EMSGSIZE, -ENOMEM: not readable,
 * *ret untouched. `file` is the name in the messages. Ignoring ret (NULL) is allowed.
 */
int ccsd_validate(const struct ccsd_schema *s, const void *data, size_t len, const char *file,
	struct clu_conf **ret, struct clu_buf *findings);

/* ccsd_agents.c: looks where rgmanager does; for ccsd_schema_agents(). */
bool ccsd_agent_installed(const char *type);

/*
 * ccsd_change.c: may `old`, which is in force, become `new` while these nodes are members?
 * Both are valid. 0; -EINVAL with findings in the same form (lines of `new`).
 */
int ccsd_check_change(const struct clu_conf *old, const struct clu_conf *new, const uint32_t *members,
	unsigned n_members, const char *file, struct clu_buf *findings);

/* The findings while they are collected; for ccsd_refs.c. */
struct ccsd_findings {
	const char *file;
	struct ccsd_finding {
		int line;
		char *text;
	} *list;
	unsigned n;
	int error;
};

void ccsd_found(struct ccsd_findings *f, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The best near miss of `name` in a list, for "did you mean"; NULL when none is near. */
struct ccsd_near {
	const char *best;
	unsigned distance;
};
#define CCSD_NEAR_INIT { NULL, 3 }
void ccsd_near(struct ccsd_near *near, const char *name, const char *candidate);

/* ccsd_refs.c: what the schema cannot say. */
void ccsd_check_refs(const struct ccsd_schema *s, const struct clu_conf *conf, struct ccsd_findings *f);

#endif
