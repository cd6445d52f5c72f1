/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wanted table: configuration and server states as services and destinations. */
#include "config.h"

#include "lvs_core_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool real_serves(const struct lvs_real *r)
{
	return r->used && (r->state == LVS_RS_TRUSTED || r->state == LVS_RS_UP);
}

uint16_t lvs_core_dest_port(const struct lvs_conf *conf, const struct lvs_virtual *v, uint16_t port)
{
	if (v->fwmark)
		return conf->method == LVS_NAT && port != v->port ? port : 0;
	return conf->method == LVS_NAT ? port : v->port;
}

struct lvs_svc lvs_core_svc_of(const struct lvs_virtual *v)
{
	struct lvs_svc s = { .addr = v->vip.addr, .port = v->port, .udp = v->udp, .fwmark = v->fwmark,
		.sched = v->sched, .persistent_s = v->persistent_s,
		.pmask_prefix = v->persistent_s ? v->pmask_prefix : v->vip.addr.family == AF_INET ? 32 : 128 };

	memcpy(s.name, v->name, sizeof(s.name));
	return s;
}

bool lvs_core_same_service(const struct lvs_virtual *a, const struct lvs_virtual *b)
{
	struct lvs_svc x = lvs_core_svc_of(a), y = lvs_core_svc_of(b);

	return !lvs_svc_cmp(&x, &y);
}

/*
 * Under a shared mark a server serves only while its checks in all member
 * blocks pass; its weight is the smallest given (lvs.md 8.5). Returns whether it
 * serves.
 */
static bool judge_group(const struct lvs_core *c, const struct lvs_virtual *v, const struct lvs_dest *d,
	uint32_t *ret_weight)
{
	bool serves = true;

	for (unsigned i = 0; i < c->conf->n_virtuals; i++) {
		const struct lvs_virtual *o = &c->conf->virtuals[i];

		if (!o->active || !lvs_core_same_service(o, v))
			continue;
		for (unsigned k = 0; k < o->n_servers; k++) {
			const struct lvs_real *r = &c->virts[i].reals[k];

			if (!r->used || lvs_addr_cmp(&o->servers[k].addr, &d->addr) ||
				lvs_core_dest_port(c->conf, o, o->servers[k].port) != d->port)
				continue;
			serves &= real_serves(r);
			if (r->weight < *ret_weight)
				*ret_weight = r->weight;
		}
	}
	return serves;
}

static int put_server(struct lvs_core *c, struct lvs_svc *svc, unsigned vi, unsigned si)
{
	const struct lvs_virtual *v = &c->conf->virtuals[vi];
	const struct lvs_server *s = &v->servers[si];
	const struct lvs_real *r = &c->virts[vi].reals[si];
	struct lvs_dest d = { .addr = s->addr, .port = lvs_core_dest_port(c->conf, v, s->port), .method = c->conf->method,
		.weight = r->weight };
	bool serves = v->fwmark ? judge_group(c, v, &d, &d.weight) : real_serves(r);

	if (!serves && !(v->quiesce && r->state == LVS_RS_DOWN))
		return 0;
	memcpy(d.name, s->name, sizeof(d.name));
	if (!serves)
		d.weight = 0;
	return lvs_svc_put(svc, &d);
}

static int put_sorry(const struct lvs_conf *conf, const struct lvs_virtual *v, struct lvs_svc *svc)
{
	struct lvs_dest d = { .addr = v->sorry, .port = lvs_core_dest_port(conf, v, v->port), .weight = 1,
		.method = conf->method };

	if (v->sorry.family == AF_UNSPEC)
		return 0;
	for (unsigned i = 0; i < svc->n_dests; i++) {
		if (svc->dests[i].weight)
			return 0;
	}
	snprintf(d.name, sizeof(d.name), "sorry");
	return lvs_svc_put(svc, &d);
}

int lvs_core_build_want(struct lvs_core *c, struct lvs_table *ret)
{
	struct lvs_table t = { NULL, 0 };

	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < c->conf->n_virtuals; i++) {
			const struct lvs_virtual *v = &c->conf->virtuals[i];
			struct lvs_svc key = lvs_core_svc_of(v);
			struct lvs_svc *svc = v->active ? lvs_table_add(&t, &key) : NULL;
			int r = v->active && !svc ? -ENOMEM : 0;

			for (unsigned k = 0; svc && !pass && !r && k < v->n_servers; k++) {
				if (c->virts[i].reals[k].used)
					r = put_server(c, svc, i, k);
			}
			if (svc && pass)
				r = put_sorry(c->conf, v, svc);
			if (r < 0) {
				lvs_table_done(&t);
				return r;
			}
		}
	}
	*ret = t;
	return 0;
}
