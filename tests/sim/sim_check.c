/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the world tells the promises: each fact is remembered where a promise needs
 * it, and the promises that it concerns are looked at (sim_rules.h). They judge by
 * the world, not by what the cores say of it.
 */
#include "sim_cmand.h"
#include "sim_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fenced.pb-c.h"
#include "rg_priv.h"
#include "sim_trace.h"
#include "sim_types.h"

void sim_check_new(struct sim_world *w)
{
	w->rules = calloc(1, sizeof(struct rules));
	if (!w->rules)
		abort();
}

void sim_check_free(struct sim_world *w)
{
	free(w->rules);
	w->rules = NULL;
}

/* ---- resources ---- */

static struct resource *resource_find(struct rules *r, const char *name, bool make)
{
	for (unsigned i = 0; i < r->n_res; i++)
		if (strcmp(r->res[i].name, name) == 0)
			return &r->res[i];
	if (!make || r->n_res == MAX_RESOURCES)
		return NULL;
	snprintf(r->res[r->n_res].name, sizeof(r->res[0].name), "%s", name);
	return &r->res[r->n_res++];
}

bool sim_resource_active(struct sim_world *w, unsigned node, const char *name)
{
	struct resource *s = resource_find(w->rules, name, false);

	return s && s->active & SIM_BIT(node);
}

void sim_check_resource(struct sim_world *w, unsigned node, const char *name, bool active)
{
	struct resource *s = resource_find(w->rules, name, true);
	sim_nodes bit = SIM_BIT(node);

	if (!s) {
		sim_fail(w, "more than %d resources", MAX_RESOURCES);
		return;
	}
	if (active && !(s->active & bit)) {
		sim_trace(w, "n%u %s is active", node, name);
		w->stats.takeovers += s->fell_with && s->fell_with != node && strncmp(name, "service:", 8) == 0;
		s->fell_with = 0;
	}
	if (!active && s->active & bit)
		sim_trace(w, "n%u %s is down", node, name);
	s->active = active ? s->active | bit : s->active & ~bit;
	sim_promise_s1_once(w, s);
	if (active)
		sim_promise_s2_not_before_fenced(w, s, node);
	/* Started there anew it is the node's own again; stopped there, nobody has to ask. */
	s->owed &= ~bit;
}

void sim_check_start(struct sim_world *w, unsigned node, const char *name, uint64_t child)
{
	struct resource *s = resource_find(w->rules, name, true);

	if (s)
		sim_promise_s1_quorum_first(w, s, node);
	sim_promise_s7_frozen_stays(w, node, child);
}

void sim_check_agent_failed(struct sim_world *w, const char *name, const char *op)
{
	struct resource *s = resource_find(w->rules, name, true);

	if (s)
		s->failed |= strcmp(op, "start") == 0 ? SIM_FAILED_START : strcmp(op, "stop") == 0 ? SIM_FAILED_STOP :
			SIM_FAILED_CHECK;
}

/* ---- nodes and daemons ---- */

/* Everybody may know that what was active on the node is active there no more. */
static void settle(struct rules *r, unsigned node)
{
	for (unsigned i = 0; i < r->n_res; i++)
		r->res[i].owed &= ~SIM_BIT(node);
}

/* The service of a resource, as sim_agents.c calls that, where the node's rgmanager has one of that name. */
static const struct rg_svc *service_of(struct rg *rg, const char *name)
{
	const char *in = strchr(name, '@');
	char svc[RG_NAME_MAX];

	snprintf(svc, sizeof(svc), "%s%.50s", in ? "service:" : "", in ? in + 1 : name);
	return rg_svc_find(rg, svc);
}

/*
 * Its machine was started anew, and its rgmanager has stopped every service once. A resource that was in none of them
 * then, because cluster.conf has changed and changed again, it could not stop, and nobody has to ask for it.
 */
static void settle_stopped(struct sim_world *w, unsigned node)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_res; i++) {
		const struct rg_svc *s = service_of(w->node[node].d[SIM_RGM].core, r->res[i].name);

		if (r->res[i].owed & SIM_BIT(node) && r->res[i].owed_us[node] != w->node[node].booted_us && (!s || s->local.inited))
			r->res[i].owed &= ~SIM_BIT(node);
	}
}

void sim_check_acked(struct sim_world *w, unsigned node)
{
	settle(w->rules, node);
}

void sim_check_node_off(struct sim_world *w, unsigned node)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_res; i++) {
		struct resource *s = &r->res[i];

		if (s->active & SIM_BIT(node)) {
			s->owed_us[node] = w->node[node].booted_us;
			s->fell_with = node;
		}
		s->owed |= s->active & SIM_BIT(node);
		s->active &= ~SIM_BIT(node);
	}
	for (unsigned v = 1; v <= w->n_nodes; v++)
		r->fencing[v] &= ~SIM_BIT(node);
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		sim_check_daemon_dead(w, node, (enum sim_daemon_kind)k);
}

