/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schema conf/cluster.rng, read in two ways: by libxml2 as the judge, and as
 * a table of elements and attributes from which messages for people are made.
 * Understood for the table: element, attribute, ref, define, optional, zeroOrMore,
 * oneOrMore, choice, group, interleave, text, value, data (integer with bounds,
 * string with lengths and pattern), anyName.
 */
#ifndef CCSD_SCHEMA_H
#define CCSD_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "clu_buf.h"

struct ccsd_schema;		/* read only after loading */
struct ccsd_elem;

/* 0; -ENOENT or another errno of the file, -EBADMSG; the reason appended to why. */
int ccsd_schema_load(const char *path, struct ccsd_schema **ret, struct clu_buf *why);
struct ccsd_schema *ccsd_schema_free(struct ccsd_schema *s);	/* accepts NULL, returns NULL */

/* The judge. doc: xmlDoc *. 0 valid, 1 not; messages "LINE: text\n" appended to errs. Negative errno. */
int ccsd_schema_judge(const struct ccsd_schema *s, void *doc, struct clu_buf *errs);

/* The root, NULL when `name` is not it. */
const struct ccsd_elem *ccsd_schema_root(const struct ccsd_schema *s, const char *name);
const char *ccsd_schema_root_name(const struct ccsd_schema *s);

/* Whether an agent of this resource type is installed here; without this function none is. */
void ccsd_schema_agents(struct ccsd_schema *s, bool (*installed)(const char *type));
bool ccsd_schema_installed(const struct ccsd_schema *s, const char *type);

const char *ccsd_elem_name(const struct ccsd_elem *e);
bool ccsd_elem_any(const struct ccsd_elem *e);		/* content is not looked at */
bool ccsd_elem_text(const struct ccsd_elem *e);		/* may hold text */
bool ccsd_elem_agents(const struct ccsd_elem *e);	/* resources of installed agents may stand in it */
bool ccsd_elem_loose(const struct ccsd_elem *e);	/* attributes that are not listed pass */
const char *ccsd_elem_primary(const struct ccsd_elem *e);	/* attribute found by ref, or NULL */

const struct ccsd_elem *ccsd_elem_child(const struct ccsd_elem *e, const char *name);
/* i-th possible child, NULL at the end; *ret_required, *ret_many: how often it may occur. */
const struct ccsd_elem *ccsd_elem_child_at(const struct ccsd_elem *e, unsigned i, bool *ret_required,
	bool *ret_many);

struct ccsd_attr {
	const char *name;
	bool required;
	const void *type;	/* for ccsd_schema_value */
};

const struct ccsd_attr *ccsd_elem_attr(const struct ccsd_elem *e, const char *name);
const struct ccsd_attr *ccsd_elem_attr_at(const struct ccsd_elem *e, unsigned i);

/* Does the value fit? If not, what it must be is appended to must ("a whole number from 1 to 255"). */
bool ccsd_schema_value(const struct ccsd_schema *s, const struct ccsd_attr *a, const char *value,
	struct clu_buf *must);

#endif
