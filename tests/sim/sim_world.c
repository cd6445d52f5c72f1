/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim_agents.h"
#include "sim_disk.h"
#include "sim_parse.h"
#include "sim_cmand.h"
#include "sim_qdisk.h"

/* A test program: without memory there is nothing to test. */
static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

uint64_t sim_rnd(struct sim_world *w, uint64_t below)
{
	uint64_t n = sim_dice_below(&w->dice, below);

	return w->steady && below ? below / 2 : n;
}

uint64_t sim_soon(struct sim_world *w, const struct sim_node *n, uint64_t below)
{
	uint64_t us = sim_rnd(w, below);

	/* In a statement of its own: the order of two rolls in one sum is the compiler's. */
	if (n->slow_until > w->now_us && n->slow_us)
		us += sim_rnd(w, n->slow_us);
	return us;
}

bool sim_chance(struct sim_world *w, unsigned per_mille)
{
	return !w->steady && sim_dice_chance(&w->dice, per_mille);
}

struct sim_world *sim_world_new(uint64_t seed, unsigned n_nodes, const struct sim_daemon_type *const *types,
	FILE *trace)
{
	struct sim_world *w = must(calloc(1, sizeof(*w)));

	w->seed = seed;
	sim_dice_seed(&w->dice, seed, 0);
	w->n_nodes = n_nodes;
	w->detect_us = 2200000;
	for (unsigned k = 0; k < SIM_NDAEMONS; k++)
		w->type[k] = types[k];
	for (unsigned i = 1; i <= SIM_MAX_NODES; i++) {
		w->node[i].id = w->node[i].nodeid = i;
		snprintf(w->node[i].name, sizeof(w->node[i].name), "n%u", i);
	}
	w->trace = trace;
	sim_check_new(w);
	return w;
}

unsigned sim_node_index(const struct sim_world *w, uint32_t nodeid)
{
	for (unsigned i = 1; i <= w->n_nodes; i++)
		if (w->node[i].nodeid == nodeid)
			return i;
	return 0;
}

/* One is used again at once: events come and go by the million. */
static void event_done(struct sim_world *w, struct sim_event *e)
{
	free(e->data);
	e->data = w->spare;
	w->spare = e;
}

static struct sim_event *event_new(struct sim_world *w)
{
	struct sim_event *e = w->spare;

	if (!e)
		return must(calloc(1, sizeof(*e)));
	w->spare = e->data;
	*e = (struct sim_event){ 0 };
	return e;
}

struct sim_world *sim_world_free(struct sim_world *w)
{
	if (!w)
		return NULL;
	w->calm = true;
	for (unsigned i = 1; i <= w->n_nodes; i++) {
		for (unsigned k = 0; k < SIM_NDAEMONS; k++)
			sim_daemon_kill(w, i, (enum sim_daemon_kind)k);
		free(w->node[i].conf_bytes);
		sim_disk_free(&w->node[i]);
		sim_agents_free(&w->node[i]);
	}
	for (unsigned i = 0; i < w->n_heap; i++)
		event_done(w, w->heap[i]);
	free(w->heap);
	while (w->spare) {
		struct sim_event *next = w->spare->data;

		free(w->spare);
		w->spare = next;
	}
	sim_ring_free(w);
	sim_qdisk_free(w);
	sim_cmand_free(w);
	sim_parse_free(w);
	sim_check_free(w);
	free(w);
	return NULL;
}

static bool earlier(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->seq < b->seq;
}

struct sim_event *sim_at(struct sim_world *w, uint64_t in_us, sim_fire_fn *fire, unsigned node, const void *data,
	size_t len)
{
	struct sim_event *e = event_new(w);
	unsigned i;

	e->at_us = w->now_us + in_us;
	e->seq = ++w->seq;
	e->fire = fire;
	e->node = node;
	if (len) {
		e->data = must(malloc(len));
		memcpy(e->data, data, len);
		e->len = len;
	}
	if (w->n_heap == w->cap_heap) {
		w->cap_heap = w->cap_heap ? w->cap_heap * 2 : 256;
		w->heap = must(realloc(w->heap, w->cap_heap * sizeof(*w->heap)));
	}
	i = w->n_heap++;
	while (i && earlier(e, w->heap[(i - 1) / 2])) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = e;
	return e;
}

