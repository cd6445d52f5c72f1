/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_over.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER, FLAG };

/* One row per option of join that changes what corosync is told; the letters are join's own. */
static const struct row { char letter; enum kind kind; size_t off; } rows[] = {
	{ 'c', TEXT, offsetof(struct cman_overrides, cluster_name) },
	{ 'm', TEXT, offsetof(struct cman_overrides, multicast) },
	{ 'k', TEXT, offsetof(struct cman_overrides, keyfile) },
	{ 'v', NUMBER, offsetof(struct cman_overrides, votes) },
	{ 'e', NUMBER, offsetof(struct cman_overrides, expected) },
	{ 'N', NUMBER, offsetof(struct cman_overrides, nodeid) },
	{ 'p', NUMBER, offsetof(struct cman_overrides, port) },
	{ '2', FLAG, offsetof(struct cman_overrides, two_node) },
	{ 'P', FLAG, offsetof(struct cman_overrides, no_realtime) },
	{ 'd', FLAG, offsetof(struct cman_overrides, debug) },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static const void *field(const struct cman_overrides *o, const struct row *r)
{
	return (const char *)o + r->off;
}

static bool is_given(const struct cman_overrides *o, const struct row *r)
{
	switch (r->kind) {
	case TEXT:
		return *(const char *const *)field(o, r) != NULL;
	case NUMBER:
		return *(const int64_t *)field(o, r) >= 0;
	case FLAG:
	default:
		return *(const bool *)field(o, r);
	}
}

bool cman_over_any(const struct cman_overrides *o)
{
	for (unsigned i = 0; i < N_ROWS; i++)
		if (is_given(o, &rows[i]))
			return true;
	return false;
}

int cman_over_pack(const struct cman_overrides *o, char ret[CMAN_OVER_TEXT])
{
	size_t at = 0;

	*ret = '\0';
	for (unsigned i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];
		const char *blank = at ? " " : "";
		const char *text;

		if (!is_given(o, r))
			continue;
		if (r->kind == TEXT) {
			text = *(const char *const *)field(o, r);
			if (!cman_is_plain(text) || strchr(text, ' ') || *text == '-')
				return -EINVAL;
			at += (size_t)snprintf(ret + at, CMAN_OVER_TEXT - at, "%s-%c %s", blank, r->letter, text);
		} else if (r->kind == NUMBER) {
			at += (size_t)snprintf(ret + at, CMAN_OVER_TEXT - at, "%s-%c %lld", blank, r->letter,
					       (long long)*(const int64_t *)field(o, r));
		} else {
			at += (size_t)snprintf(ret + at, CMAN_OVER_TEXT - at, "%s-%c", blank, r->letter);
		}
		if (at >= CMAN_OVER_TEXT)
			return -EINVAL;
	}
	return 0;
}

static const struct row *find_row(const char *word)
{
	for (unsigned i = 0; i < N_ROWS; i++)
		if (word[0] == '-' && word[1] == rows[i].letter && !word[2])
			return &rows[i];
	return NULL;
}

int cman_over_unpack(char *text, struct cman_overrides *ret)
{
	struct cman_overrides o = CMAN_NO_OVERRIDES;
	char *save = NULL, *end;

	*ret = o;
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		const struct row *r = find_row(w);
		void *to = r ? (char *)&o + r->off : NULL;
		char *value = r && r->kind != FLAG ? strtok_r(NULL, " ", &save) : w;

		if (!r || !value)
			return -EINVAL;
		if (r->kind == TEXT)
			*(const char **)to = value;
		else if (r->kind == FLAG)
			*(bool *)to = true;
		else if ((*(int64_t *)to = strtoll(value, &end, 10)) < 0 || *end || end == value)
			return -EINVAL;
	}
	*ret = o;
	return 0;
}
