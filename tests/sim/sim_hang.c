/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_hang.h"

#include "sim_news.h"
#include "sim_quorum.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000u

enum input_kind { INPUT_CHANGE, INPUT_MESSAGE, INPUT_RING };

struct sim_input {
	struct sim_input *next;
	enum input_kind kind;
	struct clu_ring ring;
	uint32_t from;
	uint32_t members[SIM_MAX_NODES], joined[SIM_MAX_NODES];
	struct clu_member_left left[SIM_MAX_NODES];
	unsigned n_members, n_joined, n_left;
	size_t len;
	uint8_t data[];
};

static struct sim_input *input_add(struct sim_daemon *d, enum input_kind kind, const void *data, size_t len)
{
	struct sim_input *in = calloc(1, sizeof(*in) + len);

	if (!in)
		abort();
	in->kind = kind;
	in->len = len;
	if (len)
		memcpy(in->data, data, len);
	if (!d->inputs)
		d->inputs_end = &d->inputs;
	*d->inputs_end = in;
	d->inputs_end = &in->next;
	return in;
}

void sim_group_confchg(struct sim_daemon *d, const struct clu_group_change *c)
{
	struct sim_input *in;

	if (!d->hung) {
		if (clu_group_confchg(d->group, c) < 0)
			abort();
		return;
	}
	in = input_add(d, INPUT_CHANGE, NULL, 0);
	in->ring = c->ring;
	in->n_members = c->n_members;
	in->n_joined = c->n_joined;
	in->n_left = c->n_left;
	memcpy(in->members, c->members, c->n_members * sizeof(in->members[0]));
	memcpy(in->joined, c->joined, c->n_joined * sizeof(in->joined[0]));
	memcpy(in->left, c->left, c->n_left * sizeof(in->left[0]));
}

void sim_group_receive(struct sim_daemon *d, uint32_t from, const void *data, size_t len)
{
	if (d->hung)
		input_add(d, INPUT_MESSAGE, data, len)->from = from;
	else if (clu_group_receive(d->group, from, data, len) < 0)
		abort();
}

void sim_group_ring(struct sim_daemon *d, const struct clu_ring *ring)
{
	if (d->hung)
		input_add(d, INPUT_RING, NULL, 0)->ring = *ring;
	else if (clu_group_ring(d->group, ring) < 0)
		abort();
}

void sim_hang_forget(struct sim_daemon *d)
{
	while (d->inputs) {
		struct sim_input *next = d->inputs->next;

		free(d->inputs);
		d->inputs = next;
	}
	d->hung = false;
}

static void hand_on(struct sim_daemon *d, const struct sim_input *in)
{
	const struct clu_group_change c = { in->ring, in->members, in->n_members, in->joined, in->n_joined, in->left,
		in->n_left };

	if (in->kind == INPUT_CHANGE)
		sim_group_confchg(d, &c);
	else if (in->kind == INPUT_MESSAGE)
		sim_group_receive(d, in->from, in->data, in->len);
	else
		sim_group_ring(d, &in->ring);
}

/* The messages that are left are of the present ring, and so is the news of quorum. */
static bool only_messages(const struct sim_daemon *d)
{
	for (const struct sim_input *in = d->inputs; in; in = in->next)
		if (in->kind != INPUT_MESSAGE)
			return false;
	return true;
}

/* All that its group has to say comes first, then the rest: quorum, programs that have ended, clients. So does the shell. */
static void fire_wake(struct sim_world *w, struct sim_event *e)
{
	struct sim_daemon *d = &w->node[e->node].d[e->daemon];
	uint64_t life = e->id;

	if (!d->up || d->life != life || !d->hung)
		return;
	d->hung = false;
	sim_trace(w, "n%u: %s goes on", e->node, sim_daemon_names[e->daemon]);
	while (d->inputs && d->up && d->life == life) {
		struct sim_input *in = d->inputs;

		if (only_messages(d))
			sim_quorum_first(w, e->node, e->daemon);
		d->inputs = in->next;
		hand_on(d, in);
		free(in);
	}
	sim_news_merged(w, &w->node[e->node]);
}

void sim_draw_hang_daemon(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_below(&d->dice, SIM_NGROUPS);
	f->num[1] = (100 + sim_dice_below(&d->dice, sim_dice_chance(&d->dice, 500) ? 2000 : 40000)) * MS;
}

bool sim_run_hang_daemon(struct sim_world *w, const struct sim_fault *f)
{
	enum sim_daemon_kind k = (enum sim_daemon_kind)f->num[0];
	struct sim_node *n = &w->node[f->node];
	struct sim_daemon *d = &n->d[k];
	struct sim_event *e;

	if (!d->up || d->hung || n->hung)
		return false;
	sim_trace(w, "n%u: %s hangs for %" PRIu64 " ms", f->node, sim_daemon_names[k], f->num[1] / MS);
	d->hung = true;
	d->hung_until = w->now_us + f->num[1];
	e = sim_at(w, f->num[1], fire_wake, f->node, NULL, 0);
	e->boot = n->boot;
	e->daemon = k;
	e->id = d->life;
	return true;
}
