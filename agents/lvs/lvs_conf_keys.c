/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of lvs.cf: one row each, and how their values are read. */
#include "config.h"

#include "lvs_conf_priv.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const lvs_method_names[] = { "nat", "direct", "tunnel", NULL };
const char *const lvs_sched_names[] = { "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", NULL };
static const char *const service_names[] = { "lvs", "fos", NULL };
static const char *const protocol_names[] = { "tcp", "udp", NULL };

enum kind {
	K_UINT,		/* unsigned, min..max */
	K_LONG,
	K_BOOL,
	K_PORT,		/* uint16_t; number or service name */
	K_PORTNUM,	/* uint16_t; number only */
	K_ADDR,		/* struct lvs_addr; host or address */
	K_DOTTED,	/* struct lvs_addr; address only */
	K_FLOAT,	/* struct lvs_float; address and device */
	K_MASK,		/* of the struct lvs_float at off */
	K_PMASK,	/* unsigned prefix */
	K_SCHED, K_METHOD, K_SERVICE, K_PROTOCOL,
	K_NAME,		/* char[LVS_NAME_MAX] */
	K_TEXT,		/* send, expect: bytes with escapes */
	K_COMMAND,	/* char[LVS_TEXT_MAX] */
	/* Read by pulse, the panels or nobody: the form is checked, the value is not kept. */
	K_SKIP_UINT, K_SKIP_BOOL, K_SKIP_WORD, K_SKIP_PORT, K_SKIP_LIST
};

/* One key: form, place, bounds, and what to tell whoever sets it (NULL: nothing). */
struct row {
	const char *key;
	enum kind kind;
	size_t off;
	long min, max;
	const char *told;
};

#define G(field) offsetof(struct lvs_conf, field)
#define V(field) offsetof(struct lvs_virtual, field)
#define S(field) offsetof(struct lvs_server, field)

static const struct row global_rows[] = {
	{ "serial_no", K_LONG, G(serial_no), LONG_MIN, LONG_MAX, NULL },
	{ "primary", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "primary_private", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "primary_shared", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "backup", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "backup_active", K_SKIP_BOOL, 0, 0, 0, NULL },
	{ "backup_private", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "backup_shared", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "heartbeat", K_SKIP_BOOL, 0, 0, 0, NULL },
	{ "heartbeat_port", K_SKIP_PORT, 0, 0, 0, NULL },
	{ "keepalive", K_SKIP_UINT, 0, 0, INT_MAX, NULL },
	{ "deadtime", K_SKIP_UINT, 0, 0, INT_MAX, NULL },
	{ "rsh_command", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "service", K_SERVICE, G(service), 0, 0, NULL },
	{ "network", K_METHOD, G(method), 0, 0, NULL },
	{ "nat_router", K_FLOAT, G(nat_router), 0, 0, NULL },
	{ "nat_nmask", K_MASK, G(nat_router), 0, 0, NULL },
	{ "reservation_conflict_action", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "debug_level", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "monitor_links", K_SKIP_UINT, 0, 0, 1, NULL },
	{ "syncdaemon", K_SKIP_BOOL, 0, 0, 0,
		"connection sync is not started by lvsd: established connections do not survive a move" },
	{ "syncd_iface", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "syncd_id", K_SKIP_UINT, 0, 0, INT_MAX, NULL },
	{ "tcp_timeout", K_UINT, G(tcp_timeout_s), 0, 1000000, NULL },
	{ "tcpfin_timeout", K_UINT, G(tcpfin_timeout_s), 0, 1000000, NULL },
	{ "udp_timeout", K_UINT, G(udp_timeout_s), 0, 1000000, NULL },
	{ "hard_shutdown", K_SKIP_BOOL, 0, 0, 0, NULL },
	{ "ipvsadm", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "active_cmd", K_SKIP_WORD, 0, 0, 0,
		"run by pulse, not by lvsd: in a cluster, make it a script resource of the same service" },
	{ "inactive_cmd", K_SKIP_WORD, 0, 0, 0,
		"run by pulse, not by lvsd: in a cluster, make it a script resource of the same service" },
	{ "sync", K_SKIP_BOOL, 0, 0, 0, NULL },
};

