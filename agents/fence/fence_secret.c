/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "fence_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS 16

static int first_line(char *text, size_t len, const char *source, char **ret, struct clu_buf *why)
{
	char *newline = memchr(text, '\n', len);

	if (newline)
		len = (size_t)(newline - text);
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len == 0 || len > FENCE_SECRET_MAX || memchr(text, '\0', len)) {
		clu_buf_printf(why, "password from %s: its first line is %s; it must be the password", source,
			len == 0 ? "empty" : len > FENCE_SECRET_MAX ? "longer than 256 bytes" : "no text");
		return -EINVAL;
	}
	*ret = strndup(text, len);
	return *ret ? 0 : -ENOMEM;
}

/* Up to size bytes until end of file. Negative errno, or the number read. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t r = read(fd, buf + n, size - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

int fence_secret_file(const char *path, char **ret, struct clu_buf *why)
{
	char text[FENCE_SECRET_MAX + 3];
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		clu_buf_printf(why, "password file %s: %s; correct password_file", path, strerror(-r));
		if (fd >= 0)
			close(fd);
		return r;
	}
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		close(fd);
		clu_buf_printf(
			why, "password file %s: others than its owner may use it; chmod 600 %s", path, path);
		return -EPERM;
	}
	n = read_all(fd, text, sizeof(text));
	close(fd);
	if (n < 0) {
		clu_buf_printf(why, "password file %s: %s; correct password_file", path, strerror((int)-n));
		return (int)n;
	}
	r = first_line(text, (size_t)n, path, ret, why);
	explicit_bzero(text, sizeof(text));
	return r;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int start(char **argv, int out, pid_t *ret)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		    lc[] = "LC_ALL=C";
	char *env[] = { path, lc, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	r = posix_spawn(ret, argv[0], &fa, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return -r;
}

/* Reads until the end of output or the deadline; extra output is read and dropped. -ETIMEDOUT, or the length.
 */
static ssize_t collect(int fd, uint64_t deadline, char *buf, size_t size)
{
	size_t n = 0;

	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		uint64_t now = now_ms();
		char rest[256];
		ssize_t r;

		if (now >= deadline)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, (int)(deadline - now)) <= 0)
			continue;
		r = n < size ? read(fd, buf + n, size - n) : read(fd, rest, sizeof(rest));
		if (r == 0)
			return (ssize_t)n;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && n < size)
			n += (size_t)r;
	}
}

/* The exit status, or -ETIMEDOUT. SIGCHLD must be blocked. */
static int await_exit(pid_t pid, uint64_t deadline, int *ret_status)
{
	uint64_t now = now_ms();
	sigset_t chld;
	struct timespec left = { 0 };

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	while (waitpid(pid, ret_status, WNOHANG) == 0) {
		if (now >= deadline)
			return -ETIMEDOUT;
		left.tv_sec = (time_t)((deadline - now) / 1000);
		left.tv_nsec = (long)((deadline - now) % 1000) * 1000000;
		sigtimedwait(&chld, NULL, &left);
		now = now_ms();
	}
	return 0;
}

static int run(char **argv, const char *command, unsigned deadline_ms, char *buf, size_t size,
	ssize_t *ret_len, struct clu_buf *why)
{
	uint64_t deadline = now_ms() + deadline_ms;
	int fds[2], status = 0, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	r = start(argv, fds[1], &pid);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		clu_buf_printf(why, "password program %s: cannot be started: %s; correct password_script",
			command, strerror(-r));
		return r;
	}
	*ret_len = collect(fds[0], deadline, buf, size);
	close(fds[0]);
	r = *ret_len < 0 ? (int)*ret_len : await_exit(pid, deadline, &status);
	if (r < 0) {
		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		clu_buf_printf(why, "password program %s: %s; run it by hand to see why", command,
			r == -ETIMEDOUT ? "did not end in time" : strerror(-r));
		return r;
	}
	if (status != 0) {
		clu_buf_printf(why, "password program %s: failed (%s %d); run it by hand to see why", command,
			WIFEXITED(status) ? "exit code" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		return -EIO;
	}
	return 0;
}

int fence_secret_script(const char *command, unsigned deadline_ms, char **ret, struct clu_buf *why)
{
	char text[FENCE_SECRET_MAX + 3], *words = strdup(command), *argv[MAX_WORDS + 1], *save = NULL;
	sigset_t chld, old;
	unsigned n = 0;
	ssize_t len = 0;
	int r;

	if (!words)
		return -ENOMEM;
	for (char *w = strtok_r(words, " \t", &save); w && n < MAX_WORDS; w = strtok_r(NULL, " \t", &save))
		argv[n++] = w;
	argv[n] = NULL;
	if (n == 0 || argv[0][0] != '/') {
		free(words);
		clu_buf_printf(why, "password program \"%s\": is no absolute path; correct password_script",
			command);
		return -EINVAL;
	}
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	r = run(argv, argv[0], deadline_ms, text, sizeof(text), &len, why);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (r == 0)
		r = first_line(text, (size_t)len, argv[0], ret, why);
	explicit_bzero(text, sizeof(text));
	free(words);
	return r;
}
