/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fencing: can each node be cut off, and does cutting off one not hit another? */
#include <stdio.h>

#include "ccsd_refs_priv.h"
#include "clu_buf.h"

#define MAX_UNLISTED 200	/* parameters of agents of a site that are looked at for misspelt ones */

/* They find their victim by its name or key, so that the same words for two nodes are no mistake. */
static bool finds_node_itself(const char *agent)
{
	static const char *const agents[] = { "fence_scsi", "fence_mpath", "fence_manual", "fence_ack_manual", "fence_gnbd",
		"fence_kdump", "fence_sanlock", "fence_sbd", "fence_node", "fence_pcmk", "fence_dummy", "fence_compute",
		"fence_evacuate", "fence_heuristics_ping" };

	for (unsigned i = 0; i < sizeof(agents) / sizeof(agents[0]); i++)
		if (!strcmp(agent, agents[i]))
			return true;
	return false;
}

static bool is_known(const struct ccsd_refs *r, const char *agent)
{
	const char *known;

	for (unsigned i = 0; (known = ccsd_schema_fence_agent_at(r->schema, i)); i++)
		if (!strcmp(known, agent))
			return true;
	return false;
}

/* What an agent is given: any name may be one of its own, unless we know all of them. */
static void check_parameters(struct ccsd_refs *r, const struct clu_node *n, const struct ccsd_elem *e, const char *agent)
{
	enum ccsd_severity severity = r->lax ? CCSD_WARNING : CCSD_ERROR;
	bool known = is_known(r, agent);
	const char *name, *value;

	for (unsigned i = 0; clu_node_attr_at(n, i, &name, &value); i++) {
		struct ccsd_near near = CCSD_NEAR_INIT;
		const struct ccsd_attr *a;

		if (ccsd_elem_attr(e, name))
			continue;
		if (r->n_unlisted++ > MAX_UNLISTED && !known)
			return;
		for (unsigned k = 0; ccsd_findings_room(r->f, severity) && (a = ccsd_elem_attr_at(e, k)); k++)
			if (!clu_node_attr(n, a->name))
				ccsd_near(&near, name, a->name);
		if (near.best && (known || near.distance == 1))
			ccsd_found(r->f, severity, "unknown-attribute", n, name, "unknown attribute %.80s in <%s>: no fence agent that is "
				"known takes it; did you mean %s?", name, clu_node_name(n), near.best);
		else if (known)
			ccsd_found(r->f, severity, "unknown-attribute", n, name, "unknown attribute %.80s in <%s>: %.80s does not take it; "
				"remove it", name, clu_node_name(n), agent);
	}
}

static void check_agent(struct ccsd_refs *r, const struct clu_node *d)
{
	const char *prefer = clu_node_attr(clu_node_child(r->root, "fence_daemon"), "agent_path");
	const char *agent = ccsd_text(d, "agent"), *known;
	struct ccsd_near near = CCSD_NEAR_INIT;

	/* Each agent once, not with each device. */
	if (!*agent || !ccsd_schema_asks(r->schema) || ccsd_names_add(r, "fence agent", agent, d) ||
	    ccsd_schema_installed(r->schema, "fence", agent, prefer))
		return;
	for (unsigned i = 0; (known = ccsd_schema_fence_agent_at(r->schema, i)); i++)
		if (strcmp(known, agent) != 0)
			ccsd_near(&near, agent, known);
		else
			break;
	if (!known && near.best)
		ccsd_found(r->f, CCSD_WARNING, "no-agent", d, "agent", "agent=\"%.80s\" in <fencedevice>: it is not installed here; did "
			"you mean \"%s\"?", agent, near.best);
	else
		ccsd_found(r->f, CCSD_WARNING, "no-agent", d, "agent", "agent=\"%.80s\" in <fencedevice>: it is not installed here, so "
			"this node cannot fence with it; install it on every node (most are in the package fence-agents)", agent);
}

static void check_device(struct ccsd_refs *r, const struct clu_node *d)
{
	const struct ccsd_elem *grammar = ccsd_elem_child(ccsd_elem_child(ccsd_elem_child(ccsd_elem_child(ccsd_elem_child(
		r->grammar, "clusternodes"), "clusternode"), "fence"), "method"), "device");
	const char *name = clu_node_attr(d, "name");
	const struct clu_node *def = name ? ccsd_names_find(r, "fencedevice", name) : NULL;

	if (name && !def)
		ccsd_dangling(r, d, "name", "fence device", "add a <fencedevice> with it to <fencedevices>", r->devices,
			"fencedevice", "name");
	if (def)
		(void)ccsd_names_add(r, "used fence device", name, d);
	check_parameters(r, d, grammar, ccsd_text(def, "agent"));
}

