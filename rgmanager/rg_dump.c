/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state for people: a dump, and what clustat shows. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rg_priv.h"

static void dump_ids(struct clu_buf *b, const char *name, const struct rg_ids *ids)
{
	if (!ids->n)
		return;
	clu_buf_printf(b, " %s=", name);
	for (unsigned i = 0; i < ids->n; i++)
		clu_buf_printf(b, "%s%u", i ? "," : "", ids->id[i]);
}

static void dump_service(const struct rg_svc *s, struct clu_buf *b)
{
	const struct rg_local *l = &s->local;

	clu_buf_printf(b, "service %s state=%s owner=%u last_owner=%u restarts=%u flags=%u txn=%" PRIu64
		" want=%d target=%u moving=%u home=%u armed=%d gone=%d verb=%d", s->name, rg_state_name(s->state), s->owner, s->last_owner,
		s->restarts, s->flags, s->txn, s->want, s->target, s->moving, s->home, s->armed, s->gone, s->req_verb);
	dump_ids(b, "tried", &s->tried);
	dump_ids(b, "init_wait", &s->init_wait);
	dump_ids(b, "late", &s->late);
	dump_ids(b, s->noted ? "noted_at" : "left_at", &s->left_at);
	clu_buf_printf(b, " why=\"%s\"\n", s->why);
	clu_buf_printf(b, "local %s active=%d inited=%d stop_failed=%d op=%d step=%u/%u child=%" PRIu64 " fault=\"%s\"\n", s->name,
		l->active, l->inited, l->stop_failed, l->op.kind, l->op.at, l->op.plan.n, l->op.child, l->fault);
}

void rg_dump(const void *core, struct clu_buf *ret)
{
	const struct rg *rg = core;

	clu_buf_printf(ret, "self %u admitted=%d quorate=%d local_quorate=%d view=%" PRIu64 " locked=%d go=%d config=%" PRIu64
		" ready_sent=%d fenced_heard=%d shutdown=%d\n", rg->self, rg->admitted, rg->quorate, rg->local_quorate,
		rg->view_no, rg->locked, rg->go, rg->version, rg->ready_sent, rg->fence_heard, rg->shutdown);
	for (unsigned i = 0; i < rg->n_nodes; i++) {
		const struct rg_node *n = &rg->nodes[i];

		clu_buf_printf(ret, "node %u present=%d ready=%d leaving=%d quorum=%u lost=%d left_behind=%d told=%d fence_seq=%" PRIu64 "\n",
			n->nodeid, n->present, n->ready, n->leaving, n->quorum, n->lost, n->left_behind, n->told, n->fence_seq);
	}
	clu_buf_printf(ret, "note gen=%" PRIu64 " stored=%" PRIu64 " storing=%d said=%d failures=%u\n%s", rg->left.gen,
		rg->left.stored_gen, rg->left.storing, rg->left.said, rg->left.failures,
		clu_buf_text(&rg->left.text));
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		dump_service(rg->svcs[i], ret);
		if (rg->svcs[i]->local.tree)
			rg_tree_print(rg->svcs[i]->local.tree, ret);
	}
	clu_buf_printf(ret, "stats stale_results=%" PRIu64 " ignored=%" PRIu64 " bad_messages=%" PRIu64 "\n",
		rg->stats.stale_results, rg->stats.ignored, rg->stats.bad_messages);
}

