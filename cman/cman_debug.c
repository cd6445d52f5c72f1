/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_debug.h"

#include <stdio.h>

#include <corosync/cmap.h>

#include "cman_call.h"

static const struct { const char *subsys; long bit; } parts[] = {
	{ "TOTEM", CMAN_DEBUG_MEMBERSHIP }, { "QUORUM", CMAN_DEBUG_MEMBERSHIP }, { "VOTEQ", CMAN_DEBUG_MEMBERSHIP },
	{ "CFG", CMAN_DEBUG_DAEMON }, { "CMAP", CMAN_DEBUG_DAEMON }, { "CPG", CMAN_DEBUG_DAEMON },
};

static struct {
	long mask;
	int error;
} req;		/* static: see cman_call */

static void do_debug(void *arg)
{
	cmap_handle_t h;
	cs_error_t e = cmap_initialize(&h);

	if (e != CS_OK) {
		req.error = cman_call_errno(e);
		return;
	}
	for (unsigned i = 0; e == CS_OK && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char key[64];

		snprintf(key, sizeof(key), "logging.logger_subsys.%s.subsys", parts[i].subsys);
		e = cmap_set_string(h, key, parts[i].subsys);
		snprintf(key, sizeof(key), "logging.logger_subsys.%s.debug", parts[i].subsys);
		if (e == CS_OK)
			e = cmap_set_string(h, key, req.mask & (parts[i].bit | CMAN_DEBUG_EXECUTIVE) ? "on" : "off");
	}
	if (e == CS_OK)
		e = cmap_set_string(h, "logging.debug", req.mask & CMAN_DEBUG_EXECUTIVE ? "on" : "off");
	(void)cmap_finalize(h);
	req.error = cman_call_errno(e);
}

int cman_debug(long mask)
{
	struct clu_buf b = CLU_BUF_INIT;
	int r;

	req.mask = mask;
	r = cman_call(do_debug, NULL, CMAN_CALL_MS);
	if (!r)
		r = req.error;
	if (r < 0)
		cman_call_explain(r, &b);
	fputs(clu_buf_text(&b), stderr);
	clu_buf_free(&b);
	return r < 0;
}
