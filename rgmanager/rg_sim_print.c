/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the simulation has shown: as text, or as JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clu_table.h"
#include "rg_core.h"
#include "rg_sim.h"

/* ---- the result for one service ---- */

static const struct rgsim_service *find(const struct rgsim_status *st, const char *name)
{
	for (unsigned i = 0; i < st->n; i++)
		if (!strcmp(st->svc[i].name, name))
			return &st->svc[i];
	return NULL;
}

static void place_of(const struct rgsim *s, const struct rgsim_service *v, struct clu_buf *ret)
{
	unsigned node = v ? sim_node_index(s->w, v->owner) : 0;

	if (!v)
		clu_buf_str(ret, "(none)");
	else if (v->state == RG_STARTED && node)
		clu_buf_str(ret, rgsim_node_name(s, node));
	else
		clu_buf_printf(ret, "(%s)", rg_state_name(v->state));
}

/* Disabled by configuration or by an operator of this very simulation: nobody expects it to run. */
static bool is_wanted(const struct rgsim *s, const char *name)
{
	const struct rg_policy *p = rg_rm_policy(s->rm, name);
	bool wanted = !p || p->autostart;

	for (unsigned i = 0; i < s->opt.n_events; i++) {
		const struct rgsim_event *e = &s->opt.events[i];

		if (strcmp(e->name, name) != 0)
			continue;
		if (e->kind == RGSIM_ENABLE)
			wanted = true;
		if (e->kind == RGSIM_DISABLE)
			wanted = false;
	}
	return wanted;
}

static bool is_down(const struct rgsim *s, const struct rgsim_service *v)
{
	return v->state != RG_STARTED && (is_wanted(s, v->name) || v->state != RG_DISABLED);
}

static void reason_of(const struct rgsim *s, const struct rgsim_service *was, const struct rgsim_service *v,
	struct clu_buf *ret)
{
	const char *reason = rgsim_reason(s, v->name);

	if (v->state == RG_STARTED && was && was->state == RG_STARTED && was->owner == v->owner && !*reason)
		clu_buf_str(ret, "nothing has changed for it");
	else if (v->state == RG_STARTED)
		clu_buf_str(ret, reason);
	else if (*v->wait)
		clu_buf_printf(ret, "waits for %s%s%s%s", v->wait, *v->remedy ? "; \"" : "", v->remedy,
			*v->remedy ? "\" ends the wait" : "");
	else
		clu_buf_str(ret, v->why);
}

static json_t *text(const struct clu_buf *b)
{
	return rgsim_must(json_string(clu_buf_text(b)));
}

static void add_row(struct rgsim *s, json_t *rows, const struct rgsim_service *was, const struct rgsim_service *v)
{
	struct clu_buf before = CLU_BUF_INIT, after = CLU_BUF_INIT, why = CLU_BUF_INIT;
	json_t *row = rgsim_must(json_object());

	place_of(s, was, &before);
	place_of(s, v, &after);
	reason_of(s, was, v, &why);
	(void)json_object_set_new(row, "name", rgsim_must(json_string(v->name)));
	(void)json_object_set_new(row, "before", text(&before));
	(void)json_object_set_new(row, "after", text(&after));
	(void)json_object_set_new(row, "state", rgsim_must(json_string(rg_state_name(v->state))));
	(void)json_object_set_new(row, "down", json_boolean(is_down(s, v)));
	(void)json_object_set_new(row, "why", text(&why));
	(void)json_array_append_new(rows, row);
	clu_buf_free(&before);
	clu_buf_free(&after);
	clu_buf_free(&why);
}

static void add_gone(struct rgsim *s, json_t *rows, const struct rgsim_service *was)
{
	struct clu_buf before = CLU_BUF_INIT;

	place_of(s, was, &before);
	(void)json_array_append_new(rows, rgsim_must(json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "name", was->name, "before",
		clu_buf_text(&before), "after", "(gone)", "state", "gone", "down", 0, "why", "cluster.conf does not name it any more")));
	clu_buf_free(&before);
}

