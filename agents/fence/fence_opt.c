/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fence_opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fence_opt_row.h"

#define COMMON(field) offsetof(struct fence_common, field)

static const struct fence_opt common_opts[] = {
	{ .name = "action",
		.also = "option operation",
		.letter = 'o',
		.type = FENCE_WHAT,
		.def = "reboot",
		.off = COMMON(action),
		.help = "What to do: on, off, reboot, status, monitor, list, metadata, validate-all" },
	{ .name = "password",
		.also = "passwd",
		.letter = 'p',
		.type = FENCE_SECRET,
		.off = COMMON(password),
		.help = "Password; on stdin only, since command lines are visible to all users" },
	{ .name = "password_file",
		.also = "passwd_file",
		.type = FENCE_TEXT,
		.off = COMMON(password_file),
		.help = "File whose first line is the password" },
	{ .name = "password_script",
		.also = "passwd_script",
		.letter = 'S',
		.type = FENCE_TEXT,
		.off = COMMON(password_script),
		.help = "Program whose first line of output is the password" },
	{ .name = "delay",
		.type = FENCE_SECONDS,
		.max = 3600,
		.def = "0",
		.off = COMMON(delay_ms),
		.help = "Wait before off and reboot, in seconds: on one of two nodes it decides who wins" },
	{ .name = "power_timeout",
		.also = "timeout",
		.letter = 't',
		.type = FENCE_SECONDS,
		.min = 1,
		.max = 3600,
		.def = "20",
		.off = COMMON(power_timeout_ms),
		.help = "Seconds until the new power state must be seen" },
	{ .name = "power_wait",
		.type = FENCE_SECONDS,
		.max = 3600,
		.def = "0",
		.off = COMMON(power_wait_ms),
		.help = "Seconds to wait after each power command before the state is read" },
	{ .name = "login_timeout",
		.type = FENCE_SECONDS,
		.min = 1,
		.max = 3600,
		.def = "5",
		.off = COMMON(login_timeout_ms),
		.help = "Seconds until the device must have let us in" },
	{ .name = "shell_timeout",
		.type = FENCE_SECONDS,
		.min = 1,
		.max = 3600,
		.def = "3",
		.off = COMMON(shell_timeout_ms),
		.help = "Seconds until a command must be answered" },
	{ .name = "retry_on",
		.type = FENCE_NUMBER,
		.max = 100,
		.def = "1",
		.off = COMMON(retry_on),
		.help = "Further attempts to power on" },
	{ .name = "verbose",
		.letter = 'v',
		.type = FENCE_FLAG,
		.off = COMMON(verbose),
		.help = "Say each step on stderr" },
	{ .name = "debug_file",
		.also = "debug",
		.letter = 'D',
		.type = FENCE_TEXT,
		.off = COMMON(debug_file),
		.help = "File to write each step to" },
	{ .name = "version",
		.letter = 'V',
		.type = FENCE_FLAG,
		.off = COMMON(version),
		.help = "Print the version" },
	{ .name = "help", .letter = 'h', .type = FENCE_FLAG, .off = COMMON(help), .help = "Print this help" },
};
#define N_COMMON (sizeof(common_opts) / sizeof(common_opts[0]))

static const struct {
	const char *name;
	const char *also;
} action_names[FENCE_NACTIONS] = {
	[FENCE_ON] = { "on", "enable" },
	[FENCE_OFF] = { "off", "disable" },
	[FENCE_REBOOT] = { "reboot", NULL },
	[FENCE_STATUS] = { "status", NULL },
	[FENCE_MONITOR] = { "monitor", NULL },
	[FENCE_LIST] = { "list", NULL },
	[FENCE_METADATA] = { "metadata", "meta-data" },
	[FENCE_VALIDATE] = { "validate-all", NULL },
};

const char *fence_action_name(enum fence_action action)
{
	return action_names[action].name;
}

const struct fence_opt *fence_opt_row(const struct fence_agent *a, unsigned i)
{
	if (i < a->n_opts)
		return &a->opts[i];
	return i - a->n_opts < N_COMMON ? &common_opts[i - a->n_opts] : NULL;
}

