/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_join.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_path.h"
#include "clu_running.h"
#include "cman_bare.h"
#include "cman_call.h"
#include "cman_conf.h"
#include "cman_doc.h"
#include "cman_info.h"
#include "cman_key.h"
#include "cman_name.h"
#include "cman_over.h"
#include "cman_peer.h"
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
	struct clu_buf late = CLU_BUF_INIT;
	int r;

	if (cman_start(path, plan->logfile, errs) < 0)
		return 1;
	/* Without cluster.conf there is nothing that could change. */
	if (!o->bare && cman_start_cmand(&late) < 0)
		cman_doc_print(&late);
	clu_buf_free(&late);
	if (!o->wait_member && !o->wait_quorate)
		return 0;
	do
		r = cman_wait(what, o->until_ms);
	while (r == -EHOSTDOWN && cman_now_ms() < patient && cman_now_ms() < o->until_ms);
	return report_wait(r, plan->logfile, errs);
}

/* May this node join at all? 0, or -EBUSY with the reason in errs. */
static int check_free(struct clu_buf *errs)
{
	const struct cman_info *info;
	int r = cman_info_get(&info);

	if (!r || r == -EAGAIN) {
		clu_buf_str(errs, "Node is already active: corosync runs here; see \"cman_tool status\", or leave first\n");
		return -EBUSY;
	}
	if (r != -ENOTCONN) {
		cman_call_explain(r, errs);
		return -EBUSY;
	}
	/*
	 * An rgmanager from before corosync ended is still stopping its services. The
	 * others take a node that joins with a new fenced for one that runs nothing.
	 */
	if (clu_running("rgmanager")) {
		clu_buf_str(errs, "rgmanager still runs on this node without a cluster: it is stopping its services, and the "
			"others would take this node for one that runs none; wait until it has ended, or restart the machine\n");
		return -EBUSY;
	}
	/* The cmand of a corosync that has just ended is about to end as well. */
	cman_start_wait_cmand();
	return 0;
}

/* -X. The address of this machine: -n's, or that of its host name, or the first there is. */
static int plan_bare(const struct cman_join_opts *o, struct cman_plan *plan, struct clu_buf *text, struct clu_buf *warns,
		     struct clu_buf *errs)
{
	static char logfile[PATH_MAX];
	char addr[CMAN_ADDR_LEN];

	snprintf(logfile, sizeof(logfile), "%s/corosync.log", clu_path(CLU_PATH_LOG));
	if (cman_name_local(o->node_name, addr, sizeof(addr)) < 0) {
		clu_buf_str(errs, "this machine has no IPv4 address but the loopback one: bring its interface up, or give an address "
				  "with -n\n");
		return -ENOENT;
	}
	return cman_bare_write(addr, &o->over, logfile, plan, text, errs, warns) ? -EINVAL : 0;
}

static int plan_document(const struct cman_join_opts *o, struct clu_conf **ret_conf, struct cman_plan *plan,
			 struct clu_buf *text, struct clu_buf *warns, struct clu_buf *errs)
{
	int r = 0;

	if (o->source == CMAN_FROM_CCSD && !cman_doc_version()) {
		clu_buf_str(errs, "-C ccsconfig: ccsd does not run on this node, or has no configuration: start it, or leave -C out\n");
		return -ECONNREFUSED;
	}
	r = cman_doc_get(ret_conf, o->validate, errs);
	return r < 0 ? r : cman_doc_plan(*ret_conf, o->node_name, &o->over, plan, text, warns, errs);
}

/*
 * A node that was away while nodes were added has a list without them. corosync would
 * start with it, hear some nodes and not others, and keep the whole cluster from forming a
 * ring. So a cluster that runs is asked first, and what it runs with is taken.
 */
static int take_newer(const struct cman_plan *plan, struct clu_buf *text, struct clu_buf *errs)
{
	static struct cman_peer peers[CMAN_MAX_NODES];
	struct clu_buf theirs = CLU_BUF_INIT;
	char digest[20];
	int best, r;

	if (plan->transport != CMAN_KNET || plan->n_nodes < 2 || cman_peer_ask(plan, CMAN_PEER_WAIT_MS, peers) < 0)
		return 0;
	best = cman_peer_best(plan, peers);
	if (best < 0 || !cman_conf_is_whole(clu_buf_text(text), digest) || !strcmp(digest, peers[best].facts.digest))
		return 0;
	if (cman_over_any(&plan->over)) {
		/* Values of the command line make the difference, or are not worth a second look. */
		if (peers[best].facts.version <= plan->config_version)
			return 0;
		clu_buf_printf(errs, "%s runs with version %" PRIu64 " of cluster.conf, and here is %" PRIu64 ": copy it from there, or join "
			       "without values on the command line\n", plan->nodes[best].name, peers[best].facts.version,
			       plan->config_version);
		return -ESTALE;
	}
	r = cman_peer_fetch(plan, (unsigned)best, &peers[best], &theirs);
	if (r < 0) {
		clu_buf_printf(errs, "%s runs with version %" PRIu64 " of cluster.conf, here is %" PRIu64 ", and it could not be brought here "
			       "(%s): try again, or copy cluster.conf from there\n", plan->nodes[best].name,
			       peers[best].facts.version, plan->config_version, strerror(-r));
	} else if (!cman_peer_has_us(plan, &theirs)) {
		clu_buf_printf(errs, "%s runs with version %" PRIu64 " of cluster.conf, in which the node \"%s\" is no more: add it again with "
			       "\"ccs_tool addnode\" there\n", plan->nodes[best].name, peers[best].facts.version,
			       plan->nodes[plan->own].name);
		r = -ENOENT;
	} else {
		printf("Joining with what %s runs with (version %" PRIu64 " of cluster.conf; here is %" PRIu64 ")\n",
		       plan->nodes[best].name, peers[best].facts.version, plan->config_version);
		clu_buf_free(text);
		clu_buf_str(text, clu_buf_text(&theirs));
	}
	clu_buf_free(&theirs);
	return r;
}

int cman_join(const struct cman_join_opts *o)
{
	static struct cman_plan plan;
	struct clu_buf errs = CLU_BUF_INIT, text = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	char path[PATH_MAX];
	int r, rc = 1;

	if (!o->check_only && check_free(&errs) < 0)
		goto out;
	r = o->bare ? plan_bare(o, &plan, &text, &warns, &errs) : plan_document(o, &conf, &plan, &text, &warns, &errs);
	cman_doc_print(&warns);
	if (r < 0)
		goto out;
	if (o->check_only) {
		fputs(clu_buf_text(&text), stdout);
		rc = 0;
		goto out;
	}
	if (ready_key(&plan, o, &errs) < 0 || (!o->bare && take_newer(&plan, &text, &errs) < 0) ||
	    cman_doc_write(&plan, &text, true, path, sizeof(path), &errs) < 0)
		goto out;
	rc = start_and_wait(o, &plan, path, &errs);
out:
	cman_doc_print(&errs);
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	clu_buf_free(&text);
	clu_buf_free(&warns);
	return rc;
}
