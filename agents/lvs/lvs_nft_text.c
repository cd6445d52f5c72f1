/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_nft_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lvs_wheel.h"

#define STICK_SIZE 65536	/* clients remembered; beyond it new ones are not */

int lvs_nft_table_name(const char *instance, char ret[LVS_NFT_NAME])
{
	if (!*instance || strlen(instance) >= LVS_NAME_MAX ||
		strspn(instance, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
		strlen(instance))
		return -EINVAL;
	snprintf(ret, LVS_NFT_NAME, "hawser-lvs-%s", instance);
	return 0;
}

void lvs_nft_name(const char *part, const struct lvs_svc *s, const struct lvs_dest *d, char ret[LVS_NFT_NAME])
{
	char vip[LVS_ADDR_TEXT], rip[LVS_ADDR_TEXT];
	int n;

	if (s->fwmark)
		n = snprintf(ret, LVS_NFT_NAME, "%s-%s-mark-%u", part, s->addr.family == AF_INET6 ? "ip6" : "ip",
			s->fwmark);
	else
		n = snprintf(ret, LVS_NFT_NAME, "%s-%s-%s-%u", part, lvs_addr_text(&s->addr, vip),
			s->udp ? "udp" : "tcp", s->port);
	if (d)
		snprintf(ret + n, LVS_NFT_NAME - (size_t)n, "-%s-%u", lvs_addr_text(&d->addr, rip), d->port);
	for (char *p = ret; *p; p++) {
		if (*p == ':')
			*p = '_';
	}
}

struct batch {
	const char *table;
	struct clu_buf *out;
};

static void put(struct batch *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct batch *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	clu_buf_vprintf(b->out, fmt, ap);
	va_end(ap);
	clu_buf_str(b->out, "\n");
}

static bool is6(const struct lvs_svc *s)
{
	return s->addr.family == AF_INET6;
}

static const char *proto(const struct lvs_svc *s)
{
	return s->udp ? "udp" : "tcp";
}

static unsigned full_prefix(const struct lvs_svc *s)
{
	return is6(s) ? 128 : 32;
}

/* Only services by mark or without a port keep the packet's: all their destinations, or none (lvs_nft_check). */
static bool keeps_port(const struct lvs_svc *s)
{
	return s->fwmark ? !s->n_dests || !s->dests[0].port : !s->port;
}

static void put_base(struct batch *b)
{
	const char *t = b->table;

	put(b, "add table inet %s\ndelete table inet %s\nadd table inet %s", t, t, t);
	for (int v6 = 0; v6 < 2; v6++) {
		const char *ip = v6 ? "ip6" : "ip";
		int n = v6 ? 6 : 4;

		put(b, "add map inet %s services%d { typeof %s daddr . meta l4proto . th dport : verdict; }", t, n, ip);
		put(b, "add map inet %s any%d { typeof %s daddr . meta l4proto : verdict; }", t, n, ip);
		put(b, "add map inet %s marks%d { type mark : verdict; }", t, n);
		put(b, "add set inet %s guard%d { typeof %s daddr . meta l4proto . th dport; }", t, n, ip);
	}
	put(b, "add chain inet %s pick", t);
	for (int v6 = 0; v6 < 2; v6++) {
		const char *ip = v6 ? "ip6" : "ip";
		int n = v6 ? 6 : 4;

		put(b, "add rule inet %s pick meta nfproto ipv%d meta mark vmap @marks%d", t, n, n);
		put(b, "add rule inet %s pick %s daddr . meta l4proto . th dport vmap @services%d", t, ip, n);
		put(b, "add rule inet %s pick %s daddr . meta l4proto vmap @any%d", t, ip, n);
	}
	put(b, "add chain inet %s prerouting { type nat hook prerouting priority dstnat; policy accept; }", t);
	put(b, "add rule inet %s prerouting jump pick", t);
	put(b, "add chain inet %s output { type nat hook output priority -100; policy accept; }", t);
	put(b, "add rule inet %s output jump pick", t);
	put(b, "add chain inet %s forward { type filter hook forward priority filter; policy accept; }", t);
	put(b, "add chain inet %s input { type filter hook input priority filter; policy accept; }", t);
	for (int v6 = 0; v6 < 2; v6++) {
		const char *ip = v6 ? "ip6" : "ip";
		int n = v6 ? 6 : 4;

		/*
		 * A packet that conntrack cannot place must not end its connection by a reset. This rule also keeps
		 * conntrack itself at work while no server is left: without any user the kernel would stop it, and
		 * established connections would lose their binding.
		 */
		put(b, "add rule inet %s input ct state invalid %s daddr . meta l4proto . th dport @guard%d drop", t, ip, n);
		put(b, "add rule inet %s input meta l4proto tcp %s daddr . meta l4proto . th dport @guard%d"
			" reject with tcp reset", t, ip, n);
		put(b, "add rule inet %s input %s daddr . meta l4proto . th dport @guard%d reject with icmpx"
			" port-unreachable", t, ip, n);
	}
}

/* The element by which the base chain finds the service. */
static void put_entry(struct batch *b, const char *verb, const struct lvs_svc *s)
{
	char addr[LVS_ADDR_TEXT], chain[LVS_NFT_NAME];
	int n = is6(s) ? 6 : 4;

	lvs_nft_name("svc", s, NULL, chain);
	lvs_addr_text(&s->addr, addr);
	if (s->fwmark) {
		put(b, "%s element inet %s marks%d { %u : goto %s }", verb, b->table, n, s->fwmark, chain);
	} else if (!s->port) {
		put(b, "%s element inet %s any%d { %s . %s : goto %s }", verb, b->table, n, addr, proto(s), chain);
	} else {
		put(b, "%s element inet %s services%d { %s . %s . %u : goto %s }", verb, b->table, n, addr, proto(s),
			s->port, chain);
		put(b, "%s element inet %s guard%d { %s . %s . %u }", verb, b->table, n, addr, proto(s), s->port);
	}
}

static void mask_text(const struct lvs_svc *s, char ret[LVS_ADDR_TEXT + 4])
{
	struct lvs_addr all = { .family = s->addr.family };
	char text[LVS_ADDR_TEXT];

	*ret = '\0';
	if (s->pmask_prefix >= full_prefix(s))
		return;
	memset(all.a, 0xff, is6(s) ? 16 : 4);
	all = lvs_addr_masked(&all, s->pmask_prefix);
	snprintf(ret, LVS_ADDR_TEXT + 4, " & %s", lvs_addr_text(&all, text));
}

/* Rules of svc-X, into an empty chain. */
static void put_rules(struct batch *b, const struct lvs_svc *s, unsigned size)
{
	char svc[LVS_NFT_NAME], wheel[LVS_NFT_NAME], stick[LVS_NFT_NAME], mask[LVS_ADDR_TEXT + 4];
	const char *ip = is6(s) ? "ip6" : "ip";

	lvs_nft_name("svc", s, NULL, svc);
	lvs_nft_name("wheel", s, NULL, wheel);
	lvs_nft_name("stick", s, NULL, stick);
	mask_text(s, mask);
	if (s->persistent_s)
		put(b, "add rule inet %s %s meta l4proto %s counter dnat %s to %s saddr%s map @%s", b->table, svc,
			proto(s), ip, ip, mask, stick);
	if (s->sched == LVS_SH || s->sched == LVS_DH)
		put(b, "add rule inet %s %s jhash %s %s mod %u seed 0x6861 vmap @%s", b->table, svc, ip,
			s->sched == LVS_SH ? "saddr" : "daddr", size, wheel);
	else
		put(b, "add rule inet %s %s numgen inc mod %u vmap @%s", b->table, svc, size, wheel);
}

static void put_stick(struct batch *b, const struct lvs_svc *s)
{
	char svc_learn[LVS_NFT_NAME], stick[LVS_NFT_NAME], mask[LVS_ADDR_TEXT + 4], addr[LVS_ADDR_TEXT];
	const char *ip = is6(s) ? "ip6" : "ip";
	char data[64], match[160] = "";
	int n = 0;

	if (!s->persistent_s)
		return;
	lvs_nft_name("learn", s, NULL, svc_learn);
	lvs_nft_name("stick", s, NULL, stick);
	mask_text(s, mask);
	snprintf(data, sizeof(data), "%s daddr%s%s%s", ip, keeps_port(s) ? "" : " . ", keeps_port(s) ? "" : proto(s),
		keeps_port(s) ? "" : " dport");
	put(b, "add map inet %s %s { typeof %s saddr : %s; flags dynamic,timeout; timeout %us; size %u; }", b->table,
		stick, ip, data, s->persistent_s, STICK_SIZE);
	if (s->fwmark)
		n = snprintf(match, sizeof(match), "meta mark %u ", s->fwmark);
	else
		n = snprintf(match, sizeof(match), "ct original %s daddr %s ", ip, lvs_addr_text(&s->addr, addr));
	if (!s->fwmark && s->port)
		snprintf(match + n, sizeof(match) - (size_t)n, "ct original proto-dst %u ", s->port);
	put(b, "add chain inet %s %s", b->table, svc_learn);
	put(b, "add rule inet %s %s meta l4proto %s %sct status dnat update @%s { %s saddr%s : %s }", b->table,
		svc_learn, proto(s), match, stick, ip, mask, data);
}

static void drop_stick(struct batch *b, const struct lvs_svc *s)
{
	char name[LVS_NFT_NAME];

	if (!s->persistent_s)
		return;
	lvs_nft_name("learn", s, NULL, name);
	put(b, "flush chain inet %s %s\ndelete chain inet %s %s", b->table, name, b->table, name);
	lvs_nft_name("stick", s, NULL, name);
	put(b, "delete map inet %s %s", b->table, name);
}

static void put_dest(struct batch *b, const struct lvs_svc *s, const struct lvs_dest *d)
{
	char chain[LVS_NFT_NAME], count[LVS_NFT_NAME], to[LVS_ADDR_TEXT];
	const char *ip = is6(s) ? "ip6" : "ip";

	lvs_nft_name("to", s, d, chain);
	lvs_nft_name("count", s, d, count);
	put(b, "add counter inet %s %s", b->table, count);
	put(b, "add chain inet %s %s", b->table, chain);
	if (d->port)
		put(b, "add rule inet %s %s meta l4proto %s counter name %s dnat %s to %s", b->table, chain, proto(s),
			count, ip, lvs_addr_port_text(&d->addr, d->port, to));
	else
		put(b, "add rule inet %s %s counter name %s dnat %s to %s", b->table, chain, count, ip,
			lvs_addr_text(&d->addr, to));
}

static void drop_chain(struct batch *b, const char *part, const struct lvs_svc *s, const struct lvs_dest *d)
{
	char chain[LVS_NFT_NAME];

	lvs_nft_name(part, s, d, chain);
	put(b, "flush chain inet %s %s\ndelete chain inet %s %s", b->table, chain, b->table, chain);
}

static void drop_dest(struct batch *b, const struct lvs_svc *s, const struct lvs_dest *d)
{
	char count[LVS_NFT_NAME];

	drop_chain(b, "to", s, d);
	lvs_nft_name("count", s, d, count);
	put(b, "delete counter inet %s %s", b->table, count);
}

/* Slots whose destination differs between the two wheels, as elements to delete or to add. */
static void put_slots(struct batch *b, const char *verb, const struct lvs_svc *s, const struct lvs_wheel *w,
	const struct lvs_svc *other, const struct lvs_wheel *ow)
{
	char wheel[LVS_NFT_NAME], chain[LVS_NFT_NAME];
	bool any = false;

	lvs_nft_name("wheel", s, NULL, wheel);
	for (unsigned i = 0; i < w->size; i++) {
		const struct lvs_dest *d = w->slot[i] == LVS_WHEEL_NONE ? NULL : &s->dests[w->slot[i]];
		const struct lvs_dest *o = !other || i >= ow->size || ow->slot[i] == LVS_WHEEL_NONE ? NULL
			: &other->dests[ow->slot[i]];

		if (!d || (o && !lvs_dest_cmp(d, o)))
			continue;
		if (!any)
			clu_buf_printf(b->out, "%s element inet %s %s { ", verb, b->table, wheel);
		lvs_nft_name("to", s, d, chain);
		clu_buf_printf(b->out, "%s%u : goto %s", any ? ", " : "", i, chain);
		any = true;
	}
	if (any)
		clu_buf_str(b->out, " }\n");
}

static void add_svc(struct batch *b, const struct lvs_svc *s)
{
	char name[LVS_NFT_NAME];
	struct lvs_wheel w;

	lvs_wheel_build(s, &w);
	lvs_nft_name("wheel", s, NULL, name);
	put(b, "add map inet %s %s { typeof numgen inc mod %u : verdict; }", b->table, name, LVS_WHEEL_MAX);
	put_stick(b, s);
	lvs_nft_name("svc", s, NULL, name);
	put(b, "add chain inet %s %s", b->table, name);
	put_rules(b, s, w.size);
	for (unsigned i = 0; i < s->n_dests; i++)
		put_dest(b, s, &s->dests[i]);
	put_slots(b, "add", s, &w, NULL, NULL);
	put_entry(b, "add", s);
}

static void del_svc(struct batch *b, const struct lvs_svc *s)
{
	char name[LVS_NFT_NAME];

	put_entry(b, "delete", s);
	drop_chain(b, "svc", s, NULL);
	drop_stick(b, s);
	lvs_nft_name("wheel", s, NULL, name);
	put(b, "flush map inet %s %s\ndelete map inet %s %s", b->table, name, b->table, name);
	for (unsigned i = 0; i < s->n_dests; i++)
		drop_dest(b, s, &s->dests[i]);
}

static bool has_dest(const struct lvs_svc *s, const struct lvs_dest *d)
{
	for (unsigned i = 0; i < s->n_dests; i++) {
		if (!lvs_dest_cmp(&s->dests[i], d))
			return true;
	}
	return false;
}

static bool same_stick(const struct lvs_svc *a, const struct lvs_svc *b)
{
	return a->persistent_s == b->persistent_s && (!a->persistent_s ||
		(a->pmask_prefix == b->pmask_prefix && keeps_port(a) == keeps_port(b)));
}

static void change_svc(struct batch *b, const struct lvs_svc *have, const struct lvs_svc *want)
{
	struct lvs_wheel hw, ww;
	char svc[LVS_NFT_NAME];
	bool stick = !same_stick(have, want);

	lvs_wheel_build(have, &hw);
	lvs_wheel_build(want, &ww);
	for (unsigned i = 0; i < want->n_dests; i++) {
		if (!has_dest(have, &want->dests[i]))
			put_dest(b, want, &want->dests[i]);
	}
	if (stick || have->sched != want->sched || hw.size != ww.size) {
		lvs_nft_name("svc", want, NULL, svc);
		put(b, "flush chain inet %s %s", b->table, svc);
		if (stick) {
			drop_stick(b, have);
			put_stick(b, want);
		}
		put_rules(b, want, ww.size);
	}
	put_slots(b, "delete", have, &hw, want, &ww);
	put_slots(b, "add", want, &ww, have, &hw);
	for (unsigned i = 0; i < have->n_dests; i++) {
		if (!has_dest(want, &have->dests[i]))
			drop_dest(b, have, &have->dests[i]);
	}
}

/* The forward chain leads new connections through every learner. It is written anew when that list changes. */
static void put_learners(struct batch *b, const struct lvs_table *t)
{
	char name[LVS_NFT_NAME];

	for (unsigned i = 0; i < t->n_svcs; i++) {
		if (!t->svcs[i].persistent_s)
			continue;
		lvs_nft_name("learn", &t->svcs[i], NULL, name);
		put(b, "add rule inet %s forward ct state new jump %s", b->table, name);
	}
}

static bool learners_change(const struct lvs_table *have, const struct lvs_table *want)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		const struct lvs_table *a = pass ? want : have, *o = pass ? have : want;

		for (unsigned i = 0; i < a->n_svcs; i++) {
			const struct lvs_svc *s = lvs_table_find(o, &a->svcs[i]);

			if (s ? !same_stick(s, &a->svcs[i]) : a->svcs[i].persistent_s > 0)
				return true;
		}
	}
	return false;
}

