/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cman and corosync 3 make of the document: which settings they refuse together, and
 * which votes can never be a quorum. cman_tool says the same at a join; here it is said
 * before the document is spread.
 */
#include <arpa/inet.h>
#include <inttypes.h>

#include "ccsd_refs_priv.h"

#define CLUSTER_NAME_BYTES 15	/* of libcman's structures */
#define MAX_HEURISTICS 10

static void check_name(struct ccsd_refs *r)
{
	const char *name = ccsd_text(r->root, "name");
	struct clu_buf must = CLU_BUF_INIT;

	/* The schema counts characters. */
	if (strlen(name) > CLUSTER_NAME_BYTES && ccsd_attr_fits(ccsd_elem_attr(r->grammar, "name"), name, &must))
		ccsd_found(r->f, CCSD_ERROR, "range", r->root, "name", "name=\"%.80s\" in <cluster>: %zu bytes: programs have room for "
			"%d; shorten it", name, strlen(name), CLUSTER_NAME_BYTES);
	clu_buf_free(&must);
}

static void check_two_node(struct ccsd_refs *r)
{
	if (!r->nodes || !ccsd_is_on(r->cman, "two_node"))
		return;
	if (r->n_nodes != 2 || !r->one_vote_each)
		ccsd_found(r->f, CCSD_ERROR, "two-node", r->cman, "two_node", "two_node=\"%.20s\" in <cman>: it needs exactly two nodes "
			"with one vote each, and there are %u with %u votes; remove it or correct the nodes",
			ccsd_text(r->cman, "two_node"), r->n_nodes, r->n_votes);
	if (strcmp(ccsd_text(r->cman, "expected_votes"), "1") != 0)
		ccsd_found(r->f, CCSD_ERROR, "two-node", r->cman, "two_node", "two_node=\"%.20s\" in <cman>: it works only together with "
			"expected_votes=\"1\"; add that", ccsd_text(r->cman, "two_node"));
	if (ccsd_is_on(r->cman, "auto_tie_breaker"))
		ccsd_found(r->f, CCSD_WARNING, "excludes", r->cman, "auto_tie_breaker", "auto_tie_breaker in <cman>: corosync leaves "
			"two_node out when it is on; remove one of them");
}

static void check_device_excludes(struct ccsd_refs *r)
{
	static const char *const others[] = { "two_node", "last_man_standing", "auto_tie_breaker" };

	for (unsigned i = 0; r->quorumd && i < sizeof(others) / sizeof(others[0]); i++)
		if (ccsd_is_on(r->cman, others[i]))
			ccsd_found(r->f, CCSD_ERROR, "excludes", r->cman, others[i], "%s=\"%.20s\" in <cman>: corosync does not start with it "
				"and a quorum disk (<quorumd> in line %d); remove one of them", others[i], ccsd_text(r->cman, others[i]),
				clu_node_line(r->quorumd));
}

/* The votes of the quorum disk: as written, or one less than there are nodes. */
static uint64_t device_votes(const struct ccsd_refs *r)
{
	return r->quorumd ? ccsd_number(r->quorumd, "votes", r->n_nodes ? r->n_nodes - 1 : 0) : 0;
}

static void check_votes(struct ccsd_refs *r)
{
	uint64_t device = device_votes(r), all = r->n_votes + device, expected = ccsd_number(r->cman, "expected_votes", all);

	if (!r->n_nodes || ccsd_is_on(r->cman, "two_node"))
		return;
	if (!r->n_votes) {
		ccsd_found(r->f, CCSD_ERROR, "votes", r->nodes, NULL, "no node has a vote: the cluster could never be quorate; give the "
			"nodes votes");
		return;
	}
	if (r->quorumd && !clu_node_attr(r->quorumd, "votes") && !r->one_vote_each)
		ccsd_found(r->f, CCSD_ERROR, "votes", r->quorumd, NULL, "<quorumd> has no votes: how many the disk needs can be reckoned "
			"only when each node has one vote; add votes=\"...\"");
	if (!clu_node_attr(r->cman, "expected_votes"))
		return;
	if (r->quorumd && expected < device + 2)
		ccsd_found(r->f, CCSD_ERROR, "votes", r->cman, "expected_votes", "expected_votes=\"%" PRIu64 "\" in <cman>: less %" PRIu64
			" of the quorum disk that is less than 2, which corosync refuses; write %" PRIu64 " (nodes %u + disk %" PRIu64
			")", expected, device, all, r->n_votes, device);
	else if (expected + 2 > 2 * all + 1)
		ccsd_found(r->f, CCSD_ERROR, "votes", r->cman, "expected_votes", "expected_votes=\"%" PRIu64 "\" in <cman>: a quorum would be "
			"%" PRIu64 " votes, and all together have %" PRIu64 " (nodes %u + disk %" PRIu64 "): the cluster could never "
			"be quorate; write %" PRIu64, expected, (expected + 2) / 2, all, r->n_votes, device, all);
	else if (expected != all)
		ccsd_found(r->f, CCSD_WARNING, "votes", r->cman, "expected_votes", "expected_votes=\"%" PRIu64 "\" in <cman>: there are %"
			PRIu64 " votes (nodes %u + disk %" PRIu64 "), so that the quorum is %" PRIu64 " in place of %" PRIu64 "; write %"
			PRIu64, expected, all, r->n_votes, device, (expected + 2) / 2, (all + 2) / 2, all);
}

