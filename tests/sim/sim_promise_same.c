/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for the cores as such: replicated state, views, and bounds (architecture.md section 2). */
#include "sim_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "clu_conf.h"
#include "fenced.pb-c.h"
#include "fenced_priv.h"
#include "rg_priv.h"
#include "rgmanager.pb-c.h"
#include "sim_state_hash.h"

/* Entries of a ring's log: speed. fenced says little, and its state is small. */
static const unsigned look_every[SIM_NDAEMONS] = { [SIM_CCSD] = 16, [SIM_FENCED] = 2, [SIM_RGM] = 16, [SIM_CMAND] = 2 };
#define MESSAGE_MAX (CLU_GROUP_FRAG_MAX + 1024)
#define UNSENT_MAX 64		/* messages of one daemon that corosync has not taken */
#define SNAPSHOT_MAX (256u * 1024)
#define PENDING_MAX 500		/* events under way, for each node */
#define PER_SECOND_MAX 4000	/* messages of one daemon in one second of virtual time */

/* What a broken sentence about a core's state begins with. */
#define INSANE(w, node, daemon, ...) insane(w, node, (w)->type[daemon]->ops->name, __VA_ARGS__)

static void insane(struct sim_world *w, unsigned node, const char *daemon, const char *what, uint32_t about)
{
	sim_fail(w, "sane: %s of node %u says of %u: %s", daemon, node, about, what);
}

/* ---- fenced ---- */

static bool domain_member(const Hawser__FdomSnapshot *s, uint32_t nodeid)
{
	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i]->nodeid == nodeid)
			return s->nodes[i]->member;
	return false;
}

/* sane: a victim is no member, the master is one, and an agent is run by somebody. */
static void sane_fenced(struct sim_world *w, unsigned node, const Hawser__FdomSnapshot *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n_nodes; i++) {
		const Hawser__FdomNodeState *n = s->nodes[i];

		any |= n->member;
		if (n->member && n->victim_state != FDOM_V_NONE)
			INSANE(w, node, SIM_FENCED, "it is a member and a victim", n->nodeid);
		if (n->member && !n->present)
			INSANE(w, node, SIM_FENCED, "it is a member of the domain and not of the group", n->nodeid);
		if (n->victim_state == FDOM_V_FENCING && !domain_member(s, n->fencer))
			INSANE(w, node, SIM_FENCED, "it is being fenced by nobody", n->nodeid);
		if (n->victim_seq > s->seq || n->done_seq > s->seq)
			INSANE(w, node, SIM_FENCED, "its number was not given yet", n->nodeid);
	}
	if (any != (s->master != 0) || (s->master && !domain_member(s, s->master)))
		INSANE(w, node, SIM_FENCED, "it is master and no member, or members have no master", s->master);
}

/* ---- ccsd ---- */

/* sane: what is agreed was proposed, and an open proposal is newer than what is agreed. */
static void sane_ccsd(struct sim_world *w, unsigned node, const Hawser__CcsdState *s)
{
	if (s->doc_ballot > s->ballot_max || (s->prop_open && s->prop_ballot > s->ballot_max))
		INSANE(w, node, SIM_CCSD, "a ballot above the highest", 0);
	if (s->prop_open && !s->prop_sync && s->doc_version && s->prop_version <= s->doc_version && s->line == 2)
		INSANE(w, node, SIM_CCSD, "an update that is not newer than what is agreed is open", (uint32_t)s->prop_version);
	if (!s->prop_open && s->prop_version)
		INSANE(w, node, SIM_CCSD, "a document of no proposal", (uint32_t)s->prop_version);
}

/* ---- rgmanager ---- */

/* sane: what is active has an owner, what is not has none; who is ready is there, and nobody is ready and lost. */
static void sane_rgm(struct sim_world *w, unsigned node, const Hawser__RgSnapshot *s)
{
	for (size_t i = 0; i < s->n_services; i++) {
		const Hawser__RgServiceState *v = s->services[i];

		if (rg_state_active((enum rg_state)v->state) != (v->owner != 0))
			INSANE(w, node, SIM_RGM, "a service without an owner is active, or one with an owner is not", v->owner);
		if (v->armed && v->state != RG_STOPPED)
			INSANE(w, node, SIM_RGM, "a service that is not stopped waits for its start", v->owner);
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		const Hawser__RgNodeState *n = s->nodes[i];

		if (n->ready && (!n->present || n->leaving || n->quorum == 1))
			INSANE(w, node, SIM_RGM, "it takes part and is not there, leaves, or has no quorum", n->nodeid);
		if (n->ready && n->lost)
			INSANE(w, node, SIM_RGM, "it takes part and is lost", n->nodeid);
	}
}

