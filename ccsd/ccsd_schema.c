/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccsd_schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "ccsd_schema_priv.h"

struct child {
	struct ccsd_elem *elem;
	bool required, many;
};

struct ccsd_elem {
	const xmlNode *rng;	/* its <element> */
	const char *name;	/* NULL: anyName */
	const char *primary, *unique, *old;
	bool any, text, loose, agents, once;
	struct ccsd_attr *attrs;
	unsigned n_attrs;
	const struct ccsd_attr **by_name;	/* the same in the order of strcmp: fence devices have hundreds */
	struct child *children;
	unsigned n_children;
};

const xmlNode *ccsd_rng_define(const struct ccsd_schema *s, const char *name)
{
	const xmlNode *root = xmlDocGetRootElement(s->doc);

	for (const xmlNode *n = root->children; n && name; n = n->next)
		if (ccsd_rng_is(n, "define") && ccsd_rng_attr(n, "name") && !strcmp(ccsd_rng_attr(n, "name"), name))
			return n;
	return NULL;
}

static bool add(struct ccsd_schema *s, void *array, unsigned *n, size_t size)
{
	void **p = array;
	void *bigger = realloc(*p, (*n + 1) * size);

	if (!bigger) {
		s->error = -ENOMEM;
		return false;
	}
	*p = bigger;
	memset((char *)bigger + *n * size, 0, size);
	(*n)++;
	return true;
}

static struct ccsd_elem *elem_of(struct ccsd_schema *s, const xmlNode *rng);

static void collect(struct ccsd_schema *s, struct ccsd_elem *e, const xmlNode *pattern, bool required, bool many,
	unsigned depth)
{
	if (depth > CCSD_RNG_MAX_DEPTH) {
		s->error = -EBADMSG;
		return;
	}
	for (const xmlNode *n = pattern->children; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (ccsd_rng_is(n, "attribute")) {
			const char *name = ccsd_rng_attr(n, "name");

			if (!name)
				continue;	/* anyName: the element is loose or any */
			if (!add(s, &e->attrs, &e->n_attrs, sizeof(*e->attrs)))
				return;
			e->attrs[e->n_attrs - 1] = (struct ccsd_attr){ name, required, ccsd_rng_attr(n, "old"), n };
		} else if (ccsd_rng_is(n, "element")) {
			struct ccsd_elem *child;

			if (!ccsd_rng_attr(n, "name")) {
				e->any = true;
				continue;
			}
			child = elem_of(s, n);
			if (!child || !add(s, &e->children, &e->n_children, sizeof(*e->children)))
				return;
			e->children[e->n_children - 1] = (struct child){ child, required, many };
		} else if (ccsd_rng_is(n, "ref")) {
			const xmlNode *d = ccsd_rng_define(s, ccsd_rng_attr(n, "name"));

			e->agents = e->agents || (d && ccsd_rng_attr(d, "agents"));
			if (d)
				collect(s, e, d, required, many, depth + 1);
			else
				s->error = -EBADMSG;
		} else if (ccsd_rng_is(n, "optional")) {
			collect(s, e, n, false, many, depth + 1);
		} else if (ccsd_rng_is(n, "choice")) {
			/* "One of these, once" is nothing that the table can say. */
			if (!many)
				s->error = -EBADMSG;
			collect(s, e, n, false, many, depth + 1);
		} else if (ccsd_rng_is(n, "zeroOrMore")) {
			collect(s, e, n, false, true, depth + 1);
		} else if (ccsd_rng_is(n, "oneOrMore")) {
			collect(s, e, n, required, true, depth + 1);
		} else if (ccsd_rng_is(n, "group") || ccsd_rng_is(n, "interleave") || ccsd_rng_is(n, "div")) {
			collect(s, e, n, required, many, depth + 1);
		} else if (ccsd_rng_is(n, "text")) {
			e->text = true;
		}
	}
}

static struct ccsd_elem *elem_of(struct ccsd_schema *s, const xmlNode *rng)
{
	struct ccsd_elem *e;

	for (unsigned i = 0; i < s->n_elems; i++)
		if (s->elems[i]->rng == rng)
			return s->elems[i];
	e = calloc(1, sizeof(*e));
	if (!e || !add(s, &s->elems, &s->n_elems, sizeof(*s->elems))) {
		s->error = -ENOMEM;
		free(e);
		return NULL;
	}
	s->elems[s->n_elems - 1] = e;
	e->rng = rng;
	e->name = ccsd_rng_attr(rng, "name");
	e->primary = ccsd_rng_attr(rng, "primary");
	e->unique = ccsd_rng_attr(rng, "unique");
	e->old = ccsd_rng_attr(rng, "old");
	e->loose = ccsd_rng_attr(rng, "loose") != NULL;
	e->once = ccsd_rng_attr(rng, "once") != NULL;
	collect(s, e, rng, true, false, 0);
	return e;
}

static int by_name(const void *a, const void *b)
{
	const struct ccsd_attr *const *pa = a, *const *pb = b;

	return strcmp((*pa)->name, (*pb)->name);
}

/* Only now: while they are collected, the attributes still move. */
static void sort_attrs(struct ccsd_schema *s)
{
	for (unsigned i = 0; i < s->n_elems && !s->error; i++) {
		struct ccsd_elem *e = s->elems[i];

		e->by_name = calloc(e->n_attrs ? e->n_attrs : 1, sizeof(struct ccsd_attr *));
		if (!e->by_name) {
			s->error = -ENOMEM;
			return;
		}
		for (unsigned k = 0; k < e->n_attrs; k++)
			e->by_name[k] = &e->attrs[k];
		qsort(e->by_name, e->n_attrs, sizeof(struct ccsd_attr *), by_name);
	}
}

