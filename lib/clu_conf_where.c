/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The place of elements and attributes: the tree and the bytes are walked side by side. */
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "clu_conf_scan.h"

static int by_node(const void *a, const void *b)
{
	const struct clu_place *const *pa = a, *const *pb = b;

	return (*pa)->node < (*pb)->node ? -1 : (*pa)->node > (*pb)->node;
}

static bool same(const struct clu_scan_name *s, const char *name)
{
	return strlen(name) == s->len && !memcmp(s->name, name, s->len);
}

/* In document order; NULL behind the last element. */
static const struct clu_node *following(const struct clu_node *n)
{
	const struct clu_node *next = clu_node_child(n, NULL);

	for (; n && !next; n = clu_node_parent(n))
		next = clu_node_next(n, NULL);
	return next;
}

/* The first of the sorted places that is n's, or NULL. */
static struct clu_place **places_of(struct clu_place **sorted, unsigned n_places, const struct clu_node *n)
{
	unsigned low = 0, high = n_places;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (sorted[mid]->node < n)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n_places && sorted[low]->node == n ? &sorted[low] : NULL;
}

static void fill(struct clu_scan s, const struct clu_scan_name *tag, struct clu_place *place)
{
	struct clu_scan_name attr;

	place->line = tag->line;
	place->column = tag->column;
	while (place->attr && clu_scan_attr(&s, &attr)) {
		if (!same(&attr, place->attr))
			continue;
		place->line = attr.line;
		place->column = attr.column;
		return;
	}
}

void clu_conf_where(const struct clu_conf *c, struct clu_place *places, unsigned n)
{
	struct clu_place **sorted = calloc(n ? n : 1, sizeof(struct clu_place *));
	const struct clu_node *node = clu_conf_root(c);
	struct clu_scan_name tag;
	struct clu_scan scan;
	size_t len;
	const void *bytes = clu_conf_bytes(c, &len);

	/* What libxml2 knows, for the case that the two walks do not agree. */
	for (unsigned i = 0; i < n; i++) {
		places[i].line = clu_node_line(places[i].node);
		places[i].column = 1;
		if (sorted)
			sorted[i] = &places[i];
	}
	if (!sorted)
		return;
	qsort(sorted, n, sizeof(struct clu_place *), by_node);
	clu_scan_begin(&scan, bytes, len);
	for (; node && clu_scan_tag(&scan, &tag) && same(&tag, clu_node_name(node)); node = following(node)) {
		struct clu_place **p = places_of(sorted, n, node);

		for (; p && p < sorted + n && (*p)->node == node; p++)
			fill(scan, &tag, *p);
	}
	free(sorted);
}
