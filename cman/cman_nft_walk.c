/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cman_nft_walk.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 16		/* of chains that call each other; the kernel's own limit */
#define MAX_RULES 200000	/* looked at for one packet */

enum answer { NO, YES, MAYBE };
enum verdict { GO_ON, RETURN, ACCEPT, DROP };

struct walk {
	const json_t *ruleset;
	const struct cman_packet *p;
	bool v6, out;
	struct cman_passage *ret;
	unsigned rules;
};

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* ---- values ---- */

static enum answer is_number(const json_t *v, unsigned is)
{
	if (json_is_integer(v))
		return json_integer_value(v) == (json_int_t)is ? YES : NO;
	if (json_is_string(v) && !strcmp(json_string_value(v), "udp"))
		return is == IPPROTO_UDP ? YES : NO;
	if (json_is_string(v) && *json_string_value(v) != '@')
		return NO;	/* the name of another protocol */
	return MAYBE;
}

static enum answer in_prefix(const char *net, unsigned bits, const char *addr)
{
	unsigned char a[16], b[16];
	int family = strchr(addr, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, net, a) != 1 || inet_pton(family, addr, b) != 1 || bits > (family == AF_INET ? 32u : 128u))
		return NO;
	if (memcmp(a, b, bits / 8) != 0)
		return NO;
	return bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0 ? YES : NO;
}

static enum answer in_range(const json_t *range, const char *addr, unsigned number)
{
	const json_t *lo = json_array_get(range, 0), *hi = json_array_get(range, 1);
	unsigned char a[16], b[16], x[16];
	int family = addr && strchr(addr, ':') ? AF_INET6 : AF_INET;

	if (!addr)
		return !json_is_integer(lo) || !json_is_integer(hi) ? MAYBE :
		       json_integer_value(lo) <= (json_int_t)number && json_integer_value(hi) >= (json_int_t)number ? YES : NO;
	if (!json_is_string(lo) || !json_is_string(hi) || inet_pton(family, addr, x) != 1)
		return MAYBE;
	if (inet_pton(family, json_string_value(lo), a) != 1 || inet_pton(family, json_string_value(hi), b) != 1)
		return NO;
	return memcmp(a, x, family == AF_INET ? 4 : 16) <= 0 && memcmp(x, b, family == AF_INET ? 4 : 16) <= 0 ? YES : NO;
}

/* One value, or a list of them, against an address (addr) or else a number. */
static enum answer is_value(const json_t *v, const char *addr, unsigned number)
{
	const json_t *list = json_is_array(v) ? v : json_object_get(v, "set"), *one;
	enum answer best = NO;
	size_t i;

	if (json_is_array(list)) {
		json_array_foreach(list, i, one) {
			enum answer r = is_value(json_object_get(one, "elem") ? json_object_get(json_object_get(one, "elem"), "val") :
						 one, addr, number);

			if (r == YES)
				return YES;
			if (r == MAYBE)
				best = MAYBE;
		}
		return best;
	}
	if (json_object_get(v, "range"))
		return in_range(json_object_get(v, "range"), addr, number);
	if (json_object_get(v, "prefix")) {
		const json_t *prefix = json_object_get(v, "prefix");

		return addr ? in_prefix(text_of(prefix, "addr"), (unsigned)json_integer_value(json_object_get(prefix, "len")), addr) :
			      MAYBE;
	}
	if (!addr)
		return is_number(v, number);
	if (json_is_string(v) && *json_string_value(v) != '@')
		return in_prefix(json_string_value(v), strchr(addr, ':') ? 128 : 32, addr);
	return MAYBE;
}

static enum answer has_word(const json_t *v, const char *word)
{
	const json_t *list = json_is_array(v) ? v : json_object_get(v, "set"), *one;
	size_t i;

	if (json_is_string(v))
		return *json_string_value(v) == '@' ? MAYBE : !fnmatch(json_string_value(v), word, 0) ? YES : NO;
	if (!json_is_array(list))
		return MAYBE;
	json_array_foreach(list, i, one)
		if (has_word(one, word) != NO)
			return has_word(one, word);
	return NO;
}

/* ---- what a rule asks ---- */

static enum answer ask_payload(const struct walk *w, const json_t *left, const json_t *right)
{
	const char *proto = text_of(left, "protocol"), *field = text_of(left, "field");
	bool ip = !strcmp(proto, "ip"), ip6 = !strcmp(proto, "ip6");

	if (ip || ip6) {
		if (ip6 != w->v6)
			return NO;
		if (!strcmp(field, "saddr"))
			return is_value(right, w->p->saddr, 0);
		if (!strcmp(field, "daddr"))
			return is_value(right, w->p->daddr, 0);
		if (!strcmp(field, "protocol") || !strcmp(field, "nexthdr"))
			return is_value(right, NULL, IPPROTO_UDP);
		return MAYBE;
	}
	if (!strcmp(proto, "udp") || !strcmp(proto, "th"))
		return !strcmp(field, "dport") ? is_value(right, NULL, w->p->dport) :
		       !strcmp(field, "sport") ? is_value(right, NULL, w->p->sport) : MAYBE;
	if (!*proto || !strcmp(proto, "ether") || !strcmp(proto, "vlan"))
		return MAYBE;
	return NO;		/* another protocol above IP than UDP */
}

static enum answer ask_meta(const struct walk *w, const char *key, const json_t *right)
{
	if (!strcmp(key, "l4proto"))
		return is_value(right, NULL, IPPROTO_UDP);
	if (!strcmp(key, "nfproto"))
		return has_word(right, w->v6 ? "ipv6" : "ipv4");
	if (!strcmp(key, "protocol"))
		return has_word(right, w->v6 ? "ip6" : "ip");
	if (!strcmp(key, "iifname") || !strcmp(key, "iif") || !strcmp(key, "oifname") || !strcmp(key, "oif")) {
		if ((*key == 'o') != w->out)
			return NO;	/* it has no interface of that side */
		return w->p->dev ? has_word(right, w->p->dev) : MAYBE;
	}
	return MAYBE;
}

