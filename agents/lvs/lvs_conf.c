/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_conf_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>



static bool opening(struct lvs_parser *p, const struct lvs_stmt *s, char *ret_name)
{
	if (s->n < 3 || strcmp(s->tok[2].text, "{")) {
		lvs_conf_fault(p, "missing arguments: write \"%s NAME {\" on one line", s->tok[0].text);
		return false;
	}
	if (s->n > 3) {
		lvs_conf_fault(p, "unexpected arguments: \"%.80s\" behind \"{\"", s->tok[3].text);
		return false;
	}
	if (!*s->tok[1].text || strlen(s->tok[1].text) >= LVS_NAME_MAX) {
		lvs_conf_fault(p, "invalid argument: the name has %zu characters; write 1 to %d", strlen(s->tok[1].text),
			LVS_NAME_MAX - 1);
		return false;
	}
	memcpy(ret_name, s->tok[1].text, strlen(s->tok[1].text) + 1);
	return true;
}

/* A faulty opening is read on as a block, so that its keys are judged at their own level. */
static void open_virtual(struct lvs_parser *p, const struct lvs_stmt *s)
{
	struct lvs_conf *c = p->conf;
	struct lvs_virtual *v;

	v = c->n_virtuals < LVS_MAX_VIRTUALS + 1
		? realloc(c->virtuals, (c->n_virtuals + 1) * sizeof(*v)) : NULL;
	if (!v) {
		p->error = -ENOMEM;
		return;
	}
	c->virtuals = v;
	v += c->n_virtuals++;
	*v = (struct lvs_virtual){ .line = s->line, .port = 80, .sched = LVS_WLC, .pmask_prefix = 128 };
	v->check.timeout_s = 10;
	v->check.reentry_s = 180;
	(void)opening(p, s, v->name);
	if (c->n_virtuals > LVS_MAX_VIRTUALS)
		lvs_conf_fault(p, "too many virtual servers: at most %d are possible", LVS_MAX_VIRTUALS);
	p->virt = v;
	p->failover = !strcmp(s->tok[0].text, "failover");
	p->told_active = false;
}

static void open_server(struct lvs_parser *p, const struct lvs_stmt *s)
{
	struct lvs_virtual *v = p->virt;
	struct lvs_server *r;

	r = v->n_servers < LVS_MAX_SERVERS + 1 ? realloc(v->servers, (v->n_servers + 1) * sizeof(*r)) : NULL;
	if (!r) {
		p->error = -ENOMEM;
		return;
	}
	v->servers = r;
	r += v->n_servers++;
	/* COMPAT: the default port is the virtual's at this moment of reading. */
	*r = (struct lvs_server){ .line = s->line, .weight = 1, .port = v->port };
	(void)opening(p, s, r->name);
	if (v->n_servers > LVS_MAX_SERVERS)
		lvs_conf_fault(p, "too many servers in virtual \"%s\": at most %d are possible", v->name, LVS_MAX_SERVERS);
	p->server = r;
	p->told_server_active = false;
}

/* COMPAT: nothing said about a service on port 80 means a web server (lvs.md 5.3). */
static void finish_check(struct lvs_virtual *v)
{
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";
	struct lvs_check_spec *c = &v->check;

	c->udp = v->udp;
	if (v->port != 80 || c->udp || c->has_send || c->has_expect || c->program[0])
		return;
	c->send_len = sizeof(get) - 1;
	memcpy(c->send, get, sizeof(get) - 1);
	c->expect_len = 4;
	memcpy(c->expect, "HTTP", 4);
	c->has_send = c->has_expect = true;
}

