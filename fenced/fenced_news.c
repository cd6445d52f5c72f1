/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the domain tells: state of every node and, per victim, what is waited for and what ends the wait. */
#include <stdio.h>

#include "fenced_priv.h"

#define MAX_REMEDY 300

static void delay_text(const struct fdom *d, const struct fdom_victim *v, char *ret, size_t size)
{
	const char *name = v->joindelay ? "post_join_delay" : "post_fail_delay";

	if (v->due_ms == CLU_NEVER)
		snprintf(ret, size, "%s is -1: it is not fenced before it returns or an operator confirms that it is "
			"off", name);
	else
		snprintf(ret, size, "%s: it is fenced within %llu s unless it returns first", name,
			(unsigned long long)((v->due_ms - d->now_ms + 999) / 1000));
}

/* One whose agents run now, while this one's turn has come: they share a device, which serves one at a time. */
static const struct fdom_node *ahead(const struct fdom *d)
{
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].v.state == FDOM_V_FENCING)
			return &d->nodes[i];
	return NULL;
}

/* What a victim waits for, as far as this node knows. */
static void wait_text(const struct fdom *d, const struct fdom_node *n, char *ret, size_t size)
{
	const struct fdom_victim *v = &n->v;

	if (!d->master)
		snprintf(ret, size, "no node is a member of the fence domain; join one with: fence_tool join");
	else if (d->quorate && !fdom_gate(d) && v->state != FDOM_V_FENCING)
		snprintf(ret, size, "nodes were just lost; it is not known yet whether the rest has quorum");
	else if (!d->quorate && v->state != FDOM_V_FENCING)
		snprintf(ret, size, "this partition has no quorum, so it may fence nobody%s%s",
			v->state == FDOM_V_FAILED ? "; last attempt: " : "", v->state == FDOM_V_FAILED ? v->text : "");
	else if (v->state == FDOM_V_FENCING)
		snprintf(ret, size, "%s runs its fence agent%s%s", fdom_name(d, v->fencer),
			v->attempts ? "; last attempt: " : "", v->attempts ? v->text : "");
	else if (v->state == FDOM_V_FAILED)
		snprintf(ret, size, "%s could not fence it (attempt %u, it tries again for ever): %s",
			fdom_name(d, v->fencer), v->attempts, v->text);
	else if (v->history_ms > d->now_ms)
		snprintf(ret, size, "it is back, and has not said yet whether it was started anew, or what it did meanwhile");
	else if (v->due_ms > d->now_ms)
		delay_text(d, v, ret, size);
	else if (fdom_yielding(d, n))
		snprintf(ret, size, "%s, which may have fenced before and no longer may, has not stopped yet",
			fdom_name(d, fdom_yielding(d, n)));
	else if (!d->conf)
		snprintf(ret, size, "fenced has no cluster.conf yet; see that ccsd runs");
	else if (ahead(d))
		snprintf(ret, size, "%s fences %s first, with the same device", fdom_name(d, d->master),
			fdom_name(d, ahead(d)->nodeid));
	else
		snprintf(ret, size, "%s is about to run its fence agent", fdom_name(d, d->master));
}

static const char *wait_state(const struct fdom *d)
{
	if (d->want_member && !fdom_is_member(d))
		return "messages";
	if (!fdom_is_member(d))
		return "none";
	if (!fdom_gate(d))
		return "quorum";
	return fdom_victim_count(d) ? "fencing" : "none";
}

/*
 * Backing store of one Hawser__FencedNews; too large for a stack frame that also packs it, hence one place.
 * news_fill() sets what it counts in and nothing else: most of it is room for nodes that are not there.
 */
struct news {
	Hawser__FencedNews n;
	uint32_t members[FDOM_MAX_NODES];
	Hawser__FencedVictim victim[FDOM_MAX_NODES], *victims[FDOM_MAX_NODES];
	Hawser__FencedDone done[FDOM_MAX_NODES], *dones[FDOM_MAX_NODES];
	Hawser__FencedNode node[FDOM_MAX_NODES], *nodes[FDOM_MAX_NODES];
	char why[FDOM_MAX_NODES][FDOM_TEXT + 200];
	char remedy[FDOM_MAX_NODES][MAX_REMEDY];
	char name[FDOM_MAX_NODES][24];
};

