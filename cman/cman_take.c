/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_take.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <corosync/cfg.h>
#include <corosync/cmap.h>

#include "clu_path.h"
#include "clu_store.h"
#include "cman_call.h"
#include "cman_change.h"
#include "cman_conf.h"
#include "cman_doc.h"
#include "cman_info.h"
#include "cman_peer.h"
#include "cman_start.h"

#define RELOAD_MS 15000		/* corosync answers when every member has read its file */
#define MAX_CONF (1u << 20)

static struct { int error; } reload_req;	/* static: see cman_call */
static struct { char version[24]; } version_req;

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

static void do_set_version(void *arg)
{
	cmap_handle_t h;

	if (cmap_initialize(&h) != CS_OK)
		return;
	(void)cmap_set_string(h, "hawser.config_version", version_req.version);
	(void)cmap_finalize(h);
}

/* What corosync was started with, what it runs with, and the file that it would read; "" where there is none. */
struct former {
	struct clu_buf started, running, file;
};

static void read_one(const char *name, struct clu_buf *ret)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", clu_path(CLU_PATH_RUN), name);
	(void)clu_store_read(path, MAX_CONF, ret);
}

static void read_former(struct former *f)
{
	*f = (struct former){ CLU_BUF_INIT, CLU_BUF_INIT, CLU_BUF_INIT };
	read_one(CMAN_DOC_STARTED, &f->started);
	read_one(CMAN_DOC_RUNNING, &f->running);
	read_one("corosync.conf", &f->file);
	if (!f->started.len)
		clu_buf_str(&f->started, clu_buf_text(&f->file));
	if (!f->running.len)
		clu_buf_str(&f->running, clu_buf_text(&f->started));
}

static void free_former(struct former *f)
{
	clu_buf_free(&f->started);
	clu_buf_free(&f->running);
	clu_buf_free(&f->file);
}

/* corosync runs with this text: that is kept, and the file is made the same. */
static int settle(const struct former *f, const struct cman_plan *plan, const struct clu_buf *text, struct clu_buf *lines)
{
	char path[PATH_MAX];
	int r = 0;

	snprintf(path, sizeof(path), "%s/" CMAN_DOC_RUNNING, clu_path(CLU_PATH_RUN));
	if (strcmp(clu_buf_text(&f->running), clu_buf_text(text)))
		r = clu_store_write(path, text->data, text->len, 0640);
	if (r < 0)
		clu_buf_printf(lines, "%s cannot be written: %s; look at the space and the rights there\n", path, strerror(-r));
	else if (strcmp(clu_buf_text(&f->file), clu_buf_text(text)))
		r = cman_doc_write(plan, text, false, path, sizeof(path), lines);
	return r;
}

