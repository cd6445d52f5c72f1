/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lvs.cf as a value: global keys, virtual servers, real servers. The grammar is
 * lvs.md section 2: what Piranha's files hold is read; a file that Piranha
 * refuses only by an accident of its tokenizer (trailing comment, brace glued to
 * the name, CRLF, "key=value") is read with a warning.
 *
 * Bounded: 1 MiB of text, LVS_MAX_VIRTUALS blocks, LVS_MAX_SERVERS servers each.
 */
#ifndef LVS_CONF_H
#define LVS_CONF_H

#include <stddef.h>

#include "clu_buf.h"
#include "lvs_addr.h"

#define LVS_MAX_TEXT (1u << 20)
#define LVS_MAX_VIRTUALS 256
#define LVS_MAX_SERVERS 256
#define LVS_NAME_MAX 64		/* longest block name, with the NUL */
#define LVS_DEV_MAX 16		/* IFNAMSIZ: longest device or label, with the NUL */
#define LVS_TEXT_MAX 256	/* longest send, expect or command, with the NUL: the panels' limit */

enum lvs_method { LVS_NAT, LVS_DIRECT, LVS_TUNNEL, LVS_NMETHODS };
enum lvs_sched { LVS_RR, LVS_WRR, LVS_LC, LVS_WLC, LVS_LBLC, LVS_LBLCR, LVS_DH, LVS_SH, LVS_NSCHEDS };

/* A floating address: "ADDR DEV[:N]". */
struct lvs_float {
	struct lvs_addr addr;		/* AF_UNSPEC = none given */
	unsigned prefix;		/* of vip_nmask / nat_nmask */
	bool has_prefix;
	char dev[LVS_DEV_MAX];		/* device without the alias */
	char label[LVS_DEV_MAX];	/* as given: "eth0:1", or equal to dev */
};

struct lvs_server {
	char name[LVS_NAME_MAX];
	unsigned line;
	struct lvs_addr addr;
	uint16_t port;
	bool active;
	unsigned weight;		/* 0..65535 */
};

/* How one real server is tried; texts have their escapes (5.2) already converted. */
struct lvs_check_spec {
	bool udp;
	unsigned timeout_s;		/* interval, and limit of connect and of read */
	unsigned reentry_s;
	unsigned char send[LVS_TEXT_MAX];
	unsigned send_len;
	unsigned char expect[LVS_TEXT_MAX];
	unsigned expect_len;
	bool has_send, has_expect;
	bool use_regex;
	char program[LVS_TEXT_MAX];	/* send_program, "" = none */
};

struct lvs_virtual {
	char name[LVS_NAME_MAX];
	unsigned line;
	bool active;
	struct lvs_float vip;
	uint16_t port;
	bool udp;
	uint32_t fwmark;
	enum lvs_sched sched;
	unsigned persistent_s;		/* 0 = off */
	unsigned pmask_prefix;		/* 32 or 128 = each client on its own */
	bool quiesce;
	struct lvs_addr sorry;		/* AF_UNSPEC = none */
	char load_monitor[LVS_NAME_MAX];	/* "" = none */
	struct lvs_check_spec check;
	struct lvs_server *servers;
	unsigned n_servers;
};

struct lvs_conf {
	char service[8];		/* "lvs" or "fos" */
	enum lvs_method method;
	struct lvs_float nat_router;
	unsigned tcp_timeout_s, tcpfin_timeout_s, udp_timeout_s;	/* 0 = leave the kernel's */
	long serial_no;
	struct lvs_virtual *virtuals;
	unsigned n_virtuals;
	unsigned n_failover;		/* failover blocks seen (read, checked, not kept) */
};

extern const char *const lvs_method_names[];
extern const char *const lvs_sched_names[];

/*
 * Reads a whole file or text. `file` is used in messages only. is_inline: ';'
 * ends a line and braces stand alone, so that the text fits into an XML
 * attribute. lookup_hosts: host names are looked up (may block); false: only
 * addresses.
 *
 * 0 and *ret (free with lvs_conf_free), or -EINVAL: every fault is appended to
 * errs as "FILE:LINE: TEXT", one a line. Warnings are appended to warns in the
 * same form. -ENOMEM.
 */
int lvs_conf_parse(const char *file, const char *text, size_t len, bool is_inline, bool lookup_hosts,
	struct lvs_conf **ret, struct clu_buf *errs, struct clu_buf *warns);
/* Reads the file and parses it. Also -ENOENT, -EACCES, -EFBIG ... with a sentence in errs. */
int lvs_conf_load(const char *file, bool is_inline, bool lookup_hosts, struct lvs_conf **ret,
	struct clu_buf *errs, struct clu_buf *warns);
struct lvs_conf *lvs_conf_free(struct lvs_conf *c);	/* accepts NULL, returns NULL */

/* The rules between keys (lvs.md 2.7, 2.8); appends to errs and warns; the number of errors. Pure. */
unsigned lvs_conf_check(const char *file, const struct lvs_conf *c, struct clu_buf *errs, struct clu_buf *warns);

/* The file as this program understood it, with every default, in the panels' order. */
void lvs_conf_dump(const struct lvs_conf *c, struct clu_buf *ret);

/*
 * Converts \n \r \t \\ \' \" in place; any other character behind a backslash
 * stands for itself (lvs.md 5.2). Returns the new length; texts of one character
 * are left alone.
 */
unsigned lvs_conf_unescape(unsigned char *text, unsigned len);

#endif
