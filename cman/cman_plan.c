/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_plan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clu_opt.h"
#include "qdisk_format.h"

struct maker {
	const struct cman_plan_in *in;
	struct cman_plan *plan;
	const struct clu_node *cman, *totem;
	struct clu_buf *errs, *warns;
	int faults;
};

static void __attribute__((format(printf, 3, 0))) say(struct clu_buf *b, const struct clu_node *n, const char *fmt,
	va_list ap)
{
	if (n)
		clu_buf_printf(b, "%s:%d: ", clu_node_file(n), clu_node_line(n));
	clu_buf_vprintf(b, fmt, ap);
	clu_buf_str(b, "\n");
}

static void __attribute__((format(printf, 3, 4))) fault(struct maker *m, const struct clu_node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(m->errs, n, fmt, ap);
	va_end(ap);
	m->faults++;
}

static void __attribute__((format(printf, 3, 4))) warn(struct maker *m, const struct clu_node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(m->warns, n, fmt, ap);
	va_end(ap);
}

bool cman_is_plain(const char *text)
{
	if (!*text || *text == ' ')
		return false;
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127 || strchr("{}#", *p))
			return false;
	return text[strlen(text) - 1] != ' ';
}

/* A whole number of an attribute within bounds; `def` when it is absent or bad. */
static int64_t number(struct maker *m, const struct clu_node *n, const char *name, int64_t min, int64_t max,
		      int64_t def)
{
	const struct clu_opt row = { name, CLU_OPT_INT, min, max, NULL, NULL, 0, false, "" };
	const char *text = clu_node_attr(n, name);
	char why[128];
	int64_t v;

	if (!text)
		return def;
	if (clu_opt_parse(&row, text, &v, why, sizeof(why)) < 0) {
		fault(m, n, "%s/@%s: \"%.40s\": %s; correct it", clu_node_name(n), name, text, why);
		return def;
	}
	return v;
}

static bool flag(struct maker *m, const struct clu_node *n, const char *name, bool def)
{
	const struct clu_opt row = { name, CLU_OPT_BOOL, 0, 0, NULL, NULL, 0, false, "" };
	const char *text = clu_node_attr(n, name);
	char why[128];
	bool v;

	if (!text)
		return def;
	if (clu_opt_parse(&row, text, &v, why, sizeof(why)) < 0) {
		fault(m, n, "%s/@%s: \"%.40s\": %s; correct it", clu_node_name(n), name, text, why);
		return def;
	}
	return v;
}

static void plan_identity(struct maker *m)
{
	const struct clu_node *root = clu_conf_root(m->in->conf);
	struct cman_plan *p = m->plan;
	const char *name = m->in->over.cluster_name;

	if (!name)
		name = clu_conf_cluster_name(m->in->conf);
	if (strcmp(clu_node_name(root), "cluster"))
		fault(m, root, "root element <%s>: a configuration starts with <cluster>; is it the right file?",
		      clu_node_name(root));
	else if (!cman_is_plain(name))
		fault(m, root,
		      "cluster/@name: missing or not usable: the name makes the nodes one cluster; write 1 to %d "
		      "letters or digits",
		      CMAN_CLUSTER_NAME_MAX);
	else if (strlen(name) > CMAN_CLUSTER_NAME_MAX)
		fault(m, root, "cluster/@name: \"%.40s\" is longer than %d bytes: tools cannot hold it; shorten it",
		      name, CMAN_CLUSTER_NAME_MAX);
	p->cluster_name = name;
	p->config_version = clu_conf_version(m->in->conf);
	if (!p->config_version)
		fault(m, root, "cluster/@config_version: missing or not a number from 1: versions are compared between "
		      "nodes; write config_version=\"1\"");
	p->cluster_id = (uint32_t)number(m, m->cman, "cluster_id", 1, 65535, 0);
	if (!p->cluster_id)
		p->cluster_id = cman_cluster_id(name, flag(m, m->cman, "hash_cluster_id", false));
	p->realtime = !m->in->over.no_realtime;
}

static void plan_logfile(struct maker *m)
{
	const struct clu_node *d = clu_node_path(clu_conf_root(m->in->conf), "logging/logging_daemon");

	m->plan->logfile = m->in->default_logfile;
	for (; d; d = clu_node_next(d, "logging_daemon")) {
		const char *who = clu_node_attr(d, "name"), *file = clu_node_attr(d, "logfile");

		if (!who || !file || strcmp(who, "corosync") || clu_node_attr(d, "subsys"))
			continue;
		if (*file != '/' || !cman_is_plain(file))
			fault(m, d,
			      "logging_daemon/@logfile: \"%.80s\": not an absolute path: corosync runs in another "
			      "folder; write a full path",
			      file);
		else
			m->plan->logfile = file;
	}
}

