/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_join.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_running.h"
#include "cman_call.h"
#include "cman_doc.h"
#include "cman_info.h"
#include "cman_key.h"
#include "cman_start.h"
#include "cman_wait.h"

/*
 * A key made here is known to no other node. A node that needs others for quorum
 * is safe with it: it waits until one has a copy. One that is quorate by itself
 * (two_node, or many votes) would take the others, whom it cannot hear, for dead
 * and fence them: there a key is made on request only.
 */
static int ready_key(const struct cman_plan *p, const struct cman_join_opts *o, struct clu_buf *errs)
{
	struct clu_buf others = CLU_BUF_INIT;
	int r;

	if (!p->crypto)
		return 0;
	r = cman_key_check(p->keyfile, errs);
	if (r != -ENOENT)
		return r;
	for (unsigned i = 0; i < p->n_nodes; i++)
		if (i != p->own)
			clu_buf_printf(&others, " %s", p->nodes[i].name);
	if (p->n_nodes > 1 && cman_plan_is_quorate_alone(p) && !o->make_key)
		clu_buf_printf(errs,
			       "no key %s: the nodes encrypt with one key, the same file on each, and with a new one "
			       "this node would be quorate alone and fence the others; copy the key from another "
			       "node, or if none has it, make it here with \"cman_tool keygen\" and copy it to:%s\n",
			       p->keyfile, clu_buf_text(&others));
	else
		r = cman_key_make(p->keyfile, errs);
	if (!r && p->n_nodes > 1)
		printf("Made the key %s. It must be the same on all nodes: those that have none or another one "
		       "cannot join this one before it is copied to them:%s\n",
		       p->keyfile, clu_buf_text(&others));
	clu_buf_free(&others);
	return r;
}

/* Exit code for the end of a wait. */
static int report_wait(int r, const char *logfile, struct clu_buf *errs)
{
	switch (-r) {
	case 0:
		return 0;
	case ETIMEDOUT:
		fprintf(stderr, "cman_tool: Timed-out waiting for cluster\n");
		return 2;
	case ENOTCONN:
		clu_buf_printf(errs, "corosync ended again: its log %s tells why; it ends with:\n", logfile);
		cman_start_log_tail(logfile, errs);
		return 1;
	case EHOSTDOWN:
		cman_call_explain(-ETIMEDOUT, errs);
		return 1;
	default:
		cman_call_explain(r, errs);
		return 1;
	}
}

static int start_and_wait(const struct cman_join_opts *o, const struct cman_plan *plan, const char *path,
			  struct clu_buf *errs)
{
	enum cman_wait_for what = o->wait_quorate ? CMAN_WAIT_QUORATE : CMAN_WAIT_MEMBER;
	uint64_t patient = cman_now_ms() + CMAN_START_MS;	/* it has just started: busy is not hung */
	int r;

	if (cman_start(path, plan->logfile, errs) < 0)
		return 1;
	if (!o->wait_member && !o->wait_quorate)
		return 0;
	do
		r = cman_wait(what, o->until_ms);
	while (r == -EHOSTDOWN && cman_now_ms() < patient && cman_now_ms() < o->until_ms);
	return report_wait(r, plan->logfile, errs);
}

int cman_join(const struct cman_join_opts *o)
{
	static struct cman_plan plan;
	struct clu_buf errs = CLU_BUF_INIT, text = CLU_BUF_INIT;
	const struct cman_info *info;
	struct clu_conf *conf = NULL;
	char path[PATH_MAX];
	int r, rc = 1;

	r = o->check_only ? -ENOTCONN : cman_info_get(&info);
	if (!r || r == -EAGAIN) {
		clu_buf_str(&errs,
			    "Node is already active: corosync runs here; see \"cman_tool status\", or leave first\n");
		goto out;
	}
	if (r != -ENOTCONN) {
		cman_call_explain(r, &errs);
		goto out;
	}
	/*
	 * An rgmanager from before corosync ended is still stopping its services. The
	 * others take a node that joins with a new fenced for one that runs nothing.
	 */
	if (!o->check_only && clu_running("rgmanager")) {
		clu_buf_str(&errs, "rgmanager still runs on this node without a cluster: it is stopping its services, and the "
			"others would take this node for one that runs none; wait until it has ended, or restart the machine\n");
		goto out;
	}
	if (cman_doc_get(&conf, o->validate, &errs) < 0 ||
	    cman_doc_plan(conf, o->node_name, &o->over, &plan, &text, &errs) < 0)
		goto out;
	if (o->check_only) {
		fputs(clu_buf_text(&text), stdout);
		rc = 0;
		goto out;
	}
	if (ready_key(&plan, o, &errs) < 0 || cman_doc_write(&plan, &text, path, sizeof(path), &errs) < 0)
		goto out;
	rc = start_and_wait(o, &plan, path, &errs);
out:
	cman_doc_print(&errs);
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	clu_buf_free(&text);
	return rc;
}
