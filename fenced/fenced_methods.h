/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From cluster.conf to the programs that fence one node: methods in document
 * order, in each the devices in document order, and the bytes for the agent's
 * stdin. Pure; used by the core of fenced and by fence_node.
 */
#ifndef FENCED_METHODS_H
#define FENCED_METHODS_H

#include "clu_conf.h"

#define FENCE_MAX_METHODS 16
#define FENCE_MAX_DEVICES 16
#define FENCE_MAX_INPUT (16u * 1024)
#define FENCE_AGENT_TIMEOUT_S 60

enum fence_plan_kind { FENCE_PLAN_FENCE, FENCE_PLAN_UNFENCE, FENCE_PLAN_STATUS };

/* Numbers and texts as the old library had them; users grep for the texts. */
enum fence_error {
	FE_NONE = 0,
	FE_AGENT_SUCCESS = 1, FE_AGENT_ERROR, FE_AGENT_FORK, FE_NO_CONFIG, FE_NO_METHOD, FE_NO_DEVICE,
	FE_READ_AGENT, FE_READ_ARGS, FE_READ_METHOD, FE_READ_DEVICE, FE_NUM_METHOD,
	FE_STATUS_ON, FE_STATUS_OFF, FE_STATUS_ERROR,
	FE_NERRORS
};
const char *fence_error_text(enum fence_error e);

struct fence_step {
	const char *device;	/* name of the fencedevice; strings point into the document */
	const char *agent;
	char *input;		/* may hold secrets: never logged, wiped by fence_plan_free */
	size_t input_len;
	uint32_t deadline_ms;
	/*
	 * Switches an outlet on again behind the last "off" of a method with several
	 * outlets: the victim counts as fenced before it, and its failure is harmless.
	 */
	bool restore;
	enum fence_error error;	/* FE_NONE, or why this device cannot be used */
	unsigned number;	/* of the device in the method, from 0 */
};

struct fence_method {
	const char *name;
	struct fence_step *steps;
	unsigned n_steps;
	enum fence_error error;	/* FE_NONE, FE_NO_DEVICE */
};

struct fence_plan {
	struct clu_conf *conf;		/* held */
	struct fence_method *methods;	/* unfence: one without name; none when nothing is configured */
	unsigned n_methods;
};

/*
 * node: name as in cluster.conf. timeout_s: deadline of an agent without an
 * agent_timeout attribute of its own. 0; -ENOENT: no such node; -ENOMEM;
 * -E2BIG: more methods or devices than the bounds above. No method at all is a
 * plan with n_methods 0.
 */
int fence_plan_build(struct clu_conf *conf, const char *node, enum fence_plan_kind kind, uint32_t timeout_s,
	struct fence_plan **ret);
struct fence_plan *fence_plan_free(struct fence_plan *p);	/* accepts NULL, returns NULL */

bool fence_method_shares_device(const struct fence_method *a, const struct fence_method *b);
/* Methods a node has in cluster.conf (for "nodes without any method"). */
unsigned fence_method_count(const struct clu_conf *conf, const char *node);

#endif
