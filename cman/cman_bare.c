/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_bare.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int cman_bare_write(const char *addr, const struct cman_overrides *over, const char *logfile, struct cman_plan *plan,
		    struct clu_buf *ret, struct clu_buf *errs, struct clu_buf *warns)
{
	const char *name = over->cluster_name ? over->cluster_name : CMAN_BARE_NAME;
	uint32_t id = cman_cluster_id(name, false), nodeid;
	struct in_addr a;

	memset(plan, 0, sizeof(*plan));
	if (!cman_is_plain(name)) {
		clu_buf_printf(errs, "cluster name \"%.40s\": not usable: write letters or digits\n", name);
		return 1;
	}
	if (inet_pton(AF_INET, addr, &a) != 1) {
		clu_buf_printf(errs, "join -X: %.60s: not an IPv4 address: without cluster.conf there is no other\n", addr);
		return 1;
	}
	nodeid = over->nodeid > 0 ? (uint32_t)over->nodeid : ntohl(a.s_addr);
	if (over->keyfile || over->multicast)
		clu_buf_str(warns, "join -X: key file and multicast address are not used: without cluster.conf this node is alone\n");
	plan->cluster_name = name;
	plan->cluster_id = id;
	plan->transport = CMAN_UDPU;
	plan->logfile = logfile;
	plan->over = *over;
	plan->expected_votes = over->expected > 0 ? (uint32_t)over->expected : 1;
	clu_buf_printf(ret, "# Made by cman_tool join -X: there is no cluster.conf behind it.\n\n"
		       "totem {\n\tversion: 2\n\tcluster_name: %s\n\ttransport: udpu\n", name);
	clu_buf_printf(ret, "\n\tinterface {\n\t\tlinknumber: 0\n\t\tmcastport: %" PRId64 "\n\t}\n}\n",
		       over->port > 0 ? over->port : CMAN_DEFAULT_PORT);
	clu_buf_printf(ret, "\nnodelist {\n\tnode {\n\t\tname: Node%" PRIu32 "\n\t\tnodeid: %" PRIu32 "\n\t\tquorum_votes: %" PRId64
		       "\n\t\tring0_addr: %s\n\t}\n}\n", nodeid, nodeid, over->votes >= 0 ? over->votes : 1, addr);
	clu_buf_printf(ret, "\nquorum {\n\tprovider: corosync_votequorum\n\texpected_votes: %u\n", plan->expected_votes);
	clu_buf_printf(ret, "}\n\nlogging {\n\tto_stderr: no\n\tto_logfile: yes\n\tlogfile: %s\n\tto_syslog: yes\n"
		       "\tsyslog_facility: local4\n\tdebug: %s\n\ttimestamp: hires\n}\n", logfile, over->debug ? "on" : "off");
	if (over->no_realtime)
		clu_buf_str(ret, "\nsystem {\n\tsched_rr: no\n}\n");
	clu_buf_printf(ret, "\nhawser {\n\tcluster_id: %u\n\tdigest: bare\n\tconfig_version: 0\n}\n", id);
	return 0;
}
