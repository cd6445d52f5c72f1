/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster.conf loader, the walk over it, and the places of its elements. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"

#define MAX_PLACES 256

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

static void collect(const struct clu_node *n, struct clu_place *places, unsigned *count)
{
	if (*count < MAX_PLACES)
		places[(*count)++] = (struct clu_place){ .node = n };
	for (const struct clu_node *c = clu_node_child(n, NULL); c; c = clu_node_next(c, NULL))
		collect(c, places, count);
}

/* The byte at a line and column of UTF-8. */
static const uint8_t *at(const uint8_t *p, const uint8_t *end, int line, int column)
{
	if (end - p >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	for (; line > 1 && p < end; p++)
		line -= *p == '\n';
	for (; column > 1 && p < end; column--)
		for (p++; p < end && (*p & 0xc0) == 0x80; p++)
			;
	return p;
}

/* Each element of a document in UTF-8 is found where its tag begins. */
static void check_places(const struct clu_conf *c, const uint8_t *data, size_t size)
{
	static struct clu_place places[MAX_PLACES];
	unsigned n = 0;

	collect(clu_conf_root(c), places, &n);
	clu_conf_where(c, places, n);
	if (memmem(data, size, "encoding", 8) || memchr(data, '\0', size) || (size > 1 && data[0] >= 0xfe))
		return;
	for (unsigned i = 0; i < n; i++) {
		const char *name = clu_node_name(places[i].node);
		const uint8_t *p = at(data, data + size, places[i].line, places[i].column);

		if (p >= data + size || *p != '<' || !memmem(p, (size_t)(data + size - p), name, strlen(name)))
			abort();
		if (places[i].line > clu_node_line(places[i].node))
			abort();
	}
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
		check_places(c, data, size);
		clu_conf_unref(c);
	}
	clu_buf_free(&errs);
	return 0;
}
