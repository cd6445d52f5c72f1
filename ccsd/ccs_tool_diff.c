/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool diff: what differs between two configurations, and what restarts. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccs_diff.h"
#include "ccs_tool.h"
#include "ccs_tool_doc.h"
#include "clu_table.h"

static const char *const words[CCS_NEFFECTS] = {
	[CCS_NONE] = "nothing reads it",
	[CCS_LIVE] = "at once",
	[CCS_SERVICE] = "stops and starts what differs in",
	[CCS_DAEMON] = "at the next start of",
	[CCS_CLUSTER] = "at the next start of the whole cluster",
};

/* Keys of the JSON. */
static const char *const keys[CCS_NEFFECTS] = {
	[CCS_NONE] = "none", [CCS_LIVE] = "live", [CCS_SERVICE] = "service", [CCS_DAEMON] = "daemon", [CCS_CLUSTER] = "cluster",
};

static void print_change(const struct ccs_change *c)
{
	printf("%c %s", c->kind, c->path);
	if (c->was && c->is)
		printf(": \"%s\" -> \"%s\"", c->was, c->is);
	else if (c->was || c->is)
		printf(": \"%s\"", c->was ? c->was : c->is);
	else if (c->kind == '~')
		printf(": another order");
	if (c->effect == CCS_LIVE || c->effect == CCS_CLUSTER)
		printf("\n    %s (%s)\n", words[c->effect], c->who);
	else
		printf("\n    %s%s%s\n", words[c->effect], *c->who ? " " : "", c->who);
}

/* The names of all changes with this effect, each once. */
static json_t *names_of(const struct ccs_diff *d, enum ccs_effect effect)
{
	json_t *seen = json_object();

	for (unsigned i = 0; i < d->n; i++) {
		char *copy = d->list[i].effect == effect ? strdup(d->list[i].who) : NULL, *save = NULL;

		for (char *w = copy ? strtok_r(copy, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save))
			json_object_set_new(seen, w, json_true());
		free(copy);
	}
	return seen;
}

static bool print_names(const char *what, json_t *names)
{
	const char *name;
	json_t *value;
	bool any = json_object_size(names) > 0;

	if (any)
		printf("%s:", what);
	json_object_foreach(names, name, value)
		printf(" %s", name);
	if (any)
		putchar('\n');
	json_decref(names);
	return any;
}

static void print_summary(const struct ccs_diff *d)
{
	bool any = print_names("Stopped and started, as far as it differs", names_of(d, CCS_SERVICE));

	any |= print_names("Taken over at the next start of", names_of(d, CCS_DAEMON));
	for (unsigned i = 0; i < d->n; i++) {
		if (d->list[i].effect != CCS_CLUSTER)
			continue;
		puts("The whole cluster must be started again for what is marked so: stop it on all nodes, then start it.");
		any = true;
		break;
	}
	if (!any)
		puts("Nothing has to be started again.");
}

int ccs_tool_print_diff(const struct clu_conf *a, const struct clu_conf *b)
{
	struct ccs_diff d;
	int r;

	ccs_diff_make(a, b, &d);
	r = d.error;
	if (r < 0) {
		(void)ccs_fail("out of memory: free some and repeat");
	} else {
		printf("From version %" PRIu64 " to %" PRIu64 ":\n", clu_conf_version(a), clu_conf_version(b));
		for (unsigned i = 0; i < d.n; i++)
			if (strcmp(d.list[i].path, "/cluster/@config_version") != 0)
				print_change(&d.list[i]);
		print_summary(&d);
	}
	ccs_diff_free(&d);
	return r;
}

static json_t *keys_as_array(json_t *names)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach(names, name, value)
		json_array_append_new(list, json_string(name));
	json_decref(names);
	return list;
}

static int print_json(const struct clu_conf *a, const struct clu_conf *b)
{
	json_t *list = json_array(), *all;
	bool cluster = false;
	struct ccs_diff d;
	int r;

	ccs_diff_make(a, b, &d);
	r = d.error;
	for (unsigned i = 0; i < d.n; i++) {
		const struct ccs_change *c = &d.list[i];
		const char kind[] = { c->kind, '\0' };

		cluster |= c->effect == CCS_CLUSTER;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s*, s:s*, s:s, s:s}", "kind", kind, "path", c->path, "was",
			c->was, "is", c->is, "effect", keys[c->effect], "who", c->who));
	}
	all = json_pack("{s:I, s:I, s:o, s:o, s:o, s:b}", "from", (json_int_t)clu_conf_version(a), "to",
		(json_int_t)clu_conf_version(b), "changes", list, "services", keys_as_array(names_of(&d, CCS_SERVICE)),
		"daemons", keys_as_array(names_of(&d, CCS_DAEMON)), "cluster_restart", cluster);
	if (r < 0)
		(void)ccs_fail("out of memory: free some and repeat");
	else
		clu_json_print(stdout, all);
	json_decref(all);
	ccs_diff_free(&d);
	return r;
}

int ccs_tool_diff(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	struct clu_conf *a = NULL, *b = NULL;
	bool json = false, help = false;
	int c, r;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) >= 0) {
		json |= c == 'j';
		help |= c != 'j';
	}
	if (help || argc - optind < 1 || argc - optind > 2) {
		fputs("Usage: ccs_tool diff [--json] [OLD] NEW\n"
			"What differs, and what restarts when NEW takes the place of OLD (default: what is in force).\n", stdout);
		return 0;
	}
	r = argc - optind == 2 ? ccs_tool_load(argv[optind], &a) : ccs_tool_in_force(&a);
	if (r == 0)
		r = ccs_tool_load(argv[argc - 1], &b);
	if (r == 0)
		r = json ? print_json(a, b) : ccs_tool_print_diff(a, b);
	clu_conf_unref(a);
	clu_conf_unref(b);
	return r < 0;
}
