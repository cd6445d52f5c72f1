/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_history.h"

#include "clu_conf.h"
#include "sim_cmand.h"
#include "sim_power.h"
#include "sim_quorum.h"
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

static void look_at(struct sim_world *w, const struct sim_expect *e, struct sim_result *ret)
{
	struct clu_buf what = CLU_BUF_INIT, why = CLU_BUF_INIT;

	sim_expect_write(e, &what);
	if (sim_expect_holds(w, e, &why)) {
		sim_trace(w, "---- as expected: %s", clu_buf_text(&what));
	} else {
		sim_trace(w, "---- NOT AS EXPECTED: %s: %s", clu_buf_text(&what), clu_buf_text(&why));
		clu_buf_printf(&ret->unmet, "%u: expected %s, but %s\n", e->line, clu_buf_text(&what), clu_buf_text(&why));
	}
	clu_buf_free(&what);
	clu_buf_free(&why);
}

/* Faults and expectations in the order of their times; of one time, what is expected is looked at first. */
static void play_until_end(struct sim_world *w, const struct sim_plan *p, struct sim_result *ret)
{
	unsigned f = 0, e = 0;

	while (f < p->n_faults || (e < p->n_expect && !p->expect[e].at_end)) {
		bool fault = f < p->n_faults &&
			(e == p->n_expect || p->expect[e].at_end || p->fault[f].at_us < p->expect[e].at_us);

		if (!sim_run_until(w, fault ? p->fault[f].at_us : p->expect[e].at_us))
			return;
		if (fault)
			sim_fault_run(w, &p->fault[f++]);
		else
			look_at(w, &p->expect[e++], ret);
	}
	(void)sim_run_until(w, p->end_us);
}

static bool anyone_off(const struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (!w->node[i].power)
			return true;
	return false;
}

static void settle(struct sim_world *w)
{
	sim_trace(w, "---- calm: all works again");
	w->calm = true;
	sim_faults_calm(w);
	(void)sim_run_until(w, w->now_us + SETTLE_US);
	/*
	 * Whoever is off by then, by an agent that had begun before the calm or by an "off" that it was
	 * still owed as a victim, is switched on; a node may be owed one more when it brings quorum back.
	 */
	for (unsigned round = 0; round < 2 && (!round || anyone_off(w)); round++) {
		for (unsigned i = 1; i <= w->n_nodes; i++) {
			sim_power_restore(w, i);
			sim_node_boot(w, i);
		}
		(void)sim_run_until(w, w->now_us + SETTLE_US);
	}
	if (!w->failure[0])
		sim_types_check_settled(w);
}

/* What is expected when all is over. After a break only the break itself can be. */
static bool judge(struct sim_world *w, const struct sim_plan *p, struct sim_result *ret)
{
	bool broken_as_expected = false;

	for (unsigned i = 0; i < p->n_expect; i++) {
		if (!p->expect[i].at_end || (w->failure[0] && !sim_expect_is_about_failure(&p->expect[i])))
			continue;
		look_at(w, &p->expect[i], ret);
		broken_as_expected |= sim_expect_is_broken(&p->expect[i], w->failure);
	}
	if (w->failure[0] && !broken_as_expected)
		snprintf(ret->why, sizeof(ret->why), "%.*s", (int)sizeof(ret->why) - 1, w->failure);
	return !ret->why[0] && !ret->unmet.len;
}

int sim_history_run(const struct sim_plan *p, FILE *trace, struct sim_result *ret)
{
	struct sim_world *w = sim_world_new(p->seed, p->n_nodes, sim_types, trace);
	struct clu_conf *c;
	int r;

	*ret = (struct sim_result){ .why = "" };
	w->steady = p->no_luck;
	c = w->conf = parse_conf(w, p);
	if (c) {
		sim_quorum_setup(w);
		if (p->cmand)
			sim_cmand_setup(w);
		sim_power_wire(w);
	}
	for (unsigned i = 1; i <= w->n_nodes && c; i++)
		if (!(p->off & SIM_BIT(i)))
			sim_node_boot(w, i);
	play_until_end(w, p, ret);
	if (!p->no_calm && !w->failure[0])
		settle(w);
	r = !judge(w, p, ret);
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
