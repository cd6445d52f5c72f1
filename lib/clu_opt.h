/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Typed option tables over the attributes of one element: name, type, bounds,
 * default and help are one row; parser, checks, help and "effective values" read
 * the same row (style.md 3.7).
 */
#ifndef CLU_OPT_H
#define CLU_OPT_H

#include "clu_conf.h"

enum clu_opt_type {
	CLU_OPT_INT,		/* int64_t field */
	CLU_OPT_UINT,		/* uint32_t field */
	CLU_OPT_BOOL,		/* bool field: 1/0, yes/no, true/false, on/off */
	/*
	 * uint64_t field in ms; text in seconds (1.5 is allowed), or with s, m, h, d, ms
	 * behind. With min = -1 the text "-1" means for ever: UINT64_MAX.
	 */
	CLU_OPT_SECONDS_MS,
	CLU_OPT_STRING,		/* const char * field, points into the document; min and max bound its length */
	CLU_OPT_ENUM		/* int field: index into choices */
};

struct clu_opt {
	const char *name;
	enum clu_opt_type type;
	int64_t min, max;	/* of the number in its field's unit; both 0 = no bounds */
	const char *def;	/* default, as text; NULL = required */
	const char *const *choices;	/* ENUM: NULL-terminated */
	size_t off;		/* offsetof in the target struct */
	bool live;		/* takes effect on a CONFIG event; false: needs a restart of the daemon */
	const char *help;
};

/*
 * Fills `target` from the attributes of n (n may be NULL: all defaults). Every
 * fault is appended to errs as "FILE:LINE: ELEMENT/@NAME: ..."; the return is
 * the number of faults (target then holds defaults for the faulty ones).
 */
int clu_opt_read(const struct clu_node *n, const struct clu_opt *table, unsigned n_rows, void *target,
	struct clu_buf *errs);

/* Parses one text by a row's type and bounds into its field of the struct at target. 0 or -EINVAL / -ERANGE with a reason in why (size bytes). */
int clu_opt_parse(const struct clu_opt *row, const char *text, void *target, char *why, size_t size);

#endif
