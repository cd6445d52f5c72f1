/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The note of what is left alone: services that run on, or may, where no rgmanager
 * looks after them. A frozen one stays where its rgmanager ended in order, a failed
 * one may be active where it could not be stopped. The group knows it in memory;
 * what is new to it after all have crashed, and would be started a second time,
 * stands on the disk of every member.
 *
 *     the set changes   -> each member rewrites its file          STORE
 *     a node leaves     -> it waits until they have               RG_M_KEPT
 *     a daemon starts   -> says what its file holds               RG_M_LEFT
 *
 * The last is said by all that join, before anything is started by a group that is
 * new (rg_all_told). It counts for services that nobody in the group has had: what
 * the group knows by itself is newer. Such a service is `noted`: it ends to be so
 * with a word of every node in left_at that nothing runs there, be it that its own
 * rgmanager has stopped everything, or that it was fenced.
 *
 *     hawser left 1
 *     frozen 1 service:web
 *     failed 3 vm:mail
 *     end 2
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clu_planted.h"
#include "rg_priv.h"

#define HEAD "hawser left 1\n"
#define MAX_ENTRIES 8192u	/* fit into RG_LEFT_MAX */
#define RETRY_MIN_MS 1000u
#define RETRY_MAX_MS 30000u

struct entry {
	char svc[RG_NAME_MAX];
	uint32_t nodeid;
	bool failed;
};

struct reader {
	const char *at, *end;
	unsigned n;
};

/* ---- the file ---- */

static int parse_entry(const char *line, struct entry *e)
{
	unsigned long id;
	char *end;

	e->failed = !strncmp(line, "failed ", 7);
	if (!e->failed && strncmp(line, "frozen ", 7) != 0)
		return -EBADMSG;
	errno = 0;
	id = strtoul(line + 7, &end, 10);
	if (errno || !id || id > UINT32_MAX || *end != ' ' || !end[1])
		return -EBADMSG;
	e->nodeid = (uint32_t)id;
	return (size_t)snprintf(e->svc, sizeof(e->svc), "%s", end + 1) < sizeof(e->svc) ? 1 : -EBADMSG;
}

/* 1: an entry; 0: the end, as it was written; -EBADMSG. */
static int next_entry(struct reader *r, struct entry *e)
{
	char line[RG_NAME_MAX + 32], last[32];
	const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
	size_t len = nl ? (size_t)(nl - r->at) : sizeof(line);

	if (len >= sizeof(line) || memchr(r->at, '\0', len))
		return -EBADMSG;
	memcpy(line, r->at, len);
	line[len] = '\0';
	r->at = nl + 1;
	snprintf(last, sizeof(last), "end %u", r->n);
	if (!strcmp(line, last))
		return r->at == r->end ? 0 : -EBADMSG;
	r->n++;
	return r->n > MAX_ENTRIES ? -EBADMSG : parse_entry(line, e);
}

static int open_text(struct reader *r, const void *data, size_t len)
{
	if (len < strlen(HEAD) || memcmp(data, HEAD, strlen(HEAD)) != 0)
		return -EBADMSG;
	*r = (struct reader){ (const char *)data + strlen(HEAD), (const char *)data + len, 0 };
	return 0;
}

int rg_left_check(const void *data, size_t len)
{
	struct reader r;
	struct entry e;
	int more;

	if (!len)
		return 0;
	if (open_text(&r, data, len) < 0)
		return -EBADMSG;
	do
		more = next_entry(&r, &e);
	while (more > 0);
	return more;
}

/* ---- what is to be written ---- */

static bool is_left_at(const struct rg *rg, const struct rg_svc *s, uint32_t nodeid)
{
	const struct rg_node *n = rg_node_find((struct rg *)rg, nodeid);

	if (s->gone)
		return false;
	if (s->state == RG_FAILED || s->noted)
		return rg_ids_has(&s->left_at, nodeid);
	return rg_is_left_alone(s) && s->owner == nodeid && n && (n->leaving || n->left_behind);
}

bool rg_left_by(const struct rg *rg, uint32_t nodeid)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (is_left_at(rg, rg->svcs[i], nodeid))
			return true;
	return false;
}

static bool maybe_left(const struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->state == RG_FAILED || rg_is_left_alone(rg->svcs[i]))
			return true;
	return false;
}

