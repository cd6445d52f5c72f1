/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two questions of ccsd's core (ccsd_core.h), answered by the validator: for the
 * daemon, and for a simulation of a user's cluster.
 */
#ifndef CCSD_VET_H
#define CCSD_VET_H

#include "ccsd_core.h"

/* A ccsd_check_fn. ctx: a struct ccsd_schema, or NULL: the document must only be readable. */
int ccsd_vet_document(void *ctx, const void *data, size_t len, struct ccsd_verdict *ret);

/* A ccsd_change_fn. ctx is not looked at. */
int ccsd_vet_change(void *ctx, const struct ccsd_doc *old, const struct ccsd_doc *new, const uint32_t *members,
	unsigned n_members, struct clu_buf *findings);

#endif
