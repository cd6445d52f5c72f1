/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman_tool: membership, votes and quorum of this node, with the words and options of the Red Hat Cluster Suite. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "clu_path.h"
#include "clu_table.h"
#include "cman_args.h"
#include "cman_call.h"
#include "cman_check.h"
#include "cman_debug.h"
#include "cman_fenced.h"
#include "cman_info.h"
#include "cman_key.h"
#include "cman_leave.h"
#include "cman_outcome.h"
#include "cman_print.h"
#include "cman_reload.h"
#include "cman_services.h"
#include "cman_spread.h"
#include "cman_wait.h"

enum exit_code { OK = 0, FAILED = 1, TIMED_OUT = 2 };

static int look_at_nodes(const struct cman_args *a, const struct cman_info *info, json_t **ret_model, struct clu_buf *ret)
{
	struct cman_nodes_opts o = { .addresses = a->addresses, .names = a->names, .n_names = a->n_names,
				     .format = a->format };
	struct cman_fence fenced[CMAN_MAX_NODES];
	int r;

	if (a->fenced) {
		r = cman_fenced_last(info, fenced, CMAN_MAX_NODES, &o.n_fenced, ret);
		if (r < 0)
			return r;
		o.fenced = fenced;
	}
	if (a->json) {
		*ret_model = cman_json_nodes(info, &o);
		return 0;
	}
	r = cman_print_nodes(info, &o, ret);
	if (r == -EINVAL)
		fputs("cman_tool: no such field in -F: ", stderr);
	else if (r == -ENOENT)
		fputs("cman_tool: no such node: ", stderr);
	if (r < 0)
		clu_buf_str(ret, "\n");
	return r;
}

static void take_versions(const struct cman_outcome *o, struct cman_info *info)
{
	for (unsigned i = 0; i < info->n_members; i++)
		for (unsigned k = 0; k < o->n_nodes; k++)
			if (o->nodes[k].nodeid == info->members[i].nodeid)
				info->members[i].config_version = o->nodes[k].version;
}

/* The document in force is ccsd's; corosync may not have read it yet, and knows nothing of that of other nodes. */
static const struct cman_info *with_version_in_force(const struct cman_info *info)
{
	static struct cman_info shown;
	struct cman_outcome o;
	uint64_t version = cman_doc_version();
	int r;

	shown = *info;
	if (version)
		shown.config_version = version;
	/* What became of it: cmand's word, where it can be had at once. */
	r = cman_outcome_ask("status", 0, &o);
	if (!r) {
		snprintf(shown.config_state, sizeof(shown.config_state), "%s", o.word);
		snprintf(shown.config_why, sizeof(shown.config_why), "%s", clu_buf_text(&o.why));
		take_versions(&o, &shown);
	} else if (r == -ECONNREFUSED && cman_info_wants_cmand(info)) {
		snprintf(shown.config_state, sizeof(shown.config_state), "waiting");
		snprintf(shown.config_why, sizeof(shown.config_why), CMAN_NO_CMAND "\n");
	}
	cman_outcome_free(&o);
	return &shown;
}

static int print_look(const struct cman_args *a)
{
	struct clu_buf b = CLU_BUF_INIT;
	const struct cman_info *info;
	json_t *model = NULL;
	char fence[16];
	int r = cman_info_get(&info);

	if (!r && (a->op != CMAN_OP_NODES || a->json))
		info = with_version_in_force(info);
	if (r < 0) {
		cman_call_explain(r, &b);
	} else if (a->op == CMAN_OP_NODES) {
		r = look_at_nodes(a, info, &model, &b);
	} else if (a->op == CMAN_OP_SERVICES) {
		cman_fenced_state(fence);
		if (a->json)
			model = cman_json_services(info, fence);
		else
			cman_print_services(info, fence, &b);
	} else if (a->op == CMAN_OP_STATUS && a->json) {
		model = cman_json_status(info);
	} else if (a->op == CMAN_OP_STATUS) {
		cman_print_status(info, &b);
	} else if (a->json) {
		model = json_pack("{s:s, s:I}", "version", CMAN_COMPAT_VERSION, "config_version",
				  (json_int_t)info->config_version);
	} else {
		cman_print_version(info, &b);
	}
	if (model)
		clu_json_print(stdout, model);
	fputs(clu_buf_text(&b), r < 0 ? stderr : stdout);
	/* The layouts are contracts; what has to be done about the configuration stands beside them. */
	if (r >= 0 && !a->json && a->op == CMAN_OP_STATUS && *info->config_why) {
		clu_buf_free(&b);
		clu_buf_printf(&b, "configuration version %llu: %s\n%s", (unsigned long long)info->config_version,
			       info->config_state, info->config_why);
		cman_doc_print(&b);
	}
	json_decref(model);
	clu_buf_free(&b);
	return r < 0 ? FAILED : OK;
}

