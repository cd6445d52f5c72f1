/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_shrink.h"

#include <string.h>

#include "clu_conf.h"

#define MAX_RUNS 20000
#define MAX_ROUNDS 8
#define OTHER_SEEDS 4
#define SECOND UINT64_C(1000000)

struct shrink {
	struct sim_plan best;
	struct sim_result result;	/* of the best */
	char class[128];
	unsigned runs;
};

void sim_failure_class(const struct sim_result *r, char *ret, size_t size)
{
	const char *why = r->why[0] || !r->unmet.len ? r->why : "an expectation";
	size_t n = 0;

	/* S7 is many things: what exactly is not settled belongs to it. */
	if (why[0] == 'S' && why[1] >= '0' && why[1] <= '9' && why[1] != '7') {
		snprintf(ret, size, "%.2s", why);
		return;
	}
	for (; *why && *why != '\n' && n + 1 < size; why++)
		if (*why < '0' || *why > '9')
			ret[n++] = *why;
	ret[n] = '\0';
}

/* Runs it. When it fails as the first one did, it is the best from now on. The candidate is used up. */
static bool try_plan(struct shrink *s, struct sim_plan *candidate)
{
	struct sim_result res;
	char class[sizeof(s->class)];

	if (s->runs >= MAX_RUNS) {
		sim_plan_free(candidate);
		return false;
	}
	s->runs++;
	(void)sim_history_run(candidate, NULL, &res);
	sim_failure_class(&res, class, sizeof(class));
	if (strcmp(class, s->class) != 0) {
		clu_buf_free(&res.unmet);
		sim_plan_free(candidate);
		return false;
	}
	clu_buf_free(&s->result.unmet);
	s->result = res;
	sim_plan_free(&s->best);
	s->best = *candidate;
	return true;
}

/* With less happening the same dice fall differently, so a few others are tried, too. */
static bool try_with_seeds(struct shrink *s, struct sim_plan *candidate)
{
	bool found = false;

	for (uint64_t seed = 0; seed <= OTHER_SEEDS && !found; seed++) {
		struct sim_plan p;

		sim_plan_copy(&p, candidate);
		if (seed)
			p.seed = seed;
		found = try_plan(s, &p);
	}
	sim_plan_free(candidate);
	return found;
}

static bool take_out_faults(struct shrink *s)
{
	bool any = false;

	for (unsigned chunk = (s->best.n_faults + 1) / 2; chunk; chunk /= 2)
		for (unsigned from = 0; from < s->best.n_faults;) {
			struct sim_plan p;
			unsigned left = s->best.n_faults - from;

			sim_plan_copy(&p, &s->best);
			sim_plan_remove(&p, from, chunk < left ? chunk : left);
			if (try_with_seeds(s, &p))
				any = true;
			else
				from += chunk;
		}
	return any;
}

static bool take_out_chance(struct shrink *s)
{
	struct sim_plan p;

	if (s->best.no_luck)
		return false;
	sim_plan_copy(&p, &s->best);
	p.no_luck = true;
	return try_plan(s, &p);
}

static bool is_conf_of(const struct clu_buf *conf, unsigned n_nodes)
{
	struct clu_conf_node nodes[SIM_MAX_NODES + 1];
	struct clu_buf why = CLU_BUF_INIT;
	struct clu_conf *c = NULL;
	bool ok = clu_conf_parse(conf->data, conf->len, "cluster.conf", &c, &why) == 0 &&
		clu_conf_nodes(c, nodes, SIM_MAX_NODES + 1) == n_nodes;

	clu_conf_unref(c);
	clu_buf_free(&why);
	return ok;
}

/* cluster.conf without the lines that name the node; false when that is no document with one node less. */
static bool conf_without(const struct clu_buf *conf, unsigned node, struct clu_buf *ret)
{
	char name[16];

	snprintf(name, sizeof(name), "\"n%u\"", node);
	for (const char *line = clu_buf_text(conf); *line;) {
		size_t n = strcspn(line, "\n");
		const char *at = strstr(line, name);

		n += line[n] == '\n';
		if (!at || (size_t)(at - line) >= n)
			clu_buf_append(ret, line, n);
		line += n;
	}
	return is_conf_of(ret, node - 1);
}

static bool names_node(const struct sim_plan *p, unsigned node)
{
	for (unsigned i = 0; i < p->n_expect; i++)
		if (p->expect[i].node == node || p->expect[i].node2 == node)
			return true;
	return false;
}