static unsigned count_altnames(const struct clu_node *n)
{
	unsigned count = 0;

	for (n = clu_node_child(n, "altname"); n; n = clu_node_next(n, "altname"))
		count++;
	return count;
}

static void plan_address(struct maker *m, const struct clu_node *xml, const char *name, char *ret)
{
	struct in6_addr a6;
	struct in_addr a4;
	bool numeric = inet_pton(AF_INET, name, &a4) == 1 || inet_pton(AF_INET6, name, &a6) == 1;

	if (numeric || !m->in->resolve) {
		if (strlen(name) >= CMAN_ADDR_LEN)
			fault(m, xml,
			      "%s \"%.40s...\" is longer than %d characters: it cannot be used as an address; give "
			      "the node a shorter name",
			      clu_node_name(xml), name, CMAN_ADDR_LEN - 1);
		else
			memcpy(ret, name, strlen(name) + 1);
		return;
	}
	if (m->in->resolve(m->in->ctx, name, ret, CMAN_ADDR_LEN) < 0) {
		fault(m, xml, "%s \"%s\" has no address: neither /etc/hosts nor the name service knows it; add it to "
		      "/etc/hosts on every node", clu_node_name(xml), name);
		*ret = '\0';
		return;
	}
	/* A name that each machine maps to itself would make every node talk to itself. */
	if ((inet_pton(AF_INET, ret, &a4) == 1 && (ntohl(a4.s_addr) >> 24) == 127) ||
	    (inet_pton(AF_INET6, ret, &a6) == 1 && IN6_IS_ADDR_LOOPBACK(&a6)))
		fault(m, xml, "%s \"%s\" stands for the loopback address %s: other nodes cannot reach it; give it the "
		      "address of the cluster network in /etc/hosts", clu_node_name(xml), name, ret);
}

static void plan_node(struct maker *m, const struct clu_conf_node *cn)
{
	struct cman_plan *p = m->plan;
	struct cman_plan_node *n = &p->nodes[p->n_nodes];
	bool own = !strcmp(cn->name, m->in->own_name);
	const struct clu_node *alt;
	unsigned link = 1;

	memset(n, 0, sizeof(*n));
	n->name = cn->name;
	if (!cman_is_plain(cn->name) || strlen(cn->name) > CMAN_NODE_NAME_MAX) {
		fault(m, cn->xml,
		      "clusternode/@name: missing, too long or not usable: it is the node's identity; write its "
		      "host name");
		return;
	}
	n->nodeid = (uint32_t)number(m, cn->xml, "nodeid", 1, 65535, 0);
	n->votes = (uint32_t)number(m, cn->xml, "votes", 0, 255, 1);
	if (own && m->in->over.nodeid > 0)
		n->nodeid = (uint32_t)m->in->over.nodeid;
	if (own && m->in->over.votes >= 0)
		n->votes = (uint32_t)m->in->over.votes;
	if (!n->nodeid && !clu_node_attr(cn->xml, "nodeid"))
		fault(m, cn->xml,
		      "clusternode \"%s\" has no nodeid: nodes are told apart by number; add nodeid=\"1\" to 65535",
		      cn->name);
	for (unsigned i = 0; i < p->n_nodes; i++) {
		if (n->nodeid && p->nodes[i].nodeid == n->nodeid)
			fault(m, cn->xml,
			      "nodeid %u of \"%s\" is also the one of \"%s\": it must be unique; change one",
			      n->nodeid, cn->name, p->nodes[i].name);
		if (!strcmp(p->nodes[i].name, cn->name))
			fault(m, cn->xml,
			      "node name \"%s\" is there twice: names must be unique; remove or rename one",
			      cn->name);
	}
	plan_address(m, cn->xml, cn->name, n->addr[0]);
	for (alt = clu_node_child(cn->xml, "altname"); alt && link < p->n_links; alt = clu_node_next(alt, "altname")) {
		const char *name = clu_node_attr(alt, "name");

		if (!name || !cman_is_plain(name))
			fault(m, alt,
			      "altname/@name of \"%s\": missing or not usable: it names the node's next address; "
			      "write a host name or address",
			      cn->name);
		else
			plan_address(m, alt, name, n->addr[link]);
		link++;
	}
	if (own)
		p->own = p->n_nodes;
	p->n_nodes++;
}

