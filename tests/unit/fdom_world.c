/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fdom_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int find_agent(const char *name, const char *prefer, char *ret, unsigned size)
{
	if (!strcmp(name, "fence_missing"))
		return -ENOENT;
	snprintf(ret, size, "%s/%s", prefer ? prefer : "/agents", name);
	return 0;
}

/* S3: never two agents at once for one victim among the members of a partition; none without quorum. */
static void check_agents(struct fw_world *w)
{
	for (unsigned v = 1; v <= w->count; v++) {
		unsigned running[FW_NODES + 2] = { 0 };

		for (unsigned i = 1; i <= w->count; i++) {
			struct fw_node *n = &w->n[i];

			for (unsigned j = 0; n->daemon && j < n->n_child; j++) {
				struct fw_child *c = &n->child[j];

				if (!c->alive || c->killed || c->victim != v || strstr(c->input, "action=on"))
					continue;
				assert_true(n->said_quorate);
				if (!w->lax)
					assert_int_equal(running[n->side]++, 0);
			}
		}
	}
}

static void on_deliver(void *ctx, struct clu_event *ev)
{
	fw_feed(ctx, ev);
}

static void on_mcast(void *ctx, const void *data, size_t len)
{
	struct fw_node *n = ctx;
	struct fw_packet *p = calloc(1, sizeof(*p));

	p->from = n->id;
	p->side = n->side;
	p->data = malloc(len);
	memcpy(p->data, data, len);
	p->len = len;
	*n->w->tail = p;
	n->w->tail = &p->next;
}

static int on_snapshot(void *ctx, struct clu_buf *ret)
{
	struct fw_node *n = ctx;

	return fdom_ops.snapshot(n->d, ret);
}

static void on_refused(void *ctx, const char *why)
{
	fail();
}

static void deliver_one(struct fw_world *w)
{
	struct fw_packet *p = w->head;

	w->head = p->next;
	if (!w->head)
		w->tail = &w->head;
	for (unsigned i = 1; i <= w->count; i++)
		if (w->n[i].daemon && w->n[i].side == p->side)
			assert_int_equal(clu_group_receive(w->n[i].g, p->from, p->data, p->len), 0);
	free(p->data);
	free(p);
}

static void stop_daemon(struct fw_world *w, uint32_t id);

static void power_off(struct fw_world *w, uint32_t id)
{
	w->n[id].up = false;
	w->how[id] = CLU_LEFT_NODE;
	if (w->n[id].daemon)
		stop_daemon(w, id);
	w->changed = true;
}

static bool agents_end(struct fw_world *w)
{
	for (unsigned i = 1; i <= w->count; i++) {
		struct fw_node *n = &w->n[i];

		for (unsigned j = 0; n->daemon && j < n->n_child; j++) {
			struct fw_child *c = &n->child[j];

			if (!c->alive || (w->agent == FW_HANG && (!c->killed || w->stubborn)))
				continue;
			if (w->power && !c->killed && w->agent == FW_OK && !strstr(c->input, "action=on"))
				power_off(w, c->victim);
			fw_child_event(w, n, c, w->agent == FW_OK ? 0 : 1, c->killed ? 15 : 0, "refused\n");
			return true;
		}
	}
	return false;
}

/* All admitted members of one side hold the same replicated state. */
static void check_equal(struct fw_world *w)
{
	char *first[FW_NODES + 2] = { NULL };

	for (unsigned i = 1; i <= w->count; i++) {
		struct fw_node *n = &w->n[i];
		struct clu_buf b = CLU_BUF_INIT;
		char *local;

		if (!n->daemon || !clu_group_is_admitted(n->g))
			continue;
		fdom_ops.dump(n->d, &b);
		local = strstr(b.data, "\nlocal ");
		assert_non_null(local);
		*local = '\0';
		if (!first[n->side])
			first[n->side] = strdup(b.data);
		else
			assert_string_equal(first[n->side], b.data);
		clu_buf_free(&b);
	}
	for (unsigned i = 0; i < FW_NODES + 2; i++)
		free(first[i]);
}

