/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The validator and the readers of cluster.conf hold one opinion: over the golden documents
 * of both, what is valid can be joined with and managed, and what cannot is not valid. What
 * a reader takes in another way than it is written is at least a warning of the validator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccsd_validate.h"
#include "clu_store.h"
#include "cman_conf.h"
#include "qdisk_conf.h"
#include "rg_rm.h"

static struct ccsd_schema *schema;
static unsigned valid, refused;

/* What cman_tool would hand to corosync: number of faults. */
static int join(const struct clu_conf *conf, struct clu_buf *errs)
{
	struct clu_conf_node first = { .name = "" };
	struct cman_plan_in in = { .conf = conf, .over = CMAN_NO_OVERRIDES, .default_keyfile = "/key", .default_logfile = "/log" };
	struct clu_buf out = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct cman_plan plan;
	int faults;

	clu_conf_nodes(conf, &first, 1);
	in.own_name = first.name;
	faults = cman_plan_make(&in, &plan, errs, &warns);
	if (!faults)
		faults = cman_conf_write(&plan, &out, errs, &warns);
	clu_buf_free(&out);
	clu_buf_free(&warns);
	return faults;
}

/* What qdiskd says of its times, and whether the validator said so too. */
static void same_times(const char *name, const struct clu_conf *conf, const struct ccsd_findings *f)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	struct qdisk_conf q;
	char sum[96];
	bool found = false;

	if (qdisk_conf_read(conf, &q, &errs, &warns) == 0) {
		snprintf(sum, sizeof(sum), "is dead for the others after %u ms", q.dead_ms);
		for (unsigned i = 0; i < f->n; i++)
			found = found || strstr(f->list[i].text, sum);
		if (!found)
			fail_msg("%s: qdiskd takes over after %u ms, the validator has another sum", name, q.dead_ms);
		if (warns.len && !f->n_by[CCSD_WARNING])
			fail_msg("%s: qdiskd warns, the validator does not:\n%s", name, clu_buf_text(&warns));
	}
	clu_buf_free(&errs);
	clu_buf_free(&warns);
}

static void one(const char *path, const char *name)
{
	struct clu_buf bytes = CLU_BUF_INIT, errs = CLU_BUF_INIT, left_out = CLU_BUF_INIT;
	struct ccsd_report r;
	struct rg_rm *rm = NULL;
	bool good;

	assert_int_equal(clu_store_read(path, CLU_CONF_MAX_BYTES, &bytes), 0);
	/* Lax: who reads does not care for what nobody reads. */
	good = ccsd_check(schema, bytes.data, bytes.len, name, true, CCSD_MAX_FINDINGS, &r) == 0;
	if (r.conf && !strcmp(clu_node_name(clu_conf_root(r.conf)), "cluster")) {
		int faults = join(r.conf, &errs);

		if (good && faults)
			fail_msg("%s is valid, but cannot be joined with:\n%s", name, clu_buf_text(&errs));
		assert_int_equal(rg_rm_read(r.conf, &rm, &left_out), 0);
		if (good && left_out.len)
			fail_msg("%s is valid, but rgmanager leaves something out:\n%s", name, clu_buf_text(&left_out));
		if (good)
			same_times(name, r.conf, &r.findings);
		valid += good;
		refused += faults > 0 || left_out.len > 0;
	}
	rg_rm_free(rm);
	ccsd_report_free(&r);
	clu_buf_free(&bytes);
	clu_buf_free(&errs);
	clu_buf_free(&left_out);
}

static void all_of(const char *folder)
{
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort);

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		size_t len = strlen(name);
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (len > 5 && !strcmp(name + len - 5, ".conf") && !strstr(name, ".corosync.conf"))
			one(path, name);
		free(list[i]);
	}
	free(list);
}

static void readers_and_validator_agree(void **state)
{
	struct clu_buf why = CLU_BUF_INIT;

	assert_int_equal(ccsd_schema_load(SRCDIR "/conf/cluster.rng", &schema, &why), 0);
	all_of(SRCDIR "/tests/golden/ccs");
	all_of(SRCDIR "/tests/golden/cman");
	all_of(SRCDIR "/tests/golden/rg");
	schema = ccsd_schema_free(schema);
	/* Of both kinds there is something to see. */
	assert_true(valid >= 40 && refused >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(readers_and_validator_agree) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
