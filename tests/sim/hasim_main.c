/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hasim: runs histories of whole clusters in virtual time. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hasim_explore.h"
#include "hasim_script.h"
#include "sim_types.h"
#include "sim_words.h"

static void usage(FILE *f)
{
	fputs("usage: hasim seed N [--trace] [--script] [--nodes N] [--faults N] [--qdisk] [--cmand] [-o FILE]\n"
	      "       hasim run FILE [--trace]\n"
	      "       hasim shrink N|FILE [--nodes N] [--faults N] [--qdisk] [--cmand] [-o FILE]\n"
	      "       hasim explore --seeds A..B [--nodes N] [--qdisk] [--cmand] [--jobs N] [--json]\n"
	      "\n"
	      "  seed      runs the history of a seed\n"
	      "  run       runs a script (the lines it may have: tests/sim/sim_script.h)\n"
	      "  shrink    writes the shortest script that fails as the seed, or the script, does\n"
	      "  explore   runs the histories of many seeds\n"
	      "\n"
	      "  --qdisk   with a quorum disk (else some seeds have one)\n"
	      "  --cmand   with cmand (else some seeds have it)\n"
	      "  --trace   prints what happens, a line each\n"
	      "  --script  does not run the seed, writes its script\n"
	      "  -o FILE   where a script goes (standard output)\n"
	      "\n"
	      "It ends with 1 when a promise was broken or something did not come about as expected, 2 when it was asked in\n"
	      "a wrong way or the script is faulty.\n", f);
}

struct options {
	unsigned n_nodes, n_faults;	/* 0: by the seed */
	bool script;
	unsigned with;		/* enum sim_with */
	const char *output;		/* NULL: standard output */
	FILE *trace;
};

static int run_seed(const struct options *o, uint64_t seed, struct sim_result *ret)
{
	struct sim_plan p;
	int r;

	sim_plan_draw(&p, seed, o->n_nodes, o->n_faults, o->with);
	r = sim_history_run(&p, o->trace, ret);
	sim_plan_free(&p);
	return r;
}

static int seed_command(const struct options *o, const char *what)
{
	struct sim_result res;
	uint64_t seed;
	int r;

	if (!sim_read_number(what, &seed)) {
		fprintf(stderr, "hasim: \"%s\" is no seed: give a number\n", what);
		return 2;
	}
	if (o->script) {
		struct sim_plan p;

		sim_plan_draw(&p, seed, o->n_nodes, o->n_faults, o->with);
		r = hasim_write_script(&p, "", o->output);
		sim_plan_free(&p);
		return r;
	}
	r = run_seed(o, seed, &res);
	printf("seed %" PRIu64 ": %s\n", seed, r ? res.why : "all promises held");
	return r;
}

static int run_command(const struct options *o, const char *path)
{
	return hasim_run_script(path, o->trace);
}

static int shrink_command(const struct options *o, const char *what)
{
	return hasim_shrink(what, o->n_nodes, o->n_faults, o->with, o->output);
}

static int explore_one(const void *ctx, uint64_t seed, struct sim_result *ret)
{
	return run_seed(ctx, seed, ret);
}

static bool read_count(const char *word, unsigned most, unsigned *ret)
{
	uint64_t n;

	if (!sim_read_number(word, &n) || n > most)
		return false;
	*ret = (unsigned)n;
	return true;
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "trace", no_argument, NULL, 't' },
		{ "script", no_argument, NULL, 'S' },
		{ "nodes", required_argument, NULL, 'n' },
		{ "faults", required_argument, NULL, 'f' },
		{ "seeds", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "json", no_argument, NULL, 'J' },
		{ "qdisk", no_argument, NULL, 'q' },
		{ "cmand", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct {
		const char *name;
		int (*run)(const struct options *o, const char *what);
	} commands[] = { { "seed", seed_command }, { "run", run_command }, { "shrink", shrink_command } };
	struct options o = { 0 };
	struct explore x = { .from = 1, .to = 1000, .jobs = 1, .run = explore_one, .ctx = &o };
	int c;

	(void)atexit(sim_types_done);
	while ((c = getopt_long(argc, argv, "ho:", opts, NULL)) != -1) {
		switch (c) {
		case 't':
			o.trace = stdout;
			break;
		case 'S':
			o.script = true;
			break;
		case 'o':
			o.output = optarg;
			break;
		case 'n':
			if (!read_count(optarg, SIM_MAX_NODES, &o.n_nodes) || o.n_nodes < 2) {
				fprintf(stderr, "hasim: --nodes takes 2 to %d, not \"%s\"\n", SIM_MAX_NODES, optarg);
				return 2;
			}
			break;
		case 'f':
			if (!read_count(optarg, 10000, &o.n_faults)) {
				fprintf(stderr, "hasim: --faults takes 0 to 10000, not \"%s\"\n", optarg);
				return 2;
			}
			break;
		case 's':
			if (sscanf(optarg, "%" SCNu64 "..%" SCNu64, &x.from, &x.to) != 2 || x.from > x.to) {
				fprintf(stderr, "hasim: --seeds takes A..B, not \"%s\"\n", optarg);
				return 2;
			}
			break;
		case 'j':
			if (!read_count(optarg, EXPLORE_MAX_JOBS, &x.jobs) || !x.jobs) {
				fprintf(stderr, "hasim: --jobs takes 1 to %d, not \"%s\"\n", EXPLORE_MAX_JOBS, optarg);
				return 2;
			}
			break;
		case 'q':
			o.with |= SIM_WITH_QDISK;
			break;
		case 'c':
			o.with |= SIM_WITH_CMAND;
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
	if (optind + 1 == argc && strcmp(argv[optind], "explore") == 0)
		return hasim_explore(&x);
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (optind + 2 == argc && strcmp(argv[optind], commands[i].name) == 0)
			return commands[i].run(&o, argv[optind + 1]);
	usage(stderr);
	return 2;
}
