/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden cases tests/golden/ccs/NAME.conf with NAME.expect, all that is said of it: errors,
 * warnings, notes, and the verdict; NAME.lax.expect is with lax. The verdict is part of the
 * name: good-, bad-. GOLDEN_UPDATE=1 writes the expectations anew: look at the difference.
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

#include <libxml/relaxng.h>
#include <libxml/tree.h>

#include "ccsd_validate.h"
#include "clu_core.h"
#include "clu_store.h"

#define GOLDEN SRCDIR "/tests/golden/ccs"

static struct ccsd_schema *schema;
static xmlRelaxNG *relaxng;

/* The machine of the golden cases. */
static bool installed(const char *kind, const char *name, const char *prefer)
{
	static const char *const here[] = { "fence/fence_ipmilan", "fence/fence_apc", "fence/fence_apc_snmp", "fence/fence_scsi",
		"fence/fence_xvm", "fence/fence_drac5", "fence/fence_ilo", "fence/fence_brocade", "fence/fence_custom",
		"resource/service", "resource/ip", "resource/fs", "resource/script", "resource/lvs", "resource/lvm",
		"resource/netfs", "resource/clusterfs", "resource/nfsexport", "resource/nfsclient", "resource/nfsserver",
		"resource/mysql", "resource/apache", "resource/vm", "resource/sitething" };
	char path[256];

	if (prefer && !strcmp(prefer, "/opt/agents") && !strcmp(name, "fence_optional"))
		return true;
	snprintf(path, sizeof(path), "%s/%s", kind, name);
	for (unsigned i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		if (!strcmp(path, here[i]))
			return true;
	return false;
}

static int load(void **state)
{
	struct clu_buf why = CLU_BUF_INIT;
	xmlRelaxNGParserCtxt *rng;

	assert_int_equal(ccsd_schema_load(SRCDIR "/conf/cluster.rng", &schema, &why), 0);
	ccsd_schema_agents(schema, installed);
	clu_buf_free(&why);
	rng = xmlRelaxNGNewParserCtxt(SRCDIR "/conf/cluster.rng");
	relaxng = xmlRelaxNGParse(rng);
	xmlRelaxNGFreeParserCtxt(rng);
	assert_non_null(relaxng);
	return 0;
}

static int unload(void **state)
{
	schema = ccsd_schema_free(schema);
	xmlRelaxNGFree(relaxng);
	return 0;
}

static void quiet(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

/* What libxml2's own RelaxNG says of a document: 0 valid. */
static int judge(const struct clu_conf *conf)
{
	const xmlNode *root = clu_node_xml(clu_conf_root(conf));
	xmlRelaxNGValidCtxt *v = xmlRelaxNGNewValidCtxt(relaxng);
	int r;

	xmlRelaxNGSetValidErrors(v, quiet, quiet, NULL);
	r = xmlRelaxNGValidateDoc(v, root->doc);
	xmlRelaxNGFreeValidCtxt(v);
	return r;
}

/* So few that libxml2 can do it in time (ccsd_schema.h). */
static bool few_attributes(const struct clu_node *n)
{
	bool few = clu_node_attr_count(n) <= 10;

	for (const struct clu_node *c = clu_node_child(n, NULL); c && few; c = clu_node_next(c, NULL))
		few = few_attributes(c);
	return few;
}

static void compare(const char *path, const struct clu_buf *got)
{
	struct clu_buf want = CLU_BUF_INIT;

	if (getenv("GOLDEN_UPDATE"))
		assert_int_equal(clu_store_write(path, got->data, got->len, 0644), 0);
	(void)clu_store_read(path, CLU_CONF_MAX_BYTES, &want);
	if (strcmp(clu_buf_text(got), clu_buf_text(&want)) != 0)
		fail_msg("%s: expected\n%s\ngot\n%s", path, clu_buf_text(&want), clu_buf_text(got));
	clu_buf_free(&want);
}

static void one_case(const char *name, bool lax)
{
	struct clu_buf conf = CLU_BUF_INIT, got = CLU_BUF_INIT;
	struct ccsd_report report;
	char path[512];
	int r;

	snprintf(path, sizeof(path), GOLDEN "/%s.conf", name);
	assert_int_equal(clu_store_read(path, CLU_CONF_MAX_BYTES, &conf), 0);
	r = ccsd_check(schema, conf.data, conf.len, "cluster.conf", lax, CCSD_MAX_FINDINGS, &report);
	assert_int_equal(r == 0, report.findings.n_by[CCSD_ERROR] == 0);
	ccsd_findings_text(&report.findings, "cluster.conf", CCSD_NOTE, &got);
	clu_buf_str(&got, r == 0 ? "valid\n" : "not valid\n");
	snprintf(path, sizeof(path), GOLDEN "/%s%s.expect", name, lax ? ".lax" : "");
	if (!lax || access(path, F_OK) == 0)
		compare(path, &got);
	if (!lax && (r == 0) != !strncmp(name, "good-", 5))
		fail_msg("%s is %s", name, r == 0 ? "valid" : "not valid");
	/* Not the other way round: what the schema cannot say is not valid either. */
	if (report.conf && !lax && r == 0 && !strstr(name, "site") && few_attributes(clu_conf_root(report.conf)))
		assert_int_equal(judge(report.conf), 0);
	if (report.conf && !lax && !strncmp(name, "bad-unknown", 11))
		assert_int_not_equal(judge(report.conf), 0);
	ccsd_report_free(&report);
	clu_buf_free(&conf);
	clu_buf_free(&got);
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
			one_case(list[i]->d_name, false);
			one_case(list[i]->d_name, true);
			cases++;
		}
		free(list[i]);
	}
	free(list);
	assert_true(cases >= 80);
}

