/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden cases tests/golden/ccs/NAME.conf with the findings NAME.expect (no such
 * file: valid). GOLDEN_UPDATE=1 writes the expectations anew: look at the difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxml/tree.h>

#include "ccsd_validate.h"
#include "clu_store.h"

#define GOLDEN SRCDIR "/tests/golden/ccs"

static struct ccsd_schema *schema;

static bool installed(const char *type)
{
	return !strcmp(type, "sitething");
}

static int load(void **state)
{
	struct clu_buf why = CLU_BUF_INIT;

	assert_int_equal(ccsd_schema_load(SRCDIR "/conf/cluster.rng", &schema, &why), 0);
	ccsd_schema_agents(schema, installed);
	clu_buf_free(&why);
	return 0;
}

static int unload(void **state)
{
	schema = ccsd_schema_free(schema);
	return 0;
}

static void one_case(const char *name)
{
	struct clu_buf conf = CLU_BUF_INIT, want = CLU_BUF_INIT, got = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;
	char path[512];
	int r;

	snprintf(path, sizeof(path), GOLDEN "/%s.conf", name);
	assert_int_equal(clu_store_read(path, CLU_CONF_MAX_BYTES, &conf), 0);
	r = ccsd_validate(schema, conf.data, conf.len, "cluster.conf", &c, &got);
	assert_int_equal(r == 0, got.len == 0);
	snprintf(path, sizeof(path), GOLDEN "/%s.expect", name);
	if (getenv("GOLDEN_UPDATE")) {
		if (got.len)
			assert_int_equal(clu_store_write(path, got.data, got.len, 0644), 0);
		else
			(void)unlink(path);
	}
	(void)clu_store_read(path, CLU_CONF_MAX_BYTES, &want);
	if (strcmp(clu_buf_text(&got), clu_buf_text(&want)) != 0)
		fail_msg("%s: expected\n%s\ngot\n%s", name, clu_buf_text(&want), clu_buf_text(&got));
	/* The walk finds everything the schema's judge does: nobody sees the judge's own words. */
	if (c) {
		const xmlNode *root = clu_node_xml(clu_conf_root(c));

		if (ccsd_schema_judge(schema, root->doc, &errs) > 0 && !strstr(name, "site"))
			assert_int_not_equal(r, 0);
		assert_null(strstr(clu_buf_text(&got), "not as the schema wants it"));
	}
	clu_conf_unref(c);
	clu_buf_free(&conf);
	clu_buf_free(&want);
	clu_buf_free(&got);
	clu_buf_free(&errs);
}

static void golden_cases(void **state)
{
	struct dirent **list;
	int n = scandir(GOLDEN, &list, NULL, alphasort), cases = 0;

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		char *dot = strrchr(list[i]->d_name, '.');

		if (dot && !strcmp(dot, ".conf")) {
			*dot = '\0';
			one_case(list[i]->d_name);
			cases++;
		}
		free(list[i]);
	}
	free(list);
	assert_true(cases >= 15);
}

static void the_sample_is_valid(void **state)
{
	struct clu_buf conf = CLU_BUF_INIT, got = CLU_BUF_INIT;

	assert_int_equal(clu_store_read(SRCDIR "/conf/cluster.conf.sample", CLU_CONF_MAX_BYTES, &conf), 0);
	(void)ccsd_validate(schema, conf.data, conf.len, "sample", NULL, &got);
	assert_string_equal(clu_buf_text(&got), "");
	clu_buf_free(&conf);
	clu_buf_free(&got);
}

/* Any truncation or broken byte ends in a document or in findings. */
static void broken_documents_have_findings(void **state)
{
	struct clu_buf conf = CLU_BUF_INIT, got = CLU_BUF_INIT;
	uint64_t rng = 4711;

	assert_int_equal(clu_store_read(SRCDIR "/conf/cluster.conf.sample", CLU_CONF_MAX_BYTES, &conf), 0);
	for (unsigned k = 0; k < 400; k++) {
		size_t len = conf.len;
		char *copy;
		int r;

		rng = rng * 6364136223846793005u + 1442695040888963407u;
		if (k % 2)
			len = (size_t)(rng >> 33) % conf.len;
		copy = malloc(len + 1);
		memcpy(copy, conf.data, len);
		if (len && !(k % 2))
			copy[(size_t)(rng >> 33) % len] = (char)(rng >> 20);
		r = ccsd_validate(schema, copy, len, "broken", NULL, &got);
		assert_int_equal(r == 0, got.len == 0);
		clu_buf_free(&got);
		free(copy);
	}
	clu_buf_free(&conf);
}

