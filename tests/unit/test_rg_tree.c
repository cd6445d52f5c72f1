/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From cluster.conf to a tree, its order of operations and the difference of two
 * versions. Golden: tests/golden/rg/NAME.conf -> NAME.expected; set REGEN=1 to
 * write the expected files anew (and look at the difference).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rg_delta.h"
#include "rg_world.h"

static struct clu_conf *parse(const char *text)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	if (clu_conf_parse(text, strlen(text), "cluster.conf", &c, &errs) < 0)
		fail_msg("%s", clu_buf_text(&errs));
	clu_buf_free(&errs);
	return c;
}

static struct rg_inst *tree_of(struct rg_rm *rm, const char *name, struct clu_buf *findings)
{
	struct rg_registry reg = w_registry();
	struct rg_inst *root = NULL;

	assert_non_null(rg_rm_policy(rm, name));
	(void)rg_tree_build(rg_rm_policy(rm, name), &reg, &root, findings);
	return root;
}

static void print_plan(const char *title, const struct rg_plan *p, struct clu_buf *ret)
{
	clu_buf_printf(ret, "%s:", title);
	for (unsigned i = 0; i < p->n; i++)
		clu_buf_printf(ret, " %s:%s", rg_step_name(p->steps[i].kind), p->steps[i].inst->key);
	clu_buf_str(ret, "\n");
}

static void describe(const char *text, struct clu_buf *ret)
{
	struct clu_conf *conf = parse(text);
	struct rg_rm *rm = NULL;

	assert_int_equal(rg_rm_read(conf, &rm, ret), 0);
	for (unsigned i = 0; i < rm->n_policies; i++) {
		struct rg_inst *root = tree_of(rm, rm->policies[i].name, ret);
		struct rg_plan start = { 0 }, stop = { 0 };

		if (!root) {
			clu_buf_printf(ret, "%s cannot be built\n", rm->policies[i].name);
			continue;
		}
		rg_tree_print(root, ret);
		rg_plan_start(&start, root);
		rg_plan_stop(&stop, root);
		print_plan("start", &start, ret);
		print_plan("stop", &stop, ret);
		rg_plan_free(&start);
		rg_plan_free(&stop);
		rg_tree_free(root);
	}
	rg_rm_free(rm);
	clu_conf_unref(conf);
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	struct clu_buf b = CLU_BUF_INIT;
	char piece[4096];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		clu_buf_append(&b, piece, n);
	fclose(f);
	clu_buf_str(&b, "");
	return b.data;
}

static void golden(void **state)
{
	static const char *const names[] = { "nested", "faults", "inherit", "unlevelled", "sample" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[512], *conf, *want;
		struct clu_buf got = CLU_BUF_INIT;

		snprintf(path, sizeof(path), "%s/%s.conf", GOLDEN_DIR, names[i]);
		conf = slurp(path);
		if (!conf)
			fail_msg("%s is missing", path);
		describe(conf, &got);
		snprintf(path, sizeof(path), "%s/%s.expected", GOLDEN_DIR, names[i]);
		if (getenv("REGEN")) {
			FILE *f = fopen(path, "w");

			assert_non_null(f);
			fputs(clu_buf_text(&got), f);
			fclose(f);
		}
		want = slurp(path);
		if (!want || strcmp(want, clu_buf_text(&got)) != 0)
			fail_msg("%s: expected\n%s\ngot\n%s", names[i], want ? want : "(no file)", clu_buf_text(&got));
		free(conf);
		free(want);
		clu_buf_free(&got);
	}
}

#define RM(inside) "<cluster name=\"a\" config_version=\"1\"><clusternodes/><rm>" inside "</rm></cluster>"

static enum rg_delta_kind delta(const char *old_text, const char *new_text, struct clu_buf *ret)
{
	struct clu_conf *c[2] = { parse(old_text), parse(new_text) };
	struct rg_rm *rm[2] = { NULL, NULL };
	struct rg_inst *root[2];
	struct rg_plan down = { 0 }, up = { 0 };
	enum rg_delta_kind kind;

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(rg_rm_read(c[i], &rm[i], ret), 0);
		root[i] = tree_of(rm[i], "service:s", ret);
	}
	for (struct rg_inst *i = root[0]; i; i = rg_inst_walk(root[0], i))
		i->state = RG_I_STARTED;
	kind = rg_delta(root[0], root[1], &down, &up);
	print_plan("down", &down, ret);
	print_plan("up", &up, ret);
	for (struct rg_inst *i = root[1]; i; i = rg_inst_walk(root[1], i))
		if (kind != RG_WHOLE && !i->need_start)
			assert_true(i->state == RG_I_STARTED || (i->parent && i->parent->need_start));
	rg_plan_free(&down);
	rg_plan_free(&up);
	for (unsigned i = 0; i < 2; i++) {
		rg_tree_free(root[i]);
		rg_rm_free(rm[i]);
		clu_conf_unref(c[i]);
	}
	return kind;
}

