/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ccsd_validate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/tree.h>

void ccsd_found(struct ccsd_findings *f, int line, const char *fmt, ...)
{
	struct ccsd_finding *p;
	char *text;
	va_list ap;
	int r;

	if (f->n >= CCSD_MAX_FINDINGS)
		return;
	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	p = r < 0 ? NULL : realloc(f->list, (f->n + 1) * sizeof(*p));
	if (!p) {
		if (r >= 0)
			free(text);
		f->error = -ENOMEM;
		return;
	}
	f->list = p;
	p[f->n++] = (struct ccsd_finding){ line, text };
}

#define MAX_NAME 40

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b; case counts as nothing. */
static unsigned distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned d[MAX_NAME + 1][MAX_NAME + 1];

	if (la > MAX_NAME || lb > MAX_NAME)
		return MAX_NAME;
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
	unsigned d = distance(name, candidate);

	/* A short word is near to everything. */
	if (d < near->distance && d * 2 < strlen(candidate)) {
		near->distance = d;
		near->best = candidate;
	}
}

struct walk {
	const struct ccsd_schema *schema;
	struct ccsd_findings *f;
	bool site;		/* the document has resources that the schema does not know */
};

static void unknown_attr(struct walk *w, const struct clu_node *n, const struct ccsd_elem *e, const char *name)
{
	struct ccsd_near near = CCSD_NEAR_INIT;
	const struct ccsd_attr *a;

	for (unsigned i = 0; (a = ccsd_elem_attr_at(e, i)); i++)
		if (!clu_node_attr(n, a->name))
			ccsd_near(&near, name, a->name);
	if (ccsd_elem_loose(e) && near.distance > 1)
		return;
	if (near.best)
		ccsd_found(w->f, clu_node_line(n), "unknown attribute %s in <%s>: no program reads it; did you mean %s?",
			name, clu_node_name(n), near.best);
	else
		ccsd_found(w->f, clu_node_line(n), "unknown attribute %s in <%s>: no program reads it; remove it or see "
			"cluster.conf(5)", name, clu_node_name(n));
}

static void check_child(struct walk *w, const struct clu_node *n, const struct ccsd_elem *parent);

static void unknown_child(struct walk *w, const struct clu_node *n, const struct ccsd_elem *parent)
{
	struct ccsd_near near = CCSD_NEAR_INIT;
	const char *why = "no program reads it";
	const struct ccsd_elem *c;
	bool required, many;

	if (ccsd_elem_agents(parent)) {
		if (ccsd_schema_installed(w->schema, clu_node_name(n))) {
			/* Its attributes are its agent's; what stands in it is what may stand beside it. */
			w->site = true;
			for (const struct clu_node *k = clu_node_child(n, NULL); k; k = clu_node_next(k, NULL))
				check_child(w, k, parent);
			return;
		}
		why = "no resource agent of this name is installed here";
	}

	for (unsigned i = 0; (c = ccsd_elem_child_at(parent, i, &required, &many)); i++)
		ccsd_near(&near, clu_node_name(n), ccsd_elem_name(c));
	if (near.best)
		ccsd_found(w->f, clu_node_line(n), "unknown element <%s> in <%s>: %s; did you mean <%s>?",
			clu_node_name(n), ccsd_elem_name(parent), why, near.best);
	else
		ccsd_found(w->f, clu_node_line(n), "unknown element <%s> in <%s>: %s; remove it, move it where it belongs, "
			"or see cluster.conf(5)", clu_node_name(n), ccsd_elem_name(parent), why);
}

static void check_attrs(struct walk *w, const struct clu_node *n, const struct ccsd_elem *e)
{
	const struct ccsd_attr *a;
	const char *name, *value;

	for (unsigned i = 0; clu_node_attr_at(n, i, &name, &value); i++) {
		struct clu_buf must = CLU_BUF_INIT;

		a = ccsd_elem_attr(e, name);
		if (!a)
			unknown_attr(w, n, e, name);
		else if (!ccsd_schema_value(w->schema, a, value, &must))
			ccsd_found(w->f, clu_node_line(n), "attribute %s=\"%.80s\" in <%s>: not a valid value; it must be %s", name,
				value, clu_node_name(n), clu_buf_text(&must));
		clu_buf_free(&must);
	}
	for (unsigned i = 0; (a = ccsd_elem_attr_at(e, i)); i++)
		if (a->required && !clu_node_attr(n, a->name))
			ccsd_found(w->f, clu_node_line(n), "attribute %s is missing in <%s>: it is required; add %s=\"...\"", a->name,
				clu_node_name(n), a->name);
}

