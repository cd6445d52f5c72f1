/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replicated state as bytes, for members that join. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_priv.h"

static void node_save(const struct rg_node *n, Hawser__RgNodeState *o)
{
	hawser__rg_node_state__init(o);
	o->nodeid = n->nodeid;
	o->present = n->present;
	o->ready = n->ready;
	o->leaving = n->leaving;
	o->quorum = n->quorum;
	o->confirmed = n->confirmed;
	o->lost = n->lost;
	o->lost_how = n->lost_how;
	o->lost_us = n->lost_us;
	o->fenced_here = n->fenced_here;
	o->left_behind = n->left_behind;
	o->told = n->told;
	o->fence_seq = n->fence_seq;
}

static void svc_save(const struct rg_svc *s, Hawser__RgServiceState *o)
{
	hawser__rg_service_state__init(o);
	o->name = (char *)s->name;
	o->state = s->state;
	o->owner = s->owner;
	o->last_owner = s->last_owner;
	o->restarts = s->restarts;
	o->transition_us = s->transition_us;
	o->flags = s->flags;
	o->txn = s->txn;
	o->want = s->want;
	o->target = s->target;
	o->home = s->home;
	o->moving = s->moving;
	o->tried = (uint32_t *)s->tried.id;
	o->n_tried = CLU_PLANTED(RGM_LOST_SNAPSHOT_ENTRY) ? 0 : s->tried.n;
	o->req_node = s->req_node;
	o->req_ticket = s->req_ticket;
	o->req_verb = s->req_verb;
	o->asked = s->req_asked;
	o->why = (char *)s->why;
	o->armed = s->armed;
	o->gone = s->gone;
	o->init_wait = (uint32_t *)s->init_wait.id;
	o->n_init_wait = s->init_wait.n;
	o->late = (uint32_t *)s->late.id;
	o->n_late = s->late.n;
	o->left_at = (uint32_t *)s->left_at.id;
	o->n_left_at = s->left_at.n;
	o->noted = s->noted;
}

int rg_snapshot(const void *core, struct clu_buf *ret)
{
	const struct rg *rg = core;
	Hawser__RgSnapshot snap = HAWSER__RG_SNAPSHOT__INIT;
	Hawser__RgNodeState nodes[RG_MAX_NODES], *node_list[RG_MAX_NODES];
	Hawser__RgServiceState *svcs = calloc(rg->n_svcs + 1, sizeof(*svcs));
	Hawser__RgServiceState **svc_list = calloc(rg->n_svcs + 1, sizeof(*svc_list));
	void *room = NULL;

	for (unsigned i = 0; i < rg->n_nodes; i++) {
		node_save(&rg->nodes[i], &nodes[i]);
		node_list[i] = &nodes[i];
	}
	snap.n_nodes = rg->n_nodes;
	snap.nodes = node_list;
	if (svcs && svc_list) {
		for (unsigned i = 0; i < rg->n_svcs; i++) {
			/* Removed and at rest: each member drops it when its own agents have ended, sooner or later. */
			if (rg->svcs[i]->gone && !rg_state_active(rg->svcs[i]->state))
				continue;
			svc_save(rg->svcs[i], &svcs[snap.n_services]);
			svc_list[snap.n_services] = &svcs[snap.n_services];
			snap.n_services++;
		}
		snap.services = svc_list;
		snap.version = rg->version;
		if (rg->rm)
			snap.document.data = (uint8_t *)clu_conf_bytes(rg->rm->conf, &snap.document.len);
		snap.view_no = rg->view_no;
		snap.quorate = rg->quorate;
		snap.locked = rg->locked;
		snap.go = rg->go;
		room = clu_buf_grow(ret, hawser__rg_snapshot__get_packed_size(&snap));
	}
	if (room)
		hawser__rg_snapshot__pack(&snap, room);
	free(svcs);
	free(svc_list);
	return room ? 0 : -ENOMEM;
}

static void ids_load(struct rg_ids *ids, const uint32_t *from, size_t n)
{
	ids->n = 0;
	for (size_t i = 0; i < n; i++)
		rg_ids_add(ids, from[i]);
}

