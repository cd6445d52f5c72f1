/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_reload.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <corosync/cfg.h>

#include "clu_path.h"
#include "clu_store.h"
#include "cman_call.h"
#include "cman_info.h"
#include "cman_start.h"

#define RELOAD_MS 15000		/* corosync answers when every member has read its file */

static struct { int error; } reload_req;	/* static: see cman_call */

static void do_reload(void *arg)
{
	corosync_cfg_callbacks_t none = { NULL };
	corosync_cfg_handle_t h;
	cs_error_t e = corosync_cfg_initialize(&h, &none);

	if (e == CS_OK) {
		e = corosync_cfg_reload_config(h);
		(void)corosync_cfg_finalize(h);
	}
	reload_req.error = cman_call_errno(e);
}

void cman_reload_obstacles(const struct cman_info *now, const struct cman_plan *next, struct clu_buf *ret)
{
	static const char *const names[] = { "knet", "udp", "udp", "udpu" };

	if (now->overridden)
		clu_buf_str(ret, "this node was joined with values from the command line, which a reload would lose: "
				 "leave and join again\n");
	if (strcmp(now->cluster_name, next->cluster_name))
		clu_buf_printf(
			ret,
			"the cluster's name cannot change while it runs (%s -> %s): leave on all nodes, then join\n",
			now->cluster_name, next->cluster_name);
	if (strcmp(now->transport, names[next->transport]))
		clu_buf_printf(
			ret,
			"the transport cannot change while corosync runs (%s -> %s): leave on all nodes, then join\n",
			now->transport, names[next->transport]);
	if (now->crypto != next->crypto)
		clu_buf_printf(
			ret, "encryption cannot be switched %s while corosync runs: leave on all nodes, then join\n",
			next->crypto ? "on" : "off");
	if (next->nodes[next->own].nodeid != now->own_id)
		clu_buf_printf(
			ret, "the node id of \"%s\" cannot change while it runs (%u -> %u): leave there, then join\n",
			next->nodes[next->own].name, now->own_id, next->nodes[next->own].nodeid);
}

static bool is_unchanged(const struct clu_buf *text)
{
	struct clu_buf old = CLU_BUF_INIT;
	char path[PATH_MAX];
	bool same;

	snprintf(path, sizeof(path), "%s/corosync.conf", clu_path(CLU_PATH_RUN));
	same = !clu_store_read(path, 1 << 20, &old) && old.len == text->len && !memcmp(old.data, text->data, old.len);
	clu_buf_free(&old);
	return same;
}

static int make_corosync_read(const struct cman_plan *plan, struct clu_buf *errs)
{
	const struct cman_info *info;
	int r = cman_call(do_reload, NULL, RELOAD_MS);

	if (!r)
		r = reload_req.error;
	if (!r)
		r = cman_info_get(&info);
	if (r < 0) {
		cman_call_explain(r, errs);
	} else if (info->config_version != plan->config_version) {
		clu_buf_printf(errs,
			       "corosync did not take over configuration version %" PRIu64 " and keeps %" PRIu64
			       ": correct what it complains about; its log %s ends with:\n",
			       plan->config_version, info->config_version, plan->logfile);
		cman_start_log_tail(plan->logfile, errs);
		r = -EIO;
	}
	return r;
}

int cman_reload(enum cman_validate validate)
{
	const struct cman_overrides none = CMAN_NO_OVERRIDES;
	struct clu_buf errs = CLU_BUF_INIT, text = CLU_BUF_INIT;
	static struct cman_plan plan;
	const struct cman_member *own;
	const struct cman_info *info;
	struct clu_conf *conf = NULL;
	char path[PATH_MAX];
	int r;

	r = cman_info_get(&info);
	if (r < 0) {
		cman_call_explain(r, &errs);
		goto out;
	}
	own = cman_info_own(info);
	r = cman_doc_get(&conf, validate, &errs);
	if (!r)
		r = cman_doc_plan(conf, own ? own->name : NULL, &none, &plan, &text, &errs);
	if (r < 0)
		goto out;
	cman_reload_obstacles(info, &plan, &errs);
	r = errs.len ? -EBUSY : 0;
	if (r || (info->config_version == plan.config_version && is_unchanged(&text)))
		goto out;
	r = cman_doc_write(&plan, &text, path, sizeof(path), &errs);
	if (!r)
		r = make_corosync_read(&plan, &errs);
out:
	cman_doc_print(&errs);
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	clu_buf_free(&text);
	return r < 0;
}
