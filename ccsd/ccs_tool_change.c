/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new version from a document: numbered, validated, shown, asked for, spread. What edit and rollback share. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_tool.h"
#include "ccs_tool_doc.h"

bool ccs_tool_ask(const char *question)
{
	char line[64];

	printf("%s [y/N] ", question);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static uint64_t number_of(const void *data, size_t len, const char *file)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	uint64_t number = 0;

	if (clu_conf_parse(data, len, file, &conf, &errs) == 0)
		number = clu_conf_version(conf);
	clu_conf_unref(conf);
	clu_buf_free(&errs);
	return number;
}

/* Puts the number into the text as it stands, so that what a person laid out stays so. false: not found there. */
static bool put_number(const struct ccs_tool_change *c, uint64_t number, struct clu_buf *ret)
{
	static const char name[] = "config_version";
	struct clu_buf text = CLU_BUF_INIT;
	const char *at, *digits;

	clu_buf_append(&text, c->data, c->len);
	at = strstr(clu_buf_text(&text), "<cluster");
	at = at ? strstr(at, name) : NULL;
	digits = at ? at + strlen(name) + strcspn(at + strlen(name), "\"'<>") + 1 : NULL;
	if (digits && digits < text.data + text.len && isdigit((unsigned char)*digits)) {
		clu_buf_append(ret, text.data, (size_t)(digits - text.data));
		clu_buf_printf(ret, "%" PRIu64, number);
		clu_buf_str(ret, digits + strspn(digits, "0123456789"));
	}
	clu_buf_free(&text);
	if (number_of(ret->data, ret->len, c->file) == number)
		return true;
	clu_buf_free(ret);
	return false;
}

/* Whoever edits a file forgets its number most easily. */
static int set_number(const struct ccs_tool_change *c, const struct clu_conf *in_force, struct clu_buf *ret)
{
	uint64_t now = clu_conf_version(in_force), number = number_of(c->data, c->len, c->file);
	struct ccs_doc d = CCS_DOC_INIT;
	int r;

	/* Above it already; or none at all, which the validator says with its line. */
	if (number > now || !number) {
		clu_buf_append(ret, c->data, c->len);
		return ret->error;
	}
	if (put_number(c, now + 1, ret))
		return 0;
	r = ccs_doc_parse(&d, c->data, c->len, c->file);
	if (r == 0)
		ccs_doc_set_version(&d, now + 1);
	if (r == 0)
		r = ccs_doc_text(&d, ret);
	ccs_doc_free(&d);
	return r;
}

int ccs_tool_change(const struct ccs_tool_change *c)
{
	struct clu_buf text = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *in_force = NULL, *new = NULL;
	int r = ccs_tool_in_force(&in_force);

	if (r == 0)
		r = set_number(c, in_force, &text);
	if (r == 0)
		r = ccs_tool_check(text.data, text.len, c->file, in_force, false);
	if (r == 0)
		r = clu_conf_parse(text.data, text.len, c->file, &new, &errs);
	if (r == 0)
		r = ccs_tool_print_diff(in_force, new);
	if (r == 0 && !c->yes && !ccs_tool_ask("Spread this version to all nodes?")) {
		puts("Nothing was changed.");
		r = 1;
	}
	if (r == 0)
		r = ccs_tool_propose(text.data, text.len, c->file, c->note);
	if (text.data)
		explicit_bzero(text.data, text.len);
	clu_buf_free(&text);
	clu_buf_free(&errs);
	clu_conf_unref(in_force);
	clu_conf_unref(new);
	return r;
}
