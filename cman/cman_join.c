/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_join.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "clu_client.h"
#include "clu_path.h"
#include "clu_store.h"
#include "cman_call.h"
#include "cman_conf.h"
#include "cman_info.h"
#include "cman_key.h"
#include "cman_name.h"
#include "cman_start.h"
#include "cman_wait.h"

/* Prints the lines of b on stderr, "cman_tool: " before each that is not indented. */
static void print_errors(const struct clu_buf *b)
{
	const char *p = clu_buf_text(b);

	while (*p) {
		size_t len = strcspn(p, "\n");

		fprintf(stderr, "%s%.*s\n", *p == ' ' || !strncmp(p, "cman_tool: ", 11) ? "" : "cman_tool: ", (int)len, p);
		p += len + (p[len] == '\n');
	}
}

/* ccsd's document, also one that waits for quorum: it is what this node is to join with. -ECONNREFUSED: no ccsd. */
static int ask_ccsd(struct clu_conf **ret, struct clu_buf *errs)
{
	Hawser__CcsdRequest req = HAWSER__CCSD_REQUEST__INIT;
	ProtobufCMessage *answer = NULL;
	Hawser__CcsdAnswer *a;
	int r;

	req.verb = (char *)"get";
	req.force = true;
	r = clu_client_once_pb("ccsd", &req.base, CLU_CLIENT_DEADLINE_MS, &hawser__ccsd_answer__descriptor, &answer);
	a = (Hawser__CcsdAnswer *)answer;
	if (!r && a && a->document.len)
		r = clu_conf_parse(a->document.data, a->document.len, "cluster.conf", ret, errs);
	else if (!r || r == -ENODATA)
		r = -ECONNREFUSED;	/* it had no document when it started: the file may have come since */
	else if (r != -ECONNREFUSED && a && a->why && *a->why)
		clu_buf_printf(errs, "ccsd: %s\n", a->why);
	else if (r != -ECONNREFUSED)
		clu_client_explain("ccsd", r, errs);
	if (answer)
		protobuf_c_message_free_unpacked(answer, NULL);
	return r;
}

int cman_join_document(struct clu_conf **ret, enum cman_validate validate, struct clu_buf *errs)
{
	struct clu_buf findings = CLU_BUF_INIT;
	int r = ask_ccsd(ret, errs);

	if (r != -ECONNREFUSED)
		return r;
	r = clu_conf_load(clu_path(CLU_PATH_CONF), ret, errs);
	if (r < 0 || validate == CMAN_VALIDATE_NONE)
		return r;
	r = cman_start_validate(&findings);
	if (r < 0 && validate == CMAN_VALIDATE_FAIL)
		clu_buf_str(errs, clu_buf_text(&findings));
	else
		print_errors(&findings);
	clu_buf_free(&findings);
	return validate == CMAN_VALIDATE_FAIL ? r : 0;
}

static int make_dirs(const struct cman_plan *p, struct clu_buf *errs)
{
	const char *slash = strrchr(p->logfile, '/');
	const char *dirs[2] = { clu_path(CLU_PATH_RUN), NULL };
	char log[PATH_MAX];

	snprintf(log, sizeof(log), "%.*s", slash && slash != p->logfile ? (int)(slash - p->logfile) : 1, p->logfile);
	dirs[1] = log;
	for (unsigned i = 0; i < 2; i++) {
		int r = clu_path_mkdirs(dirs[i], 0);

		if (r < 0) {
			clu_buf_printf(errs, "folder %s cannot be made: %s; make it, or run this as root\n", dirs[i], strerror(-r));
			return r;
		}
	}
	return 0;
}

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
		clu_buf_printf(errs, "no key %s: the nodes encrypt with one key, the same file on each, and with a new one this node "
			       "would be quorate alone and fence the others; copy the key from another node, or if none has it, make "
			       "it here with \"cman_tool keygen\" and copy it to:%s\n", p->keyfile, clu_buf_text(&others));
	else
		r = cman_key_make(p->keyfile, errs);
	if (!r && p->n_nodes > 1)
		printf("Made the key %s. It must be the same on all nodes: those that have none or another one cannot join this one "
		       "before it is copied to them:%s\n", p->keyfile, clu_buf_text(&others));
	clu_buf_free(&others);
	return r;
}

static int write_conf(const struct cman_plan *p, const struct clu_buf *text, char *path, size_t size, struct clu_buf *errs)
{
	int r;

	snprintf(path, size, "%s/corosync.conf", clu_path(CLU_PATH_RUN));
	r = make_dirs(p, errs);
	if (r < 0)
		return r;
	r = clu_store_write(path, text->data, text->len, 0640);
	if (r < 0)
		clu_buf_printf(errs, "%s cannot be written: %s; run this as root, and check the space there\n", path, strerror(-r));
	return r;
}

static int plan_join(const struct cman_join_opts *o, struct clu_conf *conf, struct cman_plan *plan, struct clu_buf *text,
		     struct clu_buf *errs)
{
	static char keyfile[PATH_MAX], logfile[PATH_MAX];
	struct cman_plan_in in = { .conf = conf, .over = o->over, .default_keyfile = keyfile, .default_logfile = logfile,
				   .resolve = cman_name_resolve };
	struct clu_buf warns = CLU_BUF_INIT;
	int faults;

	snprintf(keyfile, sizeof(keyfile), "%s/corosync.key", clu_path(CLU_PATH_KEYS));
	snprintf(logfile, sizeof(logfile), "%s/corosync.log", clu_path(CLU_PATH_LOG));
	in.own_name = cman_name_own(conf, o->node_name, errs);
	if (!in.own_name)
		return -ENOENT;
	faults = cman_plan_make(&in, plan, errs, &warns);
	if (!faults)
		faults = cman_conf_write(plan, text, errs, &warns);
	print_errors(&warns);
	clu_buf_free(&warns);
	return faults ? -EINVAL : 0;
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

	if (cman_start(path, plan->logfile, errs) < 0)
		return 1;
	if (!o->wait_member && !o->wait_quorate)
		return 0;
	return report_wait(cman_wait(what, o->until_ms), plan->logfile, errs);
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
		clu_buf_str(&errs, "Node is already active: corosync runs here; see \"cman_tool status\", or leave first\n");
		goto out;
	}
	if (r != -ENOTCONN) {
		cman_call_explain(r, &errs);
		goto out;
	}
	if (cman_join_document(&conf, o->validate, &errs) < 0 || plan_join(o, conf, &plan, &text, &errs) < 0)
		goto out;
	if (o->check_only) {
		fputs(clu_buf_text(&text), stdout);
		rc = 0;
		goto out;
	}
	if (ready_key(&plan, o, &errs) < 0 || write_conf(&plan, &text, path, sizeof(path), &errs) < 0)
		goto out;
	rc = start_and_wait(o, &plan, path, &errs);
out:
	print_errors(&errs);
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	clu_buf_free(&text);
	return rc;
}
