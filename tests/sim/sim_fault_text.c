/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_fault_text.h"

#include <inttypes.h>
#include <string.h>

/* ---- sides of a cut ---- */

static void write_side(sim_nodes mask, bool second, unsigned n_nodes, struct clu_buf *ret)
{
	const char *sep = " ";

	for (unsigned i = 1; i <= n_nodes; i++)
		if ((mask >> i & 1) == second) {
			clu_buf_printf(ret, "%sn%u", sep, i);
			sep = ",";
		}
	if (*sep == ' ')
		clu_buf_str(ret, " -");
}

/* Nodes divided by commas, or "-" for none; each node may be named once. */
static bool read_side(const char *word, unsigned n_nodes, sim_nodes *taken, sim_nodes *ret)
{
	if (strcmp(word, "-") == 0)
		return true;
	while (*word) {
		char name[8];
		size_t n = strcspn(word, ",");
		unsigned node;

		if (n >= sizeof(name))
			return false;
		memcpy(name, word, n);
		name[n] = '\0';
		if (!sim_read_node(name, n_nodes, &node) || *taken >> node & 1)
			return false;
		*taken |= SIM_BIT(node);
		*ret |= SIM_BIT(node);
		word += n;
		if (*word == ',' && !*++word)
			return false;
	}
	return true;
}

static bool read_sides(struct sim_words *words, unsigned n_nodes, uint64_t *ret)
{
	sim_nodes taken = 0, first = 0, second = 0;
	const char *a = sim_words_take(words), *bar = sim_words_take(words), *b = sim_words_take(words);

	if (!a || !bar || !b || strcmp(bar, "|") != 0 || !read_side(a, n_nodes, &taken, &first) ||
		!read_side(b, n_nodes, &taken, &second))
		return false;
	*ret = second;
	return taken == (UINT64_C(2) << n_nodes) - 2;
}

/* ---- writing ---- */

static void write_arg(const struct sim_fault *f, enum sim_arg a, unsigned n_nodes, struct clu_buf *ret)
{
	const struct sim_fault_kind *k = &sim_fault_kinds[f->kind];

	switch (a) {
	case SIM_ARG_NODE:
		clu_buf_printf(ret, " n%u", f->node);
		break;
	case SIM_ARG_NODE2:
	case SIM_ARG_NODE2_OPT:
		if (f->node2)
			clu_buf_printf(ret, " n%u", f->node2);
		break;
	case SIM_ARG_SECONDS:
	case SIM_ARG_SECONDS2:
		clu_buf_str(ret, " ");
		sim_write_seconds(f->num[a == SIM_ARG_SECONDS2], ret);
		break;
	case SIM_ARG_NUMBER:
	case SIM_ARG_NUMBER2:
		clu_buf_printf(ret, " %" PRIu64, f->num[a == SIM_ARG_NUMBER2]);
		break;
	case SIM_ARG_CHOICE:
		clu_buf_printf(ret, " %s", k->choices[f->num[0]]);
		break;
	case SIM_ARG_SIDES:
		write_side(f->num[0], false, n_nodes, ret);
		clu_buf_str(ret, " |");
		write_side(f->num[0], true, n_nodes, ret);
		break;
	case SIM_ARG_WORD:
	case SIM_ARG_WORD_OPT:
		if (f->text[0])
			clu_buf_printf(ret, " %s", f->text);
		break;
	case SIM_ARG_FLAG:
		if (f->num[1])
			clu_buf_printf(ret, " %s", k->flag);
		break;
	case SIM_ARG_ON:	/* stands before the name */
	case SIM_ARG_END:
	default:
		break;
	}
}

void sim_fault_write(const struct sim_fault *f, unsigned n_nodes, struct clu_buf *ret)
{
	const struct sim_fault_kind *k = &sim_fault_kinds[f->kind];

	if (k->args[0] == SIM_ARG_ON)
		clu_buf_printf(ret, "on n%u ", f->node);
	clu_buf_str(ret, k->name);
	for (unsigned i = 0; i < SIM_MAX_ARGS; i++)
		write_arg(f, k->args[i], n_nodes, ret);
}

static void usage_of_arg(const struct sim_fault_kind *k, enum sim_arg a, struct clu_buf *ret)
{
	static const char *const names[] = {
		[SIM_ARG_NODE] = " NODE", [SIM_ARG_NODE2] = " NODE", [SIM_ARG_NODE2_OPT] = " [NODE]",
		[SIM_ARG_SECONDS] = " SECONDS", [SIM_ARG_SECONDS2] = " SECONDS", [SIM_ARG_NUMBER] = " NUMBER",
		[SIM_ARG_NUMBER2] = " NUMBER", [SIM_ARG_SIDES] = " NODES | NODES", [SIM_ARG_WORD] = " WORD",
		[SIM_ARG_WORD_OPT] = " [WORD]",
	};

	if (a == SIM_ARG_CHOICE)
		for (unsigned i = 0; k->choices[i]; i++)
			clu_buf_printf(ret, "%s%s", i ? "|" : " ", k->choices[i]);
	else if (a == SIM_ARG_FLAG)
		clu_buf_printf(ret, " [%s]", k->flag);
	else if (a < sizeof(names) / sizeof(names[0]) && names[a])
		clu_buf_str(ret, names[a]);
}

