/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccsd_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/tree.h>
#include <libxml/xmlregexp.h>

#define MAX_DEPTH 32

struct child {
	struct ccsd_elem *elem;
	bool required, many;
};

struct ccsd_elem {
	const xmlNode *rng;	/* its <element> */
	const char *name;	/* NULL: anyName */
	const char *primary;
	bool any, text, loose, agents;
	struct ccsd_attr *attrs;
	unsigned n_attrs;
	struct child *children;
	unsigned n_children;
};

struct ccsd_schema {
	xmlDoc *doc;
	xmlDoc *judge_doc;	/* libxml2 changes the tree it compiles */
	xmlRelaxNG *judge;
	struct ccsd_elem **elems;
	unsigned n_elems;
	struct ccsd_elem *root;
	bool (*installed)(const char *type);
	int error;
};

static bool is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, name);
}

static const char *attr(const xmlNode *n, const char *name)
{
	for (const xmlAttr *a = n->properties; a; a = a->next)
		if (!strcmp((const char *)a->name, name))
			return a->children && a->children->content ? (const char *)a->children->content : "";
	return NULL;
}

static const char *text_of(const xmlNode *n)
{
	return n->children && n->children->type == XML_TEXT_NODE ? (const char *)n->children->content : "";
}

static const xmlNode *define(const struct ccsd_schema *s, const char *name)
{
	const xmlNode *root = xmlDocGetRootElement(s->doc);

	for (const xmlNode *n = root->children; n && name; n = n->next)
		if (is(n, "define") && attr(n, "name") && !strcmp(attr(n, "name"), name))
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
	if (depth > MAX_DEPTH) {
		s->error = -EBADMSG;
		return;
	}
	for (const xmlNode *n = pattern->children; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (is(n, "attribute")) {
			const char *name = attr(n, "name");

			if (!name)
				continue;	/* anyName: the element is loose or any */
			if (!add(s, &e->attrs, &e->n_attrs, sizeof(*e->attrs)))
				return;
			e->attrs[e->n_attrs - 1] = (struct ccsd_attr){ name, required, n };
		} else if (is(n, "element")) {
			struct ccsd_elem *child;

			if (!attr(n, "name")) {
				e->any = true;
				continue;
			}
			child = elem_of(s, n);
			if (!child || !add(s, &e->children, &e->n_children, sizeof(*e->children)))
				return;
			e->children[e->n_children - 1] = (struct child){ child, required, many };
		} else if (is(n, "ref")) {
			const xmlNode *d = define(s, attr(n, "name"));

			e->agents = e->agents || (d && attr(d, "agents"));
			if (d)
				collect(s, e, d, required, many, depth + 1);
			else
				s->error = -EBADMSG;
		} else if (is(n, "optional") || is(n, "choice")) {
			collect(s, e, n, false, many, depth + 1);
		} else if (is(n, "zeroOrMore")) {
			collect(s, e, n, false, true, depth + 1);
		} else if (is(n, "oneOrMore")) {
			collect(s, e, n, required, true, depth + 1);
		} else if (is(n, "group") || is(n, "interleave") || is(n, "div")) {
			collect(s, e, n, required, many, depth + 1);
		} else if (is(n, "text")) {
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
	e->name = attr(rng, "name");
	e->primary = attr(rng, "primary");
	e->loose = attr(rng, "loose") != NULL;
	collect(s, e, rng, true, false, 0);
	return e;
}

static void quiet(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

static xmlRelaxNG *compile(xmlDoc *doc)
{
	xmlRelaxNGParserCtxt *ctxt = xmlRelaxNGNewDocParserCtxt(doc);
	xmlRelaxNG *r;

	if (!ctxt)
		return NULL;
	xmlRelaxNGSetParserErrors(ctxt, quiet, quiet, NULL);
	r = xmlRelaxNGParse(ctxt);
	xmlRelaxNGFreeParserCtxt(ctxt);
	return r;
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
	s->judge_doc = s->doc ? xmlCopyDoc(s->doc, 1) : NULL;
	s->judge = s->judge_doc ? compile(s->judge_doc) : NULL;
	root = s->doc ? xmlDocGetRootElement(s->doc) : NULL;
	for (const xmlNode *n = root ? root->children : NULL; n; n = n->next)
		if (is(n, "start"))
			start = n;
	for (const xmlNode *n = start ? start->children : NULL; n; n = n->next) {
		const xmlNode *d = is(n, "ref") ? define(s, attr(n, "name")) : NULL;

		for (const xmlNode *m = d ? d->children : NULL; m; m = m->next)
			if (is(m, "element"))
				s->root = elem_of(s, m);
	}
	if (!s->judge || !s->root || s->error) {
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
		free(s->elems[i]->children);
		free(s->elems[i]);
	}
	free(s->elems);
	xmlRelaxNGFree(s->judge);
	if (s->judge_doc)
		xmlFreeDoc(s->judge_doc);
	if (s->doc)
		xmlFreeDoc(s->doc);
	free(s);
	return NULL;
}

static void on_judge_error(void *user, xmlError *e)
{
	struct clu_buf *errs = user;
	size_t len = e->message ? strlen(e->message) : 0;

	while (len && (e->message[len - 1] == '\n' || e->message[len - 1] == ' '))
		len--;
	clu_buf_printf(errs, "%d: %.*s\n", e->line, (int)len, e->message ? e->message : "");
}

int ccsd_schema_judge(const struct ccsd_schema *s, void *doc, struct clu_buf *errs)
{
	xmlRelaxNGValidCtxt *v = xmlRelaxNGNewValidCtxt(s->judge);
	int r;

	if (!v)
		return -ENOMEM;
	xmlRelaxNGSetValidStructuredErrors(v, (xmlStructuredErrorFunc)on_judge_error, errs);
	r = xmlRelaxNGValidateDoc(v, doc);
	xmlRelaxNGFreeValidCtxt(v);
	return r < 0 ? -EIO : r > 0;
}

const struct ccsd_elem *ccsd_schema_root(const struct ccsd_schema *s, const char *name)
{
	return !strcmp(s->root->name, name) ? s->root : NULL;
}

const char *ccsd_schema_root_name(const struct ccsd_schema *s)
{
	return s->root->name;
}

void ccsd_schema_agents(struct ccsd_schema *s, bool (*installed)(const char *type))
{
	s->installed = installed;
}

bool ccsd_schema_installed(const struct ccsd_schema *s, const char *type)
{
	return s->installed && s->installed(type);
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
	for (unsigned i = 0; i < e->n_attrs; i++)
		if (!strcmp(e->attrs[i].name, name))
			return &e->attrs[i];
	return NULL;
}

const struct ccsd_attr *ccsd_elem_attr_at(const struct ccsd_elem *e, unsigned i)
{
	return i < e->n_attrs ? &e->attrs[i] : NULL;
}

/* ---- values ---- */

static const char *param(const xmlNode *data, const char *name)
{
	for (const xmlNode *n = data->children; n; n = n->next)
		if (is(n, "param") && attr(n, "name") && !strcmp(attr(n, "name"), name))
			return text_of(n);
	return NULL;
}

/* -1, 0, 1 as a is less than, equal to, greater than b; both are plain decimal numbers. */
static int compare(const char *a, const char *b)
{
	bool na = *a == '-', nb = *b == '-';
	int r;

	a += na;
	b += nb;
	while (*a == '0' && a[1])
		a++;
	while (*b == '0' && b[1])
		b++;
	if (na != nb)
		return na ? -1 : 1;
	r = strlen(a) != strlen(b) ? (strlen(a) < strlen(b) ? -1 : 1) : strcmp(a, b);
	r = r < 0 ? -1 : r > 0;
	return na ? -r : r;
}

static bool integer(const xmlNode *data, const char *value, struct clu_buf *must)
{
	const char *min = param(data, "minInclusive"), *max = param(data, "maxInclusive");
	const char *digits = value + (*value == '-');

	if (*digits && strspn(digits, "0123456789") == strlen(digits) && (!min || compare(value, min) >= 0) &&
	    (!max || compare(value, max) <= 0))
		return true;
	clu_buf_printf(must, "a whole number%s%s%s%s", min ? " from " : "", min ? min : "", max ? " to " : "", max ? max : "");
	return false;
}

static bool matches(const char *pattern, const char *value)
{
	xmlRegexp *re = xmlRegexpCompile((const xmlChar *)pattern);
	bool ok = re && xmlRegexpExec(re, (const xmlChar *)value) == 1;

	xmlRegFreeRegexp(re);
	return ok;
}

static bool string(const xmlNode *data, const char *value, struct clu_buf *must)
{
	const char *min = param(data, "minLength"), *max = param(data, "maxLength"), *pattern = param(data, "pattern");
	size_t chars = (size_t)xmlUTF8Strlen((const xmlChar *)value);

	if ((!min || chars >= strtoul(min, NULL, 10)) && (!max || chars <= strtoul(max, NULL, 10)) &&
	    (!pattern || matches(pattern, value)))
		return true;
	if (pattern)
		clu_buf_printf(must, "like %s", pattern);
	else
		clu_buf_printf(must, "a text of %s to %s characters", min ? min : "0", max ? max : "any number of");
	return false;
}

static bool fits(const struct ccsd_schema *s, const xmlNode *pattern, const char *value, struct clu_buf *must,
	unsigned depth);

static bool one_fits(const struct ccsd_schema *s, const xmlNode *n, const char *value, struct clu_buf *must,
	unsigned depth)
{
	if (is(n, "text"))
		return true;
	if (is(n, "value")) {
		if (!strcmp(text_of(n), value))
			return true;
		clu_buf_printf(must, "%s%s", must->len ? ", " : "one of ", text_of(n));
		return false;
	}
	if (is(n, "data"))
		return !strcmp(attr(n, "type"), "integer") ? integer(n, value, must) : string(n, value, must);
	if (is(n, "ref")) {
		const xmlNode *d = define(s, attr(n, "name"));
		struct clu_buf inner = CLU_BUF_INIT;
		bool ok = !d || fits(s, d, value, &inner, depth + 1);

		if (!ok)
			clu_buf_str(must, attr(d, "say") ? attr(d, "say") : clu_buf_text(&inner));
		clu_buf_free(&inner);
		return ok;
	}
	return fits(s, n, value, must, depth + 1);
}

static bool fits(const struct ccsd_schema *s, const xmlNode *pattern, const char *value, struct clu_buf *must,
	unsigned depth)
{
	bool seen = false;

	for (const xmlNode *n = pattern->children; n && depth < MAX_DEPTH; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		seen = true;
		if (one_fits(s, n, value, must, depth))
			return true;
	}
	return !seen;
}

bool ccsd_schema_value(const struct ccsd_schema *s, const struct ccsd_attr *a, const char *value, struct clu_buf *must)
{
	return fits(s, a->type, value, must, 0);
}
