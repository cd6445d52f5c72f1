/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Start tags and attributes in the bytes of an XML document, with the place of each:
 * libxml2 keeps no column, and of a tag of several lines only the last one. Made for
 * documents that libxml2 has read without a complaint; on others it ends as well, and
 * what it finds means little. Knows encodings that hold ASCII (UTF-8, ISO 8859).
 */
#ifndef CLU_CONF_SCAN_H
#define CLU_CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct clu_scan {
	const char *p, *end;
	int line, column;	/* of *p; a column is a character, not a byte; both count from 1 */
	bool in_tag;
};

struct clu_scan_name {
	const char *name;	/* without its namespace's prefix; in the document, no NUL behind it */
	size_t len;
	int line, column;	/* of the '<', or of the attribute's name */
};

/* The bytes must stay while the scan goes on. */
void clu_scan_begin(struct clu_scan *s, const void *data, size_t len);
/* The next start tag (or empty element) in document order; false behind the last. */
bool clu_scan_tag(struct clu_scan *s, struct clu_scan_name *ret);
/* The next attribute of that tag; false at the tag's end. */
bool clu_scan_attr(struct clu_scan *s, struct clu_scan_name *ret);

#endif
