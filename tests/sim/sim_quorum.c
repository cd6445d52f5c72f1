/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_quorum.h"

#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "cman_conf.h"
#include "sim_cmand.h"
#include "sim_qdisk.h"

#define TELL_MAX_US 3000u
#define WAIT_MAX_US (120u * 1000000u)	/* longer than any sync_timeout */

/* A number of the quorum section of corosync.conf; `absent` when the key is not there. */
static unsigned setting(const char *text, const char *key, unsigned absent)
{
	const char *at = strstr(text, "\nquorum {");
	char line[64];

	snprintf(line, sizeof(line), "\n\t%s: ", key);
	at = at ? strstr(at, line) : NULL;
	return at ? (unsigned)strtoul(at + strlen(line), NULL, 10) : absent;
}

static void read_settings(struct sim_world *w, const struct cman_plan *p, const char *text)
{
	struct sim_quorum_rules *q = &w->quorum;

	q->two_node = setting(text, "two_node", 0);
	q->wait_for_all = setting(text, "wait_for_all", q->two_node);
	q->expected = setting(text, "expected_votes", 0);
	q->alone = q->two_node;
	for (unsigned i = 0; i < p->n_nodes; i++) {
		w->node[sim_node_index(w, p->nodes[i].nodeid)].votes = p->nodes[i].votes;
		if (!setting(text, "expected_votes", 0))
			q->expected += p->nodes[i].votes;
	}
}

void sim_quorum_setup(struct sim_world *w)
{
	struct clu_buf text = CLU_BUF_INIT, errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct cman_plan_in in = { .conf = w->conf, .own_name = w->node[1].name, .over = CMAN_NO_OVERRIDES,
		.default_keyfile = "/etc/cluster/key", .default_logfile = "/var/log/cluster/corosync.log" };
	struct cman_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		abort();
	if (cman_plan_make(&in, plan, &errs, &warns) || cman_conf_write(plan, &text, &errs, &warns))
		sim_fail(w, "cman_tool would refuse the history's cluster.conf: %s", clu_buf_text(&errs));
	else
		read_settings(w, plan, clu_buf_text(&text));
	if (!w->failure[0])
		sim_qdisk_setup(w, clu_buf_text(&text));
	free(plan);
	clu_buf_free(&text);
	clu_buf_free(&errs);
	clu_buf_free(&warns);
}

void sim_quorum_node_up(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];

	n->counted_quorate = false;
	n->waits_for_all = w->quorum.wait_for_all;
	sim_qdisk_node_up(w, node);
	sim_cmand_node_up(w, node);
}

struct tally {
	unsigned total, expected, needed;
};

static struct tally tally(const struct sim_world *w, sim_nodes members, unsigned device)
{
	const struct sim_quorum_rules *q = &w->quorum;
	struct tally t = { device, q->expected, 0 };
	unsigned nodes = 0;

	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (members & SIM_BIT(i)) {
			t.total += w->node[i].votes;
			nodes++;
		}
	/* "total > expected raises expected by itself" */
	if (t.total > t.expected)
		t.expected = t.total;
	t.needed = q->two_node && nodes <= 2 ? 1 : (t.expected + 2) / 2;
	return t;
}

bool sim_quorum_would_have(const struct sim_world *w, sim_nodes members, unsigned device)
{
	struct tally t = tally(w, members, device);

	return t.total >= t.needed;
}

/* What the node's own corosync says of a ring of these members. */
static bool count(const struct sim_world *w, struct sim_node *n, sim_nodes members)
{
	struct tally t = tally(w, members, n->device_votes);

	if (n->waits_for_all && t.total < t.expected)
		return false;
	n->waits_for_all = false;
	return t.total >= t.needed;
}

