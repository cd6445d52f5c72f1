/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Queries of libccs over one document; see ccs.h for their forms. */
#ifndef CCS_QUERY_H
#define CCS_QUERY_H

#include "clu_conf.h"

#define CCS_QUERY_MAX 4096

/*
 * The match number `index` (from 0) as a malloc'd text. -ENODATA: there is none, or it
 * is an element without text; -EINVAL, -ENAMETOOLONG, -ENOMEM. full: any XPath.
 */
int ccs_query(const struct clu_conf *conf, const char *query, bool full, unsigned index, char **ret);

/* The clusternode whose name or altname looks like `name`, as ccs_lookup_nodename() orders. NULL: none. */
const char *ccs_query_node(const struct clu_conf *conf, const char *name);

/* ccs_address.c: the clusternode that has, or whose altname has, an address of `name`; asks the resolver. NULL: none. */
const char *ccs_query_address(const struct clu_conf *conf, const char *name);

#endif
