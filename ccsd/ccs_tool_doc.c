/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ccs_tool_doc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlsave.h>

#include "clu_conf.h"
#include "clu_store.h"

int ccs_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ccs_tool: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	return -EINVAL;
}

/* ---- the tree ---- */

xmlNode *ccs_doc_child(const xmlNode *n, const char *name)
{
	for (xmlNode *k = n ? n->children : NULL; k; k = k->next)
		if (k->type == XML_ELEMENT_NODE && !strcmp((const char *)k->name, name))
			return k;
	return NULL;
}

const char *ccs_doc_attr(const xmlNode *n, const char *name)
{
	const xmlAttr *a = n ? xmlHasProp((xmlNode *)n, (const xmlChar *)name) : NULL;

	return a && a->children && a->children->content ? (const char *)a->children->content : "";
}

xmlNode *ccs_doc_find(const xmlNode *parent, const char *elem, const char *key, const char *value)
{
	for (xmlNode *k = ccs_doc_child(parent, elem); k; k = k->next)
		if (k->type == XML_ELEMENT_NODE && !strcmp((const char *)k->name, elem) && !strcmp(ccs_doc_attr(k, key), value))
			return k;
	return NULL;
}

xmlNode *ccs_doc_add(xmlNode *parent, const char *elem)
{
	return xmlNewChild(parent, NULL, (const xmlChar *)elem, NULL);
}

void ccs_doc_set(xmlNode *n, const char *name, const char *value)
{
	xmlSetProp(n, (const xmlChar *)name, (const xmlChar *)value);
}

xmlNode *ccs_doc_section(struct ccs_doc *d, const char *name)
{
	xmlNode *root = xmlDocGetRootElement(d->xml), *n = ccs_doc_child(root, name);

	return n ? n : ccs_doc_add(root, name);
}

/* ---- in and out ---- */

/* Checked already: no entities in it. Read again without the blanks between elements, to be indented anew. */
static int take(struct ccs_doc *d, const struct clu_conf *conf, const char *name)
{
	size_t len;
	const void *bytes = clu_conf_bytes(conf, &len);

	d->in = name;
	clu_buf_append(&d->before, bytes, len);
	d->xml = xmlReadMemory(bytes, (int)len, name, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
	if (!d->xml || strcmp((const char *)xmlDocGetRootElement(d->xml)->name, "cluster") != 0)
		return ccs_fail("%s is no cluster configuration: it does not start with <cluster>; name another file with -c",
			name);
	return d->before.error;
}

static int take_parsed(struct ccs_doc *d, int r, struct clu_conf *conf, const struct clu_buf *errs, const char *name)
{
	if (r < 0)
		fprintf(stderr, "ccs_tool: %s", clu_buf_text(errs));
	else
		r = take(d, conf, name);
	clu_conf_unref(conf);
	return r;
}

int ccs_doc_read(struct ccs_doc *d, const char *file)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	int r = clu_conf_load(file, &conf, &errs);

	r = take_parsed(d, r, conf, &errs, file);
	clu_buf_free(&errs);
	return r;
}

int ccs_doc_parse(struct ccs_doc *d, const void *data, size_t len, const char *name)
{
	struct clu_buf errs = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	int r = clu_conf_parse(data, len, name, &conf, &errs);

	r = take_parsed(d, r, conf, &errs, name);
	clu_buf_free(&errs);
	return r;
}

void ccs_doc_set_version(struct ccs_doc *d, uint64_t version)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, version);
	ccs_doc_set(xmlDocGetRootElement(d->xml), "config_version", text);
}

int ccs_doc_raise_version(struct ccs_doc *d)
{
	const char *old = ccs_doc_attr(xmlDocGetRootElement(d->xml), "config_version");
	unsigned long version;
	char *end;

	version = strtoul(old, &end, 10);
	if (*end || end == old || version >= 4294967295u)
		return ccs_fail("%s: config_version=\"%s\" is no number that can be raised: correct it", d->in, old);
	ccs_doc_set_version(d, version + 1);
	return 0;
}

int ccs_doc_text(const struct ccs_doc *d, struct clu_buf *ret)
{
	xmlBuffer *b = xmlBufferCreate();
	xmlSaveCtxt *save = b ? xmlSaveToBuffer(b, "UTF-8", XML_SAVE_FORMAT) : NULL;
	int r = save && xmlSaveDoc(save, d->xml) >= 0 ? 0 : -ENOMEM;

	if (save)
		xmlSaveClose(save);
	if (r == 0)
		clu_buf_append(ret, xmlBufferContent(b), (size_t)xmlBufferLength(b));
	if (b)
		xmlBufferFree(b);
	return r ? r : ret->error;
}

int ccs_doc_write(const struct ccs_doc *d, const char *file)
{
	struct clu_buf old = CLU_BUF_INIT, text = CLU_BUF_INIT;
	int r = ccs_doc_text(d, &text);

	if (r == 0 && !strcmp(file, "-")) {
		if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
			r = -EIO;
	} else if (r == 0) {
		clu_buf_printf(&old, "%s.old", file);
		if (d->before.len && !strcmp(file, d->in))
			r = clu_store_write(clu_buf_text(&old), d->before.data, d->before.len, 0640);
		if (r == 0)
			r = clu_store_write(file, text.data, text.len, 0640);
	}
	if (r < 0)
		(void)ccs_fail("%s cannot be written: %s; nothing was changed", file, strerror(-r));
	clu_buf_free(&old);
	clu_buf_free(&text);
	return r;
}

void ccs_doc_free(struct ccs_doc *d)
{
	if (d->xml)
		xmlFreeDoc(d->xml);
	d->xml = NULL;
	clu_buf_free(&d->before);
}
