/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hasim: runs histories of whole clusters in virtual time. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hasim_explore.h"
#include "sim_types.h"

static void usage(FILE *f)
{
	fputs("usage: hasim seed N [--trace] [--nodes N] [--faults N]\n"
	      "       hasim shrink N\n"
	      "       hasim explore --seeds A..B [--nodes N] [--jobs N] [--json]\n", f);
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

static int explore_one(const void *ctx, uint64_t seed, struct sim_result *ret)
{
	return run_seed(ctx, seed, ret);
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "trace", no_argument, NULL, 't' },
		{ "nodes", required_argument, NULL, 'n' },
		{ "faults", required_argument, NULL, 'f' },
		{ "seeds", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct options o = { 0 };
	struct explore x = { .from = 1, .to = 1000, .jobs = 1, .run = explore_one, .ctx = &o };
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
			if (sscanf(optarg, "%" SCNu64 "..%" SCNu64, &x.from, &x.to) != 2 || x.from > x.to) {
				fprintf(stderr, "hasim: --seeds takes A..B, not \"%s\"\n", optarg);
				return 2;
			}
			break;
		case 'j':
			x.jobs = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'J':
			x.json = true;
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
	if (x.jobs < 1 || x.jobs > EXPLORE_MAX_JOBS) {
		fprintf(stderr, "hasim: --jobs takes 1 to %d\n", EXPLORE_MAX_JOBS);
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
		return hasim_explore(&x);
	usage(stderr);
	return 2;
}