static void news_victim(const struct fdom *d, struct news *w, const struct fdom_node *n, char *name)
{
	size_t i = w->n.n_victims++;
	Hawser__FencedVictim *v = w->victims[i] = &w->victim[i];

	hawser__fenced_victim__init(v);
	wait_text(d, n, w->why[i], sizeof(w->why[i]));
	snprintf(w->remedy[i], sizeof(w->remedy[i]), "fence_ack_manual %s", name);
	v->nodeid = n->nodeid;
	v->name = name;
	v->state = (char *)fdom_vstate_names[n->v.state];
	v->reason = (char *)fdom_reason_names[n->v.reason];
	v->why = w->why[i];
	v->remedy = w->remedy[i];
	v->since_us = n->v.since_us;
	v->attempts = n->v.attempts;
	v->fencer = n->v.fencer;
	if (!w->n.victim_now && (n->v.state == FDOM_V_FENCING || n->v.state == FDOM_V_FAILED))
		w->n.victim_now = n->nodeid;
}

static void news_done(struct news *w, const struct fdom_node *n, char *name)
{
	size_t i = w->n.n_done++;
	Hawser__FencedDone *o = w->dones[i] = &w->done[i];

	hawser__fenced_done__init(o);
	o->nodeid = n->nodeid;
	o->name = name;
	o->master = n->done.master;
	o->how = (char *)fdom_how_names[n->done.how];
	o->wall_us = n->done.done_us;
	o->seq = n->done.seq;
	o->took_ms = n->done.took_ms;
	o->agent = (char *)n->done.agent;
	o->detected_us = n->done.detected_us;
	o->started_us = n->done.started_us;
	o->standing = n->standing;
}

static void news_node(const struct fdom *d, struct news *w, uint32_t nodeid, const struct fdom_node *n,
	const char *conf_name)
{
	size_t i = w->n.n_nodes++;
	Hawser__FencedNode *o = w->nodes[i] = &w->node[i];
	char *name = (char *)conf_name;

	if (!name) {
		snprintf(w->name[i], sizeof(w->name[i]), "node%u", nodeid);
		name = w->name[i];
	}
	hawser__fenced_node__init(o);
	o->nodeid = nodeid;
	o->name = name;
	if (!n)
		return;
	o->member = n->member;
	o->present = n->present;
	o->victim = n->v.state != FDOM_V_NONE;
	if (n->member)
		w->members[w->n.n_members++] = nodeid;
	if (o->victim)
		news_victim(d, w, n, name);
	if (n->done.how != FDOM_H_NONE)
		news_done(w, n, name);
}

static void news_fill(const struct fdom *d, struct news *w, const char *why)
{
	struct clu_conf_node conf[FDOM_MAX_NODES];
	unsigned n_conf = d->conf ? clu_conf_nodes(d->conf, conf, FDOM_MAX_NODES) : 0;

	hawser__fenced_news__init(&w->n);
	w->n.members = w->members;
	w->n.victims = w->victims;
	w->n.done = w->dones;
	w->n.nodes = w->nodes;
	/* Configured and seen nodes together, by ascending id. */
	for (uint32_t last = 0; w->n.n_nodes < FDOM_MAX_NODES;) {
		const struct fdom_node *n = NULL;
		uint32_t next = UINT32_MAX;

		for (unsigned i = 0; i < n_conf && i < FDOM_MAX_NODES; i++)
			if (conf[i].nodeid > last && conf[i].nodeid < next)
				next = conf[i].nodeid;
		for (unsigned i = 0; i < d->n_nodes; i++) {
			if (d->nodes[i].nodeid > last && d->nodes[i].nodeid <= next) {
				next = d->nodes[i].nodeid;
				n = &d->nodes[i];
				break;
			}
		}
		if (next == UINT32_MAX)
			break;
		news_node(d, w, next, n, d->conf ? clu_conf_node_name(d->conf, next) : NULL);
		last = next;
	}
	w->n.joined = fdom_is_member(d);
	w->n.master = d->master;
	w->n.wait_state = (char *)wait_state(d);
	w->n.quorate = d->quorate;
	w->n.complete = d->complete;
	w->n.origin = d->origin;
	w->n.nodeid = d->self;
	w->n.why = (char *)(why ? why : "");
}

