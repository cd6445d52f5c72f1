/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "hasim_explore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim_faults.h"

#define MAX_FAILED 20		/* then it is time to look at one */
#define SEED_LIMIT_MS 300000	/* a history takes milliseconds, under valgrind seconds: this one never ends */

struct worker {
	pid_t pid;	/* 0: none */
	int fd;		/* its results, one sim_result for each of its seeds */
};

struct sums {
	struct sim_stats stats;
	uint64_t seeds, failed, virtual_us, node_us;
};

static bool write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* In the worker: every jobs-th seed from this one. */
static void work(const struct explore *x, uint64_t seed, int fd)
{
	for (; seed <= x->to; seed += x->jobs) {
		struct sim_result res;

		memset(&res, 0, sizeof(res));
		(void)x->run(x->ctx, seed, &res);
		if (!write_all(fd, &res, sizeof(res)))
			exit(1);
		if (x->to - seed < x->jobs)
			break;
	}
	exit(0);
}

static bool worker_start(const struct explore *x, struct worker *w, uint64_t seed)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	fflush(stdout);
	fflush(stderr);
	w->pid = fork();
	if (w->pid == 0) {
		/* Whatever ends the one who reads, Ctrl-C included, ends the worker. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(1);
		close(fds[0]);
		work(x, seed, fds[1]);
	}
	close(fds[1]);
	if (w->pid < 0) {
		w->pid = 0;
		close(fds[0]);
		return false;
	}
	w->fd = fds[0];
	return true;
}

/* Reaps the worker and says how it ended; 0 when it ended well. */
static int worker_end(struct worker *w, bool by_force, char *why, size_t size)
{
	int status = 0;

	if (!w->pid)
		return 0;
	close(w->fd);
	if (by_force)
		kill(w->pid, SIGKILL);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	if (WIFSIGNALED(status))
		snprintf(why, size, "the simulator itself was ended by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		snprintf(why, size, "the simulator itself ended with exit code %d", WEXITSTATUS(status));
	return status;
}

/* One result from a worker; false when it says no more, or nothing in time. */
static bool worker_read(const struct worker *w, struct sim_result *ret, bool *ret_late)
{
	char *p = (char *)ret;
	size_t left = sizeof(*ret);

	*ret_late = false;
	while (left) {
		struct pollfd pfd = { w->fd, POLLIN, 0 };
		int r = poll(&pfd, 1, SEED_LIMIT_MS);
		ssize_t n;

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			*ret_late = true;
			return false;
		}
		n = read(w->fd, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		left -= (size_t)n;
	}
	return true;
}

/* The seed's result, whatever became of its worker. false: no new worker could be started. */
static bool hear(const struct explore *x, struct worker *w, uint64_t seed, struct sim_result *ret)
{
	char why[200];
	bool late;

	memset(ret, 0, sizeof(*ret));
	if (worker_read(w, ret, &late))
		return true;
	memset(ret, 0, sizeof(*ret));
	(void)worker_end(w, late, why, sizeof(why));
	if (late)
		snprintf(why, sizeof(why), "no end after %d s", SEED_LIMIT_MS / 1000);
	snprintf(ret->why, sizeof(ret->why), "%s", why);
	return x->to - seed < x->jobs || worker_start(x, w, seed + x->jobs);
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void print_text(const struct sums *s)
{
	const struct sim_stats *t = &s->stats;
	double cpu = cpu_seconds();

	printf("%" PRIu64 " seeds: %" PRIu64 " events (%.0f per second of one core), %" PRIu64 " core steps (%.0f), "
	       "%.1f cluster-hours and %.1f node-hours of virtual time\n",
		s->seeds, t->events, cpu > 0 ? (double)t->events / cpu : 0, t->steps, cpu > 0 ? (double)t->steps / cpu : 0,
		(double)s->virtual_us / 3.6e9, (double)s->node_us / 3.6e9);
	printf("faults:");
	for (unsigned i = 0; i < sim_n_fault_kinds; i++)
		printf(" %" PRIu64 " %s,", t->fault[i], sim_fault_kinds[i].name);
	printf(" %" PRIu64 " agent failures\n", t->agent_failures);
	printf("work: %" PRIu64 " messages, %" PRIu64 " runs of fence agents, %" PRIu64 " takeovers of services, %" PRIu64
	       " starts, %" PRIu64 " stops, %" PRIu64 " versions of cluster.conf, %" PRIu64 " requests, %" PRIu64 " replies\n",
		t->messages, t->fencings, t->takeovers, t->starts, t->stops, t->commits, t->requests, t->replies);
	printf("%" PRIu64 " seeds failed\n", s->failed);
}

static void print_json(const struct sums *s)
{
	const struct sim_stats *t = &s->stats;

	printf("{\"seeds\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"cpu_s\": %.3f, \"events\": %" PRIu64
	       ", \"core_steps\": %" PRIu64 ", \"messages\": %" PRIu64 ", \"virtual_s\": %.3f, \"node_s\": %.3f, "
	       "\"fencings\": %" PRIu64 ", \"starts\": %" PRIu64 ", \"stops\": %" PRIu64 ", \"requests\": %" PRIu64
	       ", \"replies\": %" PRIu64 ", \"takeovers\": %" PRIu64 ", \"commits\": %" PRIu64 ", \"agent_failures\": %" PRIu64
	       ", \"faults\": {", s->seeds, s->failed,
		cpu_seconds(), t->events, t->steps, t->messages, (double)s->virtual_us / 1e6, (double)s->node_us / 1e6,
		t->fencings, t->starts, t->stops, t->requests, t->replies, t->takeovers, t->commits, t->agent_failures);
	for (unsigned i = 0; i < sim_n_fault_kinds; i++)
		printf("%s\"%s\": %" PRIu64, i ? ", " : "", sim_fault_kinds[i].name, t->fault[i]);
	printf("}}\n");
}

static int take_in(const struct explore *x, struct sums *s, uint64_t seed, const struct sim_result *res)
{
	s->seeds++;
	sim_stats_add(&s->stats, &res->stats);
	s->virtual_us += res->virtual_us;
	s->node_us += res->node_us;
	if (!res->why[0])
		return 0;
	fprintf(x->json ? stderr : stdout, "seed %" PRIu64 ": %s\n", seed, res->why);
	fflush(stdout);
	return ++s->failed == MAX_FAILED;
}

int hasim_explore(const struct explore *x)
{
	struct worker w[EXPLORE_MAX_JOBS] = { 0 };
	struct sums s = { 0 };
	bool enough = false, started = true;
	char why[200];

	for (unsigned k = 0; k < x->jobs && started && x->to - x->from >= k; k++)
		started = worker_start(x, &w[k], x->from + k);
	for (uint64_t seed = x->from; started && !enough; seed++) {
		struct sim_result res;

		started = hear(x, &w[(seed - x->from) % x->jobs], seed, &res);
		enough = take_in(x, &s, seed, &res) || seed == x->to;
	}
	if (!started)
		fprintf(stderr, "hasim: no worker process can be started: %s; use fewer --jobs\n", strerror(errno));
	/* All was heard of them, unless there were too many failures; then they need not go on. */
	for (unsigned k = 0; k < x->jobs; k++) {
		bool by_force = !started || s.failed == MAX_FAILED;

		if (worker_end(&w[k], by_force, why, sizeof(why)) && !by_force) {
			fprintf(stderr, "hasim: behind its last seed: %s\n", why);
			s.failed++;
		}
	}
	if (!started)
		return 2;
	if (x->json)
		print_json(&s);
	else
		print_text(&s);
	return s.failed != 0;
}
