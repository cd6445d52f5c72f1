/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the schema cannot say of a document: references, doubles, settings that exclude each other, times. Pure. */
#ifndef CCSD_REFS_H
#define CCSD_REFS_H

#include "ccsd_findings.h"
#include "ccsd_schema.h"

/* conf: its root is what the schema begins with; it may have any other fault. lax: as for ccsd_check(). */
void ccsd_check_refs(const struct ccsd_schema *s, const struct clu_conf *conf, bool lax, struct ccsd_findings *f);

#endif
