/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One cluster.conf as a read-only document over libxml2. Network and DTD loading
 * are off, entity declarations are refused; size, depth and the attributes of one
 * element are bounded (4 MiB, 64 levels, 1000). Any other XML text (an agent's
 * metadata) may be read with it as well.
 */
#ifndef CLU_CONF_H
#define CLU_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clu_buf.h"

#define CLU_CONF_MAX_BYTES (4u * 1024 * 1024)
#define CLU_CONF_MAX_TEXT "4 MiB"	/* the same for people */

struct clu_conf;
struct clu_node;		/* an element of the document; lives as long as the document */

/*
 * Parses bytes; `name` is the file's name for messages. On failure -EBADMSG (or
 * -EMSGSIZE, -ENOMEM) and findings "FILE:LINE:COLUMN: what: why; what to do" appended to errs.
 * The result is counted: clu_conf_ref / clu_conf_unref.
 */
int clu_conf_parse(const void *data, size_t len, const char *name, struct clu_conf **ret, struct clu_buf *errs);
int clu_conf_load(const char *path, struct clu_conf **ret, struct clu_buf *errs);
struct clu_conf *clu_conf_ref(struct clu_conf *c);
struct clu_conf *clu_conf_unref(struct clu_conf *c);	/* accepts NULL, returns NULL */

/* The bytes it was parsed from. */
const void *clu_conf_bytes(const struct clu_conf *c, size_t *ret_len);
uint64_t clu_conf_version(const struct clu_conf *c);	/* config_version, 0 if absent or bad */
const char *clu_conf_cluster_name(const struct clu_conf *c);

/* Walking. Names are element names; NULL name = any element. All return NULL at the end, and for a NULL node. */
const struct clu_node *clu_conf_root(const struct clu_conf *c);
const struct clu_node *clu_node_child(const struct clu_node *n, const char *name);
const struct clu_node *clu_node_next(const struct clu_node *n, const char *name);	/* next sibling */
const struct clu_node *clu_node_parent(const struct clu_node *n);
const char *clu_node_name(const struct clu_node *n);
int clu_node_line(const struct clu_node *n);	/* in which its start tag ends */
/*
 * The places of elements (attr NULL) or of their attributes, all in one pass over the
 * document. An attribute that is not written there has the place of its element.
 */
struct clu_place { const struct clu_node *node; const char *attr; int line, column; };
void clu_conf_where(const struct clu_conf *c, struct clu_place *places, unsigned n);
/* The element as a `const xmlNode *` of libxml2, read only: for the schema check alone. */
const void *clu_node_xml(const struct clu_node *n);
const char *clu_node_file(const struct clu_node *n);	/* the name given to clu_conf_parse */
const char *clu_node_attr(const struct clu_node *n, const char *attr);	/* NULL when absent */
unsigned clu_node_attr_count(const struct clu_node *n);
/* i-th attribute in document order. */
bool clu_node_attr_at(const struct clu_node *n, unsigned i, const char **ret_name, const char **ret_value);
/* Path of element names from n: clu_node_path(root, "rm/failoverdomains"). */
const struct clu_node *clu_node_path(const struct clu_node *n, const char *path);

/* Evaluates an XPath expression; the string value of the first match (malloc'd), or -ENOENT, -EINVAL. */
int clu_conf_xpath(const struct clu_conf *c, const char *expr, char **ret);

/* Cluster nodes in document order: how many were filled. nodeid 0: absent or bad; name "": absent; votes: 1 if absent. */
struct clu_conf_node { const char *name; uint32_t nodeid; uint32_t votes; const struct clu_node *xml; };
unsigned clu_conf_nodes(const struct clu_conf *c, struct clu_conf_node *ret, unsigned max);
/* 0 when unknown / NULL when unknown. */
uint32_t clu_conf_node_id(const struct clu_conf *c, const char *name);
const char *clu_conf_node_name(const struct clu_conf *c, uint32_t nodeid);

#endif
