/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd_core.h"
#include "ccsd_doc.h"
#include "clu_conf.h"
#include "fenced_core.h"
#include "fenced_priv.h"
#include "rg_core.h"
#include "sim_disk.h"
#include "sim_kept.h"
#include "sim_meta.h"
#include "sim_parse.h"
#include "sim_qdisk.h"
#include "sim_requests.h"
#include "sim_rules.h"

/* ---- ccsd ---- */

#define CONF_PATH "/etc/cluster/cluster.conf"
#define RECORD_PATH "/var/lib/hawser/ccsd.record"

static int check_document(void *ctx, const void *data, size_t len, struct ccsd_verdict *ret)
{
	struct clu_conf *c = NULL;
	int r = sim_parse(ctx, data, len, &c, &ret->findings);

	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	ret->version = clu_conf_version(c);
	snprintf(ret->cluster, sizeof(ret->cluster), "%s", clu_conf_cluster_name(c));
	if (clu_node_child(clu_conf_root(c), "invalid"))
		r = -EINVAL;
	clu_conf_unref(c);
	return r;
}

/* What a running cluster may not change is validation, not agreement: all updates may pass here. */
static int allow_change(void *ctx, const struct ccsd_doc *old, const struct ccsd_doc *new, const uint32_t *members,
	unsigned n_members, struct clu_buf *findings)
{
	(void)ctx;
	(void)old;
	(void)new;
	(void)members;
	(void)n_members;
	(void)findings;
	return 0;
}

static void *ccsd_new(void *world, unsigned node)
{
	struct sim_world *w = world;
	struct ccsd_cfg cfg = { .conf_path = CONF_PATH, .record_path = RECORD_PATH, .check = check_document,
		.change = allow_change, .check_ctx = w, .history_path = SIM_KEPT_FOLDER };
	const char *why;

	sim_disk_settle(w, node, CONF_PATH);
	sim_disk_settle(w, node, RECORD_PATH);
	sim_kept_settle(w, node);
	sim_kept_newest(w, node, &cfg.newest);
	cfg.file = sim_file_get(w, node, CONF_PATH, &cfg.file_len);
	if (!cfg.file)
		cfg.file = clu_conf_bytes(w->conf, &cfg.file_len);
	cfg.record = sim_file_get(w, node, RECORD_PATH, &cfg.record_len);
	return ccsd_core_new(&cfg, &why);
}

static const struct sim_daemon_type ccsd_type = { &ccsd_core_ops, ccsd_new, ccsd_core_free, true };

uint64_t sim_types_file_version(const struct sim_world *w, unsigned node)
{
	size_t len;
	const void *data = sim_file_get(w, node, CONF_PATH, &len);

	return data ? sim_document(data, len).version : clu_conf_version(w->conf);
}

uint64_t sim_types_disk_version(const struct sim_world *w, unsigned node)
{
	size_t len;
	const void *data = sim_file_safe(w, node, CONF_PATH, &len);
	uint64_t version = data ? sim_document(data, len).version : clu_conf_version(w->conf), ballot;
	struct ccsd_doc *doc = NULL;

	data = sim_file_safe(w, node, RECORD_PATH, &len);
	if (data && ccsd_record_parse(data, len, &ballot, &doc) == 0 && ccsd_doc_version(doc) > version)
		version = ccsd_doc_version(doc);
	ccsd_doc_unref(doc);
	return version;
}

/* ---- fenced ---- */

static int find_agent(const char *name, const char *prefer, char *ret, unsigned size)
{
	(void)prefer;
	if (strcmp(name, "fence_absent") == 0)
		return -ENOENT;
	snprintf(ret, size, "/sim/fence/%s", name);
	return 0;
}

static void *fenced_new(void *world, unsigned node)
{
	struct fdom_options opt = {
		.post_join_delay_s = FDOM_UNSET,
		.post_fail_delay_s = FDOM_UNSET,
		.find_agent = find_agent,
	};

	(void)world;
	(void)node;
	return fdom_new(&opt);
}

static void fenced_free(void *core)
{
	fdom_free(core);
}

