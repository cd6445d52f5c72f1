/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history that each ccsd keeps: what stands in it, when it is written, and what is read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ccsd_world.h"
#include "clu_store.h"

static void every_version_is_kept_with_its_origin(void **state)
{
	cw_start_three();
	assert_string_equal(cw_history(1), "1//");
	cw_update(2, "2 alpha 0 second");
	cw_settle();
	cw_crash(3);
	cw_settle();
	cw_update(1, "3 alpha 0 third");
	cw_settle();
	assert_string_equal(cw_history(1), "1// 2/tester/node 3/tester/node");
	assert_string_equal(cw_history(3), "1// 2/tester/node");
	/* Who returns is told where the version comes from; one that was agreed on meanwhile the others have. */
	cw_update(1, "4 alpha 0 fourth");
	cw_settle();
	cw_start(3);
	cw_settle();
	assert_string_equal(cw_history(3), "1// 2/tester/node 4/tester/node");
	/* All start anew: nothing is kept twice. */
	for (unsigned i = 1; i <= 3; i++)
		cw_crash(i);
	cw_start_three();
	assert_string_equal(cw_history(2), "1// 2/tester/node 3/tester/node 4/tester/node");
}

/* Until only writes of the history are under way. */
static void settle_but_history(void)
{
	bool any = true;

	while (any) {
		any = false;
		for (unsigned i = 1; i <= 3; i++) {
			struct node *n = &W->n[i];

			for (; n->q_head != n->q_tail; any = true)
				cw_deliver_one(n);
			if (n->store_busy && n->store_what != 'h') {
				cw_finish_store(n);
				any = true;
			}
		}
	}
}

/* It stands in the history before the record may hold the next one. */
static void the_history_comes_before_the_next_record(void **state)
{
	cw_start_three();
	cw_update(1, "2 alpha 0 second");
	settle_but_history();
	cw_all_have(2, "2 alpha 0 second");
	for (unsigned i = 1; i <= 3; i++)
		assert_true(W->n[i].store_busy && W->n[i].store_what == 'h');
	cw_update(2, "3 alpha 0 third");
	cw_deliver_one(&W->n[2]);
	assert_int_equal(W->n[1].store_what, 'h');
	cw_finish_store(&W->n[1]);
	assert_int_equal(W->n[1].store_what, 'r');
	cw_settle();
	cw_all_have(3, "3 alpha 0 third");
}

static void a_history_that_cannot_be_written_holds_up_nothing(void **state)
{
	cw_start_three();
	W->n[2].history_fails = true;
	cw_update(1, "2 alpha 0 second");
	cw_settle();
	cw_update(1, "3 alpha 0 third");
	cw_settle();
	assert_int_equal(W->error, 0);
	cw_all_have(3, "3 alpha 0 third");
	assert_string_equal(cw_history(2), "1//");
	W->n[2].history_fails = false;
	cw_pass_time(60000);
	assert_string_equal(cw_history(2), "1// 3/tester/node");
}

static void the_history_is_bounded(void **state)
{
	char text[64];
	unsigned kept = 0;

	cw_start_three();
	for (unsigned v = 2; v <= 2 * CCSD_HISTORY_MAX; v++) {
		snprintf(text, sizeof(text), "%u alpha 0 next", v);
		cw_update(1, text);
		cw_settle();
	}
	for (unsigned k = 0; k < CCSD_HISTORY_MAX; k++)
		kept += W->n[1].kept[k].data != NULL;
	assert_int_equal(kept, CCSD_HISTORY_MAX);
	snprintf(text, sizeof(text), "%u/tester/node ", CCSD_HISTORY_MAX + 1);
	assert_memory_equal(cw_history(1), text, strlen(text));
}

static void damaged_history_entries_are_told(void **state)
{
	static const struct ccsd_origin origin = { "root", "n1", 1700000000000000u };
	struct ccsd_doc *doc = ccsd_doc_new("content", 7, 5, &origin);
	struct ccsd_history_entry e = { .seq = 3, .kept_us = 9, .doc = doc }, got;
	struct clu_buf b = CLU_BUF_INIT;

	assert_int_equal(ccsd_history_pack(&e, &b), 0);
	assert_int_equal(ccsd_history_parse(b.data, b.len, &got), 0);
	assert_int_equal(got.seq, 3);
	assert_int_equal(got.kept_us, 9);
	assert_string_equal(got.doc->origin.who, "root");
	assert_string_equal(got.doc->origin.node, "n1");
	assert_int_equal(got.doc->origin.when_us, origin.when_us);
	assert_true(ccsd_doc_same(got.doc, doc));
	ccsd_doc_unref(got.doc);
	b.data[b.len - 1] ^= 1;
	assert_int_equal(ccsd_history_parse(b.data, b.len, &got), -EBADMSG);
	assert_int_equal(ccsd_history_parse(b.data, b.len / 2, &got), -EBADMSG);
	assert_int_equal(ccsd_history_parse("", 0, &got), -EBADMSG);
	clu_buf_free(&b);
	ccsd_doc_unref(doc);
}

static void count_entry(void *ctx, const struct ccsd_history_entry *e)
{
	ccsd_newest_see(ctx, e);
}

/* As ccsd finds it at its start, and ccs_tool. */
static void a_folder_is_read(void **state)
{
	struct ccsd_doc *doc = ccsd_doc_new("content", 7, 5, NULL);
	struct ccsd_newest newest = { 0 };
	char folder[] = "/tmp/test_ccsd_history.XXXXXX", path[64], name[CCSD_HISTORY_NAME_MAX];

	assert_non_null(mkdtemp(folder));
	assert_int_equal(ccsd_history_each(folder, count_entry, &newest), 0);
	assert_int_equal(newest.seq, 0);
	for (uint64_t seq = 60; seq < 70; seq++) {
		struct ccsd_history_entry e = { .seq = seq, .doc = doc };
		struct clu_buf b = CLU_BUF_INIT;

		ccsd_history_name(seq, name);
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		assert_int_equal(ccsd_history_pack(&e, &b), 0);
		assert_int_equal(clu_store_write(path, b.data, seq == 62 ? 3 : b.len, CCSD_HISTORY_MODE), 0);
		clu_buf_free(&b);
	}
	assert_int_equal(ccsd_history_each(folder, count_entry, &newest), 1);
	assert_int_equal(newest.seq, 69);
	assert_int_equal(newest.version, 5);
	for (uint64_t seq = 60; seq < 70; seq++) {
		ccsd_history_name(seq, name);
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(ccsd_history_each(folder, count_entry, &newest), -ENOENT);
	ccsd_doc_unref(doc);
}

#define T(f) cmocka_unit_test_setup_teardown(f, cw_new_world, cw_end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_version_is_kept_with_its_origin),
		T(the_history_comes_before_the_next_record),
		T(a_history_that_cannot_be_written_holds_up_nothing),
		T(the_history_is_bounded),
		cmocka_unit_test(damaged_history_entries_are_told),
		cmocka_unit_test(a_folder_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
