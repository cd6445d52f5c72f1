/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "clu_conf.h"
#include "sim_fault_text.h"

#define MAX_SCRIPT (4u * 1024 * 1024)
#define MAX_FAULTS 10000
#define MAX_EXPECT 1000
#define MAX_ERRORS 20

struct reader {
	const char *path;
	unsigned line, errors;
	struct sim_plan *plan;
	struct clu_buf *errs;
	bool has_end;
	char *next;		/* of the text, behind this line */
};

static void complain(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	if (r->errors++ >= MAX_ERRORS)
		return;
	if (r->line)
		clu_buf_printf(r->errs, "%s:%u: ", r->path, r->line);
	else
		clu_buf_printf(r->errs, "%s: ", r->path);
	va_start(ap, fmt);
	clu_buf_vprintf(r->errs, fmt, ap);
	va_end(ap);
	clu_buf_str(r->errs, "\n");
}

static int read_whole(const char *path, struct clu_buf *ret, struct clu_buf *errs)
{
	FILE *f = fopen(path, "re");
	char part[4096];
	size_t n;
	int r = 0;

	if (!f) {
		r = -errno;
		clu_buf_printf(errs, "%s: cannot be opened: %s\n", path, strerror(-r));
		return r;
	}
	while ((n = fread(part, 1, sizeof(part), f)) && ret->len <= MAX_SCRIPT)
		clu_buf_append(ret, part, n);
	if (ferror(f)) {
		r = -EIO;
		clu_buf_printf(errs, "%s: cannot be read\n", path);
	} else if (ret->len > MAX_SCRIPT) {
		r = -EMSGSIZE;
		clu_buf_printf(errs, "%s: has more than %u bytes; is it a script?\n", path, MAX_SCRIPT);
	} else if (ret->error) {
		r = ret->error;
	}
	fclose(f);
	return r;
}

/* The next line, its newline cut off; NULL at the end. */
static char *next_line(struct reader *r)
{
	char *line = r->next, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	r->next = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	r->line++;
	return line;
}

/* ---- lines ---- */

static void read_nodes(struct reader *r, struct sim_words *w)
{
	const char *word = sim_words_take(w);
	uint64_t n;

	if (!word || !sim_read_number(word, &n) || n < 2 || n > SIM_MAX_NODES || r->plan->n_nodes)
		complain(r, "the number of nodes is given once, from 2 to %d: write \"nodes 3\"", SIM_MAX_NODES);
	else
		r->plan->n_nodes = (unsigned)n;
}

static void read_seed(struct reader *r, struct sim_words *w)
{
	const char *word = sim_words_take(w);

	if (!word || !sim_read_number(word, &r->plan->seed))
		complain(r, "\"%s\" is no seed: write a number from 0 to 2^64 - 1", word ? word : "");
}

static void read_off(struct reader *r, struct sim_words *w)
{
	const char *word;
	unsigned node;

	if (w->at == w->n)
		complain(r, "nobody is named: write \"off n2\"");
	while ((word = sim_words_take(w))) {
		if (sim_read_node(word, r->plan->n_nodes, &node))
			r->plan->off |= SIM_BIT(node);
		else
			complain(r, "\"%s\" is no node: they are n1 to n%u", word, r->plan->n_nodes);
	}
}

static void read_conf_here(struct reader *r)
{
	unsigned first = r->line;
	char *line;

	while ((line = next_line(r))) {
		if (strcmp(line, "end") == 0)
			return;
		clu_buf_printf(&r->plan->conf, "%s\n", line);
	}
	r->line = first;
	complain(r, "the cluster.conf that begins here has no end: write a line \"end\" behind it");
}

static void read_conf(struct reader *r, struct sim_words *w)
{
	const char *name = sim_words_take(w), *slash = strrchr(r->path, '/');
	struct clu_buf path = CLU_BUF_INIT, why = CLU_BUF_INIT;

	if (r->plan->conf.len) {
		complain(r, "a script has one cluster.conf, and it was given above: take one of them out");
		return;
	}
	if (!name) {
		read_conf_here(r);
		return;
	}
	if (slash && *name != '/')
		clu_buf_append(&path, r->path, (size_t)(slash - r->path) + 1);
	clu_buf_str(&path, name);
	if (read_whole(clu_buf_text(&path), &r->plan->conf, &why) < 0)
		complain(r, "its cluster.conf: %.*s", (int)strcspn(clu_buf_text(&why), "\n"), clu_buf_text(&why));
	clu_buf_free(&path);
	clu_buf_free(&why);
}