static void the_sample_is_valid(void **state)
{
	struct clu_buf conf = CLU_BUF_INIT, got = CLU_BUF_INIT;
	struct ccsd_report report;

	assert_int_equal(clu_store_read(SRCDIR "/conf/cluster.conf.sample", CLU_CONF_MAX_BYTES, &conf), 0);
	assert_int_equal(ccsd_check(schema, conf.data, conf.len, "sample", false, CCSD_MAX_FINDINGS, &report), 0);
	ccsd_findings_text(&report.findings, "sample", CCSD_WARNING, &got);
	assert_string_equal(clu_buf_text(&got), "");
	ccsd_report_free(&report);
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

/* As for who writes a new version: what no program reads is an error too. */
static int strict(const struct clu_buf *text, struct clu_buf *ret)
{
	struct ccsd_report report;
	int r = ccsd_check(schema, text->data, text->len, "c", false, CCSD_MAX_FINDINGS, &report);

	ccsd_findings_text(&report.findings, "c", CCSD_ERROR, ret);
	ccsd_report_free(&report);
	return r;
}

/* What is too much is counted and said; nothing of the document makes a line of its own. */
static void many_findings(void **state)
{
	struct clu_buf text = CLU_BUF_INIT, got = CLU_BUF_INIT;

	clu_buf_str(&text, "<cluster name='a' config_version='1'><clusternodes><clusternode name='a' nodeid='1'/></clusternodes>");
	for (unsigned i = 0; i < 250; i++)
		clu_buf_printf(&text, "\n<x a='&#10;y'/>");
	clu_buf_str(&text, "\n<rm log_level='&#10;&#x20ac;'/></cluster>");
	assert_int_equal(strict(&text, &got), -EINVAL);
	assert_non_null(strstr(clu_buf_text(&got), "c:101:1: unknown element <x> in <cluster>"));
	assert_null(strstr(clu_buf_text(&got), "c:102:1"));
	assert_non_null(strstr(clu_buf_text(&got), "c:1:1: 151 further errors left out: the first 100 are enough"));
	clu_buf_free(&got);
	text.len -= strlen("\n<rm log_level='&#10;&#x20ac;'/></cluster>") + 250 * strlen("\n<x a='&#10;y'/>");
	clu_buf_str(&text, "<cman port='&#10;&#x20ac;'/></cluster>");
	assert_int_equal(ccsd_validate(schema, text.data, text.len, "c", NULL, &got), -EINVAL);
	assert_non_null(strstr(clu_buf_text(&got), "port=\"?\xe2\x82\xac\""));
	clu_buf_free(&got);
	clu_buf_free(&text);
}

/* A character that is cut in two ends in a question mark, whatever comes before it. */
static void cut_characters(void **state)
{
	for (unsigned pad = 0; pad < 4; pad++) {
		struct clu_buf text = CLU_BUF_INIT, got = CLU_BUF_INIT;

		clu_buf_printf(&text, "<cluster name='a' config_version='1'><cman port='%.*s", (int)pad, "xxx");
		for (unsigned i = 0; i < 60; i++)
			clu_buf_str(&text, "\xe2\x82\xac");
		clu_buf_str(&text, "'/><clusternodes><clusternode name='a' nodeid='1'/></clusternodes></cluster>");
		assert_int_equal(ccsd_validate(schema, text.data, text.len, "c", NULL, &got), -EINVAL);
		assert_true(xmlCheckUTF8((const xmlChar *)clu_buf_text(&got)));
		clu_buf_free(&got);
		clu_buf_free(&text);
	}
}

/* A document of the largest size: that it ends at all is what can be asserted; how fast it is says bench/validate. */
static void a_large_document(void **state)
{
	struct clu_buf text = CLU_BUF_INIT, got = CLU_BUF_INIT;
	unsigned i = 0, services = 0;

	clu_buf_str(&text, "<cluster name='a' config_version='1'><clusternodes><clusternode name='a' nodeid='1'/></clusternodes><rm>\n");
	while (text.len < CLU_CONF_MAX_BYTES - 8000) {
		clu_buf_printf(&text, "<service name='s%u' autostart='0'>\n", services++);
		for (unsigned end = i + 34; i < end; i++)
			clu_buf_printf(&text, "<fs name='f%u' device='/dev/d%u' mountpoint='/m/%u' fstype='ext4' force_unmount='1'/>"
				"<ip address='10.%u.%u.%u'/>\n", i, i, i, i >> 16, i >> 8 & 255, i & 255);
		clu_buf_str(&text, "</service>\n");
	}
	assert_in_range(services, 1000, CLU_MAX_SERVICES);
	clu_buf_str(&text, "</rm></cluster>\n");
	assert_int_equal(ccsd_validate(schema, text.data, text.len, "c", NULL, &got), 0);
	assert_string_equal(clu_buf_text(&got), "");
	text.len -= strlen("</rm></cluster>\n");
	for (; services <= CLU_MAX_SERVICES; services++)
		clu_buf_printf(&text, "<service name='s%u'/>", services);
	clu_buf_str(&text, "</rm></cluster>\n");
	assert_int_equal(ccsd_validate(schema, text.data, text.len, "c", NULL, &got), -EINVAL);
	assert_non_null(strstr(clu_buf_text(&got), "service 1025: rgmanager manages at most 1024"));
	clu_buf_free(&text);
	clu_buf_free(&got);
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
			"new:3:23: nodeid=\"2\" of node \"a\": its number is 1, which cannot change while the cluster runs; keep it, or "
			"stop the cluster first\n"
			"new:4:23: nodeid=\"1\" of node \"b\": its number is 2, which cannot change while the cluster runs; keep it, or "
			"stop the cluster first\n" },
		{ "<clusternode name='x' nodeid='1'/>\n<clusternode name='b' nodeid='2'/>\n",
			"new:3:14: node \"x\" has the number 1 of \"a\", which cannot change while the cluster runs; keep its name, or give "
			"the new node another number\n" },
		{ "<clusternode name='a' nodeid='1'/>\n",
			"new:2:1: node \"b\" is missing: it is a member of the running cluster; let it leave first (\"cman_tool leave\" "
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
		cmocka_unit_test(near_misses), cmocka_unit_test(many_findings), cmocka_unit_test(cut_characters),
		cmocka_unit_test(a_large_document),
		cmocka_unit_test(changes_of_a_running_cluster),
		cmocka_unit_test(a_damaged_schema_is_told),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
