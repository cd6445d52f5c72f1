/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every value that a configuration puts in force: what stands in the document, the
 * defaults of what does not, and what is computed from other values. Pure.
 *
 * Parameters of resource and fence agents have their defaults in the agents'
 * metadata: those are not listed here.
 */
#ifndef CCS_EFFECTIVE_H
#define CCS_EFFECTIVE_H

#include "clu_conf.h"

enum ccs_origin { CCS_FROM_FILE, CCS_FROM_DEFAULT, CCS_FROM_COMPUTED };

struct ccs_value {
	const char *path;	/* "/cluster/rm/service[web]/@domain" */
	const char *value;	/* passwords as *** */
	enum ccs_origin origin;
	int line;		/* in the file; 0: not from there */
	const char *why;	/* computed: from what; default: "" */
};

/* Calls see() for each value, in the order of the document; what is not in it comes behind its siblings. 0 or -ENOMEM. */
int ccs_effective(const struct clu_conf *conf, void (*see)(void *ctx, const struct ccs_value *v), void *ctx);

/* ccs_defaults.c: the default of an attribute that does not stand there. Rows of one element follow each other. */
struct ccs_default {
	const char *elements;	/* path of names below "cluster": "fence_daemon", "rm/service" */
	const char *attr;
	const char *value;	/* NULL: computed */
	/* Computed: the value and its reason in buffers of 128 bytes; false: there is none. */
	bool (*compute)(const struct clu_conf *conf, char *value, char *why);
};

extern const struct ccs_default ccs_defaults[];
extern const unsigned ccs_n_defaults;

#endif