/* When nobody is left to ask, nothing runs. */
static void all_dark(struct rgsim *s)
{
	rgsim_status_free(&s->after);
	s->after.svc = rgsim_must(calloc(s->before.n + 1, sizeof(*s->after.svc)));
	for (; s->after.n < s->before.n; s->after.n++) {
		struct rgsim_service *v = &s->after.svc[s->after.n];

		*v = (struct rgsim_service){ .state = RG_STOPPED, .why = rgsim_must(strdup("no node is up")),
			.wait = rgsim_must(strdup("a node that is up")), .remedy = rgsim_must(strdup("")) };
		snprintf(v->name, sizeof(v->name), "%s", s->before.svc[s->after.n].name);
	}
}

static json_t *result_rows(struct rgsim *s)
{
	json_t *rows = rgsim_must(json_array());

	if (!s->after.n && s->before.n)
		all_dark(s);
	for (unsigned i = 0; i < s->after.n; i++)
		add_row(s, rows, find(&s->before, s->after.svc[i].name), &s->after.svc[i]);
	for (unsigned i = 0; i < s->before.n; i++)
		if (!find(&s->after, s->before.svc[i].name))
			add_gone(s, rows, &s->before.svc[i]);
	return rows;
}

static unsigned count_down(const struct rgsim *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->after.n; i++)
		n += is_down(s, &s->after.svc[i]);
	return n;
}

/* ---- text ---- */

static void print_seconds(uint64_t us, unsigned width)
{
	printf("%*" PRIu64 ".%03" PRIu64, (int)width, us / 1000000, us / 1000 % 1000);
}

static void print_head(const struct rgsim *s)
{
	struct clu_buf nodes = CLU_BUF_INIT;
	const uint64_t ms[] = { s->opt.fence_ms, s->opt.start_ms, s->opt.stop_ms, s->opt.status_ms, s->opt.boot_ms };
	static const char *const names[] = { "Assumed: a fence device takes ", " s, a start ", " s, a stop ", " s, a check ",
		" s, a boot " };

	rgsim_node_list(s, ~(sim_nodes)0, &nodes);
	printf("Cluster \"%s\", version %" PRIu64 ": %s; quorum is %u of %u votes\n", clu_conf_cluster_name(s->conf),
		clu_conf_version(s->conf), clu_buf_text(&nodes), rgsim_votes_needed(s),
		s->w->quorum.expected);
	for (unsigned i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		fputs(names[i], stdout);
		print_seconds(ms[i] * 1000, 1);
	}
	puts(" s");
	for (const char *line = clu_buf_text(&s->assumed); *line; line += strcspn(line, "\n") + 1)
		printf("Assumed: %.*s\n", (int)strcspn(line, "\n"), line);
	clu_buf_free(&nodes);
}

static void print_lines(const struct rgsim *s, bool start)
{
	for (unsigned i = 0; i < s->n_lines; i++) {
		const struct rgsim_line *l = &s->lines[i];

		if (l->start != start)
			continue;
		print_seconds(start ? l->at_us : l->at_us - s->zero_us, 6);
		printf("  %s%s%s\n", l->object, *l->object ? ": " : "", l->text);
	}
}

static void print_before(const struct rgsim *s)
{
	static const struct clu_column cols[] = { { "name", "SERVICE", 0 }, { "place", "RUNS ON", 0 }, { "why", "WHY", 0 } };
	json_t *rows = rgsim_must(json_array());

	for (unsigned i = 0; i < s->before.n; i++) {
		struct clu_buf place = CLU_BUF_INIT, why = CLU_BUF_INIT;
		json_t *row = rgsim_must(json_object());

		place_of(s, &s->before.svc[i], &place);
		reason_of(s, NULL, &s->before.svc[i], &why);
		(void)json_object_set_new(row, "name", rgsim_must(json_string(s->before.svc[i].name)));
		(void)json_object_set_new(row, "place", text(&place));
		(void)json_object_set_new(row, "why", text(&why));
		(void)json_array_append_new(rows, row);
		clu_buf_free(&place);
		clu_buf_free(&why);
	}
	puts(s->settled ? "\nBefore:" : "\nBefore (it did not settle):");
	clu_table_print(stdout, cols, sizeof(cols) / sizeof(cols[0]), rows);
	json_decref(rows);
}