static void check_text(struct walk *w, const struct clu_node *n, const struct ccsd_elem *e)
{
	const xmlNode *x = clu_node_xml(n);

	for (const xmlNode *t = x->children; t && !ccsd_elem_text(e); t = t->next) {
		const char *s = t->type == XML_TEXT_NODE || t->type == XML_CDATA_SECTION_NODE ? (const char *)t->content : "";

		s += strspn(s, " \t\r\n");
		if (*s) {
			ccsd_found(w->f, clu_node_line(n), "text \"%.*s\" in <%s>: only elements may stand there; put it into an "
				"attribute or a comment", (int)(strcspn(s, "\r\n") < 20 ? strcspn(s, "\r\n") : 20), s, clu_node_name(n));
			return;
		}
	}
}

static void check_elem(struct walk *w, const struct clu_node *n, const struct ccsd_elem *e);

static void check_child(struct walk *w, const struct clu_node *n, const struct ccsd_elem *parent)
{
	const struct ccsd_elem *c = ccsd_elem_child(parent, clu_node_name(n));

	if (c)
		check_elem(w, n, c);
	else
		unknown_child(w, n, parent);
}

static void check_elem(struct walk *w, const struct clu_node *n, const struct ccsd_elem *e)
{
	const struct ccsd_elem *c;
	bool required, many;

	if (ccsd_elem_any(e))
		return;
	check_attrs(w, n, e);
	check_text(w, n, e);
	for (const struct clu_node *k = clu_node_child(n, NULL); k; k = clu_node_next(k, NULL))
		check_child(w, k, e);
	for (unsigned i = 0; (c = ccsd_elem_child_at(e, i, &required, &many)); i++) {
		const struct clu_node *first = clu_node_child(n, ccsd_elem_name(c));
		const struct clu_node *second = clu_node_next(first, ccsd_elem_name(c));

		if (required && !first)
			ccsd_found(w->f, clu_node_line(n), "element <%s> is missing in <%s>: it is required; add it",
				ccsd_elem_name(c), clu_node_name(n));
		if (second && !many)
			ccsd_found(w->f, clu_node_line(second), "second <%s> in <%s>: only one is read, the first is in line %d; "
				"put both into one", ccsd_elem_name(c), clu_node_name(n), clu_node_line(first));
	}
}

/* Should walk and judge disagree, the judge's words are better than none. */
static void ask_judge(const struct ccsd_schema *s, const struct clu_conf *conf, struct ccsd_findings *f)
{
	const xmlNode *root = clu_node_xml(clu_conf_root(conf));
	struct clu_buf errs = CLU_BUF_INIT;
	int r = ccsd_schema_judge(s, root->doc, &errs);

	if (r < 0)
		f->error = r;
	if (r > 0 && !f->n) {
		char *rest = errs.data, *line;

		while ((line = strsep(&rest, "\n"))) {
			int at = atoi(line);

			line += strspn(line, "0123456789: ");
			if (*line)
				ccsd_found(f, at, "not as the schema wants it: %s; see cluster.conf(5)", line);
		}
		if (!f->n)
			ccsd_found(f, 1, "not as the schema wants it: no reason known; see cluster.conf(5)");
	}
	clu_buf_free(&errs);
}

int ccsd_validate(const struct ccsd_schema *s, const void *data, size_t len, const char *file,
	struct clu_conf **ret, struct clu_buf *findings)
{
	struct ccsd_findings f = { .file = file };
	struct walk w = { .schema = s, .f = &f };
	struct clu_conf *conf = NULL;
	const struct clu_node *root;
	const struct ccsd_elem *e;
	int r = clu_conf_parse(data, len, file, &conf, findings);

	if (r < 0)
		return r;
	root = clu_conf_root(conf);
	e = ccsd_schema_root(s, clu_node_name(root));
	if (e) {
		check_elem(&w, root, e);
		/* The judge knows nothing of this site's own resources. */
		if (!w.site)
			ask_judge(s, conf, &f);
		ccsd_check_refs(s, conf, &f);
	} else {
		ccsd_found(&f, clu_node_line(root), "the outermost element is <%s>: a cluster.conf starts with <%s>; is it the "
			"right file?", clu_node_name(root), ccsd_schema_root_name(s));
	}
	/* Stable: findings of one line stay as found. */
	for (unsigned i = 1; i < f.n; i++)
		for (unsigned k = i; k > 0 && f.list[k - 1].line > f.list[k].line; k--) {
			struct ccsd_finding t = f.list[k];

			f.list[k] = f.list[k - 1];
			f.list[k - 1] = t;
		}
	for (unsigned i = 0; i < f.n; i++) {
		clu_buf_printf(findings, "%s:%d: %s\n", file, f.list[i].line, f.list[i].text);
		free(f.list[i].text);
	}
	if (f.n >= CCSD_MAX_FINDINGS)
		clu_buf_printf(findings, "%s:1: further findings left out: the first %d are enough to begin with; mend these "
			"and check again\n", file, CCSD_MAX_FINDINGS);
	free(f.list);
	if (f.error || findings->error || !ret)
		clu_conf_unref(conf);
	else
		*ret = conf;
	if (f.error || findings->error)
		return f.error ? f.error : findings->error;
	return f.n ? -EINVAL : 0;
}
