/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct build {
	const struct clu_node *rm, *service;
	const struct rg_registry *reg;
	struct clu_buf *findings;
	struct rg_inst *root;
	bool nomem;
};

static void finding(struct build *b, const struct clu_node *x, const char *fmt, const char *a, const char *c)
{
	clu_buf_printf(b->findings, "%s:%d: <%s>: ", clu_node_file(x), clu_node_line(x), clu_node_name(x));
	clu_buf_printf(b->findings, "%s%s%s", fmt, a, c);
	clu_buf_str(b->findings, "\n");
}

static struct rg_inst *inst_free(struct rg_inst *i)
{
	if (!i)
		return NULL;
	for (unsigned k = 0; i->values && k < i->meta->n_params; k++) {
		free(i->values[k].name);
		free(i->values[k].value);
	}
	for (unsigned k = 0; k < i->n_actions; k++)
		free(i->actions[k].name);
	free(i->values);
	free(i->actions);
	free(i->key);
	free(i);
	return NULL;
}

struct rg_inst *rg_tree_free(struct rg_inst *root)
{
	while (root && root->child) {
		struct rg_inst *c = root->child;

		root->child = c->next;
		rg_tree_free(c);
	}
	return inst_free(root);
}

struct rg_inst *rg_inst_walk(struct rg_inst *root, struct rg_inst *i)
{
	if (i->child)
		return i->child;
	for (; i != root; i = i->parent)
		if (i->next)
			return i->next;
	return NULL;
}

const char *rg_inst_value(const struct rg_inst *i, const char *param)
{
	for (unsigned k = 0; k < i->meta->n_params; k++)
		if (!strcmp(i->values[k].name, param))
			return i->values[k].value;
	return NULL;
}

/* <resource-defaults><TYPE attr=.../>: replaces defaults and ends inheritance, never for primary or unique ones. */
static const char *default_of(const struct build *b, const struct rg_meta *m, const struct rg_meta_param *p)
{
	const struct clu_node *d = clu_node_child(clu_node_child(b->rm, "resource-defaults"), m->type);
	const char *v = p->primary || p->unique ? NULL : clu_node_attr(d, p->name);

	return v ? v : p->def;
}

/*
 * The value that a parameter with inherit="EXPR" takes: attribute A of the
 * direct parent, or of the nearest ancestor of type T with "T%A". A value that
 * the parent has inherited itself is handed down.
 */
static const char *inherited(const struct rg_inst *parent, const char *expr)
{
	const char *percent = strchr(expr, '%');

	if (!percent)
		return parent ? rg_inst_value(parent, expr) : NULL;
	for (; parent; parent = parent->parent)
		if (strlen(parent->meta->type) == (size_t)(percent - expr) &&
			!strncmp(parent->meta->type, expr, (size_t)(percent - expr)))
			return rg_inst_value(parent, percent + 1);
	return NULL;
}

static bool fill_values(struct build *b, struct rg_inst *i, const struct clu_node *def)
{
	const struct rg_meta *m = i->meta;

	i->values = calloc(m->n_params ? m->n_params : 1, sizeof(*i->values));
	if (!i->values)
		goto nomem;
	for (unsigned k = 0; k < m->n_params; k++) {
		struct rg_value *v = &i->values[k];
		const char *text = clu_node_attr(def, m->params[k].name);

		if (!text)
			text = default_of(b, m, &m->params[k]);
		v->own = text != NULL;
		if (!text && m->params[k].inherit)
			text = inherited(i->parent, m->params[k].inherit);
		v->name = strdup(m->params[k].name);
		v->value = text ? strdup(text) : NULL;
		if (!v->name || (text && !v->value))
			goto nomem;
		if (!text && (m->params[k].required || m->params[k].primary)) {
			finding(b, def, "attribute \"", m->params[k].name, "\" is missing; the resource is left out");
			return false;
		}
	}
	return true;
nomem:
	b->nomem = true;
	return false;
}

