/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the core only. */
#ifndef LVS_CORE_PRIV_H
#define LVS_CORE_PRIV_H

#include "lvs_core.h"

struct lvs_real {
	bool used;		/* server and virtual are active */
	uint64_t id;
	enum lvs_rs_state state;
	unsigned okcount;
	uint32_t weight;	/* of the ramp, at most the configured one */
	uint64_t since_wall_ms;
	bool running;		/* its check is under way */
	uint64_t next_ms;
	bool checked, last_ok;
	uint64_t last_wall_ms;
	char last_why[160];
};

struct lvs_virt {
	struct lvs_real *reals;	/* one per server of the configuration */
};

struct lvs_core {
	struct lvs_conf *conf;
	struct lvs_virt *virts;	/* one per virtual of the configuration */
	uint64_t next_id;
	unsigned n_running;
	struct lvs_table have, want;
	bool dirty;		/* want is to be computed anew */
	bool applying;		/* APPLY is out, its APPLIED is awaited */
	uint64_t retry_ms;	/* 0, or when to try again */
	unsigned retry_pause_ms;
};

/* COMPAT: without a mark the real server's port counts only with NAT (lvs.md 2.5, 8.5). */
uint16_t lvs_core_dest_port(const struct lvs_conf *conf, const struct lvs_virtual *v, uint16_t port);
/* The service that a virtual block means; blocks of one mark mean the same. */
struct lvs_svc lvs_core_svc_of(const struct lvs_virtual *v);
bool lvs_core_same_service(const struct lvs_virtual *a, const struct lvs_virtual *b);
/* 0 and the table in ret, or -ENOMEM. */
int lvs_core_build_want(struct lvs_core *c, struct lvs_table *ret);

#endif
