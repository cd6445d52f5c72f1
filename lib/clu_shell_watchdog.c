/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clu_log.h"
#include "clu_shell_priv.h"

#define LOG_WAIT_MS 500		/* a hung disk must not hold up the reset */

/* Passed on to the daemon. */
static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

/* In a process of its own: the log may hang. */
static void log_apart(const char *name, const char *line)
{
	pid_t pid = fork();
	int fd;

	if (!pid) {
		(void)clu_log_open(name, false, false);
		clu_log(CLU_CRIT, "%s", line);
		clu_log_close();
		_exit(0);
	}
	fd = pid > 0 ? pidfd_open(pid, 0) : -1;
	if (fd >= 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		(void)poll(&p, 1, LOG_WAIT_MS);
		close(fd);
	}
}

void clu_shell_reset(const char *name)
{
	char line[256];

	/* No sync: what the daemon's services still write must not reach shared storage. */
	(void)reboot(RB_AUTOBOOT);
	snprintf(line, sizeof(line), "this machine could not be reset (%s); reset it by hand now", strerror(errno));
	log_apart(name, line);
}

static void __attribute__((noreturn)) ended(const char *name, int status, bool armed)
{
	char line[256];

	if (WIFEXITED(status) && (WEXITSTATUS(status) != CLU_FATAL_RESET || !armed))
		_exit(WEXITSTATUS(status));
	if (!armed) {
		fprintf(stderr, "%s: ended by signal %d while it was starting\n", name, WTERMSIG(status));
		_exit(1);
	}
	if (WIFEXITED(status))
		snprintf(line, sizeof(line), "the daemon could not stop what it ran; this machine is reset");
	else
		snprintf(line, sizeof(line), "the daemon was ended by signal %d (%s) without having asked for it: what it ran "
			"has no manager now; this machine is reset", WTERMSIG(status), strsignal(WTERMSIG(status)));
	log_apart(name, line);
	clu_shell_reset(name);
	_exit(1);
}

static void __attribute__((noreturn)) guard(const char *name, pid_t daemon, int armed_fd)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	sigset_t set;

	/* It holds next to nothing, and its end would cost a whole node its services. */
	if (fd >= 0) {
		(void)!write(fd, "-1000", 5);
		close(fd);
	}
	/* Not the daemon's name: who ends "all processes of that name" ends the daemon, and the machine is reset. */
	(void)prctl(PR_SET_NAME, "hawser-watchdog");
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (unsigned i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&set, forwarded[i]);
	for (;;) {
		int sig = sigwaitinfo(&set, NULL), status;
		char byte;

		if (sig < 0)
			continue;
		if (sig != SIGCHLD) {
			(void)kill(daemon, sig);
			continue;
		}
		if (waitpid(daemon, &status, WNOHANG) == daemon && !WIFSTOPPED(status) && !WIFCONTINUED(status))
			ended(name, status, read(armed_fd, &byte, 1) == 1);
	}
}

int clu_shell_watchdog(const char *name, int *ret_armed)
{
	sigset_t all, old;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	/* Blocked before the fork: none may be lost. */
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	for (unsigned i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&all, forwarded[i]);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	pid = fork();
	if (pid > 0) {
		close(fds[1]);
		guard(name, pid, fds[0]);
	}
	r = pid < 0 ? -errno : 0;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	close(fds[0]);
	if (r < 0)
		close(fds[1]);
	else
		*ret_armed = fds[1];
	return r;
}