static void check_families(struct maker *m)
{
	struct cman_plan *p = m->plan;

	for (unsigned l = 0; m->in->resolve && l < p->n_links; l++) {
		for (unsigned i = 1; i < p->n_nodes; i++) {
			bool v6 = strchr(p->nodes[i].addr[l], ':') != NULL;

			if (*p->nodes[i].addr[l] && *p->nodes[0].addr[l] &&
			    v6 != (strchr(p->nodes[0].addr[l], ':') != NULL)) {
				fault(m, NULL,
				      "link %u: \"%s\" has an address of IPv%d, \"%s\" one of IPv%d: one link must "
				      "have one family; correct /etc/hosts",
				      l, p->nodes[0].name, v6 ? 4 : 6, p->nodes[i].name, v6 ? 6 : 4);
				break;
			}
		}
	}
}

static void plan_nodes(struct maker *m)
{
	struct cman_plan *p = m->plan;
	struct clu_conf_node nodes[CMAN_MAX_NODES + 1];
	unsigned n = clu_conf_nodes(m->in->conf, nodes, CMAN_MAX_NODES + 1);
	unsigned alts = n ? count_altnames(nodes[0].xml) : 0;

	if (!n) {
		fault(m, clu_conf_root(m->in->conf),
		      "no <clusternode> in <clusternodes>: a cluster needs at least one node; "
		      "add the nodes");
		return;
	}
	if (n > CMAN_MAX_NODES) {
		fault(m, nodes[n - 1].xml, "more than %d nodes: that is the limit; split the cluster", CMAN_MAX_NODES);
		return;
	}
	if (alts > CMAN_MAX_LINKS - 1) {
		fault(m, nodes[0].xml, "%u altname elements: at most %d links are possible; remove some", alts,
		      CMAN_MAX_LINKS);
		alts = CMAN_MAX_LINKS - 1;
	}
	p->n_links = 1 + alts;
	p->own = CMAN_MAX_NODES;
	for (unsigned i = 0; i < n; i++) {
		if (count_altnames(nodes[i].xml) != alts)
			fault(m, nodes[i].xml,
			      "clusternode \"%s\" has %u altname elements, \"%s\" has %u: a link must exist on all "
			      "nodes; give each node the same number",
			      nodes[i].name, count_altnames(nodes[i].xml), nodes[0].name, alts);
		plan_node(m, &nodes[i]);
	}
	if (p->own == CMAN_MAX_NODES && !m->faults)
		fault(m, clu_conf_root(m->in->conf),
		      "node \"%s\" is not among the cluster nodes: only configured nodes can join; add it, or name "
		      "the node with -n",
		      m->in->own_name);
	check_families(m);
}

static void plan_transport(struct maker *m)
{
	static const struct { const char *name; enum cman_transport transport; } names[] = {
		{ "knet", CMAN_KNET }, { "udp", CMAN_UDP }, { "udpb", CMAN_UDPB }, { "udpu", CMAN_UDPU },
	};
	const char *text = clu_node_attr(m->cman, "transport"), *secauth = clu_node_attr(m->totem, "secauth");
	bool broadcast = flag(m, m->cman, "broadcast", false), found = false;
	struct cman_plan *p = m->plan;

	p->transport = CMAN_KNET;
	for (unsigned i = 0; text && i < 4; i++) {
		if (!strcmp(text, names[i].name)) {
			p->transport = names[i].transport;
			found = true;
		}
	}
	if (text && !strcmp(text, "rdma"))
		fault(m, m->cman,
		      "cman/@transport: \"rdma\" does not exist any more in corosync 3: use IP over InfiniBand; "
		      "remove the attribute");
	else if (text && !found)
		fault(m, m->cman,
		      "cman/@transport: \"%.40s\" is not known: corosync cannot run over it; write knet, udpu, udp "
		      "or udpb, or remove the attribute (knet)",
		      text);
	if (broadcast && text && p->transport != CMAN_UDPB)
		fault(m, m->cman,
		      "cman/@broadcast: cannot be combined with transport=\"%.40s\": only udpb sends broadcasts; "
		      "remove one of them",
		      text);
	else if (broadcast)
		p->transport = CMAN_UDPB;
	if (clu_node_attr(m->totem, "transport"))
		fault(m, m->totem, "totem/@transport: not read from here: cman derives it; use cman/@transport");
	if (p->transport != CMAN_KNET && p->n_links > 1) {
		warn(m, m->cman, "cman/@transport: %s can use one link only and altname asks for more: knet is used",
		     broadcast ? "udpb" : text);
		p->transport = CMAN_KNET;
	}
	p->crypto = flag(m, m->totem, "secauth", true);
	if (p->transport != CMAN_KNET) {
		if (!secauth || p->crypto)
			warn(m, m->cman ? m->cman : m->totem,
			     "transport %s neither encrypts nor authenticates in corosync 3: use it in a network you "
			     "trust, or remove cman/@transport (knet)",
			     broadcast ? "udpb" : text);
		p->crypto = false;
	}
	p->keyfile = m->in->over.keyfile;
	if (!p->keyfile)
		p->keyfile = clu_node_attr(m->cman, "keyfile");
	if (!p->keyfile)
		p->keyfile = clu_node_attr(m->totem, "keyfile");
	if (!p->keyfile)
		p->keyfile = m->in->default_keyfile;
	if (!cman_is_plain(p->keyfile) || *p->keyfile != '/')
		fault(m, m->cman,
		      "key file \"%.80s\": not an absolute path: corosync looks for it from /; write a full path",
		      p->keyfile);
}