/* The last node and all that happens to it. */
static bool take_out_node(struct shrink *s)
{
	struct sim_plan p;
	unsigned last = s->best.n_nodes;
	struct clu_buf conf = CLU_BUF_INIT;

	if (last == 2 || names_node(&s->best, last) || !conf_without(&s->best.conf, last, &conf)) {
		clu_buf_free(&conf);
		return false;
	}
	sim_plan_copy(&p, &s->best);
	clu_buf_free(&p.conf);
	p.conf = conf;
	p.n_nodes--;
	p.off &= ~SIM_BIT(last);
	for (unsigned i = 0; i < p.n_faults;) {
		if (p.fault[i].node == last || p.fault[i].node2 == last) {
			sim_plan_remove(&p, i, 1);
			continue;
		}
		for (unsigned a = 0; a < SIM_MAX_ARGS; a++)
			if (sim_fault_kinds[p.fault[i].kind].args[a] == SIM_ARG_SIDES)
				p.fault[i].num[0] &= ~SIM_BIT(last);
		i++;
	}
	return try_with_seeds(s, &p);
}

/* Lines inside of <rm>, as long as what is left is a document: services, members of domains. */
static bool take_out_lines(struct shrink *s)
{
	bool any = false;
	size_t at = 0;

	while (at < s->best.conf.len) {
		const char *text = clu_buf_text(&s->best.conf), *rm = strstr(text, "<rm>");
		size_t n = strcspn(text + at, "\n");
		struct clu_buf conf = CLU_BUF_INIT;
		struct sim_plan p;

		n += text[at + n] == '\n';
		if (rm && text + at > rm) {
			clu_buf_append(&conf, text, at);
			clu_buf_str(&conf, text + at + n);
		}
		if (!conf.len || !is_conf_of(&conf, s->best.n_nodes)) {
			clu_buf_free(&conf);
			at += n;
			continue;
		}
		sim_plan_copy(&p, &s->best);
		clu_buf_free(&p.conf);
		p.conf = conf;
		if (try_plan(s, &p))
			any = true;
		else
			at += n;
	}
	return any;
}

/* All from the i-th fault on (behind the last: the end) comes `by` earlier. */
static bool pull(struct shrink *s, unsigned i, uint64_t by)
{
	struct sim_plan p;

	if (!by)
		return false;
	sim_plan_copy(&p, &s->best);
	for (unsigned k = i; k < p.n_faults; k++)
		p.fault[k].at_us -= by;
	p.end_us -= by;
	return try_plan(s, &p);
}

static bool take_out_time(struct shrink *s)
{
	bool any = false;

	/* What is expected at a time would have to move along. */
	for (unsigned i = 0; i < s->best.n_expect; i++)
		if (!s->best.expect[i].at_end)
			return false;
	for (unsigned i = 0; i <= s->best.n_faults; i++) {
		uint64_t at = i < s->best.n_faults ? s->best.fault[i].at_us : s->best.end_us;
		uint64_t before = i ? s->best.fault[i - 1].at_us : 0, gap = at - before;
		/* To nothing, to half of it, then to times that are easy to read: each absolute time a round one. */
		const uint64_t by[] = { gap, gap / 2, gap / 4, at % SECOND, at % (SECOND / 10) };

		for (unsigned k = 0; k < sizeof(by) / sizeof(by[0]); k++)
			if (by[k] <= gap && pull(s, i, by[k])) {
				any = true;
				break;
			}
	}
	return any;
}

/* How long a hang lasts, and the like. */
static bool shorten(struct shrink *s)
{
	bool any = false;

	for (unsigned i = 0; i < s->best.n_faults; i++)
		for (unsigned a = 0; a < SIM_MAX_ARGS; a++) {
			enum sim_arg arg = sim_fault_kinds[s->best.fault[i].kind].args[a];
			unsigned which = arg == SIM_ARG_SECONDS2;
			uint64_t is = s->best.fault[i].num[which], to[] = { is / 2, is - is % SECOND };

			if (arg != SIM_ARG_SECONDS && arg != SIM_ARG_SECONDS2)
				continue;
			for (unsigned k = 0; k < 2; k++) {
				struct sim_plan p;

				if (to[k] == is)
					continue;
				sim_plan_copy(&p, &s->best);
				p.fault[i].num[which] = to[k];
				if (try_plan(s, &p)) {
					any = true;
					break;
				}
			}
		}
	return any;
}

bool sim_shrink(const struct sim_plan *p, struct sim_plan *ret, struct sim_result *ret_result, unsigned *ret_runs)
{
	struct shrink s = { .runs = 1 };
	bool fails = sim_history_run(p, NULL, &s.result) != 0, any = fails;

	sim_plan_copy(&s.best, p);
	sim_failure_class(&s.result, s.class, sizeof(s.class));
	for (unsigned round = 0; any && round < MAX_ROUNDS; round++) {
		any = take_out_faults(&s);
		any |= take_out_chance(&s);
		while (take_out_node(&s))
			any = true;
		any |= take_out_lines(&s);
		any |= take_out_time(&s);
		any |= shorten(&s);
	}
	*ret = s.best;
	*ret_result = s.result;
	*ret_runs = s.runs;
	return fails;
}
