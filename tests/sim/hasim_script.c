/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hasim_script.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sim_script.h"
#include "sim_shrink.h"

int hasim_write_script(const struct sim_plan *p, const char *comment, const char *output)
{
	struct clu_buf b = CLU_BUF_INIT;
	FILE *f = output ? fopen(output, "we") : stdout;
	bool ok = f != NULL;

	sim_script_write(p, comment, &b);
	if (f) {
		ok = fwrite(b.data, 1, b.len, f) == b.len;
		if (output)
			ok = fclose(f) == 0 && ok;
		else
			ok = fflush(f) == 0 && ok;
	}
	clu_buf_free(&b);
	if (!ok)
		fprintf(stderr, "hasim: the script cannot be written to %s: %s\n", output ? output : "standard output",
			strerror(errno));
	return ok ? 0 : 2;
}

static int read_script(const char *path, struct sim_plan *ret)
{
	struct clu_buf errs = CLU_BUF_INIT;
	int r = sim_script_read(path, ret, &errs);

	fputs(clu_buf_text(&errs), stderr);
	clu_buf_free(&errs);
	return r < 0 ? 2 : 0;
}

int hasim_run_script(const char *path, FILE *trace)
{
	struct sim_plan p;
	struct sim_result res;
	int r = read_script(path, &p);

	if (r)
		return r;
	r = sim_history_run(&p, trace, &res);
	for (const char *line = clu_buf_text(&res.unmet); *line; line += strcspn(line, "\n") + 1)
		printf("%s:%.*s\n", path, (int)strcspn(line, "\n"), line);
	if (!r)
		printf("%s: all as expected\n", path);
	else if (res.why[0])
		printf("%s: %s\n", path, res.why);
	clu_buf_free(&res.unmet);
	sim_plan_free(&p);
	return r;
}

int hasim_shrink(const char *what, unsigned n_nodes, unsigned n_faults, unsigned with, const char *output)
{
	struct sim_plan p, best;
	struct sim_result res;
	struct clu_buf comment = CLU_BUF_INIT;
	unsigned runs;
	uint64_t seed;
	int r = 0;

	if (sim_read_number(what, &seed))
		sim_plan_draw(&p, seed, n_nodes, n_faults, with);
	else
		r = read_script(what, &p);
	if (r)
		return r;
	if (!sim_shrink(&p, &best, &res, &runs)) {
		printf("%s does not fail\n", what);
	} else {
		clu_buf_printf(&comment, "From %s, which had %u faults and %u nodes, in %u runs. It fails with:\n%s%s", what,
			p.n_faults, p.n_nodes, runs, clu_buf_text(&res.unmet), res.why);
		fprintf(stderr, "%s: %u of %u faults left, %u of %u nodes; look at it: hasim run FILE --trace\n", what,
			best.n_faults, p.n_faults, best.n_nodes, p.n_nodes);
		r = hasim_write_script(&best, clu_buf_text(&comment), output);
		r = r ? r : 1;
	}
	clu_buf_free(&comment);
	clu_buf_free(&res.unmet);
	sim_plan_free(&best);
	sim_plan_free(&p);
	return r;
}
