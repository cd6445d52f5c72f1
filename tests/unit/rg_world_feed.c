/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens in rgmanager's small world: boots, losses, fencing, quorum, requests; and looking at it. */
#include "rg_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void fence_news(struct world *w, unsigned to)
{
	Hawser__FencedNews news = HAWSER__FENCED_NEWS__INIT;
	Hawser__FencedDone done[W_NODES], *done_list[W_NODES];
	Hawser__FencedVictim vic[W_NODES], *vic_list[W_NODES];
	struct clu_event ev = { .type = CLU_EV_PEER };
	uint32_t members[W_NODES];
	uint8_t bytes[1024];

	news.joined = !w->outside;
	news.members = members;
	news.done = done_list;
	news.victims = vic_list;
	for (unsigned n = 1; n <= W_NODES; n++) {
		if (!((w->victims | w->strangers) & 1u << n))
			members[news.n_members++] = n;
		if (w->done_seq[n]) {
			hawser__fenced_done__init(&done[n - 1]);
			done[n - 1].nodeid = n;
			done[n - 1].seq = w->done_seq[n];
			done[n - 1].how = w->done_how[n];
			done[n - 1].standing = strcmp(w->done_how[n], "member") != 0 && !(w->back & 1u << n);
			done_list[news.n_done++] = &done[n - 1];
		}
		if (w->victims & 1u << n) {
			hawser__fenced_victim__init(&vic[n - 1]);
			vic[n - 1].nodeid = n;
			vic[n - 1].why = (char *)"its BMC says: wrong password";
			vic[n - 1].remedy = (char *)"fence_ack_manual n1";
			vic_list[news.n_victims++] = &vic[n - 1];
		}
	}
	ev.u.peer.kind = CLU_PEER_FENCED;
	ev.u.peer.up = true;
	ev.u.peer.data = bytes;
	ev.u.peer.len = hawser__fenced_news__pack(&news, bytes);
	w_step(w, to, &ev);
}

static void fence_news_all(struct world *w)
{
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->core[n])
			fence_news(w, n);
}

static void tell_quorum(struct world *w, unsigned to, bool quorate)
{
	struct clu_event ev = { .type = CLU_EV_QUORUM };
	uint32_t up[W_NODES];

	ev.u.quorum.quorate = quorate;
	ev.u.quorum.nodes = up;
	ev.u.quorum.ring.seq = 1;
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			up[ev.u.quorum.n_nodes++] = n;
	w_step(w, to, &ev);
}

void w_quorum(struct world *w, unsigned node, bool quorate)
{
	tell_quorum(w, node, quorate);
}

static void tell_view(struct world *w, unsigned to, unsigned joined, unsigned left, enum clu_left how, bool fresh, bool first)
{
	struct clu_event ev = { .type = CLU_EV_VIEW };
	struct clu_member members[W_NODES], j = { joined, 1, fresh };
	struct clu_member_left l = { left, how };

	ev.u.view.members = members;
	ev.u.view.ring.seq = 1;
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			members[ev.u.view.n_members++] = (struct clu_member){ n, 1, true };
	ev.u.view.joined = &j;
	ev.u.view.n_joined = joined != 0;
	ev.u.view.left = &l;
	ev.u.view.n_left = left != 0;
	ev.u.view.first = first;
	w_step(w, to, &ev);
}

static void give_config(struct world *w, unsigned node)
{
	struct clu_event ev = { .type = CLU_EV_CONFIG };
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	if (clu_conf_parse(w->conf_text, strlen(w->conf_text), "cluster.conf", &c, &errs) < 0)
		fail_msg("%s", clu_buf_text(&errs));
	clu_buf_free(&errs);
	ev.u.config.conf = c;
	ev.u.config.version = clu_conf_version(c);
	w_step(w, node, &ev);
	clu_conf_unref(c);
}

