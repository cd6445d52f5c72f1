/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fenced_ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int fenced_ask_on(struct clu_client *c, const char *verb, const char *node, uint32_t nodeid, uint32_t deadline_ms,
	Hawser__FencedNews **ret, struct clu_buf *errs)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	struct clu_buf req = CLU_BUF_INIT, ans = CLU_BUF_INIT;
	Hawser__FencedNews *news = NULL;
	void *room;
	int r;

	q.verb = (char *)verb;
	q.node = (char *)(node ? node : "");
	q.nodeid = nodeid;
	room = clu_buf_grow(&req, hawser__fenced_request__get_packed_size(&q));
	if (!room)
		return -ENOMEM;
	hawser__fenced_request__pack(&q, room);
	r = clu_client_call(c, req.data, req.len, deadline_ms, &ans);
	clu_buf_free(&req);
	if (ans.len)
		news = hawser__fenced_news__unpack(NULL, ans.len, (const uint8_t *)ans.data);
	clu_buf_free(&ans);
	if (r == 0 && !news)
		r = -EBADMSG;
	if (r < 0 && errs) {
		if (news && *news->why)
			clu_buf_printf(errs, "fenced: %s refused: %s", verb, news->why);
		else
			clu_client_explain("fenced", r, errs);
	}
	if (r == 0 && ret)
		*ret = news;
	else if (news)
		hawser__fenced_news__free_unpacked(news, NULL);
	return r;
}

int fenced_ask(const char *verb, const char *node, uint32_t nodeid, uint32_t deadline_ms,
	Hawser__FencedNews **ret, struct clu_buf *errs)
{
	struct clu_client *c = NULL;
	int r = clu_client_connect("fenced", deadline_ms, 0, &c);

	if (r < 0) {
		if (errs)
			clu_client_explain("fenced", r, errs);
		return r;
	}
	r = fenced_ask_on(c, verb, node, nodeid, deadline_ms, ret, errs);
	clu_client_close(c);
	return r;
}
