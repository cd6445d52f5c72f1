/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "clu_log.h"
#include "clu_shell_priv.h"

#define SLOW_MS 200	/* a step that takes so long delays a failover */

struct clu_queued_event {
	struct clu_queued_event *next;
	struct clu_event ev;
	void *own;		/* what the event points to */
};

uint64_t clu_shell_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clu_shell_random(void)
{
	uint64_t v = 0;

	/* Fails only before the kernel's pool is filled, and then it waits. */
	while (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v) || !v)
		;
	return v;
}

/* ---- timers ---- */

void clu_shell_timer_drop(struct clu_shell *s, struct clu_shell_timer *t)
{
	if (t->set)
		(void)qb_loop_timer_del(s->loop, t->handle);
	t->set = false;
}

void clu_shell_timer_set(struct clu_shell *s, struct clu_shell_timer *t, uint64_t ms, void *data,
	qb_loop_timer_dispatch_fn fn)
{
	clu_shell_timer_drop(s, t);
	if (qb_loop_timer_add(s->loop, QB_LOOP_HIGH, ms ? ms * CLU_SHELL_NS_PER_MS : 1, data, fn, &t->handle) < 0) {
		clu_log(CLU_CRIT, "a timer could not be set (out of memory); free memory on this node");
		clu_shell_end(s, 1);
		return;
	}
	t->set = true;
}

static void on_timer(void *data);

static void arm(struct clu_shell *s)
{
	uint64_t at = s->d->ops->deadline ? s->d->ops->deadline(s->core) : CLU_NEVER, now = clu_shell_now_ms();

	if (s->ended || at == CLU_NEVER) {
		clu_shell_timer_drop(s, &s->timer);
		return;
	}
	if (s->timer.set && at == s->deadline)
		return;
	s->deadline = at;
	clu_shell_timer_set(s, &s->timer, at > now ? at - now : 0, s, on_timer);
}

static void on_timer(void *data)
{
	struct clu_shell *s = data;
	struct clu_event ev = { .type = CLU_EV_TIMER };

	s->timer.set = false;
	/* The loop counts in its own milliseconds: it may be a little early. */
	if (clu_shell_now_ms() < s->deadline)
		arm(s);
	else
		clu_shell_feed(s, &ev);
}

/* ---- actions ---- */

void clu_shell_end(struct clu_shell *s, int code)
{
	if (s->ended)
		return;
	s->ended = true;
	s->code = code;
	qb_loop_stop(s->loop);
}

static void send_to_group(struct clu_shell *s, const struct clu_action *a)
{
	int r = s->group ? clu_group_send(s->group, a->u.bytes.data, a->u.bytes.len) : -ENOTCONN;

	if (r == -ENOTCONN || r == -EMSGSIZE) {
		/* Not the end of the daemon: a core hears of corosync's end by an event, and gives up what it sent. */
		clu_log(CLU_ERR, "a message of %zu bytes to the group was dropped (%s); the daemon goes on",
			a->u.bytes.len, r == -EMSGSIZE ? "too large" : "no group");
	} else if (r == -ENOBUFS) {
		clu_shell_corosync_stuck(s);
	} else if (r < 0) {
		clu_log(CLU_CRIT, "a message to the group could not be kept (%s); the daemon ends", strerror(-r));
		clu_shell_end(s, 1);
	}
}

static void carry_out(struct clu_shell *s, const struct clu_action *a, uint64_t wall)
{
	int r = 0;

	switch (a->type) {
	case CLU_ACT_SEND:
		send_to_group(s, a);
		break;
	case CLU_ACT_REPLY:
		clu_ipc_server_reply(s->ipc, a->u.reply.client, a->u.reply.error, a->u.reply.data,
			a->u.reply.len);
		break;
	case CLU_ACT_NOTIFY:
		clu_ipc_server_notify(s->ipc, a->u.bytes.data, a->u.bytes.len);
		break;
	case CLU_ACT_RUN:
		clu_children_run(s->children, &a->u.run);
		break;
	case CLU_ACT_KILL:
		clu_children_kill(s->children, a->u.kill_id);
		break;
	case CLU_ACT_STORE:
		r = clu_shell_store(s, a->u.store.id, a->u.store.path, a->u.store.data, a->u.store.len,
			a->u.store.mode, true);
		break;
	case CLU_ACT_NOTE:
		clu_log_note(a, wall);
		break;
	case CLU_ACT_JOIN:
		clu_shell_cpg_join(s);
		break;
	case CLU_ACT_LEAVE:
		clu_shell_cpg_leave(s);
		break;
	case CLU_ACT_FENCE:
		clu_shell_fence(s, a->u.node.nodeid, a->u.node.why);
		break;
	case CLU_ACT_KILL_NODE:
		r = clu_shell_kill_node(s, a->u.node.nodeid, a->u.node.why);
		break;
	case CLU_ACT_CONFIG:
		(void)clu_shell_config(s, a->u.bytes.data, a->u.bytes.len, false);
		break;
	case CLU_ACT_DEVICE:
		s->d->device->act(s->device, a->u.device.what, a->u.device.id, a->u.device.data, a->u.device.len);
		break;
	case CLU_ACT_FATAL:
		clu_log(CLU_CRIT, "the daemon cannot go on: %s", a->u.fatal.why);
		clu_shell_end(s, a->u.fatal.code);
		break;
	case CLU_ACT_EXIT:
		clu_shell_end(s, 0);
		break;
	case CLU_NACTIONS:
		break;
	}
	if (r < 0) {
		clu_log(CLU_CRIT, "the daemon ends: an action could not be queued (%s); free memory on this node",
			strerror(-r));
		clu_shell_end(s, 1);
	}
}

/* ---- events ---- */

