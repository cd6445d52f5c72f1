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
	uint32_t id = cman_cluster_id(name, false);
	char mcast[CMAN_ADDR_LEN];
	struct in_addr a;

	memset(plan, 0, sizeof(*plan));
	if (!cman_is_plain(name)) {
		clu_buf_printf(errs, "cluster name \"%.40s\": not usable: write letters or digits\n", name);
		return 1;
	}
	snprintf(mcast, sizeof(mcast), "239.192.%u.%u", id >> 8, id % 255);
	if (over->multicast)
		snprintf(mcast, sizeof(mcast), "%.63s", over->multicast);
	if (inet_pton(AF_INET, mcast, &a) != 1 || inet_pton(AF_INET, addr, &a) != 1) {
		clu_buf_printf(errs, "join -X: %.60s: not an IPv4 address: without cluster.conf there is no other\n",
			       inet_pton(AF_INET, mcast, &a) != 1 ? mcast : addr);
		return 1;
	}
	if (over->keyfile)
		clu_buf_str(warns, "join -X: the key file is not used: nodes without cluster.conf do not encrypt in corosync 3\n");
	plan->cluster_name = name;
	plan->cluster_id = id;
	plan->transport = CMAN_UDP;
	plan->logfile = logfile;
	plan->over = *over;
	plan->expected_votes = over->expected > 0 ? (uint32_t)over->expected : 1;
	clu_buf_printf(ret, "# Made by cman_tool join -X: there is no cluster.conf behind it.\n\n"
		       "totem {\n\tversion: 2\n\tcluster_name: %s\n\ttransport: udp\n", name);
	if (over->nodeid > 0)
		clu_buf_printf(ret, "\tnodeid: %" PRId64 "\n", over->nodeid);
	clu_buf_printf(ret, "\n\tinterface {\n\t\tlinknumber: 0\n\t\tbindnetaddr: %s\n\t\tmcastaddr: %s\n\t\tmcastport: %" PRId64
		       "\n\t}\n}\n", addr, mcast, over->port > 0 ? over->port : CMAN_DEFAULT_PORT);
	clu_buf_printf(ret, "\nquorum {\n\tprovider: corosync_votequorum\n\texpected_votes: %u\n", plan->expected_votes);
	if (over->votes >= 0)
		clu_buf_printf(ret, "\tvotes: %" PRId64 "\n", over->votes);
	clu_buf_printf(ret, "}\n\nlogging {\n\tto_stderr: no\n\tto_logfile: yes\n\tlogfile: %s\n\tto_syslog: yes\n"
		       "\tsyslog_facility: local4\n\tdebug: %s\n\ttimestamp: hires\n}\n", logfile, over->debug ? "on" : "off");
	if (over->no_realtime)
		clu_buf_str(ret, "\nsystem {\n\tsched_rr: no\n}\n");
	clu_buf_printf(ret, "\nhawser {\n\tcluster_id: %u\n\tdigest: bare\n\tconfig_version: 0\n}\n", id);
	return 0;
}