static bool same_name(const char *a, size_t len, const char *b)
{
	for (size_t i = 0; i < len; i++)
		if ((a[i] == '-' ? '_' : a[i]) != b[i] || b[i] == '\0')
			return false;
	return b[len] == '\0' || b[len] == ' ';
}

static bool row_has_name(const struct fence_opt *row, const char *name, size_t len)
{
	if (same_name(name, len, row->name))
		return true;
	for (const char *s = row->also; s; s = strchr(s, ' '), s = s ? s + 1 : NULL)
		if (same_name(name, len, s))
			return true;
	return false;
}

static const struct fence_opt *row_by_name(const struct fence_agent *a, const char *name, size_t len)
{
	const struct fence_opt *row;

	for (unsigned i = 0; (row = fence_opt_row(a, i)); i++)
		if (row_has_name(row, name, len))
			return row;
	return NULL;
}

static int bad(const struct fence_opt *row, const char *value, struct clu_buf *why, const char *reason)
{
	clu_buf_printf(why, "parameter %s=\"%.80s\": %s", row->name,
		row->type == FENCE_SECRET ? "***" : value, reason);
	return -EINVAL;
}

static int set_flag(const struct fence_opt *row, bool *field, const char *value, struct clu_buf *why)
{
	static const char *const yes[] = { "1", "yes", "on", "true" }, *const no[] = { "0", "no", "off",
		"false" };

	for (unsigned i = 0; i < 4; i++) {
		if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
			*field = strcasecmp(value, yes[i]) == 0;
			return 0;
		}
	}
	return bad(row, value, why, "is neither 1 nor 0; write one of them");
}

static int set_number(const struct fence_opt *row, uint32_t *field, const char *value, struct clu_buf *why)
{
	char *end, reason[80];
	unsigned long v;

	errno = 0;
	v = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || errno || *end || v < row->min || v > row->max) {
		snprintf(reason, sizeof(reason), "is not a number from %u to %u; correct it", row->min,
			row->max);
		return bad(row, value, why, reason);
	}
	*field = (uint32_t)v;
	return 0;
}

static int set_seconds(const struct fence_opt *row, uint32_t *field, const char *value, struct clu_buf *why)
{
	char *end, reason[80];
	double v;

	errno = 0;
	v = strtod(value, &end);
	/* The first character rules out signs, "inf", "nan" and blanks; "0x" is ruled out by strspn. */
	if (*value < '0' || *value > '9' || strspn(value, "0123456789.") != strlen(value) || errno || *end ||
		v < row->min || v > row->max) {
		snprintf(reason, sizeof(reason), "is not a number of seconds from %u to %u; correct it",
			row->min, row->max);
		return bad(row, value, why, reason);
	}
	*field = (uint32_t)(v * 1000 + 0.5);
	return 0;
}

static int set_choice(const struct fence_opt *row, int *field, const char *value, struct clu_buf *why)
{
	char reason[200];
	size_t n = 0;

	for (int i = 0; row->choices[i]; i++) {
		if (strcasecmp(value, row->choices[i]) == 0) {
			*field = i;
			return 0;
		}
	}
	reason[0] = '\0';
	for (int i = 0; row->choices[i] && n < sizeof(reason); i++)
		n += (size_t)snprintf(reason + n, sizeof(reason) - n, "%s%s", i ? ", " : "is none of: ",
			row->choices[i]);
	return bad(row, value, why, reason);
}

static int set_action(
	const struct fence_opt *row, enum fence_action *field, const char *value, struct clu_buf *why)
{
	for (unsigned i = 0; i < FENCE_NACTIONS; i++) {
		if (strcasecmp(value, action_names[i].name) == 0 ||
			(action_names[i].also && strcasecmp(value, action_names[i].also) == 0)) {
			*field = (enum fence_action)i;
			return 0;
		}
	}
	clu_buf_printf(why,
		"Failed: Unrecognised action '%.40s': this agent does not know it; use on, off, reboot, "
		"status, monitor, list, metadata or validate-all",
		value);
	return -EINVAL;
}

