/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this a cluster.conf that every daemon can work with? The schema first, then
 * what a schema cannot say: names that refer to nothing, numbers given twice,
 * settings that exclude each other, times that do not fit together. All findings at
 * once, in the order of the document.
 *
 * A function of the bytes, the schema, and of which agents are installed here: a resource
 * that the schema does not know passes if its agent is (ccsd_schema_agents()).
 */
#ifndef CCSD_VALIDATE_H
#define CCSD_VALIDATE_H

#include "ccsd_findings.h"
#include "ccsd_schema.h"

#define CCSD_MAX_FINDINGS 100	/* that a daemon sends to others; of each severity */

struct ccsd_report {
	struct ccsd_findings findings;
	struct clu_conf *conf;		/* NULL: it could not be read */
};

/*
 * lax: what no program reads is a warning and no error. max: findings to keep of each severity.
 * 0: valid. -EINVAL: not valid. -EBADMSG, -EMSGSIZE: not readable. -ENOMEM: could not be checked. *ret is to be freed in
 * any case.
 */
int ccsd_check(const struct ccsd_schema *s, const void *data, size_t len, const char *file, bool lax, unsigned max,
	struct ccsd_report *ret);
void ccsd_report_free(struct ccsd_report *r);

/*
 * The same for a daemon, which is not hindered by what no program reads (lax), and wants errors only, as text. 0: valid, *ret is the document (the caller owns it). -EINVAL: not valid,
 * errors appended, *ret is the document as well. -EBADMSG, -EMSGSIZE, -ENOMEM: not readable, *ret untouched. `file`
 * is the name in the messages. Ignoring ret (NULL) is allowed.
 */
int ccsd_validate(const struct ccsd_schema *s, const void *data, size_t len, const char *file,
	struct clu_conf **ret, struct clu_buf *findings);

/* ccsd_agents.c: looks where the daemons do; for ccsd_schema_agents(). */
bool ccsd_agent_installed(const char *kind, const char *name, const char *prefer);

/*
 * ccsd_change.c: may `old`, which is in force, become `new` while these nodes are members?
 * Both are valid. 0; -EINVAL with findings in the same form (lines of `new`).
 */
int ccsd_check_change(const struct clu_conf *old, const struct clu_conf *new, const uint32_t *members,
	unsigned n_members, const char *file, struct clu_buf *findings);

#endif