/* ---- all ---- */

/* A state that was looked at lately needs no second look: most of the time all nodes hold the same one. */
static void sane(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_buf *b, uint64_t hash)
{
	uint64_t *looked_at = &((struct rules *)w->rules)->sane[k][hash % SIM_SANE];
	const uint8_t *bytes = (const uint8_t *)b->data;
	ProtobufCMessage *m;

	if (*looked_at == hash || k == SIM_CMAND)
		return;
	m = protobuf_c_message_unpack(k == SIM_FENCED ? &hawser__fdom_snapshot__descriptor : k == SIM_RGM ?
		&hawser__rg_snapshot__descriptor : &hawser__ccsd_state__descriptor, NULL, b->len, bytes);
	if (!m)
		abort();
	if (k == SIM_FENCED)
		sane_fenced(w, node, (const Hawser__FdomSnapshot *)m);
	else if (k == SIM_RGM)
		sane_rgm(w, node, (const Hawser__RgSnapshot *)m);
	else
		sane_ccsd(w, node, (const Hawser__CcsdState *)m);
	protobuf_c_message_free_unpacked(m, NULL);
	*looked_at = hash;
}

/*
 * same: members that have seen the same prefix of the order hold the same state.
 *
 * Two members of one ring that have delivered equally many entries of its log have
 * seen the same, if both have taken the state of the group already and wait for
 * nobody of another side of a split. Looked at now and then; the first member to
 * get to a point is remembered for those that come after it.
 */
void sim_promise_same_state(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	struct rules *r = w->rules;
	struct sim_node *n = &w->node[node];
	struct sim_daemon *d = &n->d[k];
	struct clu_buf b = CLU_BUF_INIT;
	struct prefix here = { sim_ring_id(n), n->cursor, 0, node, k }, *p;

	if (n->cursor % look_every[k] != 0 || !d->up || d->hung || !d->in_group || !clu_group_is_admitted(d->group) ||
		clu_group_merge_is_open(d->group) || w->failure[0])
		return;
	if (w->type[k]->ops->snapshot(d->core, &b) < 0 || b.error)
		abort();
	if (b.len > SNAPSHOT_MAX)
		sim_fail(w, "bound: the state of %s on node %u is %zu bytes", w->type[k]->ops->name, node, b.len);
	here.hash = sim_state_hash(k, b.data, b.len);
	sane(w, node, k, &b, here.hash);
	clu_buf_free(&b);
	p = &r->prefix[(here.ring * 31 + here.cursor / look_every[k] * SIM_NDAEMONS + k) & (PREFIXES - 1)];
	if (p->ring != here.ring || p->cursor != here.cursor || p->daemon != k) {
		*p = here;
		return;
	}
	if (p->hash != here.hash)
		sim_fail(w, "same: %s of nodes %u and %u have seen the same and hold different states",
			w->type[k]->ops->name, p->node, node);
}

static sim_nodes bit_of(const struct sim_world *w, uint32_t nodeid)
{
	return SIM_BIT(sim_node_index(w, nodeid));
}

static void met(struct heard *h, unsigned node, uint64_t boot)
{
	uint64_t *slot = h->met[node];

	if (!boot || slot[0] == boot || slot[1] == boot)
		return;
	slot[1] = slot[0];
	slot[0] = boot;
}

/* Whose doings are part of the core's state: of all members, and of whom the givers of its state had met. */
static void remember_met(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_view *v)
{
	struct rules *r = w->rules;
	struct heard *h = &r->heard[node][k];
	sim_nodes givers = h->members;

	for (unsigned i = 0; i < v->n_joined; i++)
		givers &= ~bit_of(w, v->joined[i].nodeid);
	if (v->first)
		memset(h->met, 0, sizeof(h->met));
	for (unsigned g = 1; v->first && g <= w->n_nodes; g++)
		for (unsigned i = 1; givers & SIM_BIT(g) && i <= w->n_nodes; i++) {
			met(h, i, r->heard[g][k].met[i][1]);
			met(h, i, r->heard[g][k].met[i][0]);
		}
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (h->members & SIM_BIT(i))
			met(h, i, w->node[i].booted_us + 1);
}

/*
 * view: a core hears messages only of members of its view; who joins was none
 * before, who leaves was one.
 */