void w_boot(struct world *w, unsigned node)
{
	struct rg_options opt = { .no_init_stop = w->no_init_stop, .registry = w_registry(), .left_path = "/left",
		.left = w->left[node].data, .left_len = w->left[node].len };
	struct clu_event ev = { .type = CLU_EV_START };
	char name[8];
	unsigned donor = 0;

	w_run(w);
	for (unsigned n = W_NODES; n; n--)
		donor = w->alive[n] ? n : donor;
	w->core[node] = rg_new(&opt);
	w->exited[node] = w->fatal[node] = false;
	snprintf(name, sizeof(name), "n%u", node);
	ev.u.start.nodeid = node;
	ev.u.start.node_name = name;
	ev.u.start.seed = node;
	w_step(w, node, &ev);
	give_config(w, node);
	fence_news(w, node);
	w->alive[node] = true;
	if (donor) {
		struct clu_buf snap = CLU_BUF_INIT;
		struct clu_event st = { .type = CLU_EV_STATE };

		assert_int_equal(rg_ops.snapshot(w->core[donor], &snap), 0);
		st.u.state.from = donor;
		st.u.state.data = snap.data;
		st.u.state.len = snap.len;
		w_step(w, node, &st);
		clu_buf_free(&snap);
	}
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			tell_view(w, n, node, 0, 0, true, n == node);
}

void w_up(struct world *w, unsigned n)
{
	w_boot(w, n);
	w_quorum(w, n, true);
	w_run(w);
}

void w_boot_all(struct world *w, unsigned count)
{
	for (unsigned n = 1; n <= count; n++)
		w_boot(w, n);
	for (unsigned n = 1; n <= count; n++)
		tell_quorum(w, n, true);
	w_run(w);
}

static void gone(struct world *w, unsigned node, enum clu_left how)
{
	w->alive[node] = false;
	w->store[node].under_way = false;
	w->core[node] = rg_free(w->core[node]);
	for (unsigned i = 0; i < w->n_child;) {
		if (w->child[i].node == node)
			memmove(&w->child[i], &w->child[i + 1], (--w->n_child - i) * sizeof(w->child[0]));
		else
			i++;
	}
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			tell_view(w, n, 0, node, how, true, false);
}

/* What it ran goes on until it is fenced. */
void w_crash(struct world *w, unsigned node)
{
	gone(w, node, CLU_LEFT_NODE);
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			tell_quorum(w, n, true);
	w_run(w);
}

void w_process_dies(struct world *w, unsigned node)
{
	gone(w, node, CLU_LEFT_PROCESS);
	w_run(w);
}

void w_ends(struct world *w, unsigned node)
{
	struct clu_event ev = { .type = CLU_EV_SHUTDOWN };

	w_step(w, node, &ev);
	w_run(w);
	assert_true(w->exited[node]);
	assert_false(w->fatal[node]);
	gone(w, node, CLU_LEFT_CLEAN);
	w_run(w);
}

void w_fenced(struct world *w, unsigned node, const char *how)
{
	w->n_active[node] = 0;
	w->done_seq[node] = ++w->fence_seq;
	snprintf(w->done_how[node], sizeof(w->done_how[0]), "%s", how);
	w->victims &= ~(1u << node);
	fence_news_all(w);
	w_run(w);
}

void w_victim(struct world *w, unsigned node)
{
	w->victims |= 1u << node;
	fence_news_all(w);
	w_run(w);
}

void w_config(struct world *w, const char *conf_text)
{
	w->conf_text = conf_text;
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			give_config(w, n);
	w_run(w);
}

void w_fail(struct world *w, const char *what)
{
	snprintf(w->fails[w->n_fails++], 96, "%s", what);
}

void w_unfail(struct world *w)
{
	w->n_fails = 0;
}

void w_time(struct world *w, uint64_t ms)
{
	uint64_t end = w->now_ms + ms;

	while (w->now_ms < end) {
		uint64_t next = end;

		for (unsigned n = 1; n <= W_NODES; n++)
			if (w->core[n] && rg_ops.deadline(w->core[n]) < next)
				next = rg_ops.deadline(w->core[n]);
		w->now_ms = next > w->now_ms ? next : w->now_ms + 1;
		for (unsigned n = 1; n <= W_NODES; n++)
			if (w->core[n] && rg_ops.deadline(w->core[n]) <= w->now_ms) {
				struct clu_event ev = { .type = CLU_EV_TIMER };

				w_step(w, n, &ev);
			}
		w_run(w);
	}
}

static int request(struct world *w, unsigned node, const Hawser__RgRequest *q, uint64_t client)
{
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	uint8_t bytes[256];

	ev.u.request.client = client;
	ev.u.request.admin = true;
	ev.u.request.data = bytes;
	ev.u.request.len = hawser__rg_request__pack(q, bytes);
	w_step(w, node, &ev);
	for (unsigned i = w->n_reply; i--;)
		if (w->reply[i].client == client)
			return (int)i;
	return -1;
}

