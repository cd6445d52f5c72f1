/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rg_test: what rgmanager would make of a cluster.conf: agents, trees, order of
 * operations, and what a new version would touch. Runs agents only with `test
 * CONF start|stop|status`.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rg_agents.h"
#include "rg_delta.h"
#include "rg_simulate.h"
#include "rg_test_run.h"

static struct rg_registry registry;

static int usage(FILE *f, int code)
{
	fprintf(f, "Usage: rg_test [AGENTDIR] COMMAND\n"
		"  rules TYPE...                    what these agents say of themselves\n"
		"  test CONF                        services as trees, failover domains\n"
		"  test CONF start|stop|status TYPE NAME   run the agents of that resource and below\n"
		"  noop CONF start|stop|status TYPE NAME   the same without running anything\n"
		"  delta CONF1 CONF2                what a change of configuration would stop and start\n"
		"  simulate CONF [--crash NODE]...  what would happen to the services; see rg_test simulate --help\n"
		"  -V, --version   -h, --help\n\nManual: man 8 rg_test\n");
	return code;
}

static void rule(const struct rg_meta *m)
{
	printf("Resource Rules for \"%s\"\n", m->type);
	if (m->maxinstances)
		printf("Max instances: %u\n", m->maxinstances);
	printf("Agent: %s\n", strrchr(m->path, '/') ? strrchr(m->path, '/') + 1 : m->path);
	printf("Flags: %s%s%s\n", m->init_on_add ? "init_on_add " : "", m->destroy_on_delete ? "destroy_on_delete " : "",
		m->init_on_add || m->destroy_on_delete ? "" : "(none)");
	printf("Attributes:\n%s", m->n_params ? "" : "  - None -\n");
	for (unsigned i = 0; i < m->n_params; i++) {
		const struct rg_meta_param *p = &m->params[i];
		bool any = p->primary || p->unique || p->required || p->reconfig || p->inherit;

		printf("  %s%s%s%s%s%s%s%s", p->name, any ? " [" : "", p->primary ? " primary" : "", p->unique ? " unique" : "",
			p->required ? " required" : "", p->reconfig ? " reconfig" : "", p->inherit ? " inherit" : "", any ? " ]" : "");
		if (p->inherit || p->def)
			printf(" default=\"%s\"", p->inherit ? p->inherit : p->def);
		printf("\n");
	}
	printf("Actions:\n%s", m->n_actions ? "" : "  - None -\n");
	for (unsigned i = 0; i < m->n_actions; i++) {
		const struct rg_meta_action *a = &m->actions[i];

		printf("  %s\n", a->name);
		if (a->timeout_s)
			printf("    Timeout (hint): %u seconds\n", a->timeout_s);
		if (a->depth)
			printf("    OCF Check Depth (status/monitor): %u seconds\n", a->depth);
		if (a->interval_s)
			printf("    Check Interval: %u seconds\n", a->interval_s);
	}
	printf("Explicitly defined child resource types:\n%s", m->n_children ? "" : "  - None -\n");
	for (unsigned i = 0; i < m->n_children; i++) {
		const struct rg_meta_child *c = &m->children[i];

		printf("  %s", c->type);
		if (c->start || c->stop) {
			printf(" [");
			if (c->start)
				printf(" startlevel = %u", c->start);
			if (c->stop)
				printf(" stoplevel = %u", c->stop);
			printf(" ] ");
		}
		printf("%s\n", c->forbid ? " (forbidden)" : "");
	}
	printf("\n");
}

static int rules(int argc, char **argv)
{
	int code = argc ? 0 : usage(stderr, 1);

	for (int i = 0; i < argc; i++) {
		const char *why = "";
		const struct rg_meta *m = registry.lookup(registry.ctx, argv[i], &why);

		if (m) {
			rule(m);
		} else {
			fprintf(stderr, "rg_test: %s\n", why);
			code = 1;
		}
	}
	return code;
}

