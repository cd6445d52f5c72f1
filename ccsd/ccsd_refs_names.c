/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names in a document: who has one, who has it twice, and who asks for one that nobody has. */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include <libxml/hash.h>

#include "ccsd_refs_priv.h"

#define MAX_CANDIDATES 1000	/* looked at for a suggestion */

struct ccsd_names *ccsd_names_new(void)
{
	return (struct ccsd_names *)xmlHashCreate(1024);
}

static xmlHashTable *table(const struct ccsd_names *names)
{
	return (xmlHashTable *)names;
}

void ccsd_names_free(struct ccsd_names *names)
{
	xmlHashFree(table(names), NULL);
}

const struct clu_node *ccsd_names_find(const struct ccsd_refs *r, const char *scope, const char *name)
{
	return xmlHashLookup2(table(r->names), (const xmlChar *)name, (const xmlChar *)scope);
}

const struct clu_node *ccsd_names_add(struct ccsd_refs *r, const char *scope, const char *name, const struct clu_node *n)
{
	const struct clu_node *first = ccsd_names_find(r, scope, name);

	if (!first && xmlHashAddEntry2(table(r->names), (const xmlChar *)name, (const xmlChar *)scope, (void *)n) < 0)
		r->f->error = -ENOMEM;
	return first;
}

void ccsd_fold(const char *name, char *ret, size_t size)
{
	size_t len = strnlen(name, size - 1);

	for (size_t i = 0; i < len; i++)
		ret[i] = (char)tolower((unsigned char)name[i]);
	ret[len] = '\0';
}

void ccsd_names_unique(struct ccsd_refs *r, const char *scope, const struct clu_node *parent, const char *elem,
	const char *attr, bool fold)
{
	for (const struct clu_node *n = clu_node_child(parent, elem); n; n = clu_node_next(n, elem)) {
		const char *name = clu_node_attr(n, attr);
		const struct clu_node *first;
		char folded[256];

		if (!name)
			continue;
		if (fold)
			ccsd_fold(name, folded, sizeof(folded));
		first = ccsd_names_add(r, scope, fold ? folded : name, n);
		if (first)
			ccsd_found(r->f, CCSD_ERROR, "duplicate", n, attr, "%s=\"%.80s\" in <%s>: the <%s> in line %d has the same%s; "
				"give each its own", attr, name, elem, elem, clu_node_line(first),
				strcmp(name, ccsd_text(first, attr)) ? " (case does not count)" : "");
	}
}

void ccsd_dangling(struct ccsd_refs *r, const struct clu_node *n, const char *attr, const char *what, const char *remedy,
	const struct clu_node *parent, const char *elem, const char *elem_attr)
{
	struct ccsd_near near = CCSD_NEAR_INIT;
	unsigned looked = 0;

	for (const struct clu_node *c = clu_node_child(parent, elem);
	     c && looked++ < MAX_CANDIDATES && ccsd_findings_room(r->f, CCSD_ERROR); c = clu_node_next(c, elem))
		ccsd_near(&near, ccsd_text(n, attr), ccsd_text(c, elem_attr));
	if (near.best)
		ccsd_found(r->f, CCSD_ERROR, "dangling", n, attr, "%s=\"%.80s\" in <%s>: there is no %s of this name; did you mean "
			"\"%.80s\"?", attr, ccsd_text(n, attr), clu_node_name(n), what, near.best);
	else
		ccsd_found(r->f, CCSD_ERROR, "dangling", n, attr, "%s=\"%.80s\" in <%s>: there is no %s of this name; %s", attr,
			ccsd_text(n, attr), clu_node_name(n), what, remedy);
}

bool ccsd_is_on(const struct clu_node *n, const char *attr)
{
	static const char *const yes[] = { "1", "yes", "on", "true" };
	const char *s = ccsd_text(n, attr);

	for (unsigned i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!strcasecmp(s, yes[i]))
			return true;
	return false;
}

uint64_t ccsd_number(const struct clu_node *n, const char *attr, uint64_t def)
{
	const char *s = ccsd_text(n, attr);
	uint64_t v = 0;

	if (!*s || strlen(s) > 18)
		return def;
	for (; *s; s++) {
		if (!isdigit((unsigned char)*s))
			return def;
		v = 10 * v + (uint64_t)(*s - '0');
	}
	return v;
}
