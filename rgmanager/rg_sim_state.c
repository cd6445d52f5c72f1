/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the daemons of the simulated cluster what an administrator would ask: clustat, fence_tool ls, answers to commands. */
#include <stdlib.h>
#include <string.h>

#include "ccsd.pb-c.h"
#include "fenced.pb-c.h"
#include "rg_core.h"
#include "rg_sim.h"
#include "rgmanager.pb-c.h"

#define LONG_LOOKS 10		/* seconds after which a wait is worth a line */
#define ANSWER_US 2000000	/* a daemon that has not answered by then hangs */

unsigned rgsim_spokesman(const struct rgsim *s)
{
	unsigned up = 0;

	for (unsigned i = 1; i <= s->w->n_nodes; i++) {
		const struct sim_node *n = &s->w->node[i];

		if (!n->power || n->hung || !n->d[SIM_RGM].up)
			continue;
		if (n->counted_quorate)
			return i;
		up = up ? up : i;
	}
	return up;
}

bool rgsim_run_until(struct rgsim *s, uint64_t at_us)
{
	while (s->w->n_heap && s->w->heap[0]->at_us <= at_us) {
		bool ok = sim_step(s->w);

		rgsim_watch(s);
		if (!ok)
			return false;
	}
	return sim_run_until(s->w, at_us);
}

/* ---- answers ---- */

static void take_status(struct rgsim *s, const Hawser__RgStatus *q)
{
	struct rgsim_status *st = s->asking;

	st->quorate = q->quorate;
	for (size_t i = 0; i < q->n_nodes; i++)
		if (q->nodes[i]->rgmanager && sim_node_index(s->w, q->nodes[i]->nodeid))
			st->ready |= SIM_BIT(sim_node_index(s->w, q->nodes[i]->nodeid));
	st->svc = rgsim_must(calloc(q->n_services + 1, sizeof(*st->svc)));
	for (size_t i = 0; i < q->n_services; i++) {
		const Hawser__RgServiceInfo *o = q->services[i];
		struct rgsim_service *v = &st->svc[st->n++];

		snprintf(v->name, sizeof(v->name), "%s", o->name);
		v->state = o->state;
		v->owner = o->owner;
		v->why = rgsim_must(strdup(o->why));
		v->wait = rgsim_must(strdup(o->wait));
		v->remedy = rgsim_must(strdup(o->remedy));
	}
	s->asking = NULL;
}

static void take_victims(struct rgsim *s, const Hawser__FencedNews *n)
{
	for (size_t i = 0; i < n->n_victims; i++)
		clu_buf_printf(&s->victims, "%s is still to be fenced: %s; once it is certainly off, \"%s\" ends the wait\n",
			n->victims[i]->name, n->victims[i]->why, n->victims[i]->remedy);
	s->asking_client = 0;
}

static void tell_rg_answer(struct rgsim *s, unsigned k, const Hawser__RgAnswer *a)
{
	if (!a->done) {
		s->ask[k].ticket = a->ticket;
		return;
	}
	s->ask[k].told = true;
	rgsim_say(s, RGSIM_W_EVENT, s->ask[k].node, "", "\"%s\" answers: %s%s%s", s->ask[k].text, rg_code_text(a->code),
		*a->why ? ": " : "", a->why);
}

static void rg_reply(struct rgsim *s, unsigned node, const struct clu_action *r)
{
	Hawser__RgAnswer *a = hawser__rg_answer__unpack(NULL, r->u.reply.len, r->u.reply.data);

	if (!a)
		return;
	if (s->asking && r->u.reply.client == s->asking_client && a->status)
		take_status(s, a->status);
	for (unsigned k = 0; k < s->n_ask; k++)
		if (s->ask[k].node == node && !s->ask[k].told &&
			(s->ask[k].client == r->u.reply.client || (a->ticket && s->ask[k].ticket == a->ticket)))
			tell_rg_answer(s, k, a);
	hawser__rg_answer__free_unpacked(a, NULL);
}

static void ccsd_reply(struct rgsim *s, unsigned k, const struct clu_action *r)
{
	Hawser__CcsdAnswer *a = hawser__ccsd_answer__unpack(NULL, r->u.reply.len, r->u.reply.data);
	struct clu_buf b = CLU_BUF_INIT;

	if (!a)
		return;
	s->ask[k].told = true;
	if (r->u.reply.error)
		clu_buf_printf(&b, "refused: %s", *a->why ? a->why : strerror(-r->u.reply.error));
	else
		clu_buf_printf(&b, "version %llu is in force", (unsigned long long)a->version);
	for (size_t i = 0; i < a->n_findings; i++)
		clu_buf_printf(&b, "; %.*s", (int)strcspn(a->findings[i], "\n"), a->findings[i]);
	rgsim_say(s, RGSIM_W_EVENT, s->ask[k].node, "", "\"%s\" answers: %s", s->ask[k].text, clu_buf_text(&b));
	clu_buf_free(&b);
	hawser__ccsd_answer__free_unpacked(a, NULL);
}