static int set_text(char **field, const char *value, bool secret)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	if (*field && secret)
		explicit_bzero(*field, strlen(*field));
	free(*field);
	*field = copy;
	return 0;
}

static int set_row(const struct fence_opt *row, void *config, const char *value, struct clu_buf *why)
{
	void *field = (char *)config + row->off;

	switch (row->type) {
	case FENCE_TEXT:
	case FENCE_SECRET:
		return set_text(field, value, row->type == FENCE_SECRET);
	case FENCE_FLAG:
		return set_flag(row, field, value, why);
	case FENCE_NUMBER:
		return set_number(row, field, value, why);
	case FENCE_SECONDS:
		return set_seconds(row, field, value, why);
	case FENCE_CHOICE:
		return set_choice(row, field, value, why);
	case FENCE_WHAT:
		return set_action(row, field, value, why);
	}
	return -EINVAL;
}

int fence_opt_defaults(const struct fence_agent *a, void *config)
{
	const struct fence_opt *row;
	int r = 0;

	for (unsigned i = 0; r == 0 && (row = fence_opt_row(a, i)); i++)
		if (row->def)
			r = set_row(row, config, row->def, NULL);
	return r;
}

void fence_opt_free(const struct fence_agent *a, void *config)
{
	const struct fence_opt *row;

	for (unsigned i = 0; (row = fence_opt_row(a, i)); i++) {
		char **field = (char **)((char *)config + row->off);

		if (row->type != FENCE_TEXT && row->type != FENCE_SECRET)
			continue;
		if (*field && row->type == FENCE_SECRET)
			explicit_bzero(*field, strlen(*field));
		free(*field);
		*field = NULL;
	}
}

/* Sent along by fenced and its forerunners; nothing for an agent to read. */
static bool is_from_fenced(const char *name, size_t len)
{
	static const char *const names[] = { "agent", "nodename", "self", "name" };

	for (unsigned i = 0; i < 4; i++)
		if (same_name(name, len, names[i]))
			return true;
	return false;
}

static int take_line(const struct fence_agent *a, void *config, char *line, struct clu_buf *warnings,
	struct clu_buf *why)
{
	char *equals, *value, *end;
	const struct fence_opt *row;
	size_t len;

	line += strspn(line, " \t");
	len = strcspn(line, "\r");
	line[len] = '\0';
	if (len == 0 || *line == '#')
		return 0;
	equals = strchr(line, '=');
	if (!equals) {
		/* The line is not repeated: it may be a mistyped password. */
		clu_buf_str(warnings, "warning: a line without \"=\" is ignored; write name=value\n");
		return 0;
	}
	value = equals + 1;
	len = (size_t)(equals - line);
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	end = value + strlen(value);
	if (end - value >= 2 && *value == '"' && end[-1] == '"') {
		end[-1] = '\0';
		value++;
	}
	row = row_by_name(a, line, len);
	if (row)
		return set_row(row, config, value, why);
	if (!is_from_fenced(line, len))
		clu_buf_printf(warnings, "warning: parameter \"%.*s\" is unknown to this agent and ignored\n",
			(int)(len < 60 ? len : 60), line);
	return 0;
}

int fence_opt_stdin(const struct fence_agent *a, void *config, const char *text, size_t len,
	struct clu_buf *warnings, struct clu_buf *why)
{
	char line[FENCE_LINE_MAX + 1];
	int r = 0;

	if (memchr(text, '\0', len)) {
		clu_buf_str(why, "stdin: holds a zero byte: it is no text; write lines of name=value");
		return -EINVAL;
	}
	while (len > 0 && r == 0) {
		const char *newline = memchr(text, '\n', len);
		size_t n = newline ? (size_t)(newline - text) : len;

		if (n > FENCE_LINE_MAX) {
			clu_buf_printf(
				why, "stdin: a line is longer than %u bytes; shorten it", FENCE_LINE_MAX);
			return -EINVAL;
		}
		memcpy(line, text, n);
		line[n] = '\0';
		r = take_line(a, config, line, warnings, why);
		n += newline ? 1 : 0;
		text += n;
		len -= n;
	}
	explicit_bzero(line, sizeof(line));
	return r;
}

