/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nft back end: the text of lvs_nft_text.c given to libnftables, in this process. */
#include "config.h"

#include "lvs_director.h"

#include <errno.h>
#include <jansson.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>

#include "lvs_conntrack.h"
#include "lvs_nft_text.h"

struct nft_director {
	struct lvs_director base;
	struct nft_ctx *ctx;
	char table[LVS_NFT_NAME];
};

static struct nft_director *self(struct lvs_director *d)
{
	return (struct nft_director *)d;
}

/* Runs one batch; the library's own words go to why. */
static int run(struct nft_director *n, const char *text, struct clu_buf *why)
{
	const char *said;
	int error;

	errno = 0;
	if (!nft_run_cmd_from_buffer(n->ctx, text)) {
		(void)nft_ctx_get_error_buffer(n->ctx);
		return 0;
	}
	error = errno ? -errno : -EINVAL;
	said = nft_ctx_get_error_buffer(n->ctx);
	if (why)
		clu_buf_printf(why, "nf_tables refused table inet %s: %.400s", n->table,
			said && *said ? said : strerror(-error));
	return error;
}

/* Lists something of the table as JSON: the array "nftables", a new reference, or NULL. */
static json_t *list(struct nft_director *n, const char *what, const char *name)
{
	struct clu_buf cmd = CLU_BUF_INIT;
	json_t *root = NULL, *all = NULL;

	clu_buf_printf(&cmd, "list %s inet %s %s", what, n->table, name);
	nft_ctx_output_set_flags(n->ctx, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL);
	if (!cmd.error && !run(n, cmd.data, NULL))
		root = json_loads(nft_ctx_get_output_buffer(n->ctx), 0, NULL);
	nft_ctx_output_set_flags(n->ctx, 0);
	(void)nft_ctx_get_output_buffer(n->ctx);
	clu_buf_free(&cmd);
	if (root)
		all = json_incref(json_object_get(root, "nftables"));
	json_decref(root);
	return all;
}

static struct lvs_director *nft_close(struct lvs_director *d)
{
	if (d) {
		if (self(d)->ctx)
			nft_ctx_free(self(d)->ctx);
		free(d);
	}
	return NULL;
}

static int nft_open(const char *instance, struct lvs_director **ret, struct clu_buf *why)
{
	struct nft_director *n = calloc(1, sizeof(*n));
	struct clu_buf said = CLU_BUF_INIT;
	int r;

	if (!n)
		return -ENOMEM;
	n->base.ops = &lvs_nft_ops;
	r = lvs_nft_table_name(instance, n->table);
	if (r < 0) {
		clu_buf_printf(why, "name \"%.64s\": not usable for a table of nf_tables; use letters, digits, \".\", \"_\""
			" and \"-\"\n", instance);
		free(n);
		return r;
	}
	n->ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!n->ctx || nft_ctx_buffer_output(n->ctx) || nft_ctx_buffer_error(n->ctx)) {
		clu_buf_str(why, "libnftables: cannot be initialised; check the memory of this machine\n");
		nft_close(&n->base);
		return -ENOMEM;
	}
	r = run(n, "list tables", &said);
	(void)nft_ctx_get_output_buffer(n->ctx);
	if (r < 0) {
		clu_buf_printf(why, "nf_tables: %s; needs root (CAP_NET_ADMIN) and a kernel with nf_tables and nft_numgen\n",
			clu_buf_text(&said));
		nft_close(&n->base);
	} else {
		*ret = &n->base;
	}
	clu_buf_free(&said);
	return r;
}

static int nft_timeouts(struct lvs_director *d, unsigned tcp_s, unsigned tcpfin_s, unsigned udp_s, struct clu_buf *why)
{
	if (tcp_s || tcpfin_s || udp_s) {
		clu_buf_str(why, "tcp_timeout, tcpfin_timeout, udp_timeout: the nft director has no time-outs of its own;"
			" set net.netfilter.nf_conntrack_*_timeout by sysctl\n");
		return -ENOTSUP;
	}
	return 0;
}

static bool still_serves(const struct lvs_svc *s, const char *text)
{
	struct lvs_addr a;

	if (!s || lvs_addr_parse(text, &a) < 0)
		return false;
	for (unsigned i = 0; i < s->n_dests; i++) {
		if (!lvs_addr_cmp(&s->dests[i].addr, &a) && s->dests[i].weight)
			return true;
	}
	return false;
}

/* {"elem": {"val": X, ...}} or X itself. */
static const json_t *elem_value(const json_t *e)
{
	const json_t *inner = json_object_get(json_object_get(e, "elem"), "val");

	return inner ? inner : e;
}

/*
 * Clients that are remembered for a server that serves no more would be sent to
 * it again: forget them (IPVS: expire_quiescent_template).
 */
static int forget_clients(struct nft_director *n, const struct lvs_svc *s)
{
	struct clu_buf cmd = CLU_BUF_INIT;
	char stick[LVS_NFT_NAME];
	json_t *all, *item;
	size_t i, k;
	int r = 0;

	lvs_nft_name("stick", s, NULL, stick);
	all = list(n, "map", stick);
	json_array_foreach(all, i, item) {
		json_t *elems = json_object_get(json_object_get(item, "map"), "elem");
		json_t *pair;

		json_array_foreach(elems, k, pair) {
			const json_t *key = elem_value(json_array_get(pair, 0));
			const json_t *data = elem_value(json_array_get(pair, 1));
			const json_t *concat = json_object_get(data, "concat");
			const char *to = json_string_value(concat ? json_array_get(concat, 0) : data);

			if (!to || !json_string_value(key) || still_serves(s, to))
				continue;
			clu_buf_printf(&cmd, "delete element inet %s %s { %s : %s", n->table, stick, json_string_value(key), to);
			if (concat)
				clu_buf_printf(&cmd, " . %lld", (long long)json_integer_value(json_array_get(concat, 1)));
			clu_buf_str(&cmd, " }\n");
		}
	}
	json_decref(all);
	if (cmd.len && !cmd.error)
		r = run(n, cmd.data, NULL);
	clu_buf_free(&cmd);
	return r;
}

