/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>

#include "clu_conf_scan.h"

#define MAX_DEPTH 64
#define MAX_ATTRS 1000			/* libxml2 compares each attribute with all others of its element */
#define MAX_FINDINGS 20			/* one broken tag can make libxml2 complain about each line behind it */
#define XPATH_STEPS 2000000		/* a query of a client must not keep the daemon busy */

struct clu_conf {
	unsigned refs;
	xmlDoc *doc;
	char *bytes;
	size_t len;
	uint64_t version;
	struct clu_conf_node *nodes;	/* read once: names and ids are asked for all the time */
	unsigned n_nodes;
};

struct parse_state {
	const char *name;
	struct clu_buf *errs;
	unsigned findings;
	bool entity;			/* it declares an entity: refused */
};

/* An element is handed out under our own type, so that no caller needs libxml2. */
static const xmlNode *xml_of(const struct clu_node *n)
{
	return (const xmlNode *)n;
}

static const struct clu_node *node_of(const xmlNode *x)
{
	return (const struct clu_node *)x;
}

static void on_error(void *user, xmlError *e)
{
	xmlParserCtxt *ctxt = user;
	struct parse_state *st = ctxt->_private;
	const char *text = e->message ? e->message : "unknown error";
	size_t len = strlen(text), begin = st->errs->len;

	if (e->level == XML_ERR_WARNING || st->entity || st->findings++ >= MAX_FINDINGS)
		return;
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	clu_buf_printf(st->errs, "%s:%d:%d: not well-formed XML: %.*s", st->name, e->line, e->int2 > 0 ? e->int2 : 1,
		       (int)len, text);
	/* One finding is one line. */
	for (size_t i = begin; i < st->errs->len; i++)
		if (st->errs->data[i] == '\n')
			st->errs->data[i] = ' ';
	clu_buf_str(st->errs, "; correct this place\n");
}

static void quiet(void *user, xmlError *e)
{
	(void)user;
	(void)e;
}

static void on_entity(void *user, const xmlChar *name, int type, const xmlChar *public_id,
		      const xmlChar *system_id, xmlChar *content)
{
	xmlParserCtxt *ctxt = user;
	struct parse_state *st = ctxt->_private;

	if (!st->entity)
		clu_buf_printf(st->errs, "%s:%d:%d: entity \"%.60s\" declared: entities are not supported (they could "
			       "pull in other files); write the text itself\n", st->name, xmlSAX2GetLineNumber(ctxt),
			       xmlSAX2GetColumnNumber(ctxt), (const char *)name);
	st->entity = true;
	xmlStopParser(ctxt);
}

static uint64_t parse_number(const char *s, uint64_t max, uint64_t otherwise)
{
	uint64_t v = 0;

	if (!s || !*s)
		return otherwise;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || v > (max - (uint64_t)(*s - '0')) / 10)
			return otherwise;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	return v;
}

/* The next element in document order below root; *depth is kept. NULL at the end. */
static const xmlNode *walk(const xmlNode *n, const xmlNode *root, unsigned *depth)
{
	const xmlNode *c = xmlFirstElementChild((xmlNode *)n);

	if (c) {
		(*depth)++;
		return c;
	}
	for (; n && n != root; n = n->parent, (*depth)--) {
		c = xmlNextElementSibling((xmlNode *)n);
		if (c)
			return c;
	}
	return NULL;
}

static int check_depth(const struct clu_conf *c, const char *name, struct clu_buf *errs)
{
	const xmlNode *root = xmlDocGetRootElement(c->doc);
	unsigned depth = 1;

	for (const xmlNode *n = root; n; n = walk(n, root, &depth)) {
		if (depth > MAX_DEPTH) {
			struct clu_place place = { .node = node_of(n) };

			clu_conf_where(c, &place, 1);
			clu_buf_printf(errs, "%s:%d:%d: element \"%.60s\" lies more than %d levels deep: the limit "
				       "protects the daemons; make the document flatter\n", name, place.line,
				       place.column, (const char *)n->name, MAX_DEPTH);
			return -EBADMSG;
		}
	}
	return 0;
}

