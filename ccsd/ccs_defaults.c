/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Defaults, as the programs of ours have them: cman_plan.c and corosync, fenced_core.c, rg_rm.c, and ccs.md 2 for what
 * other daemons read.
 */
#include "config.h"

#include "ccs_effective.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cman_plan.h"

#define SIZE 128
#define MAX_NODES 1024

static const char *attr_of(const struct clu_conf *conf, const char *element, const char *attr)
{
	return clu_node_attr(clu_node_child(clu_conf_root(conf), element), attr);
}

static bool is_yes(const char *s)
{
	return s && (!strcmp(s, "1") || !strcmp(s, "yes") || !strcmp(s, "on") || !strcmp(s, "true"));
}

static unsigned long number_of(const char *s, unsigned long otherwise)
{
	return s && *s >= '0' && *s <= '9' ? strtoul(s, NULL, 10) : otherwise;
}

static unsigned long token_of(const struct clu_conf *conf)
{
	return number_of(attr_of(conf, "totem", "token"), CMAN_DEFAULT_TOKEN_MS);
}

static bool sum_votes(const struct clu_conf *conf, unsigned long *ret_votes, unsigned *ret_nodes)
{
	static struct clu_conf_node nodes[MAX_NODES];
	unsigned n = clu_conf_nodes(conf, nodes, MAX_NODES);
	bool all_one = true;

	*ret_votes = 0;
	*ret_nodes = n;
	for (unsigned i = 0; i < n && i < MAX_NODES; i++) {
		*ret_votes += nodes[i].votes;
		all_one = all_one && nodes[i].votes == 1;
	}
	return all_one;
}

static bool cluster_id(const struct clu_conf *conf, char *value, char *why)
{
	bool fnv = is_yes(attr_of(conf, "cman", "hash_cluster_id"));

	snprintf(value, SIZE, "%u", cman_cluster_id(clu_conf_cluster_name(conf), fnv));
	snprintf(why, SIZE, "%s of the cluster's name", fnv ? "hash" : "sum");
	return true;
}

static bool expected_votes(const struct clu_conf *conf, char *value, char *why)
{
	unsigned long votes, disk = number_of(attr_of(conf, "quorumd", "votes"), 0);
	unsigned nodes;

	(void)sum_votes(conf, &votes, &nodes);
	snprintf(value, SIZE, "%lu", votes + disk);
	snprintf(why, SIZE, "votes of %u nodes%s", nodes, disk ? " and of the quorum disk" : "");
	return true;
}

static bool consensus(const struct clu_conf *conf, char *value, char *why)
{
	snprintf(value, SIZE, "%lu", token_of(conf) * 6 / 5);
	snprintf(why, SIZE, "1.2 times token");
	return true;
}

static bool has_disk(const struct clu_conf *conf)
{
	return clu_node_child(clu_conf_root(conf), "quorumd") != NULL;
}

static unsigned long disk_tko(const struct clu_conf *conf)
{
	unsigned long interval = number_of(attr_of(conf, "quorumd", "interval"), 1), seconds = token_of(conf) / 1000;

	return number_of(attr_of(conf, "quorumd", "tko"), seconds > interval ? (seconds - interval) / 2 : 0);
}

static bool tko(const struct clu_conf *conf, char *value, char *why)
{
	snprintf(value, SIZE, "%lu", disk_tko(conf));
	snprintf(why, SIZE, "(token - interval) / 2");
	return has_disk(conf);
}

static bool tko_up(const struct clu_conf *conf, char *value, char *why)
{
	unsigned long third = disk_tko(conf) / 3;

	snprintf(value, SIZE, "%lu", third < 2 ? 2 : third);
	snprintf(why, SIZE, "a third of tko, 2 or more");
	return has_disk(conf);
}

static bool disk_votes(const struct clu_conf *conf, char *value, char *why)
{
	unsigned long votes;
	unsigned nodes;
	bool all_one = sum_votes(conf, &votes, &nodes);

	snprintf(value, SIZE, "%u", nodes ? nodes - 1 : 0);
	snprintf(why, SIZE, "nodes less one");
	return has_disk(conf) && all_one;
}

