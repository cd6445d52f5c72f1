/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fenced: the fence domain's core on the shell. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clu_path.h"
#include "clu_shell.h"
#include "fenced_core.h"

#define MAX_DELAY_S 86400

static struct fdom_options options = {
	.post_join_delay_s = FDOM_UNSET,
	.post_fail_delay_s = FDOM_UNSET,
};

static int find_agent(const char *name, const char *prefer, char *ret, unsigned size)
{
	return clu_path_agent("fence", name, prefer, ret, size);
}

static int set_delay(const char *value, int64_t *ret)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(value, &end, 10);
	if (errno || end == value || *end || v < -1 || v > MAX_DELAY_S)
		return -EINVAL;
	*ret = v;
	return 0;
}

static int set_post_join(void *ctx, const char *value)
{
	return set_delay(value, &options.post_join_delay_s);
}

static int set_post_fail(void *ctx, const char *value)
{
	return set_delay(value, &options.post_fail_delay_s);
}

static int set_clean_start(void *ctx, const char *value)
{
	options.clean_start = true;
	return 0;
}

static int set_skip_undefined(void *ctx, const char *value)
{
	options.skip_undefined = true;
	return 0;
}

static const struct clu_daemon_opt opts[] = {
	{ "clean-start", 'c', NULL, "no startup fencing of nodes that are missing when the domain is created",
		set_clean_start },
	{ "skip-undefined", 's', NULL, "no startup fencing of nodes without a fence method", set_skip_undefined },
	{ "post-join-delay", 'j', "SECONDS",
		"wait for a missing node after another has joined (6; -1 = for ever)", set_post_join },
	{ "post-fail-delay", 'F', "SECONDS", "wait before a failed node is fenced (0; -1 = for ever)",
		set_post_fail },
};

static void *core_new(void *opt_ctx, const char **why)
{
	struct fdom *d;

	options.find_agent = find_agent;
	d = fdom_new(&options);
	if (!d)
		*why = "out of memory";
	return d;
}

static void core_free(void *core)
{
	fdom_free(core);
}

/*
 * -f has two meanings: SECONDS of post_fail_delay since RHEL 4, and the
 * foreground in all daemons of the suite. A number behind it decides.
 */
static void old_post_fail_delay(int argc, char **argv)
{
	int64_t v;

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "-f", 2) && (argv[i][2] ? set_delay(argv[i] + 2, &v) == 0 :
		    i + 1 < argc && set_delay(argv[i + 1], &v) == 0))
			argv[i][1] = 'F';
	}
}

int main(int argc, char **argv)
{
	static const struct clu_daemon daemon_desc = {
		.ops = &fdom_ops,
		.summary = "cuts off failed cluster nodes, and says when that is certain",
		.want = CLU_WANT_GROUP | CLU_WANT_QUORUM | CLU_WANT_CONFIG,
		.opts = opts,
		.n_opts = sizeof(opts) / sizeof(opts[0]),
		.core_new = core_new,
		.core_free = core_free,
	};

	old_post_fail_delay(argc, argv);
	return clu_shell_main(&daemon_desc, argc, argv);
}
