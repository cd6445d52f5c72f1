/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a resource agent says of itself (`AGENT meta-data`), read into plain
 * structs: rgmanager's own metadata with its `special` block, and plain OCF.
 * Pure: bytes in, struct out.
 */
#ifndef RG_META_H
#define RG_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clu_conf.h"

#define RG_MAX_LEVEL 100

struct rg_meta_param {
	char *name;
	char *def;		/* default, or NULL */
	char *inherit;		/* "ATTR" or "TYPE%ATTR", or NULL */
	bool primary, unique, required, reconfig;
};

struct rg_meta_action {
	char *name;
	uint32_t depth;
	uint32_t timeout_s;	/* a hint of the agent's author; 0 = none */
	uint32_t interval_s;	/* 0 = never by itself */
};

struct rg_meta_child {
	char *type;
	unsigned start, stop;	/* levels 1 to RG_MAX_LEVEL; 0 = none */
	bool forbid;
};

struct rg_meta {
	char *type;
	char *path;		/* of the program; set by whoever ran it */
	struct rg_meta_param *params;	/* the primary one first */
	unsigned n_params;
	struct rg_meta_action *actions;
	unsigned n_actions;
	struct rg_meta_child *children;
	unsigned n_children;
	unsigned maxinstances;	/* 0 = no limit */
	bool init_on_add, destroy_on_delete;
	bool ocf;		/* no `status`: checks are made by `monitor` */
};

/*
 * Where metadata comes from: the one question a core asks outside of its events.
 * The daemon runs the agent; a test answers from a table. The result lives as
 * long as the registry. NULL with a reason in *why when there is no such agent.
 */
struct rg_registry {
	const struct rg_meta *(*lookup)(void *ctx, const char *type, const char **why);
	void *ctx;
};

/* 0 and *ret, or -EBADMSG / -ENOMEM with the reason appended to errs. Free with rg_meta_free. */
int rg_meta_parse(const void *data, size_t len, const char *path, struct rg_meta **ret, struct clu_buf *errs);
struct rg_meta *rg_meta_free(struct rg_meta *m);	/* accepts NULL, returns NULL */

const struct rg_meta_param *rg_meta_param(const struct rg_meta *m, const char *name);
const struct rg_meta_child *rg_meta_child(const struct rg_meta *m, const char *type);

/* Seconds of "30", "1m", "1h30m" (units s m h d w y, chained); 0 for nonsense or overflow. */
uint32_t rg_meta_seconds(const char *text);

/* "1", any other number but 0, or a word that begins with y. */
bool rg_meta_yes(const char *text);

#endif
