/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "lvs_check_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t lvs_check_ms(const struct lvs_check *k)
{
	return now_ms() - k->start_ms;
}

static void on_program_end(void *ctx, const struct clu_child_end *e)
{
	lvs_check_program_end(ctx, e);
}

struct lvs_checks *lvs_checks_new(qb_loop_t *loop, void (*end)(void *ctx, uint64_t id, bool ok, const char *why),
	void *ctx)
{
	struct lvs_checks *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->loop = loop;
	c->end = end;
	c->ctx = ctx;
	c->children = clu_children_new(loop, on_program_end, c);
	if (!c->children) {
		free(c);
		return NULL;
	}
	return c;
}

static void stop_timer(struct lvs_check *k)
{
	if (k->timing)
		(void)qb_loop_timer_del(k->owner->loop, k->timer);
	k->timing = false;
}

static void tell(void *data);

static void drop(struct lvs_check *k)
{
	struct lvs_checks *c = k->owner;
	struct lvs_check **p = &c->list;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	c->count--;
	stop_timer(k);
	lvs_check_close(k);
	if (k->done)
		(void)qb_loop_job_del(c->loop, QB_LOOP_MED, k, tell);
	if (k->run_id)
		clu_children_kill(c->children, k->run_id);
	free(k);
}

/* Runs from the loop's job queue, so that a result is never told from inside a call. */
static void tell(void *data)
{
	struct lvs_check *k = data;
	struct lvs_checks *c = k->owner;
	uint64_t id = k->id;
	bool ok = k->ok;
	char why[sizeof(k->why)];

	memcpy(why, k->why, sizeof(why));
	k->done = false;
	k->run_id = 0;
	drop(k);
	c->end(c->ctx, id, ok, why);
}

void lvs_check_result(struct lvs_check *k, bool ok, const char *fmt, ...)
{
	va_list ap;

	if (k->done)
		return;
	stop_timer(k);
	lvs_check_close(k);
	va_start(ap, fmt);
	vsnprintf(k->why, sizeof(k->why), fmt, ap);
	va_end(ap);
	k->ok = ok;
	k->done = !qb_loop_job_add(k->owner->loop, QB_LOOP_MED, k, tell);
}

static void on_limit(void *data)
{
	struct lvs_check *k = data;

	k->timing = false;
	if (!strcmp(k->phase, "answer") && k->answer_len)
		lvs_check_result(k, false, "answer does not match within %u s", k->spec.timeout_s);
	else
		lvs_check_result(k, false, "no %s within %u s", k->phase, k->spec.timeout_s);
}

void lvs_check_arm(struct lvs_check *k, const char *phase)
{
	stop_timer(k);
	k->phase = phase;
	if (qb_loop_timer_add(k->owner->loop, QB_LOOP_MED, k->spec.timeout_s * UINT64_C(1000000000), k, on_limit,
		&k->timer) < 0)
		lvs_check_result(k, false, "no timer: out of memory");
	else
		k->timing = true;
}

void lvs_check_close(struct lvs_check *k)
{
	if (k->fd < 0)
		return;
	(void)qb_loop_poll_del(k->owner->loop, k->fd);
	close(k->fd);
	k->fd = -1;
}

int lvs_checks_start(struct lvs_checks *c, uint64_t id, const struct lvs_check_spec *spec,
	const struct lvs_addr *addr, uint16_t port)
{
	struct lvs_check *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->owner = c;
	k->id = id;
	k->spec = *spec;
	k->addr = *addr;
	k->port = port;
	k->fd = -1;
	k->start_ms = now_ms();
	k->next = c->list;
	c->list = k;
	c->count++;
	if (k->spec.program[0])
		lvs_check_program_begin(k);
	else
		lvs_check_connect_begin(k);
	return 0;
}

void lvs_checks_cancel(struct lvs_checks *c, uint64_t id)
{
	for (struct lvs_check *k = c->list; k; k = k->next) {
		if (k->id == id) {
			drop(k);
			return;
		}
	}
}

unsigned lvs_checks_count(const struct lvs_checks *c)
{
	return c->count;
}

struct lvs_checks *lvs_checks_free(struct lvs_checks *c)
{
	if (!c)
		return NULL;
	while (c->list)
		drop(c->list);
	clu_children_free(c->children);
	free(c);
	return NULL;
}
