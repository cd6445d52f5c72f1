/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <corosync/cpg.h>

#include "cman_call.h"
#include "cmanport.pb-c.h"
#include "libcman_ports.h"
#include "libcman_priv.h"

#define GROUP "hawser:cman"
#define MAX_MESSAGE (CMAN_MAX_DATA_LEN + 128)

struct lcm_post {
	struct lcm_engine *e;
	cpg_handle_t cpg;
	int fd;
	bool open, joined;
	bool tell_state;	/* somebody has come who does not know our ports yet */
	unsigned n_states;	/* states of our own that have come back */
	unsigned n_sent;
	struct lcm_ports ports;
};

static void on_port(void *ctx, bool opened, uint8_t port)
{
	struct lcm_post *p = ctx;
	const struct lcm_item item = { .kind = LCM_EVENT, .arg = port,
				       .reason = opened ? CMAN_REASON_PORTOPENED : CMAN_REASON_PORTCLOSED };

	lcm_lock(p->e);
	for (struct lcm_handle *h = lcm_first(p->e); h; h = h->next)
		if (h->on_event)
			lcm_push(h, &item);
	lcm_unlock(p->e);
}

struct lcm_post *lcm_post_new(struct lcm_engine *e)
{
	struct lcm_post *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->e = e;
	lcm_ports_init(&p->ports, on_port, p);
	return p;
}

void lcm_post_free(struct lcm_post *p)
{
	if (!p)
		return;
	if (p->open) {
		(void)cpg_finalize(p->cpg);
		lcm_line_open(p->e, LCM_CPG, -1);
	}
	free(p);
}

/* ---- what comes in ---- */

static struct lcm_post *post_of(cpg_handle_t cpg)
{
	void *ctx = NULL;

	return cpg_context_get(cpg, &ctx) == CS_OK ? ctx : NULL;
}

static void take_letter(struct lcm_post *p, uint32_t from, const Hawser__CmanPort *m)
{
	struct lcm_item item = { .kind = LCM_DATA, .nodeid = (int)from, .port = (uint8_t)m->from_port,
				 .len = m->data.len };

	if (!m->to_port || m->to_port > 255 || m->data.len > CMAN_MAX_DATA_LEN ||
	    (m->to_node && m->to_node != lcm_watch_own_id(lcm_watch_of(p->e))))
		return;
	if (item.len)
		memcpy(item.data, m->data.data, item.len);
	lcm_lock(p->e);
	for (struct lcm_handle *h = lcm_first(p->e); h; h = h->next)
		if (h->port == m->to_port)
			lcm_push(h, &item);
	lcm_unlock(p->e);
}

static void on_message(cpg_handle_t cpg, const struct cpg_name *group, uint32_t nodeid, uint32_t pid, void *data,
		       size_t len)
{
	struct lcm_post *p = post_of(cpg);
	Hawser__CmanPort *m = len <= MAX_MESSAGE ? hawser__cman_port__unpack(NULL, len, data) : NULL;

	if (p && m && !m->state)
		take_letter(p, nodeid, m);
	if (p && m && m->state && m->ports.len == LCM_PORT_BYTES) {
		lcm_ports_state(&p->ports, nodeid, pid, m->ports.data);
		if (nodeid == lcm_watch_own_id(lcm_watch_of(p->e)) && pid == (uint32_t)getpid())
			p->n_states++;
	}
	if (m)
		hawser__cman_port__free_unpacked(m, NULL);
}

static void on_view(cpg_handle_t cpg, const struct cpg_name *group, const struct cpg_address *members, size_t n_members,
		    const struct cpg_address *left, size_t n_left, const struct cpg_address *joined, size_t n_joined)
{
	struct lcm_process now[LCM_MAX_PEERS];
	struct lcm_post *p = post_of(cpg);
	unsigned n = n_members < LCM_MAX_PEERS ? (unsigned)n_members : LCM_MAX_PEERS;

	if (!p)
		return;
	for (unsigned i = 0; i < n; i++) {
		now[i] = (struct lcm_process){ members[i].nodeid, members[i].pid };
		if (members[i].pid == (uint32_t)getpid() &&
		    members[i].nodeid == lcm_watch_own_id(lcm_watch_of(p->e)))
			p->joined = true;
	}
	lcm_ports_view(&p->ports, now, n);
	p->tell_state = p->tell_state || n_joined;
}

/* ---- what goes out ---- */

/* Until corosync has taken it. */
static int post(struct lcm_post *p, const Hawser__CmanPort *m, uint64_t until_ms)
{
	uint8_t bytes[MAX_MESSAGE];
	struct iovec iov = { .iov_base = bytes };
	cs_error_t e;

	if (hawser__cman_port__get_packed_size(m) > sizeof(bytes))
		return -EMSGSIZE;
	iov.iov_len = hawser__cman_port__pack(m, bytes);
	while ((e = cpg_mcast_joined(p->cpg, CPG_TYPE_AGREED, &iov, 1)) == CS_ERR_TRY_AGAIN) {
		if (cman_now_ms() >= until_ms)
			return -EAGAIN;
		cman_call_pause();
	}
	return cman_call_errno(e);
}