static void near_misses(void **state)
{
	static const struct { const char *name, *candidate; bool near; } t[] = {
		{ "clusternod", "clusternode", true }, { "Clusternode", "clusternode", true }, { "nmae", "name", true },
		{ "exclusiv", "exclusive", true }, { "ip", "fs", false }, { "xyz", "name", false }, { "ipadr", "ipaddr", true },
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct ccsd_near near = CCSD_NEAR_INIT;

		ccsd_near(&near, t[i].name, t[i].candidate);
		if ((near.best != NULL) != t[i].near)
			fail_msg("%s and %s", t[i].name, t[i].candidate);
	}
}

static void a_damaged_schema_is_told(void **state)
{
	struct ccsd_schema *s = NULL;
	struct clu_buf why = CLU_BUF_INIT;

	assert_int_equal(ccsd_schema_load("/nonexistent/cluster.rng", &s, &why), -ENOENT);
	assert_non_null(strstr(clu_buf_text(&why), "installed"));
	assert_int_equal(ccsd_schema_load(SRCDIR "/configure.ac", &s, &why), -EBADMSG);
	assert_null(s);
	clu_buf_free(&why);
}

static struct clu_conf *conf_of(const char *nodes)
{
	struct clu_buf text = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	struct clu_conf *c = NULL;

	clu_buf_printf(&text, "<cluster>\n<clusternodes>\n%s</clusternodes></cluster>", nodes);
	assert_int_equal(clu_conf_parse(text.data, text.len, "x", &c, &errs), 0);
	clu_buf_free(&text);
	return c;
}

static void changes_of_a_running_cluster(void **state)
{
	static const struct { const char *nodes, *want; } t[] = {
		{ "<clusternode name='a' nodeid='1'/>\n<clusternode name='b' nodeid='2'/>\n<clusternode name='c' nodeid='3'/>\n", "" },
		/* A node that is no member may go, its number may be used again, others may come. */
		{ "<clusternode name='a' nodeid='1'/>\n<clusternode name='b' nodeid='2'/>\n", "" },
		{ "<clusternode name='a' nodeid='1'/>\n<clusternode name='b' nodeid='2'/>\n<clusternode name='d' nodeid='3'/>\n", "" },
		{ "<clusternode name='a' nodeid='1'/>\n<clusternode name='b' nodeid='2'/>\n<clusternode name='d' nodeid='4'/>\n", "" },
		{ "<clusternode name='a' nodeid='2'/>\n<clusternode name='b' nodeid='1'/>\n",
			"new:3: nodeid=\"2\" of node \"a\": its number is 1, which cannot change while the cluster runs; keep it, or "
			"stop the cluster first\n"
			"new:4: nodeid=\"1\" of node \"b\": its number is 2, which cannot change while the cluster runs; keep it, or "
			"stop the cluster first\n" },
		{ "<clusternode name='x' nodeid='1'/>\n<clusternode name='b' nodeid='2'/>\n",
			"new:3: node \"x\" has the number 1 of \"a\", which cannot change while the cluster runs; keep its name, or give "
			"the new node another number\n" },
		{ "<clusternode name='a' nodeid='1'/>\n",
			"new:2: node \"b\" is missing: it is a member of the running cluster; let it leave first (\"cman_tool leave\" "
			"there), then remove it\n" },
	};
	static const uint32_t members[] = { 1, 2 };
	struct clu_conf *old = conf_of(t[0].nodes);

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct clu_conf *new = conf_of(t[i].nodes);
		struct clu_buf got = CLU_BUF_INIT;

		assert_int_equal(ccsd_check_change(old, new, members, 2, "new", &got), *t[i].want ? -EINVAL : 0);
		assert_string_equal(clu_buf_text(&got), t[i].want);
		clu_buf_free(&got);
		clu_conf_unref(new);
	}
	clu_conf_unref(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_cases),
		cmocka_unit_test(the_sample_is_valid),
		cmocka_unit_test(broken_documents_have_findings),
		cmocka_unit_test(near_misses),
		cmocka_unit_test(changes_of_a_running_cluster),
		cmocka_unit_test(a_damaged_schema_is_told),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
