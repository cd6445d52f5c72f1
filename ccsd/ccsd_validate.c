/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ccsd_validate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/tree.h>

#include "ccsd_refs.h"

struct walk {
	const struct ccsd_schema *schema;
	struct ccsd_findings *f;
	enum ccsd_severity unknown;	/* of what no program reads */
};

/*
 * The only kind of element that takes this attribute (or child); NULL: none, or several. Resources do not count, nor
 * their defaults.
 */
static const struct ccsd_elem *only_place(const struct ccsd_schema *s, const char *attr, const char *child)
{
	const struct ccsd_elem *e, *found = NULL;

	for (unsigned i = 0; (e = ccsd_schema_elem_at(s, i)); i++) {
		if (ccsd_elem_primary(e) || ccsd_elem_loose(e) || !strcmp(ccsd_elem_name(e), "resource-defaults") || (attr && !ccsd_elem_attr(e, attr)) ||
		    (child && !ccsd_elem_child(e, child)))
			continue;
		if (found)
			return NULL;
		found = e;
	}
	return found;
}

static void unknown_attr(struct walk *w, const struct clu_node *n, const struct ccsd_elem *e, const char *name)
{
	struct ccsd_near near = CCSD_NEAR_INIT;
	const struct ccsd_elem *place;
	const struct ccsd_attr *a;

	if (!ccsd_findings_room(w->f, w->unknown)) {
		ccsd_found(w->f, w->unknown, "unknown-attribute", n, name, "unknown attribute %.80s", name);
		return;
	}
	place = only_place(w->schema, name, NULL);
	for (unsigned i = 0; (a = ccsd_elem_attr_at(e, i)); i++)
		if (!clu_node_attr(n, a->name))
			ccsd_near(&near, name, a->name);
	if (place)
		ccsd_found(w->f, w->unknown, "unknown-attribute", n, name, "unknown attribute %.80s in <%s>: no program reads it "
			"here; move it into <%s>, or remove it", name, clu_node_name(n), ccsd_elem_name(place));
	else if (near.best)
		ccsd_found(w->f, w->unknown, "unknown-attribute", n, name, "unknown attribute %.80s in <%s>: no program reads it; "
			"did you mean %s?", name, clu_node_name(n), near.best);
	else
		ccsd_found(w->f, w->unknown, "unknown-attribute", n, name, "unknown attribute %.80s in <%s>: no program reads it; "
			"remove it or see cluster.conf(5)", name, clu_node_name(n));
}

static void check_child(struct walk *w, const struct clu_node *n, const struct ccsd_elem *parent);

static void unknown_child(struct walk *w, const struct clu_node *n, const struct ccsd_elem *parent)
{
	const char *name = clu_node_name(n), *why = "no program reads it";
	struct ccsd_near near = CCSD_NEAR_INIT;
	const struct ccsd_elem *c, *place;
	bool required, many;

	if (ccsd_elem_agents(parent)) {
		if (ccsd_schema_installed(w->schema, "resource", name, NULL)) {
			/* Its attributes are its agent's; what stands in it is what may stand beside it. */
			for (const struct clu_node *k = clu_node_child(n, NULL); k; k = clu_node_next(k, NULL))
				check_child(w, k, parent);
			return;
		}
		why = "no resource agent of this name is installed here";
	}
	if (!ccsd_findings_room(w->f, w->unknown)) {
		ccsd_found(w->f, w->unknown, "unknown-element", n, NULL, "unknown element <%.80s>", name);
		return;
	}
	place = only_place(w->schema, NULL, name);
	for (unsigned i = 0; (c = ccsd_elem_child_at(parent, i, &required, &many)); i++)
		ccsd_near(&near, name, ccsd_elem_name(c));
	if (place)
		ccsd_found(w->f, w->unknown, "unknown-element", n, NULL, "unknown element <%.80s> in <%s>: no program reads it "
			"here; move it into <%s>, or remove it", name, ccsd_elem_name(parent), ccsd_elem_name(place));
	else if (near.best)
		ccsd_found(w->f, w->unknown, "unknown-element", n, NULL, "unknown element <%.80s> in <%s>: %s; did you mean "
			"<%s>?", name, ccsd_elem_name(parent), why, near.best);
	else
		ccsd_found(w->f, w->unknown, "unknown-element", n, NULL, "unknown element <%.80s> in <%s>: %s; remove it, move it "
			"where it belongs, or see cluster.conf(5)", name, ccsd_elem_name(parent), why);
}

static void note_old(struct walk *w, const struct clu_node *n, const char *attr, const char *instead)
{
	ccsd_found(w->f, CCSD_NOTE, attr ? "old-attribute" : "old-element", n, attr,
		"%s%s<%s>: accepted for the sake of old files, no program reads it%s%s", attr ? attr : "", attr ? " in " : "",
		clu_node_name(n), *instead ? "; in its place: " : "", instead);
}