static bool min_score(const struct clu_conf *conf, char *value, char *why)
{
	const struct clu_node *disk = clu_node_child(clu_conf_root(conf), "quorumd");
	unsigned long sum = 0;

	for (const struct clu_node *h = clu_node_child(disk, "heuristic"); h; h = clu_node_next(h, "heuristic"))
		sum += number_of(clu_node_attr(h, "score"), 1);
	snprintf(value, SIZE, "%lu", sum / 2 + 1);
	snprintf(why, SIZE, "more than half of the heuristics' scores");
	return disk && sum;
}

#define STR(x) #x
#define TEXT(x) STR(x)

const struct ccs_default ccs_defaults[] = {
	{ "cman", "two_node", "0", NULL },
	{ "cman", "expected_votes", NULL, expected_votes },
	{ "cman", "cluster_id", NULL, cluster_id },
	{ "cman", "transport", "knet", NULL },
	{ "cman", "port", TEXT(CMAN_DEFAULT_PORT), NULL },
	{ "totem", "token", TEXT(CMAN_DEFAULT_TOKEN_MS), NULL },
	{ "totem", "consensus", NULL, consensus },
	{ "totem", "token_coefficient", "0", NULL },
	{ "totem", "crypto_cipher", "aes256", NULL },
	{ "totem", "crypto_hash", "sha256", NULL },
	{ "clusternodes/clusternode", "votes", "1", NULL },
	{ "quorumd", "interval", "1", NULL },
	{ "quorumd", "tko", NULL, tko },
	{ "quorumd", "tko_up", NULL, tko_up },
	{ "quorumd", "votes", NULL, disk_votes },
	{ "quorumd", "min_score", NULL, min_score },
	{ "quorumd", "reboot", "1", NULL },
	{ "quorumd", "allow_kill", "1", NULL },
	{ "quorumd", "paranoid", "0", NULL },
	{ "quorumd", "io_timeout", "0", NULL },
	{ "quorumd", "stop_cman", "0", NULL },
	{ "quorumd", "max_error_cycles", "0", NULL },
	{ "quorumd/heuristic", "score", "1", NULL },
	{ "fence_daemon", "post_join_delay", "6", NULL },
	{ "fence_daemon", "post_fail_delay", "0", NULL },
	{ "fence_daemon", "agent_timeout", "60", NULL },
	{ "fence_daemon", "clean_start", "0", NULL },
	{ "fence_daemon", "skip_undefined", "0", NULL },
	{ "logging", "to_syslog", "yes", NULL },
	{ "logging", "to_logfile", "yes", NULL },
	{ "logging", "syslog_facility", "local4", NULL },
	{ "logging", "syslog_priority", "info", NULL },
	{ "logging", "logfile_priority", "info", NULL },
	{ "logging", "debug", "off", NULL },
	{ "rm/failoverdomains/failoverdomain", "ordered", "0", NULL },
	{ "rm/failoverdomains/failoverdomain", "restricted", "0", NULL },
	{ "rm/failoverdomains/failoverdomain", "nofailback", "0", NULL },
	{ "rm/service", "autostart", "1", NULL },
	{ "rm/service", "exclusive", "0", NULL },
	{ "rm/service", "recovery", "restart", NULL },
	{ "rm/service", "max_restarts", "0", NULL },
	{ "rm/service", "restart_expire_time", "0", NULL },
	{ "rm/vm", "autostart", "1", NULL },
	{ "rm/vm", "exclusive", "0", NULL },
	{ "rm/vm", "recovery", "restart", NULL },
	{ "rm/vm", "max_restarts", "0", NULL },
	{ "rm/vm", "restart_expire_time", "0", NULL },
};

const unsigned ccs_n_defaults = sizeof(ccs_defaults) / sizeof(ccs_defaults[0]);