int ccsd_schema_load(const char *path, struct ccsd_schema **ret, struct clu_buf *why)
{
	struct ccsd_schema *s = calloc(1, sizeof(*s));
	const xmlNode *root, *start = NULL;
	int r = -EBADMSG;

	if (!s)
		return -ENOMEM;
	if (access(path, R_OK) < 0) {
		r = -errno;
		clu_buf_printf(why, "%s: the schema cannot be read: %s; is hawser installed completely?\n", path, strerror(-r));
		goto fail;
	}
	s->doc = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (s->doc)
		s->error = ccsd_rng_prepare(s);
	root = s->doc ? xmlDocGetRootElement(s->doc) : NULL;
	for (const xmlNode *n = root ? root->children : NULL; n; n = n->next)
		if (ccsd_rng_is(n, "start"))
			start = n;
	for (const xmlNode *n = start ? start->children : NULL; n; n = n->next) {
		const xmlNode *d = ccsd_rng_is(n, "ref") ? ccsd_rng_define(s, ccsd_rng_attr(n, "name")) : NULL;

		for (const xmlNode *m = d ? d->children : NULL; m; m = m->next)
			if (ccsd_rng_is(m, "element"))
				s->root = elem_of(s, m);
	}
	sort_attrs(s);
	if (!s->root || s->error) {
		r = s->error ? s->error : -EBADMSG;
		clu_buf_printf(why, "%s: the schema is damaged: install hawser again\n", path);
		goto fail;
	}
	*ret = s;
	return 0;
fail:
	ccsd_schema_free(s);
	return r;
}

struct ccsd_schema *ccsd_schema_free(struct ccsd_schema *s)
{
	if (!s)
		return NULL;
	for (unsigned i = 0; i < s->n_elems; i++) {
		free(s->elems[i]->attrs);
		free(s->elems[i]->by_name);
		free(s->elems[i]->children);
		free(s->elems[i]);
	}
	free(s->elems);
	if (s->doc) {
		ccsd_rng_release(s);
		xmlFreeDoc(s->doc);
	}
	free(s);
	return NULL;
}

const struct ccsd_elem *ccsd_schema_root(const struct ccsd_schema *s, const char *name)
{
	return !strcmp(s->root->name, name) ? s->root : NULL;
}

const char *ccsd_schema_root_name(const struct ccsd_schema *s)
{
	return s->root->name;
}

void ccsd_schema_agents(struct ccsd_schema *s, ccsd_installed_fn installed)
{
	s->installed = installed;
}

bool ccsd_schema_asks(const struct ccsd_schema *s)
{
	return s->installed != NULL;
}

bool ccsd_schema_installed(const struct ccsd_schema *s, const char *kind, const char *name, const char *prefer)
{
	return s->installed && s->installed(kind, name, prefer);
}

const char *ccsd_schema_fence_agent_at(const struct ccsd_schema *s, unsigned i)
{
	const xmlNode *d = ccsd_rng_define(s, "known-fence-agents");

	for (const xmlNode *c = d ? d->children : NULL; c; c = c->next)
		for (const xmlNode *v = ccsd_rng_is(c, "choice") ? c->children : NULL; v; v = v->next)
			if (ccsd_rng_is(v, "value") && !i--)
				return ccsd_rng_text(v);
	return NULL;
}

const struct ccsd_elem *ccsd_schema_elem_at(const struct ccsd_schema *s, unsigned i)
{
	return i < s->n_elems ? s->elems[i] : NULL;
}

bool ccsd_elem_agents(const struct ccsd_elem *e)
{
	return e->agents;
}

const char *ccsd_elem_name(const struct ccsd_elem *e)
{
	return e->name;
}

bool ccsd_elem_any(const struct ccsd_elem *e)
{
	return e->any;
}

bool ccsd_elem_text(const struct ccsd_elem *e)
{
	return e->text;
}

bool ccsd_elem_loose(const struct ccsd_elem *e)
{
	return e->loose;
}

const char *ccsd_elem_primary(const struct ccsd_elem *e)
{
	return e->primary;
}

const char *ccsd_elem_unique(const struct ccsd_elem *e)
{
	return e->unique;
}

bool ccsd_elem_once(const struct ccsd_elem *e)
{
	return e->once;
}

const char *ccsd_elem_old(const struct ccsd_elem *e)
{
	return e->old;
}

const struct ccsd_elem *ccsd_elem_child(const struct ccsd_elem *e, const char *name)
{
	for (unsigned i = 0; i < e->n_children; i++)
		if (!strcmp(e->children[i].elem->name, name))
			return e->children[i].elem;
	return NULL;
}

const struct ccsd_elem *ccsd_elem_child_at(const struct ccsd_elem *e, unsigned i, bool *ret_required, bool *ret_many)
{
	if (i >= e->n_children)
		return NULL;
	*ret_required = e->children[i].required;
	*ret_many = e->children[i].many;
	return e->children[i].elem;
}

const struct ccsd_attr *ccsd_elem_attr(const struct ccsd_elem *e, const char *name)
{
	unsigned low = 0, high = e->n_attrs;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		int c = strcmp(name, e->by_name[mid]->name);

		if (!c)
			return e->by_name[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct ccsd_attr *ccsd_elem_attr_at(const struct ccsd_elem *e, unsigned i)
{
	return i < e->n_attrs ? &e->attrs[i] : NULL;
}
