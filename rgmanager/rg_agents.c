/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "rg_agents.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clu_path.h"

#define DEADLINE_MS 5000
#define MAX_BYTES (1u << 20)

extern char **environ;

/* One agent as it was at some time. Older entries stay: trees may still point to them. */
struct entry {
	struct entry *next;
	char *type, *path;
	struct timespec changed;
	struct rg_meta *meta;	/* NULL: it could not be read, `why` tells */
	char why[256];
};

struct rg_agents {
	char *prefer;
	struct entry *entries;	/* newest first */
	char why[256];
};

struct rg_agents *rg_agents_new(const char *prefer)
{
	struct rg_agents *a = calloc(1, sizeof(*a));

	if (a && prefer) {
		a->prefer = strdup(prefer);
		if (!a->prefer)
			return rg_agents_free(a);
	}
	return a;
}

struct rg_agents *rg_agents_free(struct rg_agents *a)
{
	if (!a)
		return NULL;
	for (struct entry *e = a->entries, *next; e; e = next) {
		next = e->next;
		rg_meta_free(e->meta);
		free(e->type);
		free(e->path);
		free(e);
	}
	free(a->prefer);
	free(a);
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The agent in its own process group, its standard output to fd. */
static int spawn_agent(const char *path, int out, pid_t *ret)
{
	char *argv[] = { (char *)path, (char *)"meta-data", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	r = posix_spawn(ret, path, &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return -r;
}

/* Everything up to the end of the output. 0, -ETIMEDOUT, -EMSGSIZE, -ENOMEM. */
static int read_all(int fd, struct clu_buf *ret)
{
	int64_t end = now_ms() + DEADLINE_MS;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - now_ms();
		char piece[4096];
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return -ETIMEDOUT;
		n = read(fd, piece, sizeof(piece));
		if (n == 0)
			return ret->error;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			clu_buf_append(ret, piece, (size_t)n);
		if (ret->len > MAX_BYTES)
			return -EMSGSIZE;
	}
}

static int run_agent(const char *path, struct clu_buf *ret)
{
	int fds[2], status, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	r = spawn_agent(path, fds[1], &pid);
	close(fds[1]);
	if (r == 0) {
		r = read_all(fds[0], ret);
		if (r < 0)
			kill(-pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (r == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
			r = -EIO;
	}
	close(fds[0]);
	return r;
}

static void read_entry(struct entry *e)
{
	struct clu_buf xml = CLU_BUF_INIT, errs = CLU_BUF_INIT;
	int r = run_agent(e->path, &xml);

	if (r < 0)
		snprintf(e->why, sizeof(e->why), "%.150s meta-data failed: %s; run it by hand to see why", e->path,
			r == -EIO ? "exit code is not 0" : strerror(-r));
	else if (rg_meta_parse(xml.data ? xml.data : "", xml.len, e->path, &e->meta, &errs) < 0)
		snprintf(e->why, sizeof(e->why), "%.*s", (int)strcspn(clu_buf_text(&errs), "\n"), clu_buf_text(&errs));
	else if (strcmp(e->meta->type, e->type) != 0) {
		snprintf(e->why, sizeof(e->why), "%.150s describes itself as another type (%.40s)", e->path, e->meta->type);
		e->meta = rg_meta_free(e->meta);
	}
	clu_buf_free(&xml);
	clu_buf_free(&errs);
}

static int find(struct rg_agents *a, const char *type, char *path, unsigned size)
{
	char with_suffix[256];
	int r = clu_path_agent("resource", type, a->prefer, path, size);

	if (r != -ENOENT)
		return r;
	snprintf(with_suffix, sizeof(with_suffix), "%.200s.sh", type);
	return clu_path_agent("resource", with_suffix, a->prefer, path, size);
}

static const struct rg_meta *lookup(void *ctx, const char *type, const char **why)
{
	struct rg_agents *a = ctx;
	char path[PATH_MAX];
	struct entry *e;
	struct stat st;

	if (find(a, type, path, sizeof(path)) < 0 || stat(path, &st) < 0) {
		snprintf(a->why, sizeof(a->why), "no resource agent \"%.60s\" on this node; install it, or correct the name",
			type);
		*why = a->why;
		return NULL;
	}
	for (e = a->entries; e; e = e->next)
		if (!strcmp(e->type, type) && !strcmp(e->path, path) && e->changed.tv_sec == st.st_mtim.tv_sec &&
			e->changed.tv_nsec == st.st_mtim.tv_nsec)
			break;
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (e) {
			e->type = strdup(type);
			e->path = strdup(path);
		}
		if (!e || !e->type || !e->path) {
			if (e) {
				free(e->type);
				free(e->path);
			}
			free(e);
			*why = "out of memory";
			return NULL;
		}
		e->changed = st.st_mtim;
		read_entry(e);
		e->next = a->entries;
		a->entries = e;
	}
	*why = e->why;
	return e->meta;
}

struct rg_registry rg_agents_registry(struct rg_agents *a)
{
	return (struct rg_registry){ lookup, a };
}