/* SECONDS; complains when it is none. */
static bool take_seconds(struct reader *r, struct sim_words *w, uint64_t *ret)
{
	const char *word = sim_words_take(w);

	if (word && sim_read_seconds(word, ret) && *ret <= SIM_MAX_TIME_US)
		return true;
	complain(r, "\"%s\" is no time: write seconds with up to six decimals, at most 1000000, as in \"12.5\"",
		word ? word : "");
	return false;
}

static void read_at(struct reader *r, struct sim_words *w)
{
	struct sim_fault f = { 0 };
	struct clu_buf why = CLU_BUF_INIT;

	if (!take_seconds(r, w, &f.at_us))
		return;
	if (!sim_fault_read(w, r->plan->n_nodes, &f, &why))
		complain(r, "%s", clu_buf_text(&why));
	else if (r->plan->n_faults == MAX_FAULTS)
		complain(r, "more than %d things happen: cut the script", MAX_FAULTS);
	else
		sim_plan_add(r->plan, &f);
	clu_buf_free(&why);
}

static void read_expect(struct reader *r, struct sim_words *w)
{
	struct sim_expect e = { .line = r->line, .at_end = true };
	struct clu_buf why = CLU_BUF_INIT;

	if (sim_words_skip(w, "at")) {
		e.at_end = false;
		if (!take_seconds(r, w, &e.at_us))
			return;
	}
	if (!sim_expect_read(w, r->plan->n_nodes, &e, &why))
		complain(r, "%s", clu_buf_text(&why));
	else if (r->plan->n_expect == MAX_EXPECT)
		complain(r, "more than %d expectations: cut the script", MAX_EXPECT);
	else
		sim_plan_expect(r->plan, &e);
	clu_buf_free(&why);
}

static void read_end(struct reader *r, struct sim_words *w, bool no_calm)
{
	if (!take_seconds(r, w, &r->plan->end_us))
		return;
	if (r->has_end)
		complain(r, "the end was given above: a script has one \"until\" or one \"calm\"");
	r->has_end = true;
	r->plan->no_calm = no_calm;
}

static void read_until(struct reader *r, struct sim_words *w)
{
	read_end(r, w, true);
}

static void read_calm(struct reader *r, struct sim_words *w)
{
	read_end(r, w, false);
}

static void read_no_luck(struct reader *r, struct sim_words *w)
{
	(void)w;
	r->plan->no_luck = true;
}

static void read_cmand(struct reader *r, struct sim_words *w)
{
	(void)w;
	r->plan->cmand = true;
}

static void read_line(struct reader *r, char *line)
{
	static const struct {
		const char *name;
		bool needs_nodes;
		void (*read)(struct reader *r, struct sim_words *w);
	} lines[] = {
		{ "nodes", false, read_nodes },
		{ "seed", false, read_seed },
		{ "no-luck", false, read_no_luck },
		{ "cmand", false, read_cmand },
		{ "off", true, read_off },
		{ "conf", false, read_conf },
		{ "at", true, read_at },
		{ "expect", true, read_expect },
		{ "until", false, read_until },
		{ "calm", false, read_calm },
	};
	unsigned errors = r->errors;
	struct sim_words w;
	const char *word;

	if (!sim_words_cut(&w, line)) {
		complain(r, "more than %d words in a line", SIM_MAX_WORDS);
		return;
	}
	word = sim_words_take(&w);
	if (!word)
		return;
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(word, lines[i].name) != 0)
			continue;
		if (lines[i].needs_nodes && !r->plan->n_nodes) {
			complain(r, "nodes are named before their number is known: write \"nodes N\" above");
			return;
		}
		lines[i].read(r, &w);
		if (errors == r->errors && w.at != w.n)
			complain(r, "there is more than %s takes: \"%s\"", word, w.w[w.at]);
		return;
	}
	complain(r, "\"%s\" begins no line of a script: write one of nodes, seed, no-luck, cmand, off, conf, at, expect, until, calm",
		word);
}

/* ---- the whole ---- */

/* The nodes of cluster.conf are n1 to nN, with the ids 1 to N. */
static void check_conf(struct reader *r)
{
	struct clu_conf_node nodes[SIM_MAX_NODES + 1];
	struct clu_conf *c = NULL;
	struct clu_buf why = CLU_BUF_INIT;
	unsigned n;

	if (!r->plan->conf.len) {
		complain(r, "there is no cluster.conf: write \"conf FILE\", or the document between lines \"conf\" and \"end\"");
		return;
	}
	if (clu_conf_parse(r->plan->conf.data, r->plan->conf.len, "cluster.conf", &c, &why) < 0) {
		complain(r, "its cluster.conf cannot be read: %.*s", (int)strcspn(clu_buf_text(&why), "\n"), clu_buf_text(&why));
		clu_buf_free(&why);
		return;
	}
	clu_buf_free(&why);
	n = clu_conf_nodes(c, nodes, SIM_MAX_NODES + 1);
	if (n != r->plan->n_nodes)
		complain(r, "cluster.conf has %u nodes, but the script says \"nodes %u\"", n, r->plan->n_nodes);
	for (unsigned i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%u", i + 1);
		if (nodes[i].nodeid != i + 1 || strcmp(nodes[i].name, name) != 0)
			complain(r, "node \"%s\" of cluster.conf must be \"%s\" with nodeid %u: a script counts them",
				nodes[i].name, name, i + 1);
	}
	clu_conf_unref(c);
}

