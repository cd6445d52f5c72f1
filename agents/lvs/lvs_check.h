/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Health checks of real servers in a libqb loop; nothing here blocks. Kinds
 * (lvs.md 5.3): connect; send and/or expect over TCP or UDP; an external program.
 */
#ifndef LVS_CHECK_H
#define LVS_CHECK_H

#include <qb/qbloop.h>

#include "lvs_conf.h"

struct lvs_checks;

/* end: called from the loop, once per started check, never from within a call of these functions. */
struct lvs_checks *lvs_checks_new(qb_loop_t *loop, void (*end)(void *ctx, uint64_t id, bool ok, const char *why),
	void *ctx);
struct lvs_checks *lvs_checks_free(struct lvs_checks *c);	/* ends all; accepts NULL, returns NULL */
/* Everything is copied. A start that fails is told by `end` as a failed check. -ENOMEM: end is not called. */
int lvs_checks_start(struct lvs_checks *c, uint64_t id, const struct lvs_check_spec *spec,
	const struct lvs_addr *addr, uint16_t port);
/* No end is called for it any more. Unknown ids are ignored. */
void lvs_checks_cancel(struct lvs_checks *c, uint64_t id);
unsigned lvs_checks_count(const struct lvs_checks *c);

#endif
