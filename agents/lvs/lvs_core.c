/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_core_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS 30000
#define RAMP_MS 20000		/* lvs.md 5.5: a weight step about every 20 s */

static const char *const state_names[LVS_NRSSTATES] = { "trusted", "new", "up", "down" };

/* Bit n: may move to state n. */
static const unsigned legal[LVS_NRSSTATES] = {
	[LVS_RS_TRUSTED] = 1u << LVS_RS_UP | 1u << LVS_RS_DOWN,
	[LVS_RS_NEW] = 1u << LVS_RS_UP | 1u << LVS_RS_DOWN,
	[LVS_RS_UP] = 1u << LVS_RS_DOWN,
	[LVS_RS_DOWN] = 1u << LVS_RS_UP,
};

struct lvs_core *lvs_core_new(void)
{
	return calloc(1, sizeof(struct lvs_core));
}

static struct lvs_virt *virts_free(struct lvs_virt *virts, unsigned n)
{
	for (unsigned i = 0; virts && i < n; i++)
		free(virts[i].reals);
	free(virts);
	return NULL;
}

struct lvs_core *lvs_core_free(struct lvs_core *c)
{
	if (!c)
		return NULL;
	virts_free(c->virts, c->conf ? c->conf->n_virtuals : 0);
	lvs_conf_free(c->conf);
	lvs_table_done(&c->have);
	lvs_table_done(&c->want);
	free(c);
	return NULL;
}

static struct lvs_action *action(struct lvs_actions *a, enum lvs_action_type type)
{
	if (a->n == a->cap) {
		unsigned cap = a->cap ? a->cap * 2 : 16;
		struct lvs_action *p = realloc(a->list, cap * sizeof(*p));

		if (!p)
			return NULL;
		a->list = p;
		a->cap = cap;
	}
	a->list[a->n] = (struct lvs_action){ .type = type };
	return &a->list[a->n++];
}

/* The only writer of a real server's state. */
static void set_state(struct lvs_core *c, struct lvs_real *r, const struct lvs_virtual *v, const struct lvs_server *s, enum lvs_rs_state to,
	const struct lvs_event *ev, const char *why, struct clu_out *notes)
{
	char object[2 * LVS_NAME_MAX + LVS_ADDR_TEXT + 8];
	char text[LVS_ADDR_TEXT];

	assert(legal[r->state] & 1u << to);
	snprintf(object, sizeof(object), "%s/%s %s", v->name, s->name, lvs_addr_port_text(&s->addr, s->port, text));
	clu_out_note(notes, to == LVS_RS_DOWN ? CLU_WARNING : CLU_NOTICE, "lvs.real", object, state_names[r->state],
		state_names[to], why, "weight=%u", to == LVS_RS_DOWN ? 0 : r->weight);
	r->state = to;
	r->since_wall_ms = ev->wall_ms;
	c->dirty = true;
}

/* Brings the wanted table up to date and asks for it to be applied when it is not what is there. */
static int refresh(struct lvs_core *c, const struct lvs_event *ev, struct lvs_actions *ret)
{
	struct lvs_table t;

	if (c->dirty) {
		if (lvs_core_build_want(c, &t) < 0)
			return -ENOMEM;
		lvs_table_done(&c->want);
		c->want = t;
		c->dirty = false;
	}
	if (c->applying || (c->retry_ms && ev->now_ms < c->retry_ms) || lvs_table_equal(&c->have, &c->want))
		return 0;
	if (!action(ret, LVS_ACT_APPLY))
		return -ENOMEM;
	c->applying = true;
	return 0;
}

/* ------------------------------------------------------------------ events */

static void start_due(struct lvs_core *c, const struct lvs_event *ev, struct lvs_actions *ret)
{
	for (unsigned i = 0; i < c->conf->n_virtuals; i++) {
		const struct lvs_virtual *v = &c->conf->virtuals[i];

		for (unsigned k = 0; k < v->n_servers; k++) {
			struct lvs_real *r = &c->virts[i].reals[k];
			struct lvs_action *a;

			if (!r->used || r->running || ev->now_ms < r->next_ms || c->n_running >= LVS_MAX_RUNNING)
				continue;
			a = action(ret, LVS_ACT_CHECK);
			if (!a)
				return;
			a->id = r->id;
			a->spec = &v->check;
			a->addr = v->servers[k].addr;
			a->port = v->servers[k].port;
			r->running = true;
			c->n_running++;
		}
	}
}

