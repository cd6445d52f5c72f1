/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000u
#define JOURNAL_US (5000u * MS)		/* the kernel writes renames by itself after this time */
#define LYING_US (60000u * MS)

struct sim_file {
	struct sim_file *next;
	char *path;
	void *data;		/* as programs see it */
	size_t len;
	void *safe;		/* as it is after a power cut; NULL: there was no such file */
	size_t safe_len;
	uint64_t renamed;	/* counts; tells a journal write that comes late from one that is due */
	bool is_safe;
};

static void *copy_of(const void *data, size_t len)
{
	void *p = malloc(len ? len : 1);

	if (!p)
		abort();
	if (len)
		memcpy(p, data, len);
	return p;
}

static struct sim_file *file_find(const struct sim_node *n, const char *path)
{
	struct sim_file *f = n->disk;

	while (f && strcmp(f->path, path) != 0)
		f = f->next;
	return f;
}

const void *sim_file_get(const struct sim_world *w, unsigned node, const char *path, size_t *ret_len)
{
	const struct sim_file *f = file_find(&w->node[node], path);

	if (!f || !f->data)
		return NULL;
	*ret_len = f->len;
	return f->data;
}

const void *sim_file_safe(const struct sim_world *w, unsigned node, const char *path, size_t *ret_len)
{
	const struct sim_file *f = file_find(&w->node[node], path);

	if (w->node[node].disk_state == SIM_DISK_LYING)
		return sim_file_get(w, node, path, ret_len);
	if (!f || !f->safe)
		return NULL;
	*ret_len = f->safe_len;
	return f->safe;
}

static void make_safe(struct sim_file *f)
{
	free(f->safe);
	f->safe = copy_of(f->data, f->len);
	f->safe_len = f->len;
	f->is_safe = true;
}

static struct sim_file *file_rename(struct sim_world *w, struct sim_node *n, const char *path, const void *data,
	size_t len)
{
	struct sim_file *f = file_find(n, path);

	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			abort();
		f->path = copy_of(path, strlen(path) + 1);
		f->next = n->disk;
		n->disk = f;
	}
	free(f->data);
	f->data = copy_of(data, len);
	f->len = len;
	f->is_safe = false;
	f->renamed = ++w->seq;
	return f;
}

void sim_disk_settle(struct sim_world *w, unsigned node, const char *path)
{
	struct sim_file *f = file_find(&w->node[node], path);

	if (f && f->data && w->node[node].disk_state != SIM_DISK_LYING)
		make_safe(f);
}

void sim_disk_power_lost(struct sim_world *w, unsigned node)
{
	for (struct sim_file *f = w->node[node].disk; f; f = f->next) {
		if (f->is_safe || !f->data)
			continue;
		if (w->node[node].disk_state != SIM_DISK_LYING && sim_chance(w, 500)) {
			make_safe(f);
			continue;
		}
		sim_trace(w, "n%u %s: the last rename is lost", node, f->path);
		free(f->data);
		f->data = f->safe ? copy_of(f->safe, f->safe_len) : NULL;
		f->len = f->safe_len;
		f->is_safe = true;
	}
}

void sim_disk_free(struct sim_node *n)
{
	while (n->disk) {
		struct sim_file *f = n->disk;

		n->disk = f->next;
		free(f->path);
		free(f->data);
		free(f->safe);
		free(f);
	}
}

void sim_disk_set(struct sim_world *w, unsigned node, enum sim_disk_state state)
{
	static const char *const names[SIM_NDISK_STATES] = { "well", "full", "read-only", "failing", "slow", "lying" };

	if (w->node[node].disk_state == state)
		return;
	w->node[node].disk_state = state;
	sim_trace(w, "disk of n%u is %s", node, names[state]);
}

/* ---- the steps of one write ---- */

enum step { STEP_WRITE, STEP_RENAME, STEP_SYNC, STEP_TELL };

static void fire_step(struct sim_world *w, struct sim_event *e);

