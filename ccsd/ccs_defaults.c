/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Defaults, as the programs of ours have them: cman_plan.c and corosync, fenced_core.c, rg_rm.c, and ccs.md 2 for what
 * other daemons read.
 */
#include "config.h"

#include "ccs_effective.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cman_plan.h"
#include "qdisk_conf.h"

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

static bool cluster_id(const struct clu_conf *conf, char *value, char *why)
{
	bool fnv = is_yes(attr_of(conf, "cman", "hash_cluster_id"));

	snprintf(value, SIZE, "%u", cman_cluster_id(clu_conf_cluster_name(conf), fnv));
	snprintf(why, SIZE, "%s of the cluster's name", fnv ? "hash" : "sum");
	return true;
}

/* false: there is no quorum disk. */
static bool read_disk(const struct clu_conf *conf, struct qdisk_conf *ret)
{
	struct clu_buf errs = CLU_BUF_INIT, warns = CLU_BUF_INIT;
	int r = qdisk_conf_read(conf, ret, &errs, &warns);

	/* Faults are the validator's to tell: here they are taken as qdiskd would take the rest. */
	clu_buf_free(&errs);
	clu_buf_free(&warns);
	return r >= 0;
}

static bool expected_votes(const struct clu_conf *conf, char *value, char *why)
{
	static struct clu_conf_node nodes[MAX_NODES];
	unsigned n = clu_conf_nodes(conf, nodes, MAX_NODES);
	struct qdisk_conf q = { .votes = 0 };
	unsigned long votes = 0;
	bool disk = read_disk(conf, &q);

	for (unsigned i = 0; i < n && i < MAX_NODES; i++)
		votes += nodes[i].votes;
	snprintf(value, SIZE, "%lu", votes + (disk ? q.votes : 0));
	snprintf(why, SIZE, "votes of %u nodes%s", n, disk ? " and of the quorum disk" : "");
	return true;
}

static bool consensus(const struct clu_conf *conf, char *value, char *why)
{
	snprintf(value, SIZE, "%lu", token_of(conf) * 6 / 5);
	snprintf(why, SIZE, "1.2 times token");
	return true;
}

static bool tko(const struct clu_conf *conf, char *value, char *why)
{
	struct qdisk_conf q;

	if (!read_disk(conf, &q))
		return false;
	snprintf(value, SIZE, "%u", q.tko);
	snprintf(why, SIZE, "(token - interval) / 2, %d or more", QDISK_MIN_TKO);
	return true;
}

static bool tko_up(const struct clu_conf *conf, char *value, char *why)
{
	struct qdisk_conf q;

	if (!read_disk(conf, &q))
		return false;
	snprintf(value, SIZE, "%u", q.tko_up);
	snprintf(why, SIZE, "a third of tko, 2 or more");
	return true;
}

static bool disk_votes(const struct clu_conf *conf, char *value, char *why)
{
	struct qdisk_conf q;

	if (!read_disk(conf, &q))
		return false;
	snprintf(value, SIZE, "%u", q.votes);
	snprintf(why, SIZE, "nodes less one");
	return true;
}

static bool min_score(const struct clu_conf *conf, char *value, char *why)
{
	struct qdisk_conf q;

	if (!read_disk(conf, &q))
		return false;
	snprintf(value, SIZE, "%u", q.min_score);
	snprintf(why, SIZE, "more than half of the heuristics' scores");
	return true;
}

static bool master_wins(const struct clu_conf *conf, char *value, char *why)
{
	struct qdisk_conf q;

	if (!read_disk(conf, &q))
		return false;
	snprintf(value, SIZE, "%d", q.master_wins);
	snprintf(why, SIZE, "two nodes without heuristics and votes");
	return true;
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
	{ "quorumd", "master_wins", NULL, master_wins },
	{ "quorumd", "upgrade_wait", "2", NULL },
	{ "quorumd", "scheduler", "rr", NULL },
	{ "quorumd", "priority", "1", NULL },
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
