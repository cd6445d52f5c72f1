/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timeline: what the cores say (their notes) and what becomes of nodes and rings, as lines for an administrator. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rg_sim.h"

#define ECHO_US 3000000		/* the same sentence from several nodes within this time is one line */

static char *vtext(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static char *vtext(const char *fmt, va_list ap)
{
	struct clu_buf b = CLU_BUF_INIT;

	clu_buf_str(&b, "");
	clu_buf_vprintf(&b, fmt, ap);
	return rgsim_must(b.data ? b.data : strdup(""));
}

void rgsim_say(struct rgsim *s, enum rgsim_what what, unsigned node, const char *object, const char *fmt, ...)
{
	struct rgsim_line *l;
	va_list ap;

	s->lines = rgsim_must(realloc(s->lines, (s->n_lines + 1) * sizeof(*s->lines)));
	l = &s->lines[s->n_lines++];
	va_start(ap, fmt);
	*l = (struct rgsim_line){ .at_us = s->w->now_us, .start = !s->settled, .what = what,
		.node = rgsim_must(strdup(node ? rgsim_node_name(s, node) : "")), .object = rgsim_must(strdup(object)),
		.text = vtext(fmt, ap) };
	va_end(ap);
}

/* All members of a group say the same when shared state changes: the first one is heard. */
static bool is_echo(const struct rgsim *s, const char *object, const char *text)
{
	for (unsigned i = s->n_lines; i && s->lines[i - 1].at_us + ECHO_US >= s->w->now_us; i--)
		if (!strcmp(s->lines[i - 1].object, object) && !strcmp(s->lines[i - 1].text, text))
			return true;
	return false;
}

static void say_once(struct rgsim *s, enum rgsim_what what, unsigned node, const char *object, const char *text)
{
	if (!is_echo(s, object, text))
		rgsim_say(s, what, node, object, "%s", text);
}

/* ---- notes of the cores ---- */

static void remember_reason(struct rgsim *s, const char *service, const char *why)
{
	unsigned i = 0;

	while (i < s->n_reasons && strcmp(s->reasons[i].service, service) != 0)
		i++;
	if (i == s->n_reasons) {
		s->reasons = rgsim_must(realloc(s->reasons, ++s->n_reasons * sizeof(*s->reasons)));
		snprintf(s->reasons[i].service, sizeof(s->reasons[i].service), "%s", service);
	} else {
		free(s->reasons[i].why);
	}
	s->reasons[i].why = rgsim_must(strdup(why));
}

const char *rgsim_reason(const struct rgsim *s, const char *service)
{
	for (unsigned i = 0; i < s->n_reasons; i++)
		if (!strcmp(s->reasons[i].service, service))
			return s->reasons[i].why;
	return "";
}

struct note {
	enum clu_level level;
	const char *event, *object, *from, *to, *why, *fields;
};

/* Every node's own debug log is left out, and what another line tells better. */
static const char *const unsaid[] = { "rg.lost", "rg.start", "rg.member", "rg.wait", "rg.admitted", "rg.ready", "fdom.master",
	"fdom.member", "fdom.fencing", "fdom.waiting", "fdom.quorum", "conf.agreed", "conf.proposed" };

static bool is_unsaid(const struct note *n)
{
	for (unsigned i = 0; i < sizeof(unsaid) / sizeof(unsaid[0]); i++)
		if (!strcmp(n->event, unsaid[i]))
			return true;
	/* fenced says it too; quorum won is said with its votes. */
	if (!strcmp(n->event, "rg.fenced") && !strcmp(n->to, "fenced"))
		return true;
	if (!strcmp(n->event, "rg.quorum") && !strcmp(n->to, "quorate"))
		return true;
	/* What all members decide alike is told when the first of them does. */
	if (!strcmp(n->event, "rg.state") || !strcmp(n->event, "rg.decide") || !strcmp(n->event, "rg.stays"))
		return false;
	/* The file that a node has come up with is no news. */
	if ((!strcmp(n->event, "conf.version") || !strcmp(n->event, "rg.config")) && (!*n->from || !strcmp(n->from, "0")))
		return !strcmp(n->why, "in force from now on") || !strcmp(n->event, "conf.version");
	return n->level < CLU_INFO;
}

/*
 * What a node says is what it knows: where the network has fallen apart and it stands
 * on a side that does not speak for the cluster, or it has slept, that is said too.
 */
static void viewpoint(const struct rgsim *s, unsigned node, char *ret, size_t size)
{
	sim_nodes members = s->was[node].members;
	bool minor = rgsim_votes_of(s, members) + s->w->node[node].device_votes < rgsim_votes_needed(s);
	unsigned who = node;

	for (unsigned i = 1; s->w->quorum.two_node && i <= s->w->n_nodes; i++)
		minor |= s->w->node[i].power && !s->w->node[i].hung && !(members & SIM_BIT(i));
	/* A side speaks through its lowest node. */
	for (unsigned i = 1; !s->was[node].asleep && i < who; i++)
		if (members & SIM_BIT(i))
			who = i;
	ret[0] = '\0';
	if (minor || s->was[node].asleep)
		snprintf(ret, size, "as %s sees it: ", rgsim_node_name(s, who));
}

/* Has another member told of this move already? */
static bool is_told(struct rgsim *s, const char *service, uint64_t txn, const char *to)
{
	const unsigned max = sizeof(s->told) / sizeof(s->told[0]);

	for (unsigned i = 0; i < s->n_told && i < max; i++)
		if (s->told[i].txn == txn && s->told[i].at_us + ECHO_US >= s->w->now_us && !strcmp(s->told[i].service, service) && !strcmp(s->told[i].to, to))
			return true;
	snprintf(s->told[s->n_told % max].service, sizeof(s->told[0].service), "%s", service);
	snprintf(s->told[s->n_told % max].to, sizeof(s->told[0].to), "%s", to);
	s->told[s->n_told % max].at_us = s->w->now_us;
	s->told[s->n_told++ % max].txn = txn;
	return false;
}

static void state_note(struct rgsim *s, unsigned node, const struct note *n, const char *view)
{
	unsigned long long txn = 0;
	char owner[256] = "";

	if (sscanf(n->fields, "owner=%255s txn=%llu", owner, &txn) != 2)
		return;
	/* Why it goes there is said by rg.decide, which follows. */
	s->decide_is_news = !is_told(s, n->object, txn, n->to);
	if (!s->decide_is_news || !strcmp(n->to, "starting") || !strcmp(n->from, n->to))
		return;
	if (!strcmp(n->to, "started") && !strcmp(n->from, "starting"))
		rgsim_say(s, RGSIM_W_SERVICE, rgsim_node_find(s, owner), n->object, "%sstarted on %s", view, owner);
	else
		rgsim_say(s, RGSIM_W_SERVICE, 0, n->object, "%s%s%s%s", view, n->to, *n->why ? ": " : "", n->why);
}

static void service_note(struct rgsim *s, unsigned node, const struct note *n)
{
	struct clu_buf text = CLU_BUF_INIT;
	char view[300];

	viewpoint(s, node, view, sizeof(view));
	if (!strcmp(n->event, "rg.state")) {
		state_note(s, node, n, view);
	} else if (!strcmp(n->event, "rg.decide")) {
		if (!s->decide_is_news)
			return;
		remember_reason(s, n->object, n->why);
		rgsim_say(s, RGSIM_W_DECIDE, rgsim_node_find(s, n->to), n->object, "%sgoes to %s: %s", view, n->to, n->why);
	} else {
		remember_reason(s, n->object, n->why);
		clu_buf_printf(&text, "%sstays on %s: %s", view, n->to, n->why);
		say_once(s, RGSIM_W_DECIDE, node, n->object, clu_buf_text(&text));
		clu_buf_free(&text);
	}
}

static void other_note(struct rgsim *s, unsigned node, enum sim_daemon_kind k, const struct note *n)
{
	static const enum rgsim_what what[SIM_NDAEMONS] = { [SIM_CCSD] = RGSIM_W_CONF, [SIM_FENCED] = RGSIM_W_FENCE,
		[SIM_RGM] = RGSIM_W_AGENT };
	char text[2048], view[300];

	viewpoint(s, node, view, sizeof(view));
	if (!strcmp(n->event, "fdom.victim"))
		snprintf(text, sizeof(text), "%shas to be fenced: %s", view, n->why);
	else if (!strcmp(n->event, "fdom.fenced"))
		snprintf(text, sizeof(text), "is fenced: %s", n->why);
	else if (!strcmp(n->event, "fdom.fail"))
		snprintf(text, sizeof(text), "fencing failed: %s", n->why);
	else if (!strcmp(n->event, "fdom.stays") || !strcmp(n->event, "fdom.returned"))
		snprintf(text, sizeof(text), "%s%s", view, n->why);
	else if (!strcmp(n->event, "rg.agent"))
		snprintf(text, sizeof(text), "%s, on %s", n->why, rgsim_node_name(s, node));
	else
		snprintf(text, sizeof(text), "%s%s%s%s%s", view, *n->to && strcmp(n->to, n->why) != 0 ? n->to : "",
			*n->to && *n->why ? ": " : "", n->why, *n->to || *n->why ? "" : n->event);
	/* Of what holds for one node alone each node is heard. */
	if (!strcmp(n->event, "rg.quorum") || !strcmp(n->event, "rg.corosync"))
		rgsim_say(s, RGSIM_W_NODE, node, rgsim_node_name(s, node), "%s", n->why);
	else
		say_once(s, what[k], node, n->object, text);
}

void rgsim_note(void *ctx, unsigned node, enum sim_daemon_kind k, const struct clu_action *a)
{
	const struct note n = { a->u.note.level, a->u.note.event, a->u.note.object, a->u.note.from, a->u.note.to, a->u.note.why,
		a->u.note.fields };
	struct rgsim *s = ctx;

	if (is_unsaid(&n))
		return;
	/* A core hears of a new ring in the step that makes it. */
	rgsim_watch(s);
	if (!strcmp(n.event, "rg.state") || !strcmp(n.event, "rg.decide") || !strcmp(n.event, "rg.stays"))
		service_note(s, node, &n);
	else
		other_note(s, node, k, &n);
}

/* ---- quorum ---- */

static void say_quorum(struct rgsim *s, sim_nodes members, uint32_t device, bool quorate, uint64_t ring, bool waits)
{
	struct clu_buf names = CLU_BUF_INIT;
	uint32_t votes = rgsim_votes_of(s, members) + device, needed = rgsim_votes_needed(s);

	for (unsigned i = 0; i < s->n_said_quorum; i++)
		if (s->said_quorum[i].ring == ring && s->said_quorum[i].quorate == quorate)
			return;
	if (s->n_said_quorum > SIM_MAX_NODES) {
		memmove(s->said_quorum, s->said_quorum + 1, sizeof(s->said_quorum) - sizeof(s->said_quorum[0]));
		s->n_said_quorum--;
	}
	s->said_quorum[s->n_said_quorum].ring = ring;
	s->said_quorum[s->n_said_quorum].members = members;
	s->said_quorum[s->n_said_quorum++].quorate = quorate;
	rgsim_node_list(s, members, &names);
	rgsim_say(s, RGSIM_W_MEMBERS, 0, "quorum", "%s%s: %u of %u votes, %u needed%s: %s", clu_buf_text(&names),
		device ? " and the quorum disk" : "", votes, s->w->quorum.expected, needed, waits ? " (wait_for_all: not before all nodes have been seen)" :
		s->w->quorum.two_node ? " (two_node)" : "",
		quorate ? "quorate" : "not quorate");
	clu_buf_free(&names);
}

/* Each node counts for itself; those of one ring are heard once. */
static void watch_quorum(struct rgsim *s)
{
	for (unsigned i = 1; i <= s->w->n_nodes; i++) {
		const struct sim_node *n = &s->w->node[i];

		if (!sim_ring_id(n) || n->hung || !n->count_no || n->count_no == s->was[i].count_no)
			continue;
		s->was[i].count_no = n->count_no;
		s->was[i].asleep = false;
		say_quorum(s, sim_ring_members(&s->w->node[i]), n->device_votes, n->counted_quorate, sim_ring_id(n), n->waits_for_all);
	}
}

/* ---- nodes and rings ---- */

void rgsim_reset(void *ctx, unsigned node)
{
	struct rgsim *s = ctx;

	rgsim_say(s, RGSIM_W_NODE, node, rgsim_node_name(s, node), "its watchdog resets the machine: what it runs cannot be stopped");
	rgsim_boot_later(s, node);
}

static void new_ring(struct rgsim *s, sim_nodes members, sim_nodes lost, sim_nodes joined)
{
	struct clu_buf b = CLU_BUF_INIT;

	rgsim_node_list(s, members, &b);
	if (lost) {
		clu_buf_str(&b, "; lost: ");
		rgsim_node_list(s, lost, &b);
		clu_buf_printf(&b, " (not heard for token %u.%03u s + consensus %u.%03u s)", s->plan.token_ms / 1000,
			s->plan.token_ms % 1000, s->consensus_ms / 1000, s->consensus_ms % 1000);
	}
	if (joined) {
		clu_buf_str(&b, "; new: ");
		rgsim_node_list(s, joined, &b);
	}
	rgsim_say(s, RGSIM_W_MEMBERS, 0, "members", "%s", clu_buf_text(&b));
	clu_buf_free(&b);
}

static void watch_rings(struct rgsim *s)
{
	for (unsigned i = 1; i <= s->w->n_nodes; i++) {
		uint64_t ring = sim_ring_id(&s->w->node[i]);
		sim_nodes members, before = 0;

		if (!ring || ring == s->was[i].ring || s->w->node[i].hung)
			continue;
		members = sim_ring_members(&s->w->node[i]);
		for (unsigned k = 1; k <= s->w->n_nodes; k++)
			if (members & SIM_BIT(k))
				before |= s->was[k].members;
		new_ring(s, members, before & ~members, before ? members & ~before : 0);
		for (unsigned k = 1; k <= s->w->n_nodes; k++)
			if (members & SIM_BIT(k)) {
				s->was[k].ring = ring;
				s->was[k].members = members;
			}
	}
}

void rgsim_watch(struct rgsim *s)
{
	for (unsigned i = 1; i <= s->w->n_nodes; i++) {
		const struct sim_node *n = &s->w->node[i];

		if (s->was[i].power && !n->power) {
			rgsim_say(s, RGSIM_W_NODE, 0, n->name, "is off");
			rgsim_node_is_off(s, i);
		}
		if (!s->was[i].power && n->power)
			rgsim_say(s, RGSIM_W_NODE, 0, n->name, "is up, its daemons start");
		if (s->was[i].hung && !n->hung && n->power)
			rgsim_say(s, RGSIM_W_NODE, 0, n->name, "goes on again");
		if (s->was[i].power && n->power && s->was[i].corosync && !n->corosync)
			rgsim_say(s, RGSIM_W_NODE, 0, n->name, "its corosync ends: the cluster has thrown it out");
		s->was[i].power = n->power;
		s->was[i].asleep |= n->hung;
		s->was[i].hung = n->hung;
		s->was[i].corosync = n->corosync;
	}
	watch_rings(s);
	watch_quorum(s);
}
