/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clu_buf.h"

#define GAP 2		/* blanks between columns */

/* Characters on a terminal, UTF-8 counted by code points. */
static unsigned width_of(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* One cell as text. A control character from a name or a log line must not move the cursor. */
static void cell_text(const json_t *v, struct clu_buf *ret)
{
	const char *s;

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING:
		s = json_string_value(v);
		if (!*s)
			s = "-";
		for (; *s; s++)
			clu_buf_append(ret, (unsigned char)*s < ' ' || *s == 127 ? "?" : s, 1);
		break;
	case JSON_INTEGER:
		clu_buf_printf(ret, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		break;
	case JSON_REAL:
		clu_buf_printf(ret, "%g", json_real_value(v));
		break;
	case JSON_TRUE:
		clu_buf_str(ret, "yes");
		break;
	case JSON_FALSE:
		clu_buf_str(ret, "no");
		break;
	case JSON_ARRAY:
		for (size_t i = 0; i < json_array_size(v); i++) {
			if (i)
				clu_buf_str(ret, ",");
			cell_text(json_array_get(v, i), ret);
		}
		if (!json_array_size(v))
			clu_buf_str(ret, "-");
		break;
	case JSON_OBJECT:
	case JSON_NULL:
	default:
		clu_buf_str(ret, "-");
		break;
	}
}

static void print_cell(FILE *f, const char *text, unsigned width, bool last)
{
	unsigned used = width_of(text);

	fputs(text, f);
	if (!last)
		fprintf(f, "%*s", (int)((width > used ? width - used : 0) + GAP), "");
}

void clu_table_print(FILE *f, const struct clu_column *cols, unsigned n, const json_t *rows)
{
	unsigned *width = calloc(n ? n : 1, sizeof(*width));
	struct clu_buf b = CLU_BUF_INIT;
	bool heading = false;
	size_t i;
	json_t *row;

	if (!width)
		return;
	for (unsigned c = 0; c < n; c++) {
		unsigned w = cols[c].title ? width_of(cols[c].title) : 0;

		heading |= cols[c].title != NULL;
		width[c] = w > cols[c].min_width ? w : cols[c].min_width;
		json_array_foreach((json_t *)rows, i, row) {
			b.len = 0;
			cell_text(json_object_get(row, cols[c].key), &b);
			w = width_of(clu_buf_text(&b));
			if (w > width[c])
				width[c] = w;
		}
	}
	for (unsigned c = 0; heading && c < n; c++)
		print_cell(f, cols[c].title ? cols[c].title : "", width[c], c + 1 == n);
	if (heading)
		fputc('\n', f);
	json_array_foreach((json_t *)rows, i, row) {
		for (unsigned c = 0; c < n; c++) {
			b.len = 0;
			cell_text(json_object_get(row, cols[c].key), &b);
			print_cell(f, clu_buf_text(&b), width[c], c + 1 == n);
		}
		fputc('\n', f);
	}
	clu_buf_free(&b);
	free(width);
}

void clu_json_print(FILE *f, const json_t *model)
{
	json_dumpf(model, f, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
	fputc('\n', f);
}