int lvs_nft_batch(const char *table, const struct lvs_table *have, const struct lvs_table *want, struct clu_buf *ret)
{
	static const struct lvs_table none = { NULL, 0 };
	struct batch b = { table, ret };
	struct lvs_change *list = NULL;
	bool learn;
	int n;

	if (!have)
		put_base(&b);
	have = have ? have : &none;
	n = lvs_table_diff(have, want, &list);
	if (n < 0)
		return n;
	learn = learners_change(have, want);
	if (learn)
		put(&b, "flush chain inet %s forward", table);
	for (int i = 0; i < n; i++) {
		const struct lvs_change *c = &list[i];

		if (c->kind == LVS_ADD_SVC)
			add_svc(&b, c->svc);
		else if (c->kind == LVS_DEL_SVC)
			del_svc(&b, c->svc);
		else if (lvs_table_find(have, c->svc))
			change_svc(&b, lvs_table_find(have, c->svc), c->svc);
		/* All changes of one service are one piece here. */
		while (i + 1 < n && list[i + 1].svc == c->svc)
			i++;
	}
	if (learn)
		put_learners(&b, want);
	free(list);
	return ret->error;
}

int lvs_nft_check(const char *file, const struct lvs_conf *c, struct clu_buf *why)
{
	unsigned faults = 0;

	if (c->method != LVS_NAT) {
		clu_buf_printf(why, "%s: network = %s: this kernel has no ip_vs, and the nft director forwards by NAT only;"
			" load ip_vs, or write network = nat\n", file, lvs_method_names[c->method]);
		faults++;
	}
	for (unsigned i = 0; i < c->n_virtuals; i++) {
		const struct lvs_virtual *v = &c->virtuals[i];
		bool keeps = false, maps = false;

		if (!v->active)
			continue;
		if (v->sched != LVS_RR && v->sched != LVS_WRR && v->sched != LVS_SH && v->sched != LVS_DH) {
			clu_buf_printf(why, "%s:%u: virtual \"%s\": scheduler %s%s: this kernel has no ip_vs, and the nft"
				" director cannot count a server's open connections; load ip_vs, or write \"scheduler = %s\"\n",
				file, v->line, v->name, lvs_sched_names[v->sched], v->sched == LVS_WLC ? " (the default)" : "",
				v->sched == LVS_LC ? "rr" : "wrr");
			faults++;
		}
		for (unsigned k = 0; k < v->n_servers; k++) {
			bool maps_this = v->servers[k].active && v->servers[k].port != (v->fwmark ? v->port : 0);

			maps |= maps_this;
			keeps |= v->servers[k].active && !maps_this;
		}
		if (v->persistent_s && keeps && maps) {
			clu_buf_printf(why, "%s:%u: virtual \"%s\": some servers have a port of their own and some keep the"
				" packet's: the nft director cannot remember clients of both; give all of them the same\n",
				file, v->line, v->name);
			faults++;
		}
	}
	return faults ? -ENOTSUP : 0;
}
