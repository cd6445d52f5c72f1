/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help and the metadata, from the option table. */
#include <stdio.h>
#include <string.h>

#include "fence_opt.h"
#include "fence_opt_row.h"

static void put_long(struct clu_buf *b, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		clu_buf_printf(b, "%c", name[i] == '_' ? '-' : name[i]);
}

void fence_opt_help(const struct fence_agent *a, struct clu_buf *ret)
{
	const struct fence_opt *row;

	clu_buf_printf(ret,
		"usage: %s [options]\n%s\nWithout options, name=value lines are read from stdin; the names "
		"are those of the long\noptions with _ for -.\n\n",
		a->name, a->summary);
	for (unsigned i = 0; (row = fence_opt_row(a, i)); i++) {
		struct clu_buf left = CLU_BUF_INIT;

		if (row->type == FENCE_SECRET)
			clu_buf_printf(&left, "  (stdin only) %s=", row->name);
		else if (row->letter)
			clu_buf_printf(&left, "  -%c, --", row->letter);
		else
			clu_buf_str(&left, "      --");
		if (row->type != FENCE_SECRET) {
			put_long(&left, row->name, strlen(row->name));
			if (row->type != FENCE_FLAG)
				clu_buf_str(&left, "=VALUE");
		}
		clu_buf_printf(ret, "%-32s %s", clu_buf_text(&left), row->help);
		if (row->def)
			clu_buf_printf(ret, " (%s)", row->def);
		clu_buf_str(ret, "\n");
		clu_buf_free(&left);
	}
}

static void put_xml(struct clu_buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '&')
			clu_buf_str(b, "&amp;");
		else if (*s == '<')
			clu_buf_str(b, "&lt;");
		else if (*s == '"')
			clu_buf_str(b, "&quot;");
		else
			clu_buf_append(b, s, 1);
	}
}

static const char *xml_type(const struct fence_opt *row)
{
	switch (row->type) {
	case FENCE_FLAG:
		return "boolean";
	case FENCE_NUMBER:
		return "integer";
	case FENCE_SECONDS:
		return "second";
	case FENCE_CHOICE:
		return "select";
	case FENCE_TEXT:
	case FENCE_SECRET:
	case FENCE_WHAT:
		break;
	}
	return "string";
}

static void put_getopt(struct clu_buf *b, const struct fence_opt *row, const char *name, size_t len)
{
	clu_buf_str(b, "\t\t<getopt mixed=\"");
	if (row->letter)
		clu_buf_printf(b, "-%c, ", row->letter);
	clu_buf_str(b, "--");
	put_long(b, name, len);
	if (row->type != FENCE_FLAG)
		clu_buf_printf(b, "=[%.*s]", (int)len, name);
	clu_buf_str(b, "\"/>\n");
}

static void put_parameter(
	struct clu_buf *b, const struct fence_opt *row, const char *name, size_t len, bool old)
{
	size_t first = row->also ? strcspn(row->also, " ") : 0;

	clu_buf_printf(b, "\t<parameter name=\"%.*s\" unique=\"0\" required=\"%d\"", (int)len, name,
		row->required && !old);
	if (old)
		clu_buf_str(b, " deprecated=\"1\"");
	else if (row->also)
		clu_buf_printf(b, " obsoletes=\"%.*s\"", (int)first, row->also);
	clu_buf_str(b, ">\n");
	put_getopt(b, row, name, len);
	clu_buf_printf(b, "\t\t<content type=\"%s\"", xml_type(row));
	if (row->def) {
		clu_buf_str(b, " default=\"");
		put_xml(b, row->def);
		clu_buf_str(b, "\"");
	}
	if (row->type == FENCE_CHOICE) {
		clu_buf_str(b, ">\n");
		for (int i = 0; row->choices[i]; i++)
			clu_buf_printf(b, "\t\t\t<option value=\"%s\"/>\n", row->choices[i]);
		clu_buf_str(b, "\t\t</content>\n");
	} else {
		clu_buf_str(b, "/>\n");
	}
	clu_buf_str(b, "\t\t<shortdesc lang=\"en\">");
	put_xml(b, row->help);
	clu_buf_str(b, "</shortdesc>\n\t</parameter>\n");
}

void fence_opt_metadata(const struct fence_agent *a, struct clu_buf *ret)
{
	const struct fence_opt *row;

	clu_buf_printf(ret, "<?xml version=\"1.0\" ?>\n<resource-agent name=\"%s\" shortdesc=\"", a->name);
	put_xml(ret, a->summary);
	clu_buf_str(ret, "\">\n<longdesc>");
	put_xml(ret, a->description);
	clu_buf_printf(ret, "</longdesc>\n<vendor-url>%s</vendor-url>\n<parameters>\n", a->vendor_url);
	for (unsigned i = 0; (row = fence_opt_row(a, i)); i++) {
		put_parameter(ret, row, row->name, strlen(row->name), false);
		for (const char *s = row->also; s; s = strchr(s, ' '), s = s ? s + 1 : NULL)
			put_parameter(ret, row, s, strcspn(s, " "), true);
	}
	clu_buf_str(ret, "</parameters>\n<actions>\n");
	for (unsigned i = 0; i < FENCE_NACTIONS; i++)
		clu_buf_printf(ret, "\t<action name=\"%s\"%s/>\n", fence_action_name((enum fence_action)i),
			i == FENCE_ON ? " automatic=\"0\"" : "");
	clu_buf_str(ret, "</actions>\n</resource-agent>\n");
}