static int nft_apply(struct lvs_director *d, const struct lvs_table *have, const struct lvs_table *want,
	struct clu_buf *why)
{
	struct nft_director *n = self(d);
	struct clu_buf text = CLU_BUF_INIT;
	int r = lvs_nft_batch(n->table, have, want, &text);

	if (r >= 0 && text.len)
		r = run(n, text.data, why);
	clu_buf_free(&text);
	for (unsigned i = 0; r >= 0 && have && i < want->n_svcs; i++) {
		const struct lvs_svc *s = &want->svcs[i];
		const struct lvs_svc *old = lvs_table_find(have, s);
		bool lost = false;

		for (unsigned k = 0; old && s->persistent_s && k < old->n_dests; k++) {
			char addr[LVS_ADDR_TEXT];

			lost |= !still_serves(s, lvs_addr_text(&old->dests[k].addr, addr));
		}
		/* A client that cannot be forgotten expires by itself; the table is right all the same. */
		if (lost)
			(void)forget_clients(n, s);
	}
	return r;
}

static int nft_forget(struct lvs_director *d, const struct lvs_svc *s, const struct lvs_dest *dest)
{
	return lvs_conntrack_forget(s, dest);
}

static int nft_verify(struct lvs_director *d, const struct lvs_table *want, struct clu_buf *why)
{
	struct nft_director *n = self(d);
	char chain[LVS_NFT_NAME];
	json_t *all = list(n, "chain", "prerouting");

	if (!all) {
		clu_buf_printf(why, "table inet %s is not in the kernel", n->table);
		return -ENOENT;
	}
	json_decref(all);
	for (unsigned i = 0; i < want->n_svcs; i++) {
		lvs_nft_name("svc", &want->svcs[i], NULL, chain);
		all = list(n, "chain", chain);
		if (!all) {
			clu_buf_printf(why, "chain %s of table inet %s is not in the kernel", chain, n->table);
			return -ENOENT;
		}
		json_decref(all);
	}
	return 0;
}

static bool find_counter(json_t *all, const char *name, uint64_t *ret)
{
	json_t *item;
	size_t i;

	json_array_foreach(all, i, item) {
		const json_t *counter = json_object_get(item, "counter");
		const char *its = json_string_value(json_object_get(counter, "name"));

		if (!its || strcmp(its, name))
			continue;
		*ret = (uint64_t)json_integer_value(json_object_get(counter, "packets"));
		return true;
	}
	return false;
}

static int nft_stats(struct lvs_director *d, const struct lvs_table *have, struct lvs_stat **ret)
{
	struct nft_director *n = self(d);
	struct lvs_stat *stats;
	char name[LVS_NFT_NAME];
	unsigned count = 0;
	json_t *all;

	for (unsigned i = 0; i < have->n_svcs; i++)
		count += have->svcs[i].n_dests;
	stats = calloc(count ? count : 1, sizeof(*stats));
	/* The nat chains see the first packet of a connection only: packets are connections. */
	all = stats ? list(n, "counters table", "") : NULL;
	if (!all) {
		free(stats);
		return stats ? -ENOENT : -ENOMEM;
	}
	count = 0;
	for (unsigned i = 0; i < have->n_svcs; i++) {
		for (unsigned k = 0; k < have->svcs[i].n_dests; k++) {
			struct lvs_stat *s = &stats[count];

			lvs_nft_name("count", &have->svcs[i], &have->svcs[i].dests[k], name);
			if (!find_counter(all, name, &s->connections))
				continue;
			s->svc = have->svcs[i];
			s->svc.dests = NULL;
			s->svc.n_dests = 0;
			s->dest = have->svcs[i].dests[k];
			count++;
		}
	}
	json_decref(all);
	*ret = stats;
	return (int)count;
}

static int nft_clear(struct lvs_director *d, const struct lvs_table *have, struct clu_buf *why)
{
	struct clu_buf text = CLU_BUF_INIT;
	int r;

	/* Bindings must not wait here for the service to return, with other servers perhaps. */
	for (unsigned i = 0; have && i < have->n_svcs; i++) {
		if (!have->svcs[i].fwmark)
			(void)lvs_conntrack_forget(&have->svcs[i], NULL);
	}
	/* Adding it first makes the deletion right whether it is there or not. */
	clu_buf_printf(&text, "add table inet %s\ndelete table inet %s\n", self(d)->table, self(d)->table);
	r = text.error ? text.error : run(self(d), text.data, why);
	clu_buf_free(&text);
	return r;
}

const struct lvs_director_ops lvs_nft_ops = {
	.name = "nft",
	.about = "nf_tables through libnftables",
	.check = lvs_nft_check,
	.open = nft_open,
	.timeouts = nft_timeouts,
	.apply = nft_apply,
	.forget = nft_forget,
	.verify = nft_verify,
	.stats = nft_stats,
	.clear = nft_clear,
	.close = nft_close,
};
