/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster.conf loader and the walk over it. */
#include <stdint.h>

#include "clu_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned walk(const struct clu_node *n, unsigned depth)
{
	unsigned count = 1;

	for (unsigned i = 0; i < clu_node_attr_count(n); i++) {
		const char *name, *value;

		if (clu_node_attr_at(n, i, &name, &value))
			count += value[0] != '\0';
	}
	for (const struct clu_node *c = clu_node_child(n, NULL); c && depth < 80; c = clu_node_next(c, NULL))
		count += walk(c, depth + 1);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf_node nodes[16];
	struct clu_conf *c = NULL;

	if (clu_conf_parse(data, size, "cluster.conf", &c, &errs) == 0) {
		(void)walk(clu_conf_root(c), 0);
		(void)clu_conf_nodes(c, nodes, 16);
		(void)clu_conf_version(c);
		(void)clu_conf_cluster_name(c);
		clu_conf_unref(c);
	}
	clu_buf_free(&errs);
	return 0;
}
