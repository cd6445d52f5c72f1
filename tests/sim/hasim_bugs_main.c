/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hasim_bugs: proves that the simulator finds bugs. The cores in this program hold
 * the planted bugs of clu_planted.h; one at a time is switched on, and histories are
 * run from seed 1 on until the promise is broken that it must break.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clu_planted.h"
#include "hasim_script.h"
#include "sim_bugs.h"
#include "sim_history.h"
#include "sim_types.h"

enum clu_bug clu_planted;

static void usage(FILE *f)
{
	fputs("usage: hasim_bugs bugs\n"
	      "       hasim_bugs prove [--bug NAME] [--within SEEDS] [--jobs N]\n"
	      "       hasim_bugs seed N --bug NAME [--trace]\n"
	      "       hasim_bugs run FILE --bug NAME [--trace]\n"
	      "       hasim_bugs shrink N|FILE --bug NAME [-o FILE]\n", f);
}

static const struct sim_bug *bug_find(const char *name)
{
	for (unsigned i = 0; i < sim_n_bugs; i++)
		if (strcmp(sim_bugs[i].name, name) == 0)
			return &sim_bugs[i];
	return NULL;
}

/* What only few histories have, and the bug is in. */
static unsigned with(const struct sim_bug *b)
{
	return strncmp(b->name, "CMAND_", 6) ? 0 : SIM_WITH_CMAND;
}

static int run_seed(const struct sim_bug *b, uint64_t seed, FILE *trace, struct sim_result *ret)
{
	struct sim_plan p;
	int r;

	sim_plan_draw(&p, seed, 0, 0, with(b));
	r = sim_history_run(&p, trace, ret);
	sim_plan_free(&p);
	return r;
}

/* Is the reason's first word one of the promises? */
static bool is_promised(const char *why, const char *promises)
{
	size_t n = strcspn(why, ":");

	for (const char *p = promises; *p; p += strspn(p, " ")) {
		size_t m = strcspn(p, " ");

		if (m == n && strncmp(p, why, n) == 0)
			return true;
		p += m;
	}
	return false;
}

/* 0 when the bug broke its promise within so many seeds. A line about it to stdout. */
static int prove(const struct sim_bug *b, uint64_t within)
{
	uint64_t others = 0;
	char other[80] = "";
	struct sim_result res;

	if (!strcmp(b->promise, "case")) {
		printf("PASS %s: left to its case\n", b->name);
		return 0;
	}
	clu_planted = (enum clu_bug)b->bug;
	for (uint64_t seed = 1; seed <= within; seed++) {
		if (!run_seed(b, seed, NULL, &res))
			continue;
		if (is_promised(res.why, b->promise)) {
			printf("PASS %s: seed %" PRIu64 ": %.100s\n", b->name, seed, res.why);
			return 0;
		}
		if (!others++)
			snprintf(other, sizeof(other), "%.*s", (int)strcspn(res.why, "\n"), res.why);
	}
	printf("FAIL %s: \"%s\" broke no promise %s within %" PRIu64 " seeds", b->name, b->slip, b->promise, within);
	if (others)
		printf("; %" PRIu64 " seeds broke another, first: %s", others, other);
	printf("\n");
	return 1;
}

static int prove_all(uint64_t within, unsigned jobs)
{
	unsigned running = 0, failed = 0, next = 0;

	/* Each in a process of its own: a bug may do anything. */
	while (next < sim_n_bugs || running) {
		int status;

		if (next < sim_n_bugs && running < jobs) {
			pid_t pid;

			fflush(stdout);
			pid = fork();
			if (pid < 0) {
				perror("hasim_bugs: fork");
				return 2;
			}
			if (pid == 0)
				exit(prove(&sim_bugs[next], within));
			next++;
			running++;
			continue;
		}
		if (wait(&status) < 0)
			return 2;
		running--;
		if (WIFSIGNALED(status))
			printf("FAIL a planted bug ended the simulator by signal %d\n", WTERMSIG(status));
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	printf("%u of %u planted bugs found\n", sim_n_bugs - failed, sim_n_bugs);
	return failed != 0;
}

static int one_seed(const struct sim_bug *b, uint64_t seed, FILE *trace)
{
	struct sim_result res;
	int r;

	clu_planted = (enum clu_bug)b->bug;
	r = run_seed(b, seed, trace, &res);
	printf("seed %" PRIu64 ": %s\n", seed, r ? res.why : "all promises held");
	return r;
}

static int list(void)
{
	for (unsigned i = 0; i < sim_n_bugs; i++)
		printf("%-30s %-14s %s\n", sim_bugs[i].name, sim_bugs[i].promise, sim_bugs[i].slip);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "bug", required_argument, NULL, 'b' },
		{ "within", required_argument, NULL, 'w' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "trace", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const struct sim_bug *bug = NULL;
	uint64_t within = 2000;
	unsigned jobs = 1;
	FILE *trace = NULL;
	const char *output = NULL;
	int c;

	(void)atexit(sim_types_done);
	while ((c = getopt_long(argc, argv, "ho:", opts, NULL)) != -1) {
		switch (c) {
		case 'b':
			bug = bug_find(optarg);
			if (!bug) {
				fprintf(stderr, "hasim_bugs: no planted bug is called \"%s\"; see: hasim_bugs bugs\n", optarg);
				return 2;
			}
			break;
		case 'w':
			within = strtoull(optarg, NULL, 10);
			break;
		case 'j':
			jobs = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			output = optarg;
			break;
		case 't':
			trace = stdout;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc && strcmp(argv[optind], "bugs") == 0)
		return list();
	if (optind < argc && strcmp(argv[optind], "prove") == 0)
		return bug ? prove(bug, within) : prove_all(within, jobs ? jobs : 1);
	if (optind + 1 < argc && strcmp(argv[optind], "seed") == 0 && bug)
		return one_seed(bug, strtoull(argv[optind + 1], NULL, 10), trace);
	if (optind + 1 < argc && bug) {
		clu_planted = (enum clu_bug)bug->bug;
		if (strcmp(argv[optind], "run") == 0)
			return hasim_run_script(argv[optind + 1], trace);
		if (strcmp(argv[optind], "shrink") == 0)
			return hasim_shrink(argv[optind + 1], 0, 0, with(bug), output);
	}
	usage(stderr);
	return 2;
}
