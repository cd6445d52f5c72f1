/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clu_buf.h"

/* Text of any length behind text of any length: it fits, just fits, or the buffer grows for it. */
static void printf_fits_or_grows(void **state)
{
	char head[301], more[301];

	(void)state;
	for (int before = 0; before <= 300; before++) {
		for (int n = 0; n <= 300; n++) {
			struct clu_buf b = CLU_BUF_INIT;

			memset(head, 'h', sizeof(head));
			memset(more, 'm', sizeof(more));
			clu_buf_append(&b, head, (size_t)before);
			clu_buf_printf(&b, "%.*s", n, more);
			assert_int_equal(b.error, 0);
			assert_int_equal(b.len, before + n);
			assert_int_equal(strlen(clu_buf_text(&b)), before + n);
			assert_memory_equal(clu_buf_text(&b), head, (size_t)before);
			assert_memory_equal(clu_buf_text(&b) + before, more, (size_t)n);
			clu_buf_free(&b);
		}
	}
}

static void empty_is_text(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	(void)state;
	assert_string_equal(clu_buf_text(&b), "");
	clu_buf_printf(&b, "%s", "");
	assert_int_equal(b.len, 0);
	assert_string_equal(clu_buf_text(&b), "");
	clu_buf_free(&b);
}

/* After a failure nothing is appended any more, and the text is what it was. */
static void failure_is_remembered(void **state)
{
	struct clu_buf b = CLU_BUF_INIT;

	(void)state;
	clu_buf_str(&b, "good");
	assert_null(clu_buf_grow(&b, SIZE_MAX));
	assert_true(b.error < 0);
	clu_buf_printf(&b, "%d", 7);
	clu_buf_str(&b, "bad");
	assert_string_equal(clu_buf_text(&b), "good");
	assert_int_equal(b.len, 4);
	clu_buf_free(&b);
	clu_buf_str(&b, "again");
	assert_string_equal(clu_buf_text(&b), "again");
	clu_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printf_fits_or_grows),
		cmocka_unit_test(empty_is_text),
		cmocka_unit_test(failure_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