static const struct row virtual_rows[] = {
	{ "active", K_BOOL, V(active), 0, 0, NULL },
	{ "address", K_FLOAT, V(vip), 0, 0, NULL },
	{ "vip_nmask", K_MASK, V(vip), 0, 0, NULL },
	{ "port", K_PORT, V(port), 0, 65535, NULL },
	{ "protocol", K_PROTOCOL, V(udp), 0, 0, NULL },
	{ "fwmark", K_UINT, V(fwmark), 0, UINT_MAX, NULL },
	{ "scheduler", K_SCHED, V(sched), 0, 0, NULL },
	{ "persistent", K_UINT, V(persistent_s), 0, 86400 * 31, NULL },
	{ "pmask", K_PMASK, V(pmask_prefix), 0, 0, NULL },
	{ "load_monitor", K_NAME, V(load_monitor), 0, 0, NULL },
	{ "timeout", K_UINT, V(check.timeout_s), 0, 86400, NULL },
	{ "reentry", K_UINT, V(check.reentry_s), 0, 86400 * 31, NULL },
	{ "send", K_TEXT, V(check.send), 0, 0, NULL },
	{ "expect", K_TEXT, V(check.expect), 0, 0, NULL },
	{ "use_regex", K_BOOL, V(check.use_regex), 0, 0, NULL },
	{ "send_program", K_COMMAND, V(check.program), 0, 0, NULL },
	{ "quiesce_server", K_BOOL, V(quiesce), 0, 0, NULL },
	{ "sorry_server", K_DOTTED, V(sorry), 0, 0, NULL },
	{ "client_monitor", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "start_cmd", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "stop_cmd", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "master", K_SKIP_WORD, 0, 0, 0, NULL },
	{ "dirs", K_SKIP_LIST, 0, 0, 0, NULL },
};

static const struct row server_rows[] = {
	{ "address", K_ADDR, S(addr), 0, 0, NULL },
	{ "active", K_BOOL, S(active), 0, 0, NULL },
	{ "weight", K_UINT, S(weight), 0, 65535, NULL },
	{ "port", K_PORTNUM, S(port), 0, 65535, NULL },
};

void lvs_conf_fault(struct lvs_parser *p, const char *fmt, ...)
{
	va_list ap;

	if (++p->n_errs > LVS_MAX_FAULTS)
		return;
	clu_buf_printf(p->errs, "%s:%u: ", p->file, p->line);
	va_start(ap, fmt);
	clu_buf_vprintf(p->errs, fmt, ap);
	va_end(ap);
	clu_buf_str(p->errs, "\n");
}

void lvs_conf_warn(struct lvs_parser *p, const char *fmt, ...)
{
	va_list ap;

	clu_buf_printf(p->warns, "%s:%u: warning: ", p->file, p->line);
	va_start(ap, fmt);
	clu_buf_vprintf(p->warns, fmt, ap);
	va_end(ap);
	clu_buf_str(p->warns, "\n");
}

unsigned lvs_conf_unescape(unsigned char *text, unsigned len)
{
	unsigned n = 0;

	if (len < 2)
		return len;
	for (unsigned i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c == '\\' && i + 1 < len) {
			c = text[++i];
			c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
		}
		text[n++] = c;
	}
	return n;
}

static bool read_long(const char *text, long min, long max, long *ret)
{
	char *end;

	errno = 0;
	/* COMPAT: base 0, so 0x1F and octal 017; "" reads as 0. */
	*ret = strtol(text, &end, 0);
	return !*end && !errno && *ret >= min && *ret <= max;
}

static void set_uint(struct lvs_parser *p, const struct row *r, const char *text, unsigned *ret)
{
	long n;

	if (!read_long(text, LONG_MIN, LONG_MAX, &n))
		lvs_conf_fault(p, "integer expected: %s = \"%.80s\" is not a number; write %ld to %ld", r->key, text, r->min,
			r->max);
	else if (n < r->min || n > r->max)
		lvs_conf_fault(p, "invalid argument: %s = %.80s is out of range; write %ld to %ld", r->key, text, r->min, r->max);
	else if (ret)
		*ret = (unsigned)n;
}

static void set_bool(struct lvs_parser *p, const struct row *r, const char *text, bool *ret)
{
	if (strcmp(text, "0") && strcmp(text, "1"))
		lvs_conf_fault(p, "boolean expected: %s = \"%.80s\"; write 0 or 1", r->key, text);
	else if (ret)
		*ret = *text == '1';
}

static void set_port(struct lvs_parser *p, const struct row *r, const char *text, bool names, uint16_t *ret)
{
	struct servent *s;
	long n;

	if (read_long(text, 0, 65535, &n)) {
		if (ret)
			*ret = (uint16_t)n;
		return;
	}
	/* COMPAT: the TCP table is asked for udp too. */
	s = names ? getservbyname(text, "tcp") : NULL;
	if (!s)
		lvs_conf_fault(p, "invalid argument: %s = \"%.80s\" is no port; write 0 to 65535%s", r->key, text,
			names ? " or a name of /etc/services" : "");
	else if (ret)
		*ret = (uint16_t)((s->s_port & 0xff) << 8 | s->s_port >> 8);
}