void sim_quorum_first(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	struct sim_node *n = &w->node[node];
	struct sim_daemon *d = &n->d[k];
	uint32_t nodes[SIM_MAX_NODES];
	sim_nodes members = sim_ring_members(n);
	struct clu_quorum q = { n->counted_quorate, { 1, sim_ring_id(n) }, nodes, 0 };

	if (!n->corosync || !d->up || !n->count_no || d->told_count == n->count_no)
		return;
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (members & SIM_BIT(i))
			nodes[q.n_nodes++] = w->node[i].nodeid;
	d->told_quorate = n->counted_quorate;
	d->told_count = n->count_no;
	if (clu_group_quorum(d->group, &q) < 0)
		abort();
}

static void fire_quorum(struct sim_world *w, struct sim_event *e)
{
	if (e->id == sim_ring_id(&w->node[e->node]))
		sim_quorum_first(w, e->node, e->daemon);
}

void sim_quorum_tell(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	struct sim_node *n = &w->node[node];
	struct sim_event *e;

	if (!n->ring)
		return;
	e = sim_at(w, 10 + sim_rnd(w, TELL_MAX_US), fire_quorum, node, NULL, 0);
	e->boot = n->boot;
	e->daemon = k;
	e->life = n->d[k].life;
	e->id = sim_ring_id(n);
}

static void tell_all(struct sim_world *w, unsigned node)
{
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		if (w->node[node].d[k].up)
			sim_quorum_tell(w, node, (enum sim_daemon_kind)k);
}

static void recount(struct sim_world *w, unsigned node)
{
	struct sim_node *n = &w->node[node];
	sim_nodes members = sim_ring_members(n);

	n->counted_quorate = count(w, n, members);
	n->count_no = ++w->seq;
	sim_trace(w, "n%u corosync: %s in ring %llu", node, n->counted_quorate ? "quorate" : "not quorate",
		(unsigned long long)sim_ring_id(n));
	tell_all(w, node);
}

/* With a disk one may be quorate before the others: it says so, and they need not wait any longer. */
static void spread(struct sim_world *w, uint64_t ring)
{
	bool any_quorate = false;

	for (unsigned i = 1; i <= w->n_nodes; i++)
		any_quorate |= sim_ring_id(&w->node[i]) == ring && w->node[i].counted_quorate && !w->node[i].waits_for_all;
	for (unsigned i = 1; any_quorate && i <= w->n_nodes; i++)
		if (sim_ring_id(&w->node[i]) == ring && w->node[i].waits_for_all) {
			w->node[i].waits_for_all = false;
			recount(w, i);
		}
}

static void count_all(struct sim_world *w, sim_nodes members)
{
	bool any_quorate = false;

	/* Who was quorate says so to all; whoever waited for all need not wait any longer then. */
	for (unsigned i = 1; i <= w->n_nodes; i++)
		any_quorate |= members & SIM_BIT(i) && w->node[i].counted_quorate && !w->node[i].waits_for_all;
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		if (!(members & SIM_BIT(i)))
			continue;
		if (any_quorate)
			w->node[i].waits_for_all = false;
		recount(w, i);
	}
	for (unsigned i = 1; w->qdisk && i <= w->n_nodes; i++)
		if (members & SIM_BIT(i))
			spread(w, sim_ring_id(&w->node[i]));
}

void sim_quorum_ring(struct sim_world *w, sim_nodes members)
{
	if (!sim_qdisk_ring(w, members)) {
		count_all(w, members);
		return;
	}
	/* Its barrier holds up all of them: nothing is counted, and nobody can send. */
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (members & SIM_BIT(i)) {
			w->node[i].count_no = 0;
			w->node[i].refused_until = w->now_us + WAIT_MAX_US;
		}
}

void sim_quorum_decided(struct sim_world *w, sim_nodes members)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (members & SIM_BIT(i))
			sim_ring_unrefused(w, i);
	count_all(w, members);
}

void sim_quorum_device(struct sim_world *w, unsigned node, unsigned votes)
{
	struct sim_node *n = &w->node[node];

	if (n->device_votes == votes)
		return;
	n->device_votes = votes;
	if (!n->ring)
		return;
	recount(w, node);
	spread(w, sim_ring_id(n));
}
