/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rg_agent_env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* "PREFIX" "NAME" "=" "VALUE", put together by hand: this is done for each parameter of each program that is run. */
static void add(struct rg_agent_env *e, const char *prefix, const char *name, const char *value)
{
	size_t n_prefix = strlen(prefix), n_name = strlen(name), n_value = strlen(value);
	char *text = e->n + 1 < e->cap ? malloc(n_prefix + n_name + n_value + 2) : NULL;

	if (!text) {
		e->nomem = true;
		return;
	}
	memcpy(text, prefix, n_prefix);
	memcpy(text + n_prefix, name, n_name);
	text[n_prefix + n_name] = '=';
	memcpy(text + n_prefix + n_name + 1, value, n_value + 1);
	e->list[e->n++] = text;
}

static void add_number(struct rg_agent_env *e, const char *name, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	add(e, "", name, text);
}

int rg_agent_env_fill(struct rg_agent_env *e, const struct rg_inst *i, const struct rg_meta_action *a, unsigned others)
{
	*e = (struct rg_agent_env){ .cap = i->meta->n_params + 16 };
	e->list = calloc(e->cap, sizeof(*e->list));
	if (!e->list)
		return -ENOMEM;
	for (unsigned k = 0; k < i->meta->n_params; k++)
		if (i->values[k].value)
			add(e, "OCF_RESKEY_", i->values[k].name, i->values[k].value);
	add(e, "", "OCF_RA_VERSION_MAJOR", "1");
	add(e, "", "OCF_RA_VERSION_MINOR", "0");
	add(e, "", "OCF_ROOT", i->meta->ocf ? "/usr/lib/ocf" : "/usr/share/cluster");
	add(e, "", "OCF_RESOURCE_INSTANCE", i->key);
	add(e, "", "OCF_RESOURCE_TYPE", i->meta->type);
	add_number(e, "OCF_CHECK_LEVEL", a->depth);
	add_number(e, "OCF_RESKEY_RGMANAGER_meta_refcnt", others);
	add_number(e, "OCF_RESKEY_RGMANAGER_meta_timeout", i->enforce_timeouts ? 0 : a->timeout_s);
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