static void reap_exited(struct fw_world *w);

void fw_pump(struct fw_world *w)
{
	do {
		while (w->head) {
			deliver_one(w);
			check_agents(w);
		}
	} while (agents_end(w) || w->head);
	check_equal(w);
	reap_exited(w);
	if (w->changed) {
		w->changed = false;
		fw_change(w);
	}
}

void fw_quorum(struct fw_world *w)
{
	for (unsigned i = 1; i <= w->count; i++) {
		struct fw_node *n = &w->n[i];
		struct clu_quorum q = { .ring = { 1, w->ring } };
		uint32_t up[FW_NODES];
		unsigned n_up = 0;

		if (!n->daemon)
			continue;
		for (unsigned j = 1; j <= w->count; j++)
			if (w->n[j].up && w->n[j].side == n->side)
				up[n_up++] = j;
		n->said_quorate = n_up >= w->votes_needed;
		q.quorate = n->said_quorate;
		q.nodes = up;
		q.n_nodes = n_up;
		assert_int_equal(clu_group_quorum(n->g, &q), 0);
	}
	check_agents(w);
}

static void confchg(struct fw_world *w, struct fw_node *n)
{
	uint32_t now[FW_NODES], joined[FW_NODES];
	struct clu_member_left left[FW_NODES];
	struct clu_group_change c = { .ring = { 1, w->ring }, .members = now, .joined = joined, .left = left };

	for (unsigned i = 1; i <= w->count; i++) {
		bool in = w->n[i].daemon && w->n[i].side == n->side, was = false;

		for (unsigned j = 0; j < n->n_seen; j++)
			was |= n->seen[j] == i;
		if (in)
			now[c.n_members++] = i;
		if (in && !was)
			joined[c.n_joined++] = i;
		if (!in && was)
			left[c.n_left++] = (struct clu_member_left){ i,
				w->n[i].daemon ? CLU_LEFT_NODE : w->how[i] };
	}
	memcpy(n->seen, now, sizeof(now));
	n->n_seen = c.n_members;
	if (c.n_joined || c.n_left)
		assert_int_equal(clu_group_confchg(n->g, &c), 0);
}

void fw_change(struct fw_world *w)
{
	w->ring += 4;
	if (w->quorum_first && !w->no_quorum_event)
		fw_quorum(w);
	for (unsigned i = 1; i <= w->count; i++)
		if (w->n[i].daemon)
			confchg(w, &w->n[i]);
	check_agents(w);
	if (!w->quorum_first && !w->no_quorum_event)
		fw_quorum(w);
	fw_pump(w);
}

static void stop_daemon(struct fw_world *w, uint32_t id)
{
	struct fw_node *n = &w->n[id];
	struct fw_packet **p = &w->head;

	while (*p) {	/* what it had not sent out yet is lost with it */
		struct fw_packet *x = *p;

		if (x->from != id) {
			p = &x->next;
			continue;
		}
		*p = x->next;
		free(x->data);
		free(x);
	}
	w->tail = p;
	n->daemon = false;
	clu_group_free(n->g);
	fdom_free(n->d);
	n->g = NULL;
	n->d = NULL;
	for (unsigned i = 0; i < n->n_child; i++)
		n->child[i].alive = false;
	n->n_seen = 0;
	n->said_quorate = false;
}

static void reap_exited(struct fw_world *w)
{
	for (unsigned i = 1; i <= w->count; i++) {
		if (!w->n[i].daemon || !w->n[i].exited)
			continue;
		w->how[i] = CLU_LEFT_CLEAN;
		stop_daemon(w, i);
		fw_change(w);
	}
}

