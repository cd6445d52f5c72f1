/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ccsd_findings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The document's own words stand in a finding: no control character of theirs may make a line of its own or reach a
 * terminal, and a character that was cut in two would be no text for other programs.
 */
static void clean(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p;) {
		unsigned more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1, k = 0;

		while (k < more && (p[k + 1] & 0xc0) == 0x80)
			k++;
		if (k < more || *p < ' ' || *p == 0x7f || (*p >= 0x80 && *p < 0xc2) || *p > 0xf4)
			*p++ = '?';
		else
			p += 1 + more;
	}
}

static struct ccsd_finding *add(struct ccsd_findings *f, enum ccsd_severity severity)
{
	f->n_by[severity]++;
	if (f->n_by[severity] > f->max)
		return NULL;
	if (f->n == f->cap) {
		unsigned cap = f->cap ? 2 * f->cap : 16;
		struct ccsd_finding *p = realloc(f->list, cap * sizeof(*p));

		if (!p) {
			f->error = -ENOMEM;
			return NULL;
		}
		f->list = p;
		f->cap = cap;
	}
	return &f->list[f->n];
}

void ccsd_found(struct ccsd_findings *f, enum ccsd_severity severity, const char *id, const struct clu_node *node,
	const char *attr, const char *fmt, ...)
{
	struct ccsd_finding *p = add(f, severity);
	va_list ap;

	if (!p)
		return;
	*p = (struct ccsd_finding){ .severity = severity, .id = id, .node = node, .attr = attr };
	va_start(ap, fmt);
	if (vasprintf(&p->text, fmt, ap) < 0) {
		f->error = -ENOMEM;
	} else {
		clean(p->text);
		f->n++;
	}
	va_end(ap);
}

bool ccsd_findings_room(const struct ccsd_findings *f, enum ccsd_severity severity)
{
	return f->n_by[severity] < f->max;
}

void ccsd_findings_take(struct ccsd_findings *f, const char *file, const char *lines)
{
	while (*lines) {
		const char *end = strchrnul(lines, '\n'), *text = lines;
		struct ccsd_finding *p = add(f, CCSD_ERROR);
		int line = 1, column = 1, skip = 0;

		if (!strncmp(text, file, strlen(file)))
			text += strlen(file);
		if (sscanf(text, ":%9d:%9d: %n", &line, &column, &skip) == 2 && skip)
			text += skip;
		if (p) {
			*p = (struct ccsd_finding){ .severity = CCSD_ERROR, .id = "unreadable", .line = line, .column = column };
			p->text = strndup(text, end > text ? (size_t)(end - text) : 0);
			if (p->text) {
				clean(p->text);
				f->n++;
			} else {
				f->error = -ENOMEM;
			}
		}
		lines = *end ? end + 1 : end;
	}
}

/* Of one size for qsort, which does not keep the order of equal ones by itself. */
struct key {
	struct ccsd_finding finding;
	unsigned i;
};

static int by_place(const void *a, const void *b)
{
	const struct key *ka = a, *kb = b;

	if (ka->finding.line != kb->finding.line)
		return ka->finding.line < kb->finding.line ? -1 : 1;
	if (ka->finding.column != kb->finding.column)
		return ka->finding.column < kb->finding.column ? -1 : 1;
	return ka->i < kb->i ? -1 : 1;
}

void ccsd_findings_place(struct ccsd_findings *f, const struct clu_conf *conf)
{
	struct clu_place *places = calloc(f->n ? f->n : 1, sizeof(*places));
	struct key *keys = calloc(f->n ? f->n : 1, sizeof(*keys));

	if (!places || !keys) {
		f->error = -ENOMEM;
		goto out;
	}
	for (unsigned i = 0; i < f->n; i++)
		places[i] = (struct clu_place){ .node = f->list[i].node, .attr = f->list[i].attr };
	clu_conf_where(conf, places, f->n);
	for (unsigned i = 0; i < f->n; i++) {
		keys[i] = (struct key){ f->list[i], i };
		keys[i].finding.line = places[i].line;
		keys[i].finding.column = places[i].column;
	}
	qsort(keys, f->n, sizeof(*keys), by_place);
	for (unsigned i = 0; i < f->n; i++)
		f->list[i] = keys[i].finding;
out:
	free(places);
	free(keys);
}

const char *ccsd_severity_name(enum ccsd_severity s)
{
	static const char *const names[] = { "error", "warning", "note" };

	return names[s];
}

void ccsd_findings_text(const struct ccsd_findings *f, const char *file, enum ccsd_severity least, struct clu_buf *ret)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct ccsd_finding *p = &f->list[i];

		if (p->severity <= least)
			clu_buf_printf(ret, "%s:%d:%d: %s%s%s\n", file, p->line, p->column,
				p->severity ? ccsd_severity_name(p->severity) : "", p->severity ? ": " : "", p->text);
	}
	for (unsigned s = CCSD_ERROR; s <= least; s++)
		if (f->n_by[s] > f->max)
			clu_buf_printf(ret, "%s:1:1: %s%u further %ss left out: the first %u are enough to begin with; mend these and "
				"check again\n", file, s ? "note: " : "", f->n_by[s] - f->max, ccsd_severity_name(s), f->max);
}

void ccsd_findings_free(struct ccsd_findings *f)
{
	for (unsigned i = 0; i < f->n; i++)
		free(f->list[i].text);
	free(f->list);
	*f = (struct ccsd_findings){ .max = f->max };
}

#define MAX_NAME 40

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b; case counts as nothing. */
static unsigned distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned d[MAX_NAME + 1][MAX_NAME + 1];

	for (unsigned i = 0; i <= la; i++)
		d[i][0] = i;
	for (unsigned k = 0; k <= lb; k++)
		d[0][k] = k;
	for (unsigned i = 1; i <= la; i++)
		for (unsigned k = 1; k <= lb; k++) {
			bool same = (a[i - 1] | 0x20) == (b[k - 1] | 0x20);
			unsigned best = d[i - 1][k - 1] + !same;

			if (d[i - 1][k] + 1 < best)
				best = d[i - 1][k] + 1;
			if (d[i][k - 1] + 1 < best)
				best = d[i][k - 1] + 1;
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && d[i - 2][k - 2] + 1 < best)
				best = d[i - 2][k - 2] + 1;
			d[i][k] = best;
		}
	return d[la][lb];
}

void ccsd_near(struct ccsd_near *near, const char *name, const char *candidate)
{
	size_t a = strlen(name), b = strlen(candidate);
	unsigned d;

	/* What differs in length by more cannot be nearer: most candidates end here. */
	if (a > MAX_NAME || b > MAX_NAME || (a > b ? a - b : b - a) >= near->distance)
		return;
	d = distance(name, candidate);
	/* A short word is near to everything. */
	if (d < near->distance && d * 2 < b) {
		near->distance = d;
		near->best = candidate;
	}
}
