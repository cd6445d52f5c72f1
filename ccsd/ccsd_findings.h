/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with a document, and what is worth knowing of it:
 *
 *     FILE:LINE:COLUMN: WHAT: WHY; WHAT TO DO
 *
 * An error makes the document not valid; a warning does not; a note says what a person
 * may want to know who asks for it (-v). Of each kind at most `max` are kept, the rest is
 * counted.
 */
#ifndef CCSD_FINDINGS_H
#define CCSD_FINDINGS_H

#include <stdbool.h>

#include "clu_conf.h"

enum ccsd_severity { CCSD_ERROR, CCSD_WARNING, CCSD_NOTE, CCSD_NSEVERITIES };

struct ccsd_finding {
	enum ccsd_severity severity;
	const char *id;			/* its kind, for programs: "unknown-attribute"; static */
	const struct clu_node *node;	/* NULL: the document could not be read, line and column are known */
	const char *attr;		/* the attribute that it is about, or NULL; the document's or the schema's */
	int line, column;		/* after ccsd_findings_place() */
	char *text;
};

struct ccsd_findings {
	unsigned max;
	struct ccsd_finding *list;
	unsigned n, cap;
	unsigned n_by[CCSD_NSEVERITIES];	/* found, also those that are not kept */
	int error;				/* 0, or the first negative errno that kept a finding from being made */
};

/* Adds one; node is not NULL, attr may be: a name that outlives the findings. */
void ccsd_found(struct ccsd_findings *f, enum ccsd_severity severity, const char *id, const struct clu_node *node,
	const char *attr, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Is there room for one more of this severity? If not, looking for a suggestion is in vain. */
bool ccsd_findings_room(const struct ccsd_findings *f, enum ccsd_severity severity);
/* Lines of clu_conf_parse(), which was told `file`, become errors with the id "unreadable". */
void ccsd_findings_take(struct ccsd_findings *f, const char *file, const char *lines);
/* Gives all their places, and the order of the document; those of one place stay as found. */
void ccsd_findings_place(struct ccsd_findings *f, const struct clu_conf *conf);
/* As lines; "warning: " and "note: " stand before those. Only severities up to `least`. */
void ccsd_findings_text(const struct ccsd_findings *f, const char *file, enum ccsd_severity least, struct clu_buf *ret);
const char *ccsd_severity_name(enum ccsd_severity s);
void ccsd_findings_free(struct ccsd_findings *f);

/* The best near miss of `name` in a list, for "did you mean"; best is NULL when none is near. */
struct ccsd_near {
	const char *best;
	unsigned distance;
};
#define CCSD_NEAR_INIT { NULL, 3 }
void ccsd_near(struct ccsd_near *near, const char *name, const char *candidate);

#endif