/* What may run on this node is not for its own note: it stops everything when it comes back. */
static unsigned write_entries(const struct rg *rg, struct clu_buf *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rg->n_svcs; i++)
		for (unsigned k = 0; k < rg->n_nodes && n < MAX_ENTRIES; k++) {
			const struct rg_svc *s = rg->svcs[i];
			uint32_t id = rg->nodes[k].nodeid;

			if (id == rg->self || !is_left_at(rg, s, id))
				continue;
			clu_buf_printf(b, "%s %u %s\n", s->state == RG_FAILED ? "failed" : "frozen", id, s->name);
			n++;
		}
	return n;
}

static void look(struct rg *rg)
{
	struct rg_keeper *k = &rg->left;
	struct clu_buf b = CLU_BUF_INIT;
	unsigned n;

	if (!k->any && !maybe_left(rg))
		return;
	clu_buf_str(&b, HEAD);
	n = write_entries(rg, &b);
	clu_buf_printf(&b, "end %u\n", n);
	if (b.error)
		rg->error = b.error;
	k->any = n != 0;
	if (b.error || (b.len == k->text.len && !memcmp(b.data, k->text.data, b.len)) || (!n && !k->text.len)) {
		clu_buf_free(&b);
		return;
	}
	clu_buf_free(&k->text);
	k->text = b;
	k->gen++;
}

static void write_down(struct rg *rg)
{
	struct rg_keeper *k = &rg->left;

	if (!rg->opt.left_path)
		k->stored_gen = k->gen;
	if (k->storing || k->stored_gen == k->gen || rg->now_ms < k->retry_ms)
		return;
	k->storing = true;
	k->storing_gen = k->gen;
	clu_out_store(rg->out, ++k->store_id, rg->opt.left_path, k->text.data, k->text.len, 0644);
}

void rg_left_stored(struct rg *rg, const struct clu_stored *st)
{
	struct rg_keeper *k = &rg->left;
	uint64_t pause = RETRY_MIN_MS;
	char why[RG_WHY_MAX];

	if (!k->storing || st->id != k->store_id)
		return;
	k->storing = false;
	if (st->result == 0) {
		k->stored_gen = k->storing_gen;
		k->failures = 0;
		k->retry_ms = 0;
		return;
	}
	for (unsigned i = 0; i < k->failures && pause < RETRY_MAX_MS; i++)
		pause *= 2;
	k->failures++;
	k->retry_ms = rg->now_ms + (pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
	snprintf(why, sizeof(why), "what runs where no rgmanager looks after it cannot be written down: %s; make room or mend the "
		"file system, it is tried again", strerror(-st->result));
	clu_out_note(rg->out, CLU_ERR, "rg.left_failed", rg->opt.left_path, "", "failed", why, "error=%d again_ms=%" PRIu64,
		st->result, k->retry_ms - rg->now_ms);
}

/* Before its own word has come back the group may know less than the file. */
static bool may_write(const struct rg *rg)
{
	const struct rg_node *me = rg_node_find((struct rg *)rg, rg->self);

	return rg->admitted && !rg->exiting && me && me->told;
}

uint64_t rg_left_deadline(const struct rg *rg)
{
	const struct rg_keeper *k = &rg->left;

	return k->retry_ms && !k->storing && may_write(rg) ? k->retry_ms : CLU_NEVER;
}

/* ---- what is said ---- */

static void say_left(struct rg *rg)
{
	Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;
	struct entry *e = NULL;
	Hawser__RgLeft *left = NULL;
	struct reader r;
	unsigned n = 0;

	m.kind = RG_M_LEFT;
	if (rg->left.text.len) {
		e = calloc(MAX_ENTRIES + 1, sizeof(*e));
		left = calloc(MAX_ENTRIES, sizeof(*left));
		m.left = calloc(MAX_ENTRIES, sizeof(Hawser__RgLeft *));
		if (!e || !left || !m.left)
			rg->error = -ENOMEM;
		else if (open_text(&r, rg->left.text.data, rg->left.text.len) == 0)
			while (n < MAX_ENTRIES && next_entry(&r, &e[n]) > 0)
				n++;
	}
	for (unsigned i = 0; i < n; i++) {
		hawser__rg_left__init(&left[i]);
		left[i].svc = e[i].svc;
		left[i].nodeid = e[i].nodeid;
		left[i].failed = e[i].failed;
		m.left[m.n_left++] = &left[i];
	}
	rg->left.said = true;
	rg_send(rg, &m);
	free(m.left);
	free(left);
	free(e);
}

static void say_kept(struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes; i++) {
		struct rg_node *n = &rg->nodes[i];
		Hawser__RgMessage m = HAWSER__RG_MESSAGE__INIT;

		if (!n->present || !n->leaving || n->nodeid == rg->self || n->kept_said || !rg_left_by(rg, n->nodeid))
			continue;
		n->kept_said = true;
		m.kind = RG_M_KEPT;
		m.nodeid = n->nodeid;
		rg_send(rg, &m);
	}
}

