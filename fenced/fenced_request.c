/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Admin requests. What changes the domain is answered when its message has come back in the order. */
#include <errno.h>
#include <string.h>

#include "clu_planted.h"
#include "fenced_priv.h"

static uint64_t pending_add(struct fdom *d, uint64_t client)
{
	for (unsigned i = 0; i < FDOM_MAX_PENDING; i++) {
		if (d->pending[i].token)
			continue;
		d->pending[i] = (struct fdom_pending) { .token = d->next_token++, .client = client };
		return d->pending[i].token;
	}
	return 0;
}

void fdom_answer(struct fdom *d, uint64_t token, int error, const char *why)
{
	for (unsigned i = 0; token && i < FDOM_MAX_PENDING; i++) {
		if (d->pending[i].token != token)
			continue;
		fdom_news_reply(d, d->pending[i].client, error, why);
		if (!CLU_PLANTED(FENCED_TWO_ANSWERS))
			d->pending[i].token = 0;
	}
}

void fdom_client_gone(struct fdom *d, uint64_t client)
{
	for (unsigned i = 0; i < FDOM_MAX_PENDING; i++)
		if (d->pending[i].token && d->pending[i].client == client)
			d->pending[i].token = 0;
}

void fdom_answer_all(struct fdom *d, int error, const char *why)
{
	for (unsigned i = 0; i < FDOM_MAX_PENDING; i++)
		fdom_answer(d, d->pending[i].token, error, why);
}

static void send_join(struct fdom *d, uint64_t token)
{
	struct clu_conf_node nodes[FDOM_MAX_NODES];
	uint32_t absent[FDOM_MAX_NODES];
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;
	unsigned n = d->conf ? clu_conf_nodes(d->conf, nodes, FDOM_MAX_NODES) : 0;

	m.kind = HAWSER__FDOM_KIND__FDOM_JOIN;
	m.token = token;
	m.view_no = d->view_no;
	m.absent = absent;
	for (unsigned i = 0; i < n && i < FDOM_MAX_NODES && !d->clean_start; i++) {
		bool up = nodes[i].nodeid == d->self;

		for (unsigned j = 0; j < d->n_up; j++)
			up |= d->up[j] == nodes[i].nodeid;
		if (!up && (!d->skip_undefined || fence_method_count(d->conf, nodes[i].name)))
			absent[m.n_absent++] = nodes[i].nodeid;
	}
	fdom_send(d, &m);
}

void fdom_send_join(struct fdom *d, uint64_t token)
{
	/* Two that were on their way when a node was lost: the domain is joined once, for the later one. */
	if (d->join_due && d->join_token != token)
		fdom_answer(d, d->join_token, -EAGAIN, "this node was told to join once more meanwhile; see fence_tool ls");
	d->join_due = true;
	d->join_token = token;
	fdom_join_progress(d);
}

void fdom_join_progress(struct fdom *d)
{
	if (!d->join_due || !d->admitted || !d->up_known || d->quorum_ring.seq < d->view_ring.seq)
		return;
	d->join_due = false;
	send_join(d, d->join_token);
}

static bool begin(struct fdom *d, const struct clu_request *r, uint64_t *ret_token)
{
	*ret_token = pending_add(d, r->client);
	if (!*ret_token)
		fdom_news_reply(d, r->client, -EAGAIN, "too many requests are waiting; try again");
	return *ret_token != 0;
}

static void join(struct fdom *d, const struct clu_request *r)
{
	uint64_t token;

	if (!d->conf) {
		fdom_news_reply(d, r->client, -EAGAIN,
			"there is no cluster.conf yet; see that ccsd runs, then join again");
	} else if (!d->admitted) {
		fdom_news_reply(d, r->client, -EAGAIN, "fenced is still joining its group; try again");
	} else if (d->leaving || d->shutdown) {
		fdom_news_reply(d, r->client, -EBUSY, "this node is leaving the domain; join again when it has left");
	} else if (d->join_due && d->join_token) {
		fdom_news_reply(d, r->client, -EBUSY, "this node is joining already");
	} else if (begin(d, r, &token)) {
		d->want_member = true;
		fdom_send_join(d, token);
	}
}

void fdom_join_drop(struct fdom *d)
{
	if (d->join_due)
		fdom_answer(d, d->join_token, -ECANCELED, "this node was told to leave before it had joined");
	d->join_due = false;
}

static void leave(struct fdom *d, const struct clu_request *r)
{
	d->want_member = false;
	fdom_join_drop(d);
	if (d->leaving) {
		fdom_news_reply(d, r->client, -EBUSY, "this node is leaving the domain already");
		return;
	}
	if (!fdom_is_member(d)) {
		fdom_news_reply(d, r->client, 0, NULL);
		return;
	}
	if (begin(d, r, &d->leave_token))
		d->leaving = true;
}

static void about_node(struct fdom *d, const struct clu_request *r, const Hawser__FencedRequest *q, Hawser__FdomKind kind)
{
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;
	uint32_t nodeid = q->nodeid ? q->nodeid : fdom_resolve(d, q->node);

	if (!nodeid || (!fdom_find(d, nodeid) && !(d->conf && clu_conf_node_name(d->conf, nodeid)))) {
		fdom_news_reply(d, r->client, -ENOENT, "no such node in cluster.conf; see cman_tool nodes");
		return;
	}
	if (!d->admitted) {
		fdom_news_reply(d, r->client, -EAGAIN, "fenced is still joining its group; try again");
		return;
	}
	if (!begin(d, r, &m.token))
		return;
	m.kind = kind;
	m.nodeid = nodeid;
	m.why = q->why;
	m.done_us = d->wall_us;
	fdom_send(d, &m);
}

void fdom_on_request(struct fdom *d, const struct clu_request *r)
{
	Hawser__FencedRequest *q = hawser__fenced_request__unpack(NULL, r->len, r->data);

	if (!q) {
		fdom_news_reply(d, r->client, -EBADMSG, "the request cannot be read");
		return;
	}
	if (!strcmp(q->verb, "info"))
		fdom_news_reply(d, r->client, 0, NULL);
	else if (!r->admin)
		fdom_news_reply(d, r->client, -EPERM, "only root and members of group haclient may change the domain");
	else if (!strcmp(q->verb, "join"))
		join(d, r);
	else if (!strcmp(q->verb, "leave"))
		leave(d, r);
	else if (!strcmp(q->verb, "victim"))
		about_node(d, r, q, HAWSER__FDOM_KIND__FDOM_VICTIM);
	else if (!strcmp(q->verb, "external"))
		about_node(d, r, q, HAWSER__FDOM_KIND__FDOM_EXTERNAL);
	else if (!strcmp(q->verb, "ack"))
		about_node(d, r, q, HAWSER__FDOM_KIND__FDOM_ACK);
	else
		fdom_news_reply(d, r->client, -EINVAL, "unknown request; the tool is newer than fenced");
	hawser__fenced_request__free_unpacked(q, NULL);
}
