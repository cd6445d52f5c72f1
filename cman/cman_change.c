/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_change.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 4

struct entry { char key[160]; char value[512]; };

struct list {
	struct entry *e;
	unsigned n, cap;
	int error;
};

/* What corosync 3.1 cannot change while it runs; everything else it can. The first row that fits counts. */
static const struct rule {
	const char *pattern;
	enum cman_effect effect;
	const char *absent;	/* what corosync does without the key: no difference to this value */
} rules[] = {
	{ "totem.cluster_name", CMAN_CLUSTER_RESTART, NULL },
	{ "totem.transport", CMAN_CLUSTER_RESTART, "knet" },
	{ "totem.keyfile", CMAN_CLUSTER_RESTART, NULL },
	{ "totem.crypto_model", CMAN_NODE_RESTART, "nss" },
	{ "totem.ip_version", CMAN_NODE_RESTART, NULL },
	{ "totem.netmtu", CMAN_NODE_RESTART, NULL },
	{ "totem.interface.*.mcastport", CMAN_CLUSTER_RESTART, NULL },
	{ "totem.interface.*.mcastaddr", CMAN_CLUSTER_RESTART, NULL },
	{ "totem.interface.*.broadcast", CMAN_CLUSTER_RESTART, "no" },
	{ "totem.interface.*.knet_transport", CMAN_CLUSTER_RESTART, "udp" },
	{ "totem.interface.*.bindnetaddr", CMAN_NODE_RESTART, NULL },
	{ "totem.interface.*.ttl", CMAN_NODE_RESTART, "1" },
	{ "nodelist.*.nodeid", CMAN_CLUSTER_RESTART, NULL },
	{ "nodelist.*.ring?_addr", CMAN_CLUSTER_RESTART, NULL },
	{ "quorum.provider", CMAN_NODE_RESTART, NULL },
	{ "quorum.wait_for_all", CMAN_NODE_RESTART, "0" },
	{ "quorum.last_man_standing", CMAN_NODE_RESTART, "0" },
	{ "quorum.last_man_standing_window", CMAN_NODE_RESTART, "10000" },
	/* qdiskd of each node reckons with it from its start on: a longer one would let votes outlive their node. */
	{ "quorum.device.timeout", CMAN_CLUSTER_RESTART, NULL },
	{ "quorum.auto_tie_breaker", CMAN_NODE_RESTART, "0" },
	{ "quorum.auto_tie_breaker_node", CMAN_NODE_RESTART, "lowest" },
	{ "system.sched_rr", CMAN_NODE_RESTART, "yes" },
	{ "system.*", CMAN_NODE_RESTART, NULL },
	{ "hawser.cluster_id", CMAN_CLUSTER_RESTART, NULL },
};

static const struct rule *find_rule(const char *key)
{
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!fnmatch(rules[i].pattern, key, 0))
			return &rules[i];
	return NULL;
}

static void add(struct list *l, const char *path, const char *key, const char *value)
{
	struct entry *e;

	if (l->n == l->cap) {
		unsigned cap = l->cap ? 2 * l->cap : 64;

		e = realloc(l->e, cap * sizeof(*e));
		if (!e) {
			l->error = -ENOMEM;
			return;
		}
		l->e = e;
		l->cap = cap;
	}
	e = &l->e[l->n++];
	snprintf(e->key, sizeof(e->key), "%s%s%s", path, *path ? "." : "", key);
	snprintf(e->value, sizeof(e->value), "%s", value);
}

/* Sections that may come more than once are told apart by their first key. */
static bool is_numbered(const char *section)
{
	return !strcmp(section, "node") || !strcmp(section, "interface") || !strcmp(section, "logger_subsys") ||
	       !strcmp(section, "uidgid");
}

/* "KEY: VALUE", "SECTION {" and "}" lines into one list of whole names. */
static void flatten(const char *text, struct list *ret)
{
	char path[MAX_DEPTH][128] = { "" }, parent[128], line[600];
	bool unnamed[MAX_DEPTH] = { false };
	unsigned depth = 0;

	while (*text && !ret->error) {
		size_t len = strcspn(text, "\n"), at = strspn(text, " \t");
		char *colon;

		snprintf(line, sizeof(line), "%.*s", len > at ? (int)(len - at) : 0, text + at);
		text += len + (text[len] == '\n');
		len = strlen(line);
		if (!*line || *line == '#')
			continue;
		if (!strcmp(line, "}")) {
			depth -= depth > 0;
		} else if (len > 2 && !strcmp(line + len - 2, " {") && depth + 1 < MAX_DEPTH) {
			line[len - 2] = '\0';
			unnamed[depth + 1] = is_numbered(line);
			/* "nodelist.node.n1" says no more than "nodelist.n1". */
			memcpy(parent, path[depth++], sizeof(parent));
			if (!strcmp(line, "node"))
				memcpy(path[depth], parent, sizeof(parent));
			else
				snprintf(path[depth], sizeof(path[0]), "%.60s%s%.60s", parent, *parent ? "." : "", line);
		} else if ((colon = strstr(line, ": ")) != NULL) {
			*colon = '\0';
			memcpy(parent, path[depth], sizeof(parent));
			if (unnamed[depth])
				snprintf(path[depth], sizeof(path[0]), "%.60s.%.60s", parent, colon + 2);
			unnamed[depth] = false;
			add(ret, path[depth], line, colon + 2);
		}
	}
}

