/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cluster.conf alone says about services: their names, policies and
 * failover domains. It is read from the document only, never from the agents of
 * one node, so that all nodes with one document hold the same policies.
 */
#ifndef RG_RM_H
#define RG_RM_H

#include "clu_conf.h"
#include "clu_core.h"

#define RG_NAME_MAX 64		/* TYPE:NAME with its NUL */
#define RG_MAX_SERVICES CLU_MAX_SERVICES

enum rg_recovery { RG_RESTART, RG_RELOCATE, RG_DISABLE, RG_RESTART_DISABLE };

struct rg_policy {
	char name[RG_NAME_MAX];
	char domain[RG_NAME_MAX];	/* "" = none */
	char depend[RG_NAME_MAX];	/* full name of the service that must be started, "" = none */
	bool depend_soft;
	bool autostart;
	bool exclusive;
	enum rg_recovery recovery;
	uint32_t max_restarts, restart_expire_s;
	int priority;
	const struct clu_node *xml;	/* the element below <rm> */
};

struct rg_domain_node {
	uint32_t nodeid;	/* 0: named, but no cluster node */
	int priority;		/* 1 to 100; 0 = none given */
};

struct rg_domain {
	char name[RG_NAME_MAX];
	bool ordered, restricted, nofailback;
	struct rg_domain_node nodes[CLU_MAX_NODES];
	unsigned n_nodes;
};

struct rg_rm {
	struct clu_conf *conf;		/* held */
	struct rg_policy *policies;	/* by priority, then in document order */
	unsigned n_policies;
	struct rg_domain *domains;
	unsigned n_domains;
};

/* Faults are appended to findings (FILE:LINE: what: why; what to do) and the faulty thing left out. 0 or -ENOMEM. */
int rg_rm_read(struct clu_conf *conf, struct rg_rm **ret, struct clu_buf *findings);
struct rg_rm *rg_rm_free(struct rg_rm *rm);	/* accepts NULL, returns NULL */

const struct rg_policy *rg_rm_policy(const struct rg_rm *rm, const char *name);
const struct rg_domain *rg_rm_domain(const struct rg_rm *rm, const char *name);	/* compared without case */

/* Does cluster.conf name a fence device for this node? */
bool rg_rm_has_fencing(const struct rg_rm *rm, uint32_t nodeid);

#endif