/* The long options: each row's name and its older names, all with - for _. */
#define MAX_LONGS 128
#define MAX_NAME 40

struct longs {
	struct option opt[MAX_LONGS + 1];
	char name[MAX_LONGS][MAX_NAME];
	const struct fence_opt *row[MAX_LONGS];
	unsigned n;
};

static void add_long(struct longs *l, const struct fence_opt *row, const char *name)
{
	size_t len = strcspn(name, " ");

	if (l->n == MAX_LONGS || len >= MAX_NAME)
		return;
	for (size_t i = 0; i < len; i++)
		l->name[l->n][i] = name[i] == '_' ? '-' : name[i];
	l->row[l->n] = row;
	l->opt[l->n].name = l->name[l->n];
	l->opt[l->n].has_arg = row->type == FENCE_FLAG ? no_argument : required_argument;
	l->n++;
}

static void collect_options(const struct fence_agent *a, struct longs *l, char *letters, size_t size)
{
	const struct fence_opt *row;
	size_t n = 0;

	letters[n++] = ':';	/* no message of getopt's own */
	for (unsigned i = 0; (row = fence_opt_row(a, i)); i++) {
		add_long(l, row, row->name);
		for (const char *s = row->also; s; s = strchr(s, ' '), s = s ? s + 1 : NULL)
			add_long(l, row, s);
		if (row->letter && n + 3 < size) {
			letters[n++] = row->letter;
			if (row->type != FENCE_FLAG)
				letters[n++] = ':';
		}
	}
	letters[n] = '\0';
}

static int take_option(const struct fence_opt *row, void *config, const char *value, struct clu_buf *why)
{
	if (row->type == FENCE_FLAG) {
		*(bool *)((char *)config + row->off) = true;
		return 0;
	}
	if (row->type == FENCE_SECRET) {
		clu_buf_printf(why,
			"option --%s: is refused: every user can read the command lines of all processes; "
			"give it as \"%s=...\" on stdin%s",
			row->name, row->name,
			strcmp(row->name, "password") == 0
				? ", in a file (--password-file) or by a program (--password-script)"
				: "");
		return -EINVAL;
	}
	return set_row(row, config, value, why);
}

static const struct fence_opt *row_by_letter(const struct fence_agent *a, int letter)
{
	const struct fence_opt *row;

	for (unsigned i = 0; (row = fence_opt_row(a, i)); i++)
		if (row->letter == letter)
			return row;
	return NULL;
}

int fence_opt_argv(const struct fence_agent *a, void *config, int argc, char **argv, struct clu_buf *why)
{
	struct longs longs = { .n = 0 };
	char letters[2 * MAX_LONGS];
	int index, c, r = 0;

	collect_options(a, &longs, letters, sizeof(letters));
	optind = 0;
	while (r == 0 && (index = -1, c = getopt_long(argc, argv, letters, longs.opt, &index)) != -1) {
		if (c == ':' || c == '?') {
			clu_buf_printf(why, "option \"%.40s\": %s; --help shows all options",
				argv[optind - 1], c == ':' ? "needs a value" : "is unknown");
			return -EINVAL;
		}
		r = take_option(index >= 0 ? longs.row[index] : row_by_letter(a, c), config, optarg, why);
	}
	if (r == 0 && optind < argc) {
		clu_buf_printf(
			why, "argument \"%.40s\": is no option; --help shows all options", argv[optind]);
		r = -EINVAL;
	}
	return r;
}

int fence_opt_check(const struct fence_agent *a, const void *config, struct clu_buf *why)
{
	const struct fence_opt *row;

	for (unsigned i = 0; (row = fence_opt_row(a, i)); i++) {
		const char *value;

		if (!row->required)
			continue;
		value = *(char *const *)((const char *)config + row->off);
		if (!value || !*value) {
			clu_buf_printf(why,
				"Failed: You have to enter %s: parameter \"%s\" is missing; add it in "
				"cluster.conf, or as --%s",
				row->help, row->name, row->name);
			return -EINVAL;
		}
	}
	return 0;
}
