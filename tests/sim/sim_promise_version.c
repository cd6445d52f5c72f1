/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rolling upgrade: processes of two versions in one group (architecture.md section 2, rule 5).
 *
 * What only the newer version knows is a field at the end of all that it says and hands over, and a kind of message
 * (sim_proto.h). State that an older member took over it hands on without that field: a group speaks the newer
 * version only when its last older member has gone, and before that nobody may rely on what older ones do not know.
 */
#include "sim_proto.h"
#include "sim_rules.h"

#include <stdlib.h>
#include <string.h>

#include "rg_priv.h"

#define TRY_EVERY 16		/* messages that a newer one says: speed */

static uint32_t proto_of(const struct sim_world *w, enum sim_daemon_kind k, const struct clu_member *m)
{
	const struct sim_node *n = &w->node[sim_node_index(w, m->nodeid)];

	for (unsigned i = 0; i < SIM_ANNOUNCED; i++)
		if (n->announced[k][i].incarnation == m->incarnation)
			return n->announced[k][i].proto;
	return 0;
}

/* proto: a group speaks the lowest version that any of its members announces. */
static void speaks_lowest(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_view *v)
{
	uint32_t lowest = UINT32_MAX;

	for (unsigned i = 0; i < v->n_members; i++) {
		uint32_t proto = proto_of(w, k, &v->members[i]);

		/* Of a process of long ago nothing is known here any more. */
		if (!proto)
			return;
		if (proto < lowest)
			lowest = proto;
	}
	if (v->n_members && v->proto != lowest)
		sim_fail(w, "proto: %s of node %u is told version %u, and its members announce %u", w->type[k]->ops->name, node,
			v->proto, lowest);
}

static bool has_field(const void *data, size_t len)
{
	return sim_proto_without_field(data, len) < len;
}

/*
 * proto: a rolling upgrade never stops a service.
 *
 * When a group's members only come, newly started, or go in order, and so whenever the version that it speaks
 * changes, nothing that runs is stopped. Only a move to a better node may have waited for that moment.
 */
void sim_promise_upgrade_stops_nothing(struct sim_world *w, unsigned node, const struct clu_action *note)
{
	const struct heard *h = &((const struct rules *)w->rules)->heard[node][SIM_RGM];

	if (h->orderly && strcmp(note->u.note.event, "rg.state") == 0 && strcmp(note->u.note.from, "started") == 0 &&
		strncmp(note->u.note.why, "relocating to better node", 25) != 0)
		sim_fail(w, "proto: %s is %s on node %u because members came or went in order, or are of another version (%s)",
			note->u.note.object, note->u.note.to, node, note->u.note.why);
}

void sim_promise_proto_view(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_view *v)
{
	struct heard *h = &((struct rules *)w->rules)->heard[node][k];

	speaks_lowest(w, node, k, v);
	h->newer = 0;
	for (unsigned i = 0; i < v->n_members; i++)
		if (proto_of(w, k, &v->members[i]) > w->type[k]->ops->proto_max)
			h->newer |= SIM_BIT(sim_node_index(w, v->members[i].nodeid));
	/* proto: the fields of the state that a newer one hands over are kept on its way. */
	if (v->first && h->state_from && h->newer & SIM_BIT(h->state_from) && !h->state_whole)
		sim_fail(w, "proto: node %u has handed the state of %s to node %u, and a field of it that only the newer version "
			"knows is lost", h->state_from, w->type[k]->ops->name, node);
	h->state_from = 0;
	h->orderly = !v->first;
	for (unsigned i = 0; i < v->n_left; i++)
		h->orderly &= v->left[i].how == CLU_LEFT_CLEAN;
	for (unsigned i = 0; i < v->n_joined; i++)
		h->orderly &= v->joined[i].fresh;
}

