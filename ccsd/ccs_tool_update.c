/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool update and query, and what other commands have to do with ccsd. */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ccs.h"
#include "ccs_running.h"
#include "ccs_tool.h"
#include "ccsd.pb-c.h"
#include "ccsd_core.h"
#include "ccsd_validate.h"
#include "clu_client.h"
#include "clu_path.h"
#include "clu_store.h"
#include "cman_outcome.h"

/* ccsd answers within CCSD_UPDATE_LAST_MS; a little more for the way. */
#define UPDATE_DEADLINE_MS (CCSD_UPDATE_LAST_MS + 2000)

static int failed(void)
{
	fputs("\nFailed to update config file.\n", stderr);
	return 1;
}

static bool has_error(const struct ccsd_findings *f, const char *text)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->list[i].severity == CCSD_ERROR && !strcmp(f->list[i].text, text))
			return true;
	return false;
}

/*
 * An old file may have more than our schema knows; ccsd starts with it. Whoever changes something else in it must not be
 * held up by that. What is new, and read by nobody, is a mistake.
 */
static bool is_unread_before(const struct ccsd_schema *schema, const struct ccsd_findings *f, const struct clu_conf *in_force)
{
	struct ccsd_report before;
	size_t len = 0;
	const void *data = in_force ? clu_conf_bytes(in_force, &len) : NULL;
	bool all = data != NULL;

	if (!data)
		return false;
	(void)ccsd_check(schema, data, len, "cluster.conf", false, CCSD_MAX_FINDINGS, &before);
	for (unsigned i = 0; i < f->n && all; i++)
		all = f->list[i].severity != CCSD_ERROR || has_error(&before.findings, f->list[i].text);
	ccsd_report_free(&before);
	return all && f->n_by[CCSD_ERROR] <= f->max;
}

/* Says here what would be refused there, with the name and lines of the user's own file; and what is only warned of. */
int ccs_tool_check(const void *data, size_t len, const char *file, const struct clu_conf *in_force, bool lax)
{
	struct clu_buf path = CLU_BUF_INIT, findings = CLU_BUF_INIT;
	struct ccsd_report report, read_only;
	struct ccsd_schema *schema = NULL;
	int r;

	clu_buf_printf(&path, "%s/cluster.rng", clu_path(CLU_PATH_DATA));
	r = ccsd_schema_load(clu_buf_text(&path), &schema, &findings);
	if (r < 0) {
		fputs(clu_buf_text(&findings), stderr);
	} else {
		ccsd_schema_agents(schema, ccsd_agent_installed);
		bool unread;

		r = ccsd_check(schema, data, len, file, false, CCSD_MAX_FINDINGS, &report);
		unread = ccsd_check(schema, data, len, file, true, CCSD_MAX_FINDINGS, &read_only) == 0 && r == -EINVAL;
		if (unread && (lax || is_unread_before(schema, &report.findings, in_force)))
			r = 0;
		ccsd_findings_text(r == 0 ? &read_only.findings : &report.findings, file, CCSD_WARNING, &findings);
		fputs(clu_buf_text(&findings), stderr);
		if (r < 0)
			fprintf(stderr, "ccs_tool: %s is not a valid configuration: nothing was changed; mend what is listed and "
				"repeat%s\n", file, unread ? ", or let it pass with \"ccs_tool update --lax\"" : "");
		ccsd_report_free(&report);
		ccsd_report_free(&read_only);
	}
	ccsd_schema_free(schema);
	clu_buf_free(&path);
	clu_buf_free(&findings);
	return r;
}

/* The daemons know the document as cluster.conf; the user knows it as his file. */
static void say_findings(const char *text, const char *file)
{
	static const char theirs[] = "cluster.conf:";

	while (*text) {
		size_t len = strcspn(text, "\n"), skip = strncmp(text, theirs, sizeof(theirs) - 1) ? 0 : sizeof(theirs) - 1;

		if (skip)
			fprintf(stderr, "%s:", file);
		fprintf(stderr, "%.*s\n", (int)(len - skip), text + skip);
		text += len + (text[len] == '\n');
	}
}

static void say_why(int error, const Hawser__CcsdAnswer *a, const char *file)
{
	struct clu_buf text = CLU_BUF_INIT;

	if (!a || !a->why[0]) {
		clu_client_explain("ccsd", error, &text);
		fprintf(stderr, "ccs_tool: %s\n", clu_buf_text(&text));
	} else {
		for (size_t i = 0; i < a->n_findings; i++)
			say_findings(a->findings[i], file);
		fprintf(stderr, "ccs_tool: update refused: %s\n", a->why);
	}
	clu_buf_free(&text);
}

static const char *user_name(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw ? pw->pw_name : "unknown user";
}

/* What corosync makes of the version that is in force now: cmand knows, where it runs. */
static void say_outcome(uint64_t version)
{
	static const char *const texts[] = {
		[CMAN_OUTCOME_APPLIED] = "corosync has taken it over; some of it only when a node starts anew",
		[CMAN_OUTCOME_APPLYING] = "corosync has not taken it over yet; see \"cman_tool status\"",
		[CMAN_OUTCOME_WAITING] = "corosync has not taken it over yet; see \"cman_tool status\"",
		[CMAN_OUTCOME_RESTART] = "it is in force, but corosync cannot take it over while the cluster runs",
		[CMAN_OUTCOME_FAILED] = "it is in force, but corosync could not take it over",
	};
	struct cman_outcome o;
	int r;

	fflush(stdout);
	r = cman_outcome_ask("wait", version, &o);
	if (r == -ECONNREFUSED)
		fputs("ccs_tool: it is in force, but " CMAN_NO_CMAND "\n", stderr);
	else if (!r && o.why.len)
		fprintf(stderr, "ccs_tool: %s:\n%s", texts[o.state], clu_buf_text(&o.why));
	cman_outcome_free(&o);
}

