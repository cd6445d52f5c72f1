/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_agent_env.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#define STRETCH 3
#define LEAST_MS 120000u
#define NO_HINT_MS 1800000u
#define CHECK_LEAST_MS 60000u
#define CHECK_NO_HINT_MS 300000u
#define DAY_S 86400u

uint32_t rg_agent_deadline_ms(const struct rg_inst *i, const struct rg_meta_action *a, bool check)
{
	uint32_t s = a->timeout_s < DAY_S ? a->timeout_s : DAY_S;
	uint32_t least = check ? CHECK_LEAST_MS : LEAST_MS;

	if (i->enforce_timeouts && s)
		return s * 1000;
	if (!s)
		return check ? CHECK_NO_HINT_MS : NO_HINT_MS;
	return s * 1000 * STRETCH > least ? s * 1000 * STRETCH : least;
}

static void add(struct rg_agent_env *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct rg_agent_env *e, const char *fmt, ...)
{
	struct clu_buf b = CLU_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	clu_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (b.error || e->n + 1 >= e->cap) {
		e->nomem = true;
		clu_buf_free(&b);
		return;
	}
	e->list[e->n++] = b.data;
}

int rg_agent_env_fill(struct rg_agent_env *e, const struct rg_inst *i, const struct rg_meta_action *a, unsigned others)
{
	*e = (struct rg_agent_env){ .cap = i->meta->n_params + 16 };
	e->list = calloc(e->cap, sizeof(*e->list));
	if (!e->list)
		return -ENOMEM;
	for (unsigned k = 0; k < i->meta->n_params; k++)
		if (i->values[k].value)
			add(e, "OCF_RESKEY_%s=%s", i->values[k].name, i->values[k].value);
	add(e, "OCF_RA_VERSION_MAJOR=1");
	add(e, "OCF_RA_VERSION_MINOR=0");
	add(e, "OCF_ROOT=%s", i->meta->ocf ? "/usr/lib/ocf" : "/usr/share/cluster");
	add(e, "OCF_RESOURCE_INSTANCE=%s", i->key);
	add(e, "OCF_RESOURCE_TYPE=%s", i->meta->type);
	add(e, "OCF_CHECK_LEVEL=%u", a->depth);
	add(e, "OCF_RESKEY_RGMANAGER_meta_refcnt=%u", others);
	add(e, "OCF_RESKEY_RGMANAGER_meta_timeout=%u", i->enforce_timeouts ? 0 : a->timeout_s);
	if (!e->nomem)
		return 0;
	rg_agent_env_done(e);
	return -ENOMEM;
}

const char *const *rg_agent_env_list(const struct rg_agent_env *e)
{
	return (const char *const *)e->list;
}

void rg_agent_env_done(struct rg_agent_env *e)
{
	for (unsigned k = 0; k < e->n; k++)
		free(e->list[k]);
	free(e->list);
	e->list = NULL;
	e->n = 0;
}
