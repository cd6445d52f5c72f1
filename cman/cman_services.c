/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_services.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "hawser:"

struct service { char type[32], name[64]; int level; uint32_t id; const char *state; };

/* "hawser:TYPE" or "hawser:TYPE:NAME"; the daemon fenced makes the group "fence". */
static void read_group(const struct cman_group *g, const char *fence_state, struct service *ret)
{
	const char *type = g->name + strlen(PREFIX), *colon = strchr(type, ':');
	uint32_t id = 2166136261u;

	snprintf(ret->type, sizeof(ret->type), "%.*s", colon ? (int)(colon - type) : 31, type);
	snprintf(ret->name, sizeof(ret->name), "%s", colon ? colon + 1 : "default");
	if (!strcmp(ret->type, "fenced"))
		snprintf(ret->type, sizeof(ret->type), "fence");
	ret->level = !strcmp(ret->type, "fence") ? 0 : !strcmp(ret->type, "dlm") ? 1 : 2;
	ret->state = !strcmp(ret->type, "fence") ? fence_state : "-";
	for (const char *p = g->name; *p; p++)
		id = (id ^ (unsigned char)*p) * 16777619u;
	ret->id = id;
}

/* By level, then by name: the lowest floor first. */
static unsigned sort(const struct cman_info *info, const char *fence_state, struct service *ret,
		     const struct cman_group **groups)
{
	unsigned n = 0;

	for (unsigned i = 0; i < info->n_groups; i++) {
		struct service s;
		unsigned at = n;

		if (!info->groups[i].own)
			continue;
		read_group(&info->groups[i], fence_state, &s);
		for (; at && (ret[at - 1].level > s.level ||
			      (ret[at - 1].level == s.level && strcmp(groups[at - 1]->name, info->groups[i].name) > 0)); at--) {
			ret[at] = ret[at - 1];
			groups[at] = groups[at - 1];
		}
		ret[at] = s;
		groups[at] = &info->groups[i];
		n++;
	}
	return n;
}

void cman_print_services(const struct cman_info *info, const char *fence_state, struct clu_buf *ret)
{
	const struct cman_group *groups[CMAN_MAX_GROUPS];
	struct service list[CMAN_MAX_GROUPS];
	unsigned n = sort(info, fence_state, list, groups);

	clu_buf_printf(ret, "%-16s %-5s %-24s %-8s %s\n", "type", "level", "name", "id", "state");
	for (unsigned i = 0; i < n; i++) {
		clu_buf_printf(ret, "%-16s %-5d %-24s %08x %s\n[", list[i].type, list[i].level, list[i].name, list[i].id,
			       list[i].state);
		for (unsigned k = 0; k < groups[i]->n_nodes; k++)
			clu_buf_printf(ret, "%s%u", k ? " " : "", groups[i]->nodes[k]);
		clu_buf_str(ret, "]\n");
	}
}

json_t *cman_json_services(const struct cman_info *info, const char *fence_state)
{
	const struct cman_group *groups[CMAN_MAX_GROUPS];
	struct service list[CMAN_MAX_GROUPS];
	unsigned n = sort(info, fence_state, list, groups);
	json_t *all = json_array();

	for (unsigned i = 0; i < n; i++) {
		json_t *members = json_array();

		for (unsigned k = 0; k < groups[i]->n_nodes; k++)
			json_array_append_new(members, json_integer(groups[i]->nodes[k]));
		json_array_append_new(all, json_pack("{s:s, s:i, s:s, s:I, s:s, s:o}", "type", list[i].type, "level", list[i].level,
						     "name", list[i].name, "id", (json_int_t)list[i].id, "state", list[i].state, "members",
						     members));
	}
	return all;
}