/* A client of a dead daemon learns of it from its socket: that is its answer. */
void sim_check_daemon_dead(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_req;) {
		if (r->req[i].node == node && r->req[i].daemon == daemon)
			r->req[i] = r->req[--r->n_req];
		else
			i++;
	}
	for (unsigned i = 0; i < r->n_ops && daemon == SIM_RGM;) {
		if (r->op[i].node == node)
			r->op[i] = r->op[--r->n_ops];
		else
			i++;
	}
	for (unsigned v = 1; v <= w->n_nodes; v++)
		r->fencing[v] &= ~SIM_BIT(node);
}

/* ---- fencing ---- */

void sim_check_fence_begin(struct sim_world *w, unsigned by, unsigned victim)
{
	struct rules *r = w->rules;

	sim_promise_s3_not_itself(w, by, victim);
	sim_promise_s3_quorum_first(w, by, victim);
	sim_promise_s3_one_at_a_time(w, by, victim);
	r->fencing[victim] |= SIM_BIT(by);
	r->victim_boot[by][victim] = w->node[victim].boot;
}

void sim_check_fence_end(struct sim_world *w, unsigned by, unsigned victim, bool success)
{
	struct rules *r = w->rules;

	r->fencing[victim] &= ~SIM_BIT(by);
	r->verdict[by][victim] = (struct verdict){ w->now_us, r->victim_boot[by][victim], success };
	if (success)
		settle(r, victim);
}

static void fenced_sent(struct sim_world *w, unsigned node, const void *data, size_t len)
{
	Hawser__FdomMessage *m = hawser__fdom_message__unpack(NULL, len, data);

	if (m && m->kind == HAWSER__FDOM_KIND__FDOM_DONE) {
		sim_promise_s2_word_is_true(w, node, sim_node_index(w, m->nodeid));
		sim_promise_s2_off_is_off(w, node, sim_node_index(w, m->nodeid));
	}
	if (m)
		hawser__fdom_message__free_unpacked(m, NULL);
}

/* ---- what cores hear and say ---- */

void sim_check_merge(struct sim_world *w, uint64_t ring, const sim_nodes *side, unsigned n_sides)
{
	struct rules *r = w->rules;

	for (unsigned s = 0; s < n_sides; s++) {
		uint32_t most = 0;

		for (unsigned i = 1; i <= w->n_nodes; i++) {
			const struct sim_daemon *d = &w->node[i].d[SIM_FENCED];

			if (!(side[s] & SIM_BIT(i)))
				continue;
			r->side[i] = (struct side){ ring, d->life, s, n_sides, 0, 0 };
			if (d->up && d->in_group)
				r->side[i].own = w->type[SIM_FENCED]->ops->weight(d->core);
			most = r->side[i].own > most ? r->side[i].own : most;
		}
		for (unsigned i = 1; i <= w->n_nodes; i++)
			if (side[s] & SIM_BIT(i))
				r->side[i].most = most;
	}
}

void sim_check_sent(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const void *data, size_t len)
{
	/* Of agents that a person plays (rg_test simulate) nothing is known here. */
	if (daemon == SIM_FENCED && !(w->hooks && w->hooks->run))
		fenced_sent(w, node, data, len);
}

void sim_check_heard(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_event *ev)
{
	if (ev->type == CLU_EV_START || ev->type == CLU_EV_VIEW || ev->type == CLU_EV_MESSAGE)
		sim_promise_view(w, node, daemon, ev);
	sim_promise_proto_heard(w, node, daemon, ev);
	if (ev->type == CLU_EV_VIEW && !ev->u.view.self_left)
		sim_promise_proto_view(w, node, daemon, &ev->u.view);
	if (ev->type == CLU_EV_STATE && ev->u.state.len && daemon == SIM_FENCED)
		sim_promise_heavier_stays(w, node, ev->u.state.from);
}

void sim_check_noted(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, const struct clu_action *a)
{
	if (daemon == SIM_RGM && strcmp(a->u.note.event, "rg.member") == 0 && strcmp(a->u.note.to, "ready") == 0 &&
		strcmp(a->u.note.object, w->node[node].name) == 0)
		settle_stopped(w, node);
	if (daemon == SIM_RGM)
		sim_promise_upgrade_stops_nothing(w, node, a);
	if (daemon == SIM_RGM && strcmp(a->u.note.event, "rg.state") == 0 && strcmp(a->u.note.to, "stopping") == 0 &&
		strncmp(a->u.note.why, "relocating to better node", 25) == 0)
		sim_promise_s7_no_failback(w, node, a->u.note.object);
}

void sim_check_multicast(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, size_t len)
{
	sim_promise_bound(w, node, daemon, len);
}

void sim_check_unsent(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, unsigned n)
{
	sim_promise_bound_unsent(w, node, daemon, n);
}