/* 239.192.H.L with H = id >> 8 and L = id mod 255 (a remainder: cman's quirk, shared by corosync); ff15::ID. */
static void derive_multicast(struct cman_plan *p, unsigned link)
{
	uint32_t id = (p->cluster_id + link) & 0xffff;

	if (strchr(p->nodes[p->own].addr[link], ':'))
		snprintf(p->links[link].mcast, CMAN_ADDR_LEN, "ff15::%x", id);
	else
		snprintf(p->links[link].mcast, CMAN_ADDR_LEN, "239.192.%u.%u", id >> 8, id % 255);
}

static void plan_multicast(struct maker *m, unsigned link, const struct clu_node *xml)
{
	struct cman_plan *p = m->plan;
	const char *addr = clu_node_attr(xml, "addr");
	unsigned char bytes[16];

	if (!link && m->in->over.multicast)
		addr = m->in->over.multicast;
	p->links[link].ttl = (uint32_t)number(m, xml, "ttl", 0, 255, 0);
	if (p->transport != CMAN_UDP) {
		if (addr)
			warn(m, xml, "multicast address %.60s is not used: only transport=\"udp\" sends multicast",
			     addr);
		return;
	}
	if (!addr)
		derive_multicast(p, link);
	else if (strlen(addr) >= CMAN_ADDR_LEN ||
		 (inet_pton(AF_INET, addr, bytes) != 1 && inet_pton(AF_INET6, addr, bytes) != 1))
		fault(m, xml,
		      "multicast address \"%.60s\": not an address: write one like 239.192.1.1, or leave it out",
		      addr);
	else
		memcpy(p->links[link].mcast, addr, strlen(addr) + 1);
}

static void plan_links(struct maker *m)
{
	struct cman_plan *p = m->plan;
	uint32_t port = (uint32_t)number(m, m->cman, "port", 1, 65535, CMAN_DEFAULT_PORT);

	for (unsigned l = 0; l < p->n_links; l++) {
		const struct clu_node *xml = l > 1 ? NULL : clu_node_child(m->cman, l ? "altmulticast" : "multicast");
		const struct clu_node *first = clu_node_path(clu_conf_root(m->in->conf), "clusternodes/clusternode"),
				      *i;
		struct cman_plan_link *link = &p->links[l];

		memset(link, 0, sizeof(*link));
		link->port = (uint32_t)number(m, xml, "port", 1, 65535, port);
		/* The command line and cman/@port speak for ring 0 before multicast/@port does. */
		if (!l && clu_node_attr(m->cman, "port"))
			link->port = port;
		if (!l && m->in->over.port > 0)
			link->port = (uint32_t)m->in->over.port;
		if (l == 1)
			link->port =
				(uint32_t)number(m, clu_node_child(first, "altname"), "port", 1, 65535, link->port);
		for (i = clu_node_child(m->totem, "interface"); i; i = clu_node_next(i, "interface"))
			if (number(m, i, "ringnumber", 0, CMAN_MAX_LINKS - 1, 0) == l)
				link->xml = i;
		plan_multicast(m, l, xml);
	}
}