static bool copy_actions(struct build *b, struct rg_inst *i, const struct clu_node *def)
{
	const struct rg_meta *m = i->meta;
	unsigned extra = 0;

	for (const struct clu_node *a = clu_node_child(def, "action"); a; a = clu_node_next(a, "action"))
		extra++;
	i->actions = calloc(m->n_actions + extra + 1, sizeof(*i->actions));
	if (!i->actions)
		goto nomem;
	for (; i->n_actions < m->n_actions; i->n_actions++) {
		i->actions[i->n_actions] = m->actions[i->n_actions];
		i->actions[i->n_actions].name = strdup(m->actions[i->n_actions].name);
		if (!i->actions[i->n_actions].name)
			goto nomem;
	}
	for (const struct clu_node *a = clu_node_child(def, "action"); a; a = clu_node_next(a, "action")) {
		const char *name = clu_node_attr(a, "name"), *depth = clu_node_attr(a, "depth");
		const char *timeout = clu_node_attr(a, "timeout"), *interval = clu_node_attr(a, "interval");
		bool all = depth && !strcmp(depth, "*"), found = false;

		for (unsigned k = 0; name && k < i->n_actions; k++) {
			struct rg_meta_action *x = &i->actions[k];

			if (strcmp(x->name, name) != 0 || (!all && depth && x->depth != rg_meta_seconds(depth)))
				continue;
			found = true;
			if (timeout)
				x->timeout_s = rg_meta_seconds(timeout);
			if (interval)
				x->interval_s = rg_meta_seconds(interval);
		}
		if (found || !name || !depth || all || !timeout || !interval)
			continue;
		i->actions[i->n_actions].name = strdup(name);
		if (!i->actions[i->n_actions].name)
			goto nomem;
		i->actions[i->n_actions].depth = rg_meta_seconds(depth);
		i->actions[i->n_actions].timeout_s = rg_meta_seconds(timeout);
		i->actions[i->n_actions++].interval_s = rg_meta_seconds(interval);
	}
	return true;
nomem:
	b->nomem = true;
	return false;
}

static void read_place_attrs(struct rg_inst *i, const struct clu_node *x)
{
	const char *v = clu_node_attr(x, "__independent_subtree");

	if (v && i->parent)
		i->independent = !strcmp(v, "2") || !strcmp(v, "non-critical") ? RG_NON_CRITICAL :
			rg_meta_yes(v) ? RG_INDEPENDENT : RG_DEPENDENT;
	i->enforce_timeouts = rg_meta_yes(clu_node_attr(x, "__enforce_timeouts"));
	if (clu_node_attr(x, "__max_failures") && clu_node_attr(x, "__failure_expire_time")) {
		i->failures.max = rg_meta_seconds(clu_node_attr(x, "__max_failures"));
		i->failures.expire_s = rg_meta_seconds(clu_node_attr(x, "__failure_expire_time"));
	}
	if (clu_node_attr(x, "__max_restarts") && clu_node_attr(x, "__restart_expire_time") && i->independent) {
		i->restarts.max = rg_meta_seconds(clu_node_attr(x, "__max_restarts"));
		i->restarts.expire_s = rg_meta_seconds(clu_node_attr(x, "__restart_expire_time"));
	}
}

static bool value_is(const struct clu_node *d, const char *param, const char *want)
{
	const char *v = clu_node_attr(d, param);

	return v && !strcmp(v, want);
}

/* Defined in <resources>: the primary parameter equals, or failing that one that is unique and required. */
static const struct clu_node *find_definition(const struct build *b, const struct rg_meta *m, const char *ref)
{
	const struct clu_node *list = clu_node_child(b->rm, "resources");

	for (int pass = 0; pass < 2; pass++)
		for (const struct clu_node *d = clu_node_child(list, m->type); d; d = clu_node_next(d, m->type))
			for (unsigned k = 0; k < m->n_params; k++) {
				const struct rg_meta_param *p = &m->params[k];

				if ((pass ? p->unique && p->required : p->primary) && value_is(d, p->name, ref))
					return d;
			}
	return NULL;
}

static unsigned used(struct rg_inst *root, const char *key)
{
	unsigned n = 0;

	for (struct rg_inst *i = root; i; i = rg_inst_walk(root, i))
		if (!strcmp(i->key, key))
			n++;
	return n;
}

/* How often an element and what is below it stand for the resource with this primary value. */
static unsigned mentions(const struct clu_node *x, const struct rg_meta *m, const char *value, unsigned depth)
{
	const char *v = clu_node_attr(x, "ref") ? clu_node_attr(x, "ref") : clu_node_attr(x, m->params[0].name);
	unsigned n = !strcmp(clu_node_name(x), m->type) && v && !strcmp(v, value);

	for (const struct clu_node *c = clu_node_child(x, NULL); c && depth < RG_MAX_DEPTH; c = clu_node_next(c, NULL))
		n += mentions(c, m, value, depth + 1);
	return n;
}

/*
 * Is the resource here one too many? Services further up in the document come
 * first, so that all nodes leave out the same place.
 */
static bool too_many(const struct build *b, const struct rg_inst *i)
{
	unsigned n;

	if (!i->meta->maxinstances || !i->meta->n_params || !i->values[0].value)
		return false;
	n = used(b->root, i->key);
	for (const struct clu_node *s = clu_node_child(b->rm, NULL); s && s != b->service; s = clu_node_next(s, NULL))
		if (strcmp(clu_node_name(s), "resources") != 0)
			n += mentions(s, i->meta, i->values[0].value, 0);
	return n >= i->meta->maxinstances;
}

