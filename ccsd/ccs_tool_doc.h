/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cluster.conf that ccs_tool changes: read, edited as a tree, written with its version raised. */
#ifndef CCS_TOOL_DOC_H
#define CCS_TOOL_DOC_H

#include <libxml/tree.h>
#include <stdint.h>

#include "clu_buf.h"

struct ccs_doc {
	const char *in;		/* the file it was read from */
	xmlDoc *xml;
	struct clu_buf before;	/* its bytes */
};

#define CCS_DOC_INIT { NULL, NULL, CLU_BUF_INIT }

/* "ccs_tool: TEXT" on stderr. Returns -EINVAL. */
int ccs_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* All print what is wrong. 0 or a negative errno. */
int ccs_doc_read(struct ccs_doc *d, const char *file);
int ccs_doc_parse(struct ccs_doc *d, const void *data, size_t len, const char *name);	/* name: must outlive d */
int ccs_doc_raise_version(struct ccs_doc *d);
void ccs_doc_set_version(struct ccs_doc *d, uint64_t version);
int ccs_doc_text(const struct ccs_doc *d, struct clu_buf *ret);	/* indented XML */
/* COMPAT: the former file stays as FILE.old when it is the one that was read; mode 0640. "-": standard output. */
int ccs_doc_write(const struct ccs_doc *d, const char *file);
void ccs_doc_free(struct ccs_doc *d);

/* The tree. child, find: NULL when there is none. attr: "" when there is none. */
xmlNode *ccs_doc_child(const xmlNode *n, const char *name);
const char *ccs_doc_attr(const xmlNode *n, const char *name);
xmlNode *ccs_doc_find(const xmlNode *parent, const char *elem, const char *key, const char *value);
xmlNode *ccs_doc_add(xmlNode *parent, const char *elem);
void ccs_doc_set(xmlNode *n, const char *name, const char *value);
/* The section below the root, made if it is missing. */
xmlNode *ccs_doc_section(struct ccs_doc *d, const char *name);

#endif