/* The text to be tried out: corosync would write into its log, which the running one has open. */
static void make_quiet(const char *text, struct clu_buf *ret)
{
	static const char *const loud[] = { "\tto_logfile: yes", "\tto_syslog: yes" };

	while (*text) {
		size_t len = strcspn(text, "\n");
		bool drop = false;

		for (unsigned i = 0; i < 2; i++)
			drop = drop || (strlen(loud[i]) == len && !memcmp(text, loud[i], len));
		if (drop)
			clu_buf_printf(ret, "%.*sno\n", (int)len - 3, text);
		else
			clu_buf_printf(ret, "%.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static int write_tested(const struct cman_plan *plan, const struct clu_buf *text, struct clu_buf *lines)
{
	struct clu_buf quiet = CLU_BUF_INIT;
	char path[PATH_MAX];
	int r;

	make_quiet(clu_buf_text(text), &quiet);
	snprintf(path, sizeof(path), "%s/corosync.conf.next", clu_path(CLU_PATH_RUN));
	r = quiet.error ? quiet.error : clu_store_write(path, quiet.data, quiet.len, 0640);
	clu_buf_free(&quiet);
	if (r < 0) {
		clu_buf_printf(lines, "%s cannot be written: %s; look at the space and the rights there\n", path, strerror(-r));
		return r;
	}
	r = cman_start_test(path, lines);
	if (!r)
		r = cman_doc_write(plan, text, false, path, sizeof(path), lines);
	return r;
}

static int take_plan(const struct cman_info *info, const struct cman_plan *plan, const struct clu_buf *text,
		     struct clu_buf *lines)
{
	char digest[20] = "";
	struct former f;
	int r;

	read_former(&f);
	(void)cman_conf_value(clu_buf_text(text), "hawser", "digest", digest, sizeof(digest));
	r = cman_change_explain(clu_buf_text(&f.running), clu_buf_text(text), CMAN_CLUSTER_RESTART, lines);
	if (r == CMAN_CLUSTER_RESTART) {
		r = CMAN_TAKE_HELD;
	} else if (r >= 0 && strcmp(digest, info->digest)) {
		r = write_tested(plan, text, lines);
		if (!r)
			r = CMAN_TAKE_STAGED;
	} else if (r >= 0) {
		/* Only the version differs, if anything: corosync need not be bothered. */
		r = settle(&f, plan, text, lines);
		if (info->config_version != plan->config_version) {
			snprintf(version_req.version, sizeof(version_req.version), "%" PRIu64, plan->config_version);
			(void)cman_call(do_set_version, NULL, CMAN_CALL_MS);
		}
		if (!r)
			r = cman_change_explain(clu_buf_text(&f.started), clu_buf_text(text), CMAN_NODE_RESTART, lines);
		if (r >= 0)
			r = CMAN_TAKE_RUNNING;
	}
	free_former(&f);
	return r;
}

/*
 * A node without quorum may have been started with a list of nodes that the cluster has left behind since: removed, or
 * overtaken by a change in the instant of its start. corosync does not hear the others then, and does not say why.
 */
static int look_around(const struct cman_info *info, const struct cman_plan *plan, struct clu_buf *lines)
{
	static struct cman_peer peers[CMAN_MAX_NODES];
	struct clu_buf theirs = CLU_BUF_INIT;
	const struct cman_peer_facts *f;
	int best;

	if (plan->transport != CMAN_KNET || plan->n_nodes < 2 || cman_peer_ask(plan, CMAN_PEER_WAIT_MS, peers) < 0)
		return 0;
	best = cman_peer_best(plan, peers);
	f = best < 0 ? NULL : &peers[best].facts;
	if (!f || !f->quorate || f->version <= info->config_version || !strcmp(f->digest, info->digest))
		return 0;
	clu_buf_printf(lines, "%s runs with version %" PRIu64 " of cluster.conf, ", plan->nodes[best].name, f->version);
	if (!cman_peer_fetch(plan, (unsigned)best, &peers[best], &theirs) && !cman_peer_has_us(plan, &theirs))
		clu_buf_str(lines, "in which this node is no more: let it leave, and add it again there with \"ccs_tool addnode\"\n");
	else
		clu_buf_printf(lines, "and corosync here was started with %" PRIu64 ": if they do not find each other, let this "
			"node leave and join again\n", info->config_version);
	clu_buf_free(&theirs);
	return -ESTALE;
}

int cman_take_look(const struct clu_conf *conf, struct clu_buf *lines)
{
	struct clu_buf text = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	static struct cman_plan plan;
	const struct cman_info *info;
	int r = cman_info_get(&info);

	if (r < 0) {
		cman_call_explain(r, lines);
		return r;
	}
	r = cman_doc_plan_running(info, conf, &plan, &text, &warns, lines);
	if (!r)
		r = take_plan(info, &plan, &text, lines);
	if (r == CMAN_TAKE_RUNNING && !info->quorate && look_around(info, &plan, lines) < 0)
		r = -ESTALE;
	clu_buf_free(&text);
	clu_buf_free(&warns);
	return r;
}

int cman_take_reload(struct clu_buf *lines)
{
	int r = cman_call(do_reload, NULL, RELOAD_MS);

	if (!r)
		r = reload_req.error;
	if (r < 0)
		cman_call_explain(r, lines);
	return r;
}

void cman_take_refused(const struct clu_conf *conf, struct clu_buf *lines)
{
	char path[PATH_MAX], logfile[PATH_MAX];
	struct clu_buf text = CLU_BUF_INIT;

	snprintf(path, sizeof(path), "%s/corosync.conf", clu_path(CLU_PATH_RUN));
	(void)clu_store_read(path, MAX_CONF, &text);
	if (!cman_conf_value(clu_buf_text(&text), "logging", "logfile", logfile, sizeof(logfile)))
		snprintf(logfile, sizeof(logfile), "%s/corosync.log", clu_path(CLU_PATH_LOG));
	clu_buf_printf(lines, "corosync did not take over configuration version %" PRIu64 ": correct what it complains about; "
		       "its log %s ends with:\n", clu_conf_version(conf), logfile);
	cman_start_log_tail(logfile, lines);
	clu_buf_free(&text);
}