static void close_block(struct lvs_parser *p)
{
	struct lvs_conf *c = p->conf;
	struct lvs_virtual *v = p->virt;

	if (p->server) {
		if (!p->told_server_active && !p->failover)
			lvs_conf_warn(p, "server \"%s\" has no \"active = 1\": it is not used", p->server->name);
		p->server = NULL;
	} else if (v) {
		if (!p->told_active && !p->failover)
			lvs_conf_warn(p, "virtual \"%s\" has no \"active = 1\": it is not used", v->name);
		finish_check(v);
		if (v->vip.addr.family == AF_INET && v->pmask_prefix > 32)
			v->pmask_prefix = 32;
		if (p->failover) {
			free(v->servers);
			c->n_virtuals--;
			c->n_failover++;
		}
		p->virt = NULL;
	} else {
		lvs_conf_fault(p, "unknown command: \"}\" without an open block; remove it");
	}
}

static void statement(struct lvs_parser *p, const struct lvs_stmt *s)
{
	const char *first = s->tok[0].text;

	if (first[0] == '}' && !s->tok[0].quoted) {
		if (first[1] || s->n > 1)
			lvs_conf_warn(p, "text behind \"}\" is left out");
		close_block(p);
	} else if (p->server) {
		lvs_conf_assign(p, s);
	} else if (p->virt && !strcmp(first, "server")) {
		open_server(p, s);
	} else if (p->virt) {
		lvs_conf_assign(p, s);
	} else if (!strcmp(first, "virtual") || !strcmp(first, "failover")) {
		open_virtual(p, s);
	} else {
		lvs_conf_assign(p, s);
	}
}

int lvs_conf_parse(const char *file, const char *text, size_t len, bool is_inline, bool lookup_hosts,
	struct lvs_conf **ret, struct clu_buf *errs, struct clu_buf *warns)
{
	struct lvs_parser p = { .file = file, .errs = errs, .warns = warns, .lookup_hosts = lookup_hosts };
	struct clu_buf copy = CLU_BUF_INIT;
	struct lvs_lex lex;
	struct lvs_stmt s;

	if (len > LVS_MAX_TEXT || memchr(text, '\0', len)) {
		clu_buf_printf(errs, "%s:1: invalid argument: %s; this is no lvs.cf\n", file,
			len > LVS_MAX_TEXT ? "longer than 1 MiB" : "holds a zero byte");
		return -EINVAL;
	}
	if (is_inline)
		lvs_lex_from_inline(text, len, &copy);
	else
		clu_buf_append(&copy, text, len);
	clu_buf_append(&copy, "", 0);
	p.conf = calloc(1, sizeof(*p.conf));
	if (copy.error || !p.conf) {
		clu_buf_free(&copy);
		free(p.conf);
		return -ENOMEM;
	}
	snprintf(p.conf->service, sizeof(p.conf->service), "lvs");
	if (copy.len) {
		lvs_lex_init(&lex, file, copy.data, warns);
		while (!p.error && p.n_errs <= LVS_MAX_FAULTS && lvs_lex_next(&lex, &s)) {
			p.line = s.line;
			p.any = true;
			if (s.fault)
				lvs_conf_fault(&p, "%s: %s", s.fault, *s.fault == 'q' ? "a quote is opened and not closed on this line"
					: "the line holds too many words; quote a value that holds blanks");
			else
				statement(&p, &s);
		}
	}
	if (!p.error && (p.virt || p.server)) {
		lvs_conf_warn(&p, "the file ends inside a block; \"}\" is missing");
		while (p.virt || p.server)
			close_block(&p);
	}
	if (!p.any) {
		p.line = 1;
		lvs_conf_fault(&p, "Empty configuration: no statement; write at least one virtual block (see lvs.cf(5))");
	}
	clu_buf_free(&copy);
	if (!p.error && p.n_errs)
		p.error = -EINVAL;
	if (p.error) {
		lvs_conf_free(p.conf);
		return p.error;
	}
	*ret = p.conf;
	return 0;
}

struct lvs_conf *lvs_conf_free(struct lvs_conf *c)
{
	if (!c)
		return NULL;
	for (unsigned i = 0; i < c->n_virtuals; i++)
		free(c->virtuals[i].servers);
	free(c->virtuals);
	free(c);
	return NULL;
}
