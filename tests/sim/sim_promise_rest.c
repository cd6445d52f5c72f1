/* SPDX-License-Identifier: GPL-2.0-or-later */
/* S7, when faults have been over for a while: what can run, runs, and where it should. */
#define _GNU_SOURCE 1
#include "sim_rules.h"

#include <string.h>

#include "clu_conf.h"
#include "fenced_priv.h"
#include "rg_priv.h"
#include "sim_requests.h"

/* ---- what the world knows of a service ---- */

struct past {
	bool start_failed, stop_failed, check_failed;	/* an agent of it, ever */
	uint32_t asked;		/* what operators asked for, ever: a bit per sim_clusvcadm_ops[] */
};

/* "service:s1" itself, or a resource of it: those are known as "TYPE:NAME@s1" (sim_agents.c). */
static bool belongs_to(const char *resource, const char *service)
{
	const char *at = strchr(resource, '@');

	return at ? strcmp(at + 1, strchr(service, ':') + 1) == 0 : strcmp(resource, service) == 0;
}

static bool all_active(struct sim_world *w, const char *service, const struct clu_node *xml, unsigned node, char *ret,
	size_t size)
{
	for (const struct clu_node *n = clu_node_child(xml, NULL); n; n = clu_node_next(n, NULL)) {
		const char *name = clu_node_attr(n, "name");

		if (name && strcmp(clu_node_name(n), "script") == 0) {
			snprintf(ret, size, "%s:%s@%s", clu_node_name(n), name, strchr(service, ':') + 1);
			if (!sim_resource_active(w, node, ret))
				return false;
		}
		if (!all_active(w, service, n, node, ret, size))
			return false;
	}
	return true;
}

static struct past past_of(struct sim_world *w, const struct rg_policy *p)
{
	const struct rules *r = w->rules;
	struct past past = { false, false, false, 0 };

	for (unsigned i = 0; i < r->n_res; i++)
		if (belongs_to(r->res[i].name, p->name)) {
			past.start_failed |= r->res[i].failed & SIM_FAILED_START;
			past.stop_failed |= r->res[i].failed & SIM_FAILED_STOP;
			past.check_failed |= r->res[i].failed & SIM_FAILED_CHECK;
		}
	for (unsigned i = 0; i < r->n_asked; i++)
		if (strcmp(r->asked[i].svc, p->name) == 0)
			past.asked |= r->asked[i].ops;
	return past;
}

static bool was_asked(const struct past *p, const char *op)
{
	for (unsigned i = 0; sim_clusvcadm_ops[i]; i++)
		if (strcmp(sim_clusvcadm_ops[i], op) == 0)
			return p->asked & 1u << i;
	return false;
}

/* ---- where it may run, by cluster.conf ---- */

static const struct rg_domain_node *in_domain(const struct rg_domain *d, uint32_t nodeid)
{
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].nodeid == nodeid)
			return &d->nodes[i];
	return NULL;
}

static unsigned rank_of(const struct rg_domain_node *n)
{
	return n->priority ? (unsigned)n->priority : 1000;
}

static bool is_allowed(const struct rg_domain *d, uint32_t nodeid)
{
	return !d || !d->restricted || in_domain(d, nodeid);
}

static bool any_exclusive(const struct rg *rg)
{
	for (unsigned i = 0; i < rg->rm->n_policies; i++)
		if (rg->rm->policies[i].exclusive)
			return true;
	return false;
}

/* Is there a node that has room for it? All nodes take part at rest. */
static bool has_room(struct rg *rg, const struct rg_policy *p, const struct rg_domain *d)
{
	for (unsigned i = 0; i < rg->n_nodes; i++) {
		bool room = is_allowed(d, rg->nodes[i].nodeid) && rg->nodes[i].ready;

		for (unsigned k = 0; k < rg->n_svcs && room; k++) {
			const struct rg_policy *o = rg_rm_policy(rg->rm, rg->svcs[k]->name);

			if (rg->svcs[k]->owner == rg->nodes[i].nodeid && (p->exclusive || (o && o->exclusive)))
				room = false;
		}
		if (room)
			return true;
	}
	return false;
}

/*
 * S7: every service that can run, runs.
 *
 * It may be down for one of these reasons only: cluster.conf does not start it, an
 * operator wanted it so, an agent of it failed in a way that its recovery policy
 * does not get over, what it depends on is down, or no node has room for it.
 */
