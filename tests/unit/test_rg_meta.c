/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "rg_meta.h"

static int parse(const char *text, struct rg_meta **ret)
{
	struct clu_buf errs = CLU_BUF_INIT;
	int r = rg_meta_parse(text, strlen(text), "/agents/x", ret, &errs);

	assert_true(r == 0 || errs.len > 0);
	clu_buf_free(&errs);
	return r;
}

static void durations(void **state)
{
	static const struct { const char *text; uint32_t s; } t[] = {
		{ "30", 30 }, { "30s", 30 }, { "1m", 60 }, { "1h30m", 5400 }, { "2D", 172800 }, { "1w", 604800 }, { "", 0 },
		{ "x", 0 }, { "-1", 0 }, { "5q", 0 }, { "99999999999999999999", 0 }, { "200y", 0 }, { "1m5", 65 },
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(rg_meta_seconds(t[i].text), t[i].s);
	assert_int_equal(rg_meta_seconds(NULL), 0);
}

static void a_whole_agent(void **state)
{
	struct rg_meta *m = NULL;

	assert_int_equal(parse("<resource-agent name=\"nfsserver\"><parameters>"
		"<parameter name=\"path\" inherit=\"mountpoint\"><content default=\"ignored\"/></parameter>"
		"<parameter name=\"name\" primary=\"1\"/><parameter name=\"port\" reconfig=\"yes\"><content default=\"7\"/></parameter>"
		"</parameters><actions><action name=\"start\" timeout=\"1m\"/><action name=\"status\" depth=\"10\" interval=\"0\"/>"
		"</actions><special tag=\"other\"/><special tag=\"rgmanager\"><attributes maxinstances=\"1\" init_on_add=\"0\"/>"
		"<child type=\"ip\" start=\"2\" stop=\"1\"/><child type=\"nfsexport\" forbid=\"1\"/><child type=\"fs\" start=\"101\"/>"
		"</special></resource-agent>", &m), 0);
	assert_string_equal(m->type, "nfsserver");
	/* The primary one comes first. */
	assert_string_equal(m->params[0].name, "name");
	assert_null(rg_meta_param(m, "path")->def);
	assert_string_equal(rg_meta_param(m, "path")->inherit, "mountpoint");
	assert_true(rg_meta_param(m, "port")->reconfig);
	assert_string_equal(rg_meta_param(m, "port")->def, "7");
	assert_int_equal(m->actions[0].timeout_s, 60);
	assert_int_equal(m->actions[1].depth, 10);
	assert_int_equal(m->actions[1].interval_s, 1);
	assert_int_equal(m->maxinstances, 1);
	assert_false(m->init_on_add);
	assert_true(m->destroy_on_delete);
	assert_int_equal(rg_meta_child(m, "ip")->start, 2);
	assert_true(rg_meta_child(m, "nfsexport")->forbid);
	assert_int_equal(rg_meta_child(m, "fs")->start, 0);
	assert_null(rg_meta_child(m, "script"));
	assert_false(m->ocf);
	rg_meta_free(m);
}

static void plain_ocf(void **state)
{
	struct rg_meta *m = NULL;

	assert_int_equal(parse("<?xml version=\"1.0\"?><!DOCTYPE resource-agent SYSTEM \"ra-api-1.dtd\">"
		"<resource-agent name=\"Dummy\" version=\"1.0\"><parameters><parameter name=\"state\" unique=\"1\"/></parameters>"
		"<actions><action name=\"start\" timeout=\"20s\"/><action name=\"monitor\" timeout=\"20s\" interval=\"10s\" depth=\"0\"/>"
		"</actions></resource-agent>", &m), 0);
	assert_true(m->ocf);
	assert_int_equal(m->n_children, 0);
	rg_meta_free(m);
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"", "no xml", "<agent name=\"x\"/>", "<resource-agent/>",
		"<resource-agent name=\"x\"><parameters><parameter/></parameters></resource-agent>",
		"<resource-agent name=\"x\"><parameters><parameter name=\"a\" primary=\"1\"/><parameter name=\"b\" primary=\"1\"/>"
		"</parameters></resource-agent>",
		"<resource-agent name=\"x\"><parameters><parameter name=\"a\" unique=\"1\" inherit=\"b\"/></parameters></resource-agent>",
	};
	struct rg_meta *m = NULL;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &m), -EBADMSG);
	assert_null(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations), cmocka_unit_test(a_whole_agent), cmocka_unit_test(plain_ocf),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
