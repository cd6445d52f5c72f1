/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What members and clients say to the fence domain. The input is a list of
 * pieces: one byte of kind (message of node 2, of ourselves, snapshot, request),
 * one of length, the bytes. After each the core must also be able to tell.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clu_out.h"
#include "fenced_core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int find_agent(const char *name, const char *prefer, char *ret, unsigned size)
{
	(void)name;
	(void)prefer;
	(void)ret;
	(void)size;
	return -ENOENT;
}

static void step(struct fdom *d, struct clu_event *ev, struct clu_out *out)
{
	static uint64_t now;

	ev->now_ms = ++now;
	clu_out_reset(out);
	if (fdom_ops.step(d, ev, out) < 0)
		abort();
}

static void piece(struct fdom *d, struct clu_out *out, uint8_t kind, const uint8_t *data, size_t len)
{
	struct clu_event ev = { .type = CLU_EV_MESSAGE };

	switch (kind % 4) {
	case 0:
	case 1:
		ev.u.message = (struct clu_message){ kind % 4 ? 1 : 2, data, len };
		break;
	case 2:
		ev.type = CLU_EV_STATE;
		ev.u.state = (struct clu_message){ 2, data, len };
		break;
	default:
		ev.type = CLU_EV_REQUEST;
		ev.u.request = (struct clu_request){ .client = 1, .admin = true, .data = data, .len = len };
		break;
	}
	step(d, &ev, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct clu_member members[] = { { 1, 11, true }, { 2, 22, true } };
	struct fdom_options opt = { .post_join_delay_s = 0, .post_fail_delay_s = 0, .find_agent = find_agent };
	struct clu_event start = { .type = CLU_EV_START }, view = { .type = CLU_EV_VIEW }, quorum = { .type = CLU_EV_QUORUM };
	struct clu_buf b = CLU_BUF_INIT;
	struct clu_out *out = clu_out_new();
	struct fdom *d = fdom_new(&opt);
	uint32_t up[] = { 1, 2 };

	if (!out || !d)
		abort();
	start.u.start.nodeid = 1;
	view.u.view = (struct clu_view){ .members = members, .n_members = 2, .joined = members, .n_joined = 2, .first = true };
	quorum.u.quorum = (struct clu_quorum){ .quorate = true, .nodes = up, .n_nodes = 2 };
	step(d, &start, out);
	step(d, &view, out);
	step(d, &quorum, out);
	while (size >= 2) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;

		piece(d, out, data[0], data + 2, len);
		data += 2 + len;
		size -= 2 + len;
	}
	fdom_ops.dump(d, &b);
	if (fdom_ops.snapshot(d, &b) < 0)
		abort();
	(void)fdom_ops.deadline(d);
	clu_buf_free(&b);
	fdom_free(d);
	clu_out_free(out);
	return 0;
}
