/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ccs_old.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/chvalid.h>
#include <libxml/xmlstring.h>

#define MAX_DEPTH 16
#define MAX_WORD 4096

struct reader {
	const char *p, *end;
	const char *name;
	unsigned line;
	struct clu_buf *why;
};

/* ---- the archive ---- */

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int ccs_old_device(const void *head, size_t len, uint64_t *ret_offset, uint64_t *ret_len)
{
	const unsigned char *p = head;

	/* magic, format, generation, which of two archives is in use, its length, room for each */
	if (len < 24 || big_endian(p) != CCS_OLD_MAGIC)
		return -EINVAL;
	*ret_offset = big_endian(p + 12) ? CCS_OLD_BLOCK : big_endian(p + 20);
	*ret_len = big_endian(p + 16);
	return *ret_len > CCS_OLD_MAX_BYTES ? -EFBIG : 0;
}

/* The text between the lines "#nigeb=NAME ..." and "#dne=NAME ...". */
static int find_file(const struct clu_buf *archive, const char *name, struct reader *ret)
{
	char begin[128], end[128];
	const char *text = clu_buf_text(archive), *limit = text + archive->len, *p;

	snprintf(begin, sizeof(begin), "#nigeb=%s ", name);
	snprintf(end, sizeof(end), "#dne=%s", name);
	p = memmem(text, archive->len, begin, strlen(begin));
	p = p ? memchr(p, '\n', (size_t)(limit - p)) : NULL;
	if (!p)
		return -ENOENT;
	ret->p = p + 1;
	ret->end = memmem(ret->p, (size_t)(limit - ret->p), end, strlen(end));
	ret->name = name;
	ret->line = 1;
	return ret->end ? 0 : -ENOENT;
}

/* ---- words ---- */

static int fault(const struct reader *r, const char *what)
{
	clu_buf_printf(r->why, "%s:%u: %s\n", r->name, r->line, what);
	return -EINVAL;
}

/* The next character that is no blank and no comment; 0 at the end. */
static char look(struct reader *r)
{
	while (r->p < r->end) {
		if (*r->p == '#')
			while (r->p < r->end && *r->p != '\n')
				r->p++;
		else if (!isspace((unsigned char)*r->p))
			return *r->p;
		else
			r->line += *r->p++ == '\n';
	}
	return 0;
}

static bool eat(struct reader *r, char c)
{
	if (look(r) != c)
		return false;
	r->p++;
	return true;
}

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || strchr("_-.:/@+", c);
}

/* UTF-8 of what may stand in XML: those files knew no encoding, and cluster.conf has one. */
static bool is_text(const char *s, size_t len)
{
	if (strlen(s) != len || !xmlCheckUTF8((const unsigned char *)s))
		return false;
	while (len) {
		int n = (int)(len > 4 ? 4 : len), c = xmlGetUTF8Char((const unsigned char *)s, &n);

		if (c < 0 || !xmlIsCharQ(c))
			return false;
		s += n;
		len -= (size_t)n;
	}
	return true;
}

/* A word, or a text between quotes. */
static int word(struct reader *r, char **ret)
{
	bool quoted = eat(r, '"');
	const char *from;

	(void)(quoted || look(r));
	from = r->p;
	while (r->p < r->end && (quoted ? *r->p != '"' && *r->p != '\n' : *r->p && is_bare(*r->p)))
		r->p++;
	if (r->p - from > MAX_WORD)
		return fault(r, "a word is too long");
	if ((!quoted && r->p == from) || (quoted && (r->p == r->end || *r->p != '"')))
		return fault(r, quoted ? "a text has no end: a quote is missing" : "a name or a value is expected here");
	*ret = strndup(from, (size_t)(r->p - from));
	if (!*ret)
		return -ENOMEM;
	if (!is_text(*ret, (size_t)(r->p - from))) {
		free(*ret);
		*ret = NULL;
		return fault(r, "a text has bytes that are no UTF-8, or control characters: correct it in the file that the archive was "
			"made of");
	}
	r->p += quoted;
	return 0;
}

/* ---- sections ---- */

static int add_value(struct reader *r, struct ccs_old *o)
{
	char **values = reallocarray(o->values, o->n_values + 1, sizeof(*values));
	int err;

	if (!values)
		return -ENOMEM;
	o->values = values;
	err = word(r, &values[o->n_values]);
	o->n_values += !err;
	return err;
}

static int values(struct reader *r, struct ccs_old *o)
{
	int err;

	if (!eat(r, '['))
		return add_value(r, o);
	if (eat(r, ']'))
		return 0;
	do
		err = add_value(r, o);
	while (!err && eat(r, ','));
	return err ? err : eat(r, ']') ? 0 : fault(r, "a list has no end: ] is missing");
}

static int section(struct reader *r, unsigned depth, struct ccs_old **ret)
{
	char c;
	int err;

	if (depth > MAX_DEPTH)
		return fault(r, "too many sections in sections");
	while ((c = look(r)) != 0 && c != '}') {
		struct ccs_old *o = calloc(1, sizeof(*o));

		if (!o)
			return -ENOMEM;
		*ret = o;
		ret = &o->next;
		err = word(r, &o->key);
		if (!err && eat(r, '=')) {
			err = values(r, o);
		} else if (!err && eat(r, '{')) {
			err = section(r, depth + 1, &o->child);
			if (!err && !eat(r, '}'))
				err = fault(r, "a section has no end: } is missing");
		} else if (!err) {
			err = fault(r, "= or { is expected behind a name");
		}
		if (err)
			return err;
	}
	return c && !depth ? fault(r, "a } too many") : 0;
}

int ccs_old_parse(const struct clu_buf *archive, const char *name, struct ccs_old **ret, struct clu_buf *why)
{
	struct reader r = { .why = why };
	int err = find_file(archive, name, &r);

	*ret = NULL;
	if (!err)
		err = section(&r, 0, ret);
	if (err < 0) {
		ccs_old_free(*ret);
		*ret = NULL;
	}
	return err;
}

void ccs_old_free(struct ccs_old *o)
{
	while (o) {
		struct ccs_old *next = o->next;

		ccs_old_free(o->child);
		for (unsigned i = 0; i < o->n_values; i++)
			free(o->values[i]);
		free(o->values);
		free(o->key);
		free(o);
		o = next;
	}
}

const struct ccs_old *ccs_old_find(const struct ccs_old *list, const char *key)
{
	while (list && strcmp(list->key, key) != 0)
		list = list->next;
	return list;
}
