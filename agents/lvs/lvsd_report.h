/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to "status": a model that --json prints as it is and --status as tables. */
#ifndef LVSD_REPORT_H
#define LVSD_REPORT_H

#include <jansson.h>

#include "lvs_core.h"
#include "lvs_director.h"
#include "lvsd.h"
#include "lvsd_addr.h"

struct lvsd_facts {
	const struct lvsd_opts *opts;
	const struct lvs_core *core;
	struct lvs_director *director;
	const struct lvsd_addrs *addrs;
	const char *reload_error;	/* NULL = the last reading was fine */
	uint64_t wall_ms;
};

/* A new reference, or NULL without memory. */
json_t *lvsd_report(const struct lvsd_facts *f);

#endif
