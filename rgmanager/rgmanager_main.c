/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rgmanager: the core of the services on the shell. */
#include <errno.h>
#include <string.h>

#include "clu_path.h"
#include "clu_shell.h"
#include "clu_store.h"
#include "rg_agents.h"
#include "rg_core.h"

static struct rg_options options;
static const char *agent_path;
static struct rg_agents *agents;
static struct clu_buf left_path, left, fault;

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

/*
 * What may run on other nodes with nobody to look after it. Without an answer to that, services could be started a second
 * time, so a file that cannot be read ends the start: a person has to look.
 */
static int read_left(const char **why)
{
	const char *path;
	int r;

	clu_buf_printf(&left_path, "%s/" RG_LEFT_FILE, clu_path(CLU_PATH_STATE));
	path = clu_buf_text(&left_path);
	r = clu_store_settle(path);
	if (r == 0)
		r = clu_store_read(path, RG_LEFT_MAX, &left);
	if (r == 0)
		r = rg_left_check(left.data, left.len);
	if (r == 0 || r == -ENOENT) {
		options.left_path = path;
		options.left = left.data;
		options.left_len = left.len;
		return left_path.error;
	}
	clu_buf_printf(&fault, "%s: cannot be read: %s. It says which services may run on other nodes though no rgmanager looks "
		"after them there: see that none does, then remove the file", path, r == -EBADMSG ? "it is damaged" :
		r == -EFBIG ? "it is too large" : strerror(-r));
	*why = clu_buf_text(&fault);
	return r;
}

static void *core_new(void *opt_ctx, const char **why)
{
	struct rg *rg = NULL;

	*why = "out of memory";
	if (read_left(why) < 0)
		return NULL;
	agents = rg_agents_new(agent_path);
	if (agents) {
		options.registry = rg_agents_registry(agents);
		rg = rg_new(&options);
	}
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

	int r;

	old_letters(argc, argv);
	r = clu_shell_main(&daemon_desc, argc, argv);
	clu_buf_free(&left_path);
	clu_buf_free(&left);
	clu_buf_free(&fault);
	return r;
}
