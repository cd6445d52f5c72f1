/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lvs.cf as a file: reading it, and writing what was understood. */
#include "config.h"

#include "lvs_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_all(const char *file, struct clu_buf *ret)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	char *p;

	if (fd < 0)
		return -errno;
	do {
		p = clu_buf_grow(ret, 4096);
		n = p ? read(fd, p, 4096) : 0;
		if (p && n < 4096)
			ret->len -= n > 0 ? (size_t)(4096 - n) : 4096;
	} while ((n > 0 || (n < 0 && errno == EINTR)) && ret->len <= LVS_MAX_TEXT);
	n = n < 0 ? -errno : 0;
	close(fd);
	return ret->error ? ret->error : ret->len > LVS_MAX_TEXT ? -EFBIG : (int)n;
}

int lvs_conf_load(const char *file, bool is_inline, bool lookup_hosts, struct lvs_conf **ret,
	struct clu_buf *errs, struct clu_buf *warns)
{
	struct clu_buf text = CLU_BUF_INIT;
	int r = read_all(file, &text);

	if (r < 0)
		clu_buf_printf(errs, "%s: cannot be read: %s; %s\n", file, strerror(-r),
			r == -ENOENT ? "create it (see lvs.cf(5)) or name another file with -c" : "check the file");
	else
		r = lvs_conf_parse(file, clu_buf_text(&text), text.len, is_inline, lookup_hosts, ret, errs, warns);
	clu_buf_free(&text);
	return r;
}

static void put_text(struct clu_buf *b, const char *key, const unsigned char *text, unsigned len)
{
	clu_buf_printf(b, "     %s = \"", key);
	for (unsigned i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c == '\n' || c == '\r' || c == '\t')
			clu_buf_printf(b, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
		else if (c == '"' || (c == '\\' && len > 1))
			clu_buf_printf(b, "\\%c", c);
		else
			clu_buf_append(b, &c, 1);
	}
	clu_buf_str(b, "\"\n");
}

static void put_float(struct clu_buf *b, const char *indent, const char *key, const char *mask,
	const struct lvs_float *f)
{
	char text[LVS_ADDR_TEXT];

	if (f->addr.family == AF_UNSPEC)
		return;
	clu_buf_printf(b, "%s%s = %s %s\n", indent, key, lvs_addr_text(&f->addr, text), f->label);
	if (f->has_prefix)
		clu_buf_printf(b, "%s%s = %u\n", indent, mask, f->prefix);
}

static void put_virtual(struct clu_buf *b, const struct lvs_virtual *v)
{
	const struct lvs_check_spec *c = &v->check;
	char text[LVS_ADDR_TEXT];

	clu_buf_printf(b, "virtual \"%s\" {\n     active = %d\n", v->name, v->active);
	put_float(b, "     ", "address", "vip_nmask", &v->vip);
	if (v->sorry.family != AF_UNSPEC)
		clu_buf_printf(b, "     sorry_server = %s\n", lvs_addr_text(&v->sorry, text));
	if (v->fwmark)
		clu_buf_printf(b, "     fwmark = %u\n", v->fwmark);
	clu_buf_printf(b, "     port = %u\n", v->port);
	if (v->persistent_s)
		clu_buf_printf(b, "     persistent = %u\n", v->persistent_s);
	if (v->pmask_prefix < (v->vip.addr.family == AF_INET ? 32u : 128u))
		clu_buf_printf(b, "     pmask = %u\n", v->pmask_prefix);
	if (c->has_send)
		put_text(b, "send", c->send, c->send_len);
	if (c->has_expect)
		put_text(b, "expect", c->expect, c->expect_len);
	if (c->use_regex)
		clu_buf_str(b, "     use_regex = 1\n");
	if (c->program[0])
		clu_buf_printf(b, "     send_program = \"%s\"\n", c->program);
	clu_buf_printf(b, "     load_monitor = %s\n", v->load_monitor[0] ? v->load_monitor : "none");
	clu_buf_printf(b, "     scheduler = %s\n     protocol = %s\n     timeout = %u\n     reentry = %u\n"
		"     quiesce_server = %d\n", lvs_sched_names[v->sched], v->udp ? "udp" : "tcp", c->timeout_s,
		c->reentry_s, v->quiesce);
	for (unsigned i = 0; i < v->n_servers; i++) {
		const struct lvs_server *s = &v->servers[i];

		clu_buf_printf(b, "     server \"%s\" {\n         address = %s\n         active = %d\n"
			"         port = %u\n         weight = %u\n     }\n", s->name, lvs_addr_text(&s->addr, text),
			s->active, s->port, s->weight);
	}
	clu_buf_str(b, "}\n");
}

void lvs_conf_dump(const struct lvs_conf *c, struct clu_buf *ret)
{
	clu_buf_printf(ret, "serial_no = %ld\nservice = %s\nnetwork = %s\n", c->serial_no, c->service,
		lvs_method_names[c->method]);
	put_float(ret, "", "nat_router", "nat_nmask", &c->nat_router);
	clu_buf_printf(ret, "tcp_timeout = %u\ntcpfin_timeout = %u\nudp_timeout = %u\n", c->tcp_timeout_s,
		c->tcpfin_timeout_s, c->udp_timeout_s);
	for (unsigned i = 0; i < c->n_virtuals; i++)
		put_virtual(ret, &c->virtuals[i]);
}