static int post_state(struct lcm_post *p, uint64_t until_ms)
{
	Hawser__CmanPort m = HAWSER__CMAN_PORT__INIT;
	uint8_t ports[LCM_PORT_BYTES] = { 0 };
	int r;

	lcm_lock(p->e);
	for (struct lcm_handle *h = lcm_first(p->e); h; h = h->next)
		if (h->port)
			lcm_port_set(ports, h->port, true);
	lcm_unlock(p->e);
	m.state = true;
	m.ports.data = ports;
	m.ports.len = sizeof(ports);
	p->tell_state = false;
	r = post(p, &m, until_ms);
	if (!r)
		p->n_sent++;
	else
		p->tell_state = true;	/* with the next message that goes out */
	return r;
}

static int take_all(struct lcm_post *p)
{
	cs_error_t e = cpg_dispatch(p->cpg, CS_DISPATCH_ALL);

	return e == CS_ERR_TRY_AGAIN ? 0 : cman_call_errno(e);
}

bool lcm_post_is_behind(const struct lcm_post *p)
{
	return p->joined && p->tell_state;
}

int lcm_post_dispatch(struct lcm_post *p)
{
	int r = take_all(p);

	if (!r && lcm_post_is_behind(p)) {
		r = post_state(p, cman_now_ms() + LCM_CALL_MS / 2);
		if (r == -EAGAIN)
			r = 0;
	}
	return r;
}

/* Takes what comes until the last state that we sent is among it. */
static int wait_sent(struct lcm_post *p, uint64_t until_ms)
{
	int r = 0;

	while (!r && p->n_states < p->n_sent) {
		struct pollfd fd = { .fd = p->fd, .events = POLLIN };
		uint64_t now = cman_now_ms();

		if (now >= until_ms)
			return -ETIMEDOUT;
		if (poll(&fd, 1, (int)(until_ms - now)) > 0)
			r = take_all(p);
	}
	if (r == -ENOTCONN)
		lcm_lost(p->e);
	return r == -ENOTCONN ? -EHOSTDOWN : r;
}

static int join_group(struct lcm_post *p, uint64_t until_ms)
{
	cpg_callbacks_t callbacks = { .cpg_deliver_fn = on_message, .cpg_confchg_fn = on_view };
	struct cpg_name name = { .length = sizeof(GROUP) - 1, .value = GROUP };
	cs_error_t e = CS_OK;

	do {
		if (!p->open) {
			e = cpg_initialize(&p->cpg, &callbacks);
			p->open = e == CS_OK;
		}
		if (e == CS_OK)
			e = cpg_join(p->cpg, &name);
		if (e == CS_ERR_TRY_AGAIN)
			cman_call_pause();
	} while (e == CS_ERR_TRY_AGAIN && cman_now_ms() < until_ms);
	if (e == CS_OK)
		e = cpg_context_set(p->cpg, p);
	if (e == CS_OK)
		e = cpg_fd_get(p->cpg, &p->fd);
	if (e == CS_OK) {
		lcm_line_open(p->e, LCM_CPG, p->fd);
	} else if (p->open) {
		(void)cpg_finalize(p->cpg);
		p->open = false;
	}
	return cman_call_errno(e);
}

int lcm_post_join(struct lcm_post *p, uint64_t until_ms)
{
	int r = p->open ? 0 : join_group(p, until_ms);

	if (r || p->joined)
		return r;
	/* When our own state has come back we have seen the view that we are in, and all have heard us. */
	r = post_state(p, until_ms);
	return r ? r : wait_sent(p, until_ms);
}

/* ---- jobs ---- */

int lcm_job_ports(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct lcm_post *p = lcm_post_of(e);
	int r = lcm_post_join(p, until_ms);

	if (!r)
		r = post_state(p, until_ms);
	return r ? r : wait_sent(p, until_ms);
}

int lcm_job_send(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct lcm_post *p = lcm_post_of(e);
	struct lcm_letter *l = data;
	Hawser__CmanPort m = HAWSER__CMAN_PORT__INIT;
	int r = lcm_post_join(p, until_ms);

	m.from_port = l->from_port;
	m.to_port = l->to_port;
	m.to_node = l->to_node;
	m.data.data = (uint8_t *)l->data;
	m.data.len = l->len;
	return r ? r : post(p, &m, until_ms);
}

int lcm_job_listening(struct lcm_engine *e, uint64_t id, void *data, uint64_t until_ms)
{
	struct lcm_post *p = lcm_post_of(e);
	const struct lcm_listening *l = data;
	int r = lcm_post_join(p, until_ms);

	/* Each of the others answers our coming; one that is stopped does not. */
	while (!r && (r = lcm_ports_is_open(&p->ports, l->nodeid, l->port)) == -EAGAIN) {
		struct pollfd fd = { .fd = p->fd, .events = POLLIN };
		uint64_t now = cman_now_ms();

		if (now + LCM_CALL_MS / 4 >= until_ms)
			return -EBUSY;
		r = poll(&fd, 1, (int)(until_ms - LCM_CALL_MS / 4 - now)) > 0 ? lcm_post_dispatch(p) : 0;
	}
	return r;
}
