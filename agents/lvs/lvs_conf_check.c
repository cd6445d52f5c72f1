/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules between the keys of lvs.cf (lvs.md 2.7 and 2.8). */
#include "config.h"

#include "lvs_conf.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

struct judge {
	const char *file;
	struct clu_buf *errs, *warns;
	unsigned n_errs;
};

static void say(struct judge *j, bool is_error, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void say(struct judge *j, bool is_error, unsigned line, const char *fmt, ...)
{
	struct clu_buf *to = is_error ? j->errs : j->warns;
	va_list ap;

	j->n_errs += is_error;
	if (line)
		clu_buf_printf(to, "%s:%u: %s", j->file, line, is_error ? "" : "warning: ");
	else
		clu_buf_printf(to, "%s: %s", j->file, is_error ? "" : "warning: ");
	va_start(ap, fmt);
	clu_buf_vprintf(to, fmt, ap);
	va_end(ap);
	clu_buf_str(to, "\n");
}

static bool uses_weights(enum lvs_sched s)
{
	return s == LVS_WRR || s == LVS_WLC || s == LVS_LBLC || s == LVS_LBLCR;
}

static void check_checks(struct judge *j, const struct lvs_virtual *v)
{
	const struct lvs_check_spec *c = &v->check;
	char expect[LVS_TEXT_MAX];
	char text[128];
	regex_t re;
	int r;

	if (!c->timeout_s)
		say(j, true, v->line, "virtual \"%s\": timeout = 0: checks would never wait; write 1 or more seconds",
			v->name);
	if (c->program[0] && !c->has_expect)
		say(j, true, v->line, "virtual \"%s\": send_program without expect: the check could never succeed; add"
			" the text that the program prints, for example expect = \"OK\"", v->name);
	if (c->program[0] && c->has_send)
		say(j, false, v->line, "virtual \"%s\": send has no effect beside send_program", v->name);
	if (c->udp && !c->program[0] && !c->has_expect)
		say(j, true, v->line, "virtual \"%s\": protocol = udp without expect: nothing tells whether a server"
			" answers; add send and expect, or a send_program", v->name);
	if (!c->use_regex)
		return;
	if (c->program[0] || !c->has_expect) {
		say(j, false, v->line, "virtual \"%s\": use_regex has no effect %s", v->name,
			c->program[0] ? "beside send_program" : "without expect");
		return;
	}
	memcpy(expect, c->expect, c->expect_len);
	expect[c->expect_len] = '\0';
	r = regcomp(&re, expect, REG_EXTENDED | REG_NOSUB);
	if (r) {
		regerror(r, &re, text, sizeof(text));
		say(j, true, v->line, "virtual \"%s\": expect is no extended regular expression (%s); mend it or leave"
			" out use_regex", v->name, text);
	} else {
		regfree(&re);
	}
}

static void check_servers(struct judge *j, const struct lvs_conf *c, const struct lvs_virtual *v)
{
	char text[LVS_ADDR_TEXT];
	unsigned used = 0;

	for (unsigned i = 0; i < v->n_servers; i++) {
		const struct lvs_server *s = &v->servers[i];

		if (!s->active)
			continue;
		used++;
		if (lvs_addr_is_any(&s->addr)) {
			say(j, true, s->line, "server \"%s\": no address; add \"address = ADDRESS\"", s->name);
			continue;
		}
		if (v->vip.addr.family != AF_UNSPEC && s->addr.family != v->vip.addr.family)
			say(j, true, s->line, "server \"%s\": %s is of another address family than the virtual server;"
				" use one family in a virtual block", s->name, lvs_addr_text(&s->addr, text));
		if (c->method != LVS_NAT && s->port != v->port)
			say(j, false, s->line, "server \"%s\": port %u has no effect: network = %s keeps port %u", s->name,
				s->port, lvs_method_names[c->method], v->port);
		if (!s->weight)
			say(j, false, s->line, "server \"%s\": weight = 0: it gets no new connections", s->name);
		for (unsigned k = 0; k < i; k++) {
			const struct lvs_server *o = &v->servers[k];

			if (o->active && !lvs_addr_cmp(&o->addr, &s->addr) && o->port == s->port)
				say(j, true, s->line, "server \"%s\": %s port %u is server \"%s\" already; remove one of"
					" them", s->name, lvs_addr_text(&s->addr, text), s->port, o->name);
		}
	}
	if (!used)
		say(j, false, v->line, "virtual \"%s\": no server with active = 1: %s", v->name,
			v->sorry.family != AF_UNSPEC ? "the sorry server gets everything" : "connections are refused");
}

/* Virtual servers of one mark are one service of the director (lvs.md 8.5). */
static void check_group(struct judge *j, const struct lvs_virtual *a, const struct lvs_virtual *b)
{
	if (a->sched != b->sched)
		say(j, true, b->line, "virtual \"%s\": scheduler %s, but \"%s\" with the same fwmark %u has %s; write the"
			" same", b->name, lvs_sched_names[b->sched], a->name, a->fwmark, lvs_sched_names[a->sched]);
	if (a->persistent_s != b->persistent_s || a->pmask_prefix != b->pmask_prefix)
		say(j, true, b->line, "virtual \"%s\": persistent or pmask differs from \"%s\" with the same fwmark %u;"
			" write the same", b->name, a->name, a->fwmark);
}

static void check_virtual(struct judge *j, const struct lvs_conf *c, unsigned n)
{
	const struct lvs_virtual *v = &c->virtuals[n];
	char text[LVS_ADDR_TEXT];

	if (lvs_addr_is_any(&v->vip.addr)) {
		say(j, true, v->line, "virtual \"%s\": no address; add \"address = ADDRESS DEVICE:N\"", v->name);
		return;
	}
	if (v->vip.has_prefix && v->vip.addr.family == AF_INET && v->vip.prefix > 32)
		say(j, true, v->line, "virtual \"%s\": Bad subnet mask specified: /%u for an IPv4 address; write 0 to 32",
			v->name, v->vip.prefix);
	if (!v->port && !v->fwmark && !v->persistent_s)
		say(j, true, v->line, "virtual \"%s\": port = 0 (all ports) needs persistence; add \"persistent ="
			" SECONDS\"", v->name);
	if (v->fwmark && !v->persistent_s)
		say(j, false, v->line, "virtual \"%s\": fwmark without persistent: the ports of one client may meet"
			" different servers", v->name);
	if (v->pmask_prefix < (v->vip.addr.family == AF_INET ? 32u : 128u) && !v->persistent_s)
		say(j, false, v->line, "virtual \"%s\": pmask has no effect without persistent", v->name);
	if (v->load_monitor[0] && strcmp(v->load_monitor, "none"))
		say(j, false, v->line, "virtual \"%s\": load_monitor = %s: lvsd keeps the configured weights and reads no"
			" load; use wlc to follow the load%s", v->name, v->load_monitor,
			uses_weights(v->sched) ? "" : " (the scheduler given ignores weights)");
	if (v->sorry.family != AF_UNSPEC && v->sorry.family != v->vip.addr.family)
		say(j, true, v->line, "virtual \"%s\": sorry_server is of another address family than the virtual server",
			v->name);
	for (unsigned i = 0; i < n; i++) {
		const struct lvs_virtual *o = &c->virtuals[i];

		if (!o->active || lvs_addr_is_any(&o->vip.addr))
			continue;
		if (v->fwmark && o->fwmark == v->fwmark && o->vip.addr.family == v->vip.addr.family)
			check_group(j, o, v);
		if (lvs_addr_cmp(&o->vip.addr, &v->vip.addr))
			continue;
		if (!v->fwmark && !o->fwmark && v->port == o->port && v->udp == o->udp)
			say(j, true, v->line, "virtual \"%s\": %s port %u is virtual \"%s\" already; remove one of them",
				v->name, lvs_addr_text(&v->vip.addr, text), v->port, o->name);
		if (strcmp(v->vip.dev, o->vip.dev))
			say(j, true, v->line, "virtual \"%s\": %s is on device %s in virtual \"%s\" and on %s here; write"
				" the same", v->name, lvs_addr_text(&v->vip.addr, text), o->vip.dev, o->name, v->vip.dev);
	}
	check_checks(j, v);
	check_servers(j, c, v);
}

unsigned lvs_conf_check(const char *file, const struct lvs_conf *c, struct clu_buf *errs, struct clu_buf *warns)
{
	struct judge j = { .file = file, .errs = errs, .warns = warns };
	unsigned active = 0;

	if (!strcmp(c->service, "fos")) {
		say(&j, true, 0, "service = fos: failover services are run by rgmanager, not by lvsd; write them as"
			" <service> in cluster.conf, or service = lvs");
		return j.n_errs;
	}
	if (c->n_failover)
		say(&j, false, 0, "failover blocks are not used with service = lvs");
	if (c->nat_router.addr.family != AF_UNSPEC && c->method != LVS_NAT)
		say(&j, false, 0, "nat_router has no effect with network = %s", lvs_method_names[c->method]);
	for (unsigned i = 0; i < c->n_virtuals; i++) {
		if (!c->virtuals[i].active)
			continue;
		active++;
		check_virtual(&j, c, i);
	}
	if (!active)
		say(&j, true, 0, "no active lvs services defined: add \"active = 1\" to a virtual block and to its servers");
	return j.n_errs;
}
