/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the cluster.conf as the daemons would, and what is known of its agents. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd_validate.h"
#include "clu_path.h"
#include "clu_store.h"
#include "rg_sim.h"

static int load_document(struct rgsim *s)
{
	struct clu_buf path = CLU_BUF_INIT, why = CLU_BUF_INIT, data = CLU_BUF_INIT;
	int r;

	clu_buf_printf(&path, "%s/cluster.rng", clu_path(CLU_PATH_DATA));
	if (ccsd_schema_load(clu_buf_text(&path), &s->schema, &why) == 0)
		ccsd_schema_agents(s->schema, ccsd_agent_installed);
	else
		clu_buf_str(&s->assumed, "the configuration is valid: the schema to check it with is not installed here\n");
	clu_buf_free(&why);
	r = clu_store_read(s->opt.conf, CLU_CONF_MAX_BYTES, &data);
	if (r < 0)
		clu_buf_printf(&why, "%s: cannot be read: %s\n", s->opt.conf, strerror(-r));
	else if (s->schema)
		r = ccsd_validate(s->schema, data.data, data.len, s->opt.conf, &s->conf, &why);
	else
		r = clu_conf_parse(data.data ? data.data : "", data.len, s->opt.conf, &s->conf, &why);
	fputs(clu_buf_text(&why), stderr);
	clu_buf_free(&why);
	clu_buf_free(&path);
	clu_buf_free(&data);
	return r < 0 ? 1 : 0;
}

/* What cman_tool would tell corosync: votes, times, and every fault with its line. */
static int load_plan(struct rgsim *s)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct clu_conf_node node[SIM_MAX_NODES + 1];
	unsigned n = clu_conf_nodes(s->conf, node, SIM_MAX_NODES + 1);
	struct cman_plan_in in = { .conf = s->conf, .own_name = n ? node[0].name : "", .over = CMAN_NO_OVERRIDES,
		.default_keyfile = "/key", .default_logfile = "/log" };
	int faults;

	if (n > SIM_MAX_NODES) {
		fprintf(stderr, "rg_test: %s: more than %d nodes: too many for a simulation\n", s->opt.conf, SIM_MAX_NODES);
		return 1;
	}
	faults = cman_plan_make(&in, &s->plan, &errs, &warns);
	fputs(clu_buf_text(&errs), stderr);
	fputs(clu_buf_text(&warns), stderr);
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	return faults ? 1 : 0;
}

static void load_times(struct rgsim *s)
{
	const struct clu_node *root = clu_conf_root(s->conf);
	const char *consensus = clu_node_attr(clu_node_child(root, "totem"), "consensus");

	s->consensus_ms = consensus ? (uint32_t)strtoul(consensus, NULL, 10) : s->plan.token_ms + s->plan.token_ms / 5;
}

/* Every agent is asked for now, so that what is missing is said in the beginning. */
static void find_agents(struct rgsim *s)
{
	struct clu_buf findings = CLU_BUF_INIT;
	struct rg_registry reg = { rgsim_lookup, s };

	for (unsigned i = 0; i < s->rm->n_policies; i++) {
		struct rg_inst *root = NULL;

		(void)rg_tree_build(&s->rm->policies[i], &reg, &root, &findings);
		rg_tree_free(root);
	}
	fputs(clu_buf_text(&findings), stderr);
	clu_buf_free(&findings);
}

int rgsim_conf_load(struct rgsim *s)
{
	struct clu_buf findings = CLU_BUF_INIT;
	int r = load_document(s);

	if (r == 0)
		r = load_plan(s);
	if (r)
		return r;
	load_times(s);
	if (rg_rm_read(s->conf, &s->rm, &findings) < 0)
		abort();
	fputs(clu_buf_text(&findings), stderr);
	clu_buf_free(&findings);
	rgsim_world_make(s);
	find_agents(s);
	return 0;
}

/* ---- agents that are not installed here ---- */