static struct lvs_real *find_old(const struct lvs_core *c, const struct lvs_virtual *v, const struct lvs_server *s,
	const struct lvs_virtual **ret_v, const struct lvs_server **ret_s)
{
	for (unsigned i = 0; c->conf && i < c->conf->n_virtuals; i++) {
		const struct lvs_virtual *o = &c->conf->virtuals[i];

		/* Blocks of one mark are told apart by their own port, which is what is checked. */
		if (!o->active || !lvs_core_same_service(o, v) || (v->fwmark && o->port != v->port))
			continue;
		for (unsigned k = 0; k < o->n_servers; k++) {
			struct lvs_real *r = &c->virts[i].reals[k];

			if (r->used && !lvs_addr_cmp(&o->servers[k].addr, &s->addr) && o->servers[k].port == s->port) {
				*ret_v = o;
				*ret_s = &o->servers[k];
				return r;
			}
		}
	}
	return NULL;
}

static bool same_check(const struct lvs_check_spec *a, const struct lvs_check_spec *b)
{
	return a->udp == b->udp && a->timeout_s == b->timeout_s && a->reentry_s == b->reentry_s &&
		a->has_send == b->has_send && a->send_len == b->send_len && !memcmp(a->send, b->send, a->send_len) &&
		a->has_expect == b->has_expect && a->expect_len == b->expect_len &&
		!memcmp(a->expect, b->expect, a->expect_len) && a->use_regex == b->use_regex &&
		!strcmp(a->program, b->program);
}

/* State of a server that was there before lives on; only a changed check begins anew. */
static void adopt(struct lvs_real *r, struct lvs_real *old, const struct lvs_virtual *v, const struct lvs_server *s,
	const struct lvs_virtual *old_v, const struct lvs_server *old_s, const struct lvs_event *ev)
{
	bool full = old->weight >= old_s->weight;
	uint64_t id = r->id;

	*r = *old;
	r->weight = full || s->weight < old->weight ? s->weight : old->weight;
	if (same_check(&v->check, &old_v->check)) {
		old->running = false;	/* taken over: not to be cancelled with the old ones */
		return;
	}
	r->id = id;
	r->running = false;
	r->next_ms = ev->now_ms;
}

/*
 * The check that runs for an adopted server points into the old configuration:
 * it is the shell's copy that counts, `spec` is good until this event only.
 */
static int on_config(struct lvs_core *c, const struct lvs_event *ev, struct lvs_actions *ret, struct clu_out *notes)
{
	struct lvs_conf *conf = ev->u.conf;
	struct lvs_virt *virts = calloc(conf->n_virtuals ? conf->n_virtuals : 1, sizeof(*virts));
	bool first = !c->conf;

	for (unsigned i = 0; virts && i < conf->n_virtuals; i++) {
		unsigned n = conf->virtuals[i].n_servers;

		virts[i].reals = calloc(n ? n : 1, sizeof(struct lvs_real));
		if (!virts[i].reals)
			virts = virts_free(virts, i);
	}
	if (!virts) {
		lvs_conf_free(conf);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < conf->n_virtuals; i++) {
		const struct lvs_virtual *v = &conf->virtuals[i];

		for (unsigned k = 0; k < v->n_servers; k++) {
			const struct lvs_server *s = &v->servers[k];
			struct lvs_real *r = &virts[i].reals[k];
			const struct lvs_virtual *old_v;
			const struct lvs_server *old_s;
			struct lvs_real *old;

			if (!v->active || !s->active)
				continue;
			*r = (struct lvs_real){ .used = true, .id = ++c->next_id, .next_ms = ev->now_ms,
				.state = first ? LVS_RS_TRUSTED : LVS_RS_NEW, .weight = s->weight,
				/* 5.4: the counter starts at the threshold, so the first success counts. */
				.okcount = v->check.reentry_s / v->check.timeout_s, .since_wall_ms = ev->wall_ms };
			old = find_old(c, v, s, &old_v, &old_s);
			if (old)
				adopt(r, old, v, s, old_v, old_s, ev);
		}
	}
	for (unsigned i = 0; c->conf && i < c->conf->n_virtuals; i++) {
		for (unsigned k = 0; k < c->conf->virtuals[i].n_servers; k++) {
			struct lvs_real *old = &c->virts[i].reals[k];
			struct lvs_action *a = old->used && old->running ? action(ret, LVS_ACT_CANCEL) : NULL;

			if (!a)
				continue;
			a->id = old->id;
			c->n_running--;
		}
	}
	virts_free(c->virts, c->conf ? c->conf->n_virtuals : 0);
	lvs_conf_free(c->conf);
	c->conf = conf;
	c->virts = virts;
	clu_out_note(notes, CLU_NOTICE, "lvs.config", "lvs.cf", first ? "none" : "old", "new", first ? "start" : "reload",
		"serial_no=%ld virtuals=%u", conf->serial_no, conf->n_virtuals);
	c->retry_ms = 0;
	c->dirty = true;
	return 0;
}