/* A tree that was the new one in one change is the old one in the next: what that had marked must not count again. */
static void a_second_change_stops_what_it_takes_away(void **state)
{
	static const char *const texts[] = {
		RM("<service name=\"s\"/>"),
		RM("<service name=\"s\"><fs name=\"f\" mountpoint=\"/f\"><script name=\"c\" file=\"/c\"/></fs></service>"),
		RM("<service name=\"s\"><fs name=\"f\" mountpoint=\"/f\"/></service>"),
	};
	struct clu_buf b = CLU_BUF_INIT;
	struct clu_conf *c[3];
	struct rg_rm *rm[3] = { NULL, NULL, NULL };
	struct rg_inst *root[3];

	for (unsigned i = 0; i < 3; i++) {
		c[i] = parse(texts[i]);
		assert_int_equal(rg_rm_read(c[i], &rm[i], &b), 0);
		root[i] = tree_of(rm[i], "service:s", &b);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct rg_plan down = { 0 }, up = { 0 };

		for (struct rg_inst *k = root[i]; k; k = rg_inst_walk(root[i], k))
			k->state = RG_I_STARTED;
		assert_int_equal(rg_delta(root[i], root[i + 1], &down, &up), RG_PARTS);
		assert_int_equal(down.n, i);
		assert_int_equal(up.n, i ? 0 : 2);
		rg_plan_free(&down);
		rg_plan_free(&up);
	}
	for (unsigned i = 0; i < 3; i++) {
		rg_tree_free(root[i]);
		rg_rm_free(rm[i]);
		clu_conf_unref(c[i]);
	}
	clu_buf_free(&b);
}

#define FS "<fs name=\"f\" mountpoint=\"/f\">"

static void only_what_changed_is_touched(void **state)
{
	static const struct { const char *old, *now; enum rg_delta_kind kind; const char *plan; } cases[] = {
		{ RM("<service name=\"s\"/>"), RM("<service name=\"s\"/>"), RG_SAME, "down:\nup:\n" },
		/* Other order of siblings is no change. */
		{ RM("<service name=\"s\"><ip address=\"1\"/><ip address=\"2\"/></service>"),
			RM("<service name=\"s\"><ip address=\"2\"/><ip address=\"1\"/></service>"), RG_SAME, "down:\nup:\n" },
		/* Reconfigurable attributes, also when they come anew. */
		{ RM("<service name=\"s\"/>"), RM("<service name=\"s\" domain=\"d\" recovery=\"disable\"/>"), RG_PARTS,
			"down:\nup: reconfig:service:s\n" },
		{ RM("<service name=\"s\"/>"), RM("<service name=\"s\" nfslock=\"1\"/>"), RG_WHOLE, "down:\nup:\n" },
		{ RM("<service name=\"s\">" FS "</fs></service>"),
			RM("<service name=\"s\">" FS "<script name=\"x\" file=\"/x\"/></fs></service>"), RG_PARTS,
			"down:\nup: start:script:x\n" },
		{ RM("<service name=\"s\">" FS "<script name=\"x\" file=\"/x\"/></fs><ip address=\"1\"/></service>"),
			RM("<service name=\"s\"><fs name=\"f\" mountpoint=\"/g\"><script name=\"x\" file=\"/x\"/></fs>"
				"<ip address=\"1\"/></service>"), RG_PARTS,
			"down: stop:script:x stop:fs:f\nup: start:fs:f start:script:x\n" },
		{ RM("<service name=\"s\"><ip address=\"1\"/><script name=\"x\" file=\"/x\"/></service>"),
			RM("<service name=\"s\"><ip address=\"2\"/><script name=\"x\" file=\"/x\"/></service>"), RG_PARTS,
			"down: stop:ip:1\nup: start:ip:2\n" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clu_buf b = CLU_BUF_INIT;

		clu_buf_str(&b, "");
		assert_int_equal(delta(cases[i].old, cases[i].now, &b), cases[i].kind);
		/* The domain that does not exist is a finding in front of it. */
		if (!strstr(clu_buf_text(&b), cases[i].plan))
			fail_msg("case %u: %s", i, clu_buf_text(&b));
		clu_buf_free(&b);
	}
}

static void windows_forget(void **state)
{
	struct rg_window w = { .max = 2, .expire_s = 10 };

	assert_false(rg_window_exceeded(&w, 1000));
	rg_window_add(&w, 1000);
	assert_false(rg_window_exceeded(&w, 2000));
	rg_window_add(&w, 2000);
	assert_true(rg_window_exceeded(&w, 10999));
	assert_false(rg_window_exceeded(&w, 11000));
	w = (struct rg_window){ .max = 1, .expire_s = 0 };
	rg_window_add(&w, 1);
	assert_true(rg_window_exceeded(&w, UINT64_MAX));
	w.max = 0;
	assert_false(rg_window_exceeded(&w, 2));
}

static void actions_are_overridden(void **state)
{
	struct clu_conf *c = parse(RM("<service name=\"s\"><ip address=\"1\"><action name=\"status\" depth=\"*\" interval=\"7\"/>"
		"<action name=\"status\" depth=\"10\" timeout=\"3\"/><action name=\"status\" depth=\"20\" interval=\"1m\" timeout=\"5\"/>"
		"</ip></service>"));
	struct clu_buf b = CLU_BUF_INIT;
	struct rg_rm *rm = NULL;
	struct rg_inst *root;
	unsigned index[RG_MAX_CHECKS];

	assert_int_equal(rg_rm_read(c, &rm, &b), 0);
	root = tree_of(rm, "service:s", &b);
	assert_int_equal(rg_inst_checks(root->child, index), 3);
	assert_int_equal(root->child->actions[index[0]].interval_s, 7);
	assert_int_equal(root->child->actions[index[1]].interval_s, 7);
	assert_int_equal(root->child->actions[index[1]].timeout_s, 3);
	assert_int_equal(root->child->actions[index[2]].interval_s, 60);
	assert_int_equal(root->child->actions[index[2]].depth, 20);
	rg_tree_free(root);
	rg_rm_free(rm);
	clu_conf_unref(c);
	clu_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(a_second_change_stops_what_it_takes_away), cmocka_unit_test(only_what_changed_is_touched),
		cmocka_unit_test(windows_forget),
		cmocka_unit_test(actions_are_overridden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
