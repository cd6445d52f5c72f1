/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hasim: runs histories of whole clusters in virtual time. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim_history.h"
#include "sim_types.h"

static void usage(FILE *f)
{
	fputs("usage: hasim seed N [--trace] [--nodes N] [--faults N]\n"
	      "       hasim shrink N\n"
	      "       hasim explore --seeds A..B [--nodes N]\n", f);
}

static void print_stats(const struct sim_stats *s, uint64_t virtual_us, double seconds)
{
	printf("%" PRIu64 " events, %" PRIu64 " core steps (%.0f per second), %.1f cluster-hours of virtual time\n",
		s->events, s->steps, seconds > 0 ? (double)s->steps / seconds : 0, (double)virtual_us / 3.6e9);
	printf("faults:");
	for (unsigned i = 0; i < sim_n_fault_kinds; i++)
		printf(" %" PRIu64 " %s,", s->fault[i], sim_fault_kinds[i].name);
	printf(" %" PRIu64 " agent failures\n", s->agent_failures);
	printf("work: %" PRIu64 " messages, %" PRIu64 " fencings, %" PRIu64 " starts, %" PRIu64 " stops, %" PRIu64
	       " requests, %" PRIu64 " replies\n",
		s->messages, s->fencings, s->starts, s->stops, s->requests, s->replies);
}

struct options {
	unsigned n_nodes, n_faults;	/* 0: by the seed */
	FILE *trace;
};

static int run_seed(const struct options *o, uint64_t seed, struct sim_result *ret)
{
	struct sim_plan p;
	int r;

	sim_plan_draw(&p, seed, o->n_nodes, o->n_faults);
	r = sim_history_run(&p, o->trace, ret);
	sim_plan_free(&p);
	return r;
}

/* The fewest faults with which the seed still fails: the shortest history to look at. */
static int shrink(struct options o, uint64_t seed)
{
	struct sim_result res;

	for (unsigned n = 1; n <= 40; n++) {
		o.n_faults = n;
		if (run_seed(&o, seed, &res)) {
			printf("seed %" PRIu64 " fails with %u faults: %s\nlook at it: hasim seed %" PRIu64
			       " --faults %u --trace\n", seed, n, res.why, seed, n);
			return 1;
		}
	}
	printf("seed %" PRIu64 " does not fail\n", seed);
	return 0;
}

static int explore(const struct options *o, uint64_t from, uint64_t to)
{
	struct sim_stats stats = { 0 };
	uint64_t virtual_us = 0, failed = 0;
	clock_t t0 = clock();

	for (uint64_t s = from; s <= to && failed < 20; s++) {
		struct sim_result res;

		if (run_seed(o, s, &res)) {
			printf("seed %" PRIu64 ": %s\n", s, res.why);
			failed++;
		}
		sim_stats_add(&stats, &res.stats);
		virtual_us += res.virtual_us;
	}
	print_stats(&stats, virtual_us, (double)(clock() - t0) / CLOCKS_PER_SEC);
	printf("%" PRIu64 " seeds failed\n", failed);
	return failed != 0;
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "trace", no_argument, NULL, 't' },
		{ "nodes", required_argument, NULL, 'n' },
		{ "faults", required_argument, NULL, 'f' },
		{ "seeds", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct options o = { 0 };
	uint64_t from = 1, to = 1000;
	int c;

	(void)atexit(sim_types_done);
	while ((c = getopt_long(argc, argv, "h", opts, NULL)) != -1) {
		switch (c) {
		case 't':
			o.trace = stdout;
			break;
		case 'n':
			o.n_nodes = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'f':
			o.n_faults = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			if (sscanf(optarg, "%" SCNu64 "..%" SCNu64, &from, &to) != 2) {
				fprintf(stderr, "hasim: --seeds takes A..B, not \"%s\"\n", optarg);
				return 2;
			}
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (o.n_nodes > SIM_MAX_NODES || o.n_nodes == 1) {
		fprintf(stderr, "hasim: --nodes takes 2 to %d\n", SIM_MAX_NODES);
		return 2;
	}
	if (optind + 1 < argc && strcmp(argv[optind], "seed") == 0) {
		uint64_t seed = strtoull(argv[optind + 1], NULL, 10);
		struct sim_result res;

		c = run_seed(&o, seed, &res);
		printf("seed %" PRIu64 ": %s\n", seed, c ? res.why : "all promises held");
		return c;
	}
	if (optind + 1 < argc && strcmp(argv[optind], "shrink") == 0)
		return shrink(o, strtoull(argv[optind + 1], NULL, 10));
	if (optind < argc && strcmp(argv[optind], "explore") == 0)
		return explore(&o, from, to);
	usage(stderr);
	return 2;
}
