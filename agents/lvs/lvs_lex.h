/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements of lvs.cf: lines cut into tokens (lvs.md 2.2). What Piranha's
 * tokenizer refuses by accident is cut as the author meant it, and told as a
 * warning.
 */
#ifndef LVS_LEX_H
#define LVS_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "clu_buf.h"

#define LVS_MAX_TOKENS 32	/* the longest statement is a list of folders */

struct lvs_token {
	char *text;		/* without its quotes */
	bool quoted;
};

struct lvs_stmt {
	unsigned line;		/* from 1 */
	unsigned n;
	struct lvs_token tok[LVS_MAX_TOKENS];
	const char *fault;	/* NULL, or why this line cannot be cut: the tokens are then not to be used */
};

struct lvs_lex {
	const char *file;
	char *pos;		/* into the caller's copy of the text, which is written to */
	unsigned line;
	bool told_cr;
	struct clu_buf *warns;
};

/* text: NUL-terminated, owned by the caller, changed in place. */
void lvs_lex_init(struct lvs_lex *lex, const char *file, char *text, struct clu_buf *warns);
/* The next line with at least one token, comments left out. False at the end of the text. */
bool lvs_lex_next(struct lvs_lex *lex, struct lvs_stmt *ret);

/*
 * Text from an XML attribute (which cannot hold line ends) as lines: ';' ends a
 * line, '{' too, '}' stands on a line of its own; not inside quotes. One
 * statement, one line: line numbers in messages count statements.
 */
void lvs_lex_from_inline(const char *text, size_t len, struct clu_buf *ret);

#endif
