/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables and JSON for tools, from one model: rows of named cells. */
#ifndef CLU_TABLE_H
#define CLU_TABLE_H

#include <stdio.h>
#include <jansson.h>

struct clu_column {
	const char *key;	/* member of each JSON object */
	const char *title;	/* heading; NULL = no heading for this column */
	unsigned min_width;
};

/* Prints rows (a JSON array of objects) as an aligned table. Missing members print as "-". */
void clu_table_print(FILE *f, const struct clu_column *cols, unsigned n, const json_t *rows);
/* Prints any model as JSON (sorted keys kept as inserted, 2 blanks indent, newline at the end). */
void clu_json_print(FILE *f, const json_t *model);

#endif
