/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replicated part: who has which file, and when corosync is asked. The rules are in cmand_core.h. */
#include "cmand_core_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clu_planted.h"

static struct cmand_node *find(struct cmand_group *g, uint32_t nodeid)
{
	for (unsigned i = 0; i < g->n; i++)
		if (g->nodes[i].nodeid == nodeid)
			return &g->nodes[i];
	return NULL;
}

static void set_why(struct cmand_node *n, const char *why)
{
	snprintf(n->why, sizeof(n->why), "%s", why);
}

void cmand_group_reset(struct cmand_core *c)
{
	memset(&c->g, 0, sizeof(c->g));
	c->go_said = false;
	c->look_said = false;
	c->look_allowed = false;
}

static void send(const Hawser__CmandMessage *m, struct clu_out *out)
{
	clu_out_send_pb(out, &m->base);
}

/* ---- when corosync is asked ---- */

/* All files are there and one version, and corosync has not read all of them: a function of the replicated state. */
static bool is_ready(const struct cmand_group *g, uint64_t *ret_version)
{
	bool staged = false;

	for (unsigned i = 0; i < g->n; i++) {
		const struct cmand_node *n = &g->nodes[i];

		if (n->state != HAWSER__CMAND_STATE__CMAND_STAGED && n->state != HAWSER__CMAND_STATE__CMAND_RUNNING &&
			!(n->state == HAWSER__CMAND_STATE__CMAND_LOOKING && CLU_PLANTED(CMAND_GO_UNREADY)))
			return false;
		if (n->version != g->nodes[0].version)
			return false;
		staged = staged || n->state == HAWSER__CMAND_STATE__CMAND_STAGED;
	}
	*ret_version = g->n ? g->nodes[0].version : 0;
	return staged && !g->reload;
}

/* A quorum notice about exactly these members: no node of the cluster is without cmand. */
static bool has_quorum(const struct cmand_core *c)
{
	if (!c->quorum_known || !c->quorate || c->n_q_nodes != c->g.n)
		return false;
	for (unsigned i = 0; i < c->g.n; i++)
		if (c->g.nodes[i].nodeid != c->q_nodes[i])
			return false;
	return true;
}

static void say_go(struct cmand_core *c, struct clu_out *out)
{
	Hawser__CmandMessage m = HAWSER__CMAND_MESSAGE__INIT;
	uint64_t version;

	if (c->go_said || !c->g.n || c->g.nodes[0].nodeid != c->nodeid || !is_ready(&c->g, &version) || !has_quorum(c))
		return;
	c->go_said = true;
	m.kind = HAWSER__CMAND_KIND__CMAND_GO;
	m.version = version;
	m.number = c->g.reloads + 1;
	send(&m, out);
}

static void run_reload(struct cmand_core *c, uint64_t number, struct clu_out *out)
{
	const char *const argv[] = { c->apply, "reload", NULL };
	const struct clu_run run = { .id = CMAND_CHILD_RELOAD, .argv = argv, .deadline_ms = CMAND_RELOAD_MS };

	c->reloading = true;
	c->reload_number = number;
	clu_out_run(out, &run);
}

static void on_go(struct cmand_core *c, uint32_t from, const Hawser__CmandMessage *m, struct clu_out *out)
{
	struct cmand_group *g = &c->g;
	uint64_t version;

	if (from == c->nodeid)
		c->go_said = false;
	if (g->nodes[0].nodeid != from || !is_ready(g, &version) || version != m->version)
		return;
	g->reload = ++g->reloads;
	g->reload_from = from;
	g->reload_version = version;
	g->reload_missed = false;
	clu_out_note(out, CLU_INFO, "cman.reload", "corosync", "staged", "reload",
		"all nodes have written their corosync.conf", "version=%llu by=%u", (unsigned long long)version, from);
	if (from != c->nodeid)
		return;
	/* One of before a split may still run: it began before these files were written, so it cannot count. */
	if (c->reloading)
		c->reload_next = g->reload;
	else
		run_reload(c, g->reload, out);
}

void cmand_reload_ended(struct cmand_core *c, const struct clu_child_end *e, struct clu_out *out)
{
	Hawser__CmandMessage m = HAWSER__CMAND_MESSAGE__INIT;

	c->reloading = false;
	if (c->reload_next) {
		run_reload(c, c->reload_next, out);
		c->reload_next = 0;
		return;
	}
	m.kind = HAWSER__CMAND_KIND__CMAND_DONE;
	m.version = c->g.reload_version;
	m.number = c->reload_number;
	m.error = e->exit_code == 0 ? 0 : -EIO;
	m.why = (char *)(e->exit_code == 0 ? "" : *e->tail ? e->tail :
		"corosync did not answer the request to read its configuration; see whether it runs");
	if (c->member)
		send(&m, out);
}