/* The handle is the ticket with the node in the top byte, or the code of an immediate refusal. */
uint64_t w_op(struct world *w, unsigned node, const char *op, const char *svc, unsigned target)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	int at;

	q.verb = (char *)"op";
	q.op = (char *)op;
	q.svc = (char *)svc;
	q.target = target;
	at = request(w, node, &q, w->next_client++);
	assert_true(at >= 0);
	if (w->reply[at].a->done)
		return (uint64_t)(uint32_t)(-w->reply[at].a->code) | 1ull << 63;
	w_run(w);
	return w->reply[at].a->ticket | (uint64_t)node << 56;
}

static const Hawser__RgAnswer *ask(struct world *w, uint64_t handle)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	uint64_t client = w->next_client++;
	int at;

	q.verb = (char *)"wait";
	q.ticket = handle & 0xffffffffffffffull;
	at = request(w, handle >> 56 & 0x7f, &q, client);
	if (at < 0)
		w_time(w, RG_WAIT_MS);
	for (unsigned i = w->n_reply; i--;)
		if (w->reply[i].client == client)
			return w->reply[i].a;
	fail_msg("S6: a wait was not answered");
	return NULL;
}

int w_result(struct world *w, uint64_t handle)
{
	const Hawser__RgAnswer *a;

	if (handle >> 63)
		return -(int)(uint32_t)handle;
	a = ask(w, handle);
	if (!a->done)
		fail_msg("the operation has not ended:\n%s", clu_buf_text(&w->log));
	return a->code;
}

bool w_pending(struct world *w, uint64_t handle)
{
	return !(handle >> 63) && !ask(w, handle)->done;
}

struct rg_svc *w_svc(struct world *w, unsigned node, const char *name)
{
	struct rg_svc *s = rg_svc_find(w->core[node], name);

	if (!s)
		fail_msg("n%u does not know %s", node, name);
	return s;
}

void w_same(struct world *w)
{
	struct clu_buf first = CLU_BUF_INIT;

	for (unsigned n = 1; n <= W_NODES; n++) {
		struct clu_buf b = CLU_BUF_INIT;

		if (!w->alive[n])
			continue;
		assert_int_equal(rg_ops.snapshot(w->core[n], &b), 0);
		if (!first.len) {
			first = b;
			continue;
		}
		if (first.len != b.len || memcmp(first.data, b.data, b.len) != 0)
			fail_msg("n%u holds other state", n);
		clu_buf_free(&b);
	}
	clu_buf_free(&first);
}

void w_expect(struct world *w, const char *svc, enum rg_state state, uint32_t owner)
{
	w_same(w);
	for (unsigned n = 1; n <= W_NODES; n++) {
		struct rg_svc *s;

		if (!w->alive[n])
			continue;
		s = w_svc(w, n, svc);
		if (s->state != state || s->owner != owner)
			fail_msg("n%u: %s is %s on %u (%s)\n%s", n, svc, rg_state_name(s->state), s->owner, s->why,
				clu_buf_text(&w->log));
	}
}

struct world *w_frozen(unsigned nodes)
{
	struct world *w = w_new(ONE("domain=\"d\""));

	w_boot_all(w, nodes);
	assert_int_equal(w_result(w, w_op(w, 1, "freeze", WEB, 0)), RG_ESUCCESS);
	w_log_reset(w);
	return w;
}

bool w_noted(const struct world *w, unsigned node, const char *line)
{
	return strstr(clu_buf_text(&w->left[node]), line) != NULL;
}

void w_note(struct world *w, unsigned node, const char *text)
{
	clu_buf_free(&w->left[node]);
	clu_buf_str(&w->left[node], text);
}

bool w_logged(const struct world *w, const char *text)
{
	return strstr(clu_buf_text(&w->log), text) != NULL;
}

void w_log_reset(struct world *w)
{
	clu_buf_free(&w->log);
}

void w_say(struct world *w, uint32_t from, Hawser__RgMessage *m)
{
	struct clu_event ev = { .type = CLU_EV_MESSAGE };
	uint8_t bytes[256];

	ev.u.message.from = from;
	ev.u.message.data = bytes;
	ev.u.message.len = hawser__rg_message__pack(m, bytes);
	for (unsigned n = 1; n <= W_NODES; n++)
		if (w->alive[n])
			w_step(w, n, &ev);
	w_run(w);
}
