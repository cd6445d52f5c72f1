/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parameters of a fence agent as one table: the name=value lines on stdin,
 * the command line, --help and the metadata all come from the same rows. Pure:
 * text in, values and text out.
 */
#ifndef FENCE_OPT_H
#define FENCE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clu_buf.h"

#define FENCE_STDIN_MAX (64u * 1024)	/* all of stdin */
#define FENCE_LINE_MAX 4096u		/* one line of it, as libfence bounded it */

enum fence_action {
	FENCE_ON,
	FENCE_OFF,
	FENCE_REBOOT,
	FENCE_STATUS,
	FENCE_MONITOR,
	FENCE_LIST,
	FENCE_METADATA,
	FENCE_VALIDATE,
	FENCE_NACTIONS
};

/* As in the metadata: "on", "off", "reboot", "status", ... */
const char *fence_action_name(enum fence_action action);

enum fence_opt_type {
	FENCE_TEXT,    /* char *, malloc'd, NULL when not given */
	FENCE_SECRET,  /* the same; refused on the command line, never printed */
	FENCE_FLAG,    /* bool; on stdin 1/0, yes/no, on/off, true/false */
	FENCE_NUMBER,  /* uint32_t within min..max */
	FENCE_SECONDS, /* uint32_t in milliseconds; the text is in seconds, "0.5" allowed, within min..max */
	FENCE_CHOICE,  /* int: index into choices */
	FENCE_WHAT,    /* enum fence_action */
};

struct fence_opt {
	const char *name;	/* stdin name; with - for _ also the long option */
	const char *also;	/* further accepted names (older spellings), separated by blanks, or NULL */
	char letter;		/* 0 = none */
	enum fence_opt_type type;
	uint32_t min, max;
	const char *def;	/* as text, or NULL */
	const char *const *choices;
	size_t off;		/* offsetof in the agent's configuration */
	bool required;		/* not for metadata, --help and -V */
	const char *help;
};

/* What every agent has. It must be the first member of an agent's configuration. */
struct fence_common {
	enum fence_action action;
	bool verbose, help, version;
	char *debug_file;
	uint32_t delay_ms, power_timeout_ms, power_wait_ms, login_timeout_ms, shell_timeout_ms;
	uint32_t retry_on;
	char *password, *password_file, *password_script;
};

struct fence_agent {
	const char *name;
	const char *summary;	/* one line */
	const char *description;
	const char *vendor_url;
	const struct fence_opt *opts;	/* its own rows; the common ones are added */
	unsigned n_opts;

	/* Rules between options. 0, or -EINVAL with the sentence in why. */
	int (*check)(const void *config, struct clu_buf *why);
	/* Carries out on, off, reboot, status or monitor; returns the exit code. */
	int (*run)(void *config);
};

/* config is zeroed memory. -ENOMEM. */
int fence_opt_defaults(const struct fence_agent *a, void *config);
void fence_opt_free(const struct fence_agent *a, void *config);

/*
 * name=value lines. Empty lines and lines with # first are skipped, one pair of
 * double quotes around a value is taken off, - and _ in names are the same, the
 * last one wins. Unknown names and lines without = are named in warnings and
 * ignored, as the agent API demands. A bad value: -EINVAL and the reason in why.
 */
int fence_opt_stdin(const struct fence_agent *a, void *config, const char *text, size_t len,
	struct clu_buf *warnings, struct clu_buf *why);

/* The command line by getopt_long. -EINVAL and the reason in why. */
int fence_opt_argv(const struct fence_agent *a, void *config, int argc, char **argv, struct clu_buf *why);

/* Everything that is required is there. 0 or -EINVAL. */
int fence_opt_check(const struct fence_agent *a, const void *config, struct clu_buf *why);

void fence_opt_help(const struct fence_agent *a, struct clu_buf *ret);
void fence_opt_metadata(const struct fence_agent *a, struct clu_buf *ret);

#endif
