/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schema conf/cluster.rng as a table of elements and attributes: the rules by which a
 * document is judged, and the words in which people are told.
 *
 * It is read here and not by the RelaxNG of libxml2, since the work of that doubles with
 * each optional attribute that an element has: a <quorumd> with all of its attributes would
 * keep a daemon busy for hours. So the schema keeps to what a table can say: element,
 * attribute, ref, define, optional, zeroOrMore, oneOrMore, group, interleave, choice (of
 * values, or inside of zeroOrMore), text, value, data (integer with bounds, string with
 * lengths and pattern), anyName. Anything else is refused when it is loaded. On documents
 * that libxml2 can do, test_ccsd_validate holds both together.
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

/* The root, NULL when `name` is not it. */
const struct ccsd_elem *ccsd_schema_root(const struct ccsd_schema *s, const char *name);
const char *ccsd_schema_root_name(const struct ccsd_schema *s);

/* Whether an agent is installed here, as clu_path_agent() finds it. kind: "fence" or "resource". Without it none is. */
typedef bool (*ccsd_installed_fn)(const char *kind, const char *name, const char *prefer);
void ccsd_schema_agents(struct ccsd_schema *s, ccsd_installed_fn installed);
bool ccsd_schema_asks(const struct ccsd_schema *s);	/* that function was given */
bool ccsd_schema_installed(const struct ccsd_schema *s, const char *kind, const char *name, const char *prefer);

/* i-th fence agent of which the schema knows all parameters; NULL behind the last. */
const char *ccsd_schema_fence_agent_at(const struct ccsd_schema *s, unsigned i);
/* i-th element of the schema, in no order that means anything; NULL behind the last. */
const struct ccsd_elem *ccsd_schema_elem_at(const struct ccsd_schema *s, unsigned i);

const char *ccsd_elem_name(const struct ccsd_elem *e);
bool ccsd_elem_any(const struct ccsd_elem *e);		/* content is not looked at */
bool ccsd_elem_text(const struct ccsd_elem *e);		/* may hold text */
bool ccsd_elem_agents(const struct ccsd_elem *e);	/* resources of installed agents may stand in it */
bool ccsd_elem_loose(const struct ccsd_elem *e);	/* attributes that are not listed pass */
const char *ccsd_elem_primary(const struct ccsd_elem *e);	/* attribute found by ref, or NULL */
const char *ccsd_elem_unique(const struct ccsd_elem *e);	/* attributes, blanks between, or NULL */
bool ccsd_elem_once(const struct ccsd_elem *e);		/* such a resource runs in one place only */
const char *ccsd_elem_old(const struct ccsd_elem *e);	/* no program reads it: what does instead ("": nothing); NULL: read */

const struct ccsd_elem *ccsd_elem_child(const struct ccsd_elem *e, const char *name);
/* i-th possible child, NULL at the end; *ret_required, *ret_many: how often it may occur. */
const struct ccsd_elem *ccsd_elem_child_at(const struct ccsd_elem *e, unsigned i, bool *ret_required,
	bool *ret_many);

struct ccsd_attr {
	const char *name;
	bool required;
	const char *old;	/* as ccsd_elem_old() */
	const void *type;	/* for ccsd_attr_fits */
};

const struct ccsd_attr *ccsd_elem_attr(const struct ccsd_elem *e, const char *name);
const struct ccsd_attr *ccsd_elem_attr_at(const struct ccsd_elem *e, unsigned i);

/* Does the value fit? If not, what it must be is appended to must ("a whole number from 1 to 255"). */
bool ccsd_attr_fits(const struct ccsd_attr *a, const char *value, struct clu_buf *must);

#endif
