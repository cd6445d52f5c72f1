/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "clu_table.h"

static void check(const struct clu_column *cols, unsigned n, json_t *rows, const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	clu_table_print(f, cols, n, rows);
	fclose(f);
	assert_string_equal(text, expected);
	free(text);
}

static void test_table(void **state)
{
	static const struct clu_column cols[] = {
		{ "id", "ID", 4 }, { "name", "NAME", 0 }, { "up", "UP", 0 }, { "x", "X", 0 },
	};
	static const struct clu_column bare[] = { { "name", NULL, 6 }, { "id", NULL, 0 } };
	json_t *rows = json_pack("[{s:i,s:s,s:b,s:n},{s:i,s:s,s:f},{s:s,s:[s,i]}]", "id", 1, "name", "n\xc3\xa4g\x1b",
				 "up", 1, "x", "id", 200000, "name", "longer", "x", 1.5, "name", "", "x", "a", 2);

	check(cols, 4, rows,
	      "ID      NAME    UP   X\n"
	      "1       n\xc3\xa4g?    yes  -\n"
	      "200000  longer  -    1.5\n"
	      "-       -       -    a,2\n");
	check(bare, 2, rows,
	      "n\xc3\xa4g?    1\n"
	      "longer  200000\n"
	      "-       -\n");
	json_array_clear(rows);
	check(cols, 4, rows, "ID    NAME  UP  X\n");
	check(bare, 2, rows, "");
	json_decref(rows);
}

static void test_json(void **state)
{
	json_t *m = json_pack("{s:i,s:s,s:[]}", "z", 1, "a", "x", "l");
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	clu_json_print(f, m);
	fclose(f);
	assert_string_equal(text, "{\n  \"z\": 1,\n  \"a\": \"x\",\n  \"l\": []\n}\n");
	free(text);
	json_decref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table), cmocka_unit_test(test_json) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
