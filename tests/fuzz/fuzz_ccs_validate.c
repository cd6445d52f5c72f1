/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loader and validator of cluster.conf: what is said of any bytes holds together. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/tree.h>

#include "ccsd_validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : broken(#x))

static void broken(const char *what)
{
	fprintf(stderr, "fuzz_ccs_validate: not so: %s\n", what);
	abort();
}

/* Any answer will do, as long as it is always the same. */
static bool installed(const char *kind, const char *name, const char *prefer)
{
	return (strlen(name) + strlen(kind) + (prefer != NULL)) % 2;
}

static struct ccsd_schema *schema(void)
{
	static struct ccsd_schema *s;
	struct clu_buf why = CLU_BUF_INIT;

	if (!s) {
		MUST(ccsd_schema_load(SRCDIR "/conf/cluster.rng", &s, &why) == 0);
		ccsd_schema_agents(s, installed);
	}
	return s;
}

static int check(const uint8_t *data, size_t size, bool lax)
{
	struct ccsd_report report;
	struct clu_buf text = CLU_BUF_INIT;
	int r = ccsd_check(schema(), data, size, "cluster.conf", lax, CCSD_MAX_FINDINGS, &report), lines = 1;
	const struct ccsd_findings *f = &report.findings;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	MUST(r == 0 || r == -EINVAL || r == -EBADMSG || r == -EMSGSIZE);
	MUST((r == 0) == (f->n_by[CCSD_ERROR] == 0));
	MUST((r == 0 || r == -EINVAL) == (report.conf != NULL));
	for (unsigned i = 0; i < f->n; i++) {
		const struct ccsd_finding *p = &f->list[i];

		MUST(p->line >= 1 && p->line <= lines && p->column >= 1);
		MUST(!strchr(p->text, '\n') && xmlCheckUTF8((const xmlChar *)p->text));
		if (i)
			MUST(p->line > p[-1].line || (p->line == p[-1].line && p->column >= p[-1].column) || !report.conf);
	}
	ccsd_findings_text(f, "cluster.conf", CCSD_NOTE, &text);
	MUST(!text.error && (text.len == 0) == (f->n == 0));
	clu_buf_free(&text);
	ccsd_report_free(&report);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int strict = check(data, size, false), lax = check(data, size, true);

	/* What is valid stays valid when less is asked for. */
	MUST(strict != 0 || lax == 0);
	return 0;
}
