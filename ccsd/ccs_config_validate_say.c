/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccs_config_validate.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

static void print_json(json_t *root)
{
	if (json_dumpf(root, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) < 0 || putchar('\n') < 0)
		fputs("ccs_config_validate: the JSON could not be written: make room where it goes\n", stderr);
	json_decref(root);
}

static json_t *finding(const struct ccsd_finding *f)
{
	json_t *o = json_pack("{s:i, s:i, s:s, s:s, s:s}", "line", f->line, "column", f->column, "severity",
		ccsd_severity_name(f->severity), "id", f->id, "message", f->text);

	if (f->node)
		(void)json_object_set_new(o, "element", json_string(clu_node_name(f->node)));
	if (f->attr)
		(void)json_object_set_new(o, "attribute", json_string(f->attr));
	return o;
}

static void say_json(const struct ccs_validate_say *how, const struct ccsd_report *r, bool valid)
{
	json_t *list = json_array(), *root;

	for (unsigned i = 0; i < r->findings.n; i++)
		(void)json_array_append_new(list, finding(&r->findings.list[i]));
	root = json_pack("{s:s, s:b, s:i, s:i, s:o}", "file", how->file, "valid", valid, "errors",
		(int)r->findings.n_by[CCSD_ERROR], "warnings", (int)r->findings.n_by[CCSD_WARNING], "findings", list);
	if (r->conf)
		(void)json_object_set_new(root, "config_version", json_integer((json_int_t)clu_conf_version(r->conf)));
	print_json(root);
}

void ccs_validate_say(const struct ccs_validate_say *how, const struct ccsd_report *r, bool valid)
{
	struct clu_buf lines = CLU_BUF_INIT;

	if (how->quiet)
		return;
	if (how->json) {
		say_json(how, r, valid);
		return;
	}
	ccsd_findings_text(&r->findings, how->file, how->verbose ? CCSD_NOTE : CCSD_WARNING, &lines);
	fputs(clu_buf_text(&lines), stderr);
	/* COMPAT: the two sentences of the historical script. */
	puts(valid ? "Configuration validates" : "Configuration fails to validate");
	clu_buf_free(&lines);
}

void ccs_validate_say_failed(const struct ccs_validate_say *how, const char *why)
{
	if (how->quiet)
		return;
	if (how->json)
		print_json(json_pack("{s:s, s:n, s:s%}", "file", how->file, "valid", "error", why, strcspn(why, "\n")));
	else
		fprintf(stderr, "ccs_config_validate: %s", why);
}
