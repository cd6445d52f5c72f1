/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schema from inside, for ccsd_schema.c and ccsd_schema_value.c. */
#ifndef CCSD_SCHEMA_PRIV_H
#define CCSD_SCHEMA_PRIV_H

#include <libxml/tree.h>
#include <libxml/xmlregexp.h>
#include <string.h>

#include "ccsd_schema.h"

#define CCSD_RNG_MAX_DEPTH 32

struct ccsd_schema {
	/*
	 * Read only after loading. Of a <ref> node, _private is its <define>; of a <param name="pattern">, the compiled
	 * pattern: both are asked for with every value of a document.
	 */
	xmlDoc *doc;
	struct ccsd_elem **elems;
	unsigned n_elems;
	struct ccsd_elem *root;
	ccsd_installed_fn installed;
	int error;
};

static inline bool ccsd_rng_is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, name);
}

/* NULL when absent. Of our own attributes (h:say) the name alone counts. */
static inline const char *ccsd_rng_attr(const xmlNode *n, const char *name)
{
	for (const xmlAttr *a = n->properties; a; a = a->next)
		if (!strcmp((const char *)a->name, name))
			return a->children && a->children->content ? (const char *)a->children->content : "";
	return NULL;
}

static inline const char *ccsd_rng_text(const xmlNode *n)
{
	return n->children && n->children->type == XML_TEXT_NODE ? (const char *)n->children->content : "";
}

/* The <define> of this name, or NULL. */
const xmlNode *ccsd_rng_define(const struct ccsd_schema *s, const char *name);

/* ccsd_schema_value.c: fills _private of the whole document (above), and frees it. -EBADMSG: what is not understood. */
int ccsd_rng_prepare(struct ccsd_schema *s);
void ccsd_rng_release(struct ccsd_schema *s);

#endif