static void on_done(struct cmand_core *c, uint32_t from, const Hawser__CmandMessage *m)
{
	struct cmand_group *g = &c->g;

	if (!g->reload || g->reload_from != from || g->reload != m->number)
		return;
	if (!m->error && !g->reload_missed)
		g->tried = g->reload_version;
	for (unsigned i = 0; m->error && i < g->n; i++) {
		if (g->nodes[i].state != HAWSER__CMAND_STATE__CMAND_STAGED)
			continue;
		g->nodes[i].state = HAWSER__CMAND_STATE__CMAND_FAILED;
		set_why(&g->nodes[i], m->why);
	}
	g->reload = 0;
	/* After a refusal not at once again, and by itself only after a while. */
	if (m->error)
		c->retry_ms = c->now_ms + CMAND_RETRY_MS;
	else
		c->look_due = true;
}

/* ---- looking ---- */

static void say_look(struct cmand_core *c, struct clu_out *out)
{
	Hawser__CmandMessage m = HAWSER__CMAND_MESSAGE__INIT;

	if (!c->look_due || c->look_said || c->look_allowed || c->looking || !c->conf)
		return;
	c->look_due = false;
	c->look_said = true;
	m.kind = HAWSER__CMAND_KIND__CMAND_LOOK;
	m.version = c->version;
	send(&m, out);
}

static void run_look(struct cmand_core *c, struct clu_out *out)
{
	const char *const argv[] = { c->apply, "look", c->g.tried == c->version ? "tried" : NULL, NULL };
	struct clu_run run = { .id = CMAND_CHILD_LOOK, .argv = argv, .deadline_ms = CMAND_LOOK_MS };
	size_t len = 0;

	if (!c->look_allowed || c->looking || (c->g.reload && !CLU_PLANTED(CMAND_WRITES_IN_RELOAD)))
		return;
	c->look_allowed = false;
	c->looking = true;
	c->look_version = c->version;
	run.input = clu_conf_bytes(c->conf, &len);
	run.input_len = len;
	clu_out_run(out, &run);
}

static void on_look(struct cmand_core *c, struct cmand_node *n, const Hawser__CmandMessage *m)
{
	n->state = HAWSER__CMAND_STATE__CMAND_LOOKING;
	n->version = m->version;
	n->why[0] = '\0';
	if (n->nodeid == c->nodeid && c->look_said) {
		c->look_said = false;
		c->look_allowed = true;
	}
}

void cmand_look_ended(struct cmand_core *c, const struct clu_child_end *e, struct clu_out *out)
{
	Hawser__CmandMessage m = HAWSER__CMAND_MESSAGE__INIT;

	c->looking = false;
	m.kind = HAWSER__CMAND_KIND__CMAND_SAY;
	m.version = c->look_version;
	m.why = (char *)e->tail;
	switch (e->exit_code) {
	case CMAND_LOOK_RUNNING:
		m.state = HAWSER__CMAND_STATE__CMAND_RUNNING;
		/* Whether a cluster runs beside us that this node cannot hear is looked for until there is quorum. */
		if (c->quorum_known && !c->quorate)
			c->retry_ms = c->now_ms + CMAND_RETRY_MS;
		break;
	case CMAND_LOOK_STAGED:
		m.state = HAWSER__CMAND_STATE__CMAND_STAGED;
		break;
	case CMAND_LOOK_HELD:
		m.state = HAWSER__CMAND_STATE__CMAND_HELD;
		break;
	default:
		m.state = HAWSER__CMAND_STATE__CMAND_FAILED;
		if (e->timed_out || !*e->tail)
			m.why = (char *)(e->start_error ? "cman_apply cannot be run: is the suite installed completely?" :
				"cman_apply did not come to its end: is this node overloaded?");
		c->retry_ms = c->now_ms + CMAND_RETRY_MS;
		break;
	}
	if (c->member)
		send(&m, out);
}

static void on_say(struct cmand_node *n, const Hawser__CmandMessage *m)
{
	if (m->state < HAWSER__CMAND_STATE__CMAND_STAGED || m->state > HAWSER__CMAND_STATE__CMAND_FAILED)
		return;
	n->state = m->state;
	n->version = m->version;
	set_why(n, m->why);
}

/* What was said before does not count any more; nobody is ready until all have looked. */
static void on_again(struct cmand_core *c, uint32_t from)
{
	c->g.tried = 0;
	for (unsigned i = 0; i < c->g.n; i++) {
		c->g.nodes[i].state = HAWSER__CMAND_STATE__CMAND_LOOKING;
		c->g.nodes[i].why[0] = '\0';
	}
	c->look_due = true;
	for (unsigned i = 0; from == c->nodeid && i < CMAND_MAX_WAITING; i++)
		c->waiting[i].again = false;
}

void cmand_progress(struct cmand_core *c, struct clu_out *out)
{
	if (!c->member || c->leaving)
		return;
	say_look(c, out);
	run_look(c, out);
	say_go(c, out);
}

/* ---- events ---- */

