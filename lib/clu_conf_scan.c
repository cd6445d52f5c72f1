/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_conf_scan.h"

#include <string.h>

static void step(struct clu_scan *s)
{
	unsigned char c = (unsigned char)*s->p++;

	if (c == '\n') {
		s->line++;
		s->column = 1;
	} else if ((c & 0xc0) != 0x80) {	/* not the second or later byte of a character of UTF-8 */
		s->column++;
	}
}

static bool at(const struct clu_scan *s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s->end - s->p) >= len && !memcmp(s->p, text, len);
}

static bool at_one_of(const struct clu_scan *s, const char *set)
{
	return s->p < s->end && *s->p && strchr(set, *s->p);
}

static void skip(struct clu_scan *s, size_t n)
{
	while (n-- && s->p < s->end)
		step(s);
}

static void skip_past(struct clu_scan *s, const char *text)
{
	while (s->p < s->end && !at(s, text))
		step(s);
	skip(s, strlen(text));
}

static void skip_blanks(struct clu_scan *s)
{
	while (at_one_of(s, " \t\r\n"))
		step(s);
}

/* What is between quotes, with them, when a quote comes next. */
static void skip_quoted(struct clu_scan *s)
{
	char quote[2] = { s->p < s->end ? *s->p : '\0', '\0' };

	if (*quote != '"' && *quote != '\'')
		return;
	step(s);
	skip_past(s, quote);
}

/* "<!-->" is not the end of one. */
static void skip_comment(struct clu_scan *s)
{
	skip(s, strlen("<!--"));
	skip_past(s, "-->");
}

/* A DOCTYPE with its internal subset, in which tags, quotes and comments may stand. */
static void skip_doctype(struct clu_scan *s)
{
	bool subset = false;

	skip(s, 2);
	while (s->p < s->end) {
		if (at(s, "<!--")) {
			skip_comment(s);
		} else if (at(s, "<?")) {
			skip_past(s, "?>");
		} else if (at_one_of(s, "\"'")) {
			skip_quoted(s);
		} else {
			char c = *s->p;

			step(s);
			subset = c == '[' || (subset && c != ']');
			if (c == '>' && !subset)
				return;
		}
	}
}

/* A name up to one of the characters in ends; the prefix of a namespace is not part of it. */
static void take_name(struct clu_scan *s, const char *ends, struct clu_scan_name *ret)
{
	const char *colon;

	ret->name = s->p;
	while (s->p < s->end && !at_one_of(s, ends))
		step(s);
	ret->len = (size_t)(s->p - ret->name);
	colon = memchr(ret->name, ':', ret->len);
	if (colon) {
		ret->len -= (size_t)(colon + 1 - ret->name);
		ret->name = colon + 1;
	}
}

void clu_scan_begin(struct clu_scan *s, const void *data, size_t len)
{
	*s = (struct clu_scan){ .p = data, .end = (const char *)data + len, .line = 1, .column = 1 };
	if (at(s, "\xef\xbb\xbf"))	/* the mark of UTF-8 */
		s->p += 3;
}

bool clu_scan_tag(struct clu_scan *s, struct clu_scan_name *ret)
{
	struct clu_scan_name rest;

	while (s->in_tag)
		(void)clu_scan_attr(s, &rest);
	for (;;) {
		while (s->p < s->end && *s->p != '<')
			step(s);
		if (s->p == s->end)
			return false;
		if (at(s, "<!--"))
			skip_comment(s);
		else if (at(s, "<![CDATA["))
			skip_past(s, "]]>");
		else if (at(s, "<!"))
			skip_doctype(s);
		else if (at(s, "<?"))
			skip_past(s, "?>");
		else if (at(s, "</"))
			skip_past(s, ">");
		else
			break;
	}
	ret->line = s->line;
	ret->column = s->column;
	step(s);
	take_name(s, " \t\r\n/>", ret);
	s->in_tag = true;
	return true;
}

bool clu_scan_attr(struct clu_scan *s, struct clu_scan_name *ret)
{
	skip_blanks(s);
	if (!s->in_tag || s->p == s->end || at_one_of(s, "/>")) {
		if (s->in_tag)
			skip_past(s, ">");
		s->in_tag = false;
		return false;
	}
	ret->line = s->line;
	ret->column = s->column;
	take_name(s, "= \t\r\n/>", ret);
	skip_blanks(s);
	if (at(s, "=")) {
		step(s);
		skip_blanks(s);
		skip_quoted(s);
	}
	return true;
}
