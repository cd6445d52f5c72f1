/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_conf.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cman_over.h"

/* Below this token, knet's link monitor (it derives its times from the token) takes links down on a short hiccup. */
#define SHORT_TOKEN_MS 1000
#define PING_INTERVAL_MS 200
#define PING_TIMEOUT_MS 2000

enum kind { NUMBER, WORD, HERE /* handled elsewhere in this file or in the plan */, GONE };

struct key {
	const char *name;
	enum kind kind;
	bool knet;		/* has a meaning for knet only */
	const char *gone;	/* GONE: what takes its place */
};

static const struct key totem_keys[] = {
	{ "token", NUMBER, false, NULL },
	{ "token_coefficient", NUMBER, false, NULL },
	{ "token_warning", NUMBER, false, NULL },
	{ "token_retransmit", NUMBER, false, NULL },
	{ "token_retransmits_before_loss_const", NUMBER, false, NULL },
	{ "consensus", NUMBER, false, NULL },
	{ "join", NUMBER, false, NULL },
	{ "merge", NUMBER, false, NULL },
	{ "hold", NUMBER, false, NULL },
	{ "downcheck", NUMBER, false, NULL },
	{ "send_join", NUMBER, false, NULL },
	{ "fail_recv_const", NUMBER, false, NULL },
	{ "seqno_unchanged_const", NUMBER, false, NULL },
	{ "heartbeat_failures_allowed", NUMBER, false, NULL },
	{ "max_network_delay", NUMBER, false, NULL },
	{ "window_size", NUMBER, false, NULL },
	{ "max_messages", NUMBER, false, NULL },
	{ "miss_count_const", NUMBER, false, NULL },
	{ "netmtu", NUMBER, false, NULL },
	{ "ip_version", WORD, false, NULL },
	{ "block_unlisted_ips", WORD, false, NULL },
	{ "cancel_token_hold_on_retransmit", WORD, false, NULL },
	{ "knet_mtu", NUMBER, true, NULL },
	{ "knet_pmtud_interval", NUMBER, true, NULL },
	{ "knet_compression_model", WORD, true, NULL },
	{ "knet_compression_threshold", NUMBER, true, NULL },
	{ "knet_compression_level", NUMBER, true, NULL },
	{ "crypto_model", WORD, true, NULL },
	{ "crypto_cipher", HERE, true, NULL },
	{ "crypto_hash", HERE, true, NULL },
	{ "link_mode", HERE, true, NULL },
	{ "rrp_mode", HERE, false, NULL },
	{ "secauth", HERE, false, NULL },
	{ "keyfile", HERE, false, NULL },
	{ "transport", HERE, false, NULL },
	{ "version", HERE, false, NULL },
	{ "rrp_problem_count_threshold", GONE, false, "interface/@knet_ping_timeout" },
	{ "rrp_problem_count_timeout", GONE, false, "interface/@knet_ping_timeout" },
	{ "rrp_token_expired_timeout", GONE, false, "interface/@knet_ping_timeout" },
	{ "rrp_autorecovery_check_timeout", GONE, false, "interface/@knet_ping_interval" },
	{ "vsftype", GONE, false, "nothing, every ring is virtually synchronous" },
	{ "threads", GONE, false, "nothing, encryption has its own threads" },
};

static const struct key link_keys[] = {
	{ "knet_ping_interval", NUMBER, true, NULL },
	{ "knet_ping_timeout", NUMBER, true, NULL },
	{ "knet_ping_precision", NUMBER, true, NULL },
	{ "knet_pong_count", NUMBER, true, NULL },
	{ "knet_link_priority", NUMBER, true, NULL },
	{ "knet_transport", WORD, true, NULL },
};

