/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "ccs_effective.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ccs_diff.h"

struct teller {
	const struct clu_conf *conf;
	void (*see)(void *ctx, const struct ccs_value *v);
	void *ctx;
	int error;
};

static void tell(struct teller *t, const char *people, const char *attr, const struct ccs_value *as)
{
	struct clu_buf path = CLU_BUF_INIT;
	struct ccs_value v = *as;

	clu_buf_printf(&path, "%s/@%s", people, attr);
	v.path = clu_buf_text(&path);
	v.value = ccs_shown(attr, as->value);
	if (path.error)
		t->error = path.error;
	else
		t->see(t->ctx, &v);
	clu_buf_free(&path);
}

/* What the element (NULL: it is not there) leaves to defaults. */
static void tell_defaults(struct teller *t, const char *people, const char *elements, const struct clu_node *n)
{
	char value[128], why[128] = "";

	for (unsigned i = 0; i < ccs_n_defaults; i++) {
		const struct ccs_default *d = &ccs_defaults[i];
		struct ccs_value v = { .value = d->value ? d->value : value, .origin = CCS_FROM_DEFAULT, .why = "" };

		if (strcmp(d->elements, elements) != 0 || (n && clu_node_attr(n, d->attr)))
			continue;
		if (d->compute) {
			v.origin = CCS_FROM_COMPUTED;
			v.why = why;
			if (!d->compute(t->conf, value, why))
				continue;
		} else if (!n && !strcmp(elements, "quorumd")) {
			continue;		/* without the element there is no such daemon */
		}
		tell(t, people, d->attr, &v);
	}
}

static void walk(struct teller *t, const struct clu_node *n, const char *people, const char *elements)
{
	const char *name, *value;

	for (unsigned i = 0; clu_node_attr_at(n, i, &name, &value); i++)
		tell(t, people, name, &(struct ccs_value){ .value = value, .origin = CCS_FROM_FILE, .line = clu_node_line(n),
			.why = "" });
	tell_defaults(t, people, elements, n);
	for (const struct clu_node *c = clu_node_child(n, NULL); c && !t->error; c = clu_node_next(c, NULL)) {
		struct clu_buf deeper = CLU_BUF_INIT, names = CLU_BUF_INIT;
		const char *key = ccs_diff_key(c);

		clu_buf_printf(&deeper, "%s/%s", people, clu_node_name(c));
		if (key)
			clu_buf_printf(&deeper, "[%s]", key);
		clu_buf_printf(&names, "%s%s%s", elements, *elements ? "/" : "", clu_node_name(c));
		t->error = deeper.error ? deeper.error : names.error;
		if (!t->error)
			walk(t, c, clu_buf_text(&deeper), clu_buf_text(&names));
		clu_buf_free(&deeper);
		clu_buf_free(&names);
	}
}

/* Sections that are not in the document, each once. */
static void tell_missing_sections(struct teller *t)
{
	const char *last = "";
	char path[128];

	for (unsigned i = 0; i < ccs_n_defaults; i++) {
		const char *section = ccs_defaults[i].elements;

		if (strchr(section, '/') || !strcmp(section, last))
			continue;
		last = section;
		if (clu_node_child(clu_conf_root(t->conf), section))
			continue;
		snprintf(path, sizeof(path), "/cluster/%s", section);
		tell_defaults(t, path, section, NULL);
	}
}

int ccs_effective(const struct clu_conf *conf, void (*see)(void *ctx, const struct ccs_value *v), void *ctx)
{
	struct teller t = { conf, see, ctx, 0 };

	walk(&t, clu_conf_root(conf), "/cluster", "");
	tell_missing_sections(&t);
	return t.error;
}