/* The order in a service that its agent gives; for where that is not installed. */
static const char *const service_children =
	"<child type=\"lvm\" start=\"1\" stop=\"9\"/><child type=\"fs\" start=\"2\" stop=\"8\"/>"
	"<child type=\"clusterfs\" start=\"3\" stop=\"7\"/><child type=\"netfs\" start=\"4\" stop=\"6\"/>"
	"<child type=\"nfsexport\" start=\"5\" stop=\"5\"/><child type=\"nfsclient\" start=\"6\" stop=\"4\"/>"
	"<child type=\"ip\" start=\"7\" stop=\"2\"/><child type=\"smb\" start=\"8\" stop=\"3\"/>"
	"<child type=\"script\" start=\"9\" stop=\"1\"/>";

/* Attributes that elements of this type have, each once; "name" or "address" (what it is called by) first. */
struct attrs {
	const char *list[64];
	unsigned n;
};

static void add_attr(struct attrs *a, const char *name)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!strcmp(a->list[i], name))
			return;
	if (a->n < 64 && strcmp(name, "ref") != 0 && strncmp(name, "__", 2) != 0)
		a->list[a->n++] = name;
}

static void collect(const struct clu_node *n, const char *type, struct attrs *a)
{
	const char *name, *value;

	for (; n; n = clu_node_next(n, NULL)) {
		for (unsigned i = 0; !strcmp(clu_node_name(n), type) && clu_node_attr_at(n, i, &name, &value); i++)
			add_attr(a, name);
		collect(clu_node_child(n, NULL), type, a);
	}
}

static const char *primary_of(const struct attrs *a)
{
	static const char *const usual[] = { "name", "address" };

	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < a->n; i++)
			if (!strcmp(a->list[i], usual[k]))
				return usual[k];
	return a->n ? a->list[0] : "name";
}

static const struct rg_meta *make(struct rgsim *s, const char *type, const char **why)
{
	bool service = !strcmp(type, "service");
	struct clu_buf xml = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct attrs a = { .n = 0 };
	struct rg_meta *m = NULL;
	const char *primary;

	collect(clu_node_child(clu_conf_root(s->conf), "rm"), type, &a);
	primary = primary_of(&a);
	clu_buf_printf(&xml, "<resource-agent name=\"%s\"><parameters><parameter name=\"%s\" primary=\"1\"/>", type, primary);
	for (unsigned i = 0; i < a.n; i++)
		if (strcmp(a.list[i], primary) != 0)
			clu_buf_printf(&xml, "<parameter name=\"%s\"/>", a.list[i]);
	clu_buf_printf(&xml, "</parameters><actions><action name=\"start\"/><action name=\"stop\"/>%s</actions>"
		"<special tag=\"rgmanager\"><attributes/>%s</special></resource-agent>",
		service ? "" : "<action name=\"status\" interval=\"30\"/>", service ? service_children : "");
	if (rg_meta_parse(xml.data, xml.len, type, &m, &errs) < 0) {
		*why = "no such agent is installed here, and nothing is known about it";
	} else {
		s->made = rgsim_must(realloc(s->made, (s->n_made + 1) * sizeof(*s->made)));
		s->made[s->n_made++] = m;
		clu_buf_printf(&s->assumed, service ? "the resource agent \"%s\" is not installed here: the usual one is taken\n" :
			"the resource agent \"%s\" is not installed here: it is taken to start, stop, and be checked every 30 s\n", type);
	}
	clu_buf_free(&xml);
	clu_buf_free(&errs);
	return m;
}

const struct rg_meta *rgsim_lookup(void *ctx, const char *type, const char **why)
{
	struct rgsim *s = ctx;
	const struct rg_meta *m = s->installed->lookup(s->installed->ctx, type, why);

	for (unsigned i = 0; !m && i < s->n_made; i++)
		if (!strcmp(s->made[i]->type, type))
			m = s->made[i];
	return m ? m : make(s, type, why);
}