static enum answer ask(const struct walk *w, const json_t *match)
{
	const json_t *left = json_object_get(match, "left"), *right = json_object_get(match, "right");
	const char *op = text_of(match, "op");
	enum answer r = MAYBE;

	if (json_object_get(left, "payload"))
		r = ask_payload(w, json_object_get(left, "payload"), right);
	else if (json_object_get(left, "meta"))
		r = ask_meta(w, text_of(json_object_get(left, "meta"), "key"), right);
	else if (!strcmp(text_of(json_object_get(left, "ct"), "key"), "state"))
		r = has_word(right, w->p->established ? "established" : "new");
	if (!strcmp(op, "!="))
		return r == MAYBE ? MAYBE : r == YES ? NO : YES;
	return !strcmp(op, "==") || !strcmp(op, "in") ? r : MAYBE;
}

/* ---- chains ---- */

static enum verdict walk_chain(struct walk *w, const char *family, const char *table, const char *chain, unsigned depth);

static void stopped_at(struct walk *w, const json_t *rule, const char *what)
{
	snprintf(w->ret->where, sizeof(w->ret->where), "table %s %.60s, chain %.60s, %s %lld", text_of(rule, "family"),
		 text_of(rule, "table"), text_of(rule, "chain"), what, (long long)json_integer_value(json_object_get(rule, "handle")));
}

static enum verdict walk_rule(struct walk *w, const json_t *rule, unsigned depth)
{
	const json_t *expr;
	bool sure = true;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, expr) {
		const json_t *call = json_object_get(expr, "jump");
		enum verdict v = GO_ON;

		if (json_object_get(expr, "match")) {
			enum answer r = ask(w, json_object_get(expr, "match"));

			if (r == NO)
				return GO_ON;
			sure = sure && r == YES;
		} else if (json_object_get(expr, "accept")) {
			v = ACCEPT;
		} else if (json_object_get(expr, "drop") || json_object_get(expr, "reject")) {
			v = DROP;
		} else if (json_object_get(expr, "return")) {
			v = RETURN;
		} else if (call || json_object_get(expr, "goto")) {
			const char *target = text_of(call ? call : json_object_get(expr, "goto"), "target");

			v = walk_chain(w, text_of(rule, "family"), text_of(rule, "table"), target, depth + 1);
			if (v == RETURN || v == GO_ON)
				v = call ? GO_ON : RETURN;
		} else if (!json_object_get(expr, "counter") && !json_object_get(expr, "log") && !json_object_get(expr, "mangle")) {
			sure = false;
		}
		if (v == GO_ON)
			continue;
		/* What may be so is not followed, but nothing behind it is certain any more. */
		if (!sure) {
			w->ret->sure = false;
			return GO_ON;
		}
		if (v == DROP && !*w->ret->where)
			stopped_at(w, rule, "rule");
		return v;
	}
	if (!sure && json_array_size(json_object_get(rule, "expr")))
		w->ret->sure = false;
	return GO_ON;
}

static enum verdict walk_chain(struct walk *w, const char *family, const char *table, const char *chain, unsigned depth)
{
	const json_t *item;
	size_t i;

	if (depth > MAX_DEPTH) {
		w->ret->sure = false;
		return GO_ON;
	}
	json_array_foreach(w->ruleset, i, item) {
		const json_t *rule = json_object_get(item, "rule");
		enum verdict v;

		if (!rule || strcmp(text_of(rule, "chain"), chain) || strcmp(text_of(rule, "table"), table) ||
		    strcmp(text_of(rule, "family"), family))
			continue;
		if (++w->rules > MAX_RULES) {
			w->ret->sure = false;
			return GO_ON;
		}
		v = walk_rule(w, rule, depth);
		if (v != GO_ON)
			return v;
	}
	return GO_ON;
}

/* A base chain: its rules, then its policy. */
static bool walk_base(struct walk *w, const json_t *chain)
{
	const char *family = text_of(chain, "family"), *table = text_of(chain, "table"), *name = text_of(chain, "name");
	enum verdict v = walk_chain(w, family, table, name, 0);

	if (v == DROP)
		return false;
	if (v != ACCEPT && !strcmp(text_of(chain, "policy"), "drop")) {
		snprintf(w->ret->where, sizeof(w->ret->where), "table %s %.60s, chain %.60s, its policy", family, table, name);
		return false;
	}
	return true;
}

void cman_nft_walk(const json_t *ruleset, const char *hook, const struct cman_packet *p, struct cman_passage *ret)
{
	struct walk w = { .ruleset = ruleset, .p = p, .v6 = strchr(p->daddr, ':') != NULL, .out = !strcmp(hook, "output"),
			  .ret = ret };
	const char *other = w.out ? "postrouting" : "prerouting";
	const json_t *item;
	size_t i;

	*ret = (struct cman_passage){ .sure = true };
	json_array_foreach(ruleset, i, item) {
		const json_t *chain = json_object_get(item, "chain");
		const char *family = text_of(chain, "family"), *at = text_of(chain, "hook");

		/* An accept ends one base chain only; so their order makes no difference to whether it is dropped. */
		if (!*at || !strcmp(text_of(chain, "type"), "nat") || (strcmp(at, hook) && strcmp(at, other)) ||
		    (strcmp(family, "inet") && strcmp(family, w.v6 ? "ip6" : "ip")))
			continue;
		if (!walk_base(&w, chain)) {
			ret->dropped = true;
			return;
		}
		*ret->where = '\0';
	}
}