static bool lookup(const char *host, struct lvs_addr *ret)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *res;
	struct sockaddr_in in;

	/* A mistyped address is not worth asking a name server: no top level domain is a number. */
	if (!strpbrk(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		return false;
	if (getaddrinfo(host, NULL, &hints, &res))
		return false;
	memcpy(&in, res->ai_addr, sizeof(in));
	*ret = (struct lvs_addr){ .family = AF_INET };
	memcpy(ret->a, &in.sin_addr, 4);
	freeaddrinfo(res);
	return true;
}

static void set_addr(struct lvs_parser *p, const struct row *r, const char *text, bool names, struct lvs_addr *ret)
{
	if (!lvs_addr_parse(text, ret))
		return;
	if (!names || !p->lookup_hosts || !lookup(text, ret))
		lvs_conf_fault(p, "invalid argument: %s = \"%.80s\" is no address%s; write an IPv4 or IPv6 address", r->key, text,
			names ? " and no host name that can be looked up" : "");
}

static void set_float(struct lvs_parser *p, const struct row *r, const struct lvs_stmt *s, struct lvs_float *ret)
{
	const char *dev = s->tok[3].text;
	size_t len = strcspn(dev, ":");

	if (lvs_addr_parse(s->tok[2].text, &ret->addr) < 0 &&
		(!p->lookup_hosts || !lookup(s->tok[2].text, &ret->addr))) {
		lvs_conf_fault(p, "invalid argument: %s = \"%.80s\" is no address; write ADDRESS DEVICE, for example \"%s ="
			" 192.0.2.10 eth0:1\"", r->key, s->tok[2].text, r->key);
		return;
	}
	if (!len || strlen(dev) >= LVS_DEV_MAX || strspn(dev, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-.@:") != strlen(dev)) {
		lvs_conf_fault(p, "invalid argument: %s: \"%.80s\" is no device name of at most %d characters; write for example"
			" eth0:1", r->key, dev, LVS_DEV_MAX - 1);
		return;
	}
	snprintf(ret->label, sizeof(ret->label), "%s", dev);
	snprintf(ret->dev, sizeof(ret->dev), "%.*s", (int)len, dev);
}

static void set_word(struct lvs_parser *p, const struct row *r, const char *text, const char *const *names, int *ret)
{
	struct clu_buf all = CLU_BUF_INIT;

	for (int i = 0; names[i]; i++) {
		if (!strcmp(text, names[i])) {
			*ret = i;
			clu_buf_free(&all);
			return;
		}
		clu_buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	lvs_conf_fault(p, "invalid argument: %s = \"%.80s\"; write one of: %s", r->key, text, clu_buf_text(&all));
	clu_buf_free(&all);
}

static void set_text(struct lvs_parser *p, const struct row *r, const char *text, struct lvs_check_spec *c)
{
	size_t len = strlen(text);
	bool is_send = r->off == V(check.send);
	unsigned char *dst = is_send ? c->send : c->expect;

	if (len >= LVS_TEXT_MAX) {
		lvs_conf_fault(p, "invalid argument: %s is %zu characters long; at most %d are possible", r->key, len,
			LVS_TEXT_MAX - 1);
		return;
	}
	memcpy(dst, text, len + 1);
	len = lvs_conf_unescape(dst, (unsigned)len);
	if (is_send) {
		c->send_len = (unsigned)len;
		c->has_send = true;
	} else {
		c->expect_len = (unsigned)len;
		c->has_expect = true;
	}
}

static void set_mask(struct lvs_parser *p, const struct row *r, const char *text, struct lvs_float *f)
{
	if (lvs_addr_parse_mask(text, 128, &f->prefix) < 0)
		lvs_conf_fault(p, "Bad subnet mask specified: %s = \"%.80s\"; write for example 255.255.255.0 or a prefix length",
			r->key, text);
	else
		f->has_prefix = true;
}

static void set_string(struct lvs_parser *p, const struct row *r, const char *text, char *ret, size_t size)
{
	if (strlen(text) >= size)
		lvs_conf_fault(p, "invalid argument: %s is %zu characters long; at most %zu are possible", r->key, strlen(text),
			size - 1);
	else
		memcpy(ret, text, strlen(text) + 1);
}

static void set_value(struct lvs_parser *p, const struct row *r, const struct lvs_stmt *s, void *target)
{
	char *at = (char *)target + r->off;
	const char *text = s->tok[2].text;
	int word = -1;
	long n;

	switch (r->kind) {
	case K_UINT:
		set_uint(p, r, text, (unsigned *)(void *)at);
		break;
	case K_LONG:
		if (!read_long(text, r->min, r->max, &n))
			lvs_conf_fault(p, "integer expected: %s = \"%.80s\" is not a number", r->key, text);
		else
			*(long *)(void *)at = n;
		break;
	case K_BOOL:
		set_bool(p, r, text, (bool *)(void *)at);
		break;
	case K_PORT:
	case K_PORTNUM:
		set_port(p, r, text, r->kind == K_PORT, (uint16_t *)(void *)at);
		break;
	case K_ADDR:
	case K_DOTTED:
		set_addr(p, r, text, r->kind == K_ADDR, (struct lvs_addr *)(void *)at);
		break;
	case K_FLOAT:
		set_float(p, r, s, (struct lvs_float *)(void *)at);
		break;
	case K_MASK:
		set_mask(p, r, text, (struct lvs_float *)(void *)at);
		break;
	case K_PMASK:
		if (lvs_addr_parse_mask(text, 128, (unsigned *)(void *)at) < 0)
			lvs_conf_fault(p, "invalid argument: %s = \"%.80s\" is no netmask; write for example 255.255.255.0", r->key,
				text);
		break;
	case K_SCHED:
		set_word(p, r, text, lvs_sched_names, &word);
		if (word >= 0)
			*(enum lvs_sched *)(void *)at = (enum lvs_sched)word;
		break;
	case K_METHOD:
		set_word(p, r, text, lvs_method_names, &word);
		if (word >= 0)
			*(enum lvs_method *)(void *)at = (enum lvs_method)word;
		break;
	case K_SERVICE:
		set_word(p, r, text, service_names, &word);
		if (word >= 0)
			set_string(p, r, text, at, sizeof(p->conf->service));
		break;
	case K_PROTOCOL:
		set_word(p, r, text, protocol_names, &word);
		if (word >= 0)
			*(bool *)(void *)at = word == 1;
		break;
	case K_NAME:
		set_string(p, r, text, at, LVS_NAME_MAX);
		break;
	case K_TEXT:
		set_text(p, r, text, &((struct lvs_virtual *)target)->check);
		break;
	case K_COMMAND:
		set_string(p, r, text, at, LVS_TEXT_MAX);
		break;
	case K_SKIP_UINT:
		set_uint(p, r, text, NULL);
		break;
	case K_SKIP_BOOL:
		set_bool(p, r, text, NULL);
		break;
	case K_SKIP_PORT:
		set_port(p, r, text, true, NULL);
		break;
	case K_SKIP_LIST:
		if (strcmp(text, "[") || strcmp(s->tok[s->n - 1].text, "]"))
			lvs_conf_fault(p, "list expected: %s; write \"[ one two ]\"", r->key);
		break;
	case K_SKIP_WORD:
		break;
	}
	if (r->told && strcmp(text, "0"))
		lvs_conf_warn(p, "%s: %s", r->key, r->told);
}

static void assignment(struct lvs_parser *p, const struct lvs_stmt *s, const struct row *rows, unsigned n,
	void *target, const char *level)
{
	const char *key = s->tok[0].text;
	unsigned want;

	for (unsigned i = 0; i < n; i++) {
		const struct row *r = &rows[i];

		if (strcmp(r->key, key))
			continue;
		want = r->kind == K_FLOAT ? 4 : 3;
		if (s->n > 1 && strcmp(s->tok[1].text, "=")) {
			lvs_conf_fault(p, "equal (=) expected after command: \"%s\"; write \"%s = VALUE\"", key, key);
		} else if (s->n < want) {
			lvs_conf_fault(p, "missing arguments: %s takes %s", key,
				r->kind == K_FLOAT ? "an address and a device (\"192.0.2.10 eth0:1\")" : "a value");
		} else if (s->n > want && r->kind != K_SKIP_LIST) {
			lvs_conf_fault(p, "unexpected arguments: \"%.80s\" after %s; quote a value that holds blanks",
				s->tok[want].text, key);
		} else {
			if (target == p->virt && !strcmp(key, "active"))
				p->told_active = true;
			if (target == p->server && !strcmp(key, "active"))
				p->told_server_active = true;
			if (target == p->virt && !strcmp(key, "port") && p->virt->n_servers)
				lvs_conf_warn(p, "port stands behind a server block: the servers above keep port %u", p->virt->port);
			set_value(p, r, s, target);
		}
		return;
	}
	lvs_conf_fault(p, "unknown command: \"%.80s\" is no key %s; see lvs.cf(5) for those that are", key, level);
}

void lvs_conf_assign(struct lvs_parser *p, const struct lvs_stmt *s)
{
	if (p->server)
		assignment(p, s, server_rows, sizeof(server_rows) / sizeof(server_rows[0]), p->server,
			"of a server block");
	else if (p->virt)
		assignment(p, s, virtual_rows, sizeof(virtual_rows) / sizeof(virtual_rows[0]), p->virt,
			p->failover ? "of a failover block" : "of a virtual block");
	else
		assignment(p, s, global_rows, sizeof(global_rows) / sizeof(global_rows[0]), p->conf,
			"at the top of the file");
}