void fdom_news_notify(struct fdom *d)
{
	struct news w;

	news_fill(d, &w, NULL);
	clu_out_notify_pb(d->out, &w.n.base);
}

void fdom_news_reply(struct fdom *d, uint64_t client, int error, const char *why)
{
	struct news w;

	news_fill(d, &w, why);
	clu_out_reply_pb(d->out, client, error, &w.n.base);
}

static void dump_node(const struct fdom_node *n, struct clu_buf *ret)
{
	clu_buf_printf(ret, "node %u present=%d member=%d external=%d standing=%d yields=%d incarnation=%llx\n",
		n->nodeid, n->present, n->member, n->external, n->standing, n->yields, (unsigned long long)n->incarnation);
	if (n->v.state != FDOM_V_NONE)
		clu_buf_printf(ret, "victim %u state=%s reason=%s seq=%llu gone=%d fencer=%u attempts=%u text=\"%s\"\n",
			n->nodeid, fdom_vstate_names[n->v.state], fdom_reason_names[n->v.reason],
			(unsigned long long)n->v.seq, n->v.gone, n->v.fencer, n->v.attempts, n->v.text);
	if (n->done.how != FDOM_H_NONE)
		clu_buf_printf(ret, "done %u how=%s master=%u seq=%llu took_ms=%u agent=%s\n", n->nodeid,
			fdom_how_names[n->done.how], n->done.master, (unsigned long long)n->done.seq,
			n->done.took_ms, *n->done.agent ? n->done.agent : "none");
}

/* First the replicated part, equal on all members; behind "local" what only this node knows. */
void fdom_dump(const void *core, struct clu_buf *ret)
{
	const struct fdom *d = core;

	clu_buf_printf(ret, "domain master=%u seq=%llu complete=%d\n", d->master,
		(unsigned long long)d->seq, d->complete);
	for (unsigned i = 0; i < d->n_nodes; i++)
		dump_node(&d->nodes[i], ret);
	clu_buf_printf(ret, "local self=%u admitted=%d quorate=%d view_ring=%u/%llu quorum_ring=%u/%llu want_member=%d "
		"stateful=%d leaving=%d shutdown=%d post_join_delay=%lld post_fail_delay=%lld agent_timeout=%u conf=%d "
		"ignored=%llu\n", d->self, d->admitted, d->quorate, d->view_ring.rep,
		(unsigned long long)d->view_ring.seq, d->quorum_ring.rep, (unsigned long long)d->quorum_ring.seq,
		d->want_member, d->stateful, d->leaving, d->shutdown, (long long)d->post_join_s,
		(long long)d->post_fail_s, d->agent_timeout_s, d->conf != NULL, (unsigned long long)d->ignored);
	for (unsigned i = 0; i < d->n_nodes; i++)
		clu_buf_printf(ret, "name %u %s\n", d->nodes[i].nodeid, fdom_name(d, d->nodes[i].nodeid));
	for (unsigned i = 0; i < d->n_nodes; i++)
		if (d->nodes[i].v.state != FDOM_V_NONE)
			clu_buf_printf(ret, "due %u in_ms=%lld begun=%d\n", d->nodes[i].nodeid,
				d->nodes[i].v.due_ms == CLU_NEVER ? -1LL :
				(long long)(d->nodes[i].v.due_ms - d->now_ms), d->nodes[i].v.begun);
	for (unsigned i = 0; i < FDOM_MAX_NODES; i++)
		if (d->runs[i].used)
			clu_buf_printf(ret, "run %u child=%llu method=%u step=%u killed=%d held=%d restoring=%d\n",
				d->runs[i].nodeid, (unsigned long long)d->runs[i].child, d->runs[i].method,
				d->runs[i].step, d->runs[i].killed, d->runs[i].held, d->runs[i].restoring);
}