static void check_transport(struct ccsd_refs *r)
{
	const char *t = ccsd_text(r->cman, "transport");
	const struct clu_node *alt = clu_node_child(clu_node_child(r->nodes, "clusternode"), "altname");
	bool broadcast = ccsd_is_on(r->cman, "broadcast"), udp = broadcast || !strncmp(t, "udp", 3);
	const char *attr = *t ? "transport" : "broadcast";

	if (clu_node_attr(r->totem, "transport"))
		ccsd_found(r->f, CCSD_ERROR, "transport", r->totem, "transport", "transport in <totem>: it is not read from here, and cman "
			"does not start with it; move it into <cman>");
	if (!strcmp(t, "rdma"))
		ccsd_found(r->f, CCSD_ERROR, "transport", r->cman, "transport", "transport=\"rdma\" in <cman>: corosync 3 has it no more; "
			"remove the attribute, and use IP over InfiniBand");
	else if (broadcast && *t && strcmp(t, "udpb") != 0)
		ccsd_found(r->f, CCSD_ERROR, "excludes", r->cman, "broadcast", "broadcast=\"%.20s\" in <cman>: it cannot be combined with "
			"transport=\"%.20s\", since only udpb sends broadcasts; remove one of them", ccsd_text(r->cman, "broadcast"), t);
	else if (udp && alt)
		ccsd_found(r->f, CCSD_WARNING, "transport", r->cman, attr, "%s=\"%.20s\" in <cman>: it has one link, and <altname> asks "
			"for more: knet is used; remove the attribute, or the altnames", attr, ccsd_text(r->cman, attr));
	else if (udp && (!clu_node_attr(r->totem, "secauth") || ccsd_is_on(r->totem, "secauth")))
		ccsd_found(r->f, CCSD_WARNING, "transport", r->cman, attr, "%s=\"%.20s\" in <cman>: corosync 3 neither encrypts nor "
			"authenticates it; use it in a network you trust, or remove the attribute (knet)", attr,
			ccsd_text(r->cman, attr));
}

static void check_multicast(struct ccsd_refs *r, const struct clu_node *m)
{
	const char *addr = clu_node_attr(m, "addr");
	struct in6_addr a6;
	struct in_addr a4;
	bool v4, v6;

	if (!addr)
		return;
	v4 = inet_pton(AF_INET, addr, &a4) == 1;
	v6 = inet_pton(AF_INET6, addr, &a6) == 1;
	if (!v4 && !v6)
		ccsd_found(r->f, CCSD_ERROR, "address", m, "addr", "addr=\"%.80s\" in <%s>: this is no IPv4 or IPv6 address; write one like "
			"239.192.1.1, or leave it out", addr, clu_node_name(m));
	else if (v4 ? !IN_MULTICAST(ntohl(a4.s_addr)) : !IN6_IS_ADDR_MULTICAST(&a6))
		ccsd_found(r->f, CCSD_ERROR, "address", m, "addr", "addr=\"%.80s\" in <%s>: this is no multicast address (224.0.0.0 to "
			"239.255.255.255, or ff00::/8); correct it, or leave it out", addr, clu_node_name(m));
}

