/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_query.h"

static const char text[] =
	"<cluster name=\"alpha\" config_version=\"7\">"
	"<clusternodes>"
	"<clusternode name=\"n1.example\" nodeid=\"1\"><altname name=\"n1-priv\"/></clusternode>"
	"<clusternode name=\"n2\" nodeid=\"2\"/><clusternode name=\"n3\" nodeid=\"3\"/>"
	"</clusternodes>"
	"<rm><event name=\"e\">body</event><empty x=\"\"/></rm>"
	"</cluster>";

static struct clu_conf *conf;

static int load(void **state)
{
	struct clu_buf errs = CLU_BUF_INIT;

	return clu_conf_parse(text, sizeof(text) - 1, "test", &conf, &errs);
}

static int unload(void **state)
{
	conf = clu_conf_unref(conf);
	return 0;
}

static void is(const char *query, bool full, unsigned index, int error, const char *want)
{
	char *got = NULL;
	int r = ccs_query(conf, query, full, index, &got);

	if (r != error || (want && (!got || strcmp(got, want) != 0)) || (!want && got))
		fail_msg("%s: %d \"%s\", expected %d \"%s\"", query, r, got ? got : "", error, want ? want : "");
	free(got);
}

static void simple_queries(void **state)
{
	is("/cluster/@name", false, 0, 0, "alpha");
	is("/cluster/@name", false, 1, -ENODATA, NULL);
	is("/cluster/clusternodes/clusternode/@name", false, 2, 0, "n3");
	is("/cluster/clusternodes/clusternode[2]/@nodeid", false, 0, 0, "2");
	is("/cluster/clusternodes/clusternode[@name=\"n3\"]/@nodeid", false, 0, 0, "3");
	is("/cluster/clusternodes/clusternode[@name='n1.example']/altname/@name", false, 0, 0, "n1-priv");
	is("/cluster/clusternodes/child::*[2]/@name", false, 0, 0, "n2");
	is("/cluster/@*", false, 0, 0, "name=alpha");
	is("/cluster/@*", false, 1, 0, "config_version=7");
	is("/cluster/child::*", false, 1, 0, "rm=");
	is("/cluster/rm/child::*", false, 0, 0, "event=body");
	is("/cluster/rm/event", false, 0, 0, "body");
	is("/cluster/rm", false, 0, -ENODATA, NULL);
	is("/cluster/rm/empty/@x", false, 0, 0, "");
	is("/cluster/nothing/@x", false, 0, -ENODATA, NULL);
}

static void bad_queries(void **state)
{
	static const char *const bad[] = { "", "cluster/@name", "/", "//@name", "/cluster/", "/cluster/@", "/cluster[",
		"/cluster[@name=alpha]/@x", "/cluster[1", "/cluster/count(x)", "/cluster[@name=\"x]/@y" };
	char *longer = malloc(CCS_QUERY_MAX + 10);

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is(bad[i], false, 0, -EINVAL, NULL);
	is(NULL, false, 0, -EINVAL, NULL);
	is("/cluster[", true, 0, -EINVAL, NULL);
	memset(longer, 'x', CCS_QUERY_MAX + 9);
	longer[0] = '/';
	longer[CCS_QUERY_MAX + 9] = '\0';
	is(longer, true, 0, -ENAMETOOLONG, NULL);
	free(longer);
}

static void full_xpath(void **state)
{
	is("//clusternode[last()]/@name", true, 0, 0, "n3");
	is("//clusternode[@nodeid > 1]/@name", true, 1, 0, "n3");
	is("/cluster/rm/event/text()", true, 0, 0, "body");
	/* Only node sets have ever counted. */
	is("/cluster/@name = 'alpha'", true, 0, -ENODATA, NULL);
}

static void node_names(void **state)
{
	assert_string_equal(ccs_query_node(conf, "n2"), "n2");
	assert_string_equal(ccs_query_node(conf, "n2.example.org"), "n2");
	assert_string_equal(ccs_query_node(conf, "n1"), "n1.example");
	assert_string_equal(ccs_query_node(conf, "N3"), "n3");
	assert_string_equal(ccs_query_node(conf, "n1-priv.other"), "n1.example");
	assert_null(ccs_query_node(conf, "n4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_queries),
		cmocka_unit_test(bad_queries),
		cmocka_unit_test(full_xpath),
		cmocka_unit_test(node_names),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