void rg_left_act(struct rg *rg)
{
	if (!rg->admitted || !rg->rm || rg->exiting)
		return;
	if (!rg->left.said)
		say_left(rg);
	if (!may_write(rg))
		return;
	look(rg);
	write_down(rg);
	if (rg->left.stored_gen == rg->left.gen)
		say_kept(rg);
}

bool rg_all_told(const struct rg *rg)
{
	for (unsigned i = 0; i < rg->n_nodes; i++)
		if (rg->nodes[i].present && !rg->nodes[i].told)
			return false;
	return true;
}

/* ---- what the group makes of it ---- */

/* Nobody in this group has had it, or it is known from another disk already. */
static bool may_be_noted(const struct rg_svc *s)
{
	return s->noted || (!s->owner && !s->last_owner && (s->state == RG_STOPPED || s->state == RG_DISABLED));
}

static void note(struct rg *rg, struct rg_svc *s, const Hawser__RgLeft *e, const char *by)
{
	const char *where = rg_node_name(rg, e->nodeid);
	bool first = !s->noted;

	s->noted = true;
	if (e->failed && s->state != RG_FAILED && first)
		rg_svc_set(rg, s, RG_FAILED, 0, "it could not be stopped on %s and may be active there, says the disk of %s", where,
			by);
	else if (!e->failed && first) {
		s->flags |= RG_FLAG_FROZEN;
		rg_svc_set(rg, s, RG_STARTED, e->nodeid, "it is frozen and was left running on %s, says the disk of %s", where, by);
	}
	if (first && e->failed)
		s->last_owner = e->nodeid;
	rg_ids_add(&s->left_at, e->nodeid);
	s->armed = false;
	rg_svc_answer(rg, s, e->failed ? RG_EABORT : RG_EFROZEN, s->why);
}

void rg_apply_left(struct rg *rg, struct rg_node *n, const Hawser__RgMessage *m)
{
	uint32_t from = n->nodeid;

	n->told = true;
	for (size_t i = 0; i < m->n_left && rg->rm; i++) {
		const Hawser__RgLeft *e = m->left[i];
		struct rg_svc *s = rg_svc_find(rg, e->svc);
		struct rg_node *at = rg_node_find(rg, e->nodeid);

		/* Who is ready has stopped everything, and so will the sender. */
		if (!s || s->gone || !may_be_noted(s) || e->nodeid == from || (at && at->ready) ||
			!clu_conf_node_name(rg->rm->conf, e->nodeid))
			continue;
		at = rg_node_get(rg, e->nodeid);
		if (!at)
			continue;
		at->left_behind = at->left_behind || !e->failed;
		note(rg, s, e, rg_node_name(rg, from));
	}
}

bool rg_noted_at(const struct rg *rg, uint32_t nodeid)
{
	for (unsigned i = 0; i < rg->n_svcs; i++)
		if (rg->svcs[i]->noted && rg_ids_has(&rg->svcs[i]->left_at, nodeid))
			return true;
	return false;
}

static bool inherits(const Hawser__RgMessage *m, const struct rg_svc *s)
{
	for (size_t i = 0; m && i < m->n_inherits; i++)
		if (!strcmp(m->inherits[i], s->name))
			return true;
	return false;
}

static void over(struct rg *rg, struct rg_svc *s)
{
	if (CLU_PLANTED(RGM_NOTE_STAYS))
		return;
	s->flags &= ~RG_FLAG_FROZEN;
	if (s->state == RG_FAILED) {
		rg_svc_fresh(rg, s, "it is stopped where it may have been active");
		return;
	}
	s->want = RG_W_FRESH;
	rg_svc_set(rg, s, RG_RECOVERING, 0, "it is stopped where it was left running");
}

void rg_left_over(struct rg *rg, const struct rg_node *n, const Hawser__RgMessage *m)
{
	for (unsigned i = 0; i < rg->n_svcs; i++) {
		struct rg_svc *s = rg->svcs[i];

		if (!s->noted || !rg_ids_has(&s->left_at, n->nodeid))
			continue;
		if (inherits(m, s)) {
			s->noted = false;
			s->left_at.n = 0;
			continue;
		}
		rg_ids_del(&s->left_at, n->nodeid);
		if (!s->left_at.n)
			over(rg, s);
		else if (s->owner == n->nodeid)
			rg_svc_set(rg, s, RG_STARTED, s->left_at.id[0], "another disk says that it was left running there");
	}
}
