/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "ccs_query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/tree.h>
#include <libxml/xpath.h>

#define XPATH_STEPS 2000000

static size_t name_len(const char *s)
{
	return strcspn(s, "/[]@*\"'=() ");
}

/* [N] or [@attr="value"]; NULL when it is neither. */
static const char *skip_predicate(const char *s)
{
	char quote;

	if (*s >= '0' && *s <= '9') {
		s += strspn(s, "0123456789");
		return *s == ']' ? s + 1 : NULL;
	}
	if (*s++ != '@' || !name_len(s))
		return NULL;
	s += name_len(s);
	if (*s++ != '=' || (*s != '"' && *s != '\''))
		return NULL;
	quote = *s++;
	s = strchr(s, quote);
	return s && s[1] == ']' ? s + 2 : NULL;
}

/* The simple form of ccs.h. */
static bool is_simple(const char *q)
{
	if (*q != '/' || !q[1])
		return false;
	while (*q == '/') {
		q++;
		if (*q == '@') {
			q++;
			q += *q == '*' ? 1 : name_len(q);
			return !*q && q[-1] != '@';
		}
		if (!strncmp(q, "child::*", 8))
			q += 8;
		else if (name_len(q))
			q += name_len(q);
		else
			return false;
		if (*q == '[') {
			q = skip_predicate(q + 1);
			if (!q)
				return false;
		}
	}
	return !*q;
}

/* Does the last step ask for names as well? */
static bool with_names(const char *q)
{
	const char *last = strrchr(q, '/');

	return last && (!strcmp(last, "/@*") || !strncmp(last, "/child::*", 9));
}

static int value_of(const xmlNode *n, bool names, char **ret)
{
	const char *text = n->children && n->children->content ? (const char *)n->children->content : NULL;

	/* What stands between elements for the reader's eye is no text. */
	if (n->type == XML_ELEMENT_NODE && text && !text[strspn(text, " \t\r\n")])
		text = NULL;
	if (n->type == XML_ATTRIBUTE_NODE && !text)
		text = "";
	if (n->type == XML_TEXT_NODE)
		text = (const char *)n->content;
	if (names && (n->type == XML_ATTRIBUTE_NODE || n->type == XML_ELEMENT_NODE))
		return asprintf(ret, "%s=%s", (const char *)n->name, text ? text : "") < 0 ? -ENOMEM : 0;
	if (!text)
		return -ENODATA;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static void quiet(void *user, xmlError *e)
{
	(void)user;
	(void)e;
}

int ccs_query(const struct clu_conf *conf, const char *query, bool full, unsigned index, char **ret)
{
	const xmlNode *root = clu_node_xml(clu_conf_root(conf));
	xmlXPathContext *ctx;
	xmlXPathObject *obj;
	int r;

	if (!query || *query != '/')
		return -EINVAL;
	if (strlen(query) > CCS_QUERY_MAX)
		return -ENAMETOOLONG;
	if (!full && !is_simple(query))
		return -EINVAL;
	ctx = xmlXPathNewContext(root->doc);
	if (!ctx)
		return -ENOMEM;
	ctx->error = (xmlStructuredErrorFunc)quiet;
	ctx->opLimit = XPATH_STEPS;
	obj = xmlXPathEvalExpression((const xmlChar *)query, ctx);
	if (!obj)
		r = -EINVAL;
	else if (obj->type != XPATH_NODESET || !obj->nodesetval || index >= (unsigned)obj->nodesetval->nodeNr)
		r = -ENODATA;
	else
		r = value_of(obj->nodesetval->nodeTab[index], with_names(query), ret);
	xmlXPathFreeObject(obj);
	xmlXPathFreeContext(ctx);
	return r;
}

/* The dots of an address part no domain from a name. */
static bool is_address(const char *s)
{
	return !s[strspn(s, "0123456789.")];
}

static bool same_short(const char *a, const char *b)
{
	size_t la = strcspn(a, "."), lb = strcspn(b, ".");

	if (is_address(a) || is_address(b))
		return !strcmp(a, b);
	return la == lb && !strncasecmp(a, b, la);
}

const char *ccs_query_node(const struct clu_conf *conf, const char *name)
{
	const struct clu_node *nodes = clu_node_path(clu_conf_root(conf), "clusternodes");
	size_t len = strcspn(name, ".");
	const char *own;

	for (const struct clu_node *n = clu_node_child(nodes, "clusternode"); n; n = clu_node_next(n, "clusternode")) {
		own = clu_node_attr(n, "name");
		if (own && !strcmp(own, name))
			return own;
	}
	for (const struct clu_node *n = clu_node_child(nodes, "clusternode"); n; n = clu_node_next(n, "clusternode")) {
		own = clu_node_attr(n, "name");
		if (own && strlen(own) == len && !strncmp(own, name, len))
			return own;
	}
	for (const struct clu_node *n = clu_node_child(nodes, "clusternode"); n; n = clu_node_next(n, "clusternode")) {
		own = clu_node_attr(n, "name");
		if (own && same_short(own, name))
			return own;
		for (const struct clu_node *a = clu_node_child(n, "altname"); own && a; a = clu_node_next(a, "altname"))
			if (clu_node_attr(a, "name") && same_short(clu_node_attr(a, "name"), name))
				return own;
	}
	return NULL;
}
