/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that are wrong: bytes that are no request, verbs of another release,
 * changes asked for by somebody who may only read, things that do not exist.
 * Each gets one answer, and nothing changes.
 */
#include <inttypes.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "fenced.pb-c.h"
#include "rgmanager.pb-c.h"
#include "sim_requests.h"

void sim_draw_bad(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_below(&d->dice, SIM_NGROUPS);
	f->num[1] = sim_dice_below(&d->dice, 1000000000);
}

static bool chance(uint64_t seed, unsigned salt)
{
	return (seed * 0x9e3779b97f4a7c15u >> (20 + salt)) & 1;
}

/* 0: unreadable; 1: an unknown verb; 2: not allowed; 3: about something that does not exist. */
static size_t make(enum sim_daemon_kind k, uint64_t seed, unsigned what, uint8_t *bytes)
{
	if (what == 0) {
		memset(bytes, 0xff, 16);
		return 16;
	}
	if (k == SIM_CCSD) {
		Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;

		q.verb = (char *)(what == 1 ? "upgrade" : what == 2 && chance(seed, 0) ? "get" : "update");
		return hawser__ccsd_request__pack(&q, bytes);
	}
	if (k == SIM_FENCED) {
		Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;

		q.verb = (char *)(what == 1 ? "unfence" : chance(seed, 0) ? "ack" : chance(seed, 1) ? "victim" : "external");
		q.node = (char *)(what == 3 && chance(seed, 2) ? "nowhere.example" : "");
		q.nodeid = what == 3 && !chance(seed, 2) ? 100 : 0;
		return hawser__fenced_request__pack(&q, bytes);
	} else {
		Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;

		q.verb = (char *)(what == 1 && chance(seed, 0) ? "undo" : what == 3 && chance(seed, 0) ? "wait" : "op");
		q.op = (char *)(what == 1 ? "explode" : "enable");
		q.svc = (char *)(what == 3 ? "service:nowhere" : "service:s0");
		q.ticket = 12345;
		return hawser__rg_request__pack(&q, bytes);
	}
}

bool sim_run_bad(struct sim_world *w, const struct sim_fault *f)
{
	enum sim_daemon_kind k = (enum sim_daemon_kind)f->num[0];
	unsigned what = (unsigned)(f->num[1] % 4);
	uint8_t bytes[256];

	if (!w->node[f->node].d[k].up)
		return false;
	sim_trace(w, "n%u: a wrong request to %s (%" PRIu64 ")", f->node, w->type[k]->ops->name, f->num[1]);
	(void)sim_request_as(w, f->node, k, what != 2, bytes, make(k, f->num[1] / 4, what, bytes));
	return true;
}
