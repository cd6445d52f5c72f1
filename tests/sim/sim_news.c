/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_news.h"

#include "fenced.pb-c.h"

#define CLIENT_SUBSCRIPTION (UINT64_C(1) << 62)	/* client ids of rgmanager's own question to fenced */

bool sim_news_is_subscription(uint64_t client)
{
	return client & CLIENT_SUBSCRIPTION;
}

static void fire_ask(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_REQUEST };

	ev.u.request = (struct clu_request){ .client = e->id, .admin = true, .pid = 1, .data = e->data, .len = e->len };
	sim_deliver(w, e->node, e->daemon, &ev);
}

void sim_news_subscribe(struct sim_world *w, struct sim_node *n)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	uint8_t bytes[64];
	struct sim_event *e;
	uint64_t in_us = 10 + sim_rnd(w, 500);

	q.verb = (char *)"info";
	e = sim_at(w, in_us, fire_ask, n->id, bytes, hawser__fenced_request__pack(&q, bytes));
	e->daemon = SIM_FENCED;
	e->boot = n->boot;
	e->life = n->d[SIM_FENCED].life;
	e->id = CLIENT_SUBSCRIPTION | ++w->seq;
}

void sim_news_merged(struct sim_world *w, struct sim_node *n)
{
	struct clu_event ev = { .type = CLU_EV_PEER };
	struct sim_daemon *d = &n->d[SIM_RGM];
	struct clu_buf news = d->news;

	if (!d->up || d->hung || !news.len || clu_group_merge_is_open(d->group))
		return;
	d->news = (struct clu_buf)CLU_BUF_INIT;
	ev.u.peer = (struct clu_peer){ .kind = CLU_PEER_FENCED, .up = true, .data = news.data, .len = news.len };
	sim_deliver(w, n->id, SIM_RGM, &ev);
	clu_buf_free(&news);
}

/* Only the last news counts. */
static void fire_news(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];
	struct clu_buf *news = &n->d[SIM_RGM].news;

	clu_buf_free(news);
	clu_buf_append(news, e->data, e->len);
	sim_news_merged(w, n);
}

void sim_news_send(struct sim_world *w, struct sim_node *n, const void *data, size_t len)
{
	struct sim_daemon *d = &n->d[SIM_RGM];
	struct sim_event *e;
	uint64_t at_us;

	if (!d->up)
		return;
	at_us = w->now_us + 10 + sim_soon(w, n, 300);
	if (at_us <= d->news_us)
		at_us = d->news_us + 1;
	d->news_us = at_us;
	e = sim_at(w, at_us - w->now_us, fire_news, n->id, data, len);
	e->daemon = SIM_RGM;
	e->boot = n->boot;
	e->life = d->life;
}

void sim_news_forget(struct sim_daemon *d)
{
	clu_buf_free(&d->news);
}