void fw_start_daemon(struct fw_world *w, uint32_t id)
{
	struct fw_node *n = &w->n[id];
	struct clu_group_host host = { .deliver = on_deliver, .mcast = on_mcast, .snapshot = on_snapshot,
		.refused = on_refused, .ctx = n };
	struct clu_event ev = { .type = CLU_EV_START };

	n->daemon = true;
	n->exited = n->fatal = false;
	n->incarnation = ++w->next_incarnation;
	n->d = fdom_new(&w->opt);
	n->g = clu_group_new(&host, id, n->incarnation, 1, 1);
	ev.u.start = (struct clu_start){ .nodeid = id, .node_name = "x", .incarnation = n->incarnation };
	fw_feed(n, &ev);
	if (w->conf) {
		ev = (struct clu_event){ .type = CLU_EV_CONFIG };
		ev.u.config = (struct clu_config){ .conf = w->conf, .version = 1 };
		fw_feed(n, &ev);
	}
	fw_change(w);
}

void fw_start(struct fw_world *w, uint32_t id)
{
	w->n[id].up = true;
	fw_start_daemon(w, id);
}

void fw_crash(struct fw_world *w, uint32_t id)
{
	power_off(w, id);
	w->changed = false;
	fw_change(w);
}

void fw_kill_daemon(struct fw_world *w, uint32_t id)
{
	w->how[id] = CLU_LEFT_PROCESS;
	stop_daemon(w, id);
	/* Only the group changes, not the ring: no QUORUM event comes of it. */
	for (unsigned i = 1; i <= w->count; i++)
		if (w->n[i].daemon)
			confchg(w, &w->n[i]);
	check_agents(w);
	fw_pump(w);
}

void fw_side(struct fw_world *w, uint32_t id, int side)
{
	w->n[id].side = side;
}

static uint64_t next_deadline(const struct fw_world *w, uint32_t *ret_id)
{
	uint64_t first = CLU_NEVER;

	for (unsigned i = 1; i <= w->count; i++) {
		uint64_t t = w->n[i].daemon ? fdom_ops.deadline(w->n[i].d) : CLU_NEVER;

		if (t < first) {
			first = t;
			*ret_id = i;
		}
	}
	return first;
}

void fw_advance(struct fw_world *w, uint64_t ms)
{
	uint64_t end = w->now_ms + ms, t;
	uint32_t id = 0;

	while ((t = next_deadline(w, &id)) <= end) {
		struct clu_event ev = { .type = CLU_EV_TIMER };

		if (t > w->now_ms)
			w->now_ms = t;
		fw_feed(&w->n[id], &ev);
		check_agents(w);
		fw_pump(w);
	}
	w->now_ms = end;
}

int fw_ask(struct fw_world *w, uint32_t id, const char *verb, uint32_t about, bool admin)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	struct fw_node *n = &w->n[id];
	struct clu_event ev = { .type = CLU_EV_REQUEST };
	uint64_t client = ++w->next_client;
	uint8_t bytes[256];

	q.verb = (char *)verb;
	q.nodeid = about;
	q.why = (char *)"test";
	if (about < sizeof(w->succeeded) / sizeof(w->succeeded[0]) &&
		(!strcmp(verb, "ack") || !strcmp(verb, "external")))
		w->succeeded[about]++;
	ev.u.request = (struct clu_request){ .client = client, .admin = admin, .data = bytes };
	ev.u.request.len = hawser__fenced_request__pack(&q, bytes);
	fw_feed(n, &ev);
	fw_pump(w);
	return n->replied == client ? n->reply_error : -EINPROGRESS;
}

struct fw_child *fw_child(struct fw_world *w, uint32_t id, uint32_t victim)
{
	struct fw_node *n = &w->n[id];

	for (unsigned i = 0; i < n->n_child; i++)
		if (n->child[i].alive && n->child[i].victim == victim)
			return &n->child[i];
	return NULL;
}

void fw_child_end(struct fw_world *w, uint32_t id, uint32_t victim, int exit_code, const char *tail)
{
	struct fw_child *c = fw_child(w, id, victim);

	assert_non_null(c);
	fw_child_event(w, &w->n[id], c, exit_code, 0, tail);
	fw_pump(w);
}

