/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "clu_conf.h"
#include "sim_clients.h"
#include "sim_conf.h"
#include "sim_requests.h"

const char *const sim_ccs_verbs[] = { "get", "get-force", "get-known", "status", NULL };

enum { GET, GET_FORCE, GET_KNOWN, STATUS };

static void ask(struct sim_world *w, unsigned node, Hawser__CcsdRequest *q)
{
	struct clu_buf bytes = CLU_BUF_INIT;

	hawser__ccsd_request__pack(q, clu_buf_grow(&bytes, hawser__ccsd_request__get_packed_size(q)));
	sim_client_may_die(w, node, SIM_CCSD, sim_request(w, node, SIM_CCSD, bytes.data, bytes.len));
	clu_buf_free(&bytes);
}

void sim_draw_ccs(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_below(&d->dice, 4);
}

bool sim_run_ccs(struct sim_world *w, const struct sim_fault *f)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;

	if (!w->node[f->node].d[SIM_CCSD].up)
		return false;
	q.verb = (char *)(f->num[0] == STATUS ? "status" : "get");
	q.force = f->num[0] == GET_FORCE;
	q.known = f->num[0] == GET_KNOWN ? 1 : 0;
	sim_trace(w, "n%u asks ccsd: %s", f->node, sim_ccs_verbs[f->num[0]]);
	ask(w, f->node, &q);
	return true;
}

void sim_draw_update(struct sim_draw *d, struct sim_fault *f)
{
	static const char *const faults[] = { "invalid", "other-cluster", "empty", "unreadable" };
	unsigned how = (unsigned)sim_dice_below(&d->dice, 100), which = (unsigned)sim_dice_below(&d->dice, 4);

	/* Mostly the next number; sometimes an old one, or one that two nodes use at once. */
	f->num[0] = sim_dice_chance(&d->dice, 800) ? ++d->config_version :
		d->config_version + sim_dice_below(&d->dice, 2);
	f->num[1] = sim_dice_below(&d->dice, 1000000000);
	if (how < 30)
		snprintf(f->text, sizeof(f->text), "%s", how < 10 ? faults[which] : how < 20 ? "race" : "crash");
}

/* The first document again, under another number and changed; or one that must be refused. */
static void make_document(struct sim_world *w, const struct sim_fault *f, struct clu_buf *ret)
{
	size_t len;
	const char *old = clu_conf_bytes(w->conf, &len);

	if (strcmp(f->text, "invalid") == 0)
		clu_buf_printf(ret, "<cluster name=\"%s\" config_version=\"%" PRIu64 "\"><invalid/></cluster>",
			clu_conf_cluster_name(w->conf), f->num[0]);
	else if (strcmp(f->text, "other-cluster") == 0)
		clu_buf_printf(ret, "<cluster name=\"pitcher\" config_version=\"%" PRIu64 "\"/>", f->num[0]);
	else if (strcmp(f->text, "unreadable") == 0)
		clu_buf_str(ret, "<cluster");
	else if (strcmp(f->text, "empty") != 0)
		w->rm_changed |= sim_conf_change(old, len, f->num[0], f->num[1], ret);
}

static void update(struct sim_world *w, const struct sim_fault *f)
{
	Hawser__CcsdRequest q = HAWSER__CCSD_REQUEST__INIT;
	struct clu_buf doc = CLU_BUF_INIT;

	make_document(w, f, &doc);
	w->ghost = w->ghost || strstr(clu_buf_text(&doc), "\"ghost\"");
	q.verb = (char *)"update";
	q.document.data = (uint8_t *)doc.data;
	q.document.len = doc.len;
	q.who = (char *)(f->num[1] % 2 ? "root@simulator" : "");
	sim_trace(w, "n%u ccs_tool update to version %" PRIu64 " %s", f->node, f->num[0], f->text);
	ask(w, f->node, &q);
	clu_buf_free(&doc);
}

static void fire_crash(struct sim_world *w, struct sim_event *e)
{
	sim_node_crash(w, e->node);
}

bool sim_run_update(struct sim_world *w, const struct sim_fault *f)
{
	struct sim_fault other = *f;

	if (!w->node[f->node].d[SIM_CCSD].up)
		return false;
	update(w, f);
	if (strcmp(f->text, "race") == 0) {
		/* Another administrator, on another node, with another document under the same number. */
		other.node = 1 + f->node % w->n_nodes;
		other.num[1]++;
		if (w->node[other.node].d[SIM_CCSD].up)
			update(w, &other);
	} else if (strcmp(f->text, "crash") == 0) {
		struct sim_event *e = sim_at(w, sim_rnd(w, 60000), fire_crash, f->node, NULL, 0);

		e->boot = w->node[f->node].boot;
	}
	return true;
}
