/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qdiskd: the quorum disk's core on the shell. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clu_log.h"
#include "qdisk_conf.h"
#include "qdiskd_device.h"

#define EXIT_RUNNING 4		/* the shell's; RHEL's qdiskd ended with 0 then */

struct device {
	struct qdiskd_disk *disk;
	struct qdiskd_votes *votes;
	int watchdog;		/* -1: not open */
	bool watchdog_bad;
};

/* ---- the kernel's watchdog ---- */

static void feed(struct device *d, const struct qdisk_feed *f)
{
	int seconds = (int)((f->timeout_ms + 999) / 1000);

	if (d->watchdog < 0 && !d->watchdog_bad) {
		d->watchdog = open(f->device, O_WRONLY | O_CLOEXEC);
		if (d->watchdog < 0 || ioctl(d->watchdog, WDIOC_SETTIMEOUT, &seconds) < 0) {
			clu_log(CLU_ERR, "the watchdog %s cannot be used (%s): this node is not reset when qdiskd hangs; correct "
				"quorumd/@watchdog_device, or end the program that has it", f->device, strerror(errno));
			d->watchdog_bad = true;
		}
	}
	if (d->watchdog >= 0 && !d->watchdog_bad)
		(void)ioctl(d->watchdog, WDIOC_KEEPALIVE, 0);
}

/* It was asked to end: the machine goes on without it. */
static void release(struct device *d)
{
	if (d->watchdog < 0)
		return;
	(void)!write(d->watchdog, "V", 1);
	close(d->watchdog);
}

/* ---- scheduling ---- */

static void schedule(struct device *d, const struct qdisk_schedule *s)
{
	int policy = s->scheduler == QDISK_SCHED_FIFO ? SCHED_FIFO : s->scheduler == QDISK_SCHED_OTHER ? SCHED_OTHER : SCHED_RR;
	struct sched_param p = { .sched_priority = policy == SCHED_OTHER ? 0 : s->priority < 1 ? 1 : s->priority };
	int r = qdiskd_disk_schedule(d->disk, policy, p.sched_priority);

	/* Heuristics run as any program does. */
	if (!r && sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &p) < 0)
		r = -errno;
	if (!r && policy == SCHED_OTHER && setpriority(PRIO_PROCESS, 0, s->priority) < 0)
		r = -errno;
	if (r < 0)
		clu_log(CLU_WARNING, "quorumd/@scheduler and @priority cannot be had (%s): a busy machine may make the quorum disk "
			"late", strerror(-r));
}

/* ---- what the shell calls ---- */

static void device_close(void *device)
{
	struct device *d = device;

	if (d->votes)
		qdiskd_votes_free(d->votes);
	if (d->disk)
		qdiskd_disk_free(d->disk);
	release(d);
	free(d);
}

static void *device_open(struct clu_shell *s, void *loop, void *opt_ctx, const char **why)
{
	struct device *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->watchdog = -1;
	/* Memory that is swapped out may wait for the very disk that has failed. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		clu_log(CLU_WARNING, "its memory cannot be locked (%s): it may be swapped out", strerror(errno));
	d->disk = qdiskd_disk_new(s, loop);
	d->votes = qdiskd_votes_new(s, loop);
	if (d->disk && d->votes)
		return d;
	*why = "no thread for the disk; end other processes, or free memory on this node";
	device_close(d);
	return NULL;
}

static void device_act(void *device, uint32_t what, uint64_t id, const void *data, size_t len)
{
	struct device *d = device;

	switch ((enum qdisk_ask)what) {
	case QDISK_ASK_REGISTER:
		qdiskd_votes_register(d->votes, data);
		break;
	case QDISK_ASK_UNREGISTER:
		qdiskd_votes_unregister(d->votes);
		break;
	case QDISK_ASK_VOTE:
		qdiskd_votes_poll(d->votes, data);
		break;
	case QDISK_ASK_READ:
		qdiskd_disk_read(d->disk, id, data);
		break;
	case QDISK_ASK_WRITE:
		qdiskd_disk_write(d->disk, id, data, (unsigned)(len / sizeof(struct qdisk_write)));
		break;
	case QDISK_ASK_WATCHDOG:
		feed(d, data);
		break;
	case QDISK_ASK_PRINT:
		(void)fwrite(data, 1, len, stdout);
		(void)fflush(stdout);
		break;
	case QDISK_ASK_SCHEDULE:
		schedule(d, data);
		break;
	}
}

static const struct clu_device_ops device_ops = { device_open, device_act, device_close };

/* ---- options ---- */

static int set_quiet(void *ctx, const char *value)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 3; i++)
		(void)dup2(fd, i);
	if (fd > 2)
		close(fd);
	return 0;
}

static const struct clu_daemon_opt opts[] = {
	{ "quiet", 'Q', NULL, "nothing on standard input, output and error", set_quiet },
};

static void *core_new(void *opt_ctx, const char **why)
{
	struct qdisk *q = qdisk_new();

	if (!q)
		*why = "out of memory; free memory on this node";
	return q;
}

static void core_free(void *core)
{
	qdisk_free(core);
}

/* -d is RHEL's letter for what all daemons of the suite call -D. */
static void old_debug(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && argv[i][1] != '-')
			for (char *p = argv[i] + 1; *p; p++)
				if (*p == 'd')
					*p = 'D';
}

/* The arguments, and -D when the environment asks for it; the memory stays for the life of the process. */
static char **with_debug(int *argc, char **argv)
{
	static char option[] = "-D";
	char **more = getenv("QDISK_DEBUG") ? calloc((size_t)*argc + 2, sizeof(*more)) : NULL;

	if (!more)
		return argv;
	memcpy(more, argv, (size_t)*argc * sizeof(*more));
	more[(*argc)++] = option;
	return more;
}

int main(int argc, char **argv)
{
	static const struct clu_daemon daemon_desc = {
		.ops = &qdisk_ops,
		.summary = "lets a disk that all nodes share decide which of them go on",
		.want = CLU_WANT_QUORUM | CLU_WANT_CONFIG | CLU_WANT_RESET,
		.opts = opts,
		.n_opts = sizeof(opts) / sizeof(opts[0]),
		.core_new = core_new,
		.core_free = core_free,
		.device = &device_ops,
	};
	int code;

	old_debug(argc, argv);
	argv = with_debug(&argc, argv);
	code = clu_shell_main(&daemon_desc, argc, argv);
	if (code != EXIT_RUNNING)
		return code;
	/* COMPAT: start-up scripts take it for started. */
	fprintf(stderr, "QDisk services already running\n");
	return 0;
}