void sim_fault_usage(unsigned kind, struct clu_buf *ret)
{
	const struct sim_fault_kind *k = &sim_fault_kinds[kind];

	clu_buf_printf(ret, "%s%s", k->args[0] == SIM_ARG_ON ? "on NODE " : "", k->name);
	for (unsigned i = 0; i < SIM_MAX_ARGS; i++)
		usage_of_arg(k, k->args[i], ret);
}

/* ---- reading ---- */

static bool read_choice(const char *word, const char *const *choices, uint64_t *ret)
{
	for (unsigned i = 0; choices[i]; i++)
		if (strcmp(word, choices[i]) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

static bool read_optional(struct sim_words *words, enum sim_arg a, unsigned n_nodes, struct sim_fault *f)
{
	const struct sim_fault_kind *k = &sim_fault_kinds[f->kind];

	if (words->at == words->n)
		return true;
	if (a == SIM_ARG_FLAG)
		f->num[1] = sim_words_skip(words, k->flag);
	else if (a == SIM_ARG_NODE2_OPT)
		words->at += sim_read_node(words->w[words->at], n_nodes, &f->node2);
	else
		return (size_t)snprintf(f->text, sizeof(f->text), "%s", sim_words_take(words)) < sizeof(f->text);
	return true;
}

static bool read_arg(struct sim_words *words, enum sim_arg a, unsigned n_nodes, struct sim_fault *f)
{
	const char *word;

	if (a == SIM_ARG_END || a == SIM_ARG_ON)
		return true;
	if (a == SIM_ARG_FLAG || a == SIM_ARG_NODE2_OPT || a == SIM_ARG_WORD_OPT)
		return read_optional(words, a, n_nodes, f);
	if (a == SIM_ARG_SIDES)
		return read_sides(words, n_nodes, &f->num[0]);
	word = sim_words_take(words);
	if (!word)
		return false;
	switch (a) {
	case SIM_ARG_NODE:
		return sim_read_node(word, n_nodes, &f->node);
	case SIM_ARG_NODE2:
		return sim_read_node(word, n_nodes, &f->node2);
	case SIM_ARG_SECONDS:
	case SIM_ARG_SECONDS2:
		return sim_read_seconds(word, &f->num[a == SIM_ARG_SECONDS2]);
	case SIM_ARG_NUMBER:
	case SIM_ARG_NUMBER2:
		return sim_read_number(word, &f->num[a == SIM_ARG_NUMBER2]);
	case SIM_ARG_CHOICE:
		return read_choice(word, sim_fault_kinds[f->kind].choices, &f->num[0]);
	case SIM_ARG_WORD:
		return (size_t)snprintf(f->text, sizeof(f->text), "%s", word) < sizeof(f->text);
	case SIM_ARG_END:
	case SIM_ARG_ON:
	case SIM_ARG_NODE2_OPT:
	case SIM_ARG_SIDES:
	case SIM_ARG_WORD_OPT:
	case SIM_ARG_FLAG:
	default:
		return false;
	}
}

static void name_kinds(struct clu_buf *why)
{
	for (unsigned i = 0; i < sim_n_fault_kinds; i++)
		clu_buf_printf(why, "%s%s", i ? ", " : "", sim_fault_kinds[i].name);
}

bool sim_fault_read(struct sim_words *words, unsigned n_nodes, struct sim_fault *ret, struct clu_buf *why)
{
	const struct sim_fault_kind *k;
	const char *name;
	unsigned on = 0;
	int kind;
	bool ok;

	if (sim_words_skip(words, "on")) {
		const char *node = sim_words_take(words);

		if (!node || !sim_read_node(node, n_nodes, &on)) {
			clu_buf_printf(why, "\"on %s\": there is no such node: they are n1 to n%u", node ? node : "", n_nodes);
			return false;
		}
	}
	name = sim_words_take(words);
	kind = name ? sim_fault_kind_find(name) : -1;
	if (kind < 0) {
		clu_buf_printf(why, "\"%s\" is nothing that can happen: take one of ", name ? name : "");
		name_kinds(why);
		return false;
	}
	k = &sim_fault_kinds[kind];
	ret->kind = (unsigned)kind;
	ret->node = on;
	ok = (k->args[0] == SIM_ARG_ON) == (on != 0);
	for (unsigned i = 0; ok && i < SIM_MAX_ARGS; i++)
		ok = read_arg(words, k->args[i], n_nodes, ret);
	if (!ok || words->at != words->n) {
		clu_buf_printf(why, "%s is not given as it should be: write \"", name);
		sim_fault_usage((unsigned)kind, why);
		clu_buf_printf(why, "\" with nodes n1 to n%u%s", n_nodes,
			k->args[0] == SIM_ARG_SIDES ? ", each of them on one side (\"-\": an empty side)" : "");
	}
	return ok && words->at == words->n;
}