static int check_attributes(const void *data, size_t len, const char *name, struct clu_buf *errs)
{
	struct clu_scan_name tag, attr;
	struct clu_scan s;

	clu_scan_begin(&s, data, len);
	while (clu_scan_tag(&s, &tag)) {
		unsigned count = 0;

		while (clu_scan_attr(&s, &attr)) {
			if (++count <= MAX_ATTRS)
				continue;
			clu_buf_printf(errs, "%s:%d:%d: element \"%.*s\" has more than %d attributes: the limit protects "
				       "the daemons; remove some\n", name, tag.line, tag.column,
				       tag.len < 60 ? (int)tag.len : 60, tag.name, MAX_ATTRS);
			return -EBADMSG;
		}
	}
	return 0;
}

static const struct clu_node *first_cluster_node(const struct clu_conf *c)
{
	return clu_node_child(clu_node_child(clu_conf_root(c), "clusternodes"), "clusternode");
}

static int read_cluster_nodes(struct clu_conf *c)
{
	for (const struct clu_node *n = first_cluster_node(c); n; n = clu_node_next(n, "clusternode"))
		c->n_nodes++;
	c->nodes = calloc(c->n_nodes + 1, sizeof(*c->nodes));
	if (!c->nodes)
		return -ENOMEM;
	c->n_nodes = 0;
	for (const struct clu_node *n = first_cluster_node(c); n; n = clu_node_next(n, "clusternode")) {
		const char *name = clu_node_attr(n, "name");

		c->nodes[c->n_nodes++] = (struct clu_conf_node){ name ? name : "",
			(uint32_t)parse_number(clu_node_attr(n, "nodeid"), UINT32_MAX, 0),
			(uint32_t)parse_number(clu_node_attr(n, "votes"), UINT32_MAX, 1), n };
	}
	return 0;
}

int clu_conf_parse(const void *data, size_t len, const char *name, struct clu_conf **ret, struct clu_buf *errs)
{
	struct parse_state st = { .name = name, .errs = errs };
	xmlStructuredErrorFunc others = xmlStructuredError;
	void *others_user = xmlStructuredErrorContext;
	xmlParserCtxt *ctxt = NULL;
	struct clu_conf *c = NULL;
	const xmlNode *root;
	int r;

	if (len > CLU_CONF_MAX_BYTES) {
		clu_buf_printf(errs, "%s:1:1: %zu bytes: more than %u are not accepted; is it the right file?\n", name,
			       len, CLU_CONF_MAX_BYTES);
		return -EMSGSIZE;
	}
	if (!len) {
		clu_buf_printf(errs, "%s:1:1: empty: there is no <cluster> element in it; write the configuration or "
			       "copy it from another node\n", name);
		return -EBADMSG;
	}
	r = check_attributes(data, len, name, errs);
	if (r < 0)
		return r;
	r = -ENOMEM;
	c = calloc(1, sizeof(*c));
	ctxt = xmlNewParserCtxt();
	if (!c || !ctxt)
		goto out;
	c->refs = 1;
	c->bytes = malloc(len + 1);
	if (!c->bytes)
		goto out;
	memcpy(c->bytes, data, len);
	c->bytes[len] = '\0';
	c->len = len;

	ctxt->_private = &st;
	ctxt->sax->serror = on_error;
	ctxt->sax->entityDecl = on_entity;
	/* What libxml2 finds without the parser, in the encoding, it would write to the standard error output. */
	xmlSetStructuredErrorFunc(NULL, quiet);
	/* NOENT: &amp; in an attribute must not split its value in several nodes. No other entity can exist. */
	c->doc = xmlCtxtReadMemory(ctxt, c->bytes, (int)len, name, NULL,
				   XML_PARSE_NOENT | XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA);
	xmlSetStructuredErrorFunc(others_user, others);
	r = -EBADMSG;
	/* Also what libxml2 would go on after: an unknown entity under a DOCTYPE, for example, would just vanish. */
	if (!c->doc || st.entity || st.findings || !ctxt->wellFormed) {
		if (!st.findings && !st.entity)
			clu_buf_printf(errs, "%s:1:1: cannot be read as XML: no reason known; check the file\n", name);
		goto out;
	}
	root = xmlDocGetRootElement(c->doc);
	if (!root) {
		clu_buf_printf(errs, "%s:1:1: no element in it: a configuration starts with <cluster>; write one\n",
			       name);
		goto out;
	}
	r = check_depth(c, name, errs);
	if (r < 0)
		goto out;
	c->version = parse_number(clu_node_attr(node_of(root), "config_version"), UINT64_MAX, 0);
	r = read_cluster_nodes(c);
	if (r < 0)
		goto out;
	*ret = c;
	c = NULL;
	r = 0;
out:
	xmlFreeParserCtxt(ctxt);
	clu_conf_unref(c);
	return r;
}

