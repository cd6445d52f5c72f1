/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cman_reload.h"

#include <errno.h>
#include <stdio.h>

#include "cman_outcome.h"
#include "cman_take.h"

/* Without ccsd or cmand: this node's file, and corosync on all nodes. */
static int reload_here(enum cman_validate validate)
{
	struct clu_buf lines = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	int r = cman_doc_get(&conf, validate, &lines);

	if (!r)
		r = cman_take_look(conf, &lines);
	if (r == CMAN_TAKE_STAGED) {
		r = cman_take_reload(&lines);
		if (!r)
			r = cman_take_look(conf, &lines);
		if (r == CMAN_TAKE_STAGED) {
			cman_take_refused(conf, &lines);
			r = -EIO;
		}
	}
	cman_doc_print(&lines);
	clu_conf_unref(conf);
	clu_buf_free(&lines);
	return r != CMAN_TAKE_RUNNING;
}

int cman_reload(enum cman_validate validate)
{
	struct cman_outcome o = { .why = CLU_BUF_INIT };
	int r;

	/* With ccsd the nodes have one document, and cmand brings it to all of them at once. */
	if (!cman_doc_version() || cman_outcome_ask("apply", 0, &o) == -ECONNREFUSED) {
		cman_outcome_free(&o);
		return reload_here(validate);
	}
	cman_doc_print(&o.why);
	r = o.state != CMAN_OUTCOME_APPLIED;
	cman_outcome_free(&o);
	return r;
}
