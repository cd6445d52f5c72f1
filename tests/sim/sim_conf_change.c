/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim_conf.h"

#define SALT_OF_CHANGES 3
#define SALT_OF_DISK_CHANGES 8

struct change {
	struct sim_dice dice;
	struct sim_dice disk;	/* of <quorumd>: what else changes does not depend on whether there is one */
	unsigned per_mille;	/* of the lines of <rm> that change */
	uint64_t version;
	bool in_rm;
	char until[16];		/* what ends an element that is left out, "" = nothing is */
	struct clu_buf *ret;
};

static bool begins(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(line, word, n) == 0;
}

static bool ends(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(line + len - n, word, n) == 0;
}

/* The line with the value of an attribute (or what else stands between the two quotes behind `name`) replaced. */
static bool replace(struct change *c, const char *line, size_t len, const char *name, const char *value)
{
	const char *at = memmem(line, len, name, strlen(name)), *end;

	if (!at)
		return false;
	at += strlen(name);
	end = memchr(at, '"', len - (size_t)(at - line));
	if (!end)
		return false;
	clu_buf_append(c->ret, line, (size_t)(at - line));
	clu_buf_str(c->ret, value);
	clu_buf_append(c->ret, end, len - (size_t)(end - line));
	return true;
}

/* One attribute of an element takes another value. */
static bool alter(struct change *c, const char *line, size_t len)
{
	static const struct { const char *name, *value[3]; } attrs[] = {
		{ " recovery=\"", { "relocate", "restart", "disable" } },
		{ " domain=\"", { "d0", "d1", "d2" } },
		{ " autostart=\"", { "0", "1", "1" } },
		{ " exclusive=\"", { "0", "0", "1" } },
		{ " priority=\"", { "1", "2", "3" } },
		{ " depend=\"", { "service:s0", "service:s1", "" } },
		{ " file=\"", { "/x", "/y", "/z" } },
		{ " options=\"", { "ro", "rw", "" } },
		{ " monitor_link=\"", { "0", "1", "no" } },
		{ " mountpoint=\"", { "/m", "/n", "/o" } },
		{ " interval=\"", { "20", "40", "80" } },
		{ " name=\"", { "other1", "other2", "other3" } },
		{ " __independent_subtree=\"", { "0", "1", "2" } },
		{ " address=\"", { "10.0.1.1", "10.0.1.2", "10.0.1.3" } },
	};
	const unsigned n = sizeof(attrs) / sizeof(attrs[0]);
	unsigned first = (unsigned)sim_dice_below(&c->dice, n), which = (unsigned)sim_dice_below(&c->dice, 3);

	for (unsigned i = 0; i < n; i++) {
		unsigned k = (first + i) % n;

		/* Names tell one thing from another in lists of nodes and domains. */
		if (strcmp(attrs[k].name, " name=\"") == 0 && !begins(line, len, "<script"))
			continue;
		if (strcmp(attrs[k].name, " depend=\"") == 0 && (begins(line, len, "<service name=\"s0\"") ||
			begins(line, len, "<service name=\"s1\"")))
			continue;
		if (replace(c, line, len, attrs[k].name, attrs[k].value[which]))
			return true;
	}
	return false;
}

static void leave_out(struct change *c, const char *line, size_t len)
{
	size_t name = strcspn(line + 1, " >/");

	if (!ends(line, len, "/>"))
		snprintf(c->until, sizeof(c->until), "</%.*s>", name < 12 ? (int)name : 12, line + 1);
}

static void add_services(struct change *c)
{
	if (sim_dice_chance(&c->dice, c->per_mille * 4))
		clu_buf_printf(c->ret, "<service name=\"s%u\" recovery=\"relocate\">\n<script name=\"added\" file=\"/%u\"/>\n"
			"</service>\n", SIM_CONF_SERVICES, (unsigned)sim_dice_below(&c->dice, 2));
}

static void fence_daemon(struct change *c, const char *line, size_t len)
{
	char value[8];

	snprintf(value, sizeof(value), "%u", (unsigned)sim_dice_below(&c->dice, 6));
	if (!sim_dice_chance(&c->dice, c->per_mille * 5) || !replace(c, line, len, " post_join_delay=\"", value))
		clu_buf_append(c->ret, line, len);
}

/*
 * One attribute more: one that qdiskd takes while it runs, or one for which it has to be started again. None that says
 * when a node is dead: all nodes must have the same then.
 */