static struct lvs_real *find_id(struct lvs_core *c, uint64_t id, unsigned *ret_v, unsigned *ret_s)
{
	for (unsigned i = 0; i < c->conf->n_virtuals; i++) {
		for (unsigned k = 0; k < c->conf->virtuals[i].n_servers; k++) {
			struct lvs_real *r = &c->virts[i].reals[k];

			if (r->used && r->id == id) {
				*ret_v = i;
				*ret_s = k;
				return r;
			}
		}
	}
	return NULL;
}

static void ramp(struct lvs_core *c, struct lvs_real *r, const struct lvs_virtual *v, const struct lvs_server *s, struct clu_out *notes)
{
	unsigned every = v->check.timeout_s > RAMP_MS / 1000 ? 1 : RAMP_MS / 1000 / v->check.timeout_s;
	uint32_t old = r->weight;
	char from[16], to[16];

	if (r->weight >= s->weight || r->okcount % every)
		return;
	r->weight = r->weight * 2 > s->weight ? s->weight : r->weight * 2;
	c->dirty = true;
	snprintf(from, sizeof(from), "%u", old);
	snprintf(to, sizeof(to), "%u", r->weight);
	clu_out_note(notes, CLU_INFO, "lvs.weight", s->name, from, to, "slow start after its return", "configured=%u",
		s->weight);
}

/* *ret_failed: the server went down with this check, or NULL. */
static void on_check(struct lvs_core *c, const struct lvs_event *ev, struct clu_out *notes,
	const struct lvs_server **ret_failed, const struct lvs_virtual **ret_of)
{
	unsigned vi, si;
	struct lvs_real *r = find_id(c, ev->u.check.id, &vi, &si);
	const struct lvs_virtual *v;
	const struct lvs_server *s;

	if (!r || !r->running)
		return;		/* ended while its server left the configuration */
	v = &c->conf->virtuals[vi];
	s = &v->servers[si];
	r->running = false;
	c->n_running--;
	r->next_ms = ev->now_ms + (uint64_t)v->check.timeout_s * 1000;
	r->checked = true;
	r->last_ok = ev->u.check.ok;
	r->last_wall_ms = ev->wall_ms;
	snprintf(r->last_why, sizeof(r->last_why), "%s", ev->u.check.why ? ev->u.check.why : "");
	if (!ev->u.check.ok) {
		r->okcount = 0;
		if (r->state != LVS_RS_DOWN) {
			set_state(c, r, v, s, LVS_RS_DOWN, ev, r->last_why, notes);
			*ret_failed = s;
			*ret_of = v;
		}
		return;
	}
	r->okcount++;
	if (r->state == LVS_RS_TRUSTED) {
		set_state(c, r, v, s, LVS_RS_UP, ev, r->last_why, notes);
	} else if (r->state == LVS_RS_UP) {
		ramp(c, r, v, s, notes);
	} else if (r->okcount >= v->check.reentry_s / v->check.timeout_s) {
		r->weight = s->weight / 32 > 1 || !s->weight ? s->weight / 32 : 1;
		set_state(c, r, v, s, LVS_RS_UP, ev, r->last_why, notes);
	}
}