static void check_whole(struct reader *r)
{
	const struct sim_plan *p = r->plan;

	r->line = 0;
	if (!p->n_nodes)
		complain(r, "how many nodes? write \"nodes N\"");
	if (!r->has_end)
		complain(r, "it does not say when it ends: write \"until SECONDS\", or \"calm SECONDS\" to have all mended and "
			"settled then");
	if (p->n_faults && p->fault[p->n_faults - 1].at_us > p->end_us)
		complain(r, "something happens behind the end: write a later \"until\" or \"calm\"");
	for (unsigned i = 0; i < p->n_expect; i++)
		if (!p->expect[i].at_end && p->expect[i].at_us > p->end_us) {
			r->line = p->expect[i].line;
			complain(r, "it is expected behind the end: write a later \"until\" or \"calm\", or leave out its time");
		}
	r->line = 0;
	check_conf(r);
}

int sim_script_read(const char *path, struct sim_plan *ret, struct clu_buf *errs)
{
	struct reader r = { .path = path, .plan = ret, .errs = errs };
	struct clu_buf text = CLU_BUF_INIT;
	char *line;
	int e;

	*ret = (struct sim_plan){ .seed = 1 };
	e = read_whole(path, &text, errs);
	if (e == 0 && text.len && memchr(text.data, '\0', text.len)) {
		complain(&r, "holds a byte 0; is it a script?");
		e = -EBADMSG;
	}
	if (e == 0) {
		r.next = text.data;
		while ((line = next_line(&r)))
			read_line(&r, line);
		if (!r.errors)
			check_whole(&r);
		if (r.errors > MAX_ERRORS)
			clu_buf_printf(errs, "%s: %u more of this kind\n", path, r.errors - MAX_ERRORS);
		e = r.errors ? -EBADMSG : 0;
	}
	clu_buf_free(&text);
	if (e < 0)
		sim_plan_free(ret);
	return e;
}

/* ---- writing ---- */

static void write_comment(const char *comment, struct clu_buf *ret)
{
	while (*comment) {
		int n = (int)strcspn(comment, "\n");

		clu_buf_printf(ret, "# %.*s\n", n, comment);
		comment += n;
		comment += *comment == '\n';
	}
}

static void write_end(const struct sim_plan *p, struct clu_buf *ret)
{
	clu_buf_str(ret, p->no_calm ? "until " : "calm ");
	sim_write_seconds(p->end_us, ret);
	clu_buf_str(ret, "\n");
}

void sim_script_write(const struct sim_plan *p, const char *comment, struct clu_buf *ret)
{
	write_comment(comment, ret);
	clu_buf_printf(ret, "seed %" PRIu64 "\nnodes %u\n", p->seed, p->n_nodes);
	if (p->no_luck)
		clu_buf_str(ret, "no-luck\n");
	if (p->cmand)
		clu_buf_str(ret, "cmand\n");
	for (unsigned i = 1; i <= p->n_nodes; i++)
		if (p->off & SIM_BIT(i))
			clu_buf_printf(ret, "off n%u\n", i);
	clu_buf_str(ret, "conf\n");
	clu_buf_append(ret, p->conf.data, p->conf.len);
	clu_buf_str(ret, "end\n");
	for (unsigned i = 0; i < p->n_faults; i++) {
		clu_buf_str(ret, "at ");
		sim_write_seconds(p->fault[i].at_us, ret);
		clu_buf_str(ret, " ");
		sim_fault_write(&p->fault[i], p->n_nodes, ret);
		clu_buf_str(ret, "\n");
	}
	for (unsigned i = 0; i < p->n_expect; i++) {
		clu_buf_str(ret, "expect ");
		if (!p->expect[i].at_end) {
			clu_buf_str(ret, "at ");
			sim_write_seconds(p->expect[i].at_us, ret);
			clu_buf_str(ret, " ");
		}
		sim_expect_write(&p->expect[i], ret);
		clu_buf_str(ret, "\n");
	}
	write_end(p, ret);
}