static void s7_what_can_run_runs(struct sim_world *w, struct rg *rg, const struct rg_svc *s, const struct rg_policy *p)
{
	const struct rg_domain *d = *p->domain ? rg_rm_domain(rg->rm, p->domain) : NULL;
	const struct past past = past_of(w, p);
	const bool failed = past.start_failed || past.stop_failed || past.check_failed;
	bool excused = false;

	if (s->state == RG_DISABLED)
		excused = !p->autostart || was_asked(&past, "disable") || w->rm_changed ||
			(failed && (p->recovery == RG_DISABLE || p->recovery == RG_RESTART_DISABLE));
	else if (s->state == RG_FAILED)
		excused = past.stop_failed;
	else if (s->state == RG_STOPPED)
		excused = was_asked(&past, "stop") || past.start_failed || past.check_failed || !has_room(rg, p, d) ||
			!rg_depend_met(rg, s);
	if (s->state != RG_STARTED && !excused)
		sim_fail(w, "S7: %s could run and is %s (%s)", s->name, rg_state_name(s->state), s->why);
}

/* S7: a service that is started is really active on its owner, all of it. */
static void s7_started_is_active(struct sim_world *w, const struct rg_svc *s, const struct rg_policy *p)
{
	char missing[128];

	if (s->state == RG_STARTED && !(s->flags & RG_FLAG_PARTIAL) &&
		!all_active(w, s->name, p->xml, sim_node_index(w, s->owner), missing, sizeof(missing)))
		sim_fail(w, "S7: %s is called started on node %u, and %s is not active there", s->name,
			sim_node_index(w, s->owner), missing);
}

/*
 * S7: a service runs where its failover domain says: never outside of a restricted
 * one; and if nothing ever went wrong with it and no operator moved it, on the best
 * of the domain's nodes, all of which are there.
 */
static void s7_runs_where_it_should(struct sim_world *w, const struct rg *rg, const struct rg_svc *s, const struct rg_policy *p)
{
	const struct rg_domain *d = *p->domain ? rg_rm_domain(rg->rm, p->domain) : NULL;
	const struct past past = past_of(w, p);
	const struct rg_domain_node *me = d ? in_domain(d, s->owner) : NULL;

	/* A failover domain that changes moves nothing by itself. */
	if (s->state != RG_STARTED || !d || !d->n_nodes || w->rm_changed)
		return;
	if (!is_allowed(d, s->owner))
		sim_fail(w, "S7: %s runs outside of its restricted failover domain", s->name);
	if (past.asked || past.start_failed || past.stop_failed || past.check_failed || any_exclusive(rg))
		return;
	if (!me) {
		sim_fail(w, "S7: %s runs outside of its failover domain, whose nodes are all there", s->name);
		return;
	}
	for (unsigned i = 0; i < d->n_nodes && d->ordered && !d->nofailback; i++)
		if (rank_of(&d->nodes[i]) < rank_of(me))
			sim_fail(w, "S7: %s runs on node %u, and node %u is better and there", s->name,
				sim_node_index(w, s->owner), sim_node_index(w, d->nodes[i].nodeid));
}

/*
 * S7: nothing runs that nobody manages: what is active belongs to a service that its node owns, or is frozen, or a stop
 * of it failed, of which all were told.
 */
static void s7_nothing_strays(struct sim_world *w, const struct resource *r, unsigned node)
{
	const char *in = strchr(r->name, '@');
	const struct rg_svc *s;
	char svc[RG_NAME_MAX];

	snprintf(svc, sizeof(svc), "%s%.50s", in ? "service:" : "", in ? in + 1 : r->name);
	s = rg_svc_find(w->node[node].d[SIM_RGM].core, svc);
	if (r->failed & SIM_FAILED_STOP || (s && (s->flags & RG_FLAG_FROZEN || s->owner == w->node[node].nodeid)))
		return;
	sim_fail(w, "S7: %s is active on node %u, and %s is %s", r->name, node, svc, s ? "not there" : "not configured");
}

/* Of an operation that goes on with a running service: what it has stopped it starts again. */
static bool is_in_the_middle(const struct rg_op *op)
{
	return (op->kind == RG_OP_DELTA || op->kind == RG_OP_SUBTREE) && op->at > 0;
}