void sim_promise_view(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_event *ev)
{
	struct heard *h = &((struct rules *)w->rules)->heard[node][k];
	const struct clu_view *v = &ev->u.view;
	sim_nodes members = 0;

	if (h->life != w->node[node].d[k].life || ev->type == CLU_EV_START) {
		h->life = w->node[node].d[k].life;
		h->members = 0;
		memset(h->met, 0, sizeof(h->met));
	}
	if (ev->type == CLU_EV_MESSAGE && !(h->members & bit_of(w, ev->u.message.from)))
		sim_fail(w, "view: %s of node %u hears from node %u, which is no member of its view", w->type[k]->ops->name,
			node, ev->u.message.from);
	if (ev->type != CLU_EV_VIEW)
		return;
	for (unsigned i = 0; i < v->n_members; i++)
		members |= bit_of(w, v->members[i].nodeid);
	for (unsigned i = 0; i < v->n_left && !v->first; i++)
		if (!(h->members & bit_of(w, v->left[i].nodeid)) || members & bit_of(w, v->left[i].nodeid))
			sim_fail(w, "view: %s of node %u hears that node %u left, which was no member or still is",
				w->type[k]->ops->name, node, v->left[i].nodeid);
	for (unsigned i = 0; i < v->n_joined && !v->first; i++)
		if (h->members & bit_of(w, v->joined[i].nodeid) || !(members & bit_of(w, v->joined[i].nodeid)))
			sim_fail(w, "view: %s of node %u hears that node %u joined, which was a member or is none",
				w->type[k]->ops->name, node, v->joined[i].nodeid);
	h->members = v->self_left ? 0 : members;
	h->since_us = w->now_us;
	remember_met(w, node, k, v);
}

/*
 * view: of two sides of a split that meet, the one that has been at work does not give
 * its state up for that of one that has done nothing. Looked at for fenced, and for two
 * sides: what the greetings said can be told from the moment of the merge then, if what a
 * side had said before does not make it weigh more behind it. Its weight grows, but for one way: who leaves the domain in order between two greetings says in the
 * second one that nothing has to be feared of him any more.
 */
void sim_promise_heavier_stays(struct sim_world *w, unsigned node, uint32_t from)
{
	const struct rules *r = w->rules;
	const struct side *mine = &r->side[node], *giver = &r->side[sim_node_index(w, from)];
	const struct sim_node *n = &w->node[node], *g = &w->node[sim_node_index(w, from)];
	uint32_t now = w->type[SIM_FENCED]->ops->weight(n->d[SIM_FENCED].core);
	uint32_t givers = g->d[SIM_FENCED].up ? w->type[SIM_FENCED]->ops->weight(g->d[SIM_FENCED].core) : 0;

	if (mine->ring == sim_ring_id(n) && giver->ring == mine->ring && mine->life == n->d[SIM_FENCED].life &&
		giver->life == g->d[SIM_FENCED].life && mine->of == 2 && mine->number != giver->number && mine->own > giver->most &&
		now > giver->most && mine->own > givers)
		sim_fail(w, "view: fenced of node %u gives its state up for that of node %u, whose side has done nothing yet",
			node, g->id);
}

/* bound: no message is larger than the transport takes, and no daemon floods it. */
void sim_promise_bound(struct sim_world *w, unsigned node, enum sim_daemon_kind k, size_t len)
{
	struct rules *r = w->rules;
	uint64_t second = w->now_us / 1000000;

	if (len > MESSAGE_MAX)
		sim_fail(w, "bound: %s of node %u sends a message of %zu bytes", w->type[k]->ops->name, node, len);
	if (r->second[node][k] != second) {
		r->second[node][k] = second;
		r->sent[node][k] = 0;
	}
	if (++r->sent[node][k] > PER_SECOND_MAX)
		sim_fail(w, "bound: %s of node %u has sent more than %d messages within a second", w->type[k]->ops->name, node,
			PER_SECOND_MAX);
}

/* bound: while corosync takes nothing, no daemon piles up messages. */
void sim_promise_bound_unsent(struct sim_world *w, unsigned node, enum sim_daemon_kind k, unsigned n)
{
	if (n > UNSENT_MAX)
		sim_fail(w, "bound: %s of node %u has %u messages that corosync does not take", w->type[k]->ops->name, node, n);
}

/* bound: what is under way to daemons (requests, news, ends of programs, timers) stays little. */
void sim_promise_bound_world(struct sim_world *w)
{
	if (w->n_heap > PENDING_MAX * (w->n_nodes < 8 ? 8 : w->n_nodes))
		sim_fail(w, "bound: %u events are under way", w->n_heap);
}
