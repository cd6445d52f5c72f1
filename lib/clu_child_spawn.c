/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "clu_child_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/*
 * Base environment, then our own HAWSER_ variables (they move the places of
 * files), then what the caller adds. Only pointers, valid while run is.
 */
static char **make_env(const struct clu_run *run)
{
	static const char *const base[] = { "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C" };
	size_t n = 2, at = 0;
	char **env;

	for (char **e = environ; e && *e; e++)
		n++;
	for (const char *const *e = run->env; e && *e; e++)
		n++;
	env = calloc(n + 1, sizeof(*env));
	if (!env)
		return NULL;
	for (unsigned i = 0; i < 2; i++)
		env[at++] = (char *)base[i];
	for (char **e = environ; e && *e; e++)
		if (!strncmp(*e, "HAWSER_", 7))
			env[at++] = *e;
	for (const char *const *e = run->env; e && *e; e++)
		env[at++] = (char *)*e;
	return env;
}

/* In the new process, between fork and exec: async-signal-safe calls only. */
static void __attribute__((noreturn)) child_main(const struct clu_run *run, char **env, pid_t parent, int in,
	int out, int err)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;
	int error;

	(void)setpgid(0, 0);
	/*
	 * What nobody waits for any more must not go on: where a fencing daemon was
	 * killed the next member starts its agents anew.
	 */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(127);
	for (int s = 1; s < NSIG; s++)
		(void)sigaction(s, &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* Out of the way of 0, 1 and 2 first. */
	in = fcntl(in, F_DUPFD_CLOEXEC, 3);
	out = fcntl(out, F_DUPFD_CLOEXEC, 3);
	err = fcntl(err, F_DUPFD_CLOEXEC, 3);
	if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	(void)!chdir("/");
	(void)umask(022);
	execve(run->argv[0], (char *const *)run->argv, env);
	error = errno;
	(void)!write(err, &error, sizeof(error));
	_exit(127);
}

static void close_pair(int p[2])
{
	for (unsigned i = 0; i < 2; i++) {
		if (p[i] >= 0)
			close(p[i]);
		p[i] = -1;
	}
}

static int open_pipes(const struct clu_run *run, int in[2], int out[2], int err[2])
{
	if (run->input_len) {
		if (pipe2(in, O_CLOEXEC) < 0)
			return -errno;
	} else {
		in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (in[0] < 0)
			return -errno;
	}
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return -errno;
	/* Only our ends: the program expects blocking ones. */
	if ((in[1] >= 0 && fcntl(in[1], F_SETFL, O_NONBLOCK) < 0) || fcntl(out[0], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(err[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int clu_child_spawn(const struct clu_run *run, struct clu_spawned *ret)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 }, r;
	char **env = make_env(run);
	pid_t parent, pid;

	if (!env)
		return -ENOMEM;
	r = open_pipes(run, in, out, err);
	if (r < 0)
		goto out;
	parent = getpid();
	pid = fork();
	if (!pid)
		child_main(run, env, parent, in[0], out[1], err[1]);
	if (pid < 0) {
		r = -errno;
		goto out;
	}
	(void)setpgid(pid, pid);	/* both sides do it, so that the group exists whoever comes first */
	*ret = (struct clu_spawned){ .pid = pid, .in_fd = in[1], .out_fd = out[0], .err_fd = err[0] };
	in[1] = out[0] = err[0] = -1;
out:
	free(env);
	close_pair(in);
	close_pair(out);
	close_pair(err);
	return r;
}