/* One configuration with the trees of its services. */
struct loaded {
	struct rg_rm *rm;
	struct rg_inst **roots;		/* one per policy; NULL when it cannot be built */
};

static void unload(struct loaded *l)
{
	for (unsigned i = 0; l->rm && l->roots && i < l->rm->n_policies; i++)
		rg_tree_free(l->roots[i]);
	free(l->roots);
	rg_rm_free(l->rm);
}

static int load(const char *path, struct loaded *ret)
{
	struct clu_buf findings = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	int r = clu_conf_load(path, &conf, &findings);

	if (r == 0)
		r = rg_rm_read(conf, &ret->rm, &findings);
	if (r == 0) {
		ret->roots = calloc(ret->rm->n_policies + 1, sizeof(*ret->roots));
		r = ret->roots ? 0 : -ENOMEM;
	}
	for (unsigned i = 0; r == 0 && i < ret->rm->n_policies; i++)
		if (rg_tree_build(&ret->rm->policies[i], &registry, &ret->roots[i], &findings) == -ENOMEM)
			r = -ENOMEM;
	fputs(clu_buf_text(&findings), stderr);
	clu_buf_free(&findings);
	clu_conf_unref(conf);
	if (r < 0)
		printf("Error parsing %s\n", path);
	return r;
}

static void print_trees(const char *title, const struct loaded *l)
{
	struct clu_buf b = CLU_BUF_INIT;

	for (unsigned i = 0; i < l->rm->n_policies; i++)
		if (l->roots[i])
			rg_tree_print(l->roots[i], &b);
	if (b.len)
		printf("=== %s ===\n%s", title, clu_buf_text(&b));
	clu_buf_free(&b);
}

static void print_domains(const struct rg_rm *rm)
{
	if (rm->n_domains)
		printf("=== Failover Domains ===\n");
	for (unsigned i = 0; i < rm->n_domains; i++) {
		const struct rg_domain *d = &rm->domains[i];

		printf("Failover domain: %s\nFlags: %s%s%s%s\n", d->name, d->ordered ? "Ordered " : "",
			d->restricted ? "Restricted " : "", d->nofailback ? "No Failback" : "",
			d->ordered || d->restricted || d->nofailback ? "" : "none");
		for (unsigned k = 0; k < d->n_nodes; k++) {
			const char *name = clu_conf_node_name(rm->conf, d->nodes[k].nodeid);

			printf("  Node %s (id %u, priority %d)\n", name ? name : "unknown", d->nodes[k].nodeid, d->nodes[k].priority);
		}
	}
}

/* Everywhere the resource occurs. */
static int operate(struct loaded *l, bool noop, const char *op, const char *type, const char *name)
{
	struct clu_buf key = CLU_BUF_INIT;
	bool found = false;
	int code = 0;

	clu_buf_printf(&key, "%s:%s", type, name);
	for (unsigned k = 0; k < l->rm->n_policies; k++)
		for (struct rg_inst *i = l->roots[k]; i; i = rg_inst_walk(l->roots[k], i))
			if (!strcmp(i->key, clu_buf_text(&key))) {
				int r = rg_test_run(i, op, noop);

				found = true;
				code = r ? r : code;
			}
	if (!found)
		printf("No resource %s of type %s found\n", name, type);
	clu_buf_free(&key);
	return code;
}

static int test(bool noop, int argc, char **argv)
{
	struct loaded l = { 0 };
	int code = 0;

	if (argc != 1 && argc != 4)
		return usage(stderr, 1);
	if (argc == 4 && strcmp(argv[1], "start") != 0 && strcmp(argv[1], "stop") != 0 && strcmp(argv[1], "status") != 0)
		return usage(stderr, 1);
	if (load(argv[0], &l) == 0) {
		if (argc == 4) {
			code = operate(&l, noop, argv[1], argv[2], argv[3]);
		} else {
			print_trees("Resource Tree", &l);
			print_domains(l.rm);
		}
	}
	unload(&l);
	return code;
}

