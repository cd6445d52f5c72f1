/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libfenced.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fenced_ask.h"

#define API __attribute__((visibility("default")))

struct fenced_watch {
	struct clu_client *client;
};

API int fenced_join(void)
{
	return fenced_ask("join", NULL, 0, CLU_CLIENT_DEADLINE_MS, NULL, NULL);
}

API int fenced_leave(void)
{
	return fenced_ask("leave", NULL, 0, CLU_CLIENT_DEADLINE_MS, NULL, NULL);
}

API int fenced_external(char *name)
{
	if (!name || !*name)
		return -EINVAL;
	return fenced_ask("external", name, 0, CLU_CLIENT_DEADLINE_MS, NULL, NULL);
}

API int fenced_dump_debug(char *buf)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r = clu_client_dump("fenced", CLU_CLIENT_DEADLINE_MS, &b);
	size_t len = b.len < FENCED_DUMP_SIZE - 1 ? b.len : FENCED_DUMP_SIZE - 1;

	if (r == 0) {
		memset(buf, 0, FENCED_DUMP_SIZE);
		memcpy(buf, clu_buf_text(&b), len);
	}
	clu_buf_free(&b);
	return r;
}

static int how_number(const char *how)
{
	static const char *const names[] = { "none", "agent", "member", "override", "external" };

	for (int i = 0; i < 5; i++)
		if (!strcmp(names[i], how))
			return i;
	return FENCED_HOW_NONE;
}

static void node_fill(const Hawser__FencedNews *news, uint32_t nodeid, struct fenced_node *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->nodeid = (int)nodeid;
	for (size_t i = 0; i < news->n_nodes; i++) {
		if (news->nodes[i]->nodeid != nodeid)
			continue;
		ret->member = news->nodes[i]->member;
		ret->victim = news->nodes[i]->victim;
		if (ret->victim && news->nodes[i]->present)
			ret->member = -1;
	}
	for (size_t i = 0; i < news->n_done; i++) {
		if (news->done[i]->nodeid != nodeid)
			continue;
		ret->last_fenced_master = (int)news->done[i]->master;
		ret->last_fenced_how = how_number(news->done[i]->how);
		ret->last_fenced_time = news->done[i]->wall_us / 1000000;
	}
}

static int info(Hawser__FencedNews **ret)
{
	Hawser__FencedNews *news;
	int r = fenced_ask("info", NULL, 0, CLU_CLIENT_DEADLINE_MS, &news, NULL);

	if (r < 0)
		return r;
	if (!news->joined) {
		hawser__fenced_news__free_unpacked(news, NULL);
		return -ENOENT;
	}
	*ret = news;
	return 0;
}

API int fenced_node_info(int nodeid, struct fenced_node *node)
{
	Hawser__FencedNews *news;
	int r = info(&news);

	if (r < 0)
		return r;
	node_fill(news, nodeid == FENCED_NODEID_US ? news->nodeid : (uint32_t)nodeid, node);
	hawser__fenced_news__free_unpacked(news, NULL);
	return 0;
}

API int fenced_domain_info(struct fenced_domain *domain)
{
	static const char *const states[] = { "none", "quorum", "messages", "fencing" };
	Hawser__FencedNews *news;
	int r = info(&news);

	if (r < 0)
		return r;
	memset(domain, 0, sizeof(*domain));
	domain->group_mode = 3;
	domain->member_count = (int)news->n_members;
	domain->victim_count = (int)news->n_victims;
	domain->master_nodeid = (int)news->master;
	domain->current_victim = (int)news->victim_now;
	for (int i = 0; i < 4; i++)
		if (!strcmp(states[i], news->wait_state))
			domain->state = i;
	hawser__fenced_news__free_unpacked(news, NULL);
	return 0;
}

API int fenced_domain_nodes(int type, int max, int *count, struct fenced_node *nodes)
{
	Hawser__FencedNews *news;
	int n = 0, r;

	if (type < FENCED_NODES_ALL || type > FENCED_NODES_VICTIMS || max < 0)
		return -EINVAL;
	r = info(&news);
	if (r < 0)
		return r;
	for (size_t i = 0; i < news->n_nodes; i++) {
		const Hawser__FencedNode *o = news->nodes[i];

		if ((type == FENCED_NODES_MEMBERS && !o->member) || (type == FENCED_NODES_VICTIMS && !o->victim))
			continue;
		if (n < max)
			node_fill(news, o->nodeid, &nodes[n]);
		n++;
	}
	*count = n > max ? -E2BIG : n;
	hawser__fenced_news__free_unpacked(news, NULL);
	return 0;
}

API int fenced_watch_open(struct fenced_watch **ret)
{
	struct fenced_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	r = clu_client_connect("fenced", CLU_CLIENT_DEADLINE_MS, 0, &w->client);
	if (r == 0)
		r = clu_client_subscribe(w->client, CLU_CLIENT_DEADLINE_MS);
	if (r < 0) {
		fenced_watch_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

API int fenced_watch_fd(struct fenced_watch *w)
{
	return clu_client_fd(w->client);
}

API int fenced_watch_next(struct fenced_watch *w, unsigned timeout_ms)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r = clu_client_next(w->client, timeout_ms, &b);

	clu_buf_free(&b);
	return r;
}

API void fenced_watch_close(struct fenced_watch *w)
{
	if (!w)
		return;
	clu_client_close(w->client);
	free(w);
}