static const char *value_of(const struct list *l, const char *key)
{
	for (unsigned i = 0; i < l->n; i++)
		if (!strcmp(l->e[i].key, key))
			return l->e[i].value;
	return NULL;
}

/* The section that the key belongs to is there: its key of that name is. */
static bool has_section(const struct list *l, const char *key, const char *first)
{
	const char *dot = strrchr(key, '.');
	char name[200];

	snprintf(name, sizeof(name), "%.*s.%s", dot ? (int)(dot - key) : 0, key, first);
	return value_of(l, name) != NULL;
}

/* False: no difference that counts. */
static bool classify(const struct list *was, const struct list *is, const char *key, enum cman_effect *ret)
{
	const char *a = value_of(was, key), *b = value_of(is, key);
	const struct rule *r = find_rule(key);

	*ret = r ? r->effect : CMAN_LIVE;
	if (!strncmp(key, "hawser.", 7) && !r)
		return false;
	if (r && r->absent && !strcmp(a ? a : r->absent, b ? b : r->absent))
		return false;
	if (a && b)
		return strcmp(a, b) != 0;
	if (!strcmp(key, "totem.keyfile"))
		return false;		/* encryption is switched, and that is said */
	/* A link, node or device that comes or goes as a whole. */
	if (!strncmp(key, "totem.interface.", 16) && has_section(was, key, "linknumber") != has_section(is, key, "linknumber"))
		*ret = CMAN_LIVE;
	else if (!strncmp(key, "nodelist.", 9))
		*ret = CMAN_LIVE;
	else if (!strncmp(key, "quorum.device.", 14) && has_section(was, key, "model") != has_section(is, key, "model"))
		*ret = CMAN_LIVE;
	/* Encryption on or off: who has it does not hear who has it not. */
	else if (!strcmp(key, "totem.crypto_cipher") || !strcmp(key, "totem.crypto_hash"))
		*ret = CMAN_CLUSTER_RESTART;
	return true;
}

static int put(struct cman_change **list, int n, enum cman_effect effect, const char *key, const char *a, const char *b)
{
	struct cman_change *c = n % 32 ? *list : realloc(*list, (size_t)(n + 32) * sizeof(*c));

	if (!c)
		return -ENOMEM;
	*list = c;
	c += n;
	c->effect = effect;
	snprintf(c->key, sizeof(c->key), "%s", key);
	snprintf(c->old, sizeof(c->old), "%.79s", a ? a : "");
	snprintf(c->new, sizeof(c->new), "%.79s", b ? b : "");
	return n + 1;
}

int cman_change_list(const char *old, const char *new, struct cman_change **ret)
{
	struct list was = { NULL, 0, 0, 0 }, is = { NULL, 0, 0, 0 };
	enum cman_effect effect;
	int n = 0;

	*ret = NULL;
	flatten(old, &was);
	flatten(new, &is);
	for (unsigned i = 0; n >= 0 && i < is.n; i++)
		if (classify(&was, &is, is.e[i].key, &effect))
			n = put(ret, n, effect, is.e[i].key, value_of(&was, is.e[i].key), is.e[i].value);
	for (unsigned i = 0; n >= 0 && i < was.n; i++)
		if (!value_of(&is, was.e[i].key) && classify(&was, &is, was.e[i].key, &effect))
			n = put(ret, n, effect, was.e[i].key, was.e[i].value, NULL);
	if (was.error || is.error)
		n = -ENOMEM;
	free(was.e);
	free(is.e);
	if (n < 0) {
		free(*ret);
		*ret = NULL;
	}
	return n;
}

int cman_change_explain(const char *old, const char *new, enum cman_effect which, struct clu_buf *ret)
{
	static const char *const remedies[] = {
		[CMAN_LIVE] = "taken over while the cluster runs",
		[CMAN_NODE_RESTART] = "a node takes it over when it starts: let each leave and join again, one after the other",
		[CMAN_CLUSTER_RESTART] = "cannot change while the cluster runs: leave on all nodes, then join",
	};
	struct cman_change *list;
	int n = cman_change_list(old, new, &list), greatest = CMAN_LIVE;

	for (int i = 0; i < n; i++) {
		const struct cman_change *c = &list[i];

		if ((int)c->effect > greatest)
			greatest = c->effect;
		if (c->effect == which)
			clu_buf_printf(ret, "%s: %s -> %s: %s\n", c->key, *c->old ? c->old : "not set",
				*c->new ? c->new : "not set", remedies[c->effect]);
	}
	free(list);
	return n < 0 ? n : greatest;
}
