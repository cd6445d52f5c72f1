/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rgmanager: the core of the services on the shell. */
#include <errno.h>
#include <string.h>

#include "clu_shell.h"
#include "rg_agents.h"
#include "rg_core.h"

static struct rg_options options;
static const char *agent_path;
static struct rg_agents *agents;

static int set_no_init_stop(void *ctx, const char *value)
{
	options.no_init_stop = true;
	return 0;
}

static int set_agent_path(void *ctx, const char *value)
{
	if (*value != '/')
		return -EINVAL;
	agent_path = value;
	return 0;
}

static const struct clu_daemon_opt opts[] = {
	{ "no-init-stop", 'N', NULL, "do not stop at the start what is frozen here (for an update of the daemon)",
		set_no_init_stop },
	{ "agent-path", 'a', "DIRS", "folders with resource agents that are searched first (separated by colons)",
		set_agent_path },
};

static void *core_new(void *opt_ctx, const char **why)
{
	struct rg *rg = NULL;

	agents = rg_agents_new(agent_path);
	if (agents) {
		options.registry = rg_agents_registry(agents);
		rg = rg_new(&options);
	}
	if (!rg)
		*why = "out of memory";
	return rg;
}

static void core_free(void *core)
{
	rg_free(core);
	agents = rg_agents_free(agents);
}

/* COMPAT: letters that meant something else in rgmanager than in the other daemons. */
static void old_letters(int argc, char **argv)
{
	static const struct { const char *old, *now; } map[] = {
		{ "-w", "--no-watchdog" }, { "-d", "--debug" },
	};

	for (int i = 1; i < argc; i++)
		for (unsigned k = 0; k < sizeof(map) / sizeof(map[0]); k++)
			if (!strcmp(argv[i], map[k].old))
				argv[i] = (char *)map[k].now;
}

int main(int argc, char **argv)
{
	static const struct clu_daemon daemon_desc = {
		.ops = &rg_ops,
		.summary = "decides where each service runs; starts, watches and moves it",
		.want = CLU_WANT_GROUP | CLU_WANT_QUORUM | CLU_WANT_CONFIG | CLU_WANT_FENCED | CLU_WANT_WATCHDOG,
		.opts = opts,
		.n_opts = sizeof(opts) / sizeof(opts[0]),
		.max_request = 1024 * 1024,
		.core_new = core_new,
		.core_free = core_free,
	};

	old_letters(argc, argv);
	return clu_shell_main(&daemon_desc, argc, argv);
}