bool sim_types_runs_against(const struct sim_world *w, unsigned node)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (w->node[i].d[SIM_FENCED].up && fdom_run_of(w->node[i].d[SIM_FENCED].core, w->node[node].nodeid))
			return true;
	return false;
}

unsigned sim_types_fencer(const struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		const struct sim_node *n = &w->node[i];

		if (n->power && !n->hung && n->d[SIM_FENCED].up && fdom_is_master(n->d[SIM_FENCED].core) &&
			fdom_victim_count(n->d[SIM_FENCED].core))
			return i;
	}
	return 0;
}

static const struct sim_daemon_type fenced_type = { &fdom_ops, fenced_new, fenced_free, true };

/* ---- rgmanager ---- */

#define LEFT_PATH "/var/lib/hawser/" RG_LEFT_FILE

void sim_types_done(void)
{
	sim_meta_done();
}

static void *rgm_new(void *world, unsigned node)
{
	struct sim_world *w = world;
	/* As its update is described: the new one takes over what was frozen before the old one was stopped. */
	struct rg_options opt = { .no_init_stop = w->node[node].newer, .registry = { sim_meta_lookup, NULL },
		.left_path = LEFT_PATH };

	sim_disk_settle(w, node, LEFT_PATH);
	opt.left = sim_file_get(w, node, LEFT_PATH, &opt.left_len);
	if (opt.left && rg_left_check(opt.left, opt.left_len) < 0)
		abort();
	return rg_new(&opt);
}

static void rgm_free(void *core)
{
	rg_free(core);
}

static const struct sim_daemon_type rgm_type = { &rg_ops, rgm_new, rgm_free, true };

const struct sim_daemon_type *const sim_types[SIM_NDAEMONS] = {
	[SIM_CCSD] = &ccsd_type,
	[SIM_FENCED] = &fenced_type,
	[SIM_RGM] = &rgm_type,
	[SIM_QDISKD] = &sim_qdiskd_type,
};

/* The boot script's "fence_tool join". */
static void fire_join(struct sim_world *w, struct sim_event *e)
{
	if (w->node[e->node].d[SIM_FENCED].up)
		w->node[e->node].join_client = sim_ask_fenced(w, e->node, "join", 0);
}

static void join_in(struct sim_world *w, unsigned node, uint64_t in_us)
{
	struct sim_event *e = sim_at(w, in_us, fire_join, node, NULL, 0);

	e->boot = w->node[node].boot;
	e->daemon = SIM_FENCED;
	e->life = w->node[node].d[SIM_FENCED].life;
}

void sim_join_domain(struct sim_world *w, unsigned node)
{
	join_in(w, node, 1000);
}

void sim_types_daemon_started(struct sim_world *w, unsigned node, enum sim_daemon_kind k)
{
	if (k != SIM_FENCED)
		return;
	w->node[node].left_domain = false;
	sim_join_domain(w, node);
}

void sim_types_answered(struct sim_world *w, unsigned node, uint64_t client, int error)
{
	if (client == w->node[node].join_client && error < 0)
		join_in(w, node, 300000);
}

/* All nodes hold one document, and it is not older than any that was committed. */
static void check_documents(struct sim_world *w)
{
	const void *first = NULL;
	size_t first_len = 0;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		size_t len;
		const void *data = sim_file_get(w, i, CONF_PATH, &len);

		if (!data)
			data = clu_conf_bytes(w->conf, &len);
		if (i == 1) {
			first = data;
			first_len = len;
		} else if (len != first_len || memcmp(data, first, len) != 0) {
			sim_fail(w, "S7: nodes 1 and %u hold different documents:\n%.80s\n%.80s", i, (const char *)first,
				(const char *)data);
			return;
		}
		if (w->node[i].conf_len != len || memcmp(w->node[i].conf_bytes, data, len) != 0) {
			sim_fail(w, "S7: node %u has another document in force than on its disk:\n%.80s\n%.80s", i,
				(const char *)w->node[i].conf_bytes, (const char *)data);
			return;
		}
	}
	sim_check_newest(w, first, first_len);
}

void sim_types_check_settled(struct sim_world *w)
{
	check_documents(w);
	sim_check_rest(w);
}