/* Two nodes that are cut off by the same words to the same device: a power switch would take the wrong one. */
static void check_target(struct ccsd_refs *r, const struct clu_node *node, const struct clu_node *d)
{
	const struct clu_node *def = ccsd_names_find(r, "fencedevice", ccsd_text(d, "name")), *first, *other;
	struct clu_buf words = CLU_BUF_INIT;
	const char *name, *value;

	if (!def || !is_known(r, ccsd_text(def, "agent")) || finds_node_itself(ccsd_text(def, "agent")))
		return;
	/* Ordered by the name of the device only: who writes the same twice mostly writes it in the same order. */
	clu_buf_str(&words, ccsd_text(d, "name"));
	for (unsigned i = 0; clu_node_attr_at(d, i, &name, &value); i++)
		if (strcmp(name, "name") != 0 && strcmp(name, "action") != 0 && strcmp(name, "option") != 0)
			clu_buf_printf(&words, "\n%s=%s", name, value);
	first = ccsd_names_add(r, "fence target", clu_buf_text(&words), d);
	other = clu_node_parent(clu_node_parent(clu_node_parent(first)));
	if (first && other != node)
		ccsd_found(r->f, CCSD_WARNING, "same-target", d, NULL, "device \"%.80s\" of node \"%.80s\": node \"%.80s\" in line %d has "
			"the same one with the same parameters, so that fencing one would hit the other; give each its own port or "
			"device", ccsd_text(d, "name"), ccsd_text(node, "name"), ccsd_text(other, "name"), clu_node_line(first));
	if (words.error)
		r->f->error = words.error;
	clu_buf_free(&words);
}

static void check_node(struct ccsd_refs *r, const struct clu_node *n)
{
	const struct clu_node *fence = clu_node_child(n, "fence");
	char scope[64];
	bool some = false;

	/* Methods of different nodes may have the same name. */
	snprintf(scope, sizeof(scope), "method of %p", (const void *)n);
	ccsd_names_unique(r, scope, fence, "method", "name", false);
	for (const struct clu_node *m = clu_node_child(fence, "method"); m; m = clu_node_next(m, "method")) {
		const struct clu_node *d = clu_node_child(m, "device");

		some = some || d;
		if (!d)
			ccsd_found(r->f, CCSD_ERROR, "empty-method", m, NULL, "method \"%.80s\" of node \"%.80s\": it has no device, so it "
				"cannot succeed; add a <device> or remove the method", ccsd_text(m, "name"), ccsd_text(n, "name"));
		for (; d; d = clu_node_next(d, "device")) {
			check_device(r, d);
			check_target(r, n, d);
		}
	}
	for (const struct clu_node *d = clu_node_child(clu_node_child(n, "unfence"), "device"); d; d = clu_node_next(d, "device"))
		check_device(r, d);
	if (!some && !clu_node_child(fence, "method") && r->n_nodes > 1)
		ccsd_found(r->f, CCSD_WARNING, "no-fencing", n, NULL, "node \"%.80s\" has no fence method: when it fails, its services "
			"and locks stay where they are until somebody runs fence_ack_manual; add <fence><method><device>",
			ccsd_text(n, "name"));
}

void ccsd_refs_fence(struct ccsd_refs *r)
{
	const struct ccsd_elem *grammar = ccsd_elem_child(ccsd_elem_child(r->grammar, "fencedevices"), "fencedevice");

	ccsd_names_unique(r, "fencedevice", r->devices, "fencedevice", "name", false);
	for (const struct clu_node *d = clu_node_child(r->devices, "fencedevice"); d; d = clu_node_next(d, "fencedevice")) {
		check_agent(r, d);
		check_parameters(r, d, grammar, ccsd_text(d, "agent"));
	}
	for (const struct clu_node *n = clu_node_child(r->nodes, "clusternode"); n; n = clu_node_next(n, "clusternode"))
		check_node(r, n);
	for (const struct clu_node *d = clu_node_child(r->devices, "fencedevice"); d; d = clu_node_next(d, "fencedevice"))
		if (clu_node_attr(d, "name") && !ccsd_names_find(r, "used fence device", ccsd_text(d, "name")))
			ccsd_found(r->f, CCSD_WARNING, "unused", d, "name", "fence device \"%.80s\": no node uses it; add it to a <method>, or "
				"remove it", ccsd_text(d, "name"));
}
