/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "clu_opt.h"

static const char *const modes[] = { "off", "slow", "fast", NULL };

struct target {
	int64_t number;
	uint32_t count;
	bool flag;
	uint64_t delay_ms, join_ms;
	const char *text, *free_text;
	int mode;
};

static const struct clu_opt table[] = {
	{ "number", CLU_OPT_INT, -5, 10, "3", NULL, offsetof(struct target, number), false, "a number" },
	{ "count", CLU_OPT_UINT, 0, 0, "7", NULL, offsetof(struct target, count), false, "a count" },
	{ "flag", CLU_OPT_BOOL, 0, 0, "yes", NULL, offsetof(struct target, flag), true, "a flag" },
	{ "delay", CLU_OPT_SECONDS_MS, 100, 60000, "2.5", NULL, offsetof(struct target, delay_ms), false, "a time" },
	{ "join", CLU_OPT_SECONDS_MS, -1, 1000, "-1", NULL, offsetof(struct target, join_ms), false, "a time" },
	{ "text", CLU_OPT_STRING, 1, 4, NULL, NULL, offsetof(struct target, text), false, "a short text" },
	{ "free", CLU_OPT_STRING, 0, 0, "", NULL, offsetof(struct target, free_text), false, "a text" },
	{ "mode", CLU_OPT_ENUM, 0, 0, "slow", modes, offsetof(struct target, mode), false, "a mode" },
};
#define ROWS (sizeof(table) / sizeof(table[0]))

static int parse(unsigned row, const char *text, struct target *t, char *why)
{
	*why = '\0';
	return clu_opt_parse(&table[row], text, t, why, 160);
}

static void test_parse(void **state)
{
	struct target t = { 0 };
	char why[160];

	assert_int_equal(parse(0, "-5", &t, why), 0);
	assert_int_equal(t.number, -5);
	assert_int_equal(parse(0, "-6", &t, why), -ERANGE);
	assert_int_equal(parse(0, "11", &t, why), -ERANGE);
	assert_string_equal(why, "must be from -5 to 10");
	assert_int_equal(parse(0, "99999999999999999999", &t, why), -ERANGE);
	assert_int_equal(parse(0, "", &t, why), -EINVAL);
	assert_int_equal(parse(0, "-", &t, why), -EINVAL);
	assert_int_equal(parse(0, "4 ", &t, why), -EINVAL);
	assert_int_equal(parse(0, "0x4", &t, why), -EINVAL);
	assert_int_equal(t.number, -5);

	assert_int_equal(parse(1, "4294967295", &t, why), 0);
	assert_int_equal(t.count, UINT32_MAX);
	assert_int_equal(parse(1, "4294967296", &t, why), -ERANGE);
	assert_int_equal(parse(1, "-1", &t, why), -ERANGE);

	assert_int_equal(parse(2, "TRUE", &t, why), 0);
	assert_true(t.flag);
	assert_int_equal(parse(2, "off", &t, why), 0);
	assert_false(t.flag);
	assert_int_equal(parse(2, "2", &t, why), -EINVAL);

	assert_int_equal(parse(5, "12345", &t, why), -ERANGE);
	assert_int_equal(parse(5, "", &t, why), -ERANGE);
	assert_int_equal(parse(5, "abc", &t, why), 0);
	assert_string_equal(t.text, "abc");

	assert_int_equal(parse(7, "fast", &t, why), 0);
	assert_int_equal(t.mode, 2);
	assert_int_equal(parse(7, "fas", &t, why), -EINVAL);
	assert_string_equal(why, "must be one of off, slow, fast");
}

static void test_times(void **state)
{
	static const struct { const char *text; int r; uint64_t ms; } rows[] = {
		{ "1", 0, 1000 }, { "1.5", 0, 1500 }, { ".25", 0, 250 }, { "1.", 0, 1000 }, { "500ms", 0, 500 },
		{ "500MS", 0, 500 }, { "1m", 0, 60000 }, { "0.5m", 0, 30000 }, { "0.1234567s", 0, 123 },
		{ "99ms", -ERANGE, 0 }, { "61", -ERANGE, 0 }, { "1h", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 }, { "", -EINVAL, 0 }, { ".", -EINVAL, 0 },
		{ "s", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "5 s", -EINVAL, 0 }, { "5w", -EINVAL, 0 },
	};
	struct target t;
	char why[160];

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.delay_ms = 0;
		assert_int_equal(parse(3, rows[i].text, &t, why), rows[i].r);
		assert_int_equal(t.delay_ms, rows[i].ms);
	}
	assert_int_equal(parse(4, "-1", &t, why), 0);
	assert_true(t.join_ms == UINT64_MAX);
	assert_int_equal(parse(4, "0", &t, why), 0);
	assert_int_equal(t.join_ms, 0);
}

static void read_one(const char *xml, int faults, struct target *t, struct clu_buf *errs, struct clu_conf **c)
{
	assert_int_equal(clu_conf_parse(xml, strlen(xml), "f.conf", c, errs), 0);
	memset(t, 0x55, sizeof(*t));
	assert_int_equal(clu_opt_read(clu_conf_root(*c), table, ROWS, t, errs), faults);
}

static void test_read(void **state)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;
	struct target t;

	read_one("<e text='ab' count='9' mode='off' other='kept'/>", 0, &t, &errs, &c);
	assert_int_equal(t.number, 3);
	assert_int_equal(t.count, 9);
	assert_true(t.flag);
	assert_int_equal(t.delay_ms, 2500);
	assert_true(t.join_ms == UINT64_MAX);
	assert_string_equal(t.text, "ab");
	assert_string_equal(t.free_text, "");
	assert_int_equal(t.mode, 0);
	assert_string_equal(clu_buf_text(&errs), "");
	clu_conf_unref(c);

	read_one("<e\n number='50' flag='maybe'/>", 3, &t, &errs, &c);
	assert_int_equal(t.number, 3);
	assert_true(t.flag);
	assert_null(t.text);
	assert_string_equal(clu_buf_text(&errs),
			    "f.conf:2: e/@number: \"50\": must be from -5 to 10; correct it (default 3)\n"
			    "f.conf:2: e/@flag: \"maybe\": must be 1 or 0 (or yes/no, true/false, on/off); correct "
			    "it (default yes)\n"
			    "f.conf:2: e/@text: missing: it is required (a short text); add it\n");
	clu_conf_unref(c);
	clu_buf_free(&errs);

	assert_int_equal(clu_opt_read(NULL, table, ROWS, &t, &errs), 1);
	assert_int_equal(t.mode, 1);
	clu_buf_free(&errs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_times), cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
