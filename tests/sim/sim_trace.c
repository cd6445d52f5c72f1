/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_trace.h"

#include <inttypes.h>
#include <string.h>

/* Numbers by which cores recognise things, and moments in microseconds. */
static bool is_for_programs(const char *field, size_t len)
{
	static const char *const names[] = { "txn=", "seq=", "victim_seq=", "nodeid=", "ballot=", "digest=" };
	const char *eq = memchr(field, '=', len);

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(field, names[i], strlen(names[i])) == 0)
			return true;
	return eq && eq - field > 3 && strncmp(eq - 3, "_us", 3) == 0;
}

static void append_fields(const char *fields, struct clu_buf *line)
{
	const char *sep = "  [";

	for (const char *f = fields; f && *f;) {
		size_t len = strcspn(f, " ");
		/* A value in quotes may hold blanks. */
		const char *quote = memchr(f, '"', len), *end = quote ? strchr(quote + 1, '"') : NULL;

		if (end)
			len = (size_t)(end - f) + 1;
		if (!is_for_programs(f, len)) {
			clu_buf_printf(line, "%s%.*s", sep, (int)len, f);
			sep = " ";
		}
		f += len;
		f += strspn(f, " ");
	}
	if (*sep == ' ' && !sep[1])
		clu_buf_str(line, "]");
}

void sim_trace_note(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_action *note)
{
	struct clu_buf line = CLU_BUF_INIT;
	const char *from = note->u.note.from, *to = note->u.note.to;

	if (!w->trace)
		return;
	clu_buf_str(&line, note->u.note.object);
	if (*from && *to && strcmp(from, to) == 0)
		clu_buf_printf(&line, " stays %s", to);
	else if (*from)
		clu_buf_printf(&line, " %s -> %s", from, *to ? to : "none");
	else if (*to)
		clu_buf_printf(&line, " -> %s", to);
	clu_buf_printf(&line, ": %s", note->u.note.why);
	append_fields(note->u.note.fields, &line);
	sim_trace(w, "n%u %s: %s", node, w->type[k]->ops->name, clu_buf_text(&line));
	clu_buf_free(&line);
}

void sim_trace_ring(struct sim_world *w, uint64_t ring, sim_nodes members)
{
	struct clu_buf line = CLU_BUF_INIT;

	if (!w->trace)
		return;
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (members & SIM_BIT(i))
			clu_buf_printf(&line, " n%u", i);
	sim_trace(w, "ring %" PRIu64 " forms:%s", ring, clu_buf_text(&line));
	clu_buf_free(&line);
}

void sim_trace_answer(struct sim_world *w, unsigned node, enum sim_daemon_kind k, uint64_t request, int error)
{
	if (error < 0)
		sim_trace(w, "n%u %s: answers request %" PRIu64 ": refused, %s", node, w->type[k]->ops->name, request,
			strerror(-error));
	else
		sim_trace(w, "n%u %s: answers request %" PRIu64, node, w->type[k]->ops->name, request);
}