void sim_check_delivered(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon)
{
	sim_promise_same_state(w, node, daemon);
}

/* ---- cluster.conf ---- */

void sim_check_commit(struct sim_world *w, unsigned node, const void *data, size_t len)
{
	struct rules *r = w->rules;
	struct committed c = sim_document(data, len);
	bool known = false;

	sim_trace(w, "n%u has version %" PRIu64 " in force (%08x)", node, c.version, (unsigned)c.hash);
	/* Before it is a member of a quorate cluster a node shows its own file: that is no commit. */
	if (!w->node[node].d[SIM_CCSD].told_quorate)
		return;
	for (unsigned i = 0; i < r->n_ver; i++)
		known |= r->ver[i].version == c.version && (r->ver[i].hash == c.hash || !w->quorum.alone);
	sim_promise_s5_one_content(w, node, &c);
	if (known)
		return;
	sim_promise_s5_on_a_majority(w, node, &c);
	sim_promise_s5_by_all_members(w, node, &c);
	w->stats.commits++;
	if (r->n_ver < MAX_VERSIONS)
		r->ver[r->n_ver++] = c;
}

void sim_check_newest(struct sim_world *w, const void *data, size_t len)
{
	struct committed c = sim_document(data, len);

	sim_promise_s5_not_lost(w, &c);
	sim_promise_s5_in_history(w, &c);
}

/* ---- requests ---- */

void sim_check_request(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t client)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; r->n_req == MAX_REQUESTS && i < MAX_REQUESTS; i++)
		if (r->req[i].gone) {
			r->req[i] = r->req[--r->n_req];
			break;
		}
	if (r->n_req == MAX_REQUESTS) {
		sim_fail(w, "S6: %d requests without an answer", MAX_REQUESTS);
		return;
	}
	r->req[r->n_req++] = (struct request){ .client = client, .node = node, .daemon = daemon,
		.boot = w->node[node].boot, .since_us = w->now_us };
}

static struct request *request_find(struct rules *r, uint64_t client)
{
	for (unsigned i = 0; i < r->n_req; i++)
		if (r->req[i].client == client)
			return &r->req[i];
	return NULL;
}

void sim_check_waits_for(struct sim_world *w, uint64_t client, uint64_t ticket)
{
	struct request *q = request_find(w->rules, client);

	if (q)
		q->ticket = ticket;
}

bool sim_check_client_gone(struct sim_world *w, uint64_t client)
{
	struct request *q = request_find(w->rules, client);

	if (!q || q->gone)
		return false;
	q->gone = true;
	/* Nobody asks on for the end of its operation. */
	sim_check_operation(w, q->node, q->ticket, false);
	return true;
}

bool sim_check_is_gone(struct sim_world *w, uint64_t client)
{
	const struct request *q = request_find(w->rules, client);

	return q && q->gone;
}

void sim_check_reply(struct sim_world *w, uint64_t client, int error)
{
	struct rules *r = w->rules;
	unsigned i = 0;
	struct request q;

	while (i < r->n_req && r->req[i].client != client)
		i++;
	sim_promise_s6_one_answer(w, client, i < r->n_req);
	if (i == r->n_req)
		return;
	q = r->req[i];
	sim_trace_answer(w, q.node, q.daemon, client, error);
	r->req[i] = r->req[--r->n_req];
	if (!q.gone)
		sim_types_answered(w, q.node, client, error);
}

void sim_check_asked(struct sim_world *w, const char *svc, unsigned op)
{
	struct rules *r = w->rules;
	unsigned i = 0;

	while (i < r->n_asked && strcmp(r->asked[i].svc, svc) != 0)
		i++;
	if (i == SIM_MAX_ASKED)
		return;
	if (i == r->n_asked) {
		r->n_asked++;
		snprintf(r->asked[i].svc, sizeof(r->asked[i].svc), "%s", svc);
	}
	r->asked[i].ops |= 1u << op;
}

void sim_check_operation(struct sim_world *w, unsigned node, uint64_t ticket, bool open)
{
	struct rules *r = w->rules;
	unsigned i = 0;

	while (i < r->n_ops && (r->op[i].node != node || r->op[i].ticket != ticket))
		i++;
	if (!open && i < r->n_ops)
		r->op[i] = r->op[--r->n_ops];
	else if (open && i == r->n_ops && i < SIM_MAX_OPERATIONS)
		r->op[r->n_ops++] = (struct operation){ node, ticket };
}

void sim_check_rest(struct sim_world *w)
{
	sim_promises_at_rest(w);
	sim_promise_disk_at_rest(w);
	sim_promise_cman_at_rest(w);
}

void sim_check_step(struct sim_world *w)
{
	sim_promise_s6_in_time(w);
	sim_promise_bound_world(w);
	sim_promises_of_waiting(w);
	sim_promises_of_disk(w);
}
