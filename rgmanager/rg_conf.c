/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cluster.conf in force. ccsd gives it to every node at about the same time;
 * the group takes it at one point of its order, so that all members decide by
 * the same document.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rg_priv.h"

void rg_on_config(struct rg *rg, const struct clu_config *c)
{
	if (rg->conf && clu_conf_version(rg->conf) >= c->version)
		return;
	clu_conf_unref(rg->conf);
	rg->conf = clu_conf_ref((struct clu_conf *)c->conf);
}

void rg_say_conf(struct rg *rg)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	uint64_t version = rg->conf ? clu_conf_version(rg->conf) : 0;

	if (!rg->admitted || version <= rg->version || version == rg->conf_sent)
		return;
	rg->conf_sent = version;
	m.kind = RG_M_CONF;
	m.version = version;
	m.document.data = (uint8_t *)clu_conf_bytes(rg->conf, &m.document.len);
	rg_send(rg, &m);
}

static void note_findings(struct rg *rg, const char *object, struct clu_buf *b)
{
	char *save = NULL;

	if (b->error)
		rg->error = b->error;
	for (char *line = b->data ? strtok_r(b->data, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
		clu_out_note(rg->out, CLU_WARNING, "rg.config", object, "", "", line, NULL);
	clu_buf_free(b);
}

/*
 * A service that runs keeps the tree by which it was started until the new one
 * was compared with it. While an operation walks through the trees nothing is
 * exchanged; its end does that.
 */
void rg_tree_renew(struct rg *rg, struct rg_svc *s)
{
	const struct rg_policy *p = rg_rm_policy(rg->rm, s->name);
	struct rg_local *l = &s->local;
	struct clu_buf findings = CLU_BUF_INIT;
	struct rg_inst *tree = NULL;
	int r;

	if (l->op.kind) {
		l->rebuild = true;
		return;
	}
	l->rebuild = false;
	if (!p)
		return;
	r = rg_tree_build(p, &rg->opt.registry, &tree, &findings);
	if (r == -ENOMEM)
		rg->error = r;
	snprintf(l->fault, sizeof(l->fault), "%.*s", (int)strcspn(clu_buf_text(&findings), "\n"), clu_buf_text(&findings));
	note_findings(rg, s->name, &findings);
	l->next = rg_tree_free(l->next);
	if (!l->active) {
		rg_tree_free(l->tree);
		l->tree = tree;
		l->fresh_tree = false;
	} else {
		l->next = tree;
		l->fresh_tree = tree != NULL;
	}
}

static void remove_service(struct rg *rg, struct rg_svc *s)
{
	s->gone = true;
	s->armed = false;
	rg_svc_answer(rg, s, RG_ENOSERVICE, "it was removed from cluster.conf");
	if (s->state == RG_STARTED || s->state == RG_STARTING)
		rg_svc_stop(rg, s, RG_STOPPING, RG_W_REMOVE, "removed from cluster.conf");
	else if (rg_state_active(s->state))
		s->want = RG_W_REMOVE;
}

/* Removed services whose last operation has ended go from the list; those of the document are put in its order. */
static void renew_list(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_svcs;) {
		struct rg_svc *s = rg->svcs[i];

		if (s->gone && !rg_state_active(s->state) && !s->local.op.kind && !s->local.active)
			rg_svc_drop(rg, s);
		else
			i++;
	}
	for (unsigned want = 0, k = 0; want < rg->rm->n_policies; want++)
		for (unsigned i = k; i < rg->n_svcs; i++) {
			struct rg_svc *s = rg->svcs[i];

			if (strcmp(s->name, rg->rm->policies[want].name) != 0)
				continue;
			memmove(&rg->svcs[k + 1], &rg->svcs[k], (i - k) * sizeof(rg->svcs[0]));
			rg->svcs[k++] = s;
			break;
		}
}

/* Every member that takes part already must stop a new service once, before anyone starts it. */
static void add_service(struct rg *rg, const char *name)
{
	struct rg_svc *s = rg_svc_find(rg, name);

	/* One that was removed may still be on this node's list, and on others not: it begins anew everywhere. */
	if (!s)
		s = rg_svc_add(rg, name);
	if (!s)
		return;
	rg_svc_reset(s);
	s->txn = rg->version << 20;
	s->local.inited = false;
	s->armed = true;
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].present && rg->nodes[i].ready)
			rg_ids_add(&s->init_wait, rg->nodes[i].nodeid);
}

/* Mostly it is the very document that this node's ccsd has given us. */
static int read_document(struct rg *rg, const void *data, size_t len, struct clu_conf **ret, struct clu_buf *findings)
{
	size_t known = 0;
	const void *bytes = rg->conf ? clu_conf_bytes(rg->conf, &known) : NULL;

	if (bytes && known == len && !memcmp(bytes, data, len)) {
		*ret = clu_conf_ref(rg->conf);
		return 0;
	}
	return clu_conf_parse(data, len, "cluster.conf", ret, findings);
}

void rg_apply_conf(struct rg *rg, uint64_t version, const void *data, size_t len)
{
	struct clu_buf findings = CLU_BUF_INIT;
	struct clu_conf *conf = NULL;
	struct rg_rm *rm = NULL;
	char old[24], now[24];
	int r;

	if (version <= rg->version)
		return;
	r = read_document(rg, data, len, &conf, &findings);
	if (r == 0)
		r = rg_rm_read(conf, &rm, &findings);
	clu_conf_unref(conf);
	note_findings(rg, "cluster.conf", &findings);
	if (r < 0) {
		rg->error = r == -ENOMEM ? r : rg->error;
		return;
	}
	snprintf(old, sizeof(old), "%" PRIu64, rg->version);
	snprintf(now, sizeof(now), "%" PRIu64, version);
	rg_rm_free(rg->rm);
	rg->rm = rm;
	rg->version = version;
	clu_out_note(rg->out, CLU_INFO, "rg.config", "cluster.conf", old, now, "in force from now on", "services=%u",
		rm->n_policies);
	for (unsigned i = 0; i < rm->n_policies; i++) {
		struct rg_svc *s = rg_svc_find(rg, rm->policies[i].name);

		if (!s || (s->gone && !rg_state_active(s->state)))
			add_service(rg, rm->policies[i].name);
		else
			s->gone = false;
	}
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (!rg->svcs[i]->gone && !rg_rm_policy(rm, rg->svcs[i]->name))
			remove_service(rg, rg->svcs[i]);
	renew_list(rg);
	for (unsigned i = 0; i < rg->n_svcs; i++)
		rg_tree_renew(rg, rg->svcs[i]);
}
