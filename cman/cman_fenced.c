/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_fenced.h"

#include <stdio.h>

#include "clu_client.h"
#include "fenced.pb-c.h"

static const char *name_of(const struct cman_info *info, uint32_t nodeid)
{
	for (unsigned i = 0; i < info->n_members; i++)
		if (info->members[i].nodeid == nodeid)
			return info->members[i].name;
	return "?";
}

int cman_fenced_last(const struct cman_info *info, struct cman_fence *ret, unsigned max, unsigned *ret_n,
		     struct clu_buf *errs)
{
	Hawser__FencedRequest req = HAWSER__FENCED_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	Hawser__FencedNews *news;
	int r;

	req.verb = (char *)"info";
	r = clu_client_once_pb("fenced", &req.base, CLU_CLIENT_DEADLINE_MS, &hawser__fenced_news__descriptor, &answer);
	if (r < 0 || !answer) {
		clu_client_explain("fenced", r, errs);
		return r < 0 ? r : -1;
	}
	news = (Hawser__FencedNews *)answer;
	*ret_n = 0;
	for (size_t i = 0; i < news->n_done && *ret_n < max; i++) {
		struct cman_fence *f = &ret[(*ret_n)++];

		f->nodeid = news->done[i]->nodeid;
		f->when = (time_t)(news->done[i]->wall_us / 1000000);
		snprintf(f->by, sizeof(f->by), "%.30s on %.28s", news->done[i]->how, name_of(info, news->done[i]->master));
	}
	protobuf_c_message_free_unpacked(answer, NULL);
	return 0;
}
