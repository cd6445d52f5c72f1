/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that corosync on this node says about the cluster, in one bounded look. */
#ifndef CMAN_INFO_H
#define CMAN_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cman_plan.h"

#define CMAN_MAX_GROUPS 64

struct cman_member {
	uint32_t nodeid;
	char name[CMAN_NODE_NAME_MAX + 1];	/* "Node<id>" when it is not configured */
	char addr[CMAN_MAX_LINKS][CMAN_ADDR_LEN];
	unsigned n_addrs;
	bool member;
	uint32_t votes, expected;
	/*
	 * How often corosync here has seen it join: what stands in the column "Inc".
	 * cman had the ring number of the join there, which corosync 3 does not keep.
	 */
	uint32_t joins;
	time_t joined;			/* 0 when unknown: corosync keeps no time of a join; known for the own node */
	/* Of cluster.conf, as cmand there has said to the one here; of the own node else corosync's. 0 when unknown. */
	uint64_t config_version;
};

struct cman_group {
	char name[64];
	uint32_t nodes[CMAN_MAX_NODES];	/* ascending */
	unsigned n_nodes;
	bool own;		/* this node is among them */
};

struct cman_info {
	char cluster_name[256];
	uint64_t config_version;	/* of cluster.conf, as corosync has it; 0 when unknown */
	char digest[20];		/* of the corosync.conf that corosync has read (cman_conf.h); "" when unknown */
	uint32_t cluster_id;
	char mcast[2][CMAN_ADDR_LEN];
	unsigned n_mcast;		/* 0 with knet and udpu */
	char config_state[16];		/* cmand's word on the version in force (cman_outcome.h); "" when not asked */
	char config_why[2048];		/* ... and its reasons, lines */
	char transport[16];		/* as in corosync.conf */
	bool crypto;
	char joined_with[CMAN_OVER_TEXT];	/* cman_over.h; "" when nothing was given on the command line */
	uint32_t ring_rep;
	uint64_t ring_seq;
	bool quorate;
	bool two_node;
	bool device_alive;
	char device_name[256];
	uint32_t device_votes;
	uint32_t own_id, own_votes, expected, total, quorum;
	uint32_t clients;		/* connections to corosync, ours not counted */
	bool have_state;		/* a program has said so (libcman_dirty.h) */
	uint8_t ports[32];		/* bit N % 8 of byte N / 8: port N of libcman is bound on this node */
	unsigned n_members;		/* nodes in the list, members or not */
	struct cman_member members[CMAN_MAX_NODES];	/* ascending node id */
	/* Process groups of the suite ("hawser:...") that have a member anywhere. */
	unsigned n_groups;
	struct cman_group groups[CMAN_MAX_GROUPS];
};

/*
 * *ret is static memory of the one look that a tool takes (see cman_call: a call
 * that was given up goes on writing to it). 0, or -ENOTCONN not running, -EACCES,
 * -EAGAIN no ring yet, -ETIMEDOUT.
 */
int cman_info_get(const struct cman_info **ret);

/* The same in memory of the caller, and without a limit where corosync is stopped: for a thread that may be left behind. */
int cman_info_look(struct cman_info *ret);

/*
 * The version of cluster.conf that corosync was given last, by its map (a cmap_handle_t):
 * cman_tool's and cmand's own entry, else totem's; 0 when there is none.
 */
uint64_t cman_info_version(uint64_t cmap);

/* The node called name, or with that number; NULL. */
const struct cman_member *cman_info_find(const struct cman_info *info, const char *name);
const struct cman_member *cman_info_own(const struct cman_info *info);
/* This node has a member in the group. */
bool cman_info_has_group(const struct cman_info *info, const char *group);

/* cman_tool join has started this corosync from a cluster.conf, and cmand beside it. */
bool cman_info_wants_cmand(const struct cman_info *info);

/* The addresses of "r(0) ip(A) r(1) ip(B) ". Pure. */
void cman_info_parse_ips(const char *text, struct cman_member *m);

#endif