static void print_plan(const struct rg_plan *p, const char *prefix)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->steps[i].action >= 0)
			printf("%s[%s] %s\n", prefix, rg_step_name(p->steps[i].kind), p->steps[i].inst->key);
}

static int index_of(const struct rg_rm *rm, const char *name)
{
	for (unsigned i = 0; i < rm->n_policies; i++)
		if (!strcmp(rm->policies[i].name, name))
			return (int)i;
	return -1;
}

/* Removed and replaced services are stopped whole; new ones are stopped once everywhere (their start is placement's matter). */
static void compare(struct loaded *old, struct loaded *now, struct rg_plan *down, struct rg_plan *up, struct rg_plan *kill,
	struct rg_plan *init)
{
	for (unsigned i = 0; i < old->rm->n_policies; i++) {
		int k = index_of(now->rm, old->rm->policies[i].name);

		if (!old->roots[i])
			continue;
		if (k < 0 || !now->roots[k]) {
			old->roots[i]->need_stop = true;
			rg_plan_stop(kill, old->roots[i]);
		} else if (rg_delta(old->roots[i], now->roots[k], down, up) == RG_WHOLE) {
			rg_plan_stop(kill, old->roots[i]);
			rg_plan_stop(init, now->roots[k]);
		}
	}
	for (unsigned k = 0; k < now->rm->n_policies; k++)
		if (now->roots[k] && index_of(old->rm, now->rm->policies[k].name) < 0) {
			now->roots[k]->need_start = true;
			rg_plan_stop(init, now->roots[k]);
		}
}

static int delta(int argc, char **argv)
{
	struct loaded old = { 0 }, now = { 0 };
	struct rg_plan down = { 0 }, up = { 0 }, kill = { 0 }, init = { 0 };
	int code = 1;

	if (argc != 2) {
		printf("Operation requires two arguments\n");
		return usage(stderr, 255);
	}
	if (load(argv[0], &old) == 0 && load(argv[1], &now) == 0) {
		code = 0;
		compare(&old, &now, &down, &up, &kill, &init);
		print_trees("Old Resource Tree", &old);
		print_trees("New Resource Tree", &now);
		printf("=== Operations (down-phase) ===\n");
		print_plan(&down, "");
		print_plan(&kill, "[kill] ");
		printf("=== Operations (up-phase) ===\n");
		print_plan(&up, "");
		print_plan(&init, "[init] ");
	}
	rg_plan_free(&down);
	rg_plan_free(&up);
	rg_plan_free(&kill);
	rg_plan_free(&init);
	unload(&old);
	unload(&now);
	return code;
}

static int command(int argc, char **argv)
{
	if (argc < 1)
		return usage(stderr, 1);
	if (!strcmp(argv[0], "rules"))
		return rules(argc - 1, argv + 1);
	if (!strcmp(argv[0], "test"))
		return test(false, argc - 1, argv + 1);
	if (!strcmp(argv[0], "noop"))
		return test(true, argc - 1, argv + 1);
	if (!strcmp(argv[0], "simulate"))
		return rg_simulate(argc, argv, &registry);
	if (!strcmp(argv[0], "delta"))
		return delta(argc - 1, argv + 1);
	return usage(stderr, 1);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "version", no_argument, NULL, 'V' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	const char *dir = NULL;
	struct rg_agents *agents;
	struct stat st;
	int c, code;

	while ((c = getopt_long(argc, argv, "+Vh", longs, NULL)) != -1) {
		if (c == 'V') {
			printf("rg_test %s\n", PACKAGE_VERSION);
			return 0;
		}
		return c == 'h' ? usage(stdout, 0) : usage(stderr, 1);
	}
	while (optind < argc && stat(argv[optind], &st) == 0 && S_ISDIR(st.st_mode))
		dir = argv[optind++];
	agents = rg_agents_new(dir);
	if (!agents) {
		fprintf(stderr, "rg_test: out of memory\n");
		return 1;
	}
	registry = rg_agents_registry(agents);
	code = command(argc - optind, argv + optind);
	rg_agents_free(agents);
	return code;
}
