/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hasim: runs histories of whole clusters in virtual time. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim_faults.h"
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
	printf("faults: %" PRIu64 " crashes, %" PRIu64 " hangs, %" PRIu64 " partitions, %" PRIu64 " merges, %" PRIu64
	       " daemons killed, %" PRIu64 " agent failures\n",
		s->crashes, s->hangs, s->partitions, s->merges, s->daemon_kills, s->agent_failures);
	printf("work: %" PRIu64 " messages, %" PRIu64 " fencings, %" PRIu64 " starts, %" PRIu64 " stops, %" PRIu64
	       " requests, %" PRIu64 " replies\n",
		s->messages, s->fencings, s->starts, s->stops, s->requests, s->replies);
}

/* The fewest faults with which the seed still fails: the shortest history to look at. */
static int shrink(struct sim_history h)
{
	char why[1024];

	for (unsigned n = 1; n <= 40; n++) {
		h.n_faults = n;
		if (sim_history_run(&h, why, sizeof(why), NULL, NULL)) {
			printf("seed %" PRIu64 " fails with %u faults: %s\nlook at it: hasim seed %" PRIu64
			       " --faults %u --trace\n", h.seed, n, why, h.seed, n);
			return 1;
		}
	}
	printf("seed %" PRIu64 " does not fail\n", h.seed);
	return 0;
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
	struct sim_history h = { 0 };
	uint64_t from = 1, to = 1000;
	char why[1024];
	int c;

	(void)atexit(sim_types_done);
	while ((c = getopt_long(argc, argv, "h", opts, NULL)) != -1) {
		switch (c) {
		case 't':
			h.trace = stdout;
			break;
		case 'n':
			h.n_nodes = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'f':
			h.n_faults = (unsigned)strtoul(optarg, NULL, 10);
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
	if (h.n_nodes > SIM_MAX_NODES - 1 || h.n_nodes == 1) {
		fprintf(stderr, "hasim: --nodes takes 2 to %d\n", SIM_MAX_NODES - 1);
		return 2;
	}
	if (optind + 1 < argc && strcmp(argv[optind], "seed") == 0) {
		h.seed = strtoull(argv[optind + 1], NULL, 10);
		c = sim_history_run(&h, why, sizeof(why), NULL, NULL);
		printf("seed %" PRIu64 ": %s\n", h.seed, c ? why : "all promises held");
		return c;
	}
	if (optind + 1 < argc && strcmp(argv[optind], "shrink") == 0) {
		h.seed = strtoull(argv[optind + 1], NULL, 10);
		return shrink(h);
	}
	if (optind < argc && strcmp(argv[optind], "explore") == 0) {
		struct sim_stats stats = { 0 };
		uint64_t virtual_us = 0, failed = 0;
		clock_t t0 = clock();

		for (uint64_t s = from; s <= to; s++) {
			uint64_t v = 0;

			h.seed = s;
			if (sim_history_run(&h, why, sizeof(why), &stats, &v)) {
				printf("seed %" PRIu64 ": %s\n", s, why);
				if (++failed == 20)
					break;
			}
			virtual_us += v;
		}
		print_stats(&stats, virtual_us, (double)(clock() - t0) / CLOCKS_PER_SEC);
		printf("%" PRIu64 " seeds failed\n", failed);
		return failed != 0;
	}
	usage(stderr);
	return 2;
}