struct writer {
	const struct cman_plan *p;
	struct clu_buf *out, *errs, *warns;
	int faults;
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_number(const char *s)
{
	size_t len = strlen(s);

	if (!len || len > 10)
		return false;
	for (; *s; s++)
		if (!isdigit((unsigned char)*s))
			return false;
	return true;
}

static bool is_word(const char *s)
{
	if (!*s || strlen(s) > 32)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-')
			return false;
	return true;
}

/* A user or group: names have dots, signs of domains and $; what corosync's file has a meaning for cannot be in one. */
static const char *account_attr(struct writer *w, const struct clu_node *n, const char *name)
{
	const char *v = clu_node_attr(n, name), *p = v;

	while (p && (unsigned char)*p > ' ' && *p != 127 && !strchr(":{}", *p))
		p++;
	if (!v || (p != v && !*p && strlen(v) <= 255))
		return v;
	clu_buf_printf(w->errs, "%s:%d: %s/@%s: \"%.40s\": no number and no name of an account; correct it\n", clu_node_file(n),
		clu_node_line(n), clu_node_name(n), name, v);
	w->faults++;
	return NULL;
}

static const char *word_attr(struct writer *w, const struct clu_node *n, const char *name, const char *def)
{
	const char *v = clu_node_attr(n, name);

	if (!v)
		return def;
	if (!is_word(v)) {
		clu_buf_printf(w->errs,
			       "%s:%d: %s/@%s: \"%.40s\": not a word: corosync would not read it; correct it\n",
			       clu_node_file(n), clu_node_line(n), clu_node_name(n), name, v);
		w->faults++;
		return def;
	}
	return v;
}

static void write_key(struct writer *w, const struct clu_node *n, const struct key *k, const char *value,
		      const char *indent)
{
	if (k->kind == GONE) {
		clu_buf_printf(w->warns, "%s:%d: %s/@%s: corosync 3 has no such setting: left out; in its place: %s\n",
			       clu_node_file(n), clu_node_line(n), clu_node_name(n), k->name, k->gone);
		return;
	}
	if (k->kind == HERE)
		return;
	if (k->knet && w->p->transport != CMAN_KNET) {
		clu_buf_printf(w->warns, "%s:%d: %s/@%s: has a meaning for knet only: left out\n", clu_node_file(n),
			       clu_node_line(n), clu_node_name(n), k->name);
		return;
	}
	if (k->kind == NUMBER ? !is_number(value) : !is_word(value)) {
		clu_buf_printf(w->errs,
			       "%s:%d: %s/@%s: \"%.40s\": not a %s: corosync would not start with it; correct it\n",
			       clu_node_file(n), clu_node_line(n), clu_node_name(n), k->name, value,
			       k->kind == NUMBER ? "whole number" : "word");
		w->faults++;
		return;
	}
	clu_buf_printf(w->out, "%s%s: %s\n", indent, k->name, value);
}

static const struct key *find_key(const struct key *keys, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static void write_link_mode(struct writer *w, const struct clu_node *totem)
{
	const char *mode = word_attr(w, totem, "link_mode", NULL);
	const char *rrp = clu_node_attr(totem, "rrp_mode");

	if (!mode && rrp && strcmp(rrp, "none"))
		mode = word_attr(w, totem, "rrp_mode", NULL);
	if (mode && w->p->transport == CMAN_KNET && w->p->n_links > 1)
		clu_buf_printf(w->out, "\tlink_mode: %s\n", mode);
}

static void write_link(struct writer *w, unsigned l)
{
	const struct cman_plan_link *link = &w->p->links[l];
	bool knet = w->p->transport == CMAN_KNET;
	const char *name, *value;

	clu_buf_printf(w->out, "\n\tinterface {\n\t\tlinknumber: %u\n\t\tmcastport: %u\n", l, link->port);
	if (w->p->transport == CMAN_UDPB)
		clu_buf_str(w->out, "\t\tbroadcast: yes\n");
	if (w->p->transport == CMAN_UDP) {
		clu_buf_printf(w->out, "\t\tmcastaddr: %s\n", link->mcast);
		if (link->ttl)
			clu_buf_printf(w->out, "\t\tttl: %u\n", link->ttl);
	}
	if (knet && w->p->token_ms < SHORT_TOKEN_MS && !clu_node_attr(link->xml, "knet_ping_interval") &&
	    !clu_node_attr(link->xml, "knet_ping_timeout"))
		clu_buf_printf(w->out, "\t\tknet_ping_interval: %d\n\t\tknet_ping_timeout: %d\n", PING_INTERVAL_MS,
			       PING_TIMEOUT_MS);
	for (unsigned i = 0; link->xml && clu_node_attr_at(link->xml, i, &name, &value); i++) {
		const struct key *k = find_key(link_keys, COUNT(link_keys), name);

		if (k)
			write_key(w, link->xml, k, value, "\t\t");
		else if (strcmp(name, "ringnumber"))
			clu_buf_printf(w->warns, "%s:%d: interface/@%.60s: comes from cman, multicast and the node names: left out\n",
				       clu_node_file(link->xml), clu_node_line(link->xml), name);
	}
	clu_buf_str(w->out, "\t}\n");
}

static void write_totem(struct writer *w)
{
	static const char *const transports[] = { "knet", "udp", "udp", "udpu" };
	const struct clu_node *totem = clu_node_child(clu_conf_root(w->p->conf), "totem");
	const struct cman_plan *p = w->p;
	const char *name, *value;

	clu_buf_printf(w->out,
		       "totem {\n\tversion: 2\n\tcluster_name: %s\n\ttransport: %s\n",
		       p->cluster_name, transports[p->transport]);
	if (p->crypto)
		clu_buf_printf(w->out, "\tcrypto_cipher: %s\n\tcrypto_hash: %s\n\tkeyfile: %s\n",
			       word_attr(w, totem, "crypto_cipher", "aes256"),
			       word_attr(w, totem, "crypto_hash", "sha256"), p->keyfile);
	write_link_mode(w, totem);
	if (!clu_node_attr(totem, "token_coefficient"))
		clu_buf_str(w->out, "\ttoken_coefficient: 0\n");
	for (unsigned i = 0; totem && clu_node_attr_at(totem, i, &name, &value); i++) {
		const struct key *k = find_key(totem_keys, COUNT(totem_keys), name);

		if (k)
			write_key(w, totem, k, value, "\t");
		else
			clu_buf_printf(w->warns, "%s:%d: totem/@%.60s: not a setting of corosync 3: left out\n",
				       clu_node_file(totem), clu_node_line(totem), name);
	}
	for (unsigned l = 0; l < p->n_links; l++)
		write_link(w, l);
	clu_buf_str(w->out, "}\n");
}

static void write_nodes(struct writer *w)
{
	clu_buf_str(w->out, "\nnodelist {\n");
	for (unsigned i = 0; i < w->p->n_nodes; i++) {
		const struct cman_plan_node *n = &w->p->nodes[i];

		clu_buf_printf(w->out, "\tnode {\n\t\tname: %s\n\t\tnodeid: %u\n\t\tquorum_votes: %u\n", n->name,
			       n->nodeid, n->votes);
		for (unsigned l = 0; l < w->p->n_links; l++)
			clu_buf_printf(w->out, "\t\tring%u_addr: %s\n", l, n->addr[l]);
		clu_buf_str(w->out, "\t}\n");
	}
	clu_buf_str(w->out, "}\n");
}

/*
 * Any model makes corosync expect a device. How long it waits for its word at a new ring, and after how long a vote
 * that is not repeated has ended, follows from the disk's times (qdisk_conf.h).
 */
static void write_device(struct writer *w)
{
	const struct qdisk_conf *q = &w->p->qdisk;

	if (w->p->device)
		clu_buf_printf(w->out, "\tdevice {\n\t\tmodel: disk\n\t\tvotes: %u\n\t\ttimeout: %u\n\t\tsync_timeout: %u\n\t}\n",
			       q->votes, q->device_timeout_ms, q->sync_timeout_ms);
}

static void write_quorum(struct writer *w)
{
	static const char *const through[] = { "last_man_standing", "last_man_standing_window", "auto_tie_breaker",
		"auto_tie_breaker_node" };
	const struct clu_node *cman = clu_node_child(clu_conf_root(w->p->conf), "cman");
	const char *wait = word_attr(w, cman, "wait_for_all", NULL);

	clu_buf_str(w->out, "\nquorum {\n\tprovider: corosync_votequorum\n");
	if (w->p->expected_votes)
		clu_buf_printf(w->out, "\texpected_votes: %u\n", w->p->expected_votes);
	/* cman let one of two nodes start alone (fencing the other first); corosync's two_node would wait for both. */
	if (w->p->two_node)
		clu_buf_str(w->out, "\ttwo_node: 1\n");
	if (w->p->two_node || wait)
		clu_buf_printf(w->out, "\twait_for_all: %s\n", wait ? wait : "0");
	for (unsigned i = 0; i < COUNT(through); i++)
		if (clu_node_attr(cman, through[i]))
			clu_buf_printf(w->out, "\t%s: %s\n", through[i], word_attr(w, cman, through[i], "0"));
	write_device(w);
	clu_buf_str(w->out, "}\n");
}

/* logging_daemon name="corosync" without a subsystem speaks before logging itself. */
static const char *log_attr(struct writer *w, const struct clu_node *logging, const char *name, const char *def)
{
	const struct clu_node *d;

	for (d = clu_node_child(logging, "logging_daemon"); d; d = clu_node_next(d, "logging_daemon")) {
		const char *who = clu_node_attr(d, "name");

		if (who && !strcmp(who, "corosync") && !clu_node_attr(d, "subsys") && clu_node_attr(d, name))
			return word_attr(w, d, name, def);
	}
	return word_attr(w, logging, name, def);
}

/* Names of cman's time, and what corosync 3 calls the part that does this work; NULL: nothing does. */
static const struct { const char *old, *now; } subsystems[] = {
	{ "CMAN", "VOTEQ" }, { "CONFDB", "CMAP" }, { "CLM", NULL }, { "CKPT", NULL }, { "EVT", NULL },
};

static const char *subsystem(const char *name)
{
	for (unsigned i = 0; i < COUNT(subsystems); i++)
		if (!strcmp(subsystems[i].old, name))
			return subsystems[i].now;
	return name;
}

static void write_subsystems(struct writer *w, const struct clu_node *logging)
{
	static const char *const keys[] = { "to_logfile", "to_syslog", "logfile_priority", "syslog_facility",
		"syslog_priority", "debug" };
	const struct clu_node *d;

	for (d = clu_node_child(logging, "logging_daemon"); d; d = clu_node_next(d, "logging_daemon")) {
		const char *who = clu_node_attr(d, "name"), *sub = clu_node_attr(d, "subsys");

		if (!who || strcmp(who, "corosync") || !sub)
			continue;
		sub = subsystem(word_attr(w, d, "subsys", "MAIN"));
		if (!sub) {
			clu_buf_printf(w->warns, "%s:%d: logging_daemon/@subsys: corosync 3 has no part \"%.32s\": left out\n",
				       clu_node_file(d), clu_node_line(d), clu_node_attr(d, "subsys"));
			continue;
		}
		clu_buf_printf(w->out, "\n\tlogger_subsys {\n\t\tsubsys: %s\n", sub);
		for (unsigned i = 0; i < COUNT(keys); i++)
			if (clu_node_attr(d, keys[i]))
				clu_buf_printf(w->out, "\t\t%s: %s\n", keys[i], word_attr(w, d, keys[i], "no"));
		clu_buf_str(w->out, "\t}\n");
	}
}

static void write_logging(struct writer *w)
{
	const struct clu_node *logging = clu_node_child(clu_conf_root(w->p->conf), "logging");
	const char *debug = w->p->over.debug ? "on" : log_attr(w, logging, "debug", "off");
	/* COMPAT: debug messages are asked for to be seen: they go to the file whatever its priority. */
	const char *priority = !strcmp(debug, "on") ? "debug" : log_attr(w, logging, "logfile_priority", "info");

	clu_buf_printf(w->out,
		       "\nlogging {\n\tto_stderr: no\n\tto_logfile: %s\n\tlogfile: %s\n\tlogfile_priority: %s\n",
		       log_attr(w, logging, "to_logfile", "yes"), w->p->logfile,
		       priority);
	clu_buf_printf(
		w->out,
		"\tto_syslog: %s\n\tsyslog_facility: %s\n\tsyslog_priority: %s\n\tdebug: %s\n\ttimestamp: hires\n",
		log_attr(w, logging, "to_syslog", "yes"), log_attr(w, logging, "syslog_facility", "local4"),
		log_attr(w, logging, "syslog_priority", "info"), debug);
	write_subsystems(w, logging);
	clu_buf_str(w->out, "}\n");
}

static void write_rest(struct writer *w)
{
	const struct clu_node *root = clu_conf_root(w->p->conf), *u;

	if (!w->p->realtime)
		clu_buf_str(w->out, "\nsystem {\n\tsched_rr: no\n}\n");
	for (u = clu_node_child(root, "uidgid"); u; u = clu_node_next(u, "uidgid")) {
		const char *uid = account_attr(w, u, "uid"), *gid = account_attr(w, u, "gid");

		clu_buf_str(w->out, "\nuidgid {\n");
		if (uid)
			clu_buf_printf(w->out, "\tuid: %s\n", uid);
		if (gid)
			clu_buf_printf(w->out, "\tgid: %s\n", gid);
		clu_buf_str(w->out, "}\n");
	}
}

/* FNV-1a of 64 bits: to tell two texts apart, not to guard them. */
static uint64_t digest(const char *text, size_t len)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 1099511628211u;
	return h;
}

/*
 * For cman_tool and cmand: corosync keeps unknown sections in its map, so this tells what
 * a running corosync has read. The version is not among what the digest is made of: most
 * versions of cluster.conf change nothing here. It does not stand in totem either: there
 * corosync ends a node that comes back with a version of before.
 */
static void write_own(struct writer *w, size_t begin)
{
	char over[CMAN_OVER_TEXT];
	uint64_t h;

	if (cman_over_pack(&w->p->over, over) < 0) {
		clu_buf_str(w->errs, "the values on the command line have blanks, braces or a #, or are too long: corosync.conf "
				     "cannot hold them; write them into cluster.conf\n");
		w->faults++;
		return;
	}
	clu_buf_printf(w->out, "\nhawser {\n\tcluster_id: %u\n", w->p->cluster_id);
	if (*over)
		clu_buf_printf(w->out, "\tjoined_with: %s\n", over);
	h = digest(clu_buf_text(w->out) + begin, w->out->len - begin);
	clu_buf_printf(w->out, "\tdigest: %016" PRIx64 "\n\tconfig_version: %" PRIu64 "\n}\n", h, w->p->config_version);
}

bool cman_conf_value(const char *text, const char *section, const char *key, char *ret, size_t size)
{
	char head[64], name[64];
	const char *p, *end;

	*ret = '\0';
	snprintf(head, sizeof(head), "%.60s {\n", section);
	snprintf(name, sizeof(name), "\n\t%.58s: ", key);
	for (p = strstr(text, head); p && p != text && p[-1] != '\n'; p = strstr(p + 1, head))
		;
	end = p ? strstr(p, "\n}") : NULL;
	p = p ? strstr(p, name) : NULL;
	if (!p || !end || p >= end)
		return false;
	p += strlen(name);
	snprintf(ret, size, "%.*s", (int)strcspn(p, "\n"), p);
	return true;
}

int cman_conf_write(const struct cman_plan *p, struct clu_buf *ret, struct clu_buf *errs, struct clu_buf *warns)
{
	struct writer w = { .p = p, .out = ret, .errs = errs, .warns = warns };
	size_t begin = ret->len;

	clu_buf_str(ret, "# Made by Hawser from cluster.conf, at every join and every change: change that file, not this one.\n\n");
	write_totem(&w);
	write_nodes(&w);
	write_quorum(&w);
	write_logging(&w);
	write_rest(&w);
	write_own(&w, begin);
	return w.faults;
}

bool cman_conf_is_whole(const char *text, char ret_digest[20])
{
	const char *line = strstr(text, "\n\tdigest: ");
	char is[20];

	if (!cman_conf_value(text, "hawser", "digest", ret_digest, 20) || !line)
		return false;
	snprintf(is, sizeof(is), "%016" PRIx64, digest(text, (size_t)(line + 1 - text)));
	return !strcmp(is, ret_digest);
}
