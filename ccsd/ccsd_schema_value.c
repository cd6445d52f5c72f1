/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a value fit to what the schema says of an attribute, and if not, what must it be? */
#include <errno.h>
#include <stdlib.h>

#include "ccsd_schema_priv.h"

static bool is_pattern(const xmlNode *n)
{
	return ccsd_rng_is(n, "param") && ccsd_rng_attr(n, "name") && !strcmp(ccsd_rng_attr(n, "name"), "pattern");
}

static bool is_understood(const xmlNode *n)
{
	static const char *const words[] = { "grammar", "start", "define", "element", "attribute", "ref", "optional", "zeroOrMore",
		"oneOrMore", "group", "interleave", "div", "choice", "text", "value", "param", "anyName", "except", "name" };
	const char *type = ccsd_rng_attr(n, "type");

	if (ccsd_rng_is(n, "data"))
		return type && (!strcmp(type, "integer") || !strcmp(type, "string"));
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ccsd_rng_is(n, words[i]))
			return true;
	return false;
}

static int prepare(struct ccsd_schema *s, xmlNode *n, unsigned depth)
{
	int r = depth > CCSD_RNG_MAX_DEPTH || !is_understood(n) ? -EBADMSG : 0;

	if (r == 0 && ccsd_rng_is(n, "ref")) {
		n->_private = (void *)ccsd_rng_define(s, ccsd_rng_attr(n, "name"));
		r = n->_private ? 0 : -EBADMSG;
	} else if (r == 0 && is_pattern(n)) {
		n->_private = xmlRegexpCompile((const xmlChar *)ccsd_rng_text(n));
		r = n->_private ? 0 : -EBADMSG;
	}
	for (xmlNode *c = n->children; c && r == 0; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			r = prepare(s, c, depth + 1);
	return r;
}

static void release(xmlNode *n, unsigned depth)
{
	if (is_pattern(n))
		xmlRegFreeRegexp(n->_private);
	for (xmlNode *c = n->children; c && depth <= CCSD_RNG_MAX_DEPTH; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			release(c, depth + 1);
}

int ccsd_rng_prepare(struct ccsd_schema *s)
{
	return prepare(s, xmlDocGetRootElement(s->doc), 0);
}

void ccsd_rng_release(struct ccsd_schema *s)
{
	release(xmlDocGetRootElement(s->doc), 0);
}

static const xmlNode *param(const xmlNode *data, const char *name)
{
	for (const xmlNode *n = data->children; n; n = n->next)
		if (ccsd_rng_is(n, "param") && ccsd_rng_attr(n, "name") && !strcmp(ccsd_rng_attr(n, "name"), name))
			return n;
	return NULL;
}

static const char *bound(const xmlNode *data, const char *name)
{
	const xmlNode *p = param(data, name);

	return p ? ccsd_rng_text(p) : NULL;
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
	const char *min = bound(data, "minInclusive"), *max = bound(data, "maxInclusive");
	const char *digits = value + (*value == '-');

	if (*digits && strspn(digits, "0123456789") == strlen(digits) && (!min || compare(value, min) >= 0) &&
	    (!max || compare(value, max) <= 0))
		return true;
	clu_buf_printf(must, "a whole number%s%s%s%s", min ? " from " : "", min ? min : "", max ? " to " : "", max ? max : "");
	return false;
}

static bool string(const xmlNode *data, const char *value, struct clu_buf *must)
{
	const char *min = bound(data, "minLength"), *max = bound(data, "maxLength");
	const xmlNode *pattern = param(data, "pattern");
	int chars = xmlUTF8Strlen((const xmlChar *)value);

	if ((!min || chars >= atoi(min)) && (!max || chars <= atoi(max)) &&
	    (!pattern || xmlRegexpExec(pattern->_private, (const xmlChar *)value) == 1))
		return true;
	if (pattern)
		clu_buf_printf(must, "like %s", ccsd_rng_text(pattern));
	else
		clu_buf_printf(must, "a text of %s to %s characters", min ? min : "0", max ? max : "any number of");
	return false;
}

static bool fits(const xmlNode *pattern, const char *value, struct clu_buf *must, unsigned depth);

static bool one_fits(const xmlNode *n, const char *value, struct clu_buf *must, unsigned depth)
{
	if (ccsd_rng_is(n, "text"))
		return true;
	if (ccsd_rng_is(n, "value")) {
		if (!strcmp(ccsd_rng_text(n), value))
			return true;
		clu_buf_printf(must, "%s%s", must->len ? ", " : "one of ", ccsd_rng_text(n));
		return false;
	}
	if (ccsd_rng_is(n, "data"))
		return !strcmp(ccsd_rng_attr(n, "type"), "integer") ? integer(n, value, must) : string(n, value, must);
	if (ccsd_rng_is(n, "ref")) {
		const xmlNode *d = n->_private;
		struct clu_buf inner = CLU_BUF_INIT;
		bool ok = fits(d, value, &inner, depth + 1);

		if (!ok)
			clu_buf_str(must, ccsd_rng_attr(d, "say") ? ccsd_rng_attr(d, "say") : clu_buf_text(&inner));
		clu_buf_free(&inner);
		return ok;
	}
	return fits(n, value, must, depth + 1);
}

static bool fits(const xmlNode *pattern, const char *value, struct clu_buf *must, unsigned depth)
{
	bool seen = false;

	for (const xmlNode *n = pattern->children; n && depth < CCSD_RNG_MAX_DEPTH; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		seen = true;
		if (one_fits(n, value, must, depth))
			return true;
	}
	return !seen;
}

bool ccsd_attr_fits(const struct ccsd_attr *a, const char *value, struct clu_buf *must)
{
	return fits(a->type, value, must, 0);
}
