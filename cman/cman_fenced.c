/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_fenced.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_client.h"
#include "fenced.pb-c.h"

static const char *name_of(const struct cman_info *info, uint32_t nodeid)
{
	for (unsigned i = 0; i < info->n_members; i++)
		if (info->members[i].nodeid == nodeid)
			return info->members[i].name;
	return "?";
}

/* The answer to "info"; free with protobuf_c_message_free_unpacked(&(*ret)->base, NULL). */
static int ask(Hawser__FencedNews **ret)
{
	Hawser__FencedRequest req = HAWSER__FENCED_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	int r;

	req.verb = (char *)"info";
	r = clu_client_once_pb("fenced", &req.base, CLU_CLIENT_DEADLINE_MS, &hawser__fenced_news__descriptor, &answer);
	if (r < 0 && answer)
		protobuf_c_message_free_unpacked(answer, NULL);
	else if (!r && !answer)
		r = -EPROTO;
	if (!r)
		*ret = (Hawser__FencedNews *)answer;
	return r;
}

bool cman_fenced_is_joined(int *ret_error)
{
	Hawser__FencedNews *news;
	bool joined;

	*ret_error = ask(&news);
	if (*ret_error < 0)
		return *ret_error != -ECONNREFUSED;
	joined = news->joined;
	protobuf_c_message_free_unpacked(&news->base, NULL);
	return joined;
}

void cman_fenced_state(char ret[16])
{
	Hawser__FencedNews *news;

	snprintf(ret, 16, "-");
	if (ask(&news) < 0)
		return;
	snprintf(ret, 16, "%.15s", news->wait_state);
	protobuf_c_message_free_unpacked(&news->base, NULL);
}

int cman_fenced_last(const struct cman_info *info, struct cman_fence *ret, unsigned max, unsigned *ret_n,
		     struct clu_buf *errs)
{
	Hawser__FencedNews *news;
	int r = ask(&news);

	if (r < 0) {
		clu_client_explain("fenced", r, errs);
		return r;
	}
	*ret_n = 0;
	for (size_t i = 0; i < news->n_done && *ret_n < max; i++) {
		const Hawser__FencedDone *done = news->done[i];
		struct cman_fence *f = &ret[*ret_n];

		if (!strcmp(done->how, "member"))
			continue;
		f->nodeid = done->nodeid;
		f->when = (time_t)(done->wall_us / 1000000);
		snprintf(f->by, sizeof(f->by), "%.30s on %.28s", done->how, name_of(info, done->master));
		(*ret_n)++;
	}
	protobuf_c_message_free_unpacked(&news->base, NULL);
	return 0;
}
