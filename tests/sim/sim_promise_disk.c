/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk: what the quorum disk promises, looked at on the votes that corosync counts and on the world. */
#include <inttypes.h>

#include "sim_qdisk.h"
#include "sim_quorum.h"
#include "sim_rules.h"

/* Its corosync counts the disk's votes, and would act on them now. */
static bool counts(const struct sim_world *w, const struct sim_node *n)
{
	struct sim_qdisk_look l;

	if (!n->device_votes || !n->power || !n->corosync || n->hung || !sim_ring_stands(n))
		return false;
	sim_qdisk_look(w, n->id, &l);
	return !l.waits;
}

/*
 * disk: two rings never have the disk's votes at once. A ring that has lost somebody and has not noticed it yet is
 * none any more.
 */
static void disk_votes_once(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		for (unsigned k = i + 1; counts(w, &w->node[i]) && k <= w->n_nodes; k++)
			if (counts(w, &w->node[k]) && sim_ring_id(&w->node[k]) != sim_ring_id(&w->node[i]))
				sim_fail(w, "disk: nodes %u and %u have its votes in two rings at once", i, k);
}

static bool is_old(const struct sim_world *w, uint64_t since_us, uint64_t age_us)
{
	return since_us != UINT64_MAX && w->now_us >= since_us + age_us;
}

/* What it is told apart by from before: anything that begins anew changes it. 0: it is not well. */
static uint64_t as_it_is(const struct sim_world *w, unsigned node)
{
	const struct sim_node *n = &w->node[node];
	const struct sim_daemon *d = &n->d[SIM_QDISKD];
	struct sim_qdisk_look l;

	if (!n->power)
		return 1;
	sim_qdisk_look(w, node, &l);
	if (!n->corosync || n->hung || !d->up || d->hung || !sim_ring_stands(n) || n->slow_until > w->now_us || !n->has_conf ||
		l.way_since_us == UINT64_MAX || (l.has_heuristics && l.router_since_us == UINT64_MAX))
		return 0;
	return (((sim_ring_id(n) * 31 + d->life) * 31 + n->boot) * 31 + n->mono_ms) * 31 + l.way_since_us +
		(l.has_heuristics ? l.router_since_us : 0);
}

/*
 * disk: who is left, all in one ring, with the disk and good heuristics, has its votes before long; with master_wins one
 * of them.
 */
static void disk_serves_who_is_left(struct sim_world *w)
{
	struct rules *r = w->rules;
	unsigned left = 0, have = 0, without = 0;
	struct waits *at = &r->disk_waits;
	uint64_t now = 1, ring = 0;
	struct sim_qdisk_look l;
	bool well = true;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		const struct sim_node *n = &w->node[i];
		uint64_t is = as_it_is(w, i);

		well = well && is && (!n->power || !ring || sim_ring_id(n) == ring);
		now = now * 1000003 + is;
		left += n->power;
		ring = n->power ? sim_ring_id(n) : ring;
		have += n->power && n->device_votes;
		without = n->power && !n->device_votes ? i : without;
	}
	sim_qdisk_look(w, 1, &l);
	if (!left || !well || at->what != now || (l.master_wins ? have == 1 : !without)) {
		at->what = now;
		at->since_us = w->now_us;
	}
	if (w->now_us >= at->since_us + l.long_us)
		sim_fail(w, "disk: node %u is left, can use it, and does not get its votes", without);
}

/* disk: a node whose heuristics have failed for long has no votes. */
static void disk_heeds_heuristics(struct sim_world *w, unsigned node)
{
	struct sim_qdisk_look l;

	sim_qdisk_look(w, node, &l);
	if (l.has_heuristics && l.votes_cast && !w->node[node].hung && !w->node[node].d[SIM_QDISKD].hung &&
		is_old(w, l.lost_since_us, l.long_us))
		sim_fail(w, "disk: node %u has its votes, though its heuristics have failed for long", node);
}

/* disk: when all is well every node has the votes, or with master_wins one. */
void sim_promise_disk_at_rest(struct sim_world *w)
{
	struct sim_qdisk_look l;
	unsigned have = 0;

	if (!w->qdisk)
		return;
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		sim_qdisk_look(w, i, &l);
		have += l.votes_cast;
		if (!l.votes_cast && !l.master_wins)
			sim_fail(w, "disk: all is well, and node %u has not got its votes", i);
	}
	if (l.master_wins && have != 1)
		sim_fail(w, "disk: all is well, and %u nodes have its votes", have);
}

void sim_promises_of_disk(struct sim_world *w)
{
	struct rules *r = w->rules;

	if (!w->qdisk)
		return;
	disk_votes_once(w);
	if (w->now_us < r->next_disk_us)
		return;
	r->next_disk_us = w->now_us + 1000000;
	disk_serves_who_is_left(w);
	for (unsigned i = 1; i <= w->n_nodes; i++)
		disk_heeds_heuristics(w, i);
}