/* S7: a frozen service is not started anywhere: an operator wants it left alone. */
void sim_promise_s7_frozen_stays(struct sim_world *w, unsigned node, uint64_t child)
{
	const struct rg *rg = w->node[node].d[SIM_RGM].core;

	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->local.op.child == child && rg->svcs[i]->flags & RG_FLAG_FROZEN &&
			!is_in_the_middle(&rg->svcs[i]->local.op))
			sim_fail(w, "S7: %s is frozen, and node %u starts it", rg->svcs[i]->name, node);
}

/* S7: a service whose domain says nofailback stays where it is, as long as that is in its domain. */
void sim_promise_s7_no_failback(struct sim_world *w, unsigned node, const char *svc)
{
	struct rg *rg = w->node[node].d[SIM_RGM].core;
	const struct rg_svc *s = rg_svc_find(rg, svc);
	const struct rg_policy *p = s ? rg_rm_policy(rg->rm, svc) : NULL;
	const struct rg_domain *d = p && *p->domain ? rg_rm_domain(rg->rm, p->domain) : NULL;

	if (d && d->nofailback && in_domain(d, s->owner))
		sim_fail(w, "S7: %s moves to a better node, though its failover domain says nofailback", svc);
}

/* S7: no service is on its way for ever. */
static void s7_settled(struct sim_world *w, const struct rg_svc *s)
{
	if (s->state != RG_STARTED && s->state != RG_STOPPED && s->state != RG_DISABLED && s->state != RG_FAILED)
		sim_fail(w, "S7: %s is still %s (%s)", s->name, rg_state_name(s->state), s->why);
}

/* S7: every node takes part again. */
static void s7_takes_part(struct sim_world *w, unsigned node)
{
	const struct sim_node *n = &w->node[node];
	const struct sim_daemon *d = &n->d[SIM_RGM];

	if (!n->power || !n->corosync || !n->d[SIM_FENCED].up)
		sim_fail(w, "S7: node %u is not back: power %d corosync %d fenced %d", node, n->power, n->corosync,
			n->d[SIM_FENCED].up);
	else if (!clu_group_is_admitted(n->d[SIM_FENCED].group))
		sim_fail(w, "S7: fenced of node %u is not admitted to its group", node);
	else if (!d->up || !clu_group_is_admitted(d->group))
		sim_fail(w, "S7: rgmanager of node %u is %s", node, d->up ? "not admitted to its group" : "not running");
	else if (!rg_takes_part(rg_node_find(d->core, n->nodeid)))
		sim_fail(w, "S7: rgmanager of node %u does not take part", node);
}

/* S7: nobody waits to be fenced any more. */
static void s7_no_victims(struct sim_world *w, unsigned node)
{
	const struct fdom *d = w->node[node].d[SIM_FENCED].core;
	struct clu_buf b = CLU_BUF_INIT;

	if (!fdom_victim_count(d))
		return;
	fdom_dump(d, &b);
	sim_fail(w, "S7: node %u still has a victim:\n%s", node, clu_buf_text(&b));
	clu_buf_free(&b);
}

/* S6: no operation that an administrator asked for is without its final word. */
static void s6_no_open_operation(struct sim_world *w)
{
	const struct rules *r = w->rules;

	if (r->n_ops)
		sim_fail(w, "S6: an operation on node %u has not ended", r->op[0].node);
}

void sim_promises_at_rest(struct sim_world *w)
{
	const struct rules *r = w->rules;

	for (unsigned i = 1; i <= w->n_nodes && !w->failure[0]; i++)
		s7_takes_part(w, i);
	for (unsigned i = 1; i <= w->n_nodes && !w->failure[0]; i++) {
		struct rg *rg = w->node[i].d[SIM_RGM].core;

		s7_no_victims(w, i);
		for (unsigned k = 0; rg->rm && k < rg->rm->n_policies; k++) {
			const struct rg_policy *p = &rg->rm->policies[k];
			const struct rg_svc *s = rg_svc_find(rg, p->name);

			if (!s) {
				sim_fail(w, "S7: node %u does not know %s", i, p->name);
				continue;
			}
			/* A frozen service stays as it is by an operator's wish. */
			if (s->flags & RG_FLAG_FROZEN)
				continue;
			s7_settled(w, s);
			s7_what_can_run_runs(w, rg, s, p);
			s7_started_is_active(w, s, p);
			s7_runs_where_it_should(w, rg, s, p);
		}
		for (unsigned k = 0; k < r->n_res && !w->failure[0]; k++)
			if (r->res[k].active & SIM_BIT(i))
				s7_nothing_strays(w, &r->res[k], i);
	}
	s6_no_open_operation(w);
}
