/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_expect.h"

#include <inttypes.h>
#include <string.h>

#include "clu_conf.h"
#include "sim_types.h"

/* ---- what is so ---- */

/* The rgmanager that a person would ask: the lowest one that takes part in a quorate cluster. */
static struct sim_daemon *rgmanager_to_ask(struct sim_world *w)
{
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		struct sim_daemon *d = &w->node[i].d[SIM_RGM];

		if (d->up && !w->node[i].hung && d->told_quorate && clu_group_is_admitted(d->group))
			return d;
	}
	return NULL;
}

/* State and owner of a service as rgmanager tells them; state "" when it tells nothing. */
static void ask_service(struct sim_world *w, const char *name, char state[32], unsigned *owner)
{
	struct sim_daemon *d = rgmanager_to_ask(w);
	struct clu_buf b = CLU_BUF_INIT;
	char want[80];

	state[0] = '\0';
	*owner = 0;
	if (!d)
		return;
	snprintf(want, sizeof(want), "service:%s", name);
	w->type[SIM_RGM]->ops->dump(d->core, &b);
	for (const char *line = clu_buf_text(&b); line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char is[80], s[32];
		unsigned o;

		if (sscanf(line, "service %79s state=%31s owner=%u", is, s, &o) == 3 && strcmp(is, want) == 0) {
			snprintf(state, 32, "%s", s);
			*owner = o;
		}
	}
	clu_buf_free(&b);
}

static void say_node(unsigned node, struct clu_buf *why)
{
	if (node)
		clu_buf_printf(why, "n%u", node);
	else
		clu_buf_str(why, "none");
}

/* Asks for the expected service, and says what was heard. false when nobody tells of it. */
static bool service_is_told(struct sim_world *w, const struct sim_expect *e, char state[32], unsigned *owner,
	struct clu_buf *why)
{
	ask_service(w, e->text, state, owner);
	if (!state[0]) {
		clu_buf_printf(why, "no quorate rgmanager tells of a service %s", e->text);
		return false;
	}
	clu_buf_printf(why, "%s is %s, owner ", e->text, state);
	say_node(*owner, why);
	return true;
}

static bool holds_owner(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	char state[32];
	unsigned owner;

	return service_is_told(w, e, state, &owner, why) && owner == e->node;
}

static bool holds_state(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	char state[32];
	unsigned owner;

	return service_is_told(w, e, state, &owner, why) && strcmp(state, e->word) == 0;
}

static bool holds_active(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	unsigned where = 0;

	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (sim_resource_active(w, i, e->text))
			where = i;
	clu_buf_printf(why, "it is active on ");
	say_node(where, why);
	return where == e->node;
}

static bool holds_fenced(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	sim_nodes by = w->fenced_by[e->node];

	clu_buf_printf(why, "n%u was fenced by", e->node);
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (by & SIM_BIT(i))
			clu_buf_printf(why, " n%u", i);
	if (!by)
		clu_buf_str(why, " nobody");
	return e->node2 ? (by & SIM_BIT(e->node2)) != 0 : by != 0;
}

static bool holds_victim(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	char want[24];
	bool found = false;

	snprintf(want, sizeof(want), "\nvictim %u ", e->node);
	for (unsigned i = 1; i <= w->n_nodes && !found; i++) {
		struct sim_daemon *d = &w->node[i].d[SIM_FENCED];
		struct clu_buf b = CLU_BUF_INIT;

		if (!d->up || !clu_group_is_admitted(d->group))
			continue;
		w->type[SIM_FENCED]->ops->dump(d->core, &b);
		found = strstr(clu_buf_text(&b), want) != NULL;
		clu_buf_free(&b);
	}
	clu_buf_printf(why, "%s fenced has n%u as a victim", found ? "a" : "no", e->node);
	return found;
}

static bool holds_up(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	const struct sim_node *n = &w->node[e->node];
	bool part = n->d[SIM_RGM].up && clu_group_is_admitted(n->d[SIM_RGM].group);

	clu_buf_printf(why, "n%u %s", e->node, !n->power ? "is off" : n->hung ? "hangs" : !n->corosync ? "has no corosync" :
		part ? "takes part" : "runs, but its rgmanager is in no group");
	return n->power && !n->hung && n->corosync && part;
}

static bool holds_quorate(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	bool q = w->node[e->node].power && w->node[e->node].counted_quorate;

	clu_buf_printf(why, "n%u is %s", e->node, q ? "quorate" : "not quorate");
	return q;
}

static bool holds_version(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	const struct sim_node *n = &w->node[e->node];
	struct clu_conf *c = NULL;
	struct clu_buf errs = CLU_BUF_INIT;
	uint64_t is = 0;

	if (n->has_conf && clu_conf_parse(n->conf_bytes, n->conf_len, "cluster.conf", &c, &errs) == 0)
		is = clu_conf_version(c);
	clu_conf_unref(c);
	clu_buf_free(&errs);
	clu_buf_printf(why, "n%u has version %" PRIu64 " in force", e->node, is);
	return is == e->num;
}

static bool holds_settled(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	(void)e;
	sim_types_check_settled(w);
	clu_buf_str(why, w->failure);
	return !w->failure[0];
}

