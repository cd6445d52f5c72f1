/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "sim_requests.h"

#include <inttypes.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "clu_conf.h"
#include "fenced.pb-c.h"
#include "rgmanager.pb-c.h"
#include "sim_conf.h"

/* ---- clusvcadm ---- */

const char *const sim_clusvcadm_ops[] = { "enable", "disable", "stop", "relocate", "restart", "freeze", "unfreeze", NULL };

void sim_draw_clusvcadm(struct sim_draw *d, struct sim_fault *f)
{
	/* Enabling twice as often as the rest: else all would soon be off. */
	f->num[0] = sim_dice_below(&d->dice, 8) % 7;
	snprintf(f->text, sizeof(f->text), "s%u", (unsigned)sim_dice_below(&d->dice, SIM_CONF_SERVICES));
	f->node2 = sim_dice_chance(&d->dice, 500) ? 1 + (unsigned)sim_dice_below(&d->dice, d->n_nodes) : 0;
	f->num[1] = sim_dice_chance(&d->dice, 300);
}

bool sim_run_clusvcadm(struct sim_world *w, const struct sim_fault *f)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	uint8_t bytes[256];
	char svc[sizeof(f->text) + 8];

	if (!w->node[f->node].d[SIM_RGM].up)
		return false;
	snprintf(svc, sizeof(svc), "service:%s", f->text);
	q.verb = (char *)"op";
	q.op = (char *)sim_clusvcadm_ops[f->num[0]];
	q.svc = svc;
	q.target = f->node2;
	q.by_domain = f->num[1] != 0;
	sim_trace(w, "n%u clusvcadm %s %s to %u", f->node, q.op, svc, q.target);
	(void)sim_request(w, f->node, SIM_RGM, bytes, hawser__rg_request__pack(&q, bytes));
	return true;
}

/* ---- ccs_tool update ---- */

void sim_draw_update(struct sim_draw *d, struct sim_fault *f)
{
	/* Mostly the next number; sometimes an old one, or one that two nodes use at once. */
	f->num[0] = sim_dice_chance(&d->dice, 800) ? ++d->config_version :
		d->config_version + sim_dice_below(&d->dice, 2);
	f->num[1] = sim_dice_below(&d->dice, 1000000000);
	if (sim_dice_chance(&d->dice, 100))
		snprintf(f->text, sizeof(f->text), "invalid");
}

/* The first document again, under another number and with a comment that makes it another one. */
bool sim_run_update(struct sim_world *w, const struct sim_fault *f)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	struct clu_buf doc = CLU_BUF_INIT, bytes = CLU_BUF_INIT;
	size_t len, head;
	const char *old = clu_conf_bytes(w->conf, &len), *rest = memmem(old, len, "<fence_daemon", 13);

	if (!w->node[f->node].d[SIM_CCSD].up || !rest)
		return false;
	clu_buf_printf(&doc, "<?xml version=\"1.0\"?>\n<cluster name=\"%s\" config_version=\"%" PRIu64 "\">\n<!-- %" PRIu64
		" -->\n", clu_conf_cluster_name(w->conf), f->num[0], f->num[1]);
	if (strcmp(f->text, "invalid") == 0)
		clu_buf_str(&doc, "<invalid/>\n");
	head = (size_t)(rest - old);
	clu_buf_append(&doc, rest, len - head);
	q.verb = (char *)"update";
	q.document.data = (uint8_t *)doc.data;
	q.document.len = doc.len;
	q.who = (char *)"root@simulator";
	hawser__ccsd_request__pack(&q, clu_buf_grow(&bytes, hawser__ccsd_request__get_packed_size(&q)));
	sim_trace(w, "n%u ccs_tool update to version %" PRIu64, f->node, f->num[0]);
	(void)sim_request(w, f->node, SIM_CCSD, bytes.data, bytes.len);
	clu_buf_free(&doc);
	clu_buf_free(&bytes);
	return true;
}

/* ---- fence_tool ---- */

const char *const sim_fence_tool_verbs[] = { "info", NULL };

void sim_draw_fence_tool(struct sim_draw *d, struct sim_fault *f)
{
	(void)d;
	f->num[0] = 0;
}

uint64_t sim_ask_fenced(struct sim_world *w, unsigned node, const char *verb, unsigned about)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	uint8_t bytes[64];

	q.verb = (char *)verb;
	q.nodeid = about;
	sim_trace(w, "n%u fence_tool %s %u", node, verb, about);
	return sim_request(w, node, SIM_FENCED, bytes, hawser__fenced_request__pack(&q, bytes));
}

bool sim_run_fence_tool(struct sim_world *w, const struct sim_fault *f)
{
	if (!w->node[f->node].d[SIM_FENCED].up)
		return false;
	(void)sim_ask_fenced(w, f->node, sim_fence_tool_verbs[f->num[0]], f->node2);
	return true;
}
