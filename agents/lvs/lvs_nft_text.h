/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nft back end's rules as text for libnftables: one batch, one transaction.
 * Pure. What is made, inside table "inet hawser-lvs-INSTANCE":
 *
 *   map services4   ip daddr . protocol . port -> goto svc-...     (services6; any4, any6 without port;
 *                                                                   marks4, marks6 by packet mark)
 *   chain svc-X     [hit in map stick-X: dnat to what is remembered]
 *                   numgen inc mod SIZE vmap @wheel-X              (sh, dh: jhash instead of numgen)
 *   map wheel-X     slot -> goto to-X-Y
 *   chain to-X-Y    counter count-X-Y, dnat to ADDRESS:PORT
 *   chain learn-X   remembers a new connection's server in stick-X (persistent)
 *   set guard4      what is refused when no server took it, instead of reaching a
 *                   program on the director itself
 *
 * A changed weight or server changes elements of a wheel only; the NAT binding
 * of an established connection is in conntrack and is not touched by any of it.
 */
#ifndef LVS_NFT_TEXT_H
#define LVS_NFT_TEXT_H

#include "lvs_table.h"

#define LVS_NFT_NAME 160

/* The table's name. -EINVAL when the instance has other characters than letters, digits, '.', '_' and '-'. */
int lvs_nft_table_name(const char *instance, char ret[LVS_NFT_NAME]);
/*
 * Appends the batch. have == NULL: everything anew, an old table of that name is
 * replaced in the same transaction. Nothing to do: nothing appended. 0 or -ENOMEM.
 */
int lvs_nft_batch(const char *table, const struct lvs_table *have, const struct lvs_table *want, struct clu_buf *ret);
/* Names of a service's parts: "stick-10.0.0.10-tcp-80". */
void lvs_nft_name(const char *part, const struct lvs_svc *s, const struct lvs_dest *d, char ret[LVS_NFT_NAME]);
/* What the nft back end cannot do; as lvs_director_ops.check. */
int lvs_nft_check(const char *file, const struct lvs_conf *conf, struct clu_buf *why);

#endif