static void node_load(struct rg_node *n, const Hawser__RgNodeState *o)
{
	*n = (struct rg_node){
		.nodeid = o->nodeid, .present = o->present, .ready = o->ready, .leaving = o->leaving, .quorum = o->quorum, .confirmed = o->confirmed,
		.lost = o->lost, .lost_how = o->lost_how <= CLU_LEFT_NODE ? (enum clu_left)o->lost_how : CLU_LEFT_NODE,
		.lost_us = o->lost_us, .fenced_here = o->fenced_here, .fence_seq = o->fence_seq, .left_behind = o->left_behind,
		.told = o->told,
	};
}

static void svc_load(struct rg_svc *s, const Hawser__RgServiceState *o)
{
	s->state = o->state >= RG_STOPPED && o->state <= RG_DISABLED ? (enum rg_state)o->state : RG_STOPPED;
	s->owner = o->owner;
	s->last_owner = o->last_owner;
	s->restarts = o->restarts;
	s->transition_us = o->transition_us;
	s->flags = o->flags;
	s->txn = o->txn;
	s->want = o->want < RG_NWANTS ? (enum rg_want)o->want : RG_W_RECOVER;
	s->target = o->target;
	s->home = o->home;
	s->moving = o->moving;
	ids_load(&s->tried, o->tried, o->n_tried);
	s->req_node = o->req_node;
	s->req_ticket = o->req_ticket;
	s->req_verb = o->req_verb < RG_NVERBS ? (enum rg_verb)o->req_verb : RG_V_NONE;
	s->req_asked = o->asked;
	snprintf(s->why, sizeof(s->why), "%s", o->why);
	s->armed = o->armed;
	s->gone = o->gone;
	ids_load(&s->init_wait, o->init_wait, o->n_init_wait);
	ids_load(&s->late, o->late, o->n_late);
	ids_load(&s->left_at, o->left_at, o->n_left_at);
	s->noted = o->noted;
}

/* Back to nothing; what this node's agents do is kept, it is stopped in rg_local_act. */
static void forget(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_svcs;) {
		struct rg_svc *s = rg->svcs[i];

		if (!s->local.op.kind && !s->local.active) {
			rg_svc_drop(rg, s);
			continue;
		}
		rg_svc_reset(s);
		s->gone = true;
		i++;
	}
	rg->n_nodes = 0;
	rg->version = 0;
	rg->rm = rg_rm_free(rg->rm);
	rg->view_no = 0;
	rg->quorate = rg->locked = rg->go = false;
}

static bool well_formed(const Hawser__RgSnapshot *snap)
{
	if (snap->n_nodes > RG_MAX_NODES || snap->n_services > 2 * RG_MAX_SERVICES)
		return false;
	for (size_t i = 0; i < snap->n_services; i++)
		if (!*snap->services[i]->name || strlen(snap->services[i]->name) >= RG_NAME_MAX)
			return false;
	return true;
}

int rg_load(struct rg *rg, const void *data, size_t len)
{
	Hawser__RgSnapshot *snap = NULL;

	forget(rg);
	if (!len)
		return 0;
	snap = hawser__rg_snapshot__unpack(NULL, len, data);
	if (!snap || !well_formed(snap)) {
		rg->stats.bad_messages++;
		if (snap)
			hawser__rg_snapshot__free_unpacked(snap, NULL);
		return -EBADMSG;
	}
	for (size_t i = 0; i < snap->n_nodes; i++) {
		struct rg_node *n = rg_node_get(rg, snap->nodes[i]->nodeid);

		if (n)
			node_load(n, snap->nodes[i]);
	}
	if (snap->version)
		rg_apply_conf(rg, snap->version, snap->document.data, snap->document.len);
	for (size_t i = 0; i < snap->n_services; i++) {
		struct rg_svc *s = rg_svc_find(rg, snap->services[i]->name);

		if (!s)
			s = rg_svc_add(rg, snap->services[i]->name);
		if (s)
			svc_load(s, snap->services[i]);
	}
	rg->view_no = snap->view_no;
	rg->quorate = snap->quorate;
	rg->locked = snap->locked;
	rg->go = snap->go;
	hawser__rg_snapshot__free_unpacked(snap, NULL);
	return 0;
}
