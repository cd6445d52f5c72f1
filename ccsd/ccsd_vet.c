/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccsd_vet.h"

#include <errno.h>
#include <stdio.h>

#include "ccsd_validate.h"

#define FILE_NAME "cluster.conf"

int ccsd_vet_document(void *ctx, const void *data, size_t len, struct ccsd_verdict *ret)
{
	const struct ccsd_schema *schema = ctx;
	struct clu_conf *conf = NULL;
	int r = schema ? ccsd_validate(schema, data, len, FILE_NAME, &conf, &ret->findings) :
		clu_conf_parse(data, len, FILE_NAME, &conf, &ret->findings);

	if (conf) {
		ret->version = clu_conf_version(conf);
		snprintf(ret->cluster, sizeof(ret->cluster), "%s", clu_conf_cluster_name(conf));
		clu_conf_unref(conf);
	}
	return r == -EMSGSIZE ? -EBADMSG : r;
}

int ccsd_vet_change(void *ctx, const struct ccsd_doc *old, const struct ccsd_doc *new, const uint32_t *members,
	unsigned n_members, struct clu_buf *findings)
{
	struct clu_conf *was = NULL, *is = NULL;
	struct clu_buf errs = CLU_BUF_INIT;
	int r = clu_conf_parse(old->data, old->len, FILE_NAME, &was, &errs);

	(void)ctx;
	if (r == 0)
		r = clu_conf_parse(new->data, new->len, FILE_NAME, &is, &errs);
	if (r == 0)
		r = ccsd_check_change(was, is, members, n_members, FILE_NAME, findings);
	clu_conf_unref(was);
	clu_conf_unref(is);
	clu_buf_free(&errs);
	return r;
}
