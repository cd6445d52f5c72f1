/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The promises S1 to S7 (architecture.md section 3), each looked at after every single step. */
#define _GNU_SOURCE 1
#include "sim_types.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RESOURCES 64
#define MAX_REQUESTS 256
#define MAX_VERSIONS 512
#define REPLY_BOUND_US (300u * 1000000u)	/* S6: "bounded" for the longest of all operations */

struct resource {
	char name[128];
	sim_nodes active;
};

struct request {
	uint64_t client;
	unsigned node;
	enum sim_daemon_kind daemon;
	uint64_t boot, since_us;
};

struct committed {
	uint64_t version, hash;
};

struct rules {
	struct resource res[MAX_RESOURCES];
	unsigned n_res;
	struct request req[MAX_REQUESTS];
	unsigned n_req;
	struct committed ver[MAX_VERSIONS];
	unsigned n_ver;
	sim_nodes fencing[SIM_MAX_NODES + 1];	/* per victim: nodes that run an agent against it */
};

void sim_check_new(struct sim_world *w)
{
	w->rules = calloc(1, sizeof(struct rules));
	if (!w->rules)
		abort();
}

void sim_check_free(struct sim_world *w)
{
	free(w->rules);
	w->rules = NULL;
}

static struct resource *resource_find(struct rules *r, const char *name, bool make)
{
	for (unsigned i = 0; i < r->n_res; i++)
		if (strcmp(r->res[i].name, name) == 0)
			return &r->res[i];
	if (!make || r->n_res == MAX_RESOURCES)
		return NULL;
	snprintf(r->res[r->n_res].name, sizeof(r->res[0].name), "%s", name);
	return &r->res[r->n_res++];
}

bool sim_resource_active(struct sim_world *w, unsigned node, const char *name)
{
	struct resource *s = resource_find(w->rules, name, false);

	return s && s->active & SIM_BIT(node);
}

/*
 * S1: no service is ever active on two nodes. Looked at on the resources
 * themselves, also on a node that the others believe dead.
 */
void sim_check_resource(struct sim_world *w, unsigned node, const char *name, bool active)
{
	struct resource *s = resource_find(w->rules, name, true);
	sim_nodes bit = SIM_BIT(node);

	if (!s) {
		sim_fail(w, "more than %d resources", MAX_RESOURCES);
		return;
	}
	if (active && !(s->active & bit))
		sim_trace(w, "n%u %s is active", node, name);
	if (!active && s->active & bit)
		sim_trace(w, "n%u %s is down", node, name);
	s->active = active ? s->active | bit : s->active & ~bit;
	if (s->active & (s->active - 1))
		sim_fail(w, "S1: %s is active on more than one node (mask %llx)", name,
			(unsigned long long)s->active >> 1);
}

void sim_check_node_off(struct sim_world *w, unsigned node)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_res; i++)
		r->res[i].active &= ~SIM_BIT(node);
	for (unsigned v = 1; v <= w->n_nodes; v++)
		r->fencing[v] &= ~SIM_BIT(node);
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		sim_check_daemon_dead(w, node, (enum sim_daemon_kind)k);
}

/* A client of a dead daemon learns of it from its socket: that is its answer. */
void sim_check_daemon_dead(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_req;) {
		if (r->req[i].node == node && r->req[i].daemon == daemon)
			r->req[i] = r->req[--r->n_req];
		else
			i++;
	}
	for (unsigned v = 1; v <= w->n_nodes; v++)
		r->fencing[v] &= ~SIM_BIT(node);
}

/*
 * S3: no two members of one partition fence the same victim at once; a partition
 * without quorum fences nobody.
 */
void sim_check_fence_begin(struct sim_world *w, unsigned by, unsigned victim)
{
	struct rules *r = w->rules;

	if (by == victim)
		sim_fail(w, "S3: node %u fences itself", by);
	if (!w->node[by].quorate)
		sim_fail(w, "S3: node %u fences node %u without quorum", by, victim);
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (r->fencing[victim] & SIM_BIT(i) && i != by && w->node[i].ring && w->node[i].ring == w->node[by].ring &&
			w->node[i].quorate)
			sim_fail(w, "S3: nodes %u and %u fence node %u at once", i, by, victim);
	r->fencing[victim] |= SIM_BIT(by);
}

void sim_check_fence_end(struct sim_world *w, unsigned by, unsigned victim)
{
	((struct rules *)w->rules)->fencing[victim] &= ~SIM_BIT(by);
}

static struct committed document(const void *data, size_t len)
{
	const char *at = memmem(data, len, "config_version=\"", 16);
	struct committed c = { at ? strtoull(at + 16, NULL, 10) : 0, 0xcbf29ce484222325u };

	for (size_t i = 0; i < len; i++)
		c.hash = (c.hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
	return c;
}

/* S5: two nodes never hold different content under one version. */
void sim_check_commit(struct sim_world *w, unsigned node, const void *data, size_t len)
{
	struct rules *r = w->rules;
	struct committed c = document(data, len);

	sim_trace(w, "n%u has version %" PRIu64 " in force (%08x)", node, c.version, (unsigned)c.hash);
	/* Before it is a member of a quorate cluster a node shows its own file: that is no commit. */
	if (!w->node[node].quorate)
		return;
	for (unsigned i = 0; i < r->n_ver; i++)
		if (r->ver[i].version == c.version) {
			if (r->ver[i].hash != c.hash)
				sim_fail(w, "S5: node %u has other content under version %" PRIu64, node, c.version);
			return;
		}
	if (r->n_ver < MAX_VERSIONS)
		r->ver[r->n_ver++] = c;
}

/* S5: a committed version is never lost. */
void sim_check_newest(struct sim_world *w, const void *data, size_t len)
{
	struct rules *r = w->rules;
	struct committed c = document(data, len);

	for (unsigned i = 0; i < r->n_ver; i++)
		if (r->ver[i].version > c.version) {
			sim_fail(w, "S5: version %" PRIu64 " was committed and is lost: all hold %" PRIu64, r->ver[i].version,
				c.version);
			return;
		}
}

/* S6: every admin request gets one answer. */
void sim_check_request(struct sim_world *w, unsigned node, enum sim_daemon_kind daemon, uint64_t client)
{
	struct rules *r = w->rules;

	if (r->n_req == MAX_REQUESTS) {
		sim_fail(w, "S6: %d requests without an answer", MAX_REQUESTS);
		return;
	}
	r->req[r->n_req++] = (struct request){ client, node, daemon, w->node[node].boot, w->now_us };
}

void sim_check_reply(struct sim_world *w, uint64_t client, int error)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_req; i++)
		if (r->req[i].client == client) {
			struct request q = r->req[i];

			sim_trace(w, "n%u request %" PRIu64 " answered: %d", q.node, client, error);
			r->req[i] = r->req[--r->n_req];
			sim_types_answered(w, q.node, client, error);
			return;
		}
	sim_fail(w, "S6: a second answer, or one to nobody (client %" PRIu64 ")", client);
}

void sim_check_step(struct sim_world *w)
{
	struct rules *r = w->rules;

	for (unsigned i = 0; i < r->n_req; i++) {
		const struct request *q = &r->req[i];

		if (w->node[q->node].hung)
			continue;
		if (w->now_us - q->since_us > REPLY_BOUND_US) {
			sim_fail(w, "S6: %s of node %u did not answer request %" PRIu64, w->type[q->daemon]->ops->name,
				q->node, q->client);
			return;
		}
	}
}