/* A copy that lives until its turn. Only events that an action can raise at once come here. */
static int copy_event(struct clu_queued_event *q, const struct clu_event *ev)
{
	q->ev = *ev;
	switch (ev->type) {
	case CLU_EV_CHILD:
		q->own = strdup(ev->u.child.tail ? ev->u.child.tail : "");
		q->ev.u.child.tail = q->own;
		return q->own ? 0 : -ENOMEM;
	case CLU_EV_VIEW:
		/* Only our own leave, which lists nobody. */
		return ev->u.view.n_members || ev->u.view.n_joined || ev->u.view.n_left ? -EDOM : 0;
	case CLU_EV_DEVICE:
		q->own = malloc(ev->u.device.len + 1);
		if (q->own && ev->u.device.len)
			memcpy(q->own, ev->u.device.data, ev->u.device.len);
		q->ev.u.device.data = q->own;
		return q->own ? 0 : -ENOMEM;
	case CLU_EV_STORED:
	case CLU_EV_CLIENT_GONE:
	case CLU_EV_TIMER:
	case CLU_EV_SHUTDOWN:
		return 0;
	case CLU_EV_START:
	case CLU_EV_QUORUM:
	case CLU_EV_MESSAGE:
	case CLU_EV_STATE:
	case CLU_EV_REQUEST:
	case CLU_EV_CONFIG:
	case CLU_EV_PEER:
	case CLU_NEVENTS:
		break;
	}
	return -EDOM;
}

static void enqueue(struct clu_shell *s, const struct clu_event *ev)
{
	struct clu_queued_event *q = calloc(1, sizeof(*q));
	int r = q ? copy_event(q, ev) : -ENOMEM;

	if (r < 0) {
		free(q);
		clu_log(CLU_CRIT, "the daemon ends: event %s could not be queued (%s); report this with the log",
			clu_event_name(ev->type), strerror(-r));
		clu_shell_end(s, 1);
		return;
	}
	*s->queue_end = q;
	s->queue_end = &q->next;
}

static void step(struct clu_shell *s, struct clu_event *ev)
{
	uint64_t took;
	int r;

	ev->now_ms = clu_shell_now_ms();
	ev->wall_us = wall_us();
	s->n_events[ev->type]++;
	clu_out_reset(s->out);
	r = s->d->ops->step(s->core, ev, s->out);
	if (!r)
		r = clu_out_error(s->out);
	if (r < 0) {
		clu_log(CLU_CRIT, "the daemon ends: event %s could not be handled (%s); free memory on this node",
			clu_event_name(ev->type), strerror(-r));
		clu_shell_end(s, 1);
		return;
	}
	for (unsigned i = 0; i < clu_out_count(s->out) && !s->ended; i++)
		carry_out(s, clu_out_get(s->out, i), ev->wall_us);
	took = clu_shell_now_ms() - ev->now_ms;
	if (took >= SLOW_MS)
		clu_log(CLU_WARNING, "event %s took %" PRIu64 " ms: this node is overloaded, or its disk or corosync "
			"holds the daemon up", clu_event_name(ev->type), took);
}

void clu_shell_feed(struct clu_shell *s, struct clu_event *ev)
{
	if (s->ended)
		return;
	if (s->stepping) {
		enqueue(s, ev);
		return;
	}
	s->stepping = true;
	step(s, ev);
	while (s->queue) {
		struct clu_queued_event *q = s->queue;

		s->queue = q->next;
		if (!s->queue)
			s->queue_end = &s->queue;
		if (!s->ended)
			step(s, &q->ev);
		free(q->own);
		free(q);
	}
	s->stepping = false;
	if (s->group && s->d->ops->weight)
		clu_group_weight(s->group, s->d->ops->weight(s->core));
	arm(s);
}

void clu_shell_device_said(struct clu_shell *s, const struct clu_device *d)
{
	struct clu_event ev = { .type = CLU_EV_DEVICE };

	ev.u.device = *d;
	clu_shell_feed(s, &ev);
}

/* ---- life ---- */

int clu_shell_run_init(struct clu_shell *s)
{
	s->queue_end = &s->queue;
	s->out = clu_out_new();
	return s->out ? 0 : -ENOMEM;
}

void clu_shell_run_fini(struct clu_shell *s)
{
	clu_shell_timer_drop(s, &s->timer);
	s->out = clu_out_free(s->out);
}

void clu_shell_dump(struct clu_shell *s, struct clu_buf *ret)
{
	s->d->ops->dump(s->core, ret);
}

void clu_shell_dump_self(struct clu_shell *s, struct clu_buf *ret)
{
	uint64_t now = clu_shell_now_ms();

	clu_buf_printf(ret, "daemon %s node %u name %s incarnation %016" PRIx64 "\n", s->d->ops->name, s->nodeid,
		s->node_name, s->incarnation);
	if (s->timer.set)
		clu_buf_printf(ret, "timer in %" PRId64 " ms\n", (int64_t)(s->deadline - now));
	clu_buf_printf(ret, "children %u\n", clu_children_count(s->children));
	clu_buf_printf(ret, "cpg open %d joined %d ring %u.%" PRIx64 " sent %" PRIu64 " received %" PRIu64
		" blocked %" PRIu64 " queued %u (at most %u)\n", s->cpg.open, s->cpg.joined, s->cpg.ring.rep,
		s->cpg.ring.seq, s->cpg.n_sent, s->cpg.n_received, s->cpg.n_blocked, s->cpg.n_queue,
		s->cpg.max_queue);
	for (int t = 0; t < CLU_NEVENTS; t++)
		clu_buf_printf(ret, "events %s %" PRIu64 "\n", clu_event_name((enum clu_event_type)t),
			s->n_events[t]);
	if (s->group)
		clu_group_dump(s->group, ret);
}
