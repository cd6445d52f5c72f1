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

static int load(void **state)
{
	struct clu_buf why = CLU_BUF_INIT;

	assert_int_equal(ccsd_schema_load(SRCDIR "/conf/cluster.rng", &schema, &why), 0);
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

		if (ccsd_schema_judge(schema, root->doc, &errs) > 0)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_cases),
		cmocka_unit_test(the_sample_is_valid),
		cmocka_unit_test(broken_documents_have_findings),
		cmocka_unit_test(near_misses),
		cmocka_unit_test(a_damaged_schema_is_told),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
