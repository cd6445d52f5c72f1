/* SPDX-License-Identifier: GPL-2.0-or-later */
/* S5: the one versioned cluster.conf. */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim_quorum.h"
#include "sim_disk.h"
#include "sim_kept.h"
#include "sim_rules.h"
#include "sim_types.h"

#define SAME_MEMBERS_US (15u * 1000000u)

#define LATER_VERSIONS 64	/* more are not committed in one history */

struct committed sim_document(const void *data, size_t len)
{
	const char *at = memmem(data, len, "config_version=\"", 16);
	struct committed c = { at ? strtoull(at + 16, NULL, 10) : 0, 0xcbf29ce484222325u };

	for (size_t i = 0; i < len; i++)
		c.hash = (c.hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
	return c;
}

/*
 * Of two_node S5 is not promised as a whole (ccsd_core.h, "Known limit"), nor with a quorum disk: single nodes may be
 * quorate one after another.
 * But what is lost by that has to be kept aside on some node: the last that the half had committed, which took the
 * place of those before it.
 */
static bool is_kept_aside(const struct sim_world *w, const struct committed *c)
{
	char path[128];
	size_t len;

	for (uint64_t v = c->version; w->quorum.alone && v < c->version + LATER_VERSIONS; v++) {
		snprintf(path, sizeof(path), "/etc/cluster/cluster.conf.unknown-v%" PRIu64, v);
		for (unsigned i = 1; i <= w->n_nodes; i++) {
			const void *data = sim_file_get(w, i, path, &len);

			if (data && (v > c->version || sim_document(data, len).hash == c->hash))
				return true;
		}
	}
	return false;
}

/* S5: two nodes never hold different content under one version. */
void sim_promise_s5_one_content(struct sim_world *w, unsigned node, const struct committed *c)
{
	const struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_ver && !w->quorum.alone; i++)
		if (r->ver[i].version == c->version && r->ver[i].hash != c->hash)
			sim_fail(w, "S5: node %u has other content under version %" PRIu64, node, c->version);
}

/*
 * S5: a document that comes into force is on the disks of so many nodes that every
 * later quorate partition has one that holds it (or has moved on to a newer one).
 */
void sim_promise_s5_on_a_majority(struct sim_world *w, unsigned node, const struct committed *c)
{
	unsigned holders = 0;
	sim_nodes others = 0;

	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (sim_types_disk_version(w, i) >= c->version)
			holders++;
		else
			others |= SIM_BIT(i);
	if (!w->quorum.alone && sim_quorum_would_have(w, others, 0))
		sim_fail(w, "S5: version %" PRIu64 " is in force on node %u, but only %u of %u disks hold it", c->version, node,
			holders, w->n_nodes);
}

/*
 * S5: it is on the disk of every member, if the members have been the same since long
 * before it was agreed on: none was passed over.
 */
void sim_promise_s5_by_all_members(struct sim_world *w, unsigned node, const struct committed *c)
{
	const struct heard *h = &((const struct rules *)w->rules)->heard[node][SIM_CCSD];

	if (w->now_us - h->since_us < SAME_MEMBERS_US)
		return;
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (h->members & SIM_BIT(i) && sim_types_disk_version(w, i) < c->version)
			sim_fail(w, "S5: version %" PRIu64 " is in force on node %u, and member %u does not hold it", c->version,
				node, i);
}

/* S5: a committed version is never lost. */
void sim_promise_s5_not_lost(struct sim_world *w, const struct committed *held)
{
	const struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_ver; i++)
		if ((r->ver[i].version > held->version ||
			(r->ver[i].version == held->version && r->ver[i].hash != held->hash)) &&
			!is_kept_aside(w, &r->ver[i])) {
			sim_fail(w, "S5: version %" PRIu64 " was committed and is lost: all nodes hold %" PRIu64,
				r->ver[i].version, held->version);
			return;
		}
}

/*
 * S5: each node's history ends with the version it holds, and every version that was committed stands in the history
 * of some node, or is kept aside where it gave way to another one before it came into the history. Where single nodes may
 * be quorate one after another, a node that crashes before that may also find a later version, of which it is no part.
 */
void sim_promise_s5_in_history(struct sim_world *w, const struct committed *held)
{
	const struct rules *r = w->rules;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct ccsd_newest newest = { 0 };

		sim_kept_newest(w, i, &newest);
		if (newest.version != held->version || newest.digest != held->hash)
			sim_fail(w, "S5: node %u holds version %" PRIu64 ", and its history ends with %" PRIu64, i, held->version,
				newest.version);
	}
	for (unsigned k = 0; k < r->n_ver; k++) {
		bool found = is_kept_aside(w, &r->ver[k]) || (w->quorum.alone && r->ver[k].version < held->version);

		for (unsigned i = 1; i <= w->n_nodes && !found; i++)
			found = sim_kept_has(w, i, &r->ver[k]);
		if (!found)
			sim_fail(w, "S5: version %" PRIu64 " was committed and stands in nobody's history", r->ver[k].version);
	}
}
