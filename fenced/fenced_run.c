/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The master's part: runs the methods of each victim, one program at a time per victim. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"
#include "fenced_priv.h"

struct fdom_run *fdom_run_of(struct fdom *d, uint32_t nodeid)
{
	for (unsigned i = 0; i < FDOM_MAX_NODES; i++)
		if (d->runs[i].used && d->runs[i].nodeid == nodeid)
			return &d->runs[i];
	return NULL;
}

static void run_free(struct fdom_run *r)
{
	fence_plan_free(r->plan);
	*r = (struct fdom_run) { .used = false };
}

void fdom_runs_free(struct fdom *d)
{
	for (unsigned i = 0; i < FDOM_MAX_NODES; i++)
		if (d->runs[i].used)
			run_free(&d->runs[i]);
}

bool fdom_runs_any(const struct fdom *d)
{
	for (unsigned i = 0; i < FDOM_MAX_NODES; i++)
		if (d->runs[i].used)
			return true;
	return false;
}

static struct fdom_node *run_victim(struct fdom *d, const struct fdom_run *r)
{
	struct fdom_node *n = fdom_find(d, r->nodeid);

	return n && n->v.state != FDOM_V_NONE && n->v.seq == r->victim_seq ? n : NULL;
}

static const struct fence_step *run_step(const struct fdom_run *r)
{
	return &r->plan->methods[r->method].steps[r->step];
}

static void run_log(struct fdom_run *r, const char *what, const char *detail)
{
	const struct fence_method *m = &r->plan->methods[r->method];
	size_t len = strlen(r->log);

	snprintf(r->log + len, sizeof(r->log) - len, "%smethod %s%s%s: %s%s%s", len ? "; " : "",
		m->name ? m->name : "?", m->n_steps ? " device " : "",
		m->n_steps && run_step(r)->device ? run_step(r)->device : "", what, *detail ? ": " : "", detail);
}

static void run_agent(struct fdom *d, struct fdom_run *r, const char *path)
{
	const struct fence_step *s = run_step(r);
	const char *argv[] = { path, NULL };
	const char *env[] = { NULL };
	struct clu_run run = {
		.id = d->next_child++,
		.argv = argv,
		.env = env,
		.input = s->input,
		.input_len = s->input_len,
		.deadline_ms = s->deadline_ms,
	};

	r->child = run.id;
	clu_out_run(d->out, &run);
}

/* Starts the present step, or moves to the next method that can start one. false: no method is left. */
static bool run_advance(struct fdom *d, struct fdom_run *r)
{
	char path[4096];

	for (; r->method < r->plan->n_methods; r->method++, r->step = 0) {
		const struct fence_method *m = &r->plan->methods[r->method];
		const struct fence_step *s;

		if (m->error) {
			run_log(r, fence_error_text(m->error), "");
			continue;
		}
		s = run_step(r);
		if (s->error) {
			run_log(r, fence_error_text(s->error), "");
			continue;
		}
		if (d->opt.find_agent(s->agent, d->agent_path, path, sizeof(path)) < 0) {
			run_log(r, s->agent, "no such fence agent on this node");
			continue;
		}
		run_agent(d, r, path);
		return true;
	}
	return false;
}

static void send_end(struct fdom *d, struct fdom_run *r, Hawser__FdomKind kind, const char *text, bool aborted)
{
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;
	char agents[sizeof(((struct fdom_done *)0)->agent)] = "";
	size_t len = 0;

	if (kind == HAWSER__FDOM_KIND__FDOM_DONE) {
		const struct fence_method *method = &r->plan->methods[r->method];

		for (unsigned i = 0; i < method->n_steps && len < sizeof(agents); i++) {
			const char *base = strrchr(method->steps[i].agent, '/');

			if (method->steps[i].restore)
				continue;
			len += (size_t)snprintf(agents + len, sizeof(agents) - len, "%s%s", i ? "+" : "",
				base ? base + 1 : method->steps[i].agent);
		}
	}
	m.kind = kind;
	m.nodeid = r->nodeid;
	m.victim_seq = r->victim_seq;
	m.why = (char *)text;
	m.aborted = aborted;
	m.agent = agents;
	m.started_us = r->begun_us;
	m.done_us = d->wall_us;
	m.took_ms = (uint32_t)(d->now_ms - r->begun_ms);
	fdom_send(d, &m);
}

/* The run is over without success: said to all, so that every member knows why the victim still waits. */
static void run_failed(struct fdom *d, struct fdom_run *r, const char *text, bool aborted)
{
	if (run_victim(d, r) && fdom_is_member(d))
		send_end(d, r, HAWSER__FDOM_KIND__FDOM_FAIL, text, aborted);
	run_free(r);
}