static int wait_cluster(const struct cman_args *a, uint64_t until)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r = cman_wait(a->quorate ? CMAN_WAIT_QUORATE : CMAN_WAIT_MEMBER, until);

	if (r == -ETIMEDOUT) {
		fprintf(stderr, "cman_tool: Timed-out waiting for cluster\n");
		return TIMED_OUT;
	}
	if (r < 0)
		cman_call_explain(r == -EHOSTDOWN ? -ETIMEDOUT : r, &b);
	fputs(clu_buf_text(&b), stderr);
	clu_buf_free(&b);
	return r < 0 ? FAILED : OK;
}

static int make_key(const struct cman_args *a)
{
	struct clu_buf errs = CLU_BUF_INIT;
	char path[PATH_MAX];
	int r;

	if (a->file)
		snprintf(path, sizeof(path), "%s", a->file);
	else
		snprintf(path, sizeof(path), "%s/corosync.key", clu_path(CLU_PATH_KEYS));
	r = cman_key_make(path, &errs);
	if (r < 0)
		fprintf(stderr, "cman_tool: %s", clu_buf_text(&errs));
	else
		printf("Made the key %s: copy it to the same place on every other node, over a safe way (scp -p), "
		       "before they join\n",
		       path);
	clu_buf_free(&errs);
	return r < 0 ? FAILED : OK;
}

static int run(struct cman_args *a)
{
	uint64_t until = a->timeout_s > 0 ? cman_now_ms() + (uint64_t)a->timeout_s * 1000 : CMAN_FOREVER;
	struct cman_leave_opts leave = { a->force, a->remove, a->wait, until };

	switch (a->op) {
	case CMAN_OP_JOIN:
		a->join.node_name = a->n_names ? a->names[0] : NULL;
		a->join.wait_member = a->wait;
		a->join.wait_quorate = a->quorate;
		a->join.until_ms = until;
		return cman_join(&a->join);
	case CMAN_OP_LEAVE:
		return cman_leave(&leave);
	case CMAN_OP_KILL:
		return cman_kill(a->names, a->n_names);
	case CMAN_OP_EXPECTED:
		return cman_set_expected((uint32_t)a->join.over.expected);
	case CMAN_OP_VOTES:
		return cman_set_votes(a->n_names ? a->names[0] : NULL, (uint32_t)a->join.over.votes);
	case CMAN_OP_WAIT:
		return wait_cluster(a, until);
	case CMAN_OP_KEYGEN:
		return make_key(a);
	case CMAN_OP_RELOAD:
		return cman_reload(a->join.validate);
	case CMAN_OP_VERSION:
		return a->reload ? cman_spread(a->reload_version, a->no_sync) : print_look(a);
	case CMAN_OP_STATUS:
	case CMAN_OP_NODES:
	case CMAN_OP_SERVICES:
		return print_look(a);
	case CMAN_OP_DEBUG:
		return cman_debug((long)a->debug_mask);
	case CMAN_OP_CHECK:
		return cman_check(a->n_names ? a->names[0] : NULL, &a->join.over, a->json);
	case CMAN_OP_NONE:
		break;
	}
	return FAILED;
}

int main(int argc, char **argv)
{
	struct cman_args a;
	int r = cman_args_read(argc, argv, &a);

	return r < 0 ? FAILED : r ? OK : run(&a);
}
