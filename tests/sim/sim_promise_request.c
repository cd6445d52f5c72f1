/* SPDX-License-Identifier: GPL-2.0-or-later */
/* S6: every admin request gets one answer, success or a reason. */
#include <inttypes.h>

#include "sim_rules.h"

#define REPLY_BOUND_US (300u * 1000000u)	/* for the longest of all operations */

/* S6: the answer comes within a bound. A node that hangs answers nobody, and loses no time by it. */
void sim_promise_s6_in_time(struct sim_world *w)
{
	const struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_req; i++) {
		const struct request *q = &r->req[i];

		if (w->node[q->node].hung || w->now_us - q->since_us <= REPLY_BOUND_US)
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
