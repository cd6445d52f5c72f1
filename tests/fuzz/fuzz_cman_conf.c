/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster.conf to corosync.conf: whatever a document holds, it must not get out
 * of the value it stands in. Every line of the result is one of those that the
 * writer itself makes: a comment, a known section, a known key, an end, nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cman_conf.h"
#include "cman_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const sections[] = { "totem",   "interface", "nodelist", "node",  "quorum",
					"logging", "system",	"uidgid",   "hawser", "device", "logger_subsys" };

static bool is_section(const char *line, size_t len)
{
	for (unsigned i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (len == strlen(sections[i]) + 2 && !memcmp(line, sections[i], len - 2) &&
		    !memcmp(line + len - 2, " {", 2))
			return true;
	return false;
}

static bool is_setting(const char *line, size_t len)
{
	size_t key = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return key && key + 2 < len && line[key] == ':' && line[key + 1] == ' ' && !memchr(line, '{', len) &&
	       !memchr(line, '}', len);
}

static void check(const char *text)
{
	int depth = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *line = text;

		text += len + (text[len] == '\n');
		while (len && *line == '\t') {
			line++;
			len--;
		}
		if (!len || *line == '#')
			continue;
		if (is_section(line, len))
			depth++;
		else if (len == 1 && *line == '}')
			depth--;
		else if (!is_setting(line, len))
			abort();
		if (depth < 0 || depth > 2)
			abort();
	}
	if (depth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cman_plan plan;
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT, out = CLU_BUF_INIT;
	struct cman_plan_in in = { .over = CMAN_NO_OVERRIDES, .default_keyfile = "/k", .default_logfile = "/l" };
	struct clu_conf_node first;
	struct clu_conf *c = NULL;

	if (clu_conf_parse(data, size, "cluster.conf", &c, &errs) == 0) {
		in.conf = c;
		in.own_name = clu_conf_nodes(c, &first, 1) ? first.name : "none";
		(void)cman_name_match(c, in.own_name);
		if (!cman_plan_make(&in, &plan, &errs, &warns) && !cman_conf_write(&plan, &out, &errs, &warns))
			check(clu_buf_text(&out));
		clu_conf_unref(c);
	}
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	clu_buf_free(&out);
	return 0;
}