/* Nodes of cluster.conf by id, then those that only the cluster knows. */
static unsigned fill_nodes(struct rg *rg, Hawser__RgNodeInfo *infos, Hawser__RgNodeInfo **list)
{
	struct clu_conf_node conf[RG_MAX_NODES];
	unsigned n_conf = rg->rm ? clu_conf_nodes(rg->rm->conf, conf, RG_MAX_NODES) : 0, n = 0;
	uint32_t last = 0;

	for (unsigned k = 0; k < n_conf; k++) {
		const struct clu_conf_node *next = NULL;

		for (unsigned i = 0; i < n_conf; i++)
			if (conf[i].nodeid > last && (!next || conf[i].nodeid < next->nodeid))
				next = &conf[i];
		if (!next)
			break;
		last = next->nodeid;
		hawser__rg_node_info__init(&infos[n]);
		infos[n].nodeid = next->nodeid;
		infos[n].name = (char *)next->name;
		infos[n++].configured = true;
	}
	for (unsigned i = 0; i < rg->up.n && n < 2 * RG_MAX_NODES; i++) {
		bool known = false;

		for (unsigned k = 0; k < n; k++)
			known = known || infos[k].nodeid == rg->up.id[i];
		if (known)
			continue;
		hawser__rg_node_info__init(&infos[n]);
		infos[n].nodeid = rg->up.id[i];
		infos[n++].name = (char *)rg_node_name(rg, rg->up.id[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		const struct rg_node *node = rg_node_find(rg, infos[i].nodeid);

		infos[i].local = infos[i].nodeid == rg->self;
		infos[i].online = rg_ids_has(&rg->up, infos[i].nodeid) && !rg->corosync_gone;
		infos[i].rgmanager = infos[i].online && node && node->present && node->ready;
		list[i] = &infos[i];
	}
	return n;
}

static void fill_service(struct rg *rg, const struct rg_svc *s, Hawser__RgServiceInfo *o)
{
	struct clu_buf wait = CLU_BUF_INIT, remedy = CLU_BUF_INIT;

	hawser__rg_service_info__init(o);
	o->name = (char *)s->name;
	o->state = s->state;
	o->owner = s->owner;
	o->last_owner = s->last_owner;
	o->restarts = s->restarts;
	o->transition_us = s->transition_us;
	o->flags = s->flags;
	o->why = (char *)s->why;
	if (rg_svc_waits(rg, s, &wait, &remedy)) {
		o->wait = wait.data ? wait.data : (char *)"";
		o->remedy = remedy.data ? remedy.data : (char *)"";
		return;
	}
	clu_buf_free(&wait);
	clu_buf_free(&remedy);
}

static void service_done(Hawser__RgServiceInfo *o)
{
	if (*o->wait)
		free(o->wait);
	if (*o->remedy)
		free(o->remedy);
}

void rg_status(struct rg *rg, uint64_t client)
{
	Hawser__RgAnswer a = HAWSER__RG_ANSWER__INIT;
	Hawser__RgStatus st = HAWSER__RG_STATUS__INIT;
	Hawser__RgNodeInfo nodes[2 * RG_MAX_NODES], *node_list[2 * RG_MAX_NODES];
	Hawser__RgServiceInfo *svcs = calloc(rg->n_svcs + 1, sizeof(*svcs));
	Hawser__RgServiceInfo **svc_list = calloc(rg->n_svcs + 1, sizeof(*svc_list));
	const struct rg_node *me = rg_node_find(rg, rg->self);

	if (!svcs || !svc_list) {
		rg->error = -ENOMEM;
		free(svcs);
		free(svc_list);
		return;
	}
	st.cluster = rg->rm ? (char *)clu_conf_cluster_name(rg->rm->conf) : (char *)"";
	st.version = rg->version;
	st.nodeid = rg->self;
	st.quorate = rg->local_quorate;
	st.locked = rg->locked;
	st.ring_seq = rg->quorum_ring.seq;
	st.joined = me && me->present && me->ready;
	st.n_nodes = fill_nodes(rg, nodes, node_list);
	st.nodes = node_list;
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (!rg->svcs[i]->gone) {
			fill_service(rg, rg->svcs[i], &svcs[st.n_services]);
			svc_list[st.n_services] = &svcs[st.n_services];
			st.n_services++;
		}
	st.services = svc_list;
	a.done = true;
	a.status = &st;
	clu_out_reply_pb(rg->out, client, 0, &a.base);
	for (size_t i = 0; i < st.n_services; i++)
		service_done(&svcs[i]);
	free(svcs);
	free(svc_list);
}
