/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman: what cmand promises of corosync's configuration (cmand_core.h). */
#include <inttypes.h>

#include "sim_cmand.h"
#include "sim_rules.h"

/*
 * cman: when corosync reads its files, all nodes of its ring hold the same one, and nobody is about to write another. A
 * corosync whose file is what it runs with already reads nothing new.
 */
void sim_promise_cman_one_file(struct sim_world *w, unsigned by)
{
	uint64_t version = 0;
	unsigned holder = 0;

	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct sim_cmand_look l;

		sim_cmand_look(w, i, &l);
		if (!w->node[i].corosync || w->node[i].ring != w->node[by].ring || l.file == l.runs)
			continue;
		if (version && l.file != version)
			sim_fail(w, "cman: node %u has corosync read its files when node %u has version %" PRIu64 " and node %u %"
				PRIu64, by, holder, version, i, l.file);
		if (l.writes && l.writes != l.file)
			sim_fail(w, "cman: node %u has corosync read its files when node %u is about to write version %" PRIu64, by,
				i, l.writes);
		version = l.file;
		holder = i;
	}
}

/* cman: when all is over every corosync runs with the configuration in force, unless it cannot or will not. */
void sim_promise_cman_at_rest(struct sim_world *w)
{
	for (unsigned i = 1; w->cmand && i <= w->n_nodes; i++) {
		const struct sim_node *n = &w->node[i];
		uint64_t force = n->has_conf ? sim_document(n->conf_bytes, n->conf_len).version : 0;
		struct sim_cmand_look l;

		sim_cmand_look(w, i, &l);
		/* One that is refused is tried again now and then. */
		if (sim_cmand_is_odd(w, force))
			continue;
		if (l.runs != force)
			sim_fail(w, "cman: version %" PRIu64 " is in force on node %u, and its corosync runs with %" PRIu64, force, i,
				l.runs);
		if (l.busy)
			sim_fail(w, "cman: cmand of node %u has no rest", i);
	}
}
