/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which clusternode are we, and what address does a name stand for. */
#ifndef CMAN_NAME_H
#define CMAN_NAME_H

#include "clu_conf.h"

/*
 * The name part of cman's look-up, first hit wins: the host name as it is; cut
 * at its first dot; each clusternode name cut at its first dot, against the short
 * host name. The name as the document writes it, or NULL. Pure.
 */
const char *cman_name_match(const struct clu_conf *conf, const char *host);

/*
 * The whole look-up for this machine: `given` (-n; must be in the document) or
 * the host name by the rules above, then the names and numbers of the local
 * addresses, then each clusternode name and altname resolved and compared with
 * them. NULL and a reason in why when there is no hit.
 */
const char *cman_name_own(const struct clu_conf *conf, const char *given, struct clu_buf *why);

/*
 * The IPv4 address of this machine that `given` (a name or number, or NULL: the host
 * name) stands for; where that gives none, the first of its addresses that is no
 * loopback. 0 or -ENOENT; with a `given` that is no address of this machine -ENOENT.
 */
int cman_name_local(const char *given, char *ret, size_t size);

/* Numeric address of a host name, IPv4 preferred. 0 or -ENOENT. Fits cman_plan_in.resolve. */
int cman_name_resolve(void *ctx, const char *name, char *ret, size_t size);

#endif