static struct sim_event *take_next(struct sim_world *w)
{
	struct sim_event *top = w->heap[0], *last = w->heap[--w->n_heap];
	unsigned i = 0;

	for (;;) {
		unsigned c = 2 * i + 1;

		if (c >= w->n_heap)
			break;
		if (c + 1 < w->n_heap && earlier(w->heap[c + 1], w->heap[c]))
			c++;
		if (!earlier(w->heap[c], last))
			break;
		w->heap[i] = w->heap[c];
		i = c;
	}
	if (w->n_heap)
		w->heap[i] = last;
	return top;
}

/* An event for a node or a daemon that hangs waits until it wakes; one for a former life is void. */
static bool is_void(const struct sim_world *w, const struct sim_event *e)
{
	const struct sim_node *n = &w->node[e->node];

	if (e->boot && e->boot != n->boot)
		return true;
	return e->life && e->life != n->d[e->daemon].life;
}

static void wait_until(struct sim_world *w, const struct sim_event *e, uint64_t until_us)
{
	struct sim_event *again = sim_at(w, until_us - w->now_us, e->fire, e->node, e->data, e->len);

	again->daemon = e->daemon;
	again->boot = e->boot;
	again->life = e->life;
	again->id = e->id;
	again->value = e->value;
	again->on_time = e->on_time;
}

bool sim_step(struct sim_world *w)
{
	struct sim_event *e;

	if (w->failure[0] || !w->n_heap)
		return false;
	e = take_next(w);
	if (e->at_us > w->now_us)
		w->now_us = e->at_us;
	if (!is_void(w, e)) {
		struct sim_node *n = &w->node[e->node];

		const struct sim_daemon *d = &n->d[e->daemon];

		if (e->boot && n->hung && n->hung_until > w->now_us) {
			wait_until(w, e, n->hung_until);
		} else if (e->life && d->hung && d->hung_until > w->now_us && !e->on_time) {
			wait_until(w, e, d->hung_until);
		} else {
			w->stats.events++;
			e->fire(w, e);
			sim_check_step(w);
		}
	}
	event_done(w, e);
	return !w->failure[0];
}

bool sim_run_until(struct sim_world *w, uint64_t at_us)
{
	while (w->n_heap && w->heap[0]->at_us <= at_us)
		if (!sim_step(w))
			return false;
	if (w->now_us < at_us)
		w->now_us = at_us;
	return true;
}

void sim_fail(struct sim_world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->failure[0])
		return;
	va_start(ap, fmt);
	vsnprintf(w->failure, sizeof(w->failure), fmt, ap);
	va_end(ap);
	sim_trace(w, "BROKEN: %s", w->failure);
	for (unsigned i = 1; w->trace && i <= w->n_nodes; i++)
		for (unsigned k = 0; k < SIM_NDAEMONS; k++)
			if (w->node[i].d[k].up) {
				struct clu_buf b = CLU_BUF_INIT;

				clu_group_dump(w->node[i].d[k].group, &b);
				if (k == SIM_QDISKD || k == SIM_CMAND)
					w->type[k]->ops->dump(w->node[i].d[k].core, &b);
				sim_trace(w, "n%u %s seen %llx in %d\n%s", i, w->type[k]->ops->name,
					(unsigned long long)w->node[i].seen[k] >> 1,
					w->node[i].d[k].in_group, clu_buf_text(&b));
				clu_buf_free(&b);
			}
}

void sim_trace(struct sim_world *w, const char *fmt, ...)
{
	va_list ap;

	if (!w->trace)
		return;
	fprintf(w->trace, "%6" PRIu64 ".%06" PRIu64 " ", w->now_us / 1000000, w->now_us % 1000000);
	va_start(ap, fmt);
	vfprintf(w->trace, fmt, ap);
	va_end(ap);
	fputc('\n', w->trace);
}
