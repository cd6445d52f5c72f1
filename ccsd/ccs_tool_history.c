/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool history and rollback: the versions that this node has kept (ccsd_history.h). */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ccs_tool.h"
#include "ccs_tool_doc.h"
#include "ccsd_history.h"
#include "clu_path.h"
#include "clu_table.h"

struct found {
	struct ccsd_history_entry list[CCSD_HISTORY_MAX];	/* documents are ours */
	unsigned n;
};

static void take(void *ctx, const struct ccsd_history_entry *e)
{
	struct found *f = ctx;
	unsigned i = f->n++;

	for (; i && f->list[i - 1].seq > e->seq; i--)
		f->list[i] = f->list[i - 1];
	f->list[i] = *e;
	ccsd_doc_ref(e->doc);
}

static void drop(struct found *f)
{
	for (unsigned i = 0; i < f->n; i++)
		ccsd_doc_unref(f->list[i].doc);
	f->n = 0;
}

/* From the oldest on. Prints what is wrong. */
static int look(struct found *f)
{
	struct clu_buf folder = CLU_BUF_INIT;
	int r;

	clu_buf_printf(&folder, "%s/" CCSD_HISTORY_FOLDER, clu_path(CLU_PATH_STATE));
	r = ccsd_history_each(clu_buf_text(&folder), take, f);
	if (r > 0)
		fprintf(stderr, "ccs_tool: %d damaged entries in %s are left out\n", r, clu_buf_text(&folder));
	if (r == -ENOENT)
		(void)ccs_fail("this node has no history (%s): ccsd makes it when it runs", clu_buf_text(&folder));
	else if (r < 0)
		(void)ccs_fail("%s cannot be read: %s; run this as root", clu_buf_text(&folder), strerror(-r));
	clu_buf_free(&folder);
	return r < 0 ? r : 0;
}

/* COMPAT: none; ISO 8601 in local time. */
static void print_time(uint64_t us, char ret[32])
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	ret[0] = '\0';
	if (us && localtime_r(&t, &tm))
		(void)strftime(ret, 32, "%Y-%m-%d %H:%M:%S", &tm);
}

/* A file that was put into place by hand has no origin: then the time is that at which it was agreed on. */
static json_t *row(const struct ccsd_history_entry *e)
{
	const struct ccsd_origin *o = &e->doc->origin;
	uint64_t us = o->when_us ? o->when_us : e->kept_us;
	char when[32];

	print_time(us, when);
	return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I}", "version", (json_int_t)e->doc->version, "when", when, "who",
		o->who, "node", o->node, "bytes", (json_int_t)e->doc->len, "when_us", (json_int_t)us);
}

static void list(const struct found *f, bool json)
{
	static const struct clu_column cols[] = {
		{ "version", "Version", 7 }, { "when", "When", 19 }, { "who", "Who", 8 }, { "node", "Node", 8 },
		{ "bytes", "Bytes", 0 },
	};
	json_t *rows = json_array();

	/* The newest first: it is asked for most often. */
	for (unsigned i = f->n; i--;)
		json_array_append_new(rows, row(&f->list[i]));
	if (json) {
		json_t *all = json_pack("{s:O}", "history", rows);

		clu_json_print(stdout, all);
		json_decref(all);
	} else {
		clu_table_print(stdout, cols, sizeof(cols) / sizeof(cols[0]), rows);
	}
	json_decref(rows);
}

/* The newest entry of that version. */
static const struct ccsd_doc *of_version(const struct found *f, const char *text)
{
	char *end;
	unsigned long long version = strtoull(text, &end, 10);

	for (unsigned i = f->n; !*end && end != text && i--;)
		if (f->list[i].doc->version == version)
			return f->list[i].doc;
	(void)ccs_fail("version %s is not in the history of this node: see \"ccs_tool history\"; other nodes may have it", text);
	return NULL;
}

int ccs_tool_history(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	struct found f = { .n = 0 };
	const struct ccsd_doc *doc;
	bool json = false;
	int c, r = 0;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) >= 0) {
		json = c == 'j';
		if (c != 'j' || argc - optind > 1) {
			fputs("Usage: ccs_tool history [--json] [VERSION]\n"
				"Lists the versions that this node has kept, the newest first; prints one if it is named.\n", stdout);
			return 0;
		}
	}
	r = look(&f);
	if (r == 0 && optind < argc) {
		doc = of_version(&f, argv[optind]);
		r = doc && fwrite(doc->data, 1, doc->len, stdout) == doc->len && fflush(stdout) == 0 ? 0 : -EIO;
	} else if (r == 0) {
		list(&f, json);
	}
	drop(&f);
	return r < 0;
}

int ccs_tool_rollback(int argc, char **argv)
{
	struct ccs_tool_change change = { .file = "cluster.conf" };
	char note[64];
	struct found f = { .n = 0 };
	const struct ccsd_doc *doc;
	int r, n = 1;

	if (argc > 1 && (!strcmp(argv[1], "-y") || !strcmp(argv[1], "--yes"))) {
		change.yes = true;
		n = 2;
	}
	if (argc != n + 1 || argv[n][0] == '-') {
		fputs("Usage: ccs_tool rollback [-y] VERSION\n"
			"Spreads a version of the history again, under a new number. -y, --yes: without a question.\n", stdout);
		return 0;
	}
	r = look(&f);
	doc = r == 0 ? of_version(&f, argv[n]) : NULL;
	if (doc) {
		snprintf(note, sizeof(note), "rollback to %" PRIu64, doc->version);
		change.note = note;
		change.data = doc->data;
		change.len = doc->len;
		r = ccs_tool_change(&change);
	} else {
		r = -ENOENT;
	}
	drop(&f);
	return r != 0;
}