static void quorumd(struct change *c, const char *line, size_t len)
{
	static const char *const attrs[] = { "reboot=\"0\"", "allow_kill=\"0\"", "io_timeout=\"1\"", "max_error_cycles=\"30\"",
		"status_file=\"-\"", "scheduler=\"other\"", "upgrade_wait=\"1\"", "tko_up=\"2\"" };
	const char *attr = attrs[sim_dice_below(&c->disk, sizeof(attrs) / sizeof(attrs[0]))], *name = "<quorumd ";
	size_t n = strlen(name);

	clu_buf_append(c->ret, line, n);
	if (sim_dice_chance(&c->disk, 600) && !memmem(line, len, attr, strcspn(attr, "=") + 1))
		clu_buf_printf(c->ret, "%s ", attr);
	clu_buf_append(c->ret, line + n, len - n);
}

static void heuristic(struct change *c, const char *line, size_t len)
{
	static const char *const attrs[] = { " score=\"", " interval=\"", " tko=\"" };
	const char *attr = attrs[sim_dice_below(&c->disk, 3)], *value = sim_dice_chance(&c->disk, 500) ? "1" : "2";

	if (!sim_dice_chance(&c->disk, 300) || !replace(c, line, len, attr, value))
		clu_buf_append(c->ret, line, len);
}

/* `next`: the line behind it. A node keeps its last fence method. */
static void one_line(struct change *c, const char *line, size_t len, const char *next, size_t next_len)
{
	char value[24];

	if (*c->until) {
		if (begins(line, len, c->until))
			c->until[0] = '\0';
		return;
	}
	if (begins(line, len, "<cluster ")) {
		snprintf(value, sizeof(value), "%" PRIu64, c->version);
		if (!replace(c, line, len, " config_version=\"", value))
			clu_buf_append(c->ret, line, len);
	} else if (begins(line, len, "<fence_daemon")) {
		fence_daemon(c, line, len);
	} else if (c->per_mille && begins(line, len, "<quorumd ")) {
		quorumd(c, line, len);
	} else if (c->per_mille && begins(line, len, "<heuristic ")) {
		heuristic(c, line, len);
	} else if (begins(line, len, "<method ") && begins(next, next_len, "<method ") &&
		sim_dice_chance(&c->dice, c->per_mille * 2)) {
		return;
	} else if (begins(line, len, "</clusternodes>")) {
		if (sim_dice_chance(&c->dice, c->per_mille))
			clu_buf_printf(c->ret, "<clusternode name=\"ghost\" nodeid=\"%u\" votes=\"0\"/>\n", SIM_CONF_GHOST);
		clu_buf_append(c->ret, line, len);
	} else {
		c->in_rm = (c->in_rm || begins(line, len, "<rm>")) && !begins(line, len, "</rm>");
		if (begins(line, len, "</rm>"))
			add_services(c);
		if (c->in_rm && len > 1 && line[0] == '<' && line[1] != '/' && !begins(line, len, "<rm>") &&
			sim_dice_chance(&c->dice, c->per_mille)) {
			if (sim_dice_chance(&c->dice, 600) && alter(c, line, len))
				clu_buf_str(c->ret, "\n");
			else
				leave_out(c, line, len);
			return;
		}
		clu_buf_append(c->ret, line, len);
	}
	clu_buf_str(c->ret, "\n");
}

bool sim_conf_change(const char *doc, size_t len, uint64_t version, uint64_t salt, struct clu_buf *ret)
{
	struct change c = { .version = version, .ret = ret };

	sim_dice_seed(&c.dice, salt, SALT_OF_CHANGES);
	sim_dice_seed(&c.disk, salt, SALT_OF_DISK_CHANGES);
	c.per_mille = sim_dice_chance(&c.dice, 300) ? 0 : sim_dice_chance(&c.dice, 750) ? 40 : 150;
	for (size_t at = 0; at < len;) {
		const char *line = doc + at, *nl = memchr(line, '\n', len - at);
		size_t n = nl ? (size_t)(nl - line) : len - at;

		at += n + 1;
		one_line(&c, line, n, doc + (at < len ? at : len), at < len ? len - at : 0);
	}
	/* Two documents are never the same by accident. */
	clu_buf_printf(ret, "<!-- %" PRIu64 " -->\n", salt);
	return c.per_mille != 0;
}