/* proto: fields that only the newer version knows are kept: whoever hears a newer member hears them, whatever his own. */
static void field_is_kept(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_message *m)
{
	const struct heard *h = &((const struct rules *)w->rules)->heard[node][k];
	unsigned from = sim_node_index(w, m->from);

	if (h->newer & SIM_BIT(from) && !has_field(m->data, m->len))
		sim_fail(w, "proto: a field that only the newer version knows is lost between %s of node %u and node %u",
			w->type[k]->ops->name, from, node);
}

/* ---- ignored ---- */

static void copy_step(struct sim_world *w, const struct sim_daemon_type *t, void *core, struct clu_out *out,
	const struct clu_event *now, struct clu_event *ev)
{
	ev->now_ms = now->now_ms;
	ev->wall_us = now->wall_us;
	clu_out_reset(out);
	if (t->ops->step(core, ev, out) < 0)
		sim_fail(w, "proto: %s does not take what it hands to others", t->ops->name);
}

/* The state of a second core that is given this state, and then hears so much of the message. */
static uint64_t state_with(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_event *now,
	const struct clu_buf *state, size_t len)
{
	const struct sim_daemon_type *t = w->type[k];
	const struct rg *rg = k == SIM_RGM ? w->node[node].d[k].core : NULL;
	struct clu_event start = { .type = CLU_EV_START }, conf = { .type = CLU_EV_CONFIG }, has = { .type = CLU_EV_STATE },
		hears = *now;
	void *core = t->core_new(w, node);
	struct clu_out *out = clu_out_new();
	struct clu_buf b = CLU_BUF_INIT;
	uint64_t hash;

	if (!core || !out)
		abort();
	start.u.start.nodeid = w->node[node].nodeid;
	copy_step(w, t, core, out, now, &start);
	if (rg && rg->rm) {
		conf.u.config.conf = rg->rm->conf;
		conf.u.config.version = rg->version;
		copy_step(w, t, core, out, now, &conf);
	}
	has.u.state = (struct clu_message){ now->u.message.from, state->data, state->len };
	copy_step(w, t, core, out, now, &has);
	hears.u.message.len = len;
	if (len)
		copy_step(w, t, core, out, now, &hears);
	if (t->ops->snapshot(core, &b) < 0)
		abort();
	hash = sim_document(clu_buf_text(&b), b.len).hash;
	clu_buf_free(&b);
	clu_out_free(out);
	t->core_free(core);
	return hash;
}

/*
 * proto: what only the newer version knows is ignored: a message says the same with such a field as without it, and
 * one of a kind that is not known says nothing. Tried on copies of the core, now and then; not of ccsd's, which has a disk.
 */
static void unknown_is_ignored(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_event *ev)
{
	struct rules *r = w->rules;
	const struct clu_message *m = &ev->u.message;
	size_t plain = sim_proto_without_field(m->data, m->len);
	struct clu_buf state = CLU_BUF_INIT;

	if (k == SIM_CCSD || plain == m->len || ++r->n_newer_said % TRY_EVERY)
		return;
	if (w->type[k]->ops->snapshot(w->node[node].d[k].core, &state) < 0)
		abort();
	if (sim_proto_is_unknown(m->data, m->len))
		plain = 0;
	if (state_with(w, node, k, ev, &state, m->len) != state_with(w, node, k, ev, &state, plain))
		sim_fail(w, "proto: what only the newer version knows is not ignored by %s of node %u", w->type[k]->ops->name, node);
	clu_buf_free(&state);
}

void sim_promise_proto_heard(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_event *ev)
{
	struct heard *h = &((struct rules *)w->rules)->heard[node][k];

	h->orderly = false;
	if (ev->type == CLU_EV_MESSAGE && h->newer) {
		field_is_kept(w, node, k, &ev->u.message);
		unknown_is_ignored(w, node, k, ev);
	}
	if (ev->type == CLU_EV_STATE && ev->u.state.len) {
		h->state_from = sim_node_index(w, ev->u.state.from);
		h->state_whole = has_field(ev->u.state.data, ev->u.state.len);
	}
}
