/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_requests.h"

#include <string.h>

#include "rgmanager.pb-c.h"
#include "sim_clients.h"
#include "sim_conf.h"

const char *const sim_clusvcadm_ops[] = { "enable", "disable", "stop", "relocate", "restart", "freeze", "unfreeze", "migrate",
	"convalesce", "lock", "unlock", NULL };

enum { ENABLE, MIGRATE = 7, LOCK = 9, UNLOCK };

void sim_draw_clusvcadm(struct sim_draw *d, struct sim_fault *f)
{
	/* Enabling and unlocking oftener than the rest: else all would soon be off. */
	f->num[0] = sim_dice_chance(&d->dice, 150) ? ENABLE : sim_dice_below(&d->dice, UNLOCK + 1);
	if (f->num[0] == LOCK && sim_dice_chance(&d->dice, 500))
		f->num[0] = UNLOCK;
	if (f->num[0] == LOCK || f->num[0] == UNLOCK)
		return;
	sim_conf_some_service(&d->dice, f->text, sizeof(f->text));
	f->node2 = f->num[0] == MIGRATE || sim_dice_chance(&d->dice, 500) ?
		1 + (unsigned)sim_dice_below(&d->dice, d->n_nodes) : 0;
	f->num[1] = !f->node2 && sim_dice_chance(&d->dice, 500);
}

bool sim_run_clusvcadm(struct sim_world *w, const struct sim_fault *f)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	uint8_t bytes[256];
	char svc[sizeof(f->text) + 8];

	if (!w->node[f->node].d[SIM_RGM].up)
		return false;
	snprintf(svc, sizeof(svc), "%s%s", !*f->text || strchr(f->text, ':') ? "" : "service:", f->text);
	w->locked = w->locked || f->num[0] == LOCK;
	q.verb = (char *)"op";
	sim_check_asked(w, svc, (unsigned)f->num[0]);
	q.op = (char *)sim_clusvcadm_ops[f->num[0]];
	q.svc = svc;
	q.target = f->node2 ? w->node[f->node2].nodeid : 0;
	q.by_domain = f->num[1] != 0;
	sim_trace(w, "n%u clusvcadm: %s %s%s%s", f->node, q.op, svc, f->node2 ? " on " : "",
		f->node2 ? w->node[f->node2].name : "");
	sim_client_may_die(w, f->node, SIM_RGM, sim_request(w, f->node, SIM_RGM, bytes, hawser__rg_request__pack(&q, bytes)));
	return true;
}

static void fire_unlock(struct sim_world *w, struct sim_event *e)
{
	struct sim_fault f = { .node = e->node, .num = { UNLOCK } };

	(void)sim_run_clusvcadm(w, &f);
}

void sim_calm_clusvcadm(struct sim_world *w)
{
	/* Twice, since the first time the cluster may still be without quorum. */
	for (unsigned i = 1; i <= w->n_nodes && w->locked; i++) {
		(void)sim_at(w, 120000000, fire_unlock, i, NULL, 0);
		(void)sim_at(w, 300000000, fire_unlock, i, NULL, 0);
	}
}

void sim_draw_dump(struct sim_draw *d, struct sim_fault *f)
{
	f->num[0] = sim_dice_below(&d->dice, SIM_NGROUPS);
}

bool sim_run_dump(struct sim_world *w, const struct sim_fault *f)
{
	const struct sim_daemon *d = &w->node[f->node].d[f->num[0]];
	struct clu_buf b = CLU_BUF_INIT;

	if (!d->up || w->node[f->node].hung)
		return false;
	w->type[f->num[0]]->ops->dump(d->core, &b);
	clu_group_dump(d->group, &b);
	if (b.error || !b.len)
		sim_fail(w, "node %u: %s has no state to show", f->node, sim_daemon_names[f->num[0]]);
	clu_buf_free(&b);
	return true;
}

bool sim_run_clustat(struct sim_world *w, const struct sim_fault *f)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	uint8_t bytes[32];

	if (!w->node[f->node].d[SIM_RGM].up)
		return false;
	q.verb = (char *)"status";
	sim_trace(w, "n%u clustat", f->node);
	(void)sim_request_as(w, f->node, SIM_RGM, false, bytes, hawser__rg_request__pack(&q, bytes));
	return true;
}

/* What a client sends next; the answer went through before. */
static void fire_wait(struct sim_world *w, struct sim_event *e)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	uint8_t bytes[32];
	uint64_t client;

	q.verb = (char *)"wait";
	q.ticket = e->id;
	client = sim_request(w, e->node, SIM_RGM, bytes, hawser__rg_request__pack(&q, bytes));
	sim_check_waits_for(w, client, e->id);
	sim_client_may_die(w, e->node, SIM_RGM, client);
}

void sim_requests_answered(struct sim_world *w, unsigned node, enum sim_daemon_kind k, int error, const void *data, size_t len)
{
	Hawser__RgAnswer *a;

	if (k != SIM_RGM || error < 0)
		return;
	a = hawser__rg_answer__unpack(NULL, len, data);
	if (!a) {
		sim_fail(w, "node %u: rgmanager gave an answer that cannot be read", node);
		return;
	}
	/* Some administrators lose patience, mostly at once. */
	sim_check_operation(w, node, a->ticket, false);
	if (!a->done && a->ticket && !sim_chance(w, strcmp(a->state, "asked") == 0 ? 100 : 1)) {
		struct sim_event *e = sim_at(w, 500, fire_wait, node, NULL, 0);

		e->daemon = SIM_RGM;
		e->boot = w->node[node].boot;
		e->life = w->node[node].d[SIM_RGM].life;
		e->id = a->ticket;
		sim_check_operation(w, node, a->ticket, true);
	}
	hawser__rg_answer__free_unpacked(a, NULL);
}
