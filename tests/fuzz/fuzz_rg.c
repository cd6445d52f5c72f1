/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other members, tools, fenced and agents hand to rgmanager's core. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "clu_out.h"
#include "rg_core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONF "<cluster name=\"a\" config_version=\"1\"><clusternodes><clusternode name=\"n1\" nodeid=\"1\"/>" \
	"<clusternode name=\"n2\" nodeid=\"2\"/></clusternodes><rm><service name=\"s\"><service name=\"t\"/></service></rm></cluster>"
#define AGENT "<resource-agent name=\"service\"><parameters><parameter name=\"name\" primary=\"1\"/></parameters><actions>" \
	"<action name=\"start\" timeout=\"5\"/><action name=\"stop\" timeout=\"5\"/><action name=\"status\" interval=\"1\"/>" \
	"</actions></resource-agent>"

static struct rg_meta *service;

static const struct rg_meta *lookup(void *ctx, const char *type, const char **why)
{
	(void)ctx;
	*why = "there is no such agent";
	return strcmp(type, "service") ? NULL : service;
}

struct node {
	struct rg *rg;
	struct clu_out *out;
	uint64_t now_ms;
};

/* Programs end well at once; our own messages are dropped: only node 2 speaks. */
static void step(struct node *n, struct clu_event *ev)
{
	uint64_t ended[256];
	unsigned n_ended = 0;

	ev->now_ms = n->now_ms;
	clu_out_reset(n->out);
	if (rg_ops.step(n->rg, ev, n->out) < 0)
		abort();
	for (unsigned i = 0; i < clu_out_count(n->out) && n_ended < 256; i++)
		if (clu_out_get(n->out, i)->type == CLU_ACT_RUN)
			ended[n_ended++] = clu_out_get(n->out, i)->u.run.id;
	for (unsigned i = 0; i < n_ended && n->now_ms < 100000; i++) {
		struct clu_event end = { .type = CLU_EV_CHILD };

		n->now_ms++;
		end.u.child.id = ended[i];
		end.u.child.tail = "";
		step(n, &end);
	}
}

static void begin(struct node *n)
{
	static const struct clu_member members[] = { { 1, 1, true }, { 2, 1, true } };
	static const uint32_t up[] = { 1, 2 };
	struct clu_event start = { .type = CLU_EV_START }, conf = { .type = CLU_EV_CONFIG };
	struct clu_event view = { .type = CLU_EV_VIEW }, quorum = { .type = CLU_EV_QUORUM };
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	start.u.start.nodeid = 1;
	start.u.start.node_name = "n1";
	step(n, &start);
	if (clu_conf_parse(CONF, strlen(CONF), "cluster.conf", &c, &errs) < 0)
		abort();
	conf.u.config.conf = c;
	conf.u.config.version = 1;
	step(n, &conf);
	clu_conf_unref(c);
	clu_buf_free(&errs);
	view.u.view.members = view.u.view.joined = members;
	view.u.view.n_members = view.u.view.n_joined = 2;
	view.u.view.first = true;
	step(n, &view);
	quorum.u.quorum.quorate = true;
	quorum.u.quorum.nodes = up;
	quorum.u.quorum.n_nodes = 2;
	step(n, &quorum);
}

static void hand_over(struct node *n, uint8_t kind, const uint8_t *data, size_t len, uint64_t client)
{
	static const enum clu_event_type types[] = { CLU_EV_MESSAGE, CLU_EV_MESSAGE, CLU_EV_REQUEST, CLU_EV_PEER, CLU_EV_STATE };
	struct clu_event ev = { .type = types[kind % 5] };

	n->now_ms += 700;
	switch (kind % 5) {
	case 2:
		ev.u.request.client = client;
		ev.u.request.admin = true;
		ev.u.request.data = data;
		ev.u.request.len = len;
		break;
	case 3:
		ev.u.peer.kind = CLU_PEER_FENCED;
		ev.u.peer.up = true;
		ev.u.peer.data = data;
		ev.u.peer.len = len;
		break;
	default:
		ev.u.message.from = 1 + kind % 2;
		ev.u.message.data = data;
		ev.u.message.len = len;
	}
	step(n, &ev);
}

/* Pieces of one kind byte, one length byte and that many bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rg_options opt = { .registry = { lookup, NULL } };
	struct node n = { .now_ms = 1 };
	struct clu_buf text = CLU_BUF_INIT;

	if (!service && rg_meta_parse(AGENT, strlen(AGENT), "/agent", &service, &text) < 0)
		abort();
	n.rg = rg_new(&opt);
	n.out = clu_out_new();
	if (n.rg && n.out) {
		begin(&n);
		for (size_t at = 0; at + 2 <= size;) {
			uint8_t kind = data[at];
			size_t len = data[at + 1];

			at += 2;
			if (len > size - at)
				len = size - at;
			hand_over(&n, kind, data + at, len, at);
			at += len;
		}
		rg_ops.dump(n.rg, &text);
		(void)rg_ops.snapshot(n.rg, &text);
	}
	clu_buf_free(&text);
	clu_out_free(n.out);
	rg_free(n.rg);
	return 0;
}