static void child_text(const struct clu_child_end *c, char *ret, size_t size)
{
	const char *last = strrchr(c->tail, '\n');
	const char *line = last && !last[1] ? NULL : last ? last + 1 : c->tail;
	int len;

	if (!line) {	/* the text ends with a line break: take what stands before it */
		for (line = last; line > c->tail && line[-1] != '\n'; line--)
			;
	}
	len = (int)strcspn(line, "\n");
	if (c->start_error)
		snprintf(ret, size, "could not be started: %s", strerror(-c->start_error));
	else if (c->timed_out)
		snprintf(ret, size, "no answer within %u s, ended%s%.*s", (c->ran_ms + 500) / 1000, len ? ": " : "",
			len, line);
	else if (c->term_signal)
		snprintf(ret, size, "ended by signal %d%s%.*s", c->term_signal, len ? ": " : "", len, line);
	else
		snprintf(ret, size, "exit code %d%s%.*s", c->exit_code, len ? ": " : "", len, line);
}

/*
 * Agents are begun by a master with quorum of the present ring. In a ring of one node its own word (below) proves nothing:
 * it comes back at once, maybe before the news that a quorum disk has taken its votes away while we hung. So where a node
 * can be quorate alone, that news gets the time to come.
 */
static bool may_begin(const struct fdom *d)
{
	if (d->alone && d->now_ms < d->distrust_until_ms)
		return false;
	return fdom_is_master(d) && fdom_gate(d) && !d->leaving && d->conf;
}

static void run_begin(struct fdom *d, struct fdom_run *r)
{
	r->held = false;
	if (!run_advance(d, r))
		run_failed(d, r, r->log, false);
}

/*
 * An agent begins in the very step in which its master hears its own word that it will. A node that hung may find
 * a view and the quorum of it in its queue, though the others have long gone on without it; what it says after that
 * comes back to it only in a ring that lives, behind all that has happened in between.
 */
static void run_say(struct fdom *d, struct fdom_run *r)
{
	Hawser__FdomMessage m = HAWSER__FDOM_MESSAGE__INIT;

	m.kind = HAWSER__FDOM_KIND__FDOM_START;
	m.nodeid = r->nodeid;
	m.victim_seq = r->victim_seq;
	m.started_us = r->begun_us;
	m.token = r->word = d->next_token++;
	r->said_ms = d->now_ms;
	fdom_send(d, &m);
}

/* One that took so long to come back may itself have waited for us while we hung: it is said again. */
void fdom_run_heard(struct fdom *d, uint64_t word)
{
	for (unsigned i = 0; i < FDOM_MAX_NODES; i++) {
		struct fdom_run *r = &d->runs[i];

		if (!r->used || !r->held || r->word != word)
			continue;
		r->word = 0;
		r->heard = d->now_ms <= r->said_ms + FDOM_HUNG_MS;
	}
}

/* Since the word was said the victim, or another node, may have come from another side of a split. */
static bool turn_is_over(struct fdom *d, const struct fdom_run *r)
{
	const struct fdom_node *n = run_victim(d, r);

	return !n || fdom_victim_due(&n->v) > d->now_ms || fdom_yielding(d, n);
}

/* The runs without a program: each begins its next one if its word was heard in this step, or says it (again). */
static void runs_proceed(struct fdom *d)
{
	for (unsigned i = 0; i < FDOM_MAX_NODES; i++) {
		struct fdom_run *r = &d->runs[i];
		bool heard = r->heard;

		r->heard = false;
		if (!r->used || !r->held || !may_begin(d))
			continue;
		if (heard && turn_is_over(d, r))
			run_failed(d, r, "it has to wait again: a node came back from another side of a split", true);
		else if (heard)
			run_begin(d, r);
		else if (!r->word)
			run_say(d, r);
	}
}

/* The next agent of a run that has begun. */
static void run_next(struct fdom *d, struct fdom_run *r)
{
	r->held = r->method < r->plan->n_methods && !CLU_PLANTED(FENCED_AGENT_GOES_ON);
	if (!r->held)
		run_begin(d, r);
}

void fdom_on_child(struct fdom *d, const struct clu_child_end *c)
{
	struct fdom_run *r = NULL;
	const struct fence_method *m;
	bool ok = CLU_PLANTED(FENCED_BELIEVES_FAILED_AGENT) ? !c->start_error : c->exit_code == 0 && !c->timed_out && !c->term_signal && !c->start_error;
	char text[FDOM_TEXT];

	for (unsigned i = 0; i < FDOM_MAX_NODES; i++)
		if (d->runs[i].used && d->runs[i].child == c->id)
			r = &d->runs[i];
	if (!r) {
		d->ignored++;
		return;
	}
	r->child = 0;
	d->changed = true;
	m = &r->plan->methods[r->method];
	if (!ok) {
		child_text(c, text, sizeof(text));
		if (r->restoring) {
			clu_out_note(d->out, CLU_WARNING, "fdom.restore", fdom_name(d, r->nodeid), "", "", text,
				"device=%s", run_step(r)->device);
		} else if (r->killed) {
			run_failed(d, r, "the fence agent was stopped", true);
			return;
		} else {
			run_log(r, run_step(r)->agent, text);
			r->method++;
			r->step = 0;
			run_next(d, r);
			return;
		}
	}
	r->step++;
	/* All that cuts the node off has succeeded: that is a fact, also when we had asked for the agent's end. */
	if (!r->restoring && (r->step == m->n_steps || m->steps[r->step].restore)) {
		if (run_victim(d, r))
			send_end(d, r, HAWSER__FDOM_KIND__FDOM_DONE, "", false);
		r->restoring = r->step < m->n_steps;
	}
	if (r->step == m->n_steps || d->error) {
		run_free(r);
		return;
	}
	if (r->killed && !r->restoring) {
		run_failed(d, r, "the fence agent was stopped", true);
		return;
	}
	for (; r->restoring && r->step < m->n_steps; r->step++) {
		char path[4096];

		if (d->opt.find_agent(run_step(r)->agent, d->agent_path, path, sizeof(path)) == 0) {
			run_agent(d, r, path);
			return;
		}
	}
	if (r->restoring)
		run_free(r);
	else
		run_next(d, r);
}