static void print_text(struct rgsim *s, const json_t *rows)
{
	static const struct clu_column cols[] = { { "name", "SERVICE", 0 }, { "before", "BEFORE", 0 }, { "after", "AFTER", 0 },
		{ "why", "WHY", 0 } };

	puts("\nWhat happens:");
	print_lines(s, false);
	if (s->w->failure[0]) {
		printf("\nA promise of the suite was broken; please report this: %s\n", s->w->failure);
		return;
	}
	fputs("\nAfter ", stdout);
	print_seconds(s->opt.for_ms * 1000, 1);
	puts(" s:");
	clu_table_print(stdout, cols, sizeof(cols) / sizeof(cols[0]), rows);
	fputs(clu_buf_text(&s->victims), stdout);
	fputs(clu_buf_text(&s->twice), stdout);
	if (count_down(s))
		printf("\n%u of %u services do not run.\n", count_down(s), s->after.n);
	else
		puts(s->twice.len ? "\nAll services run that should, but not always on one node only." : "\nAll services run that should.");
}

/* ---- JSON ---- */

static json_t *json_lines(const struct rgsim *s, bool start)
{
	static const char *const what[RGSIM_NWHATS] = { "event", "members", "fence", "decision", "service", "agent", "wait",
		"configuration", "node" };
	json_t *list = rgsim_must(json_array());

	for (unsigned i = 0; i < s->n_lines; i++) {
		const struct rgsim_line *l = &s->lines[i];
		json_t *o;

		if (l->start != start)
			continue;
		o = rgsim_must(json_object());
		(void)json_object_set_new(o, "ms", json_integer((json_int_t)((start ? l->at_us : l->at_us - s->zero_us) / 1000)));
		(void)json_object_set_new(o, "kind", rgsim_must(json_string(what[l->what])));
		(void)json_object_set_new(o, "node", rgsim_must(json_string(l->node)));
		(void)json_object_set_new(o, "object", rgsim_must(json_string(l->object)));
		(void)json_object_set_new(o, "text", rgsim_must(json_string(l->text)));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *json_split(const struct clu_buf *b)
{
	json_t *list = rgsim_must(json_array());

	for (const char *line = clu_buf_text(b); *line; line += strcspn(line, "\n") + 1)
		(void)json_array_append_new(list, rgsim_must(json_stringn(line, strcspn(line, "\n"))));
	return list;
}

static void print_json(struct rgsim *s, json_t *rows, int code)
{
	json_t *o = rgsim_must(json_object());

	(void)json_object_set_new(o, "cluster", rgsim_must(json_string(clu_conf_cluster_name(s->conf))));
	(void)json_object_set_new(o, "version", json_integer((json_int_t)clu_conf_version(s->conf)));
	(void)json_object_set_new(o, "settled", json_boolean(s->settled));
	(void)json_object_set_new(o, "assumed", json_split(&s->assumed));
	(void)json_object_set_new(o, "start", json_lines(s, true));
	(void)json_object_set_new(o, "timeline", json_lines(s, false));
	(void)json_object_set_new(o, "for_ms", json_integer((json_int_t)s->opt.for_ms));
	(void)json_object_set(o, "services", rows);
	(void)json_object_set_new(o, "victims", json_split(&s->victims));
	(void)json_object_set_new(o, "twice", json_split(&s->twice));
	(void)json_object_set_new(o, "broken", rgsim_must(json_string(s->w->failure)));
	(void)json_object_set_new(o, "code", json_integer(code));
	clu_json_print(stdout, o);
	json_decref(o);
}

void rgsim_print_before(const struct rgsim *s)
{
	if (s->opt.json)
		return;
	print_head(s);
	if (s->opt.show_start) {
		puts("\nHow it comes up:");
		print_lines(s, true);
	}
	print_before(s);
}

int rgsim_print(struct rgsim *s)
{
	json_t *rows = result_rows(s);
	int code = s->w->failure[0] ? RGSIM_BROKEN : count_down(s) || s->twice.len ? RGSIM_DOWN : 0;

	if (s->opt.json)
		print_json(s, rows, code);
	else
		print_text(s, rows);
	json_decref(rows);
	return code;
}
