/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccs_diff.h"

#include <fnmatch.h>
#include <string.h>

static const char members[] = "corosync", fencing[] = "fenced", services[] = "rgmanager", disk[] = "qdiskd",
	locks[] = "dlmd";

/*
 * The first row that fits counts. attrs: names between blanks, "*" any, "" the element itself.
 * Sources: ccs.md 2 (column rt) and 2.10; cman_change.c, fenced_core.c and rg_delta.c of ours.
 */
static const struct rule {
	const char *elements, *attrs;
	enum ccs_effect effect;
	const char *who;
} rules[] = {
	{ "cluster", " config_version ", CCS_NONE, NULL },
	{ "cluster", " name ", CCS_CLUSTER, members },
	{ "cluster", " alias ", CCS_NONE, NULL },
	{ "cluster/cman", " expected_votes two_node ", CCS_LIVE, members },
	{ "cluster/cman", " wait_for_all last_man_standing last_man_standing_window auto_tie_breaker auto_tie_breaker_node ",
		CCS_DAEMON, members },
	{ "cluster/cman*", "*", CCS_CLUSTER, members },
	{ "cluster/totem", " transport secauth crypto_type keyfile version threads ", CCS_CLUSTER, members },
	{ "cluster/totem", " crypto_model netmtu ip_version ", CCS_DAEMON, members },
	{ "cluster/totem", "*", CCS_LIVE, members },
	{ "cluster/totem/interface", " knet_link_priority knet_ping_interval knet_ping_timeout knet_ping_precision "
		"knet_pong_count ", CCS_LIVE, members },
	{ "cluster/totem/interface*", "*", CCS_CLUSTER, members },
	{ "cluster/uidgid", "*", CCS_DAEMON, members },
	{ "cluster/clusternodes/clusternode", " nodeid ", CCS_CLUSTER, members },
	{ "cluster/clusternodes/clusternode", " weight ", CCS_DAEMON, locks },
	{ "cluster/clusternodes/clusternode", "*", CCS_LIVE, members },
	{ "cluster/clusternodes/clusternode/fence*", "*", CCS_LIVE, fencing },
	{ "cluster/clusternodes/clusternode/unfence*", "*", CCS_LIVE, fencing },
	{ "cluster/clusternodes/clusternode/altname", " name ", CCS_CLUSTER, members },
	{ "cluster/clusternodes*", "*", CCS_LIVE, members },
	{ "cluster/fencedevices*", "*", CCS_LIVE, fencing },
	{ "cluster/fence_daemon", "*", CCS_LIVE, fencing },
	{ "cluster/quorumd", " votes min_score status_file scheduler priority reboot stop_cman paranoid allow_kill io_timeout "
		"max_error_cycles log_level log_facility ", CCS_LIVE, disk },
	{ "cluster/quorumd", " device label interval tko ", CCS_CLUSTER, disk },
	{ "cluster/quorumd*", "*", CCS_DAEMON, disk },
	{ "cluster/dlm*", "*", CCS_DAEMON, locks },
	{ "cluster/logging*", "*", CCS_LIVE, members },
	{ "cluster/rm", " central_processing disabled ", CCS_DAEMON, services },
	{ "cluster/rm", "*", CCS_LIVE, services },
	{ "cluster/rm/failoverdomains*", "*", CCS_LIVE, services },
	{ "cluster/rm/events*", "*", CCS_NONE, NULL },
	{ "cluster/rm/*/action", "*", CCS_LIVE, services },
	{ "cluster/rm/service", "", CCS_SERVICE, NULL },
	{ "cluster/rm/vm", "", CCS_SERVICE, NULL },
	{ "cluster/rm/service", " domain autostart exclusive recovery depend depend_mode max_restarts restart_expire_time "
		"priority hardrecovery ", CCS_LIVE, services },
	{ "cluster/rm/vm", " domain autostart exclusive recovery depend depend_mode max_restarts restart_expire_time "
		"migrate migrate_options migration_mapping tunnelled no_kill status_program ", CCS_LIVE, services },
	{ "cluster/rm/*", "*", CCS_SERVICE, NULL },
};

static bool fits(const struct rule *r, const char *elements, const char *attr)
{
	size_t len = attr ? strlen(attr) : 0;

	if (fnmatch(r->elements, elements, 0) != 0)
		return false;
	if (!strcmp(r->attrs, "*"))
		return true;
	if (!attr)
		return !*r->attrs;
	for (const char *p = r->attrs; (p = strstr(p, attr)) != NULL; p += len)
		if (p > r->attrs && p[-1] == ' ' && p[len] == ' ')
			return true;
	return false;
}

enum ccs_effect ccs_diff_rule(const char *elements, const char *attr, bool knet, const char **ret_who)
{
	*ret_who = NULL;
	/* Links can be added and taken away with knet only. */
	if (!knet && !strncmp(elements, "cluster/clusternodes/clusternode/altname", 40)) {
		*ret_who = members;
		return CCS_CLUSTER;
	}
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!fits(&rules[i], elements, attr))
			continue;
		*ret_who = rules[i].who;
		return rules[i].effect;
	}
	return CCS_NONE;
}

const char *ccs_diff_key(const struct clu_node *n)
{
	static const char *const keys[] = { "name", "ref", "address", "ringnumber", "program", "addr", "uid", "gid", "depth",
		"SID", "InstanceName", "instance" };

	/* Which link it is depends on its place: another name there is another address of the same link. */
	if (!strcmp(clu_node_name(n), "altname"))
		return NULL;
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (clu_node_attr(n, keys[i]))
			return clu_node_attr(n, keys[i]);
	return NULL;
}

const char *ccs_shown(const char *attr, const char *value)
{
	bool secret = strstr(attr, "passw") && !strstr(attr, "script");

	return secret || !strcmp(attr, "secret_key") ? "***" : value;
}