void fdom_runs_check(struct fdom *d)
{
	bool may = fdom_is_master(d) && d->quorate && !d->leaving && !d->overtaken;

	for (unsigned i = 0; i < FDOM_MAX_NODES; i++) {
		struct fdom_run *r = &d->runs[i];

		if (!r->used || r->killed || r->restoring || (may && run_victim(d, r)) ||
			CLU_PLANTED(FENCED_AGENT_GOES_ON))
			continue;
		r->killed = true;
		if (r->held)
			run_failed(d, r, "the fence agent was stopped", true);
		else
			clu_out_kill(d->out, r->child);
	}
}

/*
 * Victims are fenced side by side, but a power switch that is at work for one
 * (most take a single session) is not asked for another at the same time.
 */
static bool device_busy(struct fdom *d, const struct fence_plan *p)
{
	for (unsigned i = 0; i < FDOM_MAX_NODES; i++) {
		const struct fdom_run *r = &d->runs[i];

		if (r->used && r->method < r->plan->n_methods && p->n_methods &&
		    fence_method_shares_device(&r->plan->methods[r->method], &p->methods[0]))
			return true;
	}
	return false;
}

static void run_start(struct fdom *d, struct fdom_node *n)
{
	struct fence_plan *plan = NULL;
	struct fdom_run *r = NULL;
	int e = fence_plan_build(d->conf, fdom_name(d, n->nodeid), FENCE_PLAN_FENCE, d->agent_timeout_s, &plan);
	const char *nothing = e == -ENOENT ? "the node is not in cluster.conf" :
		e == -E2BIG ? "too many fence methods or devices in cluster.conf" :
		!e && !plan->n_methods ? "no fence method is configured for it" : NULL;

	if (e == -ENOMEM) {
		d->error = e;
		return;
	}
	if (plan && device_busy(d, plan)) {
		fence_plan_free(plan);
		return;
	}
	for (unsigned i = 0; i < FDOM_MAX_NODES && !r; i++)
		if (!d->runs[i].used)
			r = &d->runs[i];
	if (!r) {
		fence_plan_free(plan);
		return;
	}
	*r = (struct fdom_run) { .used = true, .nodeid = n->nodeid, .victim_seq = n->v.seq, .plan = plan,
		.held = true, .begun_ms = d->now_ms, .begun_us = d->wall_us };
	n->v.begun = true;
	d->changed = true;
	/* When there is nothing to run, START and FAIL still follow each other, so that all members see the attempt. */
	run_say(d, r);
	if (nothing)
		run_failed(d, r, nothing, false);
	else if (CLU_PLANTED(FENCED_ACTS_AFTER_HANG))
		run_begin(d, r);
}

static bool may_run(struct fdom *d, struct fdom_node *n)
{
	return (n->v.state == FDOM_V_WAITING || n->v.state == FDOM_V_FAILED) && fdom_victim_due(&n->v) <= d->now_ms &&
		!n->v.begun && !fdom_run_of(d, n->nodeid) && !fdom_yielding(d, n);
}

/*
 * Whoever was tried least comes first: on a device that serves one at a time, victims
 * that cannot be fenced would else take turns for ever, and one that can would never have its own.
 */
void fdom_runs_start(struct fdom *d)
{
	bool looked_at[FDOM_MAX_NODES] = { false };

	runs_proceed(d);
	if (!may_begin(d))
		return;
	for (;;) {
		unsigned next = FDOM_MAX_NODES;

		for (unsigned i = 0; i < d->n_nodes; i++)
			if (!looked_at[i] && may_run(d, &d->nodes[i]) &&
			    (next == FDOM_MAX_NODES || d->nodes[i].v.attempts < d->nodes[next].v.attempts))
				next = i;
		if (next == FDOM_MAX_NODES)
			return;
		looked_at[next] = true;
		run_start(d, &d->nodes[next]);
	}
}
