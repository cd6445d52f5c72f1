/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_spread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "clu_path.h"
#include "cman_doc.h"
#include "cman_outcome.h"
#include "cman_reload.h"
#include "cman_start.h"

/* 0, or an exit code; what is wrong was said. */
static int check_version(int64_t wanted, uint64_t *ret_version)
{
	const char *path = clu_path(CLU_PATH_CONF);
	uint64_t now = cman_doc_version();
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	int r = clu_conf_load(path, &conf, &errs);

	*ret_version = r < 0 ? 0 : clu_conf_version(conf);
	cman_doc_print(&errs);
	clu_buf_free(&errs);
	clu_conf_unref(conf);
	if (r < 0)
		return CMAN_SPREAD_REFUSED;
	if (!*ret_version) {
		fprintf(stderr, "cman_tool: %s has no config_version: write one that is higher than that in force\n", path);
		return CMAN_SPREAD_NO_VERSION;
	}
	if (wanted >= 0 && (uint64_t)wanted != *ret_version) {
		fprintf(stderr, "cman_tool: %s has version %" PRIu64 ", not %" PRId64 ": correct one of them\n", path, *ret_version,
			wanted);
		return CMAN_SPREAD_REFUSED;
	}
	if (*ret_version <= now) {
		fprintf(stderr, "cman_tool: Not reloading, config version older or equal the running config\n"
			"cman_tool: %s has version %" PRIu64 ", and %" PRIu64 " is in force: raise config_version\n", path,
			*ret_version, now);
		return CMAN_SPREAD_NOT_NEWER;
	}
	return 0;
}

int cman_spread(int64_t version, bool no_sync)
{
	struct cman_outcome o = { .why = CLU_BUF_INIT };
	struct clu_buf said = CLU_BUF_INIT;
	uint64_t now = 0;
	int r;

	if (no_sync)
		return cman_reload(CMAN_VALIDATE_FAIL);
	r = check_version(version, &now);
	if (r)
		return r;
	if (cman_start_update(clu_path(CLU_PATH_CONF), &said) < 0) {
		fprintf(stderr, "cman_tool: Not reloading, the configuration was not spread. ccs_tool update says:\n%s",
			clu_buf_text(&said));
		clu_buf_free(&said);
		return CMAN_SPREAD_REFUSED;
	}
	clu_buf_free(&said);
	r = cman_outcome_ask("wait", now, &o);
	cman_doc_print(&o.why);
	if (!r)
		r = o.state != CMAN_OUTCOME_APPLIED;
	cman_outcome_free(&o);
	return r ? 1 : 0;
}
