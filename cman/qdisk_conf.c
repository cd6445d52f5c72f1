/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qdisk_conf.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clu_opt.h"
#include "qdisk_format.h"

#define DEFAULT_TOKEN_MS 3000

static const char *const schedulers[] = { "rr", "fifo", "other", NULL };

/* As written; -1: not given. */
struct raw {
	int64_t interval, tko, tko_up, upgrade_wait, master_wait, votes, min_score, max_error_cycles, priority;
	int scheduler;
	bool reboot, paranoid, allow_kill, io_timeout, stop_cman, master_wins;
};

#define NUMBER(name, min, max, def, live, help) \
	{ #name, CLU_OPT_INT, min, max, def, NULL, offsetof(struct raw, name), live, help }
#define FLAG(name, def, live, help) { #name, CLU_OPT_BOOL, 0, 0, def, NULL, offsetof(struct raw, name), live, help }

static const struct clu_opt rows[] = {
	NUMBER(interval, 1, 3600, "1", false, "seconds of a cycle"),
	NUMBER(tko, -1, 3600, "-1", false, "cycles without a write until a node is dead"),
	NUMBER(tko_up, -1, 3600, "-1", false, "cycles with one until it counts"),
	NUMBER(upgrade_wait, 0, 3600, "2", false, "cycles until a node asks to be master"),
	NUMBER(master_wait, 0, 3600, "0", false, "cycles at least between asking and being"),
	NUMBER(votes, -1, 65535, "-1", true, "votes of the device"),
	NUMBER(min_score, 0, 65535, "0", true, "score that is needed; 0: more than half"),
	NUMBER(max_error_cycles, 0, 1000000, "0", true, "cycles with read errors until qdiskd ends"),
	NUMBER(priority, -20, 99, "1", true, "real-time priority, or nice value"),
	{ "scheduler", CLU_OPT_ENUM, 0, 0, "rr", schedulers, offsetof(struct raw, scheduler), true, "rr, fifo or other" },
	FLAG(reboot, "1", true, "reboot when the score is too low"),
	FLAG(paranoid, "0", true, "reboot when a cycle takes too long"),
	FLAG(allow_kill, "1", true, "have evicted nodes ended"),
	FLAG(io_timeout, "0", true, "reboot when the disk cannot be used"),
	FLAG(stop_cman, "0", true, "leave the cluster when there is no disk at the start"),
	FLAG(master_wins, "0", false, "only the master votes"),
};

struct heuristic_raw {
	int64_t score, interval, tko;
};

static const struct clu_opt heuristic_rows[] = {
	{ "score", CLU_OPT_INT, 1, 65535, "1", NULL, offsetof(struct heuristic_raw, score), true, "points" },
	{ "interval", CLU_OPT_INT, -1, 3600, "-1", NULL, offsetof(struct heuristic_raw, interval), true, "seconds between two runs" },
	{ "tko", CLU_OPT_INT, -1, 3600, "-1", NULL, offsetof(struct heuristic_raw, tko), true, "failures in a row until it is down" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void __attribute__((format(printf, 3, 4)))
say(struct clu_buf *b, const struct clu_node *n, const char *fmt, ...)
{
	va_list ap;

	clu_buf_printf(b, "%s:%d: quorumd", clu_node_file(n), clu_node_line(n));
	va_start(ap, fmt);
	clu_buf_vprintf(b, fmt, ap);
	va_end(ap);
	clu_buf_str(b, "\n");
}

static uint32_t token_ms(const struct clu_conf *conf)
{
	const char *text = clu_node_attr(clu_node_child(clu_conf_root(conf), "totem"), "token");

	return text ? (uint32_t)strtoul(text, NULL, 10) : DEFAULT_TOKEN_MS;
}

/* RHEL 6: so that the disk has decided before corosync notices a loss; but no less than what a slow disk needs. */
static uint32_t default_tko(const struct clu_conf *conf, int64_t interval)
{
	int64_t tko = ((int64_t)token_ms(conf) / 1000 - interval) / 2;

	return tko < QDISK_MIN_TKO ? QDISK_MIN_TKO : tko > 3600 ? 3600 : (uint32_t)tko;
}

/* Nodes with a vote: one without decides nothing. */
static unsigned count_voters(const struct clu_conf *conf)
{
	struct clu_conf_node nodes[64];
	unsigned n = clu_conf_nodes(conf, nodes, COUNT(nodes)), voters = 0;

	for (unsigned i = 0; i < n; i++)
		voters += nodes[i].votes != 0;
	return voters;
}

/* One vote less than there are nodes: with the disk, any node can go on alone. */
static int read_votes(const struct clu_conf *conf, const struct clu_node *q, int64_t given, uint32_t *ret,
	struct clu_buf *errs)
{
	struct clu_conf_node nodes[64];
	unsigned n = clu_conf_nodes(conf, nodes, COUNT(nodes)), voters = count_voters(conf);

	*ret = given >= 0 ? (uint32_t)given : voters ? voters - 1 : 0;
	for (unsigned i = 0; given < 0 && i < n; i++)
		if (nodes[i].votes > 1) {
			say(errs, q, "/@votes: missing: node \"%.40s\" has %u votes, so it cannot be reckoned how many the disk "
				"needs; write votes=\"N\"", nodes[i].name, nodes[i].votes);
			return 1;
		}
	return 0;
}

/* Its own times, or: as many runs as fit into the time after which the node itself would be dead. */
static int read_heuristic(const struct qdisk_conf *c, const struct clu_node *n, struct qdisk_heuristic *ret,
	struct clu_buf *errs)
{
	uint32_t most = c->interval_ms / 1000 * (c->tko - 1), step = most <= 4 ? 1 : most <= 22 ? 2 : most <= 39 ? 3 :
		most <= 50 ? 4 : 5;
	struct heuristic_raw raw;
	int faults = clu_opt_read(n, heuristic_rows, COUNT(heuristic_rows), &raw, errs);

	ret->program = clu_node_attr(n, "program");
	if (!ret->program || !*ret->program) {
		say(errs, n, "/heuristic/@program: missing: it is the command whose exit code 0 is worth the score; write it, or "
			"remove the heuristic");
		faults++;
	}
	ret->score = (uint32_t)raw.score;
	ret->interval_ms = (raw.interval > 0 ? (uint32_t)raw.interval : step) * 1000;
	ret->tko = raw.tko > 0 ? (uint32_t)raw.tko : most / step ? most / step : 1;
	return faults;
}

static int read_heuristics(const struct clu_node *q, struct qdisk_conf *c, struct clu_buf *errs)
{
	int faults = 0;

	for (const struct clu_node *h = clu_node_child(q, "heuristic"); h; h = clu_node_next(h, "heuristic")) {
		if (c->n_heuristics == QDISK_MAX_HEURISTICS) {
			say(errs, h, "/heuristic: more than %d: they are not run; remove some", QDISK_MAX_HEURISTICS);
			return faults + 1;
		}
		faults += read_heuristic(c, h, &c->heuristic[c->n_heuristics], errs);
		c->max_score += c->heuristic[c->n_heuristics++].score;
	}
	/* Without any, a node that runs is good. */
	if (!c->n_heuristics)
		c->max_score = 1;
	if (!c->min_score)
		c->min_score = c->n_heuristics ? c->max_score / 2 + 1 : 1;
	if (c->min_score > c->max_score) {
		say(errs, q, "/@min_score: %u is more than all heuristics together give (%u): no node would ever have votes; lower "
			"it", c->min_score, c->max_score);
		faults++;
	}
	return faults;
}

/*
 * What is safe. A node is dead for the others when they have not seen its block change
 * for dead_ms; from then on another node may speak for the disk in another ring. Until
 * then every vote of that node must have ended, whatever of it hangs:
 * - its qdiskd votes only while a cycle that was begun at most lease_ms ago is on the
 *   disk (the others saw that change later than it began), and
 * - corosync drops a vote that is not repeated for device_timeout_ms,
 * so lease + device_timeout < dead. Half a cycle is left for clocks and scheduling.
 */
static void qdisk_conf_times(const struct clu_conf *conf, const struct clu_node *q, struct qdisk_conf *c,
	struct clu_buf *warns)
{
	const struct clu_node *cman = clu_node_child(clu_conf_root(conf), "cman");
	const char *poll = clu_node_attr(cman, "quorum_dev_poll");
	uint32_t most = c->interval_ms * (c->tko - 2), timeout = c->interval_ms * (c->tko >= 8 ? c->tko / 4 : 1);
	uint32_t wanted = poll ? (uint32_t)strtoul(poll, NULL, 10) : 0, token = token_ms(conf);
	uint64_t decides = (uint64_t)c->interval_ms * (c->tko + 1 + c->master_wait);

	if (wanted > most)
		say(warns, q, ": cman/@quorum_dev_poll=\"%.20s\" is taken as %u: the votes of a node that hangs must have ended before "
			"another one takes over (after interval x tko)", poll, most);
	if (wanted)
		timeout = wanted > most ? most : wanted < 500 ? 500 : wanted;
	c->dead_ms = c->interval_ms * c->tko;
	c->device_timeout_ms = timeout;
	c->lease_ms = c->dead_ms - timeout - c->interval_ms / 2;
	c->sync_timeout_ms = (uint32_t)decides + 2 * c->interval_ms;
	/* corosync needs the token's time and then 1.2 times that to form a ring without the lost node. */
	if (decides * 10 > (uint64_t)token * 22)
		say(warns, q, ": when a node fails, the disk has decided after %llu ms, but corosync notices it after %llu ms "
			"(2.2 x token): until then services stand still; raise totem/@token to %llu, or lower tko",
			(unsigned long long)decides, (unsigned long long)token * 22 / 10,
			(unsigned long long)(decides * 10 / 22 + 999) / 1000 * 1000);
}

static bool auto_master_wins(const struct clu_conf *conf, const struct qdisk_conf *c, const struct clu_node *q)
{
	return count_voters(conf) == 2 && !c->n_heuristics && !clu_node_attr(q, "votes");
}

int qdisk_conf_read(const struct clu_conf *conf, struct qdisk_conf *ret, struct clu_buf *errs, struct clu_buf *warns)
{
	const struct clu_node *q = clu_node_child(clu_conf_root(conf), "quorumd");
	struct raw raw;
	int faults;

	memset(ret, 0, sizeof(*ret));
	if (!q)
		return -ENOENT;
	faults = clu_opt_read(q, rows, COUNT(rows), &raw, errs);
	ret->device = clu_node_attr(q, "device");
	ret->label = clu_node_attr(q, "label");
	ret->name = clu_node_attr(q, "cman_label");
	ret->status_file = clu_node_attr(q, "status_file");
	ret->watchdog_device = clu_node_attr(q, "watchdog_device");
	if (!ret->name)
		ret->name = ret->label ? ret->label : ret->device;
	if (!ret->name || !*ret->name || strlen(ret->name) > 254) {
		say(errs, q, ": neither label nor device: it is not said which disk; write label=\"NAME\" as mkqdisk was given it");
		faults++;
	}
	if (ret->label && !qdisk_label_is_good(ret->label)) {
		say(errs, q, "/@label: \"%.40s\" cannot be the label of a disk: it has 1 to %d printable characters; correct it",
			ret->label, QDISK_LABEL_MAX);
		faults++;
	}
	ret->interval_ms = (uint32_t)raw.interval * 1000;
	ret->tko = raw.tko > 0 ? (uint32_t)raw.tko : default_tko(conf, raw.interval);
	if (ret->tko < QDISK_MIN_TKO) {
		say(warns, q, "/@tko: %u is taken as %d: with less, one slow write would cost a node its votes", ret->tko,
			QDISK_MIN_TKO);
		ret->tko = QDISK_MIN_TKO;
	}
	if ((uint64_t)ret->interval_ms * ret->tko > 3600000) {
		say(errs, q, ": interval x tko is more than an hour; lower one of them");
		ret->interval_ms = 1000;
		ret->tko = QDISK_MIN_TKO;
		faults++;
	}
	ret->tko_up = raw.tko_up > 0 ? (uint32_t)raw.tko_up : ret->tko / 3 < 2 ? 2 : ret->tko / 3;
	ret->upgrade_wait = raw.upgrade_wait < 1 ? 1 : (uint32_t)raw.upgrade_wait;
	ret->master_wait = (uint32_t)raw.master_wait;
	ret->min_score = (uint32_t)raw.min_score;
	ret->max_error_cycles = raw.io_timeout ? 0 : (uint32_t)raw.max_error_cycles;
	ret->scheduler = raw.scheduler;
	ret->priority = (int)raw.priority;
	ret->reboot = raw.reboot;
	ret->paranoid = raw.paranoid;
	ret->allow_kill = raw.allow_kill;
	ret->io_timeout = raw.io_timeout;
	ret->stop_cman = raw.stop_cman;
	faults += read_votes(conf, q, raw.votes, &ret->votes, errs);
	faults += read_heuristics(q, ret, errs);
	ret->master_wins = raw.master_wins || auto_master_wins(conf, ret, q);
	if (raw.master_wins && (ret->n_heuristics || count_voters(conf) > 2)) {
		say(warns, q, "/@master_wins: left out: it is for two nodes without heuristics");
		ret->master_wins = false;
	}
	qdisk_conf_times(conf, q, ret, warns);
	return faults;
}
