/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_clients.h"

#include <inttypes.h>

#include "sim_conf.h"
#include "sim_requests.h"

#define SALT_OF_CROWDS 3
#define MAX_CROWD 100

static void fire_dies(struct sim_world *w, struct sim_event *e)
{
	struct clu_event ev = { .type = CLU_EV_CLIENT_GONE };

	if (!sim_check_client_gone(w, e->id))
		return;
	sim_trace(w, "n%u the client of request %" PRIu64 " dies", e->node, e->id);
	ev.u.client = e->id;
	sim_deliver(w, e->node, e->daemon, &ev);
}

void sim_client_may_die(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t client)
{
	struct sim_event *e;

	if (w->calm || !sim_chance(w, 150))
		return;
	/* Not before its request is there: what was never read is no request. */
	e = sim_at(w, 250 + sim_rnd(w, sim_chance(w, 500) ? 20000 : 1500000), fire_dies, node, NULL, 0);
	e->daemon = daemon;
	e->boot = w->node[node].boot;
	e->life = w->node[node].d[daemon].life;
	e->id = client;
}

void sim_draw_crowd(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = 5 + sim_dice_below(&d->dice, 25);
	f->num[1] = sim_dice_below(&d->dice, 1000000000);
	sim_conf_some_service(&d->dice, f->text, sizeof(f->text));
}

static void fire_one(struct sim_world *w, struct sim_event *e)
{
	(void)sim_run_clusvcadm(w, e->data);
	if (e->value)
		sim_at(w, 300 + sim_rnd(w, 500), fire_one, e->node, e->data, e->len)->value = e->value - 1;
}

bool sim_run_crowd(struct sim_world *w, const struct sim_fault *f)
{
	struct sim_dice d;

	sim_dice_seed(&d, f->num[1], SALT_OF_CROWDS);
	for (unsigned i = 0; i < f->num[0] && i < MAX_CROWD; i++) {
		struct sim_fault one = { .node = 1 + (unsigned)sim_dice_below(&d, w->n_nodes) };
		uint64_t in_us = sim_dice_below(&d, sim_dice_chance(&d, 500) ? 100 : 50000);
		struct sim_event *e;

		/* The first five operations: what starts, stops and moves a service. */
		one.num[0] = sim_dice_below(&d, 5);
		one.node2 = sim_dice_chance(&d, 400) ? 1 + (unsigned)sim_dice_below(&d, w->n_nodes) : 0;
		snprintf(one.text, sizeof(one.text), "%s", f->text);
		e = sim_at(w, in_us, fire_one, one.node, &one, sizeof(one));
		e->value = sim_dice_chance(&d, 200) ? 2 : 0;
	}
	return f->num[0] > 0;
}
