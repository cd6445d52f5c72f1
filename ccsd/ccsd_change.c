/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cannot change while a cluster runs (ccs.md 2.10): the number of a node, and the
 * presence of a node that is a member. Each daemon knows nodes by these numbers.
 */
#include "ccsd_validate.h"

#include <errno.h>
#include <string.h>

#define MAX_NODES 1024

static const struct clu_conf_node *by_name(const struct clu_conf_node *nodes, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(nodes[i].name, name))
			return &nodes[i];
	return NULL;
}

static const struct clu_conf_node *by_id(const struct clu_conf_node *nodes, unsigned n, uint32_t nodeid)
{
	for (unsigned i = 0; i < n; i++)
		if (nodes[i].nodeid == nodeid)
			return &nodes[i];
	return NULL;
}

int ccsd_check_change(const struct clu_conf *old, const struct clu_conf *new, const uint32_t *members,
	unsigned n_members, const char *file, struct clu_buf *findings)
{
	static const char running[] = "which cannot change while the cluster runs";
	struct clu_conf_node was[MAX_NODES], is[MAX_NODES];
	unsigned n_was = clu_conf_nodes(old, was, MAX_NODES), n_is = clu_conf_nodes(new, is, MAX_NODES);
	const struct clu_node *root = clu_conf_root(new), *all = clu_node_path(root, "clusternodes");
	struct ccsd_findings f = { .max = CCSD_MAX_FINDINGS };
	int r;

	n_was = n_was < MAX_NODES ? n_was : MAX_NODES;
	n_is = n_is < MAX_NODES ? n_is : MAX_NODES;
	for (unsigned i = 0; i < n_is; i++) {
		const struct clu_conf_node *same = by_name(was, n_was, is[i].name);
		const struct clu_conf_node *holder = by_id(was, n_was, is[i].nodeid);
		bool gone = holder && !by_name(is, n_is, holder->name) && !same;
		bool member = false;

		for (unsigned k = 0; holder && k < n_members; k++)
			member = member || members[k] == holder->nodeid;
		if (same && same->nodeid != is[i].nodeid)
			ccsd_found(&f, CCSD_ERROR, "change", is[i].xml, "nodeid", "nodeid=\"%u\" of node \"%s\": its number is %u, %s; "
				"keep it, or stop the cluster first", is[i].nodeid, is[i].name, same->nodeid, running);
		else if (gone && member)
			ccsd_found(&f, CCSD_ERROR, "change", is[i].xml, "name", "node \"%s\" has the number %u of \"%s\", %s; keep its "
				"name, or give the new node another number", is[i].name, is[i].nodeid, holder->name, running);
	}
	for (unsigned i = 0; i < n_members; i++) {
		const struct clu_conf_node *m = by_id(was, n_was, members[i]);

		if (!m || by_name(is, n_is, m->name) || by_id(is, n_is, m->nodeid))
			continue;
		ccsd_found(&f, CCSD_ERROR, "change", all ? all : root, NULL, "node \"%s\" is missing: it is a member of the running "
			"cluster; let it leave first (\"cman_tool leave\" there), then remove it", m->name);
	}
	ccsd_findings_place(&f, new);
	ccsd_findings_text(&f, file, CCSD_ERROR, findings);
	r = f.error ? f.error : findings->error;
	if (!r && f.n)
		r = -EINVAL;
	ccsd_findings_free(&f);
	return r;
}
