/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_check.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clu_path.h"
#include "clu_running.h"
#include "clu_table.h"
#include "cman_call.h"
#include "cman_conf.h"
#include "cman_doc.h"
#include "cman_name.h"

enum { EXIT_FINE = 0, EXIT_FAULT = 1, EXIT_DOUBT = 3 };

void cman_check_add(struct cman_findings *ret, const char *part, enum cman_verdict verdict, const char *remedy,
		    const char *fmt, ...)
{
	struct cman_finding *f;
	va_list ap;

	if (ret->n == CMAN_CHECK_MAX)
		return;
	f = &ret->f[ret->n++];
	f->part = part;
	f->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	snprintf(f->remedy, sizeof(f->remedy), "%s", remedy ? remedy : "");
}

/* Each line of what another part of the program found; it names its remedies itself. */
static void add_lines(struct cman_findings *ret, const char *part, enum cman_verdict verdict, const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n"), indent = strspn(lines, " ");

		cman_check_add(ret, part, verdict, NULL, "%.*s", (int)(len - indent), lines + indent);
		lines += len + (lines[len] == '\n');
	}
}

static int check_document(const char *name, const struct cman_overrides *over, struct clu_conf **ret_conf,
			  struct cman_plan *plan, struct cman_findings *ret)
{
	static char keyfile[PATH_MAX], logfile[PATH_MAX];
	struct cman_plan_in in = { .over = *over, .default_keyfile = keyfile, .default_logfile = logfile };
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT, text = CLU_BUF_INIT;
	struct utsname u;
	int r = cman_doc_get(ret_conf, CMAN_VALIDATE_FAIL, &errs), faults = 0;

	snprintf(keyfile, sizeof(keyfile), "%s/corosync.key", clu_path(CLU_PATH_KEYS));
	snprintf(logfile, sizeof(logfile), "%s/corosync.log", clu_path(CLU_PATH_LOG));
	in.conf = *ret_conf;
	if (r < 0) {
		add_lines(ret, "config", CMAN_FAULT, clu_buf_text(&errs));
		goto out;
	}
	in.own_name = cman_name_own(*ret_conf, name, &errs);
	if (!in.own_name) {
		add_lines(ret, "hostname", CMAN_FAULT, clu_buf_text(&errs));
		r = -ENOENT;
		goto out;
	}
	faults = cman_plan_make(&in, plan, &errs, &warns);
	if (!faults)
		faults = cman_conf_write(plan, &text, &errs, &warns);
	add_lines(ret, "config", CMAN_FAULT, clu_buf_text(&errs));
	add_lines(ret, "config", CMAN_DOUBT, clu_buf_text(&warns));
	if (faults) {
		r = -EINVAL;
		goto out;
	}
	cman_check_add(ret, "config", CMAN_FINE, NULL, "version %llu of the cluster \"%s\", %u nodes",
		       (unsigned long long)plan->config_version, plan->cluster_name, plan->n_nodes);
	if (uname(&u) < 0)
		u.nodename[0] = '\0';
	cman_check_add(ret, "hostname", CMAN_FINE, NULL, "this machine (\"%s\") is the node \"%s\"", u.nodename, in.own_name);
out:
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	clu_buf_free(&text);
	return r;
}

/* A corosync that others started has our ports, and our daemons would join it. True: corosync runs. */
static bool check_running(struct cman_findings *ret)
{
	const struct cman_info *info;
	int r = cman_info_get(&info);

	if (r == -ENOTCONN) {
		cman_check_add(ret, "corosync", CMAN_FINE, NULL, "does not run: this node has not joined");
		return false;
	}
	if (r == -EACCES)
		cman_check_add(ret, "corosync", CMAN_UNSURE, "run this as root", "runs, and talks to root only");
	else if (r < 0)
		cman_check_add(ret, "corosync", CMAN_DOUBT, "wait, or look at its log", "runs but does not answer (%s)", strerror(-r));
	else if (!*info->digest)
		cman_check_add(ret, "corosync", CMAN_FAULT,
			       "stop it (systemctl disable --now corosync); cman_tool join starts its own",
			       "runs, but was not started by cman_tool: it knows nothing of cluster.conf");
	else
		cman_check_add(ret, "corosync", CMAN_FINE, NULL, "runs: this node has joined, with %u members in sight",
			       info->n_members);
	if (r >= 0 && cman_info_wants_cmand(info) && !clu_running("cmand"))
		cman_check_add(ret, "cmand", CMAN_DOUBT, "start it: cmand", "cmand does not run on this node: no change of "
			       "cluster.conf reaches the corosync of any node");
	return true;
}

int cman_check_report(const struct cman_findings *f, bool json, struct clu_buf *ret)
{
	static const char *const words[] = { "ok", "unknown", "warning", "fault" };
	unsigned count[4] = { 0 };
	json_t *list = json_array(), *root;
	char *text;

	for (unsigned i = 0; i < f->n; i++) {
		const struct cman_finding *x = &f->f[i];

		count[x->verdict]++;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "part", x->part, "verdict", words[x->verdict], "text",
						      x->text, "remedy", x->remedy));
		if (json)
			continue;
		clu_buf_printf(ret, "%-8s %-9s %s\n", words[x->verdict], x->part, x->text);
		if (*x->remedy)
			clu_buf_printf(ret, "%-18s -> %s\n", "", x->remedy);
	}
	root = json_pack("{s:i, s:i, s:i, s:o}", "faults", (int)count[CMAN_FAULT], "warnings", (int)count[CMAN_DOUBT], "unknown",
			 (int)count[CMAN_UNSURE], "findings", list);
	text = json ? json_dumps(root, JSON_INDENT(2)) : NULL;
	if (text)
		clu_buf_printf(ret, "%s\n", text);
	else if (count[CMAN_FAULT] || count[CMAN_DOUBT])
		clu_buf_printf(ret, "%u fault%s, %u warning%s.\n", count[CMAN_FAULT], count[CMAN_FAULT] == 1 ? "" : "s",
			       count[CMAN_DOUBT], count[CMAN_DOUBT] == 1 ? "" : "s");
	else
		clu_buf_str(ret, "Nothing wrong was found.\n");
	free(text);
	json_decref(root);
	return count[CMAN_FAULT] ? EXIT_FAULT : count[CMAN_DOUBT] ? EXIT_DOUBT : EXIT_FINE;
}

int cman_check(const char *name, const struct cman_overrides *over, bool json)
{
	static struct cman_findings found;
	static struct cman_plan plan;
	struct clu_buf out = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	bool running;
	int code;

	cman_check_versions(&found);
	running = check_running(&found);
	cman_check_clock(clu_path(CLU_PATH_CONF), &found);
	if (!check_document(name, over, &conf, &plan, &found)) {
		cman_check_names(&plan, &found);
		cman_check_ports(&plan, running, &found);
		cman_check_firewall(&plan, &found);
		cman_check_peers(&plan, &found);
	}
	code = cman_check_report(&found, json, &out);
	fputs(clu_buf_text(&out), stdout);
	clu_buf_free(&out);
	clu_conf_unref(conf);
	return code;
}