void cmand_on_message(struct cmand_core *c, const struct clu_message *msg, struct clu_out *out)
{
	struct cmand_node *n = find(&c->g, msg->from);
	Hawser__CmandMessage *m;

	if (!n)
		return;
	m = hawser__cmand_message__unpack(NULL, msg->len, msg->data);
	if (!m)
		return;
	switch (m->kind) {
	case HAWSER__CMAND_KIND__CMAND_LOOK:
		on_look(c, n, m);
		break;
	case HAWSER__CMAND_KIND__CMAND_SAY:
		on_say(n, m);
		break;
	case HAWSER__CMAND_KIND__CMAND_GO:
		on_go(c, msg->from, m, out);
		break;
	case HAWSER__CMAND_KIND__CMAND_DONE:
		on_done(c, msg->from, m);
		break;
	case HAWSER__CMAND_KIND__CMAND_AGAIN:
		on_again(c, msg->from);
		break;
	case HAWSER__CMAND_KIND__CMAND_NOTHING:
	case _HAWSER__CMAND_KIND_IS_INT_SIZE:
	default:
		break;
	}
	hawser__cmand_message__free_unpacked(m, NULL);
}

void cmand_on_view(struct cmand_core *c, const struct clu_view *v, struct clu_out *out)
{
	struct cmand_group was = c->g, *g = &c->g;

	if (v->self_left) {
		cmand_group_reset(c);
		c->member = false;
		if (c->leaving)
			clu_out_exit(out);
		return;
	}
	g->n = 0;
	for (unsigned i = 0; i < v->n_members && i < CLU_MAX_NODES; i++) {
		const struct cmand_node *old = find(&was, v->members[i].nodeid);
		struct cmand_node *n = &g->nodes[g->n++];

		for (unsigned k = 0; k < v->n_joined; k++)
			if (v->joined[k].nodeid == v->members[i].nodeid)
				old = NULL;
		if (old)
			*n = *old;
		else
			*n = (struct cmand_node){ .nodeid = v->members[i].nodeid };
	}
	/* What a newcomer has read is not what was tried before it came. */
	if (v->n_joined) {
		g->tried = 0;
		g->reload_missed = true;
	}
	if (v->first || !c->member) {
		/* What we had said may have been said to another side. */
		c->member = true;
		c->look_due = true;
		c->look_said = false;
		c->look_allowed = false;
		c->go_said = false;
	}
	if (!g->reload || CLU_PLANTED(CMAND_RELOAD_FORGOTTEN) || (find(g, g->reload_from) && find(&was, g->reload_from) &&
			   find(g, g->reload_from)->state != HAWSER__CMAND_STATE__CMAND_UNKNOWN))
		return;
	/* Whether corosync was asked is not known: everybody looks. */
	g->reload = 0;
	c->look_due = true;
}

int cmand_on_state(struct cmand_core *c, const struct clu_message *msg, struct clu_out *out)
{
	Hawser__CmandSnapshot *s;

	cmand_group_reset(c);
	c->member = false;
	if (!msg->len)
		return 0;
	s = hawser__cmand_snapshot__unpack(NULL, msg->len, msg->data);
	if (!s || s->n_nodes > CLU_MAX_NODES) {
		clu_out_fatal(out, 1, "the group's state could not be read: do all nodes run the same release?");
		if (s)
			hawser__cmand_snapshot__free_unpacked(s, NULL);
		return 0;
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		struct cmand_node *n = &c->g.nodes[c->g.n++];

		n->nodeid = s->nodes[i]->nodeid;
		n->state = s->nodes[i]->state;
		n->version = s->nodes[i]->version;
		set_why(n, s->nodes[i]->why);
	}
	c->g.reload = s->reload;
	c->g.reload_from = s->reload_from;
	c->g.reload_version = s->reload_version;
	c->g.reloads = s->reloads;
	c->g.tried = s->tried;
	c->g.reload_missed = s->reload_missed;
	hawser__cmand_snapshot__free_unpacked(s, NULL);
	return 0;
}

void cmand_pack_nodes(const struct cmand_core *c, Hawser__CmandNode *nodes, Hawser__CmandNode **list)
{
	for (unsigned i = 0; i < c->g.n; i++) {
		hawser__cmand_node__init(&nodes[i]);
		nodes[i].nodeid = c->g.nodes[i].nodeid;
		nodes[i].state = c->g.nodes[i].state;
		nodes[i].version = c->g.nodes[i].version;
		nodes[i].why = (char *)c->g.nodes[i].why;
		list[i] = &nodes[i];
	}
}

int cmand_snapshot(const void *core, struct clu_buf *ret)
{
	const struct cmand_core *c = core;
	Hawser__CmandSnapshot s = HAWSER__CMAND_SNAPSHOT__INIT;
	Hawser__CmandNode nodes[CLU_MAX_NODES], *list[CLU_MAX_NODES];
	uint8_t *p;

	cmand_pack_nodes(c, nodes, list);
	s.nodes = list;
	s.n_nodes = c->g.n;
	s.reload = CLU_PLANTED(CMAND_LOST_SNAPSHOT_ENTRY) ? 0 : c->g.reload;
	s.reload_from = c->g.reload_from;
	s.reload_version = c->g.reload_version;
	s.reloads = c->g.reloads;
	s.tried = c->g.tried;
	s.reload_missed = c->g.reload_missed;
	p = clu_buf_grow(ret, hawser__cmand_snapshot__get_packed_size(&s));
	if (!p)
		return -ENOMEM;
	hawser__cmand_snapshot__pack(&s, p);
	return 0;
}