int ccs_tool_propose(const void *data, size_t len, const char *file, const char *note)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	Hawser__CcsdAnswer *a = NULL;
	char who[256];
	int r;

	snprintf(who, sizeof(who), note ? "%s (%s)" : "%s", user_name(), note);
	q.verb = (char *)"update";
	q.who = who;
	q.document.data = (uint8_t *)data;
	q.document.len = len;
	r = clu_client_once_pb("ccsd", &q.base, UPDATE_DEADLINE_MS, &hawser__ccsd_answer__descriptor,
		(struct ProtobufCMessage **)&a);
	if (r < 0)
		say_why(r, a, file);
	else if (a->why[0])
		fprintf(stderr, "ccs_tool: %s\n", a->why);
	if (r == 0)
		printf("Config file updated from version %llu to %llu\n\nUpdate complete.\n",
			(unsigned long long)a->old_version, (unsigned long long)a->version);
	if (r == 0)
		say_outcome(a->version);
	if (a)
		hawser__ccsd_answer__free_unpacked(a, NULL);
	return r;
}

int ccs_tool_load(const char *file, struct clu_conf **ret)
{
	struct clu_buf errs = CLU_BUF_INIT;
	int r = clu_conf_load(file, ret, &errs);

	if (r < 0)
		fprintf(stderr, "ccs_tool: %s", clu_buf_text(&errs));
	clu_buf_free(&errs);
	return r;
}

/* ccsd's; -ECONNREFUSED, -ENODATA: there is none. */
static int running(struct clu_conf **ret, struct clu_buf *errs)
{
	struct clu_buf text = CLU_BUF_INIT;
	int r = ccs_running_get(&text, errs);

	if (r == 0)
		r = clu_conf_parse(text.data, text.len, "cluster.conf", ret, errs);
	if (text.data)
		explicit_bzero(text.data, text.len);
	clu_buf_free(&text);
	return r;
}

int ccs_tool_in_force(struct clu_conf **ret)
{
	struct clu_buf errs = CLU_BUF_INIT;
	int r = running(ret, &errs);

	if (r == -ECONNREFUSED || r == -ENODATA)
		r = ccs_tool_load(clu_path(CLU_PATH_CONF), ret);
	else if (r < 0)
		fprintf(stderr, "ccs_tool: %s", clu_buf_text(&errs));
	clu_buf_free(&errs);
	return r;
}

int ccs_tool_spread(const char *file, bool verbose, bool lax)
{
	struct clu_buf data = CLU_BUF_INIT, unsaid = CLU_BUF_INIT;
	struct clu_conf *in_force = NULL;
	int r = clu_store_read(file, CCSD_DOC_MAX, &data);

	/* What keeps us from asking ccsd for it keeps us from proposing as well, and is said then. */
	(void)running(&in_force, &unsaid);
	clu_buf_free(&unsaid);
	if (r < 0)
		fprintf(stderr, "ccs_tool: %s cannot be read: %s; name the new configuration\n", file,
			r == -EFBIG ? "it is larger than " CCSD_DOC_MAX_TEXT : strerror(-r));
	else
		r = ccs_tool_check(data.data, data.len, file, in_force, lax);
	if (r == 0 && verbose)
		printf("Proposing %s to all members\n", file);
	if (r == 0)
		r = ccs_tool_propose(data.data, data.len, file, NULL);
	if (data.data)
		explicit_bzero(data.data, data.len);
	clu_buf_free(&data);
	clu_conf_unref(in_force);
	return r < 0 ? failed() : 0;
}

int ccs_tool_update(int argc, char **argv, bool verbose)
{
	bool lax = argc > 1 && (!strcmp(argv[1], "-L") || !strcmp(argv[1], "--lax"));

	if (argc != 2 + lax) {
		fprintf(stderr, "Too %s arguments.\nTry 'ccs_tool help' for help.\n", argc > 2 ? "many" : "few");
		return 1;
	}
	return ccs_tool_spread(argv[1 + lax], verbose, lax);
}

int ccs_tool_query(int argc, char **argv)
{
	char *value = NULL;
	int desc, r;

	if (argc == 3 && !strcmp(argv[1], "-n")) {
		argv++;
		argc--;
	} else {
		fullxpath = 1;
	}
	if (argc != 2) {
		fputs("Usage: ccs_tool query [-n] XPATH\n", stderr);
		return 1;
	}
	desc = ccs_force_connect(NULL, 0);
	if (desc < 0) {
		struct clu_buf text = CLU_BUF_INIT;

		clu_client_explain("ccsd", desc, &text);
		fprintf(stderr, "Unable to connect to ccs\nccs_tool: %s\n", clu_buf_text(&text));
		clu_buf_free(&text);
		return 1;
	}
	r = ccs_get(desc, argv[1], &value);
	if (r < 0)
		fprintf(stderr, "Query failed: %s\n", strerror(-r));
	else
		printf("%s\n", value);
	free(value);
	(void)ccs_disconnect(desc);
	return r < 0 ? 255 : 0;
}