int clu_conf_load(const char *path, struct clu_conf **ret, struct clu_buf *errs)
{
	struct clu_buf b = CLU_BUF_INIT;
	int fd, r = 0;
	ssize_t n;
	char *p;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		r = -errno;
		clu_buf_printf(errs, "%s: cannot be opened: %s; create the file or name another one\n", path,
			       strerror(-r));
		return r;
	}
	do {
		p = clu_buf_grow(&b, 65536);
		if (!p) {
			r = -ENOMEM;
			break;
		}
		do
			n = read(fd, p, 65536);
		while (n < 0 && errno == EINTR);
		if (n < 0) {
			r = -errno;
			clu_buf_printf(errs, "%s: cannot be read: %s; check the file\n", path, strerror(-r));
			break;
		}
		b.len -= 65536 - (size_t)n;
	} while (n && b.len <= CLU_CONF_MAX_BYTES);
	close(fd);
	if (!r)
		r = clu_conf_parse(b.data, b.len, path, ret, errs);
	clu_buf_free(&b);
	return r;
}

struct clu_conf *clu_conf_ref(struct clu_conf *c)
{
	c->refs++;
	return c;
}

struct clu_conf *clu_conf_unref(struct clu_conf *c)
{
	if (!c || --c->refs)
		return NULL;
	if (c->doc)
		xmlFreeDoc(c->doc);
	free(c->nodes);
	free(c->bytes);
	free(c);
	return NULL;
}

const void *clu_conf_bytes(const struct clu_conf *c, size_t *ret_len)
{
	*ret_len = c->len;
	return c->bytes;
}

uint64_t clu_conf_version(const struct clu_conf *c)
{
	return c->version;
}

const char *clu_conf_cluster_name(const struct clu_conf *c)
{
	const char *s = clu_node_attr(clu_conf_root(c), "name");

	return s ? s : "";
}

const struct clu_node *clu_conf_root(const struct clu_conf *c)
{
	return node_of(xmlDocGetRootElement(c->doc));
}

static const xmlNode *first_named(const xmlNode *x, const char *name)
{
	for (; x; x = x->next)
		if (x->type == XML_ELEMENT_NODE && (!name || !strcmp((const char *)x->name, name)))
			break;
	return x;
}

const struct clu_node *clu_node_child(const struct clu_node *n, const char *name)
{
	return n ? node_of(first_named(xml_of(n)->children, name)) : NULL;
}

const struct clu_node *clu_node_next(const struct clu_node *n, const char *name)
{
	return n ? node_of(first_named(xml_of(n)->next, name)) : NULL;
}

const struct clu_node *clu_node_parent(const struct clu_node *n)
{
	const xmlNode *p = n ? xml_of(n)->parent : NULL;

	return p && p->type == XML_ELEMENT_NODE ? node_of(p) : NULL;
}

const char *clu_node_name(const struct clu_node *n)
{
	return (const char *)xml_of(n)->name;
}

