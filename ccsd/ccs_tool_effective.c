/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccs_tool effective: every value in force and its origin. */
#include "config.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

#include "ccs_effective.h"
#include "ccs_tool.h"
#include "ccs_tool_doc.h"
#include "clu_table.h"

static const char *const origins[] = {
	[CCS_FROM_FILE] = "file", [CCS_FROM_DEFAULT] = "default", [CCS_FROM_COMPUTED] = "computed",
};

static void add_row(void *rows, const struct ccs_value *v)
{
	char from[160];

	if (v->line)
		snprintf(from, sizeof(from), "line %d", v->line);
	else
		snprintf(from, sizeof(from), "%s", v->why);
	json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s}", "path", v->path, "value", v->value, "origin",
		origins[v->origin], "from", from));
}

int ccs_tool_effective(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "configfile", required_argument, NULL, 'c' }, { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	static const struct clu_column cols[] = {
		{ "path", "Setting", 0 }, { "value", "Value", 0 }, { "origin", "Origin", 0 }, { "from", "", 0 },
	};
	struct clu_conf *conf = NULL;
	const char *file = NULL;
	bool json = false;
	json_t *rows;
	int c, r;

	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) >= 0) {
		if (c == 'c') {
			file = optarg;
		} else if (c == 'j') {
			json = true;
		} else {
			fputs("Usage: ccs_tool effective [-c FILE] [--json]\n"
				"Every value in force on this node (or that FILE would put in force), and where it comes from.\n", stdout);
			return 0;
		}
	}
	r = file ? ccs_tool_load(file, &conf) : ccs_tool_in_force(&conf);
	if (r < 0)
		return 1;
	rows = json_array();
	r = ccs_effective(conf, add_row, rows);
	if (r < 0) {
		(void)ccs_fail("out of memory: free some and repeat");
	} else if (json) {
		json_t *all = json_pack("{s:O}", "effective", rows);

		clu_json_print(stdout, all);
		json_decref(all);
	} else {
		clu_table_print(stdout, cols, sizeof(cols) / sizeof(cols[0]), rows);
	}
	json_decref(rows);
	clu_conf_unref(conf);
	return r < 0;
}
