/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_lex.h"

#include <string.h>

void lvs_lex_init(struct lvs_lex *lex, const char *file, char *text, struct clu_buf *warns)
{
	*lex = (struct lvs_lex){ .file = file, .pos = text, .warns = warns };
}

static void warn(struct lvs_lex *lex, const char *what)
{
	clu_buf_printf(lex->warns, "%s:%u: warning: %s\n", lex->file, lex->line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void lvs_lex_from_inline(const char *text, size_t len, struct clu_buf *ret)
{
	bool pending = false;	/* the current line holds something */
	char quote = 0;
	char last = ' ';

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (quote) {
			clu_buf_append(ret, &c, 1);
			if (c == '\\' && i + 1 < len)
				clu_buf_append(ret, &text[++i], 1);
			else if (c == quote)
				quote = 0;
			last = c;
			continue;
		}
		if ((c == '"' || c == '\'') && (is_blank(last) || last == '='))
			quote = c;
		if (c == ';' || c == '\n' || c == '\r') {
			if (pending)
				clu_buf_str(ret, "\n");
			pending = false;
		} else if (c == '{') {
			clu_buf_str(ret, "{\n");
			pending = false;
		} else if (c == '}') {
			clu_buf_str(ret, pending ? "\n}\n" : "}\n");
			pending = false;
		} else if (pending || !is_blank(c)) {
			clu_buf_append(ret, &c, 1);
			pending = true;
		}
		last = pending ? c : ' ';
	}
}

/*
 * Cuts one quoted token at p (which stands on the quote). Returns the first
 * character behind it, or NULL when the closing quote is missing.
 */
static char *cut_quoted(char *p, struct lvs_token *ret)
{
	char quote = *p;

	ret->text = ++p;
	ret->quoted = true;
	while (*p && *p != quote) {
		if (*p == '\\' && p[1])
			p++;
		p++;
	}
	if (!*p)
		return NULL;
	*p = '\0';
	return p + 1;
}

/* "name{" becomes "name" and "{"; "key=value" becomes three tokens. The pieces point into the text. */
static bool split_glued(struct lvs_lex *lex, struct lvs_stmt *s)
{
	static char equal[] = "=", brace[] = "{";
	struct lvs_token *last = &s->tok[s->n - 1];
	struct lvs_token out[LVS_MAX_TOKENS];
	unsigned n = 0;
	size_t len = strlen(last->text);
	bool seen_equal = false;

	for (unsigned i = 0; i < s->n && i < 2; i++)
		seen_equal |= !s->tok[i].quoted && !strcmp(s->tok[i].text, "=");
	if (s->n > 1 && !seen_equal && !last->quoted && len > 1 && last->text[len - 1] == '{') {
		if (s->n == LVS_MAX_TOKENS)
			return false;
		last->text[len - 1] = '\0';
		s->tok[s->n++] = (struct lvs_token){ brace, false };
		warn(lex, "\"{\" is glued to the name; read as a token of its own");
	}
	for (unsigned i = 0; i < s->n; i++) {
		char *eq = seen_equal || i > 1 || s->tok[i].quoted ? NULL : strchr(s->tok[i].text, '=');

		if (n + 3 > LVS_MAX_TOKENS)
			return false;
		if (!eq) {
			out[n++] = s->tok[i];
			continue;
		}
		warn(lex, "\"=\" is glued to its neighbour; read as a token of its own");
		seen_equal = true;
		*eq = '\0';
		if (eq > s->tok[i].text)
			out[n++] = s->tok[i];
		out[n++] = (struct lvs_token){ equal, false };
		if (eq[1] == '"' || eq[1] == '\'') {
			if (!cut_quoted(eq + 1, &out[n++]))
				return false;
		} else if (eq[1]) {
			out[n++] = (struct lvs_token){ eq + 1, false };
		}
	}
	memcpy(s->tok, out, n * sizeof(out[0]));
	s->n = n;
	return true;
}

static void cut_line(struct lvs_lex *lex, char *p, struct lvs_stmt *s)
{
	while (*p) {
		struct lvs_token t = { NULL, false };

		while (is_blank(*p))
			*p++ = '\0';
		if (!*p)
			break;
		if (s->n > 0 && *p == '#') {
			warn(lex, "comment behind a statement; left out (Piranha refuses such a line)");
			break;
		}
		if (s->n == LVS_MAX_TOKENS) {
			s->fault = "unexpected arguments";
			return;
		}
		if (*p == '"' || *p == '\'') {
			p = cut_quoted(p, &t);
			if (!p) {
				s->fault = "quotation mismatch";
				return;
			}
		} else {
			t.text = p;
			while (*p && !is_blank(*p)) {
				/* key="two words": the blank belongs to the text. */
				if (*p == '=' && (p[1] == '"' || p[1] == '\'')) {
					char q = p[1];

					for (p += 2; *p && *p != q; p++)
						p += *p == '\\' && p[1];
					if (!*p) {
						s->fault = "quotation mismatch";
						return;
					}
				}
				p++;
			}
		}
		s->tok[s->n++] = t;
	}
	if (s->n > 0 && !split_glued(lex, s))
		s->fault = "unexpected arguments";
}

bool lvs_lex_next(struct lvs_lex *lex, struct lvs_stmt *ret)
{
	while (*lex->pos) {
		char *p = lex->pos;
		char *end = p + strcspn(p, "\n");

		lex->line++;
		lex->pos = *end ? end + 1 : end;
		*end = '\0';
		if (end > p && end[-1] == '\r') {
			end[-1] = '\0';
			if (!lex->told_cr)
				warn(lex, "line ends with CR LF; read as LF (Piranha skips the rest of such a file)");
			lex->told_cr = true;
		}
		p += strspn(p, " \t");
		if (!*p || *p == '#')
			continue;
		*ret = (struct lvs_stmt){ .line = lex->line };
		cut_line(lex, p, ret);
		return true;
	}
	return false;
}
