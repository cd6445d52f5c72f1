/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccsd: keeps cluster.conf the same on all nodes. See ccsd(8). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd_core.h"
#include "ccsd_validate.h"
#include "ccsd_vet.h"
#include "clu_log.h"
#include "clu_path.h"
#include "clu_shell.h"
#include "clu_store.h"

/* A request or an answer: a document and what is around it. */
#define MAX_MESSAGE (CCSD_DOC_MAX + 64u * 1024)

struct ccsd {
	struct ccsd_schema *schema;
	struct ccsd_core *core;
	struct clu_buf why;
};

/* The file's content, which no power cut takes away any more: others will rely on it. A missing file is none. */
static int read_file(const char *path, size_t max, struct clu_buf *ret)
{
	int r = clu_store_settle(path);

	if (r == 0)
		r = clu_store_read(path, max, ret);
	return r == -ENOENT ? 0 : r;
}

/* What is wrong with the file, with its real name. */
static void explain(struct ccsd *d, const char *path, const struct clu_buf *file, const char *why)
{
	struct clu_buf findings = CLU_BUF_INIT;

	(void)ccsd_validate(d->schema, file->data, file->len, path, NULL, &findings);
	clu_buf_printf(&d->why, "%s: %s%s%s", path, why, findings.len ? "\n" : "", clu_buf_text(&findings));
	clu_buf_free(&findings);
}

/* It starts all the same, as the suites did that this file may come from; a misspelt setting would have no effect, unseen. */
static void warn_of_unread(const struct ccsd *d, const char *path, const struct clu_buf *file)
{
	struct ccsd_report report;
	struct clu_buf text = CLU_BUF_INIT;

	if (file->len && ccsd_check(d->schema, file->data, file->len, path, false, CCSD_MAX_FINDINGS, &report) == -EINVAL) {
		ccsd_findings_text(&report.findings, path, CCSD_ERROR, &text);
		for (char *save = NULL, *line = strtok_r(text.error ? NULL : text.data, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			clu_log(CLU_WARNING, "%s", line);
	}
	if (file->len)
		ccsd_report_free(&report);
	clu_buf_free(&text);
}

static void see_entry(void *newest, const struct ccsd_history_entry *e)
{
	ccsd_newest_see(newest, e);
}

/* The folder is made when it is missing; damaged entries are overwritten when their turn comes. */
static int find_newest(const char *folder, struct ccsd_newest *ret)
{
	int r = clu_path_mkdirs(folder, 1);

	if (r == 0)
		r = ccsd_history_each(folder, see_entry, ret);
	return r < 0 ? r : 0;
}

static void *core_new(void *opt_ctx, const char **why)
{
	struct ccsd *d = opt_ctx;
	struct clu_buf path = CLU_BUF_INIT, file = CLU_BUF_INIT, record = CLU_BUF_INIT, history = CLU_BUF_INIT;
	const char *conf_path = clu_path(CLU_PATH_CONF), *reason;
	struct ccsd_cfg cfg = { .conf_path = conf_path, .check = ccsd_vet_document, .change = ccsd_vet_change };
	int r;

	clu_buf_printf(&path, "%s/cluster.rng", clu_path(CLU_PATH_DATA));
	r = ccsd_schema_load(clu_buf_text(&path), &d->schema, &d->why);
	if (r < 0)
		goto out;
	ccsd_schema_agents(d->schema, ccsd_agent_installed);
	cfg.check_ctx = d->schema;
	/* A node without the folder gets it here: the cluster's version is to be written there. */
	clu_buf_free(&path);
	clu_buf_append(&path, conf_path, strrchr(conf_path, '/') ? (size_t)(strrchr(conf_path, '/') - conf_path) : 0);
	if (path.len)
		(void)clu_path_mkdirs(clu_buf_text(&path), 0);
	r = read_file(conf_path, CCSD_DOC_MAX, &file);
	if (r < 0) {
		clu_buf_printf(&d->why, "%s: cannot be read: %s; mend it or move it away", conf_path,
			r == -EFBIG ? "larger than " CCSD_DOC_MAX_TEXT : strerror(-r));
		goto out;
	}
	clu_buf_free(&path);
	clu_buf_printf(&path, "%s/ccsd.record", clu_path(CLU_PATH_STATE));
	r = read_file(clu_buf_text(&path), CCSD_DOC_MAX + 4096, &record);
	if (r < 0) {
		clu_buf_printf(&d->why, "%s: cannot be read: %s; mend the file system", clu_buf_text(&path), strerror(-r));
		goto out;
	}
	clu_buf_printf(&history, "%s/" CCSD_HISTORY_FOLDER, clu_path(CLU_PATH_STATE));
	r = find_newest(clu_buf_text(&history), &cfg.newest);
	if (r < 0) {
		clu_buf_printf(&d->why, "%s: cannot be used: %s; mend the file system", clu_buf_text(&history), strerror(-r));
		goto out;
	}
	cfg.history_path = clu_buf_text(&history);
	cfg.record_path = clu_buf_text(&path);
	cfg.file = file.data;
	cfg.file_len = file.len;
	cfg.record = record.data;
	cfg.record_len = record.len;
	d->core = ccsd_core_new(&cfg, &reason);
	if (d->core)
		warn_of_unread(d, conf_path, &file);
	else
		explain(d, conf_path, &file, reason);
out:
	*why = clu_buf_text(&d->why);
	if (record.data)
		explicit_bzero(record.data, record.len);
	if (file.data)
		explicit_bzero(file.data, file.len);
	clu_buf_free(&record);
	clu_buf_free(&file);
	clu_buf_free(&path);
	clu_buf_free(&history);
	return d->core;
}

int main(int argc, char **argv)
{
	struct ccsd state = { .why = CLU_BUF_INIT };
	const struct clu_daemon d = {
		.ops = &ccsd_core_ops,
		.summary = "keeps cluster.conf the same on all nodes of a cluster",
		.want = CLU_WANT_GROUP | CLU_WANT_QUORUM | CLU_WANT_NO_COROSYNC,
		.opt_ctx = &state,
		.max_request = MAX_MESSAGE,
		.core_new = core_new,
		.core_free = ccsd_core_free,
	};
	int r = clu_shell_main(&d, argc, argv);

	ccsd_schema_free(state.schema);
	clu_buf_free(&state.why);
	return r;
}
