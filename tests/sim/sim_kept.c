/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_kept.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim_disk.h"

/* Made once: each start of each ccsd asks for all of them. */
static const char *path_of(unsigned slot)
{
	static char paths[CCSD_HISTORY_MAX][64];
	char name[CCSD_HISTORY_NAME_MAX];

	if (!*paths[slot]) {
		ccsd_history_name(slot, name);
		snprintf(paths[slot], sizeof(paths[slot]), SIM_KEPT_FOLDER "/%s", name);
	}
	return paths[slot];
}

/* false: there is none. e->doc: one reference, the caller's. */
static bool entry_get(const struct sim_world *w, unsigned node, unsigned slot, struct ccsd_history_entry *e)
{
	size_t len;
	const void *data = sim_file_get(w, node, path_of(slot), &len);

	if (!data)
		return false;
	if (ccsd_history_parse(data, len, e) < 0)
		abort();
	return true;
}

void sim_kept_newest(const struct sim_world *w, unsigned node, struct ccsd_newest *ret)
{
	struct ccsd_history_entry e;

	for (unsigned slot = 0; slot < CCSD_HISTORY_MAX; slot++) {
		if (!entry_get(w, node, slot, &e))
			continue;
		ccsd_newest_see(ret, &e);
		ccsd_doc_unref(e.doc);
	}
}

bool sim_kept_has(const struct sim_world *w, unsigned node, const struct committed *c)
{
	struct ccsd_history_entry e;
	bool found = false;

	for (unsigned slot = 0; slot < CCSD_HISTORY_MAX && !found; slot++) {
		if (!entry_get(w, node, slot, &e))
			continue;
		found = e.doc->version == c->version && e.doc->digest == c->hash;
		ccsd_doc_unref(e.doc);
	}
	return found;
}

void sim_kept_settle(struct sim_world *w, unsigned node)
{
	for (unsigned slot = 0; slot < CCSD_HISTORY_MAX; slot++)
		sim_disk_settle(w, node, path_of(slot));
}