static int on_applied(struct lvs_core *c, const struct lvs_event *ev, struct clu_out *notes)
{
	struct lvs_table t;

	if (!c->applying)
		return 0;
	c->applying = false;
	if (ev->u.applied.error) {
		/* Told when it begins, not at each repetition. */
		if (!c->retry_pause_ms)
			clu_out_note(notes, CLU_ERR, "lvs.table", "director", "applied", "failed", ev->u.applied.why,
				"error=%d", ev->u.applied.error);
		c->retry_pause_ms = c->retry_pause_ms ? c->retry_pause_ms * 2 : RETRY_FIRST_MS;
		if (c->retry_pause_ms > RETRY_MAX_MS)
			c->retry_pause_ms = RETRY_MAX_MS;
		c->retry_ms = ev->now_ms + c->retry_pause_ms;
		return 0;
	}
	if (lvs_table_copy(&c->want, &t) < 0)
		return -ENOMEM;
	lvs_table_done(&c->have);
	c->have = t;
	if (c->retry_pause_ms)
		clu_out_note(notes, CLU_NOTICE, "lvs.table", "director", "failed", "applied", "worked when tried again",
			NULL);
	c->retry_ms = 0;
	c->retry_pause_ms = 0;
	return 0;
}

static void forget(const struct lvs_core *c, const struct lvs_virtual *v, const struct lvs_server *s,
	struct lvs_actions *ret)
{
	struct lvs_action *a = action(ret, LVS_ACT_FORGET);

	/* Without memory they expire by themselves. */
	if (!a)
		return;
	a->svc = lvs_core_svc_of(v);
	a->dest.addr = s->addr;
	a->dest.port = lvs_core_dest_port(c->conf, v, s->port);
	a->dest.method = c->conf->method;
}

int lvs_core_step(struct lvs_core *c, const struct lvs_event *ev, struct lvs_actions *ret, struct clu_out *notes)
{
	const struct lvs_server *failed = NULL;
	const struct lvs_virtual *of = NULL;
	int r = 0;

	if (!c->conf && ev->type != LVS_EV_CONFIG)
		return 0;
	switch (ev->type) {
	case LVS_EV_CONFIG:
		r = on_config(c, ev, ret, notes);
		break;
	case LVS_EV_CHECK:
		on_check(c, ev, notes, &failed, &of);
		break;
	case LVS_EV_APPLIED:
		r = on_applied(c, ev, notes);
		break;
	case LVS_EV_TIMER:
	case LVS_NEVENTS:
		break;
	}
	if (r < 0)
		return r;
	r = refresh(c, ev, ret);
	/* COMPAT: a quiesced server keeps its connections, whatever became of it. */
	if (failed && !of->quiesce)
		forget(c, of, failed, ret);
	/* Checks begin after the table is asked for: serving comes first. */
	start_due(c, ev, ret);
	return r;
}

uint64_t lvs_core_deadline(const struct lvs_core *c)
{
	uint64_t at = c->retry_ms ? c->retry_ms : UINT64_MAX;

	for (unsigned i = 0; c->conf && i < c->conf->n_virtuals; i++) {
		for (unsigned k = 0; k < c->conf->virtuals[i].n_servers; k++) {
			const struct lvs_real *r = &c->virts[i].reals[k];

			if (r->used && !r->running && r->next_ms < at && c->n_running < LVS_MAX_RUNNING)
				at = r->next_ms;
		}
	}
	return at;
}

const struct lvs_conf *lvs_core_conf(const struct lvs_core *c)
{
	return c->conf;
}

const struct lvs_table *lvs_core_have(const struct lvs_core *c)
{
	return &c->have;
}

const struct lvs_table *lvs_core_want(const struct lvs_core *c)
{
	return &c->want;
}

bool lvs_core_real(const struct lvs_core *c, unsigned v, unsigned s, struct lvs_real_info *ret)
{
	const struct lvs_virtual *virt = &c->conf->virtuals[v];
	const struct lvs_real *r = &c->virts[v].reals[s];
	struct lvs_svc key = lvs_core_svc_of(virt);
	const struct lvs_svc *svc = lvs_table_find(&c->have, &key);

	if (!r->used)
		return false;
	*ret = (struct lvs_real_info){ .state = r->state, .state_name = state_names[r->state],
		.since_wall_ms = r->since_wall_ms, .checked = r->checked, .last_ok = r->last_ok,
		.last_wall_ms = r->last_wall_ms, .last_why = r->last_why };
	for (unsigned i = 0; svc && i < svc->n_dests; i++) {
		const struct lvs_dest *d = &svc->dests[i];

		if (lvs_addr_cmp(&d->addr, &virt->servers[s].addr) ||
			d->port != lvs_core_dest_port(c->conf, virt, virt->servers[s].port))
			continue;
		ret->weight_now = d->weight;
		ret->in_table = d->weight > 0;
	}
	return true;
}