static void fenced_reply(struct rgsim *s, unsigned k, const struct clu_action *r)
{
	Hawser__FencedNews *n = hawser__fenced_news__unpack(NULL, r->u.reply.len, r->u.reply.data);

	if (!n)
		return;
	s->ask[k].told = true;
	rgsim_say(s, RGSIM_W_EVENT, s->ask[k].node, "", "\"%s\" answers: %s", s->ask[k].text,
		!r->u.reply.error ? "Success" : *n->why ? n->why : strerror(-r->u.reply.error));
	hawser__fenced_news__free_unpacked(n, NULL);
}

void rgsim_reply(void *ctx, unsigned node, enum sim_daemon_kind daemon, const struct clu_action *r)
{
	struct rgsim *s = ctx;

	if (daemon == SIM_RGM) {
		rg_reply(s, node, r);
		return;
	}
	if (daemon == SIM_FENCED && r->u.reply.client == s->asking_client) {
		Hawser__FencedNews *n = hawser__fenced_news__unpack(NULL, r->u.reply.len, r->u.reply.data);

		if (n)
			take_victims(s, n);
		if (n)
			hawser__fenced_news__free_unpacked(n, NULL);
		return;
	}
	for (unsigned k = 0; k < s->n_ask; k++)
		if (s->ask[k].client == r->u.reply.client && !s->ask[k].told) {
			if (daemon == SIM_CCSD)
				ccsd_reply(s, k, r);
			else
				fenced_reply(s, k, r);
		}
}

/* ---- questions ---- */

void rgsim_status_free(struct rgsim_status *st)
{
	for (unsigned i = 0; i < st->n; i++) {
		free(st->svc[i].why);
		free(st->svc[i].wait);
		free(st->svc[i].remedy);
	}
	free(st->svc);
	*st = (struct rgsim_status){ 0 };
}

/* Time goes on until the answer is there: it takes as long as a tool would wait. */
static void wait_for_answer(struct rgsim *s, const struct rgsim_status *st)
{
	uint64_t until = s->w->now_us + ANSWER_US;

	while ((st ? s->asking == st : s->asking_client != 0) && s->w->n_heap && s->w->heap[0]->at_us <= until) {
		bool ok = sim_step(s->w);

		rgsim_watch(s);
		if (!ok)
			break;
	}
	s->asking = NULL;
	s->asking_client = 0;
}

void rgsim_ask_status(struct rgsim *s, struct rgsim_status *ret)
{
	Hawser__RgRequest q = HAWSER__RG_REQUEST__INIT;
	uint8_t bytes[32];

	rgsim_status_free(ret);
	ret->asked = rgsim_spokesman(s);
	if (!ret->asked)
		return;
	q.verb = (char *)"status";
	s->asking = ret;
	s->asking_client = sim_request(s->w, ret->asked, SIM_RGM, bytes, hawser__rg_request__pack(&q, bytes));
	wait_for_answer(s, ret);
}

void rgsim_ask_victims(struct rgsim *s)
{
	Hawser__FencedRequest q = HAWSER__FENCED_REQUEST__INIT;
	unsigned node = rgsim_spokesman(s);
	uint8_t bytes[32];

	if (!node || !s->w->node[node].d[SIM_FENCED].up)
		return;
	q.verb = (char *)"info";
	s->asking_client = sim_request(s->w, node, SIM_FENCED, bytes, hawser__fenced_request__pack(&q, bytes));
	wait_for_answer(s, NULL);
}

/* ---- what services wait for ---- */

static unsigned wait_of(struct rgsim *s, const char *service)
{
	for (unsigned i = 0; i < s->n_waits; i++)
		if (!strcmp(s->waits[i].service, service))
			return i;
	s->waits = rgsim_must(realloc(s->waits, (s->n_waits + 1) * sizeof(*s->waits)));
	snprintf(s->waits[s->n_waits].service, sizeof(s->waits[0].service), "%s", service);
	s->waits[s->n_waits].text = rgsim_must(strdup(""));
	s->waits[s->n_waits].looks = 0;
	return s->n_waits++;
}

/* Counts and times inside a reason change all the while; what is waited for stands before the first colon. */
static bool same_wait(const char *a, const char *b)
{
	size_t n = strcspn(a, ":(");

	return n == strcspn(b, ":(") && !strncmp(a, b, n);
}

void rgsim_look_at_waits(struct rgsim *s)
{
	struct rgsim_status st = { 0 };

	rgsim_ask_status(s, &st);
	for (unsigned i = 0; i < st.n; i++) {
		const struct rgsim_service *v = &st.svc[i];
		unsigned k = wait_of(s, v->name);

		if (!same_wait(s->waits[k].text, v->wait) || (!*s->waits[k].text != !*v->wait)) {
			free(s->waits[k].text);
			s->waits[k].text = rgsim_must(strdup(v->wait));
			s->waits[k].looks = 0;
		} else if (*v->wait && ++s->waits[k].looks == LONG_LOOKS) {
			rgsim_say(s, RGSIM_W_WAIT, 0, v->name, "waits for %s%s%s%s", v->wait, *v->remedy ? "; \"" : "", v->remedy,
				*v->remedy ? "\" ends the wait" : "");
		}
	}
	rgsim_status_free(&st);
}
