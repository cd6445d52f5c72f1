/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmannotifyd: runs the scripts of an administrator when the cluster changes. See cmannotifyd(8). */
#include "config.h"

#include <sched.h>
#include <stdlib.h>

#include "clu_shell.h"
#include "notifyd_core.h"
#include "notifyd_leave.h"

static struct notifyd_cfg cfg = { .program = HAWSER_SBIN_DIR "/cman_notify" };
static bool realtime;

static int set_debug(void *ctx, const char *value)
{
	cfg.debug = true;
	return 0;
}

static int set_realtime(void *ctx, const char *value)
{
	realtime = true;
	return 0;
}

static const struct clu_daemon_opt opts[] = {
	{ "script-debug", 'd', NULL, "have cman_notify log what the scripts say", set_debug },
	{ "realtime", 'r', NULL, "run with real-time priority; the scripts do not", set_realtime },
};

static void *core_new(void *opt_ctx, const char **why)
{
	const struct sched_param p = { .sched_priority = 1 };
	struct notifyd *n;

	/* In this process, the last of those that a daemon is forked through. */
	if (realtime && sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p) < 0) {
		*why = "no real-time priority (sched_setscheduler was refused); leave out -r, or give the daemon "
		       "CAP_SYS_NICE and a cgroup with real-time budget";
		return NULL;
	}
	n = notifyd_new(&cfg);
	if (!n)
		*why = "out of memory; free memory on this node";
	return n;
}

int main(int argc, char **argv)
{
	static const struct clu_daemon d = {
		.ops = &notifyd_ops,
		.summary = "runs the scripts in /etc/cluster/cman-notify.d when the cluster changes",
		.want = CLU_WANT_QUORUM | CLU_WANT_CONFIG | CLU_WANT_NO_COROSYNC,
		.opts = opts,
		.n_opts = sizeof(opts) / sizeof(opts[0]),
		.core_new = core_new,
		.core_free = notifyd_free,
		.device = &notifyd_leave_ops,
	};

	/* COMPAT */
	if (getenv("CMANNOTIFYD_DEBUG"))
		cfg.debug = true;
	return clu_shell_main(&d, argc, argv);
}
