/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_history.h"

#include "clu_conf.h"
#include "sim_types.h"

#define SETTLE_US (240u * 1000000u)	/* S7: time after the last fault in which all must be well */

static struct clu_conf *parse_conf(struct sim_world *w, const struct sim_plan *p)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	if (clu_conf_parse(p->conf.data, p->conf.len, "cluster.conf", &c, &errs) < 0)
		sim_fail(w, "the plan's cluster.conf is refused: %s", clu_buf_text(&errs));
	clu_buf_free(&errs);
	return c;
}

static void play(struct sim_world *w, const struct sim_plan *p)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		sim_node_boot(w, i);
	for (unsigned f = 0; f < p->n_faults && sim_run_until(w, p->fault[f].at_us); f++)
		sim_fault_run(w, &p->fault[f]);
	(void)sim_run_until(w, p->calm_us);
	w->calm = true;
	sim_faults_calm(w);
	(void)sim_run_until(w, w->now_us + SETTLE_US);
	/* Whoever was off by then, by an agent that had begun before the calm, comes back now. */
	for (unsigned i = 1; i <= w->n_nodes; i++)
		sim_node_boot(w, i);
	(void)sim_run_until(w, w->now_us + SETTLE_US);
	if (!w->failure[0])
		sim_types_check_settled(w);
}

int sim_history_run(const struct sim_plan *p, FILE *trace, struct sim_result *ret)
{
	struct sim_world *w = sim_world_new(p->seed, p->n_nodes, sim_types, trace);
	struct clu_conf *c;
	int r;

	w->votes_needed = w->n_nodes / 2 + 1;
	c = w->conf = parse_conf(w, p);
	if (c)
		play(w, p);
	r = w->failure[0] != '\0';
	snprintf(ret->why, sizeof(ret->why), "%.*s", (int)sizeof(ret->why) - 1, w->failure);
	ret->stats = w->stats;
	ret->virtual_us = w->now_us;
	ret->node_us = w->now_us * w->n_nodes;
	sim_world_free(w);
	clu_conf_unref(c);
	return r;
}

void sim_stats_add(struct sim_stats *to, const struct sim_stats *from)
{
	uint64_t *t = (uint64_t *)to;
	const uint64_t *f = (const uint64_t *)from;

	/* Counters and nothing else. */
	for (size_t i = 0; i < sizeof(*to) / sizeof(uint64_t); i++)
		t[i] += f[i];
}