static bool holds_broken(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	clu_buf_str(why, w->failure[0] ? w->failure : "all promises held");
	return sim_expect_is_broken(e, w->failure);
}

/* ---- the table ---- */

/*
 * args, a letter each: t text (a service, a resource), w a second word, n a node,
 * N a node or "none", b "by NODE" or nothing, v a number.
 */
static const struct {
	const char *name, *args, *usage;
	bool (*holds)(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why);
} kinds[] = {
	{ "owner", "tN", "owner SERVICE NODE|none", holds_owner },
	{ "state", "tw", "state SERVICE STATE", holds_state },
	{ "active", "tN", "active RESOURCE NODE|none", holds_active },
	{ "fenced", "nb", "fenced NODE [by NODE]", holds_fenced },
	{ "victim", "n", "victim NODE", holds_victim },
	{ "up", "n", "up NODE", holds_up },
	{ "quorate", "n", "quorate NODE", holds_quorate },
	{ "version", "nv", "version NODE NUMBER", holds_version },
	{ "all-settled", "", "all-settled", holds_settled },
	{ "broken", "w", "broken PROMISE", holds_broken },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

bool sim_expect_is_about_failure(const struct sim_expect *e)
{
	return kinds[e->kind].holds == holds_broken;
}

bool sim_expect_is_broken(const struct sim_expect *e, const char *failure)
{
	size_t n = strlen(e->word);

	return sim_expect_is_about_failure(e) && strncmp(failure, e->word, n) == 0 && failure[n] == ':';
}

bool sim_expect_holds(struct sim_world *w, const struct sim_expect *e, struct clu_buf *why)
{
	return kinds[e->kind].holds(w, e, why) != e->not;
}

static bool copy_word(char *ret, size_t size, const char *word)
{
	return (size_t)snprintf(ret, size, "%s", word) < size;
}

static bool read_arg(struct sim_words *words, char letter, unsigned n_nodes, struct sim_expect *e)
{
	const char *word;

	if (letter == 'b' && !sim_words_skip(words, "by"))
		return true;
	word = sim_words_take(words);
	if (!word)
		return false;
	switch (letter) {
	case 't':
		return copy_word(e->text, sizeof(e->text), word);
	case 'w':
		return copy_word(e->word, sizeof(e->word), word);
	case 'N':
		return strcmp(word, "none") == 0 || sim_read_node(word, n_nodes, &e->node);
	case 'n':
		return sim_read_node(word, n_nodes, &e->node);
	case 'b':
		return sim_read_node(word, n_nodes, &e->node2);
	case 'v':
	default:
		return sim_read_number(word, &e->num);
	}
}

bool sim_expect_read(struct sim_words *words, unsigned n_nodes, struct sim_expect *ret, struct clu_buf *why)
{
	const char *name;
	bool ok = true;

	ret->not = sim_words_skip(words, "not");
	name = sim_words_take(words);
	while (ret->kind < N_KINDS && name && strcmp(kinds[ret->kind].name, name) != 0)
		ret->kind++;
	if (!name || ret->kind == N_KINDS) {
		ret->kind = 0;
		clu_buf_printf(why, "\"%s\" is nothing that can be expected: write one of", name ? name : "");
		for (unsigned i = 0; i < N_KINDS; i++)
			clu_buf_printf(why, "%s \"%s\"", i ? "," : "", kinds[i].usage);
		return false;
	}
	for (const char *a = kinds[ret->kind].args; ok && *a; a++)
		ok = read_arg(words, *a, n_nodes, ret);
	if (!ok || words->at != words->n) {
		clu_buf_printf(why, "%s is not given as it should be: write \"%s\" with nodes n1 to n%u", name,
			kinds[ret->kind].usage, n_nodes);
		return false;
	}
	/* A break ends the run, so nothing can be expected of it at a time; that it does not come is what always is expected. */
	if (sim_expect_is_about_failure(ret) && (ret->not || !ret->at_end)) {
		clu_buf_str(why, "the break of a promise is expected without a time and without \"not\": write \"expect broken "
			"PROMISE\"");
		return false;
	}
	if (kinds[ret->kind].holds == holds_settled && ret->not) {
		clu_buf_str(why, "what is not settled breaks promise S7: write \"expect broken S7\"");
		return false;
	}
	return true;
}

void sim_expect_write(const struct sim_expect *e, struct clu_buf *ret)
{
	clu_buf_printf(ret, "%s%s", e->not ? "not " : "", kinds[e->kind].name);
	for (const char *a = kinds[e->kind].args; *a; a++) {
		if (*a == 't')
			clu_buf_printf(ret, " %s", e->text);
		else if (*a == 'w')
			clu_buf_printf(ret, " %s", e->word);
		else if (*a == 'v')
			clu_buf_printf(ret, " %" PRIu64, e->num);
		else if (*a == 'b' && e->node2)
			clu_buf_printf(ret, " by n%u", e->node2);
		else if (*a == 'n' || *a == 'N') {
			clu_buf_str(ret, " ");
			say_node(e->node, ret);
		}
	}
}