/* What corosync would refuse to start with, said here with a line number. */
static void check_device(struct maker *m, const struct clu_node *q, int64_t expected)
{
	static const char *const others[] = { "last_man_standing", "auto_tie_breaker" };
	const struct cman_plan *p = m->plan;

	if (p->two_node)
		fault(m, q, "quorumd: it cannot be had together with two_node: then each node is quorate alone, whatever the disk "
		      "says; remove two_node, and write expected_votes=\"3\"");
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (flag(m, m->cman, others[i], false))
			fault(m, q, "quorumd: it cannot be had together with cman/@%s: both would decide; remove one", others[i]);
	for (unsigned i = 0; i < p->n_nodes; i++)
		if (p->nodes[i].nodeid > QDISK_NODES)
			fault(m, q, "quorumd: node \"%s\" has nodeid %u: the disk has blocks for the ids 1 to %d; give it another one",
			      p->nodes[i].name, p->nodes[i].nodeid, QDISK_NODES);
	if (!p->two_node && expected >= 0 && expected < (int64_t)p->qdisk.votes + 2)
		fault(m, m->cman, "cman/@expected_votes: %" PRId64 " includes the %u votes of the quorum disk: at least 2 must be left "
		      "for the nodes; correct it, or leave it out to have it reckoned", expected, p->qdisk.votes);
}

/*
 * corosync does not add the votes of a device that are written to those it expects of the nodes: the sum is written
 * as well.
 */
static void plan_device(struct maker *m, int64_t expected, uint32_t node_votes)
{
	const struct clu_node *q = clu_node_child(clu_conf_root(m->in->conf), "quorumd");
	struct cman_plan *p = m->plan;
	int r = qdisk_conf_read(m->in->conf, &p->qdisk, m->errs, m->warns);

	if (r == -ENOENT)
		return;
	m->faults += r;
	if (r)
		return;
	if (!p->qdisk.votes || node_votes < 2) {
		warn(m, q, "quorumd: left out: %s", p->qdisk.votes ? "a cluster whose nodes have one vote together needs no disk" :
		     "a quorum disk without votes decides nothing; give it votes");
		return;
	}
	check_device(m, q, expected);
	if (m->faults)
		return;
	p->device = true;
	if (expected < 0)
		p->expected_votes = node_votes + p->qdisk.votes;
	else if (expected != node_votes + p->qdisk.votes)
		warn(m, m->cman, "cman/@expected_votes: %" PRId64 ", but the nodes have %u votes and the quorum disk %u: taken as "
		     "written", expected, node_votes, p->qdisk.votes);
}

static void plan_quorum(struct maker *m)
{
	struct cman_plan *p = m->plan;
	bool two = flag(m, m->cman, "two_node", false) || m->in->over.two_node;
	int64_t expected = number(m, m->cman, "expected_votes", 1, 65535, -1);
	uint32_t sum = 0;

	for (unsigned i = 0; i < p->n_nodes; i++)
		sum += p->nodes[i].votes;
	if (m->in->over.expected > 0)
		expected = m->in->over.expected;
	if (two && (p->n_nodes != 2 || sum != 2 || p->nodes[0].votes != 1 || expected != 1)) {
		fault(m, m->cman,
		      "two_node: needs exactly 2 nodes with 1 vote each and expected_votes=\"1\" (here %u nodes, %u "
		      "votes, expected_votes %" PRId64
		      "): with others one vote is no quorum; remove two_node or correct the rest",
		      p->n_nodes, sum, expected < 0 ? (int64_t)0 : expected);
		return;
	}
	if (!two && !sum)
		fault(m, m->cman, "no node has a vote: the cluster could never be quorate; give nodes votes");
	p->two_node = two;
	p->expected_votes = two ? 0 : expected < 0 ? 0 : (uint32_t)expected;
	plan_device(m, expected, sum);
}

bool cman_plan_is_quorate_alone(const struct cman_plan *p)
{
	uint32_t expected = p->expected_votes;

	for (unsigned i = 0; !p->expected_votes && i < p->n_nodes; i++)
		expected += p->nodes[i].votes;
	return p->two_node || p->nodes[p->own].votes >= (expected + 2) / 2;
}

int cman_plan_make(const struct cman_plan_in *in, struct cman_plan *ret, struct clu_buf *errs, struct clu_buf *warns)
{
	const struct clu_node *root = clu_conf_root(in->conf);
	struct maker m = { .in = in, .plan = ret, .errs = errs, .warns = warns };

	m.cman = clu_node_child(root, "cman");
	m.totem = clu_node_child(root, "totem");
	memset(ret, 0, sizeof(*ret));
	ret->conf = in->conf;
	ret->over = in->over;
	plan_identity(&m);
	plan_logfile(&m);
	plan_nodes(&m);
	if (m.faults)
		return m.faults;
	plan_transport(&m);
	plan_links(&m);
	plan_quorum(&m);
	ret->token_ms = (uint32_t)number(&m, m.totem, "token", 30, 3600000, CMAN_DEFAULT_TOKEN_MS);
	return m.faults;
}