static bool name_it(struct build *b, struct rg_inst *i)
{
	const char *first = i->meta->n_params ? i->values[0].value : NULL;
	struct clu_buf key = CLU_BUF_INIT;

	clu_buf_printf(&key, "%s:%s", i->meta->type, first ? first : "");
	b->nomem = b->nomem || key.error;
	i->key = key.data;
	return !b->nomem;
}

static struct rg_inst *build_one(struct build *b, struct rg_inst *parent, const struct clu_node *x)
{
	const char *why = NULL, *ref = clu_node_attr(x, "ref");
	const struct rg_meta *m = b->reg->lookup(b->reg->ctx, clu_node_name(x), &why);
	const struct clu_node *def = x;
	struct rg_inst *i;

	if (!m) {
		finding(b, x, "", why ? why : "no resource agent of this type on this node", "; the resource is left out");
		return NULL;
	}
	if (ref) {
		def = find_definition(b, m, ref);
		if (!def) {
			finding(b, x, "reference to nonexistent resource \"", ref, "\"; define it in <resources>");
			return NULL;
		}
	}
	i = calloc(1, sizeof(*i));
	if (!i) {
		b->nomem = true;
		return NULL;
	}
	i->meta = m;
	i->parent = parent;
	i->is_inline = !ref;
	read_place_attrs(i, x);
	if (!fill_values(b, i, def) || !copy_actions(b, i, def) || !name_it(b, i))
		return inst_free(i);
	if (too_many(b, i)) {
		finding(b, x, "max references exceeded for resource \"", i->key, "\"; it is left out here");
		return inst_free(i);
	}
	return i;
}

static void build_children(struct build *b, struct rg_inst *parent, const struct clu_node *x, unsigned depth);

static void add_child(struct build *b, struct rg_inst *parent, struct rg_inst ***tail, const struct clu_node *c,
	unsigned depth)
{
	struct rg_inst *i = build_one(b, parent, c);

	if (!i)
		return;
	**tail = i;
	*tail = &i->next;
	build_children(b, i, c, depth + 1);
}

/*
 * Children of types that the parent's metadata names come first, in the order
 * of that list; then the others in document order. Unlike its ancestor, a child
 * that cannot be built does not end the reading of its siblings.
 */
static void build_children(struct build *b, struct rg_inst *parent, const struct clu_node *x, unsigned depth)
{
	struct rg_inst **tail = &parent->child;

	if (depth > RG_MAX_DEPTH) {
		finding(b, x, "nested deeper than rgmanager reads", "", "; what is below it is left out");
		return;
	}
	for (unsigned k = 0; k < parent->meta->n_children && !b->nomem; k++) {
		const struct rg_meta_child *t = &parent->meta->children[k];

		for (const struct clu_node *c = clu_node_child(x, t->type); c && !b->nomem; c = clu_node_next(c, t->type)) {
			if (t->forbid)
				finding(b, c, "not allowed below \"", parent->key, "\"; it is left out");
			else
				add_child(b, parent, &tail, c, depth);
		}
	}
	for (const struct clu_node *c = clu_node_child(x, NULL); c && !b->nomem; c = clu_node_next(c, NULL))
		if (strcmp(clu_node_name(c), "action") != 0 && !rg_meta_child(parent->meta, clu_node_name(c)))
			add_child(b, parent, &tail, c, depth);
}

/* A non-critical flag makes no sense for a resource that stands in several places. */
static void clear_shared_non_critical(struct build *b, struct rg_inst *root, const struct clu_node *x)
{
	for (struct rg_inst *i = root; i; i = rg_inst_walk(root, i))
		if (i->independent == RG_NON_CRITICAL && used(root, i->key) > 1) {
			finding(b, x, "non-critical flag for ", i->key, " is being cleared due to multiple references");
			i->independent = RG_INDEPENDENT;
		}
}

int rg_tree_build(const struct rg_policy *p, const struct rg_registry *reg,
	struct rg_inst **ret, struct clu_buf *findings)
{
	struct build b = { .rm = clu_node_parent(p->xml), .service = p->xml, .reg = reg, .findings = findings };
	struct rg_inst *root;

	root = build_one(&b, NULL, p->xml);
	b.root = root;
	if (root) {
		build_children(&b, root, p->xml, 1);
		clear_shared_non_critical(&b, root, p->xml);
	}
	if (b.nomem) {
		rg_tree_free(root);
		return -ENOMEM;
	}
	if (!root)
		return -ENOENT;
	*ret = root;
	return 0;
}
