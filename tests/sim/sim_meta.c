/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_meta.h"

#include <stdlib.h>
#include <string.h>

/*
 * Together they have all that the cores read: levels and none, types that are
 * forbidden, inherited and reconfigurable parameters, checks of several depths,
 * recover, migrate, an agent of the OCF kind, a bound on the number of instances.
 *
 * `service` tells the simulator whose a resource is. One that stands in several services
 * is then several: that it is active twice is the configuration's wish.
 */
#define SERVICE "<parameter name=\"service\" inherit=\"service%name\"/>"

static const char *const metadata[] = {
	"<resource-agent name=\"service\"><parameters>"
	"<parameter name=\"name\" primary=\"1\" required=\"1\" unique=\"1\"/><parameter name=\"domain\" reconfig=\"1\"/>"
	"<parameter name=\"autostart\" reconfig=\"1\"/><parameter name=\"recovery\" reconfig=\"1\"/>"
	"<parameter name=\"exclusive\" reconfig=\"1\"/><parameter name=\"depend\"/>"
	"</parameters><actions><action name=\"start\" timeout=\"5\"/><action name=\"stop\" timeout=\"5\"/></actions>"
	"<special tag=\"rgmanager\"><attributes maxinstances=\"1\"/>"
	"<child type=\"fs\" start=\"2\" stop=\"8\"/><child type=\"clusterfs\" start=\"2\"/>"
	"<child type=\"ip\" start=\"3\" stop=\"7\"/><child type=\"script\" start=\"9\" stop=\"1\"/>"
	"<child type=\"service\" forbid=\"1\"/></special></resource-agent>",

	"<resource-agent name=\"script\"><parameters><parameter name=\"name\" primary=\"1\" unique=\"1\"/>"
	"<parameter name=\"file\"/>" SERVICE "</parameters>"
	"<actions><action name=\"start\" timeout=\"20\"/><action name=\"stop\" timeout=\"20\"/>"
	"<action name=\"status\" interval=\"30s\" timeout=\"10\"/></actions></resource-agent>",

	"<resource-agent name=\"ip\"><parameters><parameter name=\"address\" primary=\"1\" unique=\"1\" required=\"1\"/>"
	"<parameter name=\"monitor_link\" reconfig=\"1\" default=\"1\"/>" SERVICE "</parameters>"
	"<actions><action name=\"start\" timeout=\"20\"/><action name=\"stop\" timeout=\"20\"/>"
	"<action name=\"reconfig\" timeout=\"10\"/><action name=\"status\" depth=\"0\" interval=\"40s\" timeout=\"10\"/>"
	"<action name=\"status\" depth=\"10\" interval=\"90s\" timeout=\"10\"/></actions></resource-agent>",

	"<resource-agent name=\"fs\"><parameters><parameter name=\"name\" primary=\"1\"/>"
	"<parameter name=\"device\" unique=\"1\" required=\"1\"/><parameter name=\"options\" reconfig=\"1\"/>"
	"<parameter name=\"mountpoint\" inherit=\"mountpoint\" default=\"/mnt\"/>"
	SERVICE "</parameters>"
	"<actions><action name=\"start\" timeout=\"30\"/><action name=\"stop\" timeout=\"30\"/>"
	"<action name=\"recover\" timeout=\"20\"/><action name=\"status\" interval=\"45s\" timeout=\"10\"/></actions>"
	"<special tag=\"rgmanager\"><attributes maxinstances=\"1\"/>"
	"<child type=\"fs\" start=\"1\" stop=\"3\"/><child type=\"clusterfs\"/>"
	"<child type=\"service\" forbid=\"1\"/></special></resource-agent>",

	"<resource-agent name=\"clusterfs\"><parameters><parameter name=\"name\" primary=\"1\"/>"
	"<parameter name=\"mountpoint\" inherit=\"mountpoint\"/>" SERVICE
	"<parameter name=\"id\" unique=\"1\" required=\"1\"/></parameters>"
	"<actions><action name=\"start\" timeout=\"20\"/><action name=\"stop\" timeout=\"20\"/>"
	"<action name=\"status\" interval=\"60s\" timeout=\"10\"/></actions></resource-agent>",

	"<resource-agent name=\"database\"><parameters><parameter name=\"name\" primary=\"1\" unique=\"1\"/>"
	"<parameter name=\"of\" inherit=\"nobody%name\"/>" SERVICE "</parameters>"
	"<actions><action name=\"start\" timeout=\"20\"/><action name=\"stop\" timeout=\"20\"/>"
	"<action name=\"monitor\" interval=\"30s\" timeout=\"10\"/></actions></resource-agent>",

	"<resource-agent name=\"vm\"><parameters><parameter name=\"name\" primary=\"1\" unique=\"1\"/>"
	"<parameter name=\"domain\" reconfig=\"1\"/><parameter name=\"recovery\" reconfig=\"1\"/></parameters>"
	"<actions><action name=\"start\" timeout=\"20\"/><action name=\"stop\" timeout=\"20\"/>"
	"<action name=\"migrate\" timeout=\"30\"/><action name=\"status\" interval=\"30s\" timeout=\"10\"/></actions>"
	"<special tag=\"rgmanager\"><attributes maxinstances=\"1\"/></special></resource-agent>",
};

#define N_METADATA (sizeof(metadata) / sizeof(metadata[0]))

static struct rg_meta *parsed[N_METADATA];

const struct rg_meta *sim_meta_lookup(void *ctx, const char *type, const char **why)
{
	(void)ctx;
	for (unsigned i = 0; i < N_METADATA; i++) {
		struct clu_buf errs = CLU_BUF_INIT;

		if (!parsed[i] && rg_meta_parse(metadata[i], strlen(metadata[i]), "/sim/resource", &parsed[i], &errs) < 0)
			abort();
		clu_buf_free(&errs);
		if (strcmp(parsed[i]->type, type) == 0)
			return parsed[i];
	}
	*why = "there is no such agent";
	return NULL;
}

void sim_meta_done(void)
{
	for (unsigned i = 0; i < N_METADATA; i++)
		parsed[i] = rg_meta_free(parsed[i]);
}
