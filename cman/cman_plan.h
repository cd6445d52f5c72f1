/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a node has to tell corosync, decided from one cluster.conf. Pure: names
 * are resolved by a function that the caller gives.
 *
 * Rules kept from cman: names and ranges of the attributes, the cluster id and
 * the multicast address made from it, the conditions for two_node, "a node name
 * must not stand for a loopback address". Rules that are ours, since corosync 3
 * has another wire: without cman/@transport the wire is knet, encrypted; token is
 * used as written (token_coefficient 0); links get fixed ping times when the
 * token is short.
 */
#ifndef CMAN_PLAN_H
#define CMAN_PLAN_H

#include "clu_conf.h"
#include "qdisk_conf.h"

#define CMAN_MAX_NODES 64
#define CMAN_MAX_LINKS 8		/* corosync's limit */
#define CMAN_ADDR_LEN 64
#define CMAN_CLUSTER_NAME_MAX 15	/* bytes; the limit of libcman's structures */
#define CMAN_NODE_NAME_MAX 255
#define CMAN_OVER_TEXT 400	/* bytes of cman_over_pack's text with the NUL; a line of corosync.conf may have 511 */
#define CMAN_DEFAULT_PORT 5405
#define CMAN_DEFAULT_TOKEN_MS 3000

enum cman_transport { CMAN_KNET, CMAN_UDP, CMAN_UDPB, CMAN_UDPU };

/* Command line of join; a field that is not given is NULL or -1. */
struct cman_overrides {
	const char *cluster_name;	/* -c */
	const char *multicast;		/* -m */
	const char *keyfile;		/* -k */
	int64_t votes;			/* -v */
	int64_t expected;		/* -e */
	int64_t nodeid;			/* -N */
	int64_t port;			/* -p */
	bool two_node;			/* -2 */
	bool no_realtime;		/* -P */
	bool debug;			/* -d: corosync's debug messages */
};

#define CMAN_NO_OVERRIDES { NULL, NULL, NULL, -1, -1, -1, -1, false, false, false }

struct cman_plan_in {
	const struct clu_conf *conf;
	const char *own_name;		/* the clusternode that we are, as the document writes it */
	struct cman_overrides over;
	const char *default_keyfile;
	const char *default_logfile;
	/*
	 * Host name to numeric address in ret (size bytes): 0 or -ENOENT. NULL: names
	 * are written as they stand and corosync resolves them.
	 */
	int (*resolve)(void *ctx, const char *name, char *ret, size_t size);
	void *ctx;
};

struct cman_plan_node {
	const char *name;
	char addr[CMAN_MAX_LINKS][CMAN_ADDR_LEN];
	uint32_t nodeid;
	uint32_t votes;
};

struct cman_plan_link {
	uint32_t port;
	char mcast[CMAN_ADDR_LEN];	/* udp only */
	uint32_t ttl;			/* udp only; 0 = corosync's default */
	const struct clu_node *xml;	/* totem/interface with this ringnumber, or NULL */
};

/* Texts point into the document or into cman_plan_in. */
struct cman_plan {
	const char *cluster_name;
	uint64_t config_version;
	uint32_t cluster_id;
	enum cman_transport transport;
	bool crypto;
	const char *keyfile;		/* set also without crypto */
	const char *logfile;
	bool realtime;
	bool two_node;
	uint32_t expected_votes;	/* 0: corosync sums up the node list */
	bool device;			/* there is a quorum disk with votes */
	struct qdisk_conf qdisk;	/* ... then what it says */
	uint32_t token_ms;
	unsigned n_links;
	struct cman_plan_link links[CMAN_MAX_LINKS];
	unsigned n_nodes;
	struct cman_plan_node nodes[CMAN_MAX_NODES];
	unsigned own;			/* index in nodes */
	const struct clu_conf *conf;
	struct cman_overrides over;	/* what of it came from the command line */
};

/*
 * Fills *ret. Returns the number of faults, each with its line in errs; then *ret
 * is not to be used. Lines in warns tell what was understood in another way than
 * cman did, or left out.
 */
int cman_plan_make(const struct cman_plan_in *in, struct cman_plan *ret, struct clu_buf *errs,
	struct clu_buf *warns);

/* This node has quorum without any other. */
bool cman_plan_is_quorate_alone(const struct cman_plan *p);

/*
 * 16-bit cluster id of a name. v = 2v + byte over all bytes, low 16 bits; or
 * FNV-1a of 32 bits, both halves XORed (cman/@hash_cluster_id).
 */
uint32_t cman_cluster_id(const char *name, bool fnv);

/* Text that can stand as a value in corosync.conf: printable, no braces, no comment sign, not empty. */
bool cman_is_plain(const char *text);

#endif
