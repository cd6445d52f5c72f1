/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clu_opt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void *field(const struct clu_opt *row, void *target)
{
	return (char *)target + row->off;
}

static bool has_bounds(const struct clu_opt *row)
{
	return row->min || row->max;
}

static int out_of_bounds(const struct clu_opt *row, const char *unit, char *why, size_t size)
{
	snprintf(why, size, "must be from %" PRId64 " to %" PRId64 "%s", row->min, row->max, unit);
	return -ERANGE;
}

/* Decimal digits with an optional sign, the whole text. 0, -EINVAL, -ERANGE. */
static int parse_int(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t v = 0, limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;

	if (*s == '-' || *s == '+')
		s++;
	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned digit = (unsigned)(*s - '0');

		if (digit > 9)
			return -EINVAL;
		if (v > (limit - digit) / 10)
			return -ERANGE;
		v = v * 10 + digit;
	}
	*ret = negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

static int parse_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "1", "yes", "true", "on" };
	static const char *const no[] = { "0", "no", "false", "off" };

	for (unsigned i = 0; i < 4; i++) {
		if (!strcasecmp(s, yes[i]) || !strcasecmp(s, no[i])) {
			*ret = !strcasecmp(s, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

/* "90", "1.5", "500ms", "2m" to milliseconds. */
static int parse_ms(const char *s, uint64_t *ret)
{
	static const struct { const char *name; uint64_t ms; } units[] = {
		{ "", 1000 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { "ms", 1 },
	};
	uint64_t v = 0, fraction = 0, scale = 1;
	bool digits = false;

	for (; *s >= '0' && *s <= '9'; s++, digits = true) {
		if (v > UINT32_MAX)
			return -ERANGE;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, digits = true) {
			if (scale < 1000000) {
				fraction = fraction * 10 + (uint64_t)(*s - '0');
				scale *= 10;
			}
		}
	}
	if (!digits)
		return -EINVAL;
	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcasecmp(s, units[i].name)) {
			*ret = v * units[i].ms + fraction * units[i].ms / scale;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_seconds(const struct clu_opt *row, const char *text, void *target, char *why, size_t size)
{
	uint64_t ms;
	int r;

	if (row->min == -1 && !strcmp(text, "-1")) {
		*(uint64_t *)field(row, target) = UINT64_MAX;
		return 0;
	}
	r = parse_ms(text, &ms);
	if (r == -ERANGE || (!r && has_bounds(row) && ((row->min > 0 && ms < (uint64_t)row->min) ||
						       ms > (uint64_t)row->max)))
		return out_of_bounds(row, " ms", why, size);
	if (r < 0) {
		snprintf(why, size, "not a time: seconds, or a number with ms, s, m, h or d behind");
		return r;
	}
	*(uint64_t *)field(row, target) = ms;
	return 0;
}

static int parse_number(const struct clu_opt *row, const char *text, void *target, char *why, size_t size)
{
	int64_t v = 0;
	int r = parse_int(text, &v);

	if (r == -EINVAL) {
		snprintf(why, size, "not a whole number");
		return r;
	}
	if (has_bounds(row) && (r == -ERANGE || v < row->min || v > row->max))
		return out_of_bounds(row, "", why, size);
	if (r == -ERANGE || (row->type == CLU_OPT_UINT && (v < 0 || v > UINT32_MAX))) {
		snprintf(why, size, "too large or too small a number");
		return -ERANGE;
	}
	if (row->type == CLU_OPT_UINT)
		*(uint32_t *)field(row, target) = (uint32_t)v;
	else
		*(int64_t *)field(row, target) = v;
	return 0;
}

static int parse_choice(const struct clu_opt *row, const char *text, void *target, char *why, size_t size)
{
	size_t at;

	for (int i = 0; row->choices[i]; i++) {
		if (!strcmp(row->choices[i], text)) {
			*(int *)field(row, target) = i;
			return 0;
		}
	}
	at = (size_t)snprintf(why, size, "must be one of");
	for (unsigned i = 0; row->choices[i] && at < size; i++)
		at += (size_t)snprintf(why + at, size - at, "%s %s", i ? "," : "", row->choices[i]);
	return -EINVAL;
}

static int parse_string(const struct clu_opt *row, const char *text, void *target, char *why, size_t size)
{
	size_t len = strlen(text);

	if (has_bounds(row) && ((int64_t)len < row->min || (int64_t)len > row->max)) {
		snprintf(why, size, "must have from %" PRId64 " to %" PRId64 " characters", row->min, row->max);
		return -ERANGE;
	}
	*(const char **)field(row, target) = text;
	return 0;
}

int clu_opt_parse(const struct clu_opt *row, const char *text, void *target, char *why, size_t size)
{
	switch (row->type) {
	case CLU_OPT_INT:
	case CLU_OPT_UINT:
		return parse_number(row, text, target, why, size);
	case CLU_OPT_BOOL:
		if (!parse_bool(text, field(row, target)))
			return 0;
		snprintf(why, size, "must be 1 or 0 (or yes/no, true/false, on/off)");
		return -EINVAL;
	case CLU_OPT_SECONDS_MS:
		return parse_seconds(row, text, target, why, size);
	case CLU_OPT_STRING:
		return parse_string(row, text, target, why, size);
	case CLU_OPT_ENUM:
		return parse_choice(row, text, target, why, size);
	}
	snprintf(why, size, "has a type that is not known");
	return -EINVAL;
}

static size_t field_size(enum clu_opt_type type)
{
	switch (type) {
	case CLU_OPT_INT:
		return sizeof(int64_t);
	case CLU_OPT_UINT:
		return sizeof(uint32_t);
	case CLU_OPT_BOOL:
		return sizeof(bool);
	case CLU_OPT_SECONDS_MS:
		return sizeof(uint64_t);
	case CLU_OPT_STRING:
		return sizeof(const char *);
	case CLU_OPT_ENUM:
		return sizeof(int);
	}
	return 0;
}

/* A default of "" for a string means "", so bounds are not applied to defaults that break them: zero bytes stand. */
static void set_default(const struct clu_opt *row, void *target)
{
	char why[128];

	memset(field(row, target), 0, field_size(row->type));
	if (!row->def)
		return;
	if (row->type == CLU_OPT_STRING)
		*(const char **)field(row, target) = row->def;
	else
		(void)clu_opt_parse(row, row->def, target, why, sizeof(why));
}

int clu_opt_read(const struct clu_node *n, const struct clu_opt *table, unsigned n_rows, void *target,
		 struct clu_buf *errs)
{
	int faults = 0;

	for (unsigned i = 0; i < n_rows; i++) {
		const struct clu_opt *row = &table[i];
		const char *text = n ? clu_node_attr(n, row->name) : NULL;
		char why[160];

		set_default(row, target);
		if (!text && row->def)
			continue;
		if (text && !clu_opt_parse(row, text, target, why, sizeof(why)))
			continue;
		faults++;
		if (!n)
			clu_buf_printf(errs, "attribute \"%s\" is missing: it is required (%s); add it\n", row->name,
				       row->help);
		else if (!text)
			clu_buf_printf(errs, "%s:%d: %s/@%s: missing: it is required (%s); add it\n",
				       clu_node_file(n), clu_node_line(n), clu_node_name(n), row->name, row->help);
		else
			clu_buf_printf(errs, "%s:%d: %s/@%s: \"%.80s\": %s; correct it%s%s%s\n", clu_node_file(n),
				       clu_node_line(n), clu_node_name(n), row->name, text, why,
				       row->def && *row->def ? " (default " : "",
				       row->def && *row->def ? row->def : "", row->def && *row->def ? ")" : "");
	}
	return faults;
}
