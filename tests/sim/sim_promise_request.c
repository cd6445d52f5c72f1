/* SPDX-License-Identifier: GPL-2.0-or-later */
/* S6: every admin request gets one answer, success or a reason. */
#include <inttypes.h>

#include "ccsd_core.h"
#include "cmand_core.h"
#include "rg_priv.h"
#include "sim_rules.h"

/*
 * What each daemon states: rgmanager answers at once, or within a second to whoever
 * waits for an operation; ccsd has given up an update by then; fenced answers when
 * its message has come back, which takes as long as the ring needs to form, and a leave when its last agent has ended,
 * be it one that hangs while it switches an outlet on again.
 */
static const uint64_t bound_us[SIM_NDAEMONS] = {
	[SIM_CCSD] = (CCSD_UPDATE_LAST_MS + 100) * UINT64_C(1000),
	[SIM_FENCED] = UINT64_C(70000000),
	[SIM_RGM] = (RG_WAIT_MS + 100) * UINT64_C(1000),
	[SIM_QDISKD] = UINT64_C(1000000),
	[SIM_CMAND] = (CMAND_WAIT_MS + 100) * UINT64_C(1000),
};

/* S6: the answer comes within a bound. A node or daemon that hangs answers nobody, and loses no time by it. */
void sim_promise_s6_in_time(struct sim_world *w)
{
	const struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_req; i++) {
		const struct request *q = &r->req[i];
		const struct sim_node *n = &w->node[q->node];
		const struct sim_daemon *d = &n->d[q->daemon];
		uint64_t since_us = q->since_us > n->hung_until ? q->since_us : n->hung_until;

		since_us = since_us > d->hung_until ? since_us : d->hung_until;

		/* To a slow node the request itself comes late. */
		if (q->gone || n->hung || d->hung || w->now_us <= since_us + bound_us[q->daemon] + n->slow_us)
			continue;
		sim_fail(w, "S6: %s of node %u did not answer request %" PRIu64, w->type[q->daemon]->ops->name, q->node,
			q->client);
		return;
	}
}

/* S6: the answer is for somebody who still waits, and is not a second one. */
void sim_promise_s6_one_answer(struct sim_world *w, uint64_t client, bool known)
{
	if (!known)
		sim_fail(w, "S6: a second answer, or one to nobody (client %" PRIu64 ")", client);
}