static void check_links(struct ccsd_refs *r)
{
	for (const struct clu_node *i = clu_node_child(r->totem, "interface"); i; i = clu_node_next(i, "interface")) {
		const char *ring = clu_node_attr(i, "ringnumber") ? ccsd_text(i, "ringnumber") : "0";
		const struct clu_node *first = ccsd_names_add(r, "ringnumber", ring, i);

		if (first)
			ccsd_found(r->f, CCSD_ERROR, "duplicate", i, "ringnumber", "second <interface> for ring %.20s: the first is in line "
				"%d; put both into one", ring, clu_node_line(first));
	}
}

static void check_quorumd(struct ccsd_refs *r)
{
	const struct clu_node *q = r->quorumd;
	uint64_t scores = 0;
	unsigned n = 0;

	if (!q)
		return;
	for (const struct clu_node *h = clu_node_child(q, "heuristic"); h; h = clu_node_next(h, "heuristic")) {
		scores += ccsd_number(h, "score", 1);
		if (++n == MAX_HEURISTICS + 1)
			ccsd_found(r->f, CCSD_ERROR, "range", h, NULL, "eleventh <heuristic>: at most ten are run; remove some");
	}
	if (!ccsd_text(q, "device")[0] && !ccsd_text(q, "label")[0])
		ccsd_found(r->f, CCSD_ERROR, "no-disk", q, NULL, "<quorumd> has neither label nor device: it is not said which disk; add "
			"label=\"...\" as mkqdisk was given it");
	if (ccsd_number(q, "min_score", 0) > (n ? scores : 1))
		ccsd_found(r->f, CCSD_ERROR, "range", q, "min_score", "min_score=\"%.20s\" in <quorumd>: all heuristics together give %"
			PRIu64 ": no node would ever have the votes of the disk; lower it", ccsd_text(q, "min_score"), n ? scores : 1);
	if (clu_node_attr(q, "use_uptime") && !ccsd_is_on(q, "use_uptime"))
		ccsd_found(r->f, CCSD_WARNING, "no-effect", q, "use_uptime", "use_uptime=\"%.20s\" in <quorumd>: qdiskd measures with the "
			"uptime in any case: by the time of day nodes would be evicted when somebody sets the clock; remove it",
			ccsd_text(q, "use_uptime"));
	if (ccsd_is_on(q, "master_wins") && (n || r->n_nodes > 2))
		ccsd_found(r->f, CCSD_WARNING, "excludes", q, "master_wins", "master_wins=\"%.20s\" in <quorumd>: it is for two nodes without "
			"heuristics, and is left out here; remove it", ccsd_text(q, "master_wins"));
}

static void check_logging(struct ccsd_refs *r)
{
	static const char *const daemons[] = { "corosync", "ccsd", "cmand", "qdiskd", "QDISKD", "groupd", "fenced", "dlmd",
		"dlm_controld", "gfs_controld", "rgmanager", "cmannotifyd", "lvsd", "gnbd_serv", "luci" };
	const struct clu_node *logging = clu_node_child(r->root, "logging");

	for (const struct clu_node *d = clu_node_child(logging, "logging_daemon"); d; d = clu_node_next(d, "logging_daemon")) {
		const char *name = ccsd_text(d, "name"), *logfile = clu_node_attr(d, "logfile");
		struct ccsd_near near = CCSD_NEAR_INIT;
		bool known = !*name;

		for (unsigned i = 0; i < sizeof(daemons) / sizeof(daemons[0]) && !known; i++) {
			known = !strcmp(name, daemons[i]);
			ccsd_near(&near, name, daemons[i]);
		}
		if (!known)
			ccsd_found(r->f, CCSD_WARNING, "unknown-daemon", d, "name", "name=\"%.80s\" in <logging_daemon>: no daemon asks for this "
				"name%s%s%s", name, near.best ? "; did you mean \"" : "; remove it", near.best ? near.best : "",
				near.best ? "\"?" : "");
		if (!strcmp(name, "corosync") && !clu_node_attr(d, "subsys") && logfile && *logfile != '/')
			ccsd_found(r->f, CCSD_ERROR, "bad-value", d, "logfile", "logfile=\"%.80s\" in <logging_daemon>: corosync runs in another "
				"folder; write a full path", logfile);
	}
}

void ccsd_refs_cman(struct ccsd_refs *r)
{
	check_name(r);
	check_two_node(r);
	check_device_excludes(r);
	check_votes(r);
	check_transport(r);
	check_multicast(r, clu_node_child(r->cman, "multicast"));
	check_multicast(r, clu_node_child(r->cman, "altmulticast"));
	check_links(r);
	check_quorumd(r);
	check_logging(r);
}