const void *clu_node_xml(const struct clu_node *n)
{
	return xml_of(n);
}

int clu_node_line(const struct clu_node *n)
{
	long line = xmlGetLineNo((xmlNode *)xml_of(n));

	return line > 0 && line <= INT_MAX ? (int)line : 0;
}

const char *clu_node_file(const struct clu_node *n)
{
	const xmlDoc *doc = xml_of(n)->doc;

	return doc && doc->URL ? (const char *)doc->URL : "";
}

/* With NOENT a value is one text node, or none when it is empty. */
static const char *attr_value(const xmlAttr *a)
{
	return a->children && a->children->content ? (const char *)a->children->content : "";
}

const char *clu_node_attr(const struct clu_node *n, const char *attr)
{
	if (!n)
		return NULL;
	for (const xmlAttr *a = xml_of(n)->properties; a; a = a->next)
		if (!strcmp((const char *)a->name, attr))
			return attr_value(a);
	return NULL;
}

unsigned clu_node_attr_count(const struct clu_node *n)
{
	unsigned count = 0;

	for (const xmlAttr *a = xml_of(n)->properties; a; a = a->next)
		count++;
	return count;
}

bool clu_node_attr_at(const struct clu_node *n, unsigned i, const char **ret_name, const char **ret_value)
{
	const xmlAttr *a = xml_of(n)->properties;

	while (a && i--)
		a = a->next;
	if (!a)
		return false;
	*ret_name = (const char *)a->name;
	*ret_value = attr_value(a);
	return true;
}

const struct clu_node *clu_node_path(const struct clu_node *n, const char *path)
{
	while (n && *path) {
		size_t len = strcspn(path, "/");
		const xmlNode *x = xml_of(n)->children;

		for (; x; x = x->next)
			if (x->type == XML_ELEMENT_NODE && !strncmp((const char *)x->name, path, len) && !x->name[len])
				break;
		n = node_of(x);
		path += len + (path[len] == '/');
	}
	return n;
}

int clu_conf_xpath(const struct clu_conf *c, const char *expr, char **ret)
{
	xmlXPathContext *x = xmlXPathNewContext(c->doc);
	xmlXPathObject *o = NULL;
	xmlChar *text;
	int r = -ENOMEM;

	if (!x)
		return -ENOMEM;
	x->error = quiet;
	x->opLimit = XPATH_STEPS;
	o = xmlXPathEvalExpression((const xmlChar *)expr, x);
	r = -EINVAL;
	if (!o)
		goto out;
	r = -ENOENT;
	if (o->type == XPATH_NODESET) {
		if (!o->nodesetval || !o->nodesetval->nodeNr)
			goto out;
		text = xmlXPathCastNodeToString(o->nodesetval->nodeTab[0]);
	} else {
		text = xmlXPathCastToString(o);
	}
	r = -ENOMEM;
	if (!text)
		goto out;
	*ret = strdup((const char *)text);
	xmlFree(text);
	if (*ret)
		r = 0;
out:
	xmlXPathFreeObject(o);
	xmlXPathFreeContext(x);
	return r;
}

unsigned clu_conf_nodes(const struct clu_conf *c, struct clu_conf_node *ret, unsigned max)
{
	unsigned count = c->n_nodes < max ? c->n_nodes : max;

	if (count)
		memcpy(ret, c->nodes, count * sizeof(*ret));
	return count;
}

uint32_t clu_conf_node_id(const struct clu_conf *c, const char *name)
{
	for (unsigned i = 0; i < c->n_nodes; i++)
		if (!strcmp(c->nodes[i].name, name))
			return c->nodes[i].nodeid;
	return 0;
}

const char *clu_conf_node_name(const struct clu_conf *c, uint32_t nodeid)
{
	for (unsigned i = 0; nodeid && i < c->n_nodes; i++)
		if (c->nodes[i].nodeid == nodeid)
			return c->nodes[i].name;
	return NULL;
}
