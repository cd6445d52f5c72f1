/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_simulate.h"

#include <stdlib.h>
#include <string.h>

#include "rg_core.h"
#include "rg_sim.h"
#include "sim_qdisk.h"

#define SECOND_US 1000000u
#define SETTLED_LOOKS 3		/* seconds without a change before the cluster counts as settled */
#define SETTLE_BOUND_US (UINT64_C(1800) * SECOND_US)

/* All nodes that are up take part, and no service is on its way. */
static bool is_calm(const struct rgsim *s, const struct rgsim_status *st)
{
	if (!st->asked)
		return false;
	for (unsigned i = 1; i <= s->w->n_nodes; i++)
		if (s->w->node[i].power && !(st->ready & SIM_BIT(i)))
			return false;
	for (unsigned i = 0; i < st->n; i++)
		if (st->svc[i].state != RG_STARTED && st->svc[i].state != RG_DISABLED && st->svc[i].state != RG_FAILED &&
			!(st->svc[i].state == RG_STOPPED && (!*st->svc[i].wait || strncmp(st->svc[i].wait, "a node", 6) == 0)))
			return false;
	return true;
}

/* The cluster comes up: until it is calm for some seconds, or will not be. */
static void settle(struct rgsim *s)
{
	unsigned calm = 0;

	for (unsigned i = 1; i <= s->w->n_nodes; i++) {
		if (s->opt.down & SIM_BIT(i))
			s->broken |= SIM_BIT(i);
		else
			sim_node_boot(s->w, i);
	}
	while (calm < SETTLED_LOOKS && s->w->now_us < SETTLE_BOUND_US && !s->w->failure[0]) {
		(void)rgsim_run_until(s, (s->w->now_us / SECOND_US + 1) * SECOND_US);
		rgsim_ask_status(s, &s->before);
		calm = is_calm(s, &s->before) && sim_qdisk_is_calm(s->w) ? calm + 1 : 0;
	}
	s->settled = calm == SETTLED_LOOKS;
	s->zero_us = (s->w->now_us / SECOND_US + 1) * SECOND_US;
	(void)rgsim_run_until(s, s->zero_us);
}

/* Every second a look at what is waited for; at its time every event. */
static void play(struct rgsim *s)
{
	uint64_t end_us = s->zero_us + s->opt.for_ms * 1000, look_us = s->zero_us;
	unsigned next = 0;

	while (s->w->now_us < end_us && !s->w->failure[0]) {
		uint64_t event_us = next < s->opt.n_events ? s->zero_us + s->opt.events[next].at_ms * 1000 : UINT64_MAX;

		if (event_us <= s->w->now_us) {
			rgsim_event_run(s, &s->opt.events[next++]);
			rgsim_watch(s);
		} else if (look_us <= s->w->now_us) {
			look_us = (s->w->now_us / SECOND_US + 1) * SECOND_US;
			rgsim_look_at_waits(s);
		} else {
			uint64_t until = event_us < look_us ? event_us : look_us;

			(void)rgsim_run_until(s, until < end_us ? until : end_us);
		}
	}
}

static void done(struct rgsim *s)
{
	for (unsigned i = 0; i < s->n_lines; i++) {
		free(s->lines[i].node);
		free(s->lines[i].object);
		free(s->lines[i].text);
	}
	for (unsigned i = 0; i < s->n_active; i++)
		free(s->active[i].key);
	for (unsigned i = 0; i < s->n_waits; i++)
		free(s->waits[i].text);
	for (unsigned i = 0; i < s->n_reasons; i++)
		free(s->reasons[i].why);
	for (unsigned i = 0; i < s->opt.n_events; i++)
		clu_buf_free(&s->opt.events[i].document);
	free(s->lines);
	free(s->active);
	free(s->waits);
	free(s->reasons);
	free(s->children);
	free(s->opt.events);
	rgsim_status_free(&s->before);
	rgsim_status_free(&s->after);
	clu_buf_free(&s->assumed);
	clu_buf_free(&s->victims);
	clu_buf_free(&s->twice);
	sim_world_free(s->w);
	for (unsigned i = 0; i < s->n_made; i++)
		rg_meta_free(s->made[i]);
	free(s->made);
	rg_rm_free(s->rm);
	clu_conf_unref(s->conf);
	ccsd_schema_free(s->schema);
}

int rg_simulate(int argc, char **argv, const struct rg_registry *agents)
{
	struct rgsim *s = rgsim_must(calloc(1, sizeof(*s)));
	int code;

	s->installed = agents;
	code = rgsim_opts_read(s, argc, argv);
	if (code == 0) {
		settle(s);
		rgsim_print_before(s);
		play(s);
		rgsim_ask_status(s, &s->after);
		rgsim_ask_victims(s);
		code = rgsim_print(s);
	}
	done(s);
	free(s);
	return code < 0 ? 0 : code;
}