static void check_attrs(struct walk *w, const struct clu_node *n, const struct ccsd_elem *e)
{
	const struct ccsd_attr *a;

	/* Not by clu_node_attr_at(): of a thousand attributes it would walk over half a million. */
	for (const xmlAttr *x = ((const xmlNode *)clu_node_xml(n))->properties; x; x = x->next) {
		const char *name = (const char *)x->name, *value = x->children && x->children->content ?
			(const char *)x->children->content : "";
		struct clu_buf must = CLU_BUF_INIT;

		a = ccsd_elem_attr(e, name);
		if (!a && !ccsd_elem_loose(e))
			unknown_attr(w, n, e, name);
		else if (a && a->old)
			note_old(w, n, name, a->old);
		if (a && !ccsd_attr_fits(a, value, &must))
			ccsd_found(w->f, CCSD_ERROR, "bad-value", n, name, "attribute %s=\"%.80s\" in <%s>: not a valid value; it must "
				"be %s", name, value, clu_node_name(n), clu_buf_text(&must));
		clu_buf_free(&must);
	}
	for (unsigned i = 0; (a = ccsd_elem_attr_at(e, i)); i++)
		if (a->required && !clu_node_attr(n, a->name))
			ccsd_found(w->f, CCSD_ERROR, "missing-attribute", n, NULL, "attribute %s is missing in <%s>: it is required; add "
				"%s=\"...\"%s", a->name, clu_node_name(n), a->name, strcmp(a->name, "nodeid") ? "" :
				", or have \"ccs_tool addnodeids\" give each node one");
}

static void check_text(struct walk *w, const struct clu_node *n, const struct ccsd_elem *e)
{
	const xmlNode *x = clu_node_xml(n);

	for (const xmlNode *t = x->children; t && !ccsd_elem_text(e); t = t->next) {
		const char *s = t->type == XML_TEXT_NODE || t->type == XML_CDATA_SECTION_NODE ? (const char *)t->content : "";

		s += strspn(s, " \t\r\n");
		if (*s) {
			ccsd_found(w->f, w->unknown, "text", n, NULL, "text \"%.*s\" in <%s>: only elements may stand there; put it into "
				"an attribute or a comment", (int)(strcspn(s, "\r\n") < 20 ? strcspn(s, "\r\n") : 20), s,
				clu_node_name(n));
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

	if (ccsd_elem_old(e))
		note_old(w, n, NULL, ccsd_elem_old(e));
	if (ccsd_elem_any(e))
		return;
	check_attrs(w, n, e);
	check_text(w, n, e);
	for (const struct clu_node *k = clu_node_child(n, NULL); k; k = clu_node_next(k, NULL))
		check_child(w, k, e);
	for (unsigned i = 0; (c = ccsd_elem_child_at(e, i, &required, &many)); i++) {
		const struct clu_node *first = many ? NULL : clu_node_child(n, ccsd_elem_name(c));
		const struct clu_node *second = clu_node_next(first, ccsd_elem_name(c));

		if (required && !clu_node_child(n, ccsd_elem_name(c)))
			ccsd_found(w->f, CCSD_ERROR, "missing-element", n, NULL, "element <%s> is missing in <%s>: it is required; add "
				"it", ccsd_elem_name(c), clu_node_name(n));
		if (second)
			ccsd_found(w->f, CCSD_ERROR, "second-element", second, NULL, "second <%s> in <%s>: only one is read, the first "
				"is in line %d; put both into one", ccsd_elem_name(c), clu_node_name(n), clu_node_line(first));
	}
}

int ccsd_check(const struct ccsd_schema *s, const void *data, size_t len, const char *file, bool lax, unsigned max,
	struct ccsd_report *ret)
{
	struct ccsd_findings *f = &ret->findings;
	struct walk w = { .schema = s, .f = f, .unknown = lax ? CCSD_WARNING : CCSD_ERROR };
	struct clu_buf errs = CLU_BUF_INIT;
	const struct ccsd_elem *e;
	int r;

	*ret = (struct ccsd_report){ .findings.max = max };
	r = clu_conf_parse(data, len, file, &ret->conf, &errs);
	if (r < 0) {
		ccsd_findings_take(f, file, clu_buf_text(&errs));
	} else {
		const struct clu_node *root = clu_conf_root(ret->conf);

		e = ccsd_schema_root(s, clu_node_name(root));
		if (e) {
			check_elem(&w, root, e);
			ccsd_check_refs(s, ret->conf, lax, f);
		} else {
			ccsd_found(f, CCSD_ERROR, "wrong-root", root, NULL, "the outermost element is <%.80s>: a cluster.conf starts "
				"with <%s>; is it the right file?", clu_node_name(root), ccsd_schema_root_name(s));
		}
		ccsd_findings_place(f, ret->conf);
		r = f->n_by[CCSD_ERROR] ? -EINVAL : 0;
	}
	clu_buf_free(&errs);
	return f->error ? f->error : r;
}

void ccsd_report_free(struct ccsd_report *r)
{
	ccsd_findings_free(&r->findings);
	r->conf = clu_conf_unref(r->conf);
}

int ccsd_validate(const struct ccsd_schema *s, const void *data, size_t len, const char *file,
	struct clu_conf **ret, struct clu_buf *findings)
{
	struct ccsd_report report;
	int r = ccsd_check(s, data, len, file, true, CCSD_MAX_FINDINGS, &report);

	ccsd_findings_text(&report.findings, file, CCSD_ERROR, findings);
	if (findings->error)
		r = findings->error;
	if (ret && (r == 0 || r == -EINVAL))
		*ret = clu_conf_ref(report.conf);
	ccsd_report_free(&report);
	return r;
}