unsigned fw_started(const struct fw_world *w, uint32_t id, uint32_t victim)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n[id].n_child; i++)
		n += w->n[id].child[i].victim == victim;
	return n;
}

const Hawser__FencedVictim *fw_victim(struct fw_world *w, uint32_t id, uint32_t victim)
{
	assert_int_equal(fw_ask(w, id, "info", 0, false), 0);
	for (size_t i = 0; i < w->n[id].news->n_victims; i++)
		if (w->n[id].news->victims[i]->nodeid == victim)
			return w->n[id].news->victims[i];
	return NULL;
}

const Hawser__FencedDone *fw_last(struct fw_world *w, uint32_t id, uint32_t victim)
{
	assert_int_equal(fw_ask(w, id, "info", 0, false), 0);
	for (size_t i = 0; i < w->n[id].news->n_done; i++)
		if (w->n[id].news->done[i]->nodeid == victim)
			return w->n[id].news->done[i];
	return NULL;
}

bool fw_noted(const struct fw_world *w, uint32_t id, const char *text)
{
	return strstr(w->n[id].notes, text) != NULL;
}

void fw_init(struct fw_world *w, unsigned nodes, const char *fence_daemon_attrs)
{
	struct clu_buf xml = CLU_BUF_INIT, errs = CLU_BUF_INIT;

	memset(w, 0, sizeof(*w));
	w->count = nodes;
	w->votes_needed = nodes / 2 + 1;
	w->now_ms = 5000;
	w->ring = 4;
	w->tail = &w->head;
	w->opt = (struct fdom_options){ .post_join_delay_s = FDOM_UNSET, .post_fail_delay_s = FDOM_UNSET,
		.find_agent = find_agent };
	for (unsigned i = 1; i <= nodes; i++)
		w->n[i] = (struct fw_node){ .w = w, .id = i, .side = 0 };
	clu_buf_printf(&xml, "<cluster name='t' config_version='1'><fence_daemon %s/><clusternodes>", fence_daemon_attrs);
	for (unsigned i = 1; i <= nodes; i++)
		clu_buf_printf(&xml, "<clusternode name='n%u' nodeid='%u'><fence><method name='1'>"
			"<device name='d%u' port='%u'/></method><method name='2'><device name='second' port='%u'/>"
			"</method></fence></clusternode>", i, i, i, i, i);
	clu_buf_printf(&xml, "</clusternodes><fencedevices>");
	for (unsigned i = 1; i <= nodes; i++)
		clu_buf_printf(&xml, "<fencedevice name='d%u' agent='fence_one' passwd='secret'/>", i);
	clu_buf_printf(&xml, "<fencedevice name='second' agent='fence_two'/></fencedevices></cluster>");
	assert_int_equal(clu_conf_parse(xml.data, xml.len, "test.conf", &w->conf, &errs), 0);
	clu_buf_free(&xml);
	clu_buf_free(&errs);
}

void fw_done(struct fw_world *w)
{
	for (unsigned i = 1; i <= w->count; i++) {
		if (w->n[i].daemon)
			stop_daemon(w, i);
		if (w->n[i].news)
			hawser__fenced_news__free_unpacked(w->n[i].news, NULL);
	}
	while (w->head) {
		struct fw_packet *p = w->head;

		w->head = p->next;
		free(p->data);
		free(p);
	}
	clu_conf_unref(w->conf);
}

void fw_all_join(struct fw_world *w)
{
	for (unsigned i = 1; i <= w->count; i++)
		fw_start(w, i);
	for (unsigned i = 1; i <= w->count; i++)
		assert_int_equal(fw_ask(w, i, "join", 0, true), 0);
}

void fw_three(struct fw_world *w, const char *attrs)
{
	fw_init(w, 3, attrs);
	fw_all_join(w);
}