static void next_step(struct sim_world *w, const struct sim_event *e, enum step step)
{
	const struct sim_node *n = &w->node[e->node];
	uint64_t in_us = 50 + sim_rnd(w, 7000);
	struct sim_event *next;

	if (n->disk_state == SIM_DISK_SLOW && step != STEP_TELL)
		in_us += sim_rnd(w, 4000) * MS;
	next = sim_at(w, in_us, fire_step, e->node, e->data, e->len);
	next->daemon = e->daemon;
	next->boot = e->boot;
	next->life = e->life;
	next->id = e->id;
	next->value = (int)step;
}

static int error_of(struct sim_world *w, const struct sim_node *n, enum step step)
{
	/* The rename and the fsync of the folder need no room. */
	switch (n->disk_state) {
	case SIM_DISK_FULL:
		return step == STEP_WRITE ? -ENOSPC : 0;
	case SIM_DISK_READ_ONLY:
		return step == STEP_SYNC ? 0 : -EROFS;
	case SIM_DISK_FAILING:
		return sim_chance(w, 400) ? -EIO : 0;
	case SIM_DISK_WELL:
	case SIM_DISK_SLOW:
	case SIM_DISK_LYING:
	case SIM_NDISK_STATES:
	default:
		return step == STEP_WRITE && !w->calm && sim_chance(w, 3) ? -ENOSPC : 0;
	}
}

static void tell(struct sim_world *w, const struct sim_event *e, int result)
{
	struct clu_event ev = { .type = CLU_EV_STORED };

	ev.u.stored.id = e->id;
	ev.u.stored.result = result;
	sim_deliver(w, e->node, e->daemon, &ev);
}

static void fire_journal(struct sim_world *w, struct sim_event *e)
{
	struct sim_file *f = file_find(&w->node[e->node], e->data);

	if (f && f->renamed == e->id && !f->is_safe)
		make_safe(f);
}

static void fire_step(struct sim_world *w, struct sim_event *e)
{
	struct sim_node *n = &w->node[e->node];
	enum step step = (enum step)e->value;
	const char *path = e->data;
	size_t path_len = strlen(path) + 1;
	struct sim_file *f;
	struct sim_event *journal;
	int r = step == STEP_TELL ? 0 : error_of(w, n, step);

	if (r < 0) {
		sim_trace(w, "n%u %s: %s fails (%s)", e->node, path, step == STEP_WRITE ? "write" :
			step == STEP_RENAME ? "rename" : "fsync of the folder", r == -EIO ? "EIO" :
			r == -EROFS ? "EROFS" : "ENOSPC");
		tell(w, e, r);
		return;
	}
	switch (step) {
	case STEP_WRITE:
		next_step(w, e, STEP_RENAME);
		break;
	case STEP_RENAME:
		f = file_rename(w, n, path, path + path_len, e->len - path_len);
		journal = sim_at(w, n->disk_state == SIM_DISK_LYING ? LYING_US : JOURNAL_US, fire_journal, e->node, path,
			path_len);
		journal->boot = n->boot;
		journal->id = f->renamed;
		next_step(w, e, STEP_SYNC);
		break;
	case STEP_SYNC:
		f = file_find(n, path);
		if (f && n->disk_state != SIM_DISK_LYING)
			make_safe(f);
		next_step(w, e, STEP_TELL);
		break;
	case STEP_TELL:
		tell(w, e, 0);
		break;
	}
}

void sim_disk_store(struct sim_world *w, unsigned node, enum sim_daemon_kind k, const struct clu_action *a)
{
	size_t path_len = strlen(a->u.store.path) + 1;
	struct sim_event e = { .node = node, .daemon = k, .boot = w->node[node].boot, .life = w->node[node].d[k].life,
		.id = a->u.store.id, .len = path_len + a->u.store.len };

	e.data = malloc(e.len);
	if (!e.data)
		abort();
	memcpy(e.data, a->u.store.path, path_len);
	memcpy((char *)e.data + path_len, a->u.store.data, a->u.store.len);
	next_step(w, &e, STEP_WRITE);
	free(e.data);
}
